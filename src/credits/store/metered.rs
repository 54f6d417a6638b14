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
    tx.q("SELECT feature, number, to_model, cause, contract_id, units, in_use, changed_at, changed_by FROM model_changes WHERE business_id = $1 AND feature = $2 ORDER BY number DESC LIMIT 1")
        .bind(business)
        .bind(feature.to_owned())
        .opt()
        .await
}

/// The last change of every feature of a business.
pub(in crate::credits) async fn list_last_changes(tx: &mut Tx, business: BusinessId) -> Result<Vec<LastChange>, Error> {
    tx.q("SELECT m.feature, m.number, m.to_model, m.cause, m.contract_id, m.units, m.in_use, m.changed_at, m.changed_by FROM model_changes m WHERE m.business_id = $1 AND m.number = (SELECT MAX(x.number) FROM model_changes x WHERE x.business_id = m.business_id AND x.feature = m.feature)")
        .bind(business)
        .all()
        .await
}

/// What an account holds, for a page of models.
#[derive(Clone, Debug, Default, sqlx::FromRow)]
pub(in crate::credits) struct HeldRow {
    pub account: String,
    pub entries: i64,
    pub units: i64,
    pub credits: i64,
    pub billing_model: BillingModel,
}

/// Every account of a business.
pub(in crate::credits) async fn list_held(tx: &mut Tx, business: BusinessId) -> Result<Vec<HeldRow>, Error> {
    tx.q("SELECT account, entries, units, credits, billing_model FROM allocation_accounts WHERE business_id = $1")
        .bind(business)
        .all()
        .await
}

/// The features of a business that are on pay-as-you-go.
pub(in crate::credits) async fn list_features(tx: &mut Tx, business: BusinessId) -> Result<Vec<String>, Error> {
    let rows = tx.q("SELECT account FROM allocation_accounts WHERE business_id = $1 AND billing_model = 'pay_as_you_go' ORDER BY account");
    Ok(rows.bind(business).all::<(String,)>().await?.into_iter().map(|(account,)| account).collect())
}

/// Features on pay-as-you-go whose contract is over, the one that they changed under.
pub(in crate::credits) async fn list_ended(db: &Db, most: i64) -> Result<Vec<(BusinessId, String)>, Error> {
    db.read("SELECT a.business_id, a.account FROM allocation_accounts a JOIN model_changes m ON m.business_id = a.business_id AND m.feature = a.account AND m.number = (SELECT MAX(x.number) FROM model_changes x WHERE x.business_id = a.business_id AND x.feature = a.account) JOIN contracts c ON c.id = m.contract_id WHERE a.billing_model = 'pay_as_you_go' AND c.ended_at IS NOT NULL ORDER BY a.business_id, a.account LIMIT $1")
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
    db.read("SELECT m.from_at, m.metered, CASE WHEN c.ended_at IS NULL THEN NULL WHEN c.ended_at < c.expires_at THEN c.ended_at ELSE c.expires_at END AS contract_end FROM metered_units m JOIN contracts c ON c.id = m.contract_id WHERE m.business_id = $1 AND m.feature = $2 AND m.from_at < $4 AND m.number >= COALESCE((SELECT MAX(x.number) FROM metered_units x WHERE x.business_id = $1 AND x.feature = $2 AND x.from_at <= $3), 0) ORDER BY m.number")
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

/// The records of a feature under a contract that are in force at an instant or later.
pub(in crate::credits) async fn list_records_of(
    db: &Db,
    contract: ContractId,
    feature: &str,
    from: Timestamp,
) -> Result<Vec<Record>, Error> {
    db.read("SELECT m.from_at, m.metered, CASE WHEN c.ended_at IS NULL THEN NULL WHEN c.ended_at < c.expires_at THEN c.ended_at ELSE c.expires_at END AS contract_end FROM metered_units m JOIN contracts c ON c.id = m.contract_id WHERE m.contract_id = $1 AND m.feature = $2 AND m.number >= COALESCE((SELECT MAX(x.number) FROM metered_units x WHERE x.contract_id = $1 AND x.feature = $2 AND x.from_at <= $3), 0) ORDER BY m.number")
        .bind(contract)
        .bind(feature.to_owned())
        .bind(from)
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

pub(in crate::credits) async fn is_running(db: &Db, business: BusinessId) -> Result<bool, Error> {
    let row = db.read("SELECT id FROM contracts WHERE business_id = $1 AND dimension = 'pay_as_you_go' AND ended_at IS NULL");
    Ok(row.bind(business).opt::<(ContractId,)>().await?.is_some())
}

/// When a contract was over: its term's end, or before; nothing while it runs.
pub(in crate::credits) async fn find_end(tx: &mut Tx, contract: ContractId) -> Result<Option<Timestamp>, Error> {
    let row = tx.q(
        "SELECT CASE WHEN ended_at < expires_at THEN ended_at ELSE expires_at END FROM contracts WHERE id = $1 AND ended_at IS NOT NULL",
    );
    Ok(row.bind(contract).opt::<(Timestamp,)>().await?.map(|(at,)| at))
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

/// Contracts with time before `until` that was not taken, by id after `after`: no contract that cannot be told holds up the rest.
pub(in crate::credits) async fn list_unsent(db: &Db, until: Timestamp, after: Option<ContractId>, most: i64) -> Result<Vec<Unsent>, Error> {
    let mut query = db
        .read("SELECT k.id, k.license_arn, k.activated_at, k.ends_at, k.metered_through FROM (SELECT id, license_arn, activated_at, metered_through, CASE WHEN ended_at < expires_at THEN ended_at ELSE expires_at END AS ends_at FROM contracts WHERE dimension = 'pay_as_you_go') k WHERE ((k.metered_through IS NULL AND k.activated_at < $1) OR (k.metered_through < $1 AND k.metered_through < k.ends_at))")
        .bind(until);
    if let Some(after) = after {
        query = query.push_bind(" AND k.id > ", after);
    }
    query.push_bind(" ORDER BY k.id LIMIT ", most).all().await
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
