//! *Pay now*: accepts a quote at most once, whatever is double-clicked, replayed, sent in parallel or lost in a crash
//! (MKT-7). Three steps: begin the attempt in one transaction; ask the provider outside of any, under the attempt's id;
//! record the answer in another, which accepts the quote. Whoever comes between or later finds the attempt and goes on
//! with it, so every step may be repeated and none is lost.

use super::accept::{self, Deal};
use super::ids::{AgreementId, QuoteId};
use super::one_at_a_time;
use super::payment::attempt::{self, NoPress, Press};
use super::payment::{Outcome, Payment, PaymentEvent, PaymentState, Providers};
use super::quote::{Quote, QuoteClosed, QuoteKind};
use super::renew;
use super::store::{agreements, buyers, catalog, payments, quotes};
use super::upgrade::{self, UpgradeRefusal};
use crate::access::BuyerScope;
use crate::audit::{self, Entry, Who};
use crate::db::{Db, Error, Failed, Tx, refuse};
use crate::kernel::id::PaymentId;
use crate::kernel::quantity::OutOfRange;
use crate::tx;
use serde_json::json;

/// What paying needs: where it is recorded, who takes the money, and where links in mail lead.
#[derive(Clone, Debug)]
pub struct Till {
    /// The database.
    pub db: Db,
    /// Who takes the money.
    pub providers: Providers,
    /// Origin of links in mail, without a slash at the end.
    pub public_url: String,
}

/// What came of a press of *Pay now*.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Paid {
    /// The quote is accepted; the payment is approved or pending. The same again for every repeat.
    Accepted(Accepted),
    /// Not paid; the quote stays payable.
    Declined {
        /// Which attempt.
        attempt: i64,
        /// Why, for the buyer.
        reason: String,
    },
    /// The provider did not answer. Pressing again asks about the same attempt.
    Unknown {
        /// Which attempt.
        attempt: i64,
    },
}

/// What an accepted quote led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The agreement it made or added to.
    pub agreement: AgreementId,
    /// The quote.
    pub quote: QuoteId,
    /// New contract or upgrade.
    pub kind: QuoteKind,
}

