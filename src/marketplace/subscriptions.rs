//! Subscriptions: a buyer account's agreements as lists and pages show them (MKT-12). Reads only.

use super::agreement::{Agreement, AgreementStatus, Standing};
use super::ids::{AgreementId, LicenseArn, ProductId};
use super::listing::{self, Listing};
use super::store::{agreements, subscriptions as store};
use super::store::{payments, renewals};
use crate::access::BuyerScope;
use crate::db::{Db, Error};
use crate::kernel::clock::Timestamp;
use crate::kernel::credits::Credits;
use crate::kernel::page::{Cursor, PageSize, Paged};
use crate::text_enum;

pub use super::store::payments::ChargeLine;
pub use super::store::renewals::ChainTerm;
pub use super::store::subscriptions::UpgradeUnderWay;

/// More agreements than this are not listed on a contract page; Subscriptions has them all.
const NAMED_MAX: i64 = 5;

text_enum! {
    /// What the list can be narrowed to by status.
    pub enum StatusFilter {
        /// In force.
        Active = "active",
        /// Waiting for the money.
        Pending = "pending",
        /// Over, or never in force.
        Ended = "ended",
    }
}

text_enum! {
    /// How far the set-up of a purchase is.
    pub enum SetUp {
        /// Nobody clicked *Set up your account* yet.
        NotStarted = "not_started",
        /// Somebody did, but it is not activated.
        Started = "started",
        /// It is activated.
        Activated = "activated",
    }
}

/// What the list is narrowed by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only these.
    pub status: Option<StatusFilter>,
    /// Only purchases that are not activated.
    pub unclaimed: bool,
}

/// One row of the list.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Subscription {
    /// The agreement.
    pub id: AgreementId,
    /// Its product.
    pub product_name: String,
    /// The seller.
    pub seller_name: String,
    /// First instant.
    pub starts_at: Timestamp,
    /// First instant after.
    pub ends_at: Timestamp,
    /// Whether it renews by itself.
    pub auto_renew: bool,
    /// Credits in force.
    pub credits: Credits,
    /// As stored.
    pub status: AgreementStatus,
    /// First click on set-up.
    pub set_up_at: Option<Timestamp>,
    /// When it was activated.
    pub activated_at: Option<Timestamp>,
}

impl Subscription {
    /// How it stands at an instant.
    #[must_use]
    pub fn standing(&self, now: Timestamp) -> Standing {
        Standing::of(self.status, self.ends_at, now)
    }

    /// How far set-up is.
    #[must_use]
    pub fn set_up(&self) -> SetUp {
        set_up(self.set_up_at, self.activated_at)
    }
}

fn set_up(set_up_at: Option<Timestamp>, activated_at: Option<Timestamp>) -> SetUp {
    match (set_up_at, activated_at) {
        (_, Some(_)) => SetUp::Activated,
        (Some(_), None) => SetUp::Started,
        (None, None) => SetUp::NotStarted,
    }
}

/// The account's agreements, newest first, with the number of all that match.
///
/// # Errors
/// Any storage error.
pub async fn list(
    db: &Db,
    scope: &BuyerScope,
    filter: Filter,
    now: Timestamp,
    after: Option<&Cursor>,
    size: PageSize,
) -> Result<Paged<Subscription>, Error> {
    let rows = store::list(db, scope, filter, now, after, size.overfetch()).await?;
    let total = store::count(db, scope, filter, now).await?;
    Ok(Paged::from_overfetch(rows, size, |row| Cursor::of_number(row.starts_at.timestamp_micros(), row.id.as_str())).with_total(total))
}

/// How many purchases in force wait for their activation.
///
/// # Errors
/// Any storage error.
pub async fn count_unclaimed(db: &Db, scope: &BuyerScope, now: Timestamp) -> Result<i64, Error> {
    store::count(db, scope, Filter { status: Some(StatusFilter::Active), unclaimed: true }, now).await
}

/// One agreement with all that its page shows.
#[derive(Clone, Debug)]
pub struct Detail {
    /// The agreement.
    pub agreement: Agreement,
    /// Its product, listed or not.
    pub listing: Listing,
    /// First click on set-up.
    pub set_up_at: Option<Timestamp>,
    /// When it was activated.
    pub activated_at: Option<Timestamp>,
    /// What was charged, first to last.
    pub charges: Vec<ChargeLine>,
    /// Upgrades whose payment is pending.
    pub pending_upgrades: Vec<UpgradeUnderWay>,
    /// Every term of its chain, this one among them, first to last.
    pub chain: Vec<ChainTerm>,
}

impl Detail {
    /// How far set-up is.
    #[must_use]
    pub fn set_up(&self) -> SetUp {
        set_up(self.set_up_at, self.activated_at)
    }
}

/// One agreement of the account; `None` for another account's id too (MKT-14).
///
/// # Errors
/// Any storage error.
pub async fn find(db: &Db, scope: &BuyerScope, id: &AgreementId) -> Result<Option<Detail>, Error> {
    let Some(agreement) = agreements::find(db, scope, id).await? else {
        return Ok(None);
    };
    let key = agreements::get_arn(db, &agreement.license_arn).await?;
    Ok(Some(Detail {
        listing: listing::get(db, &agreement.product_id).await?,
        charges: payments::list_charges(db, &agreement.id).await?,
        pending_upgrades: store::list_pending_upgrades(db, &agreement.id).await?,
        chain: renewals::list_chain(db, &agreement.initial_agreement_id).await?,
        set_up_at: key.set_up_at,
        activated_at: key.activated_at,
        agreement,
    }))
}

/// The account's agreements in force for a product, newest first, at most five: the purchase page points to Upgrade when
/// there is one (MKT-11).
///
/// # Errors
/// Any storage error.
pub async fn in_force(db: &Db, scope: &BuyerScope, product: &ProductId, now: Timestamp) -> Result<Vec<Agreement>, Error> {
    agreements::list_active(db, scope, product, now, NAMED_MAX).await
}

/// When a purchase was activated, as the seller told.
///
/// # Errors
/// Any storage error.
pub async fn activated_at(db: &Db, arn: &LicenseArn) -> Result<Option<Timestamp>, Error> {
    Ok(agreements::get_arn(db, arn).await?.activated_at)
}
