//! Follows the marketplace after activation: a change is only a reason to read the truth, and what the truth has more
//! than the console is booked as a new item (UPG-4, UPG-5). What follows at the end of a term is decided in
//! [`super::next_term`] and booked in [`super::renew`].

use super::chain::{self, Found};
use super::difference::{Addition, Difference, Granted, Question, QuestionKind, compare};
use super::marketplace::{Ending, Entitlement, Unreachable};
use super::next_term::{AtEnd, Reading, Term, at_end};
use super::store::contracts::{self, Booked};
use super::store::{licenses, questions, recipients};
use super::{Fulfilment, license, mail, renew, reread};
use crate::audit::{self, Who};
use crate::credits::ledger;
use crate::db::{Error, Tx};
use crate::kernel::id::{EventId, LicenseId};
use crate::notices::outbox;
use crate::tx;
use chrono::TimeDelta;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// Changes taken from the marketplace in one run.
const BATCH: u32 = 100;

/// The name of this job in the audit log.
const JOB: &str = "marketplace sync";

/// Reads what the marketplace says has changed and books the differences; how many changes are done with. Changes that
/// could not be followed come again.
///
/// # Errors
/// The first storage error, after everything else was done.
pub async fn apply_changes(room: &Fulfilment) -> Result<u64, Error> {
    let changes = match room.marketplace.receive(BATCH).await {
        Ok(changes) => changes,
        Err(error) => {
            tracing::warn!(cause = %error.0, "changes could not be received");
            return Ok(0);
        }
    };
    let mut by_purchase: BTreeMap<String, Vec<EventId>> = BTreeMap::new();
    for change in changes {
        by_purchase.entry(change.license_arn).or_default().push(change.id);
    }
    let (mut done, mut open, mut failed) = (BTreeSet::new(), BTreeSet::new(), None);
    for (license_arn, ids) in by_purchase {
        match follow(room, &license_arn).await {
            Ok(()) => done.extend(ids),
            Err(FollowError::Storage(error)) => {
                open.extend(ids);
                failed.get_or_insert(error);
            }
            Err(error @ (FollowError::Unreachable(_) | FollowError::Contended | FollowError::TooSoon)) => {
                open.extend(ids);
                tracing::warn!(license_arn, %error, "a change could not be followed");
            }
        }
    }
    // A change may concern several purchases: it is done with when all of them were followed.
    let done: Vec<EventId> = done.difference(&open).copied().collect();
    if let Err(error) = room.marketplace.acknowledge(&done).await {
        // They come again and then make no difference.
        tracing::warn!(cause = %error.0, "changes could not be acknowledged");
    }
    failed.map_or(Ok(u64::try_from(done.len()).unwrap_or(u64::MAX)), Err)
}

/// A purchase could not be followed now.
#[derive(Debug, thiserror::Error)]
pub(super) enum FollowError {
    /// The marketplace did not answer.
    #[error("the marketplace cannot be reached")]
    Unreachable(#[from] Unreachable),
    /// Other workers book the same purchase all the time.
    #[error("the purchase keeps changing")]
    Contended,
    /// The next term is known under another license ARN before the running one is over.
    #[error("the renewal has not begun")]
    TooSoon,
    /// The database did not.
    #[error(transparent)]
    Storage(#[from] Error),
}

/// How often a purchase is read anew when other workers book it at the same time.
const READS_MAX: u32 = 5;

/// How long a marketplace may say *renewed* without telling what as, before staff are asked.
const UNCLEAR_AFTER: TimeDelta = TimeDelta::hours(24);

/// Reads the truth of one purchase and books what is missing. A purchase that is not activated needs nothing: its
/// activation reads the truth itself (ACT-4, ACT-9). A renewal under another license ARN joins its contract (REN-4).
pub(super) async fn follow(room: &Fulfilment, license_arn: &str) -> Result<(), FollowError> {
    for _ in 0..READS_MAX {
        let Some(found) = chain::find(room, license_arn).await? else { return Ok(()) };
        let who = Who::system(JOB, room.clock.now());
        if needs_nothing(&found, &who) {
            return Ok(());
        }
        match tx!(room.db, |tx| { settle(room, tx, &found, &who).await })? {
            Settled::Done => return Ok(()),
            Settled::TooSoon => return Err(FollowError::TooSoon),
            Settled::Changed => {}
        }
    }
    Err(FollowError::Contended)
}

/// What came of one reading.
enum Settled {
    Done,
    /// Another worker has booked since the rows were read: then an older total could look like a lower one.
    Changed,
    /// It waits for the end of the running term.
    TooSoon,
}

fn granted(contract: &Booked) -> Granted<'_> {
    Granted { credits: contract.granted, expires_at: contract.expires_at, dimension: &contract.dimension }
}

fn term(contract: &Booked) -> Term<'_> {
    Term {
        expires_at: contract.expires_at,
        license_arn: &contract.license_arn,
        initial_agreement_id: &contract.initial_agreement_id,
        dimension: &contract.dimension,
    }
}

