//! `GET /setup/hand-over/{code}`: a colleague opens the link. The code becomes this browser's handle and leaves the
//! address bar at once; the link works until the registration ends, for one business only (SET-9).

use super::keep;
use super::words::{self, Words};
use crate::fulfilment::prepare::find_held;
use crate::kernel::secret::Secret;
use crate::web::{Visit, WebError, paths};
use actix_web::HttpResponse;

/// `GET /setup/hand-over/{code}`.
pub async fn open(visit: Visit) -> Result<HttpResponse, WebError> {
    let code = Secret::presented(visit.param("code"));
    let held = find_held(&visit.portal().fulfilment, &code, visit.now()).await?;
    match held.filter(|held| held.bound_to.is_some()) {
        Some(held) => {
            keep(&visit, &code, held.handle_until);
            Ok(visit.see_other(&paths::setup()))
        }
        None => words::page(&visit, Words::unknown_link()),
    }
}
