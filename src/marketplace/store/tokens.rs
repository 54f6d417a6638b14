//! Registration tokens, by hash only.

use crate::db::{Db, Error, Tx};
use crate::kernel::clock::Timestamp;
use crate::kernel::id::PersonId;
use crate::marketplace::agreement::Agreement;
use crate::marketplace::token::Purchase;

/// Keeps the hash of a token.
pub(in crate::marketplace) async fn insert(
    tx: &mut Tx,
    hash: &[u8],
    agreement: &Agreement,
    issued_by: PersonId,
    issued_at: Timestamp,
    expires_at: Timestamp,
) -> Result<(), Error> {
    tx.q("INSERT INTO registration_tokens (token_hash, license_arn, agreement_id, issued_by, issued_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)")
        .bind(hash)
        .bind(&agreement.license_arn)
        .bind(&agreement.id)
        .bind(issued_by)
        .bind(issued_at)
        .bind(expires_at)
        .exec_one()
        .await
}

/// What the token of this hash stands for, expired or not.
pub(in crate::marketplace) async fn find(db: &Db, hash: &[u8]) -> Result<Option<Purchase>, Error> {
    db.read("SELECT t.license_arn, t.agreement_id, p.product_code, p.name AS product_name, s.name AS seller_name, p.seller_id, p.customer_identity, l.buyer_account_id, t.expires_at FROM registration_tokens t JOIN license_arns l ON l.arn = t.license_arn JOIN products p ON p.id = l.product_id JOIN sellers s ON s.id = p.seller_id WHERE t.token_hash = $1")
        .bind(hash)
        .opt()
        .await
}

/// Removes those that were over before an instant.
pub(in crate::marketplace) async fn delete_expired(db: &Db, before: Timestamp) -> Result<u64, Error> {
    db.write("DELETE FROM registration_tokens WHERE expires_at < $1").bind(before).exec().await
}