/// Whether the contract renews by itself, as its own agreement says.
fn renews(contract: &Booked, reading: &Reading) -> bool {
    let own = reading.facts.as_ref().filter(|_| reading.license_arn == contract.license_arn);
    own.map_or(contract.auto_renew, |facts| facts.auto_renew)
}

/// Most readings: nothing differs, and no write is needed to say so.
fn needs_nothing(found: &Found, who: &Who) -> bool {
    let Found { contract, reading, .. } = found;
    match at_end(term(contract), reading, who.now) {
        AtEnd::Runs => {
            !found.is_unclear
                && contract.open_questions == 0
                && renews(contract, reading) == contract.auto_renew
                && compare(granted(contract), &reading.rows, who.now) == Difference::default()
        }
        AtEnd::NotYet => !found.joins,
        AtEnd::Ended => contract.ended_at.is_some(),
        AtEnd::Renews(_) | AtEnd::Open | AtEnd::Unclear(_) => false,
    }
}

/// Books what the reading says under the contract's lock.
async fn settle(room: &Fulfilment, tx: &mut Tx, found: &Found, who: &Who) -> Result<Settled, Error> {
    let (seen, reading) = (&found.contract, &found.reading);
    let contract = contracts::lock(tx, seen.id).await?;
    if contract.granted != seen.granted || contract.expires_at != seen.expires_at || contract.license_arn != seen.license_arn {
        return Ok(Settled::Changed);
    }
    note_renewal(tx, &contract, renews(&contract, reading), who).await?;
    match decision(tx, &contract, found, who).await? {
        AtEnd::Runs => go_on(room, tx, &contract, &reading.rows, who).await?,
        AtEnd::NotYet if found.joins => return Ok(Settled::TooSoon),
        AtEnd::NotYet => {}
        AtEnd::Renews(total) => renew::book(room, tx, &contract, reading, total, who).await?,
        AtEnd::Ended => end(tx, &contract, who).await?,
        AtEnd::Open => wait(tx, &contract, reading, who).await?,
        AtEnd::Unclear(reported) => {
            let question = Question { kind: QuestionKind::UnclearRenewal, reported };
            raise(tx, &contract, question, Some(&reading.license_arn), who).await?;
            contracts::read_again_in(tx, contract.id, reread::next_reading(contract.expires_at, who.now)).await?;
        }
    }
    Ok(Settled::Done)
}

/// A renewal under another license ARN joins the one contract of its chain, and never one of several.
async fn decision(tx: &mut Tx, contract: &Booked, found: &Found, who: &Who) -> Result<AtEnd, Error> {
    let decided = at_end(term(contract), &found.reading, who.now);
    let AtEnd::Renews(total) = &decided else { return Ok(decided) };
    let is_own = found.reading.license_arn == contract.license_arn;
    let is_sure = is_own || !(found.is_unclear || contracts::has_rival(tx, contract, &found.reading.license_arn).await?);
    Ok(if is_sure { decided } else { AtEnd::Unclear(total.credits.get()) })
}

/// The running term: credits that were added, and what staff are asked about it.
async fn go_on(room: &Fulfilment, tx: &mut Tx, contract: &Booked, rows: &[Entitlement], who: &Who) -> Result<(), Error> {
    let difference = compare(granted(contract), rows, who.now);
    if contract.open_questions > 0 {
        questions::close_vanished(tx, contract.id, &difference.questions, who.now).await?;
    }
    // More of what stands for a pay-as-you-go contract is no credits.
    if let Some(addition) = difference.addition.filter(|_| !contract.is_pay_as_you_go()) {
        add(room, tx, contract, addition, who).await?;
    }
    for question in difference.questions {
        raise(tx, contract, question, None, who).await?;
    }
    Ok(())
}

