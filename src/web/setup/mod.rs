//! The fulfilment address: where a buyer's browser arrives with a registration token, and what it holds from then on.
//! What the token stands for is the fulfilment room's; nothing here grants anything.

mod deadline;
mod hand_over;
mod landing;
mod summary;
mod waiting;
mod words;

pub use deadline::Deadline;
pub use waiting::is_waiting;
pub use words::{Words, with_headers};

use super::cookies;
use super::route::{Access, Entry, get, post};
use super::{Visit, WebError, paths};
use crate::fulfilment::prepare::find_held;
use crate::fulfilment::registration::{Held, State};
use crate::kernel::clock::Timestamp;
use crate::kernel::secret::Secret;
use actix_web::web;

/// The set-up pages' lines of the route table.
#[must_use]
pub fn routes() -> Vec<Entry> {
    vec![
        get(paths::SETUP, Access::Public, || web::to(summary::show)),
        post(paths::SETUP, Access::Landing, || web::to(landing::land)),
        post(paths::SETUP_AGAIN, Access::Public, || web::to(waiting::again)),
        post(paths::SETUP_FORGET, Access::Public, || web::to(summary::forget)),
        get(paths::SETUP_HAND_OVER, Access::Public, || web::to(hand_over::open)),
    ]
}

/// The handle that this browser holds, in a cookie of its own: sign-in, sign-out and registration do not touch it (SET-8).
#[must_use]
pub fn handle(visit: &Visit) -> Option<Secret> {
    visit.cookie(cookies::SETUP).map(|value| Secret::presented(&value))
}

/// The registration that this browser holds, in whatever state.
///
/// # Errors
/// Storage errors.
pub async fn held(visit: &Visit) -> Result<Option<Held>, WebError> {
    match handle(visit) {
        Some(handle) => Ok(find_held(&visit.portal().fulfilment, &handle, visit.now()).await?),
        None => Ok(None),
    }
}

/// Where somebody goes who has just signed in: to the activation, when this browser holds a registration that waits for
/// it, or that waited too long and has to be started again (SET-8).
///
/// # Errors
/// Storage errors.
pub async fn after_sign_in(visit: &Visit) -> Result<Option<String>, WebError> {
    if is_waiting(visit).await? {
        return Ok(Some(paths::setup()));
    }
    let held = held(visit).await?;
    let open = held.filter(|held| match held.registration.state(visit.now()) {
        State::Pending { .. } | State::Expired { .. } => true,
        State::Completed { .. } => false,
    });
    Ok(open.map(|_| paths::activation()))
}

/// Gives the browser a handle to keep.
fn keep(visit: &Visit, handle: &Secret, until: Timestamp) {
    let seconds = (until - visit.now()).num_seconds();
    visit.set_cookie(visit.jar().make_lasting(cookies::SETUP, handle.reveal().to_owned(), seconds));
}
