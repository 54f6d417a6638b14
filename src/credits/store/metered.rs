//! Billing models and metered units: records that are inserted and never edited, and the contract that they need.

use crate::audit::Who;
use crate::credits::billing_model::{BillingModel, Cause, LastChange};
use crate::credits::metering::Record;
use crate::credits::pay_as_you_go::Contract;
use crate::db::{Db, Error, Tx};
use crate::kernel::clock::Timestamp;
use crate::kernel::id::{BusinessId, ContractId, MeteredUnitsId, ModelChangeId, ServiceKeyId};

/// A change of a feature's model about to be written.
pub(in crate::credits) struct NewChange<'a> {
    pub business: BusinessId,
    pub feature: &'a str,
    pub number: i64,
    pub from: BillingModel,
    pub to: BillingModel,
    pub cause: Cause,
    pub contract: ContractId,
    pub units: i64,
    pub in_use: Option<String>,
    pub credits: i64,
    pub changed_at: Timestamp,
    pub changed_by: &'a str,
}

pub(in crate::credits) async fn insert_change(tx: &mut Tx, change: &NewChange<'_>) -> Result<(), Error> {
    tx.q("INSERT INTO model_changes (id, business_id, feature, number, from_model, to_model, cause, contract_id, units, in_use, credits, changed_at, changed_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)")
        .bind(ModelChangeId::generate())
        .bind(change.business)
        .bind(change.feature.to_owned())
        .bind(change.number)
        .bind(change.from)
        .bind(change.to)
        .bind(change.cause)
        .bind(change.contract)
        .bind(change.units)
        .bind(change.in_use.clone())
        .bind(change.credits)
        .bind(change.changed_at)
        .bind(change.changed_by.to_owned())
        .exec_one()
        .await
}

pub(in crate::credits) async fn find_last_change(tx: &mut Tx, business: BusinessId, feature: &str) -> Result<Option<LastChange>, Error> {
    tx.q("SELECT feature, number, to_model, cause, units, in_use, changed_at, changed_by FROM model_changes WHERE business_id = $1 AND feature = $2 ORDER BY number DESC LIMIT 1")
        .bind(business)
        .bind(feature.to_owned())
        .opt()
        .await
}

/// Whether a feature is on pay-as-you-go, although the file may not support it any more.
pub(in crate::credits) async fn has_model(tx: &mut Tx, business: BusinessId, feature: &str) -> Result<bool, Error> {
    let found: Option<(String,)> = tx
        .q("SELECT account FROM allocation_accounts WHERE business_id = $1 AND account = $2 AND billing_model = 'pay_as_you_go'")
        .bind(business)
        .bind(feature.to_owned())
        .opt()
        .await?;
    Ok(found.is_some())
}

/// The features of a business that are on pay-as-you-go.
pub(in crate::credits) async fn list_features(tx: &mut Tx, business: BusinessId) -> Result<Vec<String>, Error> {
    let rows = tx.q("SELECT account FROM allocation_accounts WHERE business_id = $1 AND billing_model = 'pay_as_you_go' ORDER BY account");
    Ok(rows.bind(business).all::<(String,)>().await?.into_iter().map(|(account,)| account).collect())
}

/// Features on pay-as-you-go whose business has no running contract.
pub(in crate::credits) async fn list_ended(db: &Db, most: i64) -> Result<Vec<(BusinessId, String)>, Error> {
    db.read("SELECT a.business_id, a.account FROM allocation_accounts a WHERE a.billing_model = 'pay_as_you_go' AND NOT EXISTS (SELECT c.id FROM contracts c WHERE c.business_id = a.business_id AND c.dimension = 'pay_as_you_go' AND c.ended_at IS NULL) ORDER BY a.business_id, a.account LIMIT $1")
        .bind(most)
        .all()
        .await
}

/// Units about to be written.
pub(in crate::credits) struct NewUnits<'a> {
    pub business: BusinessId,
    pub feature: &'a str,
    pub number: i64,
    pub contract: ContractId,
    pub units: i64,
    pub metered: i64,
    pub from_at: Timestamp,
    pub observed_at: Option<Timestamp>,
    pub key: Option<ServiceKeyId>,
    pub who: &'a Who,
}

pub(in crate::credits) async fn insert_units(tx: &mut Tx, units: &NewUnits<'_>) -> Result<(), Error> {
    tx.q("INSERT INTO metered_units (id, business_id, feature, number, contract_id, units, metered, from_at, observed_at, service_key_id, recorded_at, recorded_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)")
        .bind(MeteredUnitsId::generate())
        .bind(units.business)
        .bind(units.feature.to_owned())
        .bind(units.number)
        .bind(units.contract)
        .bind(units.units)
        .bind(units.metered)
        .bind(units.from_at)
        .bind(units.observed_at)
        .bind(units.key)
        .bind(units.who.now)
        .bind(units.who.label.clone())
        .exec_one()
        .await
}

/// The last record of a feature.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(in crate::credits) struct LastUnits {
    pub number: i64,
    pub units: i64,
    pub metered: i64,
    pub from_at: Timestamp,
    pub service_key_id: Option<ServiceKeyId>,
}

pub(in crate::credits) async fn find_last_units(tx: &mut Tx, business: BusinessId, feature: &str) -> Result<Option<LastUnits>, Error> {
    tx.q("SELECT number, units, metered, from_at, service_key_id FROM metered_units WHERE business_id = $1 AND feature = $2 ORDER BY number DESC LIMIT 1")
        .bind(business)
        .bind(feature.to_owned())
        .opt()
        .await
}

