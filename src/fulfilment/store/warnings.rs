//! SQL of expirations: what ends, who is told, what was told.

use crate::db::{Db, Error, Tx};
use crate::fulfilment::expiry::EndingItem;
use crate::kernel::clock::Timestamp;
use crate::kernel::id::{BusinessId, ContractId};

/// License items of one business that end at the same instant.
#[derive(Clone, Copy, Debug, sqlx::FromRow)]
pub(in crate::fulfilment) struct Group {
    pub business_id: BusinessId,
    pub expires_at: Timestamp,
    /// When the first of them was activated.
    pub known_since: Timestamp,
}

/// Groups that end after `from` and up to `to` and were not told the step yet, soonest first, after the last one seen.
pub(in crate::fulfilment) async fn list_untold(
    db: &Db,
    step: i64,
    (from, to): (Timestamp, Timestamp),
    after: Option<Group>,
    most: i64,
) -> Result<Vec<Group>, Error> {
    let mut query = db
        .read("SELECT l.business_id, l.expires_at, MIN(l.activated_at) AS known_since FROM licenses l WHERE l.revoked_at IS NULL AND l.expires_at > $1 AND l.expires_at <= $2 AND NOT EXISTS (SELECT 1 FROM expiry_warnings w WHERE w.business_id = l.business_id AND w.expires_at = l.expires_at AND w.step_days <= $3)")
        .bind(from)
        .bind(to)
        .bind(step);
    if let Some(last) = after {
        query = query.push_bind(" AND (l.expires_at, l.business_id) > (", last.expires_at).push_bind(", ", last.business_id).push(")");
    }
    query.push_bind(" GROUP BY l.business_id, l.expires_at ORDER BY l.expires_at, l.business_id LIMIT ", most).all().await
}

/// Keeps the contracts of what ends then as they are until the transaction ends: a renewal or a transfer waits, or came first.
pub(in crate::fulfilment) async fn lock_ending(tx: &mut Tx, business: BusinessId, expires_at: Timestamp) -> Result<(), Error> {
    let locked: Vec<(ContractId,)> = tx
        .lock("SELECT id FROM contracts WHERE id IN (SELECT contract_id FROM licenses WHERE business_id = $1 AND expires_at = $2 AND revoked_at IS NULL) ORDER BY id")
        .bind(business)
        .bind(expires_at)
        .all()
        .await?;
    drop(locked);
    Ok(())
}

const ENDING: &str = "SELECT l.product_name, l.agreement_id, l.credits, c.auto_renew FROM licenses l JOIN contracts c ON c.id = l.contract_id WHERE l.business_id = $1 AND l.expires_at = $2 AND l.revoked_at IS NULL ORDER BY l.activated_at, l.id";

/// The items that end then.
pub(in crate::fulfilment) async fn list_ending(tx: &mut Tx, business: BusinessId, expires_at: Timestamp) -> Result<Vec<EndingItem>, Error> {
    tx.q(ENDING).bind(business).bind(expires_at).all().await
}

/// The same outside a transaction.
pub(in crate::fulfilment) async fn read_ending(db: &Db, business: BusinessId, expires_at: Timestamp) -> Result<Vec<EndingItem>, Error> {
    db.read(ENDING).bind(business).bind(expires_at).all().await
}

/// Name of a business that is open for mail: none when staff closed it.
pub(in crate::fulfilment) async fn find_open_name(tx: &mut Tx, business: BusinessId) -> Result<Option<String>, Error> {
    let found: Option<(String,)> = tx.q("SELECT name FROM businesses WHERE id = $1 AND closed_at IS NULL").bind(business).opt().await?;
    Ok(found.map(|(name,)| name))
}

/// Name of a business.
pub(in crate::fulfilment) async fn get_name(db: &Db, business: BusinessId) -> Result<String, Error> {
    db.read("SELECT name FROM businesses WHERE id = $1").bind(business).scalar().await
}

/// Whether no other license of the business lasts longer than this.
pub(in crate::fulfilment) async fn is_last(tx: &mut Tx, business: BusinessId, expires_at: Timestamp) -> Result<bool, Error> {
    let longer: Option<(i64,)> = tx
        .q("SELECT CAST(1 AS BIGINT) FROM licenses WHERE business_id = $1 AND expires_at > $2 AND revoked_at IS NULL LIMIT 1")
        .bind(business)
        .bind(expires_at)
        .opt()
        .await?;
    Ok(longer.is_none())
}

/// Somebody who can act, and where they are.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(in crate::fulfilment) struct Reader {
    pub name: String,
    pub email: String,
    pub time_zone: Option<String>,
}

/// The business's people with licensing permission.
pub(in crate::fulfilment) async fn list_readers(tx: &mut Tx, business: BusinessId) -> Result<Vec<Reader>, Error> {
    tx.q("SELECT p.name, p.email, p.time_zone FROM memberships m JOIN people p ON p.id = m.person_id WHERE m.business_id = $1 AND m.role IN ('administrator', 'licensing_manager') AND p.disabled_at IS NULL ORDER BY p.email_key")
        .bind(business)
        .all()
        .await
}

/// A step that is told now.
pub(in crate::fulfilment) struct Told {
    pub business: BusinessId,
    pub expires_at: Timestamp,
    pub step: i64,
    pub credits: i64,
    pub recipients: i64,
    pub now: Timestamp,
}

/// Writes the step down; false when another worker was faster.
pub(in crate::fulfilment) async fn insert(tx: &mut Tx, told: Told) -> Result<bool, Error> {
    let inserted = tx
        .q("INSERT INTO expiry_warnings (business_id, expires_at, step_days, credits, recipients, sent_at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (business_id, expires_at, step_days) DO NOTHING")
        .bind(told.business)
        .bind(told.expires_at)
        .bind(told.step)
        .bind(told.credits)
        .bind(told.recipients)
        .bind(told.now)
        .exec()
        .await?;
    Ok(inserted == 1)
}
