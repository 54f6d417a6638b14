//! Differences between the marketplace and the console that nobody but staff can decide (SUP-8, UPG-5, REN-4): a list, and
//! for each a repair. A repair reads the marketplace again, books under the contract's lock, and closes the question in the
//! same transaction, so that it happens once whoever else presses; every repair needs a reason.

use super::chain;
use super::difference::QuestionKind;
use super::entitled::{Total, read};
use super::next_term::Reading;
use super::store::contracts::{self, Booked};
use super::store::{questions, recipients};
use super::sync::{self, FollowError};
use super::transfer::Reason;
use super::{Fulfilment, correct, mail, renew};
use crate::access::{Action, Actor, StaffScope, allows};
use crate::audit::{self, Entry, Who};
use crate::db::{Error, Failed, Tx, refuse};
use crate::kernel::id::{ContractId, PersonId, QuestionId};
use crate::notices::outbox;
use crate::text_enum;
use crate::tx;
use serde_json::json;

pub use super::store::questions::{Candidate, QuestionRecord, count, find, list, list_candidates};

/// How often a repair is tried anew when the contract changes meanwhile.
const TRIES_MAX: u32 = 5;

text_enum! {
    /// How a question was closed.
    pub enum ClosedAs {
        /// The marketplace does not differ any more.
        Vanished = "vanished",
        /// The marketplace's total and end were taken over.
        TakenOver = "taken_over",
        /// The renewal joined a contract.
        Joined = "joined",
        /// It stays as it is.
        Kept = "kept",
    }
}

/// What staff do about a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repair {
    /// Take over what the marketplace says now: more credits are a new item from now on, fewer shrink the items from the
    /// newest back, another end moves every item's expiration.
    TakeOver,
    /// The renewal is the next term of this contract.
    Join(ContractId),
    /// Leave everything as it is; the same difference is not asked again.
    Keep,
}

/// Why a repair is not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RepairRefusal {
    /// There is no such question, or not the role that it needs.
    NotFound,
    /// Somebody was faster, or the difference is gone.
    Closed,
    /// The marketplace cannot be asked now.
    Unreachable,
    /// The marketplace reports nothing that could be booked.
    NothingToBook,
    /// The license ARN belongs to another contract.
    Taken,
    /// The contract keeps changing; try again.
    Busy,
}

/// What the marketplace says at this moment about a question's contract, or about the license ARN that it is about.
///
/// # Errors
/// When it cannot be asked, or any storage error.
pub async fn look(room: &Fulfilment, question: &QuestionRecord) -> Result<Reading, Failed<RepairRefusal>> {
    let Some(contract) = contracts::find_by_id(&room.db, question.contract).await? else { return refuse(RepairRefusal::NotFound) };
    let arn = question.license_arn.as_ref().unwrap_or(&contract.license_arn);
    chain::read(room, &contract.product_code, arn).await.map_err(|error| {
        tracing::warn!(cause = %error.0, "the marketplace could not be asked about a difference");
        Failed::Refused(RepairRefusal::Unreachable)
    })
}

/// Reads the contract again now; whether the question is still open afterwards.
///
/// # Errors
/// The refusal, or any storage error.
pub async fn reread(room: &Fulfilment, actor: &Actor, scope: StaffScope, id: QuestionId) -> Result<bool, Failed<RepairRefusal>> {
    let question = open(room, actor, scope, id).await?;
    let Some(contract) = contracts::find_by_id(&room.db, question.contract).await? else { return refuse(RepairRefusal::NotFound) };
    match sync::follow(room, &contract.license_arn).await {
        Ok(()) => {}
        Err(FollowError::Storage(error)) => return Err(error.into()),
        Err(FollowError::Unreachable(_)) => return refuse(RepairRefusal::Unreachable),
        Err(FollowError::Contended | FollowError::TooSoon) => return refuse(RepairRefusal::Busy),
    }
    Ok(find(&room.db, scope, id).await?.is_some_and(|question| question.closed_at.is_none()))
}

async fn open(room: &Fulfilment, actor: &Actor, scope: StaffScope, id: QuestionId) -> Result<QuestionRecord, Failed<RepairRefusal>> {
    match find(&room.db, scope, id).await? {
        Some(question) if allows(actor, Action::Reconcile).is_ok() => match question.closed_at {
            None => Ok(question),
            Some(_) => refuse(RepairRefusal::Closed),
        },
        _ => refuse(RepairRefusal::NotFound),
    }
}