/// The keys of a business's features that were ever metered.
pub(in crate::credits) async fn list_recorded(db: &Db, business: BusinessId) -> Result<Vec<String>, Error> {
    let rows = db.read("SELECT DISTINCT feature FROM model_changes WHERE business_id = $1 ORDER BY feature").bind(business);
    Ok(rows.all::<(String,)>().await?.into_iter().map(|(feature,)| feature).collect())
}

/// The records of a feature that are in force between two instants.
pub(in crate::credits) async fn list_records(
    db: &Db,
    business: BusinessId,
    feature: &str,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<Record>, Error> {
    db.read("SELECT from_at, metered FROM metered_units WHERE business_id = $1 AND feature = $2 AND from_at < $4 AND number >= COALESCE((SELECT MAX(x.number) FROM metered_units x WHERE x.business_id = $1 AND x.feature = $2 AND x.from_at <= $3), 0) ORDER BY number")
        .bind(business)
        .bind(feature.to_owned())
        .bind(from)
        .bind(to)
        .all()
        .await
}

/// The keys of features that a contract metered.
pub(in crate::credits) async fn list_recorded_of(db: &Db, contract: ContractId) -> Result<Vec<String>, Error> {
    let rows = db.read("SELECT DISTINCT feature FROM metered_units WHERE contract_id = $1 ORDER BY feature").bind(contract);
    Ok(rows.all::<(String,)>().await?.into_iter().map(|(feature,)| feature).collect())
}

/// The records of a feature under a contract.
pub(in crate::credits) async fn list_records_of(db: &Db, contract: ContractId, feature: &str) -> Result<Vec<Record>, Error> {
    db.read("SELECT from_at, metered FROM metered_units WHERE contract_id = $1 AND feature = $2 ORDER BY number")
        .bind(contract)
        .bind(feature.to_owned())
        .all()
        .await
}

/// The running contract, for a page.
pub(in crate::credits) async fn find_contract(tx: &mut Tx, business: BusinessId) -> Result<Option<Contract>, Error> {
    tx.q("SELECT id, product_name, seller_name, agreement_id, activated_at, expires_at, auto_renew, metered_through FROM contracts WHERE business_id = $1 AND dimension = 'pay_as_you_go' AND ended_at IS NULL")
        .bind(business)
        .opt()
        .await
}

pub(in crate::credits) async fn lock_running(tx: &mut Tx, business: BusinessId) -> Result<Option<ContractId>, Error> {
    let row = tx.lock("SELECT id FROM contracts WHERE business_id = $1 AND dimension = 'pay_as_you_go' AND ended_at IS NULL");
    Ok(row.bind(business).opt::<(ContractId,)>().await?.map(|(id,)| id))
}

pub(in crate::credits) async fn find_running(tx: &mut Tx, business: BusinessId) -> Result<Option<ContractId>, Error> {
    let row = tx.q("SELECT id FROM contracts WHERE business_id = $1 AND dimension = 'pay_as_you_go' AND ended_at IS NULL");
    Ok(row.bind(business).opt::<(ContractId,)>().await?.map(|(id,)| id))
}

/// The contract that ended last, and when: its term's end, or before.
pub(in crate::credits) async fn find_last_ended(tx: &mut Tx, business: BusinessId) -> Result<Option<(ContractId, Timestamp)>, Error> {
    tx.q("SELECT id, CASE WHEN ended_at < expires_at THEN ended_at ELSE expires_at END FROM contracts WHERE business_id = $1 AND dimension = 'pay_as_you_go' AND ended_at IS NOT NULL ORDER BY ended_at DESC, id DESC LIMIT 1")
        .bind(business)
        .opt()
        .await
}

/// A contract of which the marketplace may not have taken every hour.
#[derive(sqlx::FromRow)]
pub(in crate::credits) struct Unsent {
    pub id: ContractId,
    pub license_arn: String,
    pub activated_at: Timestamp,
    pub ends_at: Timestamp,
    pub metered_through: Option<Timestamp>,
}

/// Contracts with time before `until` that was not taken, the one that waits longest first.
pub(in crate::credits) async fn list_unsent(db: &Db, until: Timestamp, most: i64) -> Result<Vec<Unsent>, Error> {
    db.read("SELECT k.id, k.license_arn, k.activated_at, k.ends_at, k.metered_through FROM (SELECT id, license_arn, activated_at, metered_through, CASE WHEN ended_at < expires_at THEN ended_at ELSE expires_at END AS ends_at FROM contracts WHERE dimension = 'pay_as_you_go') k WHERE (k.metered_through IS NULL AND k.activated_at < $1) OR (k.metered_through < $1 AND k.metered_through < k.ends_at) ORDER BY k.metered_through, k.id LIMIT $2")
        .bind(until)
        .bind(most)
        .all()
        .await
}

/// Moves what was taken, from exactly what the caller saw.
pub(in crate::credits) async fn note_taken(
    db: &Db,
    contract: ContractId,
    seen: Option<Timestamp>,
    through: Timestamp,
) -> Result<bool, Error> {
    let mut query = db.write("UPDATE contracts SET metered_through = $2 WHERE id = $1").bind(contract).bind(through);
    query = match seen {
        None => query.push(" AND metered_through IS NULL"),
        Some(seen) => query.push_bind(" AND metered_through = ", seen),
    };
    Ok(query.exec().await? == 1)
}
