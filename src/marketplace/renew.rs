//! The renewal run: what becomes of agreements whose end has passed (REN-1, REN-2). Auto renew on: the next term of the same
//! chain is paid in the three steps of [`super::pay`] and then comes into force exactly at the old end. Off: the agreement
//! ends. Any number of workers may run at once, be killed in the middle, or come days late: the decision reads the
//! agreement under its lock, the renewal's quote exists at most once, and the price is the one of the end instant.

use super::accept::{self, Deal};
use super::agreement::{Agreement, AgreementStatus, AtEnd};
use super::event::{self, EventKind};
use super::ids::{AgreementId, LicenseArn, QuoteId};
use super::mail::{self, RenewalOccasion};
use super::offer::Offer;
use super::pay::{self, Till};
use super::payment::{Payment, PaymentState};
use super::quote::{LIFE, Quote, QuoteKind, QuoteState};
use super::quoting::keep;
use super::store::{agreements, buyers, catalog, payments, renewals as store};
use crate::audit::{self, Entry, Who};
use crate::db::{Error, Tx};
use crate::kernel::clock::Clock;
use crate::kernel::credits::Credits;
use crate::kernel::id::PaymentId;
use crate::kernel::term::{Term, TermError};
use crate::marketplace::catalog::RenewalArn;
use crate::tx;
use serde_json::json;

/// Agreements read at once.
const BATCH: i64 = 100;
/// The name of this job in the audit log.
const JOB: &str = "renewal";

/// Decides the end of every agreement that has passed it; how many were decided or begun. Terms that were missed are
/// renewed one after the other in the same run.
///
/// # Errors
/// When the database is away. A single agreement that cannot be renewed is logged and does not hold up the others.
pub async fn renew_due(till: &Till, clock: &Clock) -> Result<u64, Error> {
    let who = Who::system(JOB, clock.now());
    let mut decided = 0;
    loop {
        let found = sweep(till, &who).await?;
        if found == 0 {
            return Ok(decided);
        }
        decided += found;
    }
}

/// Once through everything that is due.
async fn sweep(till: &Till, who: &Who) -> Result<u64, Error> {
    let (mut decided, mut after) = (0, None);
    loop {
        let due = store::list_due(&till.db, who.now, after.as_ref(), BATCH).await?;
        for (_, id) in &due {
            match one(till, who, id).await {
                Ok(done) => decided += u64::from(done),
                Err(error @ Error::Unavailable(_)) => return Err(error),
                Err(error) => tracing::error!(agreement = %id, error = %error, "an agreement could not be renewed"),
            }
        }
        match due.into_iter().next_back() {
            Some(last) => after = Some(last),
            None => return Ok(decided),
        }
    }
}

/// What the first step came to.
enum Begun {
    /// Somebody else was faster, or an upgrade has to be decided first.
    Nothing,
    /// It ended.
    Ended,
    /// The next term is to be paid.
    Pays(Box<Payment>),
}

async fn one(till: &Till, who: &Who, id: &AgreementId) -> Result<bool, Error> {
    let (quote, payment) = (QuoteId::generate(), PaymentId::generate());
    match tx!(till.db, |tx| { begin(tx, who, id, &quote, payment).await })? {
        Begun::Nothing => Ok(false),
        Begun::Ended => Ok(true),
        // If this process dies here, the job that goes on with payments finishes it under the same key.
        Begun::Pays(payment) => pay::ask_and_record(till, who, &payment).await.map(|_| true),
    }
}

/// Step 1: the decision, under the agreement's lock, and the attempt to pay.
async fn begin(tx: &mut Tx, who: &Who, id: &AgreementId, quote: &QuoteId, payment: PaymentId) -> Result<Begun, Error> {
    let agreement = agreements::lock_named(tx, id).await?;
    let decision = agreement.at_end(who.now);
    if decision == AtEnd::Nothing || store::is_begun(tx, id).await? || store::has_open_upgrade(tx, id).await? {
        return Ok(Begun::Nothing);
    }
    let AtEnd::Renews { credits } = decision else {
        end(tx, who, &agreement, "auto renew is off").await?;
        return Ok(Begun::Ended);
    };
    let offer = offer_at_the_end(tx, &agreement).await?;
    let quote = quote_of(&agreement, &offer, credits, quote.clone(), who)?;
    keep(tx, who, &quote).await?;
    let payment = Payment {
        id: payment,
        quote_id: quote.id,
        attempt: 1,
        method: buyers::get_payment_method(tx, &agreement.buyer_account_id).await?,
        buyer_account_id: agreement.buyer_account_id,
        amount: quote.amount,
        started_by: agreement.accepted_by,
        started_at: who.now,
        state: PaymentState::Started,
    };
    if !payments::insert(tx, &payment).await? {
        return Err(contradiction("a renewal's first attempt exists already"));
    }
    let entry = Entry::new("payment.started", payment.id).in_buyer_account(&payment.buyer_account_id);
    let after = json!({ "quote": payment.quote_id.as_str(), "attempt": 1, "amount": payment.amount.to_string(), "method": payment.method.as_str() });
    audit::record(tx, who, entry.after(after)).await?;
    Ok(Begun::Pays(Box::new(payment)))
}

