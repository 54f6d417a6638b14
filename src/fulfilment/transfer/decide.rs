//! A second member of staff decides about a transfer, or whoever asked takes it back, or its time is over. Approval is
//! the one place where a contract changes its owner: owner, credits, audit entries and mails in one transaction.

use super::holding::{Holding, Immovable};
use super::model::{Barred, Event, Request, Status, Transfer};
use super::store;
use super::tell::{self, Direction};
use super::typed::Reason;
use crate::access::{Action, Actor, allows};
use crate::audit::{self, Entry, Who};
use crate::credits::ledger::{self, Figures};
use crate::db::{Db, Error, Failed, Tx, refuse};
use crate::kernel::clock::Timestamp;
use crate::kernel::id::{BusinessId, TransferId};
use serde_json::{Value, json};

/// Why a decision is not taken. Nothing has moved then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecideRefusal {
    /// Not the staff role that it needs.
    NotAllowed,
    /// There is no such transfer.
    NoSuchTransfer,
    /// It is decided or lapsed, or this person may not.
    Barred(Barred),
    /// Since it was asked for, the contract went to another business.
    OwnerChanged,
    /// It cannot be moved any more (SUP-6). The request stays open: its reason may pass.
    Immovable(Immovable),
}

impl From<Barred> for DecideRefusal {
    fn from(barred: Barred) -> Self {
        Self::Barred(barred)
    }
}

/// Approves and moves the contract with everything that is left of it (SUP-2). Later upgrades and renewals follow, because
/// they are booked to whoever owns the contract. It was activated once and stays so.
///
/// # Errors
/// The refusal, or a storage error.
pub async fn approve(db: &Db, actor: &Actor, who: &Who, id: TransferId) -> Result<Transfer, Failed<DecideRefusal>> {
    if allows(actor, Action::DecideTransfer).is_err() {
        return refuse(DecideRefusal::NotAllowed);
    }
    let approved: Result<Result<Transfer, DecideRefusal>, Failed<DecideRefusal>> = crate::tx!(db, |tx| {
        let Some(transfer) = store::lock(tx, id).await? else { return refuse(DecideRefusal::NoSuchTransfer) };
        let request = transfer.request().clone();
        // Two processes' clocks may differ a little; the pool's entries must not, or a sum in between would be wrong.
        let newest = store::newest_entry(tx, request.contract, request.from).await?;
        let now = newest.map_or(who.now, |newest| newest.max(who.now));
        let approved = match transfer.clone().after(Event::Approve { by: actor.person }, now) {
            Ok(approved) => approved,
            Err(barred) => return barred_or_lapsed(tx, transfer, barred, now).await,
        };
        let holding = store::holding_in(tx, request.contract).await?;
        if holding.owner != request.from {
            return refuse(DecideRefusal::OwnerChanged);
        }
        if let Err(immovable) = holding.movable_to(request.to, now) {
            return refuse(DecideRefusal::Immovable(immovable));
        }
        if store::is_closed_in(tx, request.to).await? {
            return refuse(DecideRefusal::Immovable(Immovable::DestinationClosed));
        }
        // Nothing is refused from here on.
        store::close(tx, &approved).await?;
        carry_out(tx, who, &request, &holding, now).await?;
        Ok(Ok(approved))
    });
    approved?.map_err(Failed::Refused)
}

/// Says no; a note tells whoever asked why.
///
/// # Errors
/// The refusal, or a storage error.
pub async fn reject(db: &Db, actor: &Actor, who: &Who, id: TransferId, note: Reason) -> Result<Transfer, Failed<DecideRefusal>> {
    if allows(actor, Action::DecideTransfer).is_err() {
        return refuse(DecideRefusal::NotAllowed);
    }
    close(db, who, id, Event::Reject { by: actor.person, note }).await
}

/// Takes back what the same person asked for.
///
/// # Errors
/// The refusal, or a storage error.
pub async fn withdraw(db: &Db, actor: &Actor, who: &Who, id: TransferId) -> Result<Transfer, Failed<DecideRefusal>> {
    if allows(actor, Action::RequestTransfer).is_err() {
        return refuse(DecideRefusal::NotAllowed);
    }
    close(db, who, id, Event::Withdraw { by: actor.person }).await
}

/// Writes down that requests have lapsed, at most `most`; how many. For the clockwork: pages and use cases go by the time
/// itself and do not wait for it.
///
/// # Errors
/// Any storage error.
pub async fn lapse_overdue(db: &Db, now: Timestamp, most: i64) -> Result<u64, Error> {
    let who = Who::system("transfers", now);
    let mut lapsed = 0;
    for id in store::list_overdue(db, now, most).await? {
        match close(db, &who, id, Event::TimePasses).await {
            Ok(_) => lapsed += 1,
            // Somebody was faster.
            Err(Failed::Refused(_)) => {}
            Err(Failed::Storage(error)) => return Err(error),
        }
    }
    Ok(lapsed)
}

