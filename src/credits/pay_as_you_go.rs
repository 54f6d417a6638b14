//! The pay-as-you-go contract of a business (CRD-9): at most one runs at a time, which the database keeps. It is a contract
//! like any other, activated the same way, but it grants no credits and has no items; its one unit of the dimension
//! [`DIMENSION`] only says that it is there.

use super::billing_model::{BillingModel, LastChange};
use super::metering::{self, Month};
use super::solutions::{Feature, FeatureKey, Solution, Solutions};
use super::store::{accounts, metered};
use crate::access::BusinessScope;
use crate::db::{Db, Error, Tx};
use crate::kernel::clock::Timestamp;
use crate::kernel::id::{BusinessId, ContractId};

/// The dimension of an entitlement that stands for a pay-as-you-go contract and not for credits.
pub const DIMENSION: &str = "pay_as_you_go";

/// A contract that runs.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Contract {
    /// Its id.
    pub id: ContractId,
    /// What was subscribed to.
    pub product_name: String,
    /// From whom.
    pub seller_name: String,
    /// The agreement in the marketplace.
    pub agreement_id: String,
    /// Since when features may be charged by use.
    pub activated_at: Timestamp,
    /// Its end, exclusive, or its next renewal.
    pub expires_at: Timestamp,
    /// Whether it renews by itself.
    pub auto_renew: bool,
    /// Hours before this instant were taken by the marketplace.
    pub metered_through: Option<Timestamp>,
}

/// The contract of a business, locked against its end.
pub(super) async fn lock_running(tx: &mut Tx, business: BusinessId) -> Result<Option<ContractId>, Error> {
    metered::lock_running(tx, business).await
}

/// The same unlocked, for whoever holds the pool's lock: the contract comes first in the order of locks.
pub(super) async fn find_running(tx: &mut Tx, business: BusinessId) -> Result<Option<ContractId>, Error> {
    metered::find_running(tx, business).await
}

/// The contract that ended last and when, for a business without a running one.
pub(super) async fn find_end(tx: &mut Tx, business: BusinessId) -> Result<Option<(ContractId, Timestamp)>, Error> {
    match metered::find_running(tx, business).await? {
        Some(_) => Ok(None),
        None => metered::find_last_ended(tx, business).await,
    }
}

/// A feature that can be charged by use, or is.
#[derive(Clone, Debug)]
pub struct ModelOf<'a> {
    /// Its solution.
    pub solution: &'a Solution,
    /// The feature.
    pub feature: &'a Feature,
    /// What charges it.
    pub model: BillingModel,
    /// The number of its last entry.
    pub number: i64,
    /// Units that reserve credits.
    pub units: i64,
    /// Credits that they reserve.
    pub credits: i64,
    /// Its last change of model.
    pub last: Option<LastChange>,
}

/// The contract and every feature that it can charge, as they stand.
///
/// # Errors
/// Any storage error.
pub async fn read<'a>(
    db: &Db,
    solutions: &'a Solutions,
    scope: BusinessScope,
) -> Result<(Option<Contract>, Vec<ModelOf<'a>>), Error> {
    let mut snapshot = db.snapshot().await?;
    let contract = metered::find_contract(&mut snapshot, scope.business()).await?;
    let mut models = Vec::new();
    for (solution, feature) in solutions.features() {
        let key = feature.key.as_str();
        if !feature.pay_as_you_go && !metered::has_model(&mut snapshot, scope.business(), key).await? {
            continue;
        }
        let held = accounts::find(&mut snapshot, scope.business(), key).await?.unwrap_or_default();
        let last = metered::find_last_change(&mut snapshot, scope.business(), key).await?;
        let (number, model) = (held.entries, held.billing_model);
        models.push(ModelOf { solution, feature, model, number, units: held.units, credits: held.credits, last });
    }
    snapshot.rollback().await?;
    Ok((contract, models))
}