/// The price is the one of the end instant, however late the run is.
async fn offer_at_the_end(tx: &mut Tx, agreement: &Agreement) -> Result<Offer, Error> {
    match store::find_offer_at(tx, &agreement.product_id, agreement.ends_at, agreement.duration_months).await? {
        Some(offer) => Ok(offer),
        None => catalog::get_offer(tx, &agreement.offer_id).await,
    }
}

/// A whole term at the offer's price, in the name of whoever accepted the contract.
fn quote_of(agreement: &Agreement, offer: &Offer, credits: Credits, id: QuoteId, who: &Who) -> Result<Quote, Error> {
    Ok(Quote {
        id,
        kind: QuoteKind::Renewal,
        buyer_account_id: agreement.buyer_account_id.clone(),
        product_id: agreement.product_id.clone(),
        offer_id: offer.id.clone(),
        agreement_id: Some(agreement.id.clone()),
        credits,
        price: offer.price(),
        amount: offer.amount(credits).map_err(|error| contradiction(&error.to_string()))?,
        duration_months: agreement.duration_months,
        auto_renew: agreement.auto_renew,
        purchase_order: agreement.purchase_order.clone(),
        created_by: agreement.accepted_by,
        created_at: who.now,
        lapses_at: who.now + LIFE,
        state: QuoteState::Draft,
    })
}

/// It is over: noted, told to the seller, audited.
async fn end(tx: &mut Tx, who: &Who, agreement: &Agreement, why: &str) -> Result<(), Error> {
    store::close(tx, &agreement.id, AgreementStatus::Expired).await?;
    event::record(tx, EventKind::AgreementEnded, agreement, who.now).await?;
    event::record(tx, EventKind::LicenseDeprovisioned, agreement, who.now).await?;
    let entry = Entry::new("agreement.expired", &agreement.id).in_buyer_account(&agreement.buyer_account_id);
    let entry = entry.before(json!({ "status": agreement.status.as_str() }));
    audit::record(tx, who, entry.after(json!({ "status": "expired", "ended_at": agreement.ends_at.to_rfc3339(), "why": why }))).await
}

/// The agreement whose next term a quote pays, locked.
async fn lock_old(tx: &mut Tx, quote: &Quote) -> Result<Agreement, Error> {
    let Some(old) = &quote.agreement_id else { return Err(contradiction("a renewal without its agreement")) };
    agreements::lock_named(tx, old).await
}

/// The payment of a renewal is approved or pending: the next agreement of the chain.
pub(super) async fn accept(tx: &mut Tx, deal: Deal<'_>) -> Result<AgreementId, Error> {
    let Deal { who, quote, .. } = deal;
    let old = lock_old(tx, quote).await?;
    if old.status != AgreementStatus::Active {
        return Err(contradiction("an agreement that is over cannot be renewed"));
    }
    let (rule, seller) = store::get_arn_rule(tx, &old.product_id).await?;
    let next = next_of(&old, deal, rule, &seller)?;
    agreements::insert(tx, &next).await?;
    if next.license_arn != old.license_arn {
        agreements::insert_arn(tx, &next).await?;
        store::copy_set_up(tx, &old.license_arn, &next.license_arn).await?;
    }
    event::record(tx, EventKind::AgreementCreated, &next, who.now).await?;
    let entry = Entry::new("agreement.created", &next.id).in_buyer_account(&next.buyer_account_id);
    let after = json!({
        "status": next.status.as_str(), "intent": "renew", "previous": old.id.as_str(), "initial": next.initial_agreement_id.as_str(),
        "term": next.term_number, "quote": quote.id.as_str(), "license_arn": next.license_arn.as_str(), "credits": next.credits.get(),
        "amount": quote.amount.to_string(), "starts_at": next.starts_at.to_rfc3339(), "ends_at": next.ends_at.to_rfc3339(),
    });
    audit::record(tx, who, entry.after(after)).await?;
    if deal.is_sure() {
        come_into_force(tx, deal, &old, &next).await?;
    } else {
        mail::post_renewal(tx, deal, RenewalOccasion::Pending, (&old, &next), None).await?;
    }
    Ok(next.id)
}

