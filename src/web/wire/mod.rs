//! The address of the official SDKs: HTTP around `marketplace::wire`. No session, no cookie, no page: who calls says the
//! signature, and every answer, refusals too, is in the protocol that was asked in.

mod exchange;
mod guard;
mod seen;
pub mod topics;

pub use guard::guard;

use super::paths;
use super::route::{Access, Entry, post};
use actix_web::middleware::from_fn;
use actix_web::web;

/// The API's lines of the route table.
#[must_use]
pub fn routes() -> Vec<Entry> {
    vec![
        post(paths::HOME, Access::Signed, || web::to(exchange::answer)),
        post(paths::WIRE_OPERATION, Access::Signed, || web::to(exchange::answer)),
        post(paths::WIRE_QUEUE, Access::Signed, || web::to(exchange::answer)),
    ]
}

/// The API alone, for a port of its own: whatever is asked there is asked of it.
pub fn configure(config: &mut web::ServiceConfig) {
    config.default_service(web::to(exchange::answer).wrap(from_fn(guard)));
}
