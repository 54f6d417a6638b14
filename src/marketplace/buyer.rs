//! The buyer account as the till sees it: name, billing address, payment method. People and accounts are kept by
//! identity; nothing here changes them.

use super::payment::PaymentMethod;
use super::store::buyers as store;
use crate::access::BuyerScope;
use crate::db::{Db, Error};

/// A buyer account.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct BuyerAccount {
    /// Its 12 digits.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Where invoices go, in lines.
    pub billing_address: String,
    /// How it pays.
    pub payment_method: PaymentMethod,
}

/// The account that the actor works in.
///
/// # Errors
/// Any storage error.
pub async fn get(db: &Db, scope: &BuyerScope) -> Result<BuyerAccount, Error> {
    store::get(db, scope.account()).await
}
