//! Accepts a quote in the transaction that records its payment: the agreement, its license ARN, what is charged and
//! granted, events, mail and audit, or nothing of it. Also what a pending payment leads to when it settles.

use super::agreement::{Agreement, AgreementEvent, AgreementStatus, NotNow};
use super::event::{self, EventKind};
use super::ids::{AgreementId, LicenseArn};
use super::invoice::ChargeKind;
use super::invoice::issue::{self, Charged};
use super::mail::{self, Occasion};
use super::payment::{Payment, PaymentState};
use super::quote::{Quote, QuoteKind};
use super::renew;
use super::store::{agreements, catalog, quotes};
use super::upgrade::Remaining;
use crate::audit::{self, Entry, Who};
use crate::db::{Error, Tx};
use crate::kernel::credits::Credits;
use crate::kernel::term::{Term, TermError};
use serde_json::json;

/// What is being accepted or settled. The quote is locked and the payment recorded by whoever makes one.
#[derive(Clone, Copy)]
pub(super) struct Deal<'d> {
    /// Who does it, and when.
    pub who: &'d Who,
    /// Origin of links in mail.
    pub public_url: &'d str,
    /// The quote.
    pub quote: &'d Quote,
    /// The payment that takes it.
    pub payment: &'d Payment,
}

impl Deal<'_> {
    /// Whether the money is sure, as against pending.
    pub(super) fn is_sure(&self) -> bool {
        matches!(self.payment.state, PaymentState::Approved { .. } | PaymentState::SettledApproved { .. })
    }
}

/// Accepts the quote of an approved or pending payment. The agreement it made or added to.
pub(super) async fn accept(tx: &mut Tx, deal: Deal<'_>) -> Result<AgreementId, Error> {
    let Deal { who, quote, .. } = deal;
    quote.state.clone().accept(who.now).map_err(|closed| contradiction(&closed.to_string()))?;
    quotes::accept(tx, &quote.id, who.now).await?;
    if quote.kind == QuoteKind::Renewal {
        return renew::accept(tx, deal).await;
    }
    match &quote.agreement_id {
        None => make_agreement(tx, deal).await,
        Some(agreement) => {
            let agreement = agreements::lock_named(tx, agreement).await?;
            if deal.is_sure() {
                raise(tx, deal, &agreement).await?;
            } else {
                let entry = Entry::new("agreement.upgrade_pending", &agreement.id).in_buyer_account(&agreement.buyer_account_id);
                audit::record(tx, who, entry.after(json!({ "quote": quote.id.as_str(), "credits": quote.credits.get() }))).await?;
                mail::post(tx, deal, Occasion::UpgradePending, &agreement, None).await?;
            }
            Ok(agreement.id)
        }
    }
}

/// One agreement and one license ARN (MKT-8). The entitlement comes with the money (MKT-9).
async fn make_agreement(tx: &mut Tx, deal: Deal<'_>) -> Result<AgreementId, Error> {
    let Deal { who, quote, .. } = deal;
    let seller = catalog::get_seller_id(tx, &quote.product_id).await?;
    let agreement = agreement_of(deal, &seller)?;
    agreements::insert(tx, &agreement).await?;
    agreements::insert_arn(tx, &agreement).await?;
    event::record(tx, EventKind::AgreementCreated, &agreement, who.now).await?;
    let entry = Entry::new("agreement.created", &agreement.id).in_buyer_account(&agreement.buyer_account_id);
    let after = json!({
        "status": agreement.status.as_str(),
        "quote": quote.id.as_str(),
        "license_arn": agreement.license_arn.as_str(),
        "credits": agreement.credits.get(),
        "amount": quote.amount.to_string(),
        "ends_at": agreement.ends_at.to_rfc3339(),
    });
    audit::record(tx, who, entry.after(after)).await?;
    if deal.is_sure() {
        let invoice = grant(tx, deal, &agreement).await?;
        mail::post(tx, deal, Occasion::PurchasePaid, &agreement, invoice.as_deref()).await?;
    } else {
        mail::post(tx, deal, Occasion::PurchasePending, &agreement, None).await?;
    }
    Ok(agreement.id)
}

fn agreement_of(deal: Deal<'_>, seller: &str) -> Result<Agreement, Error> {
    let Deal { who, quote, payment, .. } = deal;
    let months = u32::try_from(quote.duration_months).unwrap_or(0);
    let term = Term::new(who.now, 1, months).map_err(|error: TermError| contradiction(&error.to_string()))?;
    let id = AgreementId::generate();
    Ok(Agreement {
        initial_agreement_id: id.clone(),
        id,
        quote_id: quote.id.clone(),
        buyer_account_id: quote.buyer_account_id.clone(),
        product_id: quote.product_id.clone(),
        offer_id: quote.offer_id.clone(),
        license_arn: LicenseArn::generate(seller),
        status: if deal.is_sure() { AgreementStatus::Active } else { AgreementStatus::Pending },
        anchor_at: term.anchor(),
        term_number: 1,
        duration_months: quote.duration_months,
        starts_at: term.starts_at(),
        ends_at: term.ends_at(),
        auto_renew: quote.auto_renew,
        credits: quote.credits,
        next_credits: None,
        purchase_order: quote.purchase_order.clone(),
        accepted_by: payment.started_by,
        accepted_at: who.now,
    })
}

