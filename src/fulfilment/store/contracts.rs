//! SQL of contracts: the licenses of one license ARN taken together.

use crate::db::{Db, Error, Tx};
use crate::fulfilment::license::Source;
use crate::fulfilment::registration::Purchase;
use crate::kernel::clock::Timestamp;
use crate::kernel::credits::Credits;
use crate::kernel::id::{BusinessId, ContractId, PersonId};

/// A contract that does not exist yet.
pub(in crate::fulfilment) struct NewContract<'a> {
    pub id: ContractId,
    pub business: BusinessId,
    pub purchase: &'a Purchase,
    pub dimension: &'a str,
    pub agreement_id: &'a str,
    pub initial_agreement_id: &'a str,
    pub auto_renew: bool,
    pub granted: Credits,
    pub expires_at: Timestamp,
    pub activated_at: Timestamp,
    pub activated_by: PersonId,
}

/// Takes the license ARN for one business. False when it was taken before: the constraint on the ARN decides every race
/// (ACT-6), and on Postgres it waits for a rival that has not committed yet.
pub(in crate::fulfilment) async fn activate(tx: &mut Tx, contract: &NewContract<'_>) -> Result<bool, Error> {
    let inserted = tx
        .q("INSERT INTO contracts (id, business_id, source, license_arn, product_code, product_name, seller_name, dimension, agreement_id, initial_agreement_id, buyer_account_id, auto_renew, granted, expires_at, activated_at, activated_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) ON CONFLICT (license_arn) DO NOTHING")
        .bind(contract.id)
        .bind(contract.business)
        .bind(contract.purchase.source)
        .bind(&contract.purchase.license_arn)
        .bind(&contract.purchase.product_code)
        .bind(&contract.purchase.product_name)
        .bind(&contract.purchase.seller_name)
        .bind(contract.dimension)
        .bind(contract.agreement_id)
        .bind(contract.initial_agreement_id)
        .bind(&contract.purchase.buyer_account_id)
        .bind(contract.auto_renew)
        .bind(contract.granted)
        .bind(contract.expires_at)
        .bind(contract.activated_at)
        .bind(contract.activated_by)
        .exec()
        .await?;
    Ok(inserted == 1)
}

/// An activation that happened.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(in crate::fulfilment) struct Activation {
    pub id: ContractId,
    pub business_id: BusinessId,
    pub product_name: String,
    pub activated_at: Timestamp,
    pub activated_by: String,
}

/// People of another business are not named (SUP-7): after a transfer the first owner's person is only *a previous owner*.
const ACTIVATION: &str = "SELECT c.id, c.business_id, c.product_name, c.activated_at, CASE WHEN c.business_id <> (SELECT t.from_business_id FROM transfers t WHERE t.contract_id = c.id AND t.status = 'approved' ORDER BY t.requested_at, t.id LIMIT 1) THEN 'a previous owner' ELSE p.name END AS activated_by FROM contracts c JOIN people p ON p.id = c.activated_by WHERE ";

/// Who activated a purchase and when, for whichever business.
pub(in crate::fulfilment) async fn find_activation(db: &Db, license_arn: &str) -> Result<Option<Activation>, Error> {
    db.read(ACTIVATION).push_bind("c.license_arn = ", license_arn).opt().await
}

/// The same inside the transaction that lost the race.
pub(in crate::fulfilment) async fn get_activation(tx: &mut Tx, license_arn: &str) -> Result<Activation, Error> {
    tx.q(ACTIVATION).push_bind("c.license_arn = ", license_arn).one().await
}

/// An activation of one business, by contract.
pub(in crate::fulfilment) async fn find_activation_of(
    db: &Db,
    business: BusinessId,
    contract: ContractId,
) -> Result<Option<Activation>, Error> {
    db.read(ACTIVATION).push_bind("c.id = ", contract).push_bind(" AND c.business_id = ", business).opt().await
}

/// What a change is compared with.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(in crate::fulfilment) struct Booked {
    pub id: ContractId,
    pub business_id: BusinessId,
    pub source: Source,
    pub product_code: String,
    pub product_name: String,
    pub dimension: String,
    pub agreement_id: String,
    pub buyer_account_id: String,
    pub auto_renew: bool,
    pub granted: Credits,
    pub expires_at: Timestamp,
}

const BOOKED: &str = "SELECT id, business_id, source, product_code, product_name, dimension, agreement_id, buyer_account_id, auto_renew, granted, expires_at FROM contracts WHERE ";

/// The contract of a license ARN, if it was activated.
pub(in crate::fulfilment) async fn find(db: &Db, license_arn: &str) -> Result<Option<Booked>, Error> {
    db.read(BOOKED).push_bind("license_arn = ", license_arn).opt().await
}

/// The contract, locked until the end of the transaction.
pub(in crate::fulfilment) async fn lock(tx: &mut Tx, contract: ContractId) -> Result<Booked, Error> {
    tx.lock(BOOKED).push_bind("id = ", contract).one().await
}

/// Raises what was granted, from exactly the total that the caller saw under its lock.
pub(in crate::fulfilment) async fn raise_granted(tx: &mut Tx, contract: ContractId, from: Credits, to: Credits) -> Result<(), Error> {
    tx.q("UPDATE contracts SET granted = $3 WHERE id = $1 AND granted = $2").bind(contract).bind(from).bind(to).exec_one().await
}

/// Notes whether the contract renews by itself.
pub(in crate::fulfilment) async fn note_auto_renew(tx: &mut Tx, contract: ContractId, auto_renew: bool) -> Result<(), Error> {
    tx.q("UPDATE contracts SET auto_renew = $2 WHERE id = $1").bind(contract).bind(auto_renew).exec_one().await
}

/// Activations that the marketplace was not told of, oldest first.
pub(in crate::fulfilment) async fn list_unreported(db: &Db, most: i64) -> Result<Vec<(ContractId, String, Timestamp)>, Error> {
    db.read("SELECT id, license_arn, activated_at FROM contracts WHERE reported_at IS NULL ORDER BY activated_at, id LIMIT $1")
        .bind(most)
        .all()
        .await
}

/// The marketplace was told. Another process may have done the same at the same time, which is no error.
pub(in crate::fulfilment) async fn mark_reported(db: &Db, contract: ContractId, now: Timestamp) -> Result<bool, Error> {
    let marked =
        db.write("UPDATE contracts SET reported_at = $2 WHERE id = $1 AND reported_at IS NULL").bind(contract).bind(now).exec().await?;
    Ok(marked == 1)
}
