//! Access keys of seller and buyer accounts.

use crate::access::BuyerRole;
use crate::db::{Db, Error, Tx};
use crate::kernel::clock::Timestamp;
use crate::kernel::id::PersonId;
use crate::marketplace::wire::access_keys::{AccessKeyId, Listed, NewKey, Party};
use chrono::DateTime;

/// Whether a seller has this number.
pub(in crate::marketplace) async fn is_seller(tx: &mut Tx, account: &str) -> Result<bool, Error> {
    Ok(tx.q("SELECT id FROM sellers WHERE id = $1").bind(account).opt::<(String,)>().await?.is_some())
}

/// Whether a buyer has this number.
pub(in crate::marketplace) async fn is_buyer(tx: &mut Tx, account: &str) -> Result<bool, Error> {
    Ok(tx.q("SELECT id FROM buyer_accounts WHERE id = $1").bind(account).opt::<(String,)>().await?.is_some())
}

/// Who of a buyer account has this address.
pub(in crate::marketplace) async fn find_person(tx: &mut Tx, account: &str, email_key: &str) -> Result<Option<PersonId>, Error> {
    let row: Option<(PersonId,)> = tx
        .q("SELECT p.id FROM buyer_people b JOIN people p ON p.id = b.person_id WHERE b.account_id = $1 AND p.email_key = $2 AND p.disabled_at IS NULL")
        .bind(account)
        .bind(email_key)
        .opt()
        .await?;
    Ok(row.map(|(person,)| person))
}

/// Keeps a new key.
pub(in crate::marketplace) async fn insert(
    tx: &mut Tx,
    (id, sealed): (&AccessKeyId, &[u8]),
    new: &NewKey,
    (party, person): (Party, Option<PersonId>),
    (now, by): (Timestamp, PersonId),
) -> Result<(), Error> {
    tx.q("INSERT INTO access_keys (id, name, party, account_id, person_id, sealed_secret, created_at, created_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)")
        .bind(id)
        .bind(&new.name)
        .bind(party)
        .bind(&new.account)
        .bind(person)
        .bind(sealed)
        .bind(now)
        .bind(by)
        .exec_one()
        .await
}

/// Revokes a key that works; how many rows changed.
pub(in crate::marketplace) async fn revoke(tx: &mut Tx, key: &AccessKeyId, by: PersonId, now: Timestamp) -> Result<u64, Error> {
    let revoked = tx.q("UPDATE access_keys SET revoked_at = $2, revoked_by = $3 WHERE id = $1 AND revoked_at IS NULL");
    revoked.bind(key).bind(now).bind(by).exec().await
}

const LISTED: &str = "SELECT k.id, k.name, k.party, k.account_id, COALESCE(s.name, a.name) AS account_name, p.email AS acts_as, k.created_at, m.email AS created_by, k.last_used_at, k.revoked_at FROM access_keys k JOIN people m ON m.id = k.created_by LEFT JOIN people p ON p.id = k.person_id LEFT JOIN sellers s ON s.id = k.account_id AND k.party = 'seller' LEFT JOIN buyer_accounts a ON a.id = k.account_id AND k.party = 'buyer' WHERE ";

/// Newest first.
pub(in crate::marketplace) async fn list(db: &Db, after: Option<(i64, &str)>, most: i64) -> Result<Vec<Listed>, Error> {
    let mut query = db.read(LISTED).push("k.id IS NOT NULL");
    if let Some((at, id)) = after.and_then(|(micros, id)| Some((DateTime::from_timestamp_micros(micros)?, id))) {
        query = query.push_bind(" AND (k.created_at, k.id) < (", at).push_bind(", ", id).push(")");
    }
    query.push_bind(" ORDER BY k.created_at DESC, k.id DESC LIMIT ", most).all().await
}

/// One key.
pub(in crate::marketplace) async fn find(db: &Db, key: &AccessKeyId) -> Result<Option<Listed>, Error> {
    db.read(LISTED).push_bind("k.id = ", key).opt().await
}

/// A working key with the person as whom it acts, as they are now.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(in crate::marketplace) struct WorkingRow {
    pub account_id: String,
    pub account_name: Option<String>,
    pub person_id: Option<PersonId>,
    pub email: Option<String>,
    pub role: Option<BuyerRole>,
    pub sealed_secret: Vec<u8>,
    pub last_used_at: Option<Timestamp>,
}

/// A key that is not revoked. The person's role is none when they lost their seat or are disabled.
pub(in crate::marketplace) async fn find_working(db: &Db, key: &AccessKeyId) -> Result<Option<WorkingRow>, Error> {
    db.read("SELECT k.account_id, a.name AS account_name, k.person_id, p.email, b.role, k.sealed_secret, k.last_used_at FROM access_keys k LEFT JOIN people p ON p.id = k.person_id LEFT JOIN buyer_accounts a ON a.id = k.account_id LEFT JOIN buyer_people b ON b.account_id = k.account_id AND b.person_id = k.person_id AND p.disabled_at IS NULL WHERE k.id = $1 AND k.revoked_at IS NULL")
        .bind(key)
        .opt()
        .await
}

/// Notes a use.
pub(in crate::marketplace) async fn note_use(db: &Db, key: &AccessKeyId, now: Timestamp) -> Result<(), Error> {
    db.write("UPDATE access_keys SET last_used_at = $2 WHERE id = $1").bind(key).bind(now).exec_one().await
}
