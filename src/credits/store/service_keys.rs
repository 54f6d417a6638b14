//! Service keys with what they are for, and the calls that were made with them.

use crate::credits::service_keys::Listed;
use crate::db::{Db, Error, Tx};
use crate::kernel::clock::Timestamp;
use crate::kernel::id::{BusinessId, PersonId, ServiceKeyId};
use crate::kernel::page::Cursor;

pub(in crate::credits) struct NewKey<'a> {
    pub id: ServiceKeyId,
    pub name: &'a str,
    pub hash: Vec<u8>,
    pub all_businesses: bool,
    pub created_at: Timestamp,
    pub created_by: PersonId,
}

pub(in crate::credits) async fn insert(tx: &mut Tx, key: &NewKey<'_>) -> Result<(), Error> {
    tx.q("INSERT INTO service_keys (id, name, key_hash, all_businesses, created_at, created_by) VALUES ($1, $2, $3, $4, $5, $6)")
        .bind(key.id)
        .bind(key.name.to_owned())
        .bind(key.hash.clone())
        .bind(key.all_businesses)
        .bind(key.created_at)
        .bind(key.created_by)
        .exec_one()
        .await
}

pub(in crate::credits) async fn insert_feature(tx: &mut Tx, key: ServiceKeyId, feature: &str) -> Result<(), Error> {
    tx.q("INSERT INTO service_key_features (key_id, feature) VALUES ($1, $2)").bind(key).bind(feature.to_owned()).exec_one().await
}

pub(in crate::credits) async fn insert_business(tx: &mut Tx, key: ServiceKeyId, business: BusinessId) -> Result<(), Error> {
    tx.q("INSERT INTO service_key_businesses (key_id, business_id) VALUES ($1, $2)").bind(key).bind(business).exec_one().await
}

pub(in crate::credits) async fn business_exists(tx: &mut Tx, business: BusinessId) -> Result<bool, Error> {
    let found: Option<(BusinessId,)> = tx.q("SELECT id FROM businesses WHERE id = $1").bind(business).opt().await?;
    Ok(found.is_some())
}

pub(in crate::credits) async fn is_business(db: &Db, business: BusinessId) -> Result<bool, Error> {
    let found: Option<(BusinessId,)> = db.read("SELECT id FROM businesses WHERE id = $1").bind(business).opt().await?;
    Ok(found.is_some())
}

/// Locks a pool that may not exist; whether it does.
pub(in crate::credits) async fn lock_if_there(tx: &mut Tx, business: BusinessId) -> Result<bool, Error> {
    let found: Option<(BusinessId,)> = tx.lock("SELECT id FROM businesses WHERE id = $1").bind(business).opt().await?;
    Ok(found.is_some())
}

/// Revokes a key that works; how many rows changed.
pub(in crate::credits) async fn revoke(tx: &mut Tx, key: ServiceKeyId, by: Option<PersonId>, now: Timestamp) -> Result<u64, Error> {
    tx.q("UPDATE service_keys SET revoked_at = $2, revoked_by = $3 WHERE id = $1 AND revoked_at IS NULL")
        .bind(key)
        .bind(now)
        .bind(by)
        .exec()
        .await
}

const LISTED: &str = "SELECT k.id AS id, k.name AS name, k.all_businesses AS all_businesses, k.created_at AS created_at, p.email AS created_by, \
    k.last_used_at AS last_used_at, k.revoked_at AS revoked_at FROM service_keys k JOIN people p ON p.id = k.created_by WHERE ";

/// Newest first.
pub(in crate::credits) async fn list(db: &Db, after: Option<&Cursor>, most: i64) -> Result<Vec<Listed>, Error> {
    let mut query = db.read(LISTED).push("k.id IS NOT NULL");
    if let Some((at, id)) = after.and_then(Cursor::time) {
        query = query.push_bind(" AND (k.created_at, k.id) < (", at).push_bind(", ", id).push(")");
    }
    query.push_bind(" ORDER BY k.created_at DESC, k.id DESC LIMIT ", most).all().await
}

pub(in crate::credits) async fn find(db: &Db, key: ServiceKeyId) -> Result<Option<Listed>, Error> {
    db.read(LISTED).push_bind("k.id = ", key).opt().await
}

pub(in crate::credits) async fn features_of(db: &Db, key: ServiceKeyId) -> Result<Vec<String>, Error> {
    let rows: Vec<(String,)> =
        db.read("SELECT feature FROM service_key_features WHERE key_id = $1 ORDER BY feature").bind(key).all().await?;
    Ok(rows.into_iter().map(|(feature,)| feature).collect())
}

pub(in crate::credits) async fn businesses_of(db: &Db, key: ServiceKeyId) -> Result<Vec<(BusinessId, String)>, Error> {
    db.read("SELECT b.id, b.name FROM service_key_businesses s JOIN businesses b ON b.id = s.business_id WHERE s.key_id = $1 ORDER BY b.name, b.id")
        .bind(key)
        .all()
        .await
}

/// A working key by its hash: id, name, whether it is for all businesses, and when it was last used.
pub(in crate::credits) async fn find_working(
    db: &Db,
    hash: Vec<u8>,
) -> Result<Option<(ServiceKeyId, String, bool, Option<Timestamp>)>, Error> {
    db.read("SELECT id, name, all_businesses, last_used_at FROM service_keys WHERE key_hash = $1 AND revoked_at IS NULL")
        .bind(hash)
        .opt()
        .await
}

pub(in crate::credits) async fn note_use(db: &Db, key: ServiceKeyId, now: Timestamp) -> Result<(), Error> {
    db.write("UPDATE service_keys SET last_used_at = $2 WHERE id = $1").bind(key).bind(now).exec_one().await
}

/// Begins a call; false when one with this idempotency key is there.
pub(in crate::credits) async fn begin_call(
    tx: &mut Tx,
    key: ServiceKeyId,
    name: &str,
    hash: Vec<u8>,
    now: Timestamp,
) -> Result<bool, Error> {
    let begun = tx.q("INSERT INTO usage_calls (key_id, idempotency_key, body_hash, answer, called_at) VALUES ($1, $2, $3, '', $4) ON CONFLICT (key_id, idempotency_key) DO NOTHING");
    Ok(begun.bind(key).bind(name.to_owned()).bind(hash).bind(now).exec().await? == 1)
}

pub(in crate::credits) async fn get_call(tx: &mut Tx, key: ServiceKeyId, name: &str) -> Result<(Vec<u8>, String), Error> {
    tx.q("SELECT body_hash, answer FROM usage_calls WHERE key_id = $1 AND idempotency_key = $2").bind(key).bind(name.to_owned()).one().await
}

pub(in crate::credits) async fn save_answer(tx: &mut Tx, key: ServiceKeyId, name: &str, answer: &str) -> Result<(), Error> {
    tx.q("UPDATE usage_calls SET answer = $3 WHERE key_id = $1 AND idempotency_key = $2")
        .bind(key)
        .bind(name.to_owned())
        .bind(answer.to_owned())
        .exec_one()
        .await
}

pub(in crate::credits) async fn delete_calls_before(db: &Db, at: Timestamp) -> Result<u64, Error> {
    db.write("DELETE FROM usage_calls WHERE called_at < $1").bind(at).exec().await
}