/// What a feature used in a month.
#[derive(Clone, Debug)]
pub struct Metered<'a> {
    /// The feature; of an older solutions file it may be one that the present file does not have.
    pub feature: Option<&'a Feature>,
    /// Its key.
    pub key: String,
    /// Begun units at this moment.
    pub now: i64,
    /// Unit-hours of the month.
    pub unit_hours: i64,
}

/// What every feature used in a calendar month up to `now`; features without any record are left out.
///
/// # Errors
/// Any storage error.
pub async fn month<'a>(
    db: &Db,
    solutions: &'a Solutions,
    scope: BusinessScope,
    month: Month,
    now: Timestamp,
) -> Result<Vec<Metered<'a>>, Error> {
    let (from, to) = (month.starts_at(), month.ends_at().min(now));
    let mut rows = Vec::new();
    for key in metered::list_recorded(db, scope.business()).await? {
        let records = metered::list_records(db, scope.business(), &key, from, to).await?;
        let hours = metering::hours(&records, from, to);
        let Some(last) = records.last() else { continue };
        let feature = solutions.find(&key).map(|(_, feature)| feature);
        rows.push(Metered { feature, now: last.metered, unit_hours: hours.values().sum(), key });
    }
    rows.sort_by_key(|row| place(solutions, &row.key));
    Ok(rows)
}

fn place(solutions: &Solutions, key: &str) -> usize {
    solutions.features().position(|(_, feature)| feature.key.as_str() == key).unwrap_or(usize::MAX)
}

/// An hour of a feature, as the marketplace is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hour {
    /// Of which feature.
    pub feature: FeatureKey,
    /// Its beginning.
    pub at: Timestamp,
    /// The most units in force in it, more than zero.
    pub units: i64,
}

/// A contract with hours that the marketplace may not have taken yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Open {
    /// The contract.
    pub contract: ContractId,
    /// Its key in the marketplace.
    pub license_arn: String,
    /// What was last known to be taken; for [`note_taken`].
    pub seen: Option<Timestamp>,
    /// The end of the hours.
    pub through: Timestamp,
    /// The hours, by time.
    pub hours: Vec<Hour>,
}

/// How long an hour rests before it is told, so that a report that was being written at its end is in it.
const REST: chrono::TimeDelta = chrono::TimeDelta::minutes(10);
/// The most hours that are told in one go.
const STRETCH: chrono::TimeDelta = chrono::TimeDelta::hours(48);

/// Contracts with whole hours that were not taken, at most `most`. Nothing is told of the time after a contract's end, so
/// while its renewal is open the hours wait.
///
/// # Errors
/// Any storage error.
pub async fn list_open(db: &Db, now: Timestamp, most: i64) -> Result<Vec<Open>, Error> {
    let mut open = Vec::new();
    for row in metered::list_unsent(db, metering::hour_of(now - REST), most).await? {
        let from = row.metered_through.unwrap_or_else(|| metering::hour_of(row.activated_at));
        let last = metering::hour_after(row.ends_at).min(metering::hour_of(now - REST));
        let through = last.min(from + STRETCH);
        if through <= from {
            continue;
        }
        let mut hours = Vec::new();
        for key in metered::list_recorded_of(db, row.id).await? {
            let records = metered::list_records_of(db, row.id, &key).await?;
            let Some(feature) = FeatureKey::parse(&key) else { continue };
            let counted = metering::hours(&records, from, through.min(row.ends_at));
            hours.extend(counted.into_iter().map(|(at, units)| Hour { feature: feature.clone(), at, units }));
        }
        hours.sort_by(|one, other| (one.at, &one.feature).cmp(&(other.at, &other.feature)));
        open.push(Open { contract: row.id, license_arn: row.license_arn, seen: row.metered_through, through, hours });
    }
    Ok(open)
}

/// The marketplace took every hour; another worker may have noted the same, which is no error.
///
/// # Errors
/// Any storage error.
pub async fn note_taken(db: &Db, open: &Open) -> Result<bool, Error> {
    metered::note_taken(db, open.contract, open.seen, open.through).await
}