/// The money of a purchase is sure: the entitlement is made and the charge booked with its invoice, whose number is the
/// answer. Credits come by activation only (MKT-10).
async fn grant(tx: &mut Tx, deal: Deal<'_>, agreement: &Agreement) -> Result<Option<String>, Error> {
    agreements::insert_entitlement(tx, agreement, deal.who.now).await?;
    event::record(tx, EventKind::LicenseUpdated, agreement, deal.who.now).await?;
    charge(tx, deal, agreement).await
}

/// Books what a deal charges for an agreement, with its invoice; the invoice's number. The last step that locks. What is
/// charged by use costs nothing now, so that there is no charge and no invoice (CRD-9).
pub(super) async fn charge(
    tx: &mut Tx,
    Deal { who, quote, payment, .. }: Deal<'_>,
    agreement: &Agreement,
) -> Result<Option<String>, Error> {
    if quote.is_metered() {
        return Ok(None);
    }
    let kind = match quote.kind {
        QuoteKind::New => ChargeKind::New,
        QuoteKind::Upgrade => ChargeKind::Upgrade,
        QuoteKind::Renewal => ChargeKind::Renewal,
    };
    // An upgrade is charged for the part of the term that was left when its quote was made (UPG-3).
    let is_upgrade = kind == ChargeKind::Upgrade;
    let charged = Charged {
        agreement: &agreement.id,
        product: &agreement.product_id,
        buyer_account: &agreement.buyer_account_id,
        quote: &quote.id,
        payment: payment.id,
        method: payment.method,
        kind,
        credits: quote.credits,
        price: quote.price,
        amount: quote.amount,
        purchase_order: quote.purchase_order.as_deref(),
        term: (if is_upgrade { who.now.min(agreement.ends_at) } else { agreement.starts_at }, agreement.ends_at),
        pro_rata: is_upgrade.then(|| Remaining::of(agreement, quote.created_at)),
    };
    issue::charge(tx, who, charged).await.map(Some)
}

/// The money of an upgrade is sure: the charge is booked and the total raised, with the same expiry (UPG-4). It is
/// honoured even when the term ended while the provider took its time, because it was begun within it.
async fn raise(tx: &mut Tx, deal: Deal<'_>, agreement: &Agreement) -> Result<(), Error> {
    let Deal { who, quote, .. } = deal;
    let total = agreement.credits.checked_add(quote.credits).unwrap_or(Credits::MAX);
    agreements::raise(tx, &agreement.id, total).await?;
    agreements::raise_entitlement(tx, agreement, total, who.now).await?;
    event::record(tx, EventKind::AgreementAmended, agreement, who.now).await?;
    event::record(tx, EventKind::LicenseUpdated, agreement, who.now).await?;
    let entry = Entry::new("agreement.upgraded", &agreement.id).in_buyer_account(&agreement.buyer_account_id);
    let entry = entry.before(json!({ "credits": agreement.credits.get() }));
    let after = json!({ "credits": total.get(), "quote": quote.id.as_str(), "amount": quote.amount.to_string() });
    audit::record(tx, who, entry.after(after)).await?;
    let invoice = charge(tx, deal, agreement).await?;
    mail::post(tx, deal, Occasion::UpgradePaid, agreement, invoice.as_deref()).await
}

/// A pending payment is settled.
pub(super) async fn settle(tx: &mut Tx, deal: Deal<'_>) -> Result<(), Error> {
    let Deal { who, quote, .. } = deal;
    if quote.kind == QuoteKind::Renewal {
        return renew::settle(tx, deal).await;
    }
    match (&quote.agreement_id, deal.is_sure()) {
        (Some(agreement), true) => {
            let agreement = agreements::lock_named(tx, agreement).await?;
            raise(tx, deal, &agreement).await
        }
        (Some(agreement), false) => {
            let agreement = agreements::lock_named(tx, agreement).await?;
            let entry = Entry::new("agreement.upgrade_declined", &agreement.id).in_buyer_account(&agreement.buyer_account_id);
            audit::record(tx, who, entry.after(json!({ "quote": quote.id.as_str() }))).await?;
            mail::post(tx, deal, Occasion::UpgradeNotPaid, &agreement, None).await
        }
        (None, true) => settle_purchase(tx, deal, AgreementEvent::SettledApproved).await,
        (None, false) => settle_purchase(tx, deal, AgreementEvent::SettledDeclined).await,
    }
}

async fn settle_purchase(tx: &mut Tx, deal: Deal<'_>, settled: AgreementEvent) -> Result<(), Error> {
    let Deal { who, quote, .. } = deal;
    let agreement = agreements::lock_of_quote(tx, &quote.id).await?;
    let status = agreement.standing(who.now).after(settled).map_err(|not_now: NotNow| contradiction(&not_now.to_string()))?;
    agreements::settle(tx, &agreement.id, status).await?;
    let entry = Entry::new("agreement.settled", &agreement.id).in_buyer_account(&agreement.buyer_account_id);
    let entry = entry.before(json!({ "status": agreement.status.as_str() })).after(json!({ "status": status.as_str() }));
    audit::record(tx, who, entry).await?;
    if settled == AgreementEvent::SettledApproved {
        let invoice = grant(tx, deal, &agreement).await?;
        mail::post(tx, deal, Occasion::PurchasePaid, &agreement, invoice.as_deref()).await
    } else {
        event::record(tx, EventKind::AgreementEnded, &agreement, who.now).await?;
        mail::post(tx, deal, Occasion::PurchaseNotPaid, &agreement, None).await
    }
}

/// Rows that contradict each other: a defect, never a refusal that a person could read.
fn contradiction(what: &str) -> Error {
    Error::Other(sqlx::Error::Decode(what.to_owned().into()))
}
