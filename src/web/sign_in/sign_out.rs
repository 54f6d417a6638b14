//! Sign out. The session's row is removed; the registration that the browser holds stays, so that somebody else can go
//! on with it (SET-9).

use crate::audit::ActingAs;
use crate::identity::sign_in::record_sign_out;
use crate::web::shell::Tone;
use crate::web::{Visit, WebError, paths};
use actix_web::HttpResponse;

/// `POST /sign-out`.
pub async fn submit(visit: Visit) -> Result<HttpResponse, WebError> {
    let person = visit.require_actor()?.person;
    record_sign_out(visit.db(), &visit.who(ActingAs::Person), person).await?;
    visit.sign_out();
    visit.flash(Tone::Success, "You are signed out", "");
    Ok(visit.see_other(&paths::sign_in()))
}
