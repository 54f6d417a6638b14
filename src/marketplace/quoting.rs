//! Makes quotes for new contracts (MKT-5) and changes quotes that were not paid (MKT-6). Nothing here charges anything.

use super::ids::{OfferId, Prodview, QuoteId};
use super::offer::Offer;
use super::one_at_a_time;
use super::payment::PaymentState;
use super::quote::{LIFE, Quote, QuoteClosed, QuoteKind, QuoteState};
use super::store::{agreements, catalog, payments, quotes as store};
use super::upgrade::{self, UpgradeRefusal};
use crate::access::BuyerScope;
use crate::audit::{self, Entry, Who};
use crate::db::{Db, Error, Failed, Tx, refuse};
use crate::kernel::credits::Credits;
use crate::kernel::quantity::OutOfRange;
use crate::tx;
use serde_json::{Value, json};

/// What a buyer asks for, checked as far as a form can.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Credits to buy, or to add.
    pub credits: Credits,
    /// Renewal Settings; an upgrade leaves the agreement's as they are.
    pub auto_renew: bool,
    /// The buyer's own number for it.
    pub purchase_order: Option<String>,
}

/// Why there is no quote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuoteRefusal {
    /// Nothing is listed there.
    #[error("no such listing")]
    NotFound,
    /// The price terms are other than those the buyer saw.
    #[error("the offer changed")]
    OfferChanged,
    /// The offer does not sell so many (MKT-3).
    #[error(transparent)]
    OutOfRange(#[from] OutOfRange),
    /// The product takes one agreement at a time, and there is one.
    #[error("{}", one_at_a_time::WORDS)]
    OneAtATime,
}

