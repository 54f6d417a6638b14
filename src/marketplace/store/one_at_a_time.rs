//! Whether an account has, or is about to have, an agreement for a product that is sold once at a time.

use crate::db::{Db, Error, Tx};
use crate::kernel::clock::Timestamp;
use crate::marketplace::ids::{AgreementId, ProductId, QuoteId};

/// Pending, in force, or about to be renewed.
const TAKEN: &str = "SELECT a.id FROM agreements a JOIN products p ON p.id = a.product_id WHERE p.customer_identity = 'legacy' AND a.buyer_account_id = $1 AND a.product_id = $2 AND (a.status = 'pending' OR (a.status = 'active' AND (a.auto_renew OR a.ends_at > $3))) LIMIT 1";

/// Whether another purchase is refused.
pub(in crate::marketplace) async fn is_taken(db: &Db, account: &str, product: &ProductId, now: Timestamp) -> Result<bool, Error> {
    Ok(db.read(TAKEN).bind(account).bind(product).bind(now).opt::<(AgreementId,)>().await?.is_some())
}

/// The same inside a transaction.
pub(in crate::marketplace) async fn is_taken_in(tx: &mut Tx, account: &str, product: &ProductId, now: Timestamp) -> Result<bool, Error> {
    Ok(tx.q(TAKEN).bind(account).bind(product).bind(now).opt::<(AgreementId,)>().await?.is_some())
}

/// Whether a product is sold once at a time.
pub(in crate::marketplace) async fn is_legacy(tx: &mut Tx, product: &ProductId) -> Result<bool, Error> {
    let row = tx.q("SELECT id FROM products WHERE id = $1 AND customer_identity = 'legacy'").bind(product);
    Ok(row.opt::<(ProductId,)>().await?.is_some())
}

/// Lets one purchase of an account after the other decide.
pub(in crate::marketplace) async fn lock_account(tx: &mut Tx, account: &str) -> Result<(), Error> {
    tx.lock("SELECT id FROM buyer_accounts WHERE id = $1").bind(account).one::<(String,)>().await.map(drop)
}

/// Whether another quote of the account for the product has a payment whose outcome is open.
pub(in crate::marketplace) async fn is_other_being_paid(
    tx: &mut Tx,
    account: &str,
    product: &ProductId,
    quote: &QuoteId,
) -> Result<bool, Error> {
    let row = tx.q("SELECT q.id FROM payments p JOIN quotes q ON q.id = p.quote_id WHERE p.status = 'started' AND q.kind = 'new' AND q.buyer_account_id = $1 AND q.product_id = $2 AND q.id <> $3 LIMIT 1");
    Ok(row.bind(account).bind(product).bind(quote).opt::<(QuoteId,)>().await?.is_some())
}
