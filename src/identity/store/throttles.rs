//! SQL of the table `throttles`.

use crate::db::{Db, Error, Tx};
use crate::identity::throttle::Count;
use crate::kernel::clock::Timestamp;

/// The count of a key, made when it is missing and locked until the transaction ends. Zero failures is no count.
/// The update that changes nothing is what locks the row in the same step as it is made.
pub async fn get_locked(tx: &mut Tx, name: &str, now: Timestamp) -> Result<Count, Error> {
    tx.q("INSERT INTO throttles (name, failures, first_at, last_at) VALUES ($1, 0, $2, $2) ON CONFLICT (name) DO UPDATE SET failures = throttles.failures \
        RETURNING failures, first_at, last_at, blocked_until")
        .bind(name)
        .bind(now)
        .one()
        .await
}

/// Stores the count of a key that is locked.
pub async fn save(tx: &mut Tx, name: &str, count: Count) -> Result<(), Error> {
    tx.q("UPDATE throttles SET failures = $2, first_at = $3, last_at = $4, blocked_until = $5 WHERE name = $1")
        .bind(name)
        .bind(count.failures)
        .bind(count.first_at)
        .bind(count.last_at)
        .bind(count.blocked_until)
        .exec_one()
        .await
}

/// Forgets the tries of a key.
pub async fn reset(tx: &mut Tx, name: &str) -> Result<(), Error> {
    tx.q("UPDATE throttles SET failures = 0, blocked_until = NULL WHERE name = $1").bind(name).exec().await.map(drop)
}

/// One try less, and no block that it caused.
pub async fn give_back(tx: &mut Tx, name: &str) -> Result<(), Error> {
    tx.q("UPDATE throttles SET failures = failures - 1, blocked_until = NULL WHERE name = $1 AND failures > 0")
        .bind(name)
        .exec()
        .await
        .map(drop)
}

/// Removes keys that nobody has tried since; how many.
pub async fn delete_quiet_since(db: &Db, since: Timestamp) -> Result<u64, Error> {
    db.write("DELETE FROM throttles WHERE last_at < $1 AND (blocked_until IS NULL OR blocked_until < $1)").bind(since).exec().await
}
