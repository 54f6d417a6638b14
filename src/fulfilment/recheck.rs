//! Every running contract is compared with the marketplace once an hour, and whenever staff ask for it: what no event told is
//! seen then. What differs is booked or put before staff exactly as after an event ([`super::sync`]); a repair is in
//! [`super::reconcile`].

use super::Fulfilment;
use super::store::{contracts, questions};
use super::sync::{self, FollowError};
use crate::access::{Action, Actor, StaffScope, allows};
use crate::audit::{self, Entry, Who};
use crate::db::{Db, Error};
use crate::kernel::clock::Timestamp;
use crate::tx;
use chrono::TimeDelta;
use serde_json::json;

pub use super::store::contracts::Checked;

/// How old a comparison gets.
pub const EVERY: TimeDelta = TimeDelta::hours(1);
/// A contract that could not be read is read again after this long.
const AGAIN: TimeDelta = TimeDelta::minutes(5);
/// Contracts read in one run of the job.
const BATCH: i64 = 100;

/// What a run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// Contracts that were read.
    pub read: u64,
    /// Contracts that could not be read now.
    pub unread: u64,
}

/// Compares the contracts whose last comparison is an hour old, a hundred at most. While the marketplace is left alone
/// ([`super::marketplace::Marketplace::resumes_at`]) nothing is read.
///
/// # Errors
/// The first storage error.
pub async fn compare_due(room: &Fulfilment) -> Result<Compared, Error> {
    let mut compared = Compared::default();
    let before = questions::count_open(&room.db).await?;
    let now = room.clock.now();
    for (contract, license_arn) in contracts::list_unchecked(&room.db, room.marketplace.source(), (now, now - EVERY), BATCH).await? {
        match sync::follow(room, &license_arn).await {
            Ok(()) => {
                contracts::note_checked(&room.db, contract, now).await?;
                compared.read += 1;
            }
            Err(FollowError::Storage(error)) => return Err(error),
            Err(error @ (FollowError::Unreachable(_) | FollowError::Contended | FollowError::TooSoon)) => {
                tracing::warn!(%contract, %error, "a contract could not be compared with the marketplace");
                contracts::note_checked(&room.db, contract, now - EVERY + AGAIN).await?;
                compared.unread += 1;
                if room.marketplace.resumes_at().is_some() {
                    break;
                }
            }
        }
    }
    let differences = questions::count_open(&room.db).await?;
    metrics::gauge!("creditdesk_marketplace_differences").set(u32::try_from(differences).unwrap_or(u32::MAX));
    if differences > before {
        tracing::warn!(differences, new = differences - before, "the marketplace differs from what was granted: staff have to decide");
    }
    Ok(compared)
}

/// Compares every running contract, one batch after the other; what could not be read is left for the job. The command runs
/// it.
///
/// # Errors
/// The first storage error.
pub async fn compare_all(room: &Fulfilment) -> Result<Compared, Error> {
    contracts::uncheck_all(&room.db, room.marketplace.source()).await?;
    let mut all = Compared::default();
    loop {
        let compared = compare_due(room).await?;
        all.read += compared.read;
        all.unread += compared.unread;
        if compared.read == 0 {
            return Ok(all);
        }
    }
}

/// How many differences are open.
///
/// # Errors
/// Any storage error.
pub async fn count_differences(db: &Db) -> Result<i64, Error> {
    questions::count_open(db).await
}

/// Asks for every running contract to be compared now; how many. The clockwork does it, so that nobody waits for a page.
///
/// # Errors
/// Any storage error. An actor without the right changes nothing.
pub async fn ask_for_all(room: &Fulfilment, actor: &Actor, (_, who): (StaffScope, &Who)) -> Result<u64, Error> {
    if allows(actor, Action::Reconcile).is_err() {
        return Ok(0);
    }
    let source = room.marketplace.source();
    tx!(room.db, |tx| {
        let asked = contracts::uncheck_all_in(tx, source).await?;
        audit::record(tx, who, Entry::new("contracts.comparison_asked", "contracts").after(json!({ "contracts": asked }))).await?;
        Ok(asked)
    })
}

/// How far the comparison is, for staff.
///
/// # Errors
/// Any storage error.
pub async fn progress(room: &Fulfilment, _: StaffScope, now: Timestamp) -> Result<Checked, Error> {
    contracts::count_checked(&room.db, room.marketplace.source(), (now, now - EVERY)).await
}