/// Why nothing was paid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PayRefusal {
    /// The buyer account has no such quote (MKT-14).
    #[error("no such quote")]
    NotFound,
    /// It lapsed or was replaced.
    #[error(transparent)]
    Closed(#[from] QuoteClosed),
    /// The form belongs to an attempt whose turn it is not.
    #[error("the form is out of date")]
    OutOfTurn,
    /// The contract does not take the upgrade any more.
    #[error(transparent)]
    Upgrade(#[from] UpgradeRefusal),
    /// The product takes one agreement at a time, and there is one or about to be.
    #[error("{}", one_at_a_time::WORDS)]
    OneAtATime,
}

enum Pressed {
    Known(Paid),
    Ask(Payment),
}

/// Pays a quote. `attempt` is the number that the review's form carried.
///
/// # Errors
/// A refusal, or any storage error. After a storage error nothing is lost: the next press or the job goes on.
pub async fn pay(till: &Till, scope: &BuyerScope, who: &Who, quote: &QuoteId, attempt: i64) -> Result<Paid, Failed<PayRefusal>> {
    let id = PaymentId::generate();
    let pressed = tx!(till.db, |tx| { press(tx, scope, who, id, quote, attempt).await })?;
    match pressed {
        Pressed::Known(paid) => Ok(paid),
        Pressed::Ask(payment) => Ok(ask_and_record(till, who, &payment).await?),
    }
}

/// Step 1: what this press means, and a new attempt if it means one.
async fn press(
    tx: &mut Tx,
    scope: &BuyerScope,
    who: &Who,
    id: PaymentId,
    quote: &QuoteId,
    attempt: i64,
) -> Result<Pressed, Failed<PayRefusal>> {
    let Some(quote) = quotes::lock(tx, scope, quote).await? else {
        return refuse(PayRefusal::NotFound);
    };
    if quote.kind == QuoteKind::Renewal {
        // The clockwork pays these; a person never does.
        return refuse(PayRefusal::NotFound);
    }
    let begun = payments::list_of_quote(tx, &quote.id).await?;
    let known = |id: PaymentId| begun.iter().find(|payment| payment.id == id).cloned().ok_or(Error::NotFound);
    match attempt::of_press(&quote.state, quote.lapses_at, &begun, attempt, who.now) {
        Ok(Press::Receipt) => Ok(Pressed::Known(Paid::Accepted(accepted(tx, &quote).await?))),
        Ok(Press::Declined(id)) => Ok(Pressed::Known(outcome(tx, &quote, &known(id)?).await?)),
        Ok(Press::GoOn(id)) => Ok(Pressed::Ask(known(id)?)),
        Ok(Press::Begin(attempt)) => begin(tx, scope, who, id, quote, attempt).await.map(Pressed::Ask),
        Err(NoPress::Closed(closed)) => refuse(closed.into()),
        Err(NoPress::OutOfTurn) => refuse(PayRefusal::OutOfTurn),
    }
}

async fn begin(
    tx: &mut Tx,
    scope: &BuyerScope,
    who: &Who,
    id: PaymentId,
    quote: Quote,
    attempt: i64,
) -> Result<Payment, Failed<PayRefusal>> {
    if let Some(agreement) = &quote.agreement_id {
        let agreement = agreements::lock_named(tx, agreement).await?;
        let offer = catalog::get_offer(tx, &agreement.offer_id).await?;
        let limits = upgrade::limits_locked(tx, who.now, &agreement, &offer).await?.map_err(|refusal| Failed::Refused(refusal.into()))?;
        if quote.credits.get() > limits.max {
            return refuse(UpgradeRefusal::OutOfRange(OutOfRange::TooLarge).into());
        }
    }
    if one_at_a_time::is_taken_for(tx, &quote, who.now).await? {
        return refuse(PayRefusal::OneAtATime);
    }
    let payment = Payment {
        id,
        quote_id: quote.id,
        buyer_account_id: quote.buyer_account_id,
        attempt,
        method: buyers::get_payment_method(tx, scope.account()).await?,
        amount: quote.amount,
        started_by: scope.person(),
        started_at: who.now,
        state: PaymentState::Started,
    };
    if !payments::insert(tx, &payment).await? {
        // Impossible while the quote is locked; the constraint has the last word.
        return refuse(PayRefusal::OutOfTurn);
    }
    let entry = Entry::new("payment.started", payment.id).in_buyer_account(scope.account());
    let after = json!({ "quote": payment.quote_id.as_str(), "attempt": attempt, "amount": payment.amount.to_string(), "method": payment.method.as_str() });
    audit::record(tx, who, entry.after(after)).await?;
    Ok(payment)
}

/// Steps 2 and 3: asks the provider and records what it says. Any number of callers may do so for one attempt.
pub(super) async fn ask_and_record(till: &Till, who: &Who, payment: &Payment) -> Result<Paid, Error> {
    let Ok(answer) = till.providers.charge(&payment.charge(who.now)).await else {
        return Ok(Paid::Unknown { attempt: payment.attempt });
    };
    tx!(till.db, |tx| { record(tx, &till.public_url, who, payment, answer.clone()).await })
}

async fn record(tx: &mut Tx, public_url: &str, who: &Who, payment: &Payment, answer: Outcome) -> Result<Paid, Error> {
    let quote = quotes::lock_of_payment(tx, &payment.quote_id).await?;
    let payment = payments::get(tx, payment.id).await?;
    let Ok(state) = payment.state.clone().after(PaymentEvent::Answered(answer), who.now) else {
        return outcome(tx, &quote, &payment).await;
    };
    payments::decide(tx, payment.id, &state, who.now).await?;
    let payment = Payment { state, ..payment };
    match &payment.state {
        PaymentState::Declined { reason, .. } => {
            let entry = Entry::new("payment.declined", payment.id).in_buyer_account(&quote.buyer_account_id);
            let after = json!({ "quote": quote.id.as_str(), "attempt": payment.attempt, "reason": reason });
            audit::record(tx, who, entry.after(after)).await?;
            if quote.kind == QuoteKind::Renewal {
                renew::decline(tx, Deal { who, public_url, quote: &quote, payment: &payment }).await?;
            }
            outcome(tx, &quote, &payment).await
        }
        PaymentState::Approved { .. } | PaymentState::Pending { .. } => {
            let agreement = accept::accept(tx, Deal { who, public_url, quote: &quote, payment: &payment }).await?;
            Ok(Paid::Accepted(Accepted { agreement, kind: quote.kind, quote: quote.id }))
        }
        PaymentState::Started | PaymentState::SettledApproved { .. } | PaymentState::SettledDeclined { .. } => {
            Ok(Paid::Unknown { attempt: payment.attempt })
        }
    }
}

/// What is known of an attempt.
async fn outcome(tx: &mut Tx, quote: &Quote, payment: &Payment) -> Result<Paid, Error> {
    match &payment.state {
        PaymentState::Started => Ok(Paid::Unknown { attempt: payment.attempt }),
        PaymentState::Declined { reason, .. } => Ok(Paid::Declined { attempt: payment.attempt, reason: reason.clone() }),
        PaymentState::Approved { .. }
        | PaymentState::Pending { .. }
        | PaymentState::SettledApproved { .. }
        | PaymentState::SettledDeclined { .. } => Ok(Paid::Accepted(accepted(tx, quote).await?)),
    }
}

async fn accepted(tx: &mut Tx, quote: &Quote) -> Result<Accepted, Error> {
    let agreement = match &quote.agreement_id {
        Some(agreement) if quote.kind == QuoteKind::Upgrade => agreement.clone(),
        _ => agreements::find_of_quote(tx, &quote.id).await?.ok_or(Error::NotFound)?.id,
    };
    Ok(Accepted { agreement, quote: quote.id.clone(), kind: quote.kind })
}
