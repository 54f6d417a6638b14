//! What the review and the confirmation show of a quote: the quote itself, its product, its payments, the agreement.
//! Reads only; a receipt is the same however often it is read (MKT-7).

use super::agreement::Agreement;
use super::ids::{AgreementId, QuoteId};
use super::invoice;
use super::listing::{self, Listing};
use super::offer::Offer;
use super::payment::Payment;
use super::payment::attempt;
use super::quote::{Quote, QuoteKind};
use super::store::{agreements, buyers, catalog, payments, quotes};
use crate::access::BuyerScope;
use crate::db::{Db, Error};
use crate::kernel::clock::Timestamp;

/// A quote with all that its review shows.
#[derive(Clone, Debug)]
pub struct Review {
    /// The quote.
    pub quote: Quote,
    /// Its product, listed or not.
    pub listing: Listing,
    /// The terms that are frozen in it.
    pub offer: Offer,
    /// The agreement that an upgrade adds to.
    pub agreement: Option<Agreement>,
    /// Attempts so far, first to last.
    pub payments: Vec<Payment>,
    /// The attempt that a form shown now means.
    pub attempt: i64,
}

/// A quote of the account; `None` for another account's id too (MKT-14).
///
/// # Errors
/// Any storage error.
pub async fn review(db: &Db, scope: &BuyerScope, quote: &QuoteId) -> Result<Option<Review>, Error> {
    // What the clockwork pays is not reviewed by anybody.
    let Some(quote) = quotes::find(db, scope, quote).await?.filter(|quote| quote.kind != QuoteKind::Renewal) else {
        return Ok(None);
    };
    let agreement = match &quote.agreement_id {
        Some(agreement) => agreements::find(db, scope, agreement).await?,
        None => None,
    };
    let payments = payments::list_shown(db, &quote.id).await?;
    let listing = listing::get(db, &quote.product_id).await?;
    let offer = catalog::get_offer_shown(db, &quote.offer_id).await?;
    Ok(Some(Review { listing, offer, agreement, attempt: attempt::offered(&payments), payments, quote }))
}

/// The agreement that a new contract's quote made.
///
/// # Errors
/// Any storage error.
pub async fn find_agreement(db: &Db, scope: &BuyerScope, quote: &Quote) -> Result<Option<AgreementId>, Error> {
    match &quote.agreement_id {
        Some(agreement) => Ok(Some(agreement.clone())),
        None => agreements::find_id_of_quote(db, scope, &quote.id).await,
    }
}

/// An accepted quote with the agreement it led to.
#[derive(Clone, Debug)]
pub struct Receipt {
    /// The agreement it made or added to.
    pub agreement: Agreement,
    /// The quote.
    pub quote: Quote,
    /// The payment that took it.
    pub payment: Payment,
    /// Its product, listed or not.
    pub listing: Listing,
    /// Where the mail went.
    pub mailed_to: String,
    /// When the purchase was activated.
    pub activated_at: Option<Timestamp>,
    /// Number of its invoice, once it is charged.
    pub invoice: Option<String>,
}

/// The receipt of an agreement's purchase, or of one of its upgrades. `None` for another account's ids, and for a quote
/// that has nothing to do with the agreement.
///
/// # Errors
/// Any storage error.
pub async fn find(db: &Db, scope: &BuyerScope, agreement: &AgreementId, upgrade: Option<&QuoteId>) -> Result<Option<Receipt>, Error> {
    let Some(agreement) = agreements::find(db, scope, agreement).await? else {
        return Ok(None);
    };
    let Some(quote) = quotes::find(db, scope, upgrade.unwrap_or(&agreement.quote_id)).await? else {
        return Ok(None);
    };
    let belongs = match quote.kind {
        QuoteKind::New | QuoteKind::Renewal => quote.id == agreement.quote_id,
        QuoteKind::Upgrade => quote.agreement_id.as_ref() == Some(&agreement.id),
    };
    // The last attempt is the one that took the quote: none begins after it.
    let Some(payment) = payments::list_shown(db, &quote.id).await?.pop().filter(|_| belongs) else {
        return Ok(None);
    };
    if !matches!(quote.state, super::quote::QuoteState::Accepted { .. }) {
        return Ok(None);
    }
    let key = agreements::get_arn(db, &agreement.license_arn).await?;
    Ok(Some(Receipt {
        mailed_to: buyers::get_email_shown(db, payment.started_by).await?,
        listing: listing::get(db, &quote.product_id).await?,
        activated_at: key.activated_at,
        invoice: invoice::list::numbers_of_agreement(db, scope, agreement.id.as_str()).await?.remove(quote.id.as_str()),
        agreement,
        quote,
        payment,
    }))
}
