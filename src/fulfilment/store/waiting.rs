//! SQL of registration tokens that wait for the marketplace.

use crate::db::{Db, Error, Tx};
use crate::fulfilment::waiting::Lost;
use crate::kernel::clock::Timestamp;
use crate::kernel::secret::Secret;

/// A token that waits, or what became of it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(in crate::fulfilment) struct WaitingToken {
    pub handle_hash: Vec<u8>,
    pub sealed_token: Option<Vec<u8>>,
    pub outcome: Option<Lost>,
    pub landed_at: Timestamp,
    pub expires_at: Timestamp,
}

/// How many are kept.
pub(in crate::fulfilment) async fn count(db: &Db) -> Result<i64, Error> {
    db.read("SELECT CAST(COUNT(*) AS BIGINT) FROM waiting_tokens").scalar().await
}

/// Keeps a sealed token under a handle.
pub(in crate::fulfilment) async fn insert(
    tx: &mut Tx,
    handle: &Secret,
    sealed: &[u8],
    (landed_at, expires_at): (Timestamp, Timestamp),
) -> Result<(), Error> {
    tx.q("INSERT INTO waiting_tokens (handle_hash, sealed_token, landed_at, expires_at, tried_at) VALUES ($1, $2, $3, $4, $3)")
        .bind(handle.hash())
        .bind(sealed.to_vec())
        .bind(landed_at)
        .bind(expires_at)
        .exec_one()
        .await
}

const WAITING: &str = "SELECT handle_hash, sealed_token, outcome, landed_at, expires_at FROM waiting_tokens WHERE ";

/// By the handle that a browser holds.
pub(in crate::fulfilment) async fn find(db: &Db, handle_hash: &[u8]) -> Result<Option<WaitingToken>, Error> {
    db.read(WAITING).push_bind("handle_hash = ", handle_hash.to_vec()).opt().await
}

/// Those that nobody tried since an instant, the longest untried first.
pub(in crate::fulfilment) async fn list_due(db: &Db, tried_before: Timestamp, most: i64) -> Result<Vec<WaitingToken>, Error> {
    db.read(WAITING).push_bind("outcome IS NULL AND tried_at <= ", tried_before).push_bind(" ORDER BY tried_at LIMIT ", most).all().await
}

/// It was tried and still waits.
pub(in crate::fulfilment) async fn note_tried(db: &Db, handle_hash: &[u8], now: Timestamp) -> Result<(), Error> {
    let tried = db.write("UPDATE waiting_tokens SET tried_at = $2 WHERE handle_hash = $1");
    tried.bind(handle_hash.to_vec()).bind(now).exec().await.map(drop)
}

/// It leads nowhere: the token goes, the reason stays for the browser that asks.
pub(in crate::fulfilment) async fn lose(tx: &mut Tx, handle_hash: &[u8], why: Lost) -> Result<bool, Error> {
    let lost = tx
        .q("UPDATE waiting_tokens SET sealed_token = NULL, outcome = $2 WHERE handle_hash = $1 AND outcome IS NULL")
        .bind(handle_hash.to_vec())
        .bind(why)
        .exec()
        .await?;
    Ok(lost == 1)
}

/// It resolved; false when somebody else was faster.
pub(in crate::fulfilment) async fn take(tx: &mut Tx, handle_hash: &[u8]) -> Result<bool, Error> {
    let taken = tx.q("DELETE FROM waiting_tokens WHERE handle_hash = $1 AND outcome IS NULL").bind(handle_hash.to_vec()).exec().await?;
    Ok(taken == 1)
}

/// Removes what no browser can ask for any more; how many.
pub(in crate::fulfilment) async fn forget(db: &Db, expired_before: Timestamp) -> Result<u64, Error> {
    db.write("DELETE FROM waiting_tokens WHERE expires_at <= $1").bind(expired_before).exec().await
}
