//! Which purchases the stored events ask to be read, and what becomes of the events afterwards. Nothing here reads the
//! marketplace.

use super::event::State;
use super::parse::license_key;
use super::store::{self, Waiting};
use crate::db::{Db, Error};
use crate::fulfilment::marketplace::Change;
use crate::kernel::clock::Timestamp;
use crate::kernel::id::EventId;
use crate::tx;
use chrono::TimeDelta;
use std::collections::BTreeSet;

/// How long settled events are kept; an unmatched one is replayed until then.
const KEPT: TimeDelta = TimeDelta::days(90);
/// The most between two readings for one event.
const LATEST: TimeDelta = TimeDelta::minutes(15);

/// Changes that wait to be followed, oldest first, from at most `most` events: one for each license ARN that is to be read,
/// so that an event may give several under its id. What is listed and not acknowledged comes again, at growing distances. An
/// event of a purchase that nobody has activated is put aside.
///
/// # Errors
/// Any storage error.
pub async fn list_waiting(db: &Db, most: u32, now: Timestamp) -> Result<Vec<Change>, Error> {
    let (mut changes, mut listed, mut aside) = (Vec::new(), Vec::new(), Vec::new());
    for event in store::list_waiting(db, now, most).await? {
        let license_arns = to_read(db, &event).await?;
        if license_arns.is_empty() {
            aside.push(event.id);
            continue;
        }
        changes.extend(license_arns.into_iter().map(|license_arn| Change { id: event.id, license_arn }));
        listed.push((event.id, now + pause(event.tries)));
    }
    if !(listed.is_empty() && aside.is_empty()) {
        tx!(db, |tx| {
            for (id, again_at) in &listed {
                store::postpone(tx, *id, *again_at).await?;
            }
            for id in &aside {
                store::settle(tx, *id, State::Unmatched, now).await?;
            }
            Ok::<_, Error>(())
        })?;
    }
    Ok(changes)
}

/// The marketplace was read for these events: they are followed, or, where still nobody has activated the purchase, kept
/// until somebody does.
///
/// # Errors
/// Any storage error; the events come again then.
pub async fn acknowledge(db: &Db, events: &[EventId], now: Timestamp) -> Result<(), Error> {
    let mut settled = Vec::with_capacity(events.len());
    for id in events.iter().collect::<BTreeSet<_>>() {
        if let Some(event) = store::find_waiting(db, *id).await? {
            let state = if is_known(db, &event).await? { State::Followed } else { State::Unmatched };
            settled.push((event.id, state));
        }
    }
    if settled.is_empty() {
        return Ok(());
    }
    tx!(db, |tx| {
        for (id, state) in &settled {
            store::settle(tx, *id, *state, now).await?;
        }
        Ok(())
    })
}

/// Brings back events whose purchase was activated since, and forgets what was settled long ago; how many wait again. A job
/// runs it.
///
/// # Errors
/// Any storage error.
pub async fn replay(db: &Db, now: Timestamp) -> Result<u64, Error> {
    store::forget(db, now - KEPT).await?;
    store::replay(db).await
}

/// The buyer's account of a license ARN, as the newest event that names both tells it.
///
/// # Errors
/// Any storage error.
pub async fn find_account(db: &Db, license_arn: &str) -> Result<Option<String>, Error> {
    let Some(key) = license_key(license_arn) else { return Ok(None) };
    let found = store::find_customer(db, &key).await?;
    // An older listing's customer identifier is no account.
    Ok(found.filter(|customer| customer.len() == 12 && customer.bytes().all(|byte| byte.is_ascii_digit())))
}

/// The license ARNs that are read for an event: those of its contracts, and its own where no contract has it, because it may
/// be the next term of one (REN-4).
async fn to_read(db: &Db, event: &Waiting) -> Result<Vec<String>, Error> {
    let of_license = by_license(db, event).await?;
    if !of_license.is_empty() {
        return Ok(of_license);
    }
    let mut license_arns = by_other_names(db, event).await?;
    license_arns.extend(event.license_arn.clone());
    Ok(license_arns)
}

async fn is_known(db: &Db, event: &Waiting) -> Result<bool, Error> {
    Ok(!by_license(db, event).await?.is_empty() || !by_other_names(db, event).await?.is_empty())
}

/// License ARNs of the contracts that have an event's license, or had it before a renewal.
async fn by_license(db: &Db, event: &Waiting) -> Result<Vec<String>, Error> {
    match &event.license_key {
        Some(key) => store::list_of_license(db, key).await,
        None => Ok(Vec::new()),
    }
}

/// By agreement, else by product and customer (rule 52 of the protocol). A renewal's agreement leads to the chain that it
/// goes on from, also when another event told so.
async fn by_other_names(db: &Db, event: &Waiting) -> Result<Vec<String>, Error> {
    let mut found = BTreeSet::new();
    if let Some(agreement) = &event.agreement_id {
        let mut agreements = store::list_previous(db, agreement).await?;
        agreements.push(agreement.clone());
        agreements.extend(event.previous_agreement_id.clone());
        for agreement in agreements {
            found.extend(store::list_of_agreement(db, &agreement).await?);
        }
    } else if event.license_key.is_none()
        && let (Some(product), Some(customer)) = (&event.product_code, &event.customer_id)
    {
        found.extend(store::list_of_customer(db, product, customer).await?);
    }
    Ok(found.into_iter().collect())
}

/// Longer at each try: seconds, then minutes.
fn pause(tries: i64) -> TimeDelta {
    let doubled = 1_i64 << tries.clamp(0, 20);
    TimeDelta::seconds(doubled).min(LATEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_that_cannot_be_followed_is_tried_at_growing_distances() {
        let pauses: Vec<i64> = [0, 1, 5, 9, 10, 400, -1].map(|tries| pause(tries).num_seconds()).to_vec();
        assert_eq!(pauses, [1, 2, 32, 512, 900, 900, 1]);
    }
}
