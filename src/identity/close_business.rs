//! Staff close a business for deletion when its lock is over, or take that back (EXP-2). Closing keeps everybody of the business
//! out and tells them; its rows stay, because the ledger and the audit log refer to them. Nothing is erased here.

use super::store::businesses as store;
use crate::access::{Lengths, Phase, StaffScope};
use crate::audit::{self, Entry, Who};
use crate::db::{Db, Failed, refuse};
use crate::kernel::id::{BusinessId, PersonId};
use crate::kernel::show::{self, Zone};
use crate::kernel::text::{TextError, multi_line};
use crate::notices::{Mail, outbox};
use crate::tx;
use askama::Template;
use serde_json::json;

/// Why a business is closed, for staff and for its members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClosingReason(String);

impl ClosingReason {
    /// Characters at most.
    pub const MAX: usize = 500;

    /// From what was typed.
    ///
    /// # Errors
    /// When it is empty, too long, or has characters that no text has.
    pub fn parse(typed: &str) -> Result<Self, TextError> {
        multi_line(typed, Self::MAX).map(Self)
    }
}

/// Why it is not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CloseRefusal {
    /// There is no such business.
    #[error("no such business")]
    NotFound,
    /// It can still be renewed.
    #[error("not closed yet")]
    NotYet(Phase),
    /// Staff closed it before.
    #[error("closed already")]
    Already,
    /// Staff have not closed it.
    #[error("not closed by staff")]
    NotClosed,
}

#[derive(Template)]
#[template(path = "mail/business_closed.txt", escape = "none")]
struct ClosedText<'a> {
    name: &'a str,
    business: &'a str,
    since: String,
    reason: &'a str,
    support: &'a str,
}

/// Who closes what, and why.
pub struct Closing<'a> {
    /// Which.
    pub business: BusinessId,
    /// By whom.
    pub person: PersonId,
    /// Why.
    pub reason: &'a ClosingReason,
    /// How long the phases last.
    pub lengths: Lengths,
    /// Where members may ask.
    pub support: &'a str,
}

/// Closes a business whose lock is over; how many members were told.
///
/// # Errors
/// A refusal, or any storage error.
pub async fn close(db: &Db, _: StaffScope, who: &Who, closing: &Closing<'_>) -> Result<usize, Failed<CloseRefusal>> {
    let Closing { business, person, reason, lengths, support } = *closing;
    tx!(db, |tx| {
        let Some(row) = store::lock(tx, business).await? else { return refuse(CloseRefusal::NotFound) };
        match row.standing.phase(who.now, lengths) {
            Phase::Closed { for_deletion: false, .. } => {}
            Phase::Closed { for_deletion: true, .. } => return refuse(CloseRefusal::Already),
            open => return refuse(CloseRefusal::NotYet(open)),
        }
        store::close(tx, business, person, &reason.0, who.now).await?;
        let members = store::list_members(tx, business).await?;
        for member in &members {
            let since = show::date_time(who.now, Zone::UTC);
            let text = ClosedText { name: &member.name, business: &row.name, since, reason: &reason.0, support };
            let subject = format!("{} is closed for deletion", row.name);
            outbox::post(tx, Mail::new("business_closed", &member.email, &subject, written(&text)), who.now).await?;
        }
        let entry = Entry::new("business.closed_for_deletion", business).in_business(business);
        audit::record(tx, who, entry.after(json!({ "reason": reason.0, "members_told": members.len() }))).await?;
        Ok::<_, Failed<CloseRefusal>>(members.len())
    })
}

/// Takes a closing back; the business is again what its licenses make it.
///
/// # Errors
/// A refusal, or any storage error.
pub async fn reopen(db: &Db, _: StaffScope, who: &Who, business: BusinessId) -> Result<(), Failed<CloseRefusal>> {
    tx!(db, |tx| {
        let Some(row) = store::lock(tx, business).await? else { return refuse(CloseRefusal::NotFound) };
        let Some(closed_at) = row.standing.closed_at else { return refuse(CloseRefusal::NotClosed) };
        store::reopen(tx, business).await?;
        let entry = Entry::new("business.closing_taken_back", business).in_business(business);
        audit::record(tx, who, entry.before(json!({ "closed_at": closed_at.to_rfc3339() }))).await?;
        Ok::<_, Failed<CloseRefusal>>(())
    })
}

#[expect(clippy::expect_used, reason = "a template of strings writes into memory and cannot fail")]
fn written(text: &ClosedText<'_>) -> String {
    text.render().expect("a mail that renders")
}
