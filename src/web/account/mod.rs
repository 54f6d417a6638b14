//! One's own account: name, time zone, password, sessions, and which business or buyer account to work in. One file a page.

mod agent;
mod password;
mod profile;
mod sessions;
mod switch;

use super::paths;
use super::route::{Access, Entry, get, post};
use crate::access::Action;
use actix_web::web;

/// These pages' lines of the route table.
#[must_use]
pub fn routes() -> Vec<Entry> {
    let own = Access::May(Action::UseAccount);
    vec![
        get(paths::ACCOUNT, own, || web::to(profile::show)),
        post(paths::ACCOUNT, own, || web::to(profile::submit)),
        get(paths::ACCOUNT_PASSWORD, own, || web::to(password::show)),
        post(paths::ACCOUNT_PASSWORD, own, || web::to(password::submit)),
        post(paths::ACCOUNT_SESSION_END, own, || web::to(sessions::end)),
        post(paths::ACCOUNT_SESSIONS_END, own, || web::to(sessions::end_others)),
        post(paths::CONSOLE_BUSINESS, Access::SignedIn, || web::to(switch::business)),
        post(paths::BUYER_ACCOUNT, Access::SignedIn, || web::to(switch::buyer_account)),
    ]
}
