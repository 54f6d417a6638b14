//! What the test bench does to tokens and to the events that the console inside this program takes. For the wire's own faults
//! see `wire::call`, for payments `payment::bench`.

use super::event::{self, Event};
use super::store::deliveries::has_target;
use super::token::{self, Purchase, ResolveRefusal};
use crate::db::{Db, Error, Failed, refuse};
use crate::kernel::clock::Timestamp;
use crate::kernel::secret::Secret;
use crate::test_bench::fault::Fault;

pub use crate::test_bench::Bench;

/// What a presented token stands for, unless a fault says that it is over. Only tokens that would resolve are refused so.
///
/// # Errors
/// A refusal, or any storage error.
pub async fn resolve(bench: &Bench, db: &Db, token: &Secret, now: Timestamp) -> Result<Purchase, Failed<ResolveRefusal>> {
    let purchase = token::resolve(db, token, now).await?;
    if bench.refuses_token(&token.hash(), now).await? {
        return refuse(ResolveRefusal::Expired);
    }
    Ok(purchase)
}

/// Changes that were not acknowledged, oldest first, without those that a fault drops: these are gone for good. What goes to
/// a seller's own systems is dropped there ([`super::event_plan`]) and not here.
///
/// # Errors
/// Any storage error.
pub async fn list_waiting(bench: &Bench, db: &Db, most: u32, now: Timestamp) -> Result<Vec<Event>, Error> {
    let waiting = event::list_waiting(db, most).await?;
    if waiting.is_empty() || !bench.is_on() {
        return Ok(waiting);
    }
    let faults = bench.faults().await?;
    if !faults.has(Fault::DroppedEvents) {
        return Ok(waiting);
    }
    let mut heard = Vec::with_capacity(waiting.len());
    for event in waiting {
        if has_target(db, event.id).await? || !bench.use_up(&faults, Fault::DroppedEvents).await? {
            heard.push(event);
        } else {
            event::acknowledge(db, &[event.id], now).await?;
        }
    }
    Ok(heard)
}
