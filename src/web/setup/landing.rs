//! `POST /setup`: the marketplace's form arrives, from another site and without cookies. The token is resolved at once
//! and goes no further; the browser gets a handle and a 303 (SET-2, SET-3).

use super::words::Words;
use super::{keep, waiting, words};
use crate::audit::ActingAs;
use crate::db::SplitRefusal;
use crate::fulfilment::land::{LandingRefusal, land as present};
use crate::web::{Form, Visit, WebError, paths, redirects};
use actix_web::HttpResponse;

/// The form field that every AWS Marketplace listing posts.
const TOKEN: &str = "x-amzn-marketplace-token";

/// `POST /setup`.
pub async fn land(visit: Visit, form: Form) -> Result<HttpResponse, WebError> {
    let answer = match present(&visit.portal().fulfilment, form.text(TOKEN), &visit.who(ActingAs::Anonymous)).await.refusal()? {
        Ok(landed) => {
            keep(&visit, &landed.handle, landed.handle_until);
            Ok(visit.see_other(&paths::setup()))
        }
        Err(LandingRefusal::Unreachable) => waiting::begin(&visit, form.text(TOKEN)).await,
        Err(refusal) => words::page(&visit, Words::of_landing(refusal)),
    }?;
    redirects::note_landing(&visit, &form, answer.status()).await;
    Ok(answer)
}
