//! The record of who changed what. An entry is written in the same transaction as the change it tells of (AUD-1) and is
//! never edited; the database refuses that by trigger, and a chain of hashes shows it where somebody went around the
//! database (AUD-2).

mod chain;
mod seal;
mod store;
mod verify;
mod who;

pub use chain::{Broken, Head};
pub use seal::seal;
pub use store::{AuditFilter, AuditRow, list_actions, list_all, list_all_actions, list_of_business, record};
pub use verify::{Sound, verify};
pub use who::{ActingAs, Who};

use crate::kernel::id::BusinessId;
use serde_json::Value;

/// What happened, in the words of the room that did it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// `room.verb` in the past tense: `license.activated`, `person.signed_in`.
    pub action: &'static str,
    /// The public id of what changed.
    pub subject: String,
    /// The business whose auditors see the entry, if it is one's.
    pub business: Option<BusinessId>,
    /// The buyer account it belongs to, if it is one's.
    pub buyer_account: Option<String>,
    /// The state before, without secrets.
    pub before: Option<Value>,
    /// The state after, without secrets.
    pub after: Option<Value>,
}

impl Entry {
    /// An entry that names only what happened to what.
    pub fn new(action: &'static str, subject: impl ToString) -> Self {
        Self { action, subject: subject.to_string(), business: None, buyer_account: None, before: None, after: None }
    }

    /// Shown to this business's auditors.
    #[must_use]
    pub fn in_business(mut self, business: BusinessId) -> Self {
        self.business = Some(business);
        self
    }

    /// Belongs to this buyer account.
    #[must_use]
    pub fn in_buyer_account(mut self, account: &str) -> Self {
        self.buyer_account = Some(account.to_owned());
        self
    }

    /// What it was before.
    #[must_use]
    pub fn before(mut self, state: Value) -> Self {
        self.before = Some(state);
        self
    }

    /// What it is now.
    #[must_use]
    pub fn after(mut self, state: Value) -> Self {
        self.after = Some(state);
        self
    }
}
