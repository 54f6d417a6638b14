//! *Modify renewal*: whether the contract renews by itself, and with how many credits. It changes what happens at the end
//! instant, never the running term, and is taken until that instant and not at it (REN-3, TIM-3).

use super::agreement::{Agreement, AgreementEvent, NotNow, Standing};
use super::event::{self, EventKind};
use super::ids::AgreementId;
use super::offer::Offer;
use super::store::{agreements as store, catalog, renewals};
use crate::access::BuyerScope;
use crate::audit::{self, Entry, Who};
use crate::db::{Db, Error, Failed, Tx, refuse};
use crate::kernel::clock::Timestamp;
use crate::kernel::credits::Credits;
use crate::kernel::quantity::OutOfRange;
use crate::tx;
use serde_json::json;

/// What the buyer chose for the end of the term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// Whether the contract renews.
    pub auto_renew: bool,
    /// With how many credits; nothing means those in force at the end, later upgrades included.
    pub next_credits: Option<Credits>,
}

impl Chosen {
    /// On or off, with the credits then in force.
    #[must_use]
    pub const fn auto_renew(on: bool) -> Self {
        Self { auto_renew: on, next_credits: None }
    }
}

/// Why the renewal is not changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RenewalRefusal {
    /// The buyer account has no such agreement (MKT-14).
    #[error("no such agreement")]
    NotFound,
    /// It is pending, over, or never came into force.
    #[error(transparent)]
    NotNow(#[from] NotNow),
    /// The offer does not sell so many.
    #[error(transparent)]
    OutOfRange(#[from] OutOfRange),
}

/// Keeps what the buyer chose; false when it was so already. A contract that does not renew has no credits to choose.
///
/// # Errors
/// A refusal, or any storage error.
pub async fn change(
    db: &Db,
    scope: &BuyerScope,
    who: &Who,
    agreement: &AgreementId,
    chosen: Chosen,
) -> Result<bool, Failed<RenewalRefusal>> {
    tx!(db, |tx| {
        let Some(agreement) = store::lock(tx, scope, agreement).await? else {
            return refuse(RenewalRefusal::NotFound);
        };
        if let Err(not_now) = agreement.standing(who.now).after(AgreementEvent::RenewalChanged) {
            return refuse(not_now.into());
        }
        if renewals::is_begun(tx, &agreement.id).await? {
            // The end has passed by another process's clock, and its renewal is being paid.
            return refuse(NotNow(Standing::Ended).into());
        }
        let next = chosen.next_credits.filter(|_| chosen.auto_renew);
        if agreement.auto_renew == chosen.auto_renew && agreement.next_credits == next {
            return Ok(false);
        }
        if let Some(credits) = next.filter(|credits| agreement.next_credits != Some(*credits))
            && let Err(out_of_range) = terms_in(tx, &agreement, who.now).await?.limits().check(credits.get())
        {
            return refuse(out_of_range.into());
        }
        store::set_renewal(tx, &agreement.id, chosen.auto_renew, next).await?;
        event::record(tx, EventKind::AgreementAmended, &agreement, who.now).await?;
        let shown = |auto_renew: bool, next: Option<Credits>| json!({ "auto_renew": auto_renew, "next_credits": next.map(Credits::get) });
        let entry = Entry::new("agreement.renewal_changed", &agreement.id).in_buyer_account(scope.account());
        let entry = entry.before(shown(agreement.auto_renew, agreement.next_credits)).after(shown(chosen.auto_renew, next));
        audit::record(tx, who, entry).await?;
        Ok::<_, Failed<RenewalRefusal>>(true)
    })
}

/// The terms that a renewal of the agreement would have today: an estimate, because the price is the one of the end.
///
/// # Errors
/// Any storage error.
pub async fn terms_today(db: &Db, agreement: &Agreement, now: Timestamp) -> Result<Offer, Error> {
    match renewals::find_offer_at_shown(db, &agreement.product_id, now, agreement.duration_months).await? {
        Some(offer) => Ok(offer),
        None => catalog::get_offer_shown(db, &agreement.offer_id).await,
    }
}

async fn terms_in(tx: &mut Tx, agreement: &Agreement, now: Timestamp) -> Result<Offer, Error> {
    match renewals::find_offer_at(tx, &agreement.product_id, now, agreement.duration_months).await? {
        Some(offer) => Ok(offer),
        None => catalog::get_offer(tx, &agreement.offer_id).await,
    }
}
