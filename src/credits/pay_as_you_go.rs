//! The pay-as-you-go contract of a business (CRD-9): at most one runs at a time, which the database keeps. It is a contract
//! like any other, activated the same way, but it grants no credits and has no items; its one unit of the dimension
//! [`DIMENSION`] only says that it is there.

use super::billing_model::{BillingModel, LastChange};
use super::metering::{self, Month};
use super::solutions::{Feature, FeatureKey, Solution, Solutions};
use super::store::metered::{self, HeldRow};
use crate::access::BusinessScope;
use crate::db::{Db, Error, Tx};
use crate::kernel::clock::Timestamp;
use crate::kernel::id::{BusinessId, ContractId};
use std::collections::BTreeMap;

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

/// Whether a business has one that runs.
///
/// # Errors
/// Any storage error.
pub async fn is_running(db: &Db, business: BusinessId) -> Result<bool, Error> {
    metered::is_running(db, business).await
}

/// When a contract was over; nothing while it runs.
pub(super) async fn find_end(tx: &mut Tx, contract: ContractId) -> Result<Option<Timestamp>, Error> {
    metered::find_end(tx, contract).await
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
pub async fn read<'a>(db: &Db, solutions: &'a Solutions, scope: BusinessScope) -> Result<(Option<Contract>, Vec<ModelOf<'a>>), Error> {
    let mut snapshot = db.snapshot().await?;
    let contract = metered::find_contract(&mut snapshot, scope.business()).await?;
    let mut held: BTreeMap<String, HeldRow> =
        metered::list_held(&mut snapshot, scope.business()).await?.into_iter().map(|row| (row.account.clone(), row)).collect();
    let mut changes: BTreeMap<String, LastChange> =
        metered::list_last_changes(&mut snapshot, scope.business()).await?.into_iter().map(|row| (row.feature.clone(), row)).collect();
    let of = |(solution, feature): (&'a Solution, &'a Feature)| {
        let held = held.remove(feature.key.as_str()).unwrap_or_default();
        let last = changes.remove(feature.key.as_str());
        let (number, model) = (held.entries, held.billing_model);
        ModelOf { solution, feature, model, number, units: held.units, credits: held.credits, last }
    };
    let is_shown = |model: &ModelOf<'_>| model.feature.pay_as_you_go || model.model == BillingModel::PayAsYouGo;
    let models = solutions.features().map(of).filter(is_shown).collect();
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

/// Contracts with whole hours that were not taken, and the last one looked at of at most `most`, to go on after. Nothing is told of the time after a contract's end, so
/// while its renewal is open the hours wait.
///
/// # Errors
/// Any storage error.
pub async fn list_open(db: &Db, now: Timestamp, after: Option<ContractId>, most: i64) -> Result<(Vec<Open>, Option<ContractId>), Error> {
    let (mut open, mut seen) = (Vec::new(), None);
    for row in metered::list_unsent(db, metering::hour_of(now - REST), after, most).await? {
        seen = Some(row.id);
        let from = row.metered_through.unwrap_or_else(|| metering::hour_of(row.activated_at));
        let last = metering::hour_after(row.ends_at).min(metering::hour_of(now - REST));
        let through = last.min(from + STRETCH);
        if through <= from {
            continue;
        }
        let mut hours = Vec::new();
        for key in metered::list_recorded_of(db, row.id).await? {
            let records = metered::list_records_of(db, row.id, &key, from).await?;
            let Some(feature) = FeatureKey::parse(&key) else { continue };
            let counted = metering::hours(&records, from, through.min(row.ends_at));
            hours.extend(counted.into_iter().map(|(at, units)| Hour { feature: feature.clone(), at, units }));
        }
        hours.sort_by(|one, other| (one.at, &one.feature).cmp(&(other.at, &other.feature)));
        open.push(Open { contract: row.id, license_arn: row.license_arn, seen: row.metered_through, through, hours });
    }
    Ok((open, seen))
}

/// The marketplace took every hour; another worker may have noted the same, which is no error.
///
/// # Errors
/// Any storage error.
pub async fn note_taken(db: &Db, open: &Open) -> Result<bool, Error> {
    metered::note_taken(db, open.contract, open.seen, open.through).await
}