/// Why a quote is not changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChangeRefusal {
    /// The buyer account has no such quote (MKT-14).
    #[error("no such quote")]
    NotFound,
    /// It lapsed, was accepted or was replaced.
    #[error(transparent)]
    Closed(#[from] QuoteClosed),
    /// A payment of it was begun and its outcome is not known.
    #[error("a payment is under way")]
    PaymentUnderWay,
    /// The offer does not sell so many.
    #[error(transparent)]
    OutOfRange(#[from] OutOfRange),
    /// The contract does not take the upgrade any more.
    #[error(transparent)]
    Upgrade(#[from] UpgradeRefusal),
}

/// Makes a quote at the offer that the buyer saw. Charges nothing.
///
/// # Errors
/// A refusal, or any storage error.
pub async fn create(
    db: &Db,
    scope: &BuyerScope,
    who: &Who,
    prodview: &Prodview,
    seen: &OfferId,
    wanted: &Wanted,
) -> Result<QuoteId, Failed<QuoteRefusal>> {
    let Some(listing) = super::listing::find(db, prodview).await? else {
        return refuse(QuoteRefusal::NotFound);
    };
    let offer = listing.offer();
    if offer.id != *seen {
        return refuse(QuoteRefusal::OfferChanged);
    }
    if let Err(out_of_range) = offer.limits().check(wanted.credits.get()) {
        return refuse(out_of_range.into());
    }
    if one_at_a_time::is_taken(db, scope, &listing.id, who.now).await? {
        return refuse(QuoteRefusal::OneAtATime);
    }
    let amount = offer.amount(wanted.credits).map_err(|_| Failed::Refused(OutOfRange::TooLarge.into()))?;
    let quote = Quote {
        id: QuoteId::generate(),
        kind: QuoteKind::New,
        buyer_account_id: scope.account().to_owned(),
        product_id: listing.id,
        agreement_id: None,
        credits: wanted.credits,
        price: offer.price(),
        amount,
        duration_months: offer.duration_months,
        auto_renew: wanted.auto_renew,
        purchase_order: wanted.purchase_order.clone(),
        created_by: scope.person(),
        created_at: who.now,
        lapses_at: who.now + LIFE,
        state: QuoteState::Draft,
        offer_id: offer.id,
    };
    tx!(db, |tx| { keep(tx, who, &quote).await.map_err(Failed::from) })?;
    Ok(quote.id)
}

/// Keeps a new quote with its audit entry.
pub(super) async fn keep(tx: &mut Tx, who: &Who, quote: &Quote) -> Result<(), Error> {
    store::insert(tx, quote).await?;
    let entry = Entry::new("quote.created", &quote.id).in_buyer_account(&quote.buyer_account_id);
    audit::record(tx, who, entry.after(facts(quote))).await
}

/// What the audit log keeps of a quote.
fn facts(quote: &Quote) -> Value {
    json!({
        "kind": quote.kind.as_str(),
        "offer": quote.offer_id.as_str(),
        "agreement": quote.agreement_id.as_ref().map(super::ids::AgreementId::as_str),
        "credits": quote.credits.get(),
        "amount": quote.amount.to_string(),
        "auto_renew": quote.auto_renew,
        "purchase_order": quote.purchase_order,
    })
}

/// Puts a changed quote in the place of an unpaid one: same offer, same lapse. An upgrade is priced anew, for the time
/// that is left now. A change that changes nothing keeps the quote as it is.
///
/// # Errors
/// A refusal, or any storage error.
pub async fn change(db: &Db, scope: &BuyerScope, who: &Who, quote: &QuoteId, wanted: &Wanted) -> Result<QuoteId, Failed<ChangeRefusal>> {
    let fresh = QuoteId::generate();
    tx!(db, |tx| {
        let Some(old) = store::lock(tx, scope, quote).await? else {
            return refuse(ChangeRefusal::NotFound);
        };
        if old.kind == QuoteKind::Renewal {
            return refuse(ChangeRefusal::NotFound);
        }
        if let Err(closed) = old.state.clone().replace(old.lapses_at, fresh.clone(), who.now) {
            return refuse(closed.into());
        }
        if payments::list_of_quote(tx, quote).await?.iter().any(|payment| payment.state == PaymentState::Started) {
            return refuse(ChangeRefusal::PaymentUnderWay);
        }
        let auto_renew = if old.kind == QuoteKind::New { wanted.auto_renew } else { old.auto_renew };
        if old.credits == wanted.credits && old.auto_renew == auto_renew && old.purchase_order == wanted.purchase_order {
            return Ok(old.id);
        }
        let offer = catalog::get_offer(tx, &old.offer_id).await?;
        let amount = amount_of_change(tx, who, &old, &offer, wanted.credits).await?;
        let new = Quote {
            id: fresh.clone(),
            credits: wanted.credits,
            amount,
            auto_renew,
            purchase_order: wanted.purchase_order.clone(),
            created_by: scope.person(),
            created_at: who.now,
            ..old.clone()
        };
        store::insert(tx, &new).await?;
        store::replace(tx, &old.id, &new.id).await?;
        let entry = Entry::new("quote.replaced", &old.id).in_buyer_account(scope.account());
        audit::record(tx, who, entry.before(facts(&old)).after(facts(&new))).await?;
        Ok::<_, Failed<ChangeRefusal>>(new.id)
    })
}

async fn amount_of_change(
    tx: &mut Tx,
    who: &Who,
    old: &Quote,
    offer: &Offer,
    credits: Credits,
) -> Result<crate::kernel::money::Money, Failed<ChangeRefusal>> {
    match &old.agreement_id {
        None => {
            if let Err(out_of_range) = offer.limits().check(credits.get()) {
                return refuse(out_of_range.into());
            }
            offer.amount(credits).map_err(|_| Failed::Refused(OutOfRange::TooLarge.into()))
        }
        Some(agreement) => {
            let agreement = agreements::lock_named(tx, agreement).await?;
            let priced = upgrade::price_locked(tx, who.now, &agreement, offer, credits).await?;
            priced.map_err(|refusal| Failed::Refused(refusal.into()))
        }
    }
}