/// Repairs. Nothing is changed when it is refused.
///
/// # Errors
/// The refusal, or any storage error.
pub async fn repair(
    room: &Fulfilment,
    actor: &Actor,
    (scope, who): (StaffScope, &Who),
    id: QuestionId,
    repair: Repair,
    reason: Reason,
) -> Result<(), Failed<RepairRefusal>> {
    let reason = reason.into_string();
    for _ in 0..TRIES_MAX {
        let question = open(room, actor, scope, id).await?;
        let reading = match repair {
            Repair::Keep => None,
            Repair::TakeOver | Repair::Join(_) => Some(look(room, &question).await?),
        };
        let contract = if let Repair::Join(contract) = repair { contract } else { question.contract };
        let Some(seen) = contracts::find_by_id(&room.db, contract).await? else { return refuse(RepairRefusal::NotFound) };
        let job = Job { question: &question, seen: &seen, reading: reading.as_ref(), repair, reason: &reason, by: actor.person };
        let who = Who { now: room.clock.now(), ..who.clone() };
        if tx!(room.db, |tx| { carry_out(room, tx, &job, &who).await })? {
            return Ok(());
        }
    }
    refuse(RepairRefusal::Busy)
}

/// One repair with what was read for it.
struct Job<'a> {
    question: &'a QuestionRecord,
    /// The contract that is booked on.
    seen: &'a Booked,
    reading: Option<&'a Reading>,
    repair: Repair,
    reason: &'a str,
    by: PersonId,
}

/// False when the contract changed since it was read.
async fn carry_out(room: &Fulfilment, tx: &mut Tx, job: &Job<'_>, who: &Who) -> Result<bool, Failed<RepairRefusal>> {
    let contract = contracts::lock(tx, job.seen.id).await?;
    let seen = job.seen;
    if contract.granted != seen.granted || contract.expires_at != seen.expires_at || contract.license_arn != seen.license_arn {
        return Ok(false);
    }
    let closed_as = match job.repair {
        Repair::Keep => ClosedAs::Kept,
        Repair::TakeOver => ClosedAs::TakenOver,
        Repair::Join(_) => ClosedAs::Joined,
    };
    // First: this decides who of several repairs.
    if !questions::close(tx, job.question.id, closed_as, (job.by, job.reason), who.now).await? {
        return refuse(RepairRefusal::Closed);
    }
    if let Some(reading) = job.reading {
        book(room, tx, job, &contract, reading, who).await?;
    }
    let entry = Entry::new("contract.question_closed", job.question.id)
        .in_buyer_account(&contract.buyer_account_id)
        .before(json!({ "kind": job.question.kind.as_str(), "granted": job.question.granted, "reported": job.question.reported }))
        .after(json!({ "closed_as": closed_as.as_str(), "contract": contract.id.to_string(), "reason": job.reason }));
    audit::record(tx, who, entry).await?;
    Ok(true)
}

async fn book(
    room: &Fulfilment,
    tx: &mut Tx,
    job: &Job<'_>,
    contract: &Booked,
    reading: &Reading,
    who: &Who,
) -> Result<(), Failed<RepairRefusal>> {
    let Ok(entitled) = read(&reading.rows, &contract.dimension, who.now) else { return refuse(RepairRefusal::NothingToBook) };
    let joins = reading.license_arn != contract.license_arn;
    if joins && contracts::is_taken(tx, contract.id, &reading.license_arn).await? {
        return refuse(RepairRefusal::Taken);
    }
    match (entitled.total, job.question.kind) {
        (None, _) if joins || contract.expires_at <= who.now => return refuse(RepairRefusal::NothingToBook),
        (_, QuestionKind::UnknownDimension) => return refuse(RepairRefusal::NothingToBook),
        // The end has passed: it is the next term, from the old end on.
        (Some(total), _) if contract.expires_at <= who.now => renew::book(room, tx, contract, reading, total, who).await?,
        (total, _) => {
            correct::take_over(tx, contract, reading, total, who).await?;
            tell(room, tx, contract, total, who).await?;
        }
    }
    if joins {
        questions::close_about(tx, &reading.license_arn, (job.by, job.reason), who.now).await?;
    }
    Ok(())
}

/// The business's licensing administrators, wherever credits change.
async fn tell(room: &Fulfilment, tx: &mut Tx, contract: &Booked, total: Option<Total>, who: &Who) -> Result<(), Error> {
    for recipient in recipients::list_licensing(tx, contract.business_id).await? {
        outbox::post(tx, mail::corrected(&recipient, contract, total, who, &room.links), who.now).await?;
    }
    Ok(())
}