/// Term n + 1 of the chain, from the chain's anchor (TIM-2), exactly where the old one ended.
fn next_of(old: &Agreement, deal: Deal<'_>, rule: RenewalArn, seller: &str) -> Result<Agreement, Error> {
    let Deal { who, quote, .. } = deal;
    let term = old.term().and_then(|term: Term| term.next()).map_err(|error: TermError| contradiction(&error.to_string()))?;
    Ok(Agreement {
        id: AgreementId::generate(),
        initial_agreement_id: old.initial_agreement_id.clone(),
        quote_id: quote.id.clone(),
        buyer_account_id: old.buyer_account_id.clone(),
        product_id: old.product_id.clone(),
        offer_id: quote.offer_id.clone(),
        license_arn: match rule {
            RenewalArn::Same => old.license_arn.clone(),
            RenewalArn::New => LicenseArn::generate(seller),
        },
        status: if deal.is_sure() { AgreementStatus::Active } else { AgreementStatus::Pending },
        anchor_at: old.anchor_at,
        term_number: old.term_number + 1,
        duration_months: old.duration_months,
        starts_at: old.ends_at,
        ends_at: term.ends_at(),
        auto_renew: old.auto_renew,
        credits: quote.credits,
        next_credits: None,
        purchase_order: quote.purchase_order.clone(),
        accepted_by: old.accepted_by,
        accepted_at: who.now,
    })
}

/// The money of the next term is sure: charge, entitlement, and the end of the old agreement, which is no loss.
async fn come_into_force(tx: &mut Tx, deal: Deal<'_>, old: &Agreement, next: &Agreement) -> Result<(), Error> {
    let Deal { who, quote, .. } = deal;
    store::close(tx, &old.id, AgreementStatus::Renewed).await?;
    if next.license_arn == old.license_arn {
        store::pass_on_arn(tx, &old.license_arn, &old.id, &next.id).await?;
        store::move_entitlement(tx, &next.license_arn, next.credits, next.ends_at, who.now).await?;
    } else {
        agreements::insert_entitlement(tx, next, who.now).await?;
    }
    event::record(tx, EventKind::AgreementEnded, old, who.now).await?;
    event::record(tx, EventKind::LicenseUpdated, next, who.now).await?;
    let entry = Entry::new("agreement.renewed", &old.id).in_buyer_account(&old.buyer_account_id);
    let entry = entry.before(json!({ "status": old.status.as_str(), "credits": old.credits.get() }));
    let after = json!({ "status": "renewed", "next": next.id.as_str(), "credits": next.credits.get(), "amount": quote.amount.to_string() });
    audit::record(tx, who, entry.after(after)).await?;
    let invoice = accept::charge(tx, deal, next).await?;
    mail::post_renewal(tx, deal, RenewalOccasion::Paid, (old, next), invoice.as_deref()).await
}

/// The payment of a renewal was declined at once: there is no next term. Nobody tries again by himself; the mail says what
/// the buyer can do.
pub(super) async fn decline(tx: &mut Tx, deal: Deal<'_>) -> Result<(), Error> {
    let old = lock_old(tx, deal.quote).await?;
    end(tx, deal.who, &old, "the payment of the renewal was declined").await?;
    mail::post_renewal(tx, deal, RenewalOccasion::NotPaid, (&old, &old), None).await
}

/// A pending payment of a renewal is settled. The term it pays for began at the old end, whenever the money arrives.
pub(super) async fn settle(tx: &mut Tx, deal: Deal<'_>) -> Result<(), Error> {
    let Deal { who, quote, .. } = deal;
    let old = lock_old(tx, quote).await?;
    let next = agreements::lock_of_quote(tx, &quote.id).await?;
    let status = if deal.is_sure() { AgreementStatus::Active } else { AgreementStatus::RolledBack };
    agreements::settle(tx, &next.id, status).await?;
    let entry = Entry::new("agreement.settled", &next.id).in_buyer_account(&next.buyer_account_id);
    let entry = entry.before(json!({ "status": next.status.as_str() })).after(json!({ "status": status.as_str() }));
    audit::record(tx, who, entry).await?;
    if deal.is_sure() {
        return come_into_force(tx, deal, &old, &next).await;
    }
    event::record(tx, EventKind::AgreementEnded, &next, who.now).await?;
    end(tx, who, &old, "the payment of the renewal did not arrive").await?;
    mail::post_renewal(tx, deal, RenewalOccasion::NotPaid, (&old, &next), None).await
}

/// Rows that contradict each other: a defect, never a refusal that a person could read.
fn contradiction(what: &str) -> Error {
    Error::Other(sqlx::Error::Decode(what.to_owned().into()))
}