/// The marketplace said that it is over: from now on it is not read any more.
async fn end(tx: &mut Tx, contract: &Booked, who: &Who) -> Result<(), Error> {
    if contract.ended_at.is_some() {
        return Ok(());
    }
    contracts::end(tx, contract.id, who.now).await?;
    // Whatever was asked about its credits is idle: they ended with it.
    questions::close_all(tx, contract.id, who.now).await?;
    let entry = audit::Entry::new("contract.ended", contract.id)
        .in_business(contract.business_id)
        .in_buyer_account(&contract.buyer_account_id)
        .after(json!({ "expired_at": contract.expires_at, "agreement": contract.agreement_id }));
    audit::record(tx, who, entry).await
}

/// Nothing is sure: nothing is taken away, and it is read again. *Renewed* without a next term is put before staff in time.
async fn wait(tx: &mut Tx, contract: &Booked, reading: &Reading, who: &Who) -> Result<(), Error> {
    let ending = reading.facts.as_ref().and_then(|facts| facts.ending);
    if matches!(ending, Some(Ending::Renewed | Ending::Replaced)) && who.now - contract.expires_at >= UNCLEAR_AFTER {
        raise(tx, contract, Question { kind: QuestionKind::UnclearRenewal, reported: 0 }, None, who).await?;
    }
    contracts::read_again_in(tx, contract.id, reread::next_reading(contract.expires_at, who.now)).await
}

async fn note_renewal(tx: &mut Tx, contract: &Booked, renews: bool, who: &Who) -> Result<(), Error> {
    if renews == contract.auto_renew {
        return Ok(());
    }
    contracts::note_auto_renew(tx, contract.id, renews).await?;
    let entry = audit::Entry::new("contract.auto_renew_noted", contract.id)
        .in_business(contract.business_id)
        .in_buyer_account(&contract.buyer_account_id)
        .before(json!({ "auto_renew": contract.auto_renew }))
        .after(json!({ "auto_renew": renews }));
    audit::record(tx, who, entry).await
}

/// A new item with the contract's own expiration, to the microsecond; the original item is not touched.
async fn add(room: &Fulfilment, tx: &mut Tx, contract: &Booked, addition: Addition, who: &Who) -> Result<(), Error> {
    let Addition { credits, total } = addition;
    let item = licenses::NewLicense {
        id: LicenseId::generate(),
        contract: contract.id,
        business: contract.business_id,
        item_number: licenses::get_last_number(tx, contract.id).await? + 1,
        kind: license::Kind::Upgrade,
        source: contract.source,
        product_name: &contract.product_name,
        agreement_id: &contract.agreement_id,
        credits,
        starts_at: who.now,
        expires_at: contract.expires_at,
        activated_at: who.now,
        activated_by: None,
    };
    licenses::insert(tx, &item).await?;
    let grant = ledger::Grant {
        business: contract.business_id,
        contract: contract.id,
        license: item.id,
        credits: credits.get(),
        effective_at: who.now,
        expires_at: contract.expires_at,
    };
    ledger::grant(tx, &grant, who.now).await?;
    contracts::raise_granted(tx, contract.id, contract.granted, total).await?;
    let entry = audit::Entry::new("license.added", item.id)
        .in_business(contract.business_id)
        .in_buyer_account(&contract.buyer_account_id)
        .before(json!({ "granted": contract.granted }))
        .after(json!({ "contract": contract.id.to_string(), "credits": credits, "granted": total, "expires_at": contract.expires_at }));
    audit::record(tx, who, entry).await?;
    for recipient in recipients::list_licensing(tx, contract.business_id).await? {
        outbox::post(tx, mail::added(&recipient, contract, addition, who, &room.links), who.now).await?;
    }
    Ok(())
}

async fn raise(tx: &mut Tx, contract: &Booked, question: Question, about: Option<&str>, who: &Who) -> Result<(), Error> {
    if questions::raise(tx, contract.id, question, (contract.granted, about), who.now).await? {
        let entry = audit::Entry::new("contract.question_raised", contract.id).in_buyer_account(&contract.buyer_account_id).after(json!({
            "kind": question.kind.as_str(),
            "granted": contract.granted,
            "reported": question.reported,
            "license_arn": about,
        }));
        audit::record(tx, who, entry).await?;
    }
    Ok(())
}