/// Everything but an approval: nothing moves.
async fn close(db: &Db, who: &Who, id: TransferId, event: Event) -> Result<Transfer, Failed<DecideRefusal>> {
    let closed: Result<Result<Transfer, DecideRefusal>, Failed<DecideRefusal>> = crate::tx!(db, |tx| {
        let Some(transfer) = store::lock(tx, id).await? else { return refuse(DecideRefusal::NoSuchTransfer) };
        let closed = match transfer.clone().after(event.clone(), who.now) {
            Ok(closed) => closed,
            Err(barred) => return barred_or_lapsed(tx, transfer, barred, who.now).await,
        };
        store::close(tx, &closed).await?;
        audit::record(tx, who, closing_entry(&closed)).await?;
        Ok(Ok(closed))
    });
    closed?.map_err(Failed::Refused)
}

/// Refuses, and first writes down that the time of a locked transfer is over, if that is why: the caller commits.
async fn barred_or_lapsed(
    tx: &mut Tx,
    transfer: Transfer,
    barred: Barred,
    now: Timestamp,
) -> Result<Result<Transfer, DecideRefusal>, Failed<DecideRefusal>> {
    if let Ok(lapsed) = transfer.after(Event::TimePasses, now) {
        write_lapse(tx, &lapsed, now).await?;
    }
    Ok(Err(barred.into()))
}

/// Writes down that nobody decided in time. That is the clock's doing, whoever came across it.
pub(super) async fn write_lapse(tx: &mut Tx, lapsed: &Transfer, now: Timestamp) -> Result<(), Error> {
    store::close(tx, lapsed).await?;
    audit::record(tx, &Who::system("transfers", now), closing_entry(lapsed)).await
}

/// The entry of a request that ended without moving anything; for staff only.
fn closing_entry(closed: &Transfer) -> Entry {
    let after = match closed {
        Transfer::Requested(_) | Transfer::Approved { .. } | Transfer::Withdrawn { .. } => json!({ "status": closed.status().as_str() }),
        Transfer::Rejected { note, .. } => json!({ "status": "rejected", "note": note }),
        Transfer::Lapsed(request) => json!({ "status": "lapsed", "lapsed_at": request.lapses_at }),
    };
    Entry::new(closed.status().action(), closed.request().id).before(json!({ "status": "requested" })).after(after)
}

/// Owner, credits, entries and mails. Everything was checked before; from here on only storage can fail.
async fn carry_out(tx: &mut Tx, who: &Who, request: &Request, holding: &Holding, now: Timestamp) -> Result<(), Error> {
    let (from, to) = (request.from, request.to);
    let (from_name, to_name) = store::lock_businesses(tx, from, to).await?;
    let before = (ledger::figures_in(tx, from, now).await?, ledger::figures_in(tx, to, now).await?);
    store::change_owner(tx, request.contract, from, to).await?;
    ledger::transfer(tx, request.contract, from, to, request.id, now).await?;
    let after = (ledger::figures_in(tx, from, now).await?, ledger::figures_in(tx, to, now).await?);

    let credits = holding.credits_left(now);
    let licenses: Vec<String> = holding.items.iter().map(|item| item.license.to_string()).collect();
    let side = |business: BusinessId, name: &str, figures: Figures| json!({ "business": business.to_string(), "name": name, "figures": shown(figures) });
    let entry = Entry::new(Status::Approved.action(), request.id)
        .before(json!({
            "status": "requested", "owner": from.to_string(),
            "from": { "figures": shown(before.0) }, "to": { "figures": shown(before.1) },
        }))
        .after(json!({
            "status": "approved", "owner": to.to_string(), "from": side(from, &from_name, after.0), "to": side(to, &to_name, after.1),
            "contract": request.contract.to_string(), "licenses": licenses, "credits": credits, "effective_at": now,
            "reason": request.reason, "ticket": request.ticket, "requested_by": request.requested_by.to_string(),
        }));
    audit::record(tx, who, entry).await?;

    // What a customer reads names neither the other business nor its figures (SUP-7), and not the reason, which may.
    for (business, direction) in [(from, Direction::Out), (to, Direction::In)] {
        let subject = holding.original().map_or_else(|| request.contract.to_string(), |license| license.to_string());
        let moved = json!({
            "transfer": request.id.to_string(), "product": holding.product_name, "agreement": holding.agreement_id,
            "licenses": licenses, "credits": credits, "effective_at": now,
        });
        let entry = Entry::new(direction.action(), subject).in_business(business);
        let entry = match direction {
            Direction::Out => entry.before(moved),
            Direction::In => entry.after(moved),
        };
        audit::record(tx, who, entry).await?;
        for told in store::list_told_in(tx, business).await? {
            tell::post(tx, direction, &told, request, holding, now).await?;
        }
    }
    Ok(())
}

fn shown(figures: Figures) -> Value {
    json!({ "total_valid": figures.total_valid, "allocated": figures.allocated, "balance": figures.balance() })
}
