//! SQL that writes licenses; the lists that read them are in `licenses.rs` of the room.

use crate::db::{Error, Tx};
use crate::fulfilment::license::{Kind, Source};
use crate::kernel::clock::Timestamp;
use crate::kernel::credits::Credits;
use crate::kernel::id::{BusinessId, ContractId, LicenseId, PersonId};
use crate::kernel::text::search_key;

/// An item that does not exist yet.
pub(in crate::fulfilment) struct NewLicense<'a> {
    pub id: LicenseId,
    pub contract: ContractId,
    pub business: BusinessId,
    pub item_number: i64,
    pub kind: Kind,
    pub source: Source,
    pub product_name: &'a str,
    pub agreement_id: &'a str,
    pub credits: Credits,
    pub starts_at: Timestamp,
    pub expires_at: Timestamp,
    pub activated_at: Timestamp,
    pub activated_by: Option<PersonId>,
}

/// Adds an item to its contract.
pub(in crate::fulfilment) async fn insert(tx: &mut Tx, license: &NewLicense<'_>) -> Result<(), Error> {
    tx.q("INSERT INTO licenses (id, contract_id, business_id, item_number, kind, product_name, source, agreement_id, credits, starts_at, expires_at, activated_at, activated_by, search_key) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)")
        .bind(license.id)
        .bind(license.contract)
        .bind(license.business)
        .bind(license.item_number)
        .bind(license.kind)
        .bind(license.product_name)
        .bind(license.source)
        .bind(license.agreement_id)
        .bind(license.credits)
        .bind(license.starts_at)
        .bind(license.expires_at)
        .bind(license.activated_at)
        .bind(license.activated_by)
        .bind(search_key(&format!("{} {}", license.product_name, license.agreement_id)))
        .exec_one()
        .await
}

/// An item that runs until the contract's end.
#[derive(Clone, Copy, Debug, sqlx::FromRow)]
pub(in crate::fulfilment) struct Running {
    pub id: LicenseId,
    pub credits: Credits,
}

/// The items of a locked contract that run until an instant, the oldest first.
pub(in crate::fulfilment) async fn list_running(tx: &mut Tx, contract: ContractId, until: Timestamp) -> Result<Vec<Running>, Error> {
    tx.q("SELECT id, credits FROM licenses WHERE contract_id = $1 AND revoked_at IS NULL AND expires_at = $2 ORDER BY item_number")
        .bind(contract)
        .bind(until)
        .all()
        .await
}

/// The item goes on in another term: the same row with another expiration.
pub(in crate::fulfilment) async fn renew(
    tx: &mut Tx,
    license: LicenseId,
    since: Timestamp,
    expires_at: Timestamp,
    credits: Credits,
) -> Result<(), Error> {
    tx.q("UPDATE licenses SET renewed_at = $2, expires_at = $3, credits = $4 WHERE id = $1 AND expires_at = $2 AND revoked_at IS NULL")
        .bind(license)
        .bind(since)
        .bind(expires_at)
        .bind(credits)
        .exec_one()
        .await
}

/// Staff took over what the marketplace says of an item.
pub(in crate::fulfilment) async fn correct(tx: &mut Tx, license: LicenseId, expires_at: Timestamp, credits: Credits) -> Result<(), Error> {
    tx.q("UPDATE licenses SET expires_at = $2, credits = $3 WHERE id = $1 AND revoked_at IS NULL")
        .bind(license)
        .bind(expires_at)
        .bind(credits)
        .exec_one()
        .await
}

/// Nothing is left of an item.
pub(in crate::fulfilment) async fn revoke(tx: &mut Tx, license: LicenseId, now: Timestamp) -> Result<(), Error> {
    tx.q("UPDATE licenses SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL").bind(license).bind(now).exec_one().await
}

/// The number of a contract's newest item; the contract is locked by the caller.
pub(in crate::fulfilment) async fn get_last_number(tx: &mut Tx, contract: ContractId) -> Result<i64, Error> {
    tx.q("SELECT CAST(COALESCE(MAX(item_number), 0) AS BIGINT) FROM licenses WHERE contract_id = $1").bind(contract).scalar().await
}
