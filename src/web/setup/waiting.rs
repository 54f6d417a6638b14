//! A registration that waits for the marketplace: the page asks again by itself, the clockwork does the same behind it, and a
//! button asks at once. What it stands for is not known yet, so nothing of it is shown.

use super::words::{self, Words};
use super::{handle, keep};
use crate::audit::ActingAs;
use crate::db::Error;
use crate::fulfilment::waiting::{self, Standing};
use crate::kernel::show;
use crate::web::{Form, Visit, WebError, paths};
use actix_web::HttpResponse;

/// Whether this browser holds a registration that waits for the marketplace.
///
/// # Errors
/// Storage errors.
pub async fn is_waiting(visit: &Visit) -> Result<bool, WebError> {
    Ok(matches!(find(visit).await?, Some(Standing::Waits { .. })))
}

async fn find(visit: &Visit) -> Result<Option<Standing>, Error> {
    match handle(visit) {
        Some(handle) => waiting::find(&visit.portal().fulfilment, &handle).await,
        None => Ok(None),
    }
}

/// Keeps a token that could not be resolved now, and leads to the page that waits; the page itself where none can be kept.
pub(super) async fn begin(visit: &Visit, presented: &str) -> Result<HttpResponse, WebError> {
    match waiting::keep(&visit.portal().fulfilment, presented, &visit.who(ActingAs::Anonymous)).await? {
        Some(kept) => {
            keep(visit, &kept.handle, kept.handle_until);
            Ok(visit.see_other(&paths::setup()))
        }
        None => words::page(visit, Words::of_landing(crate::fulfilment::land::LandingRefusal::Unreachable)),
    }
}

/// The page of a browser that holds no registration but perhaps one that waits, or that led nowhere.
pub(super) async fn page(visit: &Visit) -> Result<Option<HttpResponse>, WebError> {
    let words = match find(visit).await? {
        Some(Standing::Waits { until }) => Words::waiting(&show::date_time(until, visit.zone())),
        Some(Standing::Lost(why)) => Words::of_landing(why.into()),
        Some(Standing::Landed) | None => return Ok(None),
    };
    words::page(visit, words).map(Some)
}

/// `POST /setup/again`.
pub async fn again(visit: Visit, _: Form) -> Result<HttpResponse, WebError> {
    if let Some(handle) = handle(&visit) {
        waiting::try_now(&visit.portal().fulfilment, &handle, &visit.who(ActingAs::Anonymous)).await?;
    }
    Ok(visit.see_other(&paths::setup()))
}
