//! The usage API: what the vendor's services report, and the figures of a business. No session, no cookie, no form: a
//! service shows its key with every call, and every answer is JSON, every refusal a problem (RFC 9457).

mod call;
mod figures;
mod guard;
mod openapi;
mod pace;
mod problem;
mod reports;
mod usage;

pub use call::Call;
pub use guard::{answers, guard, nowhere};
pub use pace::Pace;
pub use problem::Problem;

use super::paths;
use super::route::{Access, Entry, get, post};
use actix_web::web;

/// The API's lines of the route table.
#[must_use]
pub fn routes() -> Vec<Entry> {
    vec![
        get(paths::API_OPENAPI, Access::Public, || web::to(openapi::show)),
        post(paths::API_USAGE, Access::Service, || web::to(usage::take)),
        get(paths::API_CREDITS, Access::Service, || web::to(figures::show)),
    ]
}
