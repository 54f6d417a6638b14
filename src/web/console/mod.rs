//! The console: what a business's people see of their licenses and credits. One file a page.

mod audit;
mod credits;
mod credits_history;
mod credits_purchases;
mod start;
mod team;
mod team_invite;
mod team_member;

use super::paths;
use super::route::{Access, Entry, get};
use crate::access::Action;
use actix_web::web;

/// The console's lines of the route table.
#[must_use]
pub fn routes() -> Vec<Entry> {
    let mut lines = vec![
        get(paths::CONSOLE, Access::May(Action::EnterConsole), || web::to(start::show)),
        get(paths::CREDITS, Access::May(Action::SeeLicenses), || web::to(credits::show)),
        get(paths::CREDITS_PURCHASES_CSV, Access::May(Action::SeeLicenses), || web::to(credits_purchases::csv)),
        get(paths::CREDITS_HISTORY_CSV, Access::May(Action::SeeLicenses), || web::to(credits_history::csv)),
        get(paths::AUDIT, Access::May(Action::ReadAudit), || web::to(audit::list)),
    ];
    lines.extend(team::routes());
    lines
}
