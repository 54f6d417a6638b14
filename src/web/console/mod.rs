//! The console: what a business's people see of their licenses and credits. One file a page.

mod team;
mod team_invite;
mod team_member;

use super::route::Entry;

/// The console's lines of the route table.
#[must_use]
pub fn routes() -> Vec<Entry> {
    team::routes()
}
