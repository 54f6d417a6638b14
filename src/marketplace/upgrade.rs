//! Adds credits to a running contract: the number typed is the number to add, paid pro rata for the time that is left
//! (UPG-1 to UPG-3). Makes the quote; [`super::pay`] takes it from there as it does a purchase.

use super::agreement::{Agreement, AgreementEvent, NotNow, Standing};
use super::ids::{AgreementId, QuoteId};
use super::offer::Offer;
use super::quote::{LIFE, Quote, QuoteKind, QuoteState};
use super::quoting::keep;
use super::store::{agreements, catalog, quotes as store, renewals};
use crate::access::BuyerScope;
use crate::audit::Who;
use crate::db::{Db, Error, Failed, Tx, refuse};
use crate::kernel::clock::Timestamp;
use crate::kernel::credits::Credits;
use crate::kernel::money::{Money, MoneyError};
use crate::kernel::quantity::{OutOfRange, Range};
use crate::tx;

/// Why a contract takes no more credits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UpgradeRefusal {
    /// The buyer account has no such agreement (MKT-14).
    #[error("no such agreement")]
    NotFound,
    /// It is pending, over, or never came into force.
    #[error(transparent)]
    NotNow(#[from] NotNow),
    /// It was not activated yet (UPG-1).
    #[error("the purchase is not activated yet")]
    NotActivated,
    /// It is charged by use: there are no credits to add to (CRD-9).
    #[error("the contract is charged by use")]
    Metered,
    /// The offer's maximum leaves no room for one more step.
    #[error("the contract has as many credits as the offer sells")]
    Full,
    /// Not a number of credits that can be added.
    #[error(transparent)]
    OutOfRange(#[from] OutOfRange),
}

/// What an upgrade can be at this moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Room {
    /// The agreement.
    pub agreement: Agreement,
    /// The terms it was made at.
    pub offer: Offer,
    /// Numbers of credits that can be added.
    pub limits: Range,
    /// Price of one added credit for the rest of the term, before rounding up the whole amount, as parts of the full
    /// price: seconds left and seconds in the term.
    pub remaining: Remaining,
}

/// How much of the term is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remaining {
    /// Seconds still to come; a begun one counts whole.
    pub seconds: i64,
    /// Seconds in the whole term.
    pub of_seconds: i64,
}

impl Remaining {
    /// At an instant of an agreement's term.
    #[must_use]
    pub fn of(agreement: &Agreement, now: Timestamp) -> Self {
        agreement.term().map_or(Self { seconds: 0, of_seconds: 1 }, |term| Self {
            seconds: term.remaining_seconds(now),
            of_seconds: term.total_seconds(),
        })
    }

    /// What added credits cost: price x credits x remaining seconds / term seconds, rounded up once (UPG-3).
    ///
    /// # Errors
    /// When the amount does not fit.
    pub fn amount(self, price: Money, credits: Credits) -> Result<Money, MoneyError> {
        price.times(credits)?.pro_rata_up(self.seconds, self.of_seconds)
    }
}

/// Whether and how much a contract can be upgraded now, for the page that asks.
///
/// # Errors
/// The refusal that a quote would meet, or any storage error.
pub async fn room(db: &Db, scope: &BuyerScope, agreement: &AgreementId, now: Timestamp) -> Result<Room, Failed<UpgradeRefusal>> {
    let Some(agreement) = agreements::find(db, scope, agreement).await? else {
        return refuse(UpgradeRefusal::NotFound);
    };
    let offer = catalog::get_offer_shown(db, &agreement.offer_id).await?;
    let key = agreements::get_arn(db, &agreement.license_arn).await?;
    let pending = store::sum_pending_upgrades_shown(db, &agreement.id).await?;
    let limits = limits(&agreement, &offer, key.activated_at, pending, now).map_err(Failed::Refused)?;
    let remaining = Remaining::of(&agreement, now);
    Ok(Room { agreement, offer, limits, remaining })
}

/// Makes a quote for more credits. Charges nothing.
///
/// # Errors
/// A refusal, or any storage error.
pub async fn create(
    db: &Db,
    scope: &BuyerScope,
    who: &Who,
    agreement: &AgreementId,
    credits: Credits,
    purchase_order: Option<String>,
) -> Result<QuoteId, Failed<UpgradeRefusal>> {
    let id = QuoteId::generate();
    tx!(db, |tx| {
        let Some(agreement) = agreements::lock(tx, scope, agreement).await? else {
            return refuse(UpgradeRefusal::NotFound);
        };
        let offer = catalog::get_offer(tx, &agreement.offer_id).await?;
        let amount = price_locked(tx, who.now, &agreement, &offer, credits).await?.map_err(Failed::Refused)?;
        let quote = Quote {
            id: id.clone(),
            kind: QuoteKind::Upgrade,
            buyer_account_id: agreement.buyer_account_id,
            product_id: agreement.product_id,
            offer_id: agreement.offer_id,
            agreement_id: Some(agreement.id),
            credits,
            price: offer.price(),
            amount,
            duration_months: agreement.duration_months,
            auto_renew: agreement.auto_renew,
            purchase_order: purchase_order.clone(),
            created_by: scope.person(),
            created_at: who.now,
            lapses_at: agreement.ends_at.min(who.now + LIFE),
            state: QuoteState::Draft,
        };
        keep(tx, who, &quote).await?;
        Ok::<_, Failed<UpgradeRefusal>>(())
    })?;
    Ok(id)
}

/// What credits cost that are added now; the agreement is locked by the caller.
pub(super) async fn price_locked(
    tx: &mut Tx,
    now: Timestamp,
    agreement: &Agreement,
    offer: &Offer,
    credits: Credits,
) -> Result<Result<Money, UpgradeRefusal>, Error> {
    let limits = match limits_locked(tx, now, agreement, offer).await? {
        Ok(limits) => limits,
        Err(refusal) => return Ok(Err(refusal)),
    };
    if let Err(out_of_range) = limits.check(credits.get()) {
        return Ok(Err(out_of_range.into()));
    }
    Ok(Remaining::of(agreement, now).amount(offer.price(), credits).map_err(|_| OutOfRange::TooLarge.into()))
}

/// Whether a contract takes credits now, and how many; the agreement is locked by the caller.
pub(super) async fn limits_locked(
    tx: &mut Tx,
    now: Timestamp,
    agreement: &Agreement,
    offer: &Offer,
) -> Result<Result<Range, UpgradeRefusal>, Error> {
    let key = agreements::lock_arn(tx, &agreement.license_arn).await?.ok_or(Error::NotFound)?;
    if renewals::is_begun(tx, &agreement.id).await? {
        // Its end has passed by another process's clock: what renews is settled.
        return Ok(Err(NotNow(Standing::Ended).into()));
    }
    let pending = store::sum_pending_upgrades(tx, &agreement.id).await?;
    Ok(limits(agreement, offer, key.activated_at, pending, now))
}

/// What is bought but still unpaid counts as held, so that the offer's maximum holds whichever payment arrives.
fn limits(
    agreement: &Agreement,
    offer: &Offer,
    activated_at: Option<Timestamp>,
    pending: i64,
    now: Timestamp,
) -> Result<Range, UpgradeRefusal> {
    agreement.standing(now).after(AgreementEvent::Upgraded)?;
    if offer.is_metered() {
        return Err(UpgradeRefusal::Metered);
    }
    if activated_at.is_none() {
        return Err(UpgradeRefusal::NotActivated);
    }
    let held = Credits::new(agreement.credits.get().saturating_add(pending)).unwrap_or(Credits::MAX);
    offer.room_above(held).ok_or(UpgradeRefusal::Full)
}
