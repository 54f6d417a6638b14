//! Products from before concurrent agreements are sold to an account once at a time (rule 13 of the protocol): while one
//! agreement is pending or in force, a second purchase is refused; the buyer adds to the first.

use super::ids::{ProductId, QuoteId};
use super::quote::{Quote, QuoteKind};
use super::store::one_at_a_time as store;
use crate::access::BuyerScope;
use crate::db::{Db, Error, Tx};
use crate::kernel::clock::Timestamp;

/// What the buyer is told, on pages and by the API.
pub const WORDS: &str =
    "Your account has an agreement for this product, and the product takes one at a time. Add credits to that agreement instead";

/// Whether another purchase is refused now.
///
/// # Errors
/// Any storage error.
pub async fn is_taken(db: &Db, scope: &BuyerScope, product: &ProductId, now: Timestamp) -> Result<bool, Error> {
    store::is_taken(db, scope.account(), product, now).await
}

/// The same while a quote is being paid, against others that are paid at the same time; the quote is locked by the caller.
pub(super) async fn is_taken_for(tx: &mut Tx, quote: &Quote, now: Timestamp) -> Result<bool, Error> {
    if quote.kind != QuoteKind::New || !store::is_legacy(tx, &quote.product_id).await? {
        return Ok(false);
    }
    let (account, product, id): (&str, &ProductId, &QuoteId) = (&quote.buyer_account_id, &quote.product_id, &quote.id);
    store::lock_account(tx, account).await?;
    Ok(store::is_taken_in(tx, account, product, now).await? || store::is_other_being_paid(tx, account, product, id).await?)
}
