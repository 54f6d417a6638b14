//! The jobs of the till: settles pending payments and finishes attempts that nobody finished, because the provider was
//! slow or the process died (MKT-7, MKT-9). Several processes may run them at once.

use super::accept::{self, Deal};
use super::pay::{self, Paid, Till};
use super::payment::{Payment, PaymentEvent, Settlement};
use super::store::{payments, quotes};
use crate::audit::Who;
use crate::db::{Error, Tx};
use crate::kernel::clock::Clock;
use crate::tx;
use chrono::TimeDelta;

/// An attempt without an answer is left to the browser that began it for this long.
pub const RESUMES_AFTER: TimeDelta = TimeDelta::minutes(2);
const BATCH: i64 = 100;

/// Asks about every pending payment and settles those that are decided; how many.
///
/// # Errors
/// When the database is away. A single payment that cannot be settled is logged and does not hold up the others.
pub async fn settle_pending_payments(till: &Till, clock: &Clock) -> Result<u64, Error> {
    let who = Who::system("payment settlement", clock.now());
    let (mut settled, mut after) = (0, None);
    loop {
        let batch = payments::list_pending(&till.db, who.now, after, BATCH).await?;
        for payment in &batch {
            settled += u64::from(unless_away(payment, settle(till, &who, payment).await)?);
        }
        match batch.last() {
            Some(last) => after = Some((last.started_at, last.id)),
            None => return Ok(settled),
        }
    }
}

async fn settle(till: &Till, who: &Who, payment: &Payment) -> Result<bool, Error> {
    match till.providers.settlement(&payment.charge(who.now)).await {
        Err(_) | Ok(Settlement::Open) => Ok(false),
        Ok(settlement) => tx!(till.db, |tx| { record(tx, &till.public_url, who, payment, settlement.clone()).await }),
    }
}

async fn record(tx: &mut Tx, public_url: &str, who: &Who, payment: &Payment, settlement: Settlement) -> Result<bool, Error> {
    let quote = quotes::lock_of_payment(tx, &payment.quote_id).await?;
    let payment = payments::get(tx, payment.id).await?;
    let Ok(state) = payment.state.clone().after(PaymentEvent::Settled(settlement), who.now) else {
        // Another process was faster.
        return Ok(false);
    };
    payments::settle(tx, payment.id, &state, who.now).await?;
    let payment = Payment { state, ..payment };
    accept::settle(tx, Deal { who, public_url, quote: &quote, payment: &payment }).await?;
    Ok(true)
}

/// Goes on with attempts that were begun at least two minutes ago and have no answer; how many have one now.
///
/// # Errors
/// When the database is away. A single attempt that cannot be finished is logged and does not hold up the others.
pub async fn resume_started_payments(till: &Till, clock: &Clock) -> Result<u64, Error> {
    let who = Who::system("payment recovery", clock.now());
    let (mut finished, mut after) = (0, None);
    loop {
        let batch = payments::list_started(&till.db, who.now - RESUMES_AFTER, after, BATCH).await?;
        for payment in &batch {
            let outcome = pay::ask_and_record(till, &who, payment).await.map(|paid| !matches!(paid, Paid::Unknown { .. }));
            finished += u64::from(unless_away(payment, outcome)?);
        }
        match batch.last() {
            Some(last) => after = Some((last.started_at, last.id)),
            None => return Ok(finished),
        }
    }
}

fn unless_away(payment: &Payment, outcome: Result<bool, Error>) -> Result<bool, Error> {
    match outcome {
        Err(error @ Error::Unavailable(_)) => Err(error),
        Err(error) => {
            tracing::error!(payment = %payment.id, error = %error, "payment not finished");
            Ok(false)
        }
        done => done,
    }
}
