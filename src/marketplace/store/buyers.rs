//! What the marketplace reads of buyer accounts and people.

use crate::db::{Db, Error, Tx};
use crate::kernel::id::PersonId;
use crate::marketplace::buyer::BuyerAccount;
use crate::marketplace::payment::PaymentMethod;

/// An account by its 12 digits.
pub(in crate::marketplace) async fn get(db: &Db, account: &str) -> Result<BuyerAccount, Error> {
    db.read("SELECT id, name, billing_address, payment_method FROM buyer_accounts WHERE id = $1").bind(account).one().await
}

/// How an account pays.
pub(in crate::marketplace) async fn get_payment_method(tx: &mut Tx, account: &str) -> Result<PaymentMethod, Error> {
    tx.q("SELECT payment_method FROM buyer_accounts WHERE id = $1").bind(account).scalar().await
}

/// Where mail for an account's purchasers goes.
pub(in crate::marketplace) async fn list_purchaser_emails(tx: &mut Tx, account: &str) -> Result<Vec<String>, Error> {
    let rows = tx
        .q("SELECT p.email FROM buyer_people b JOIN people p ON p.id = b.person_id WHERE b.account_id = $1 AND b.role = 'purchaser' AND p.disabled_at IS NULL ORDER BY p.email_key")
        .bind(account)
        .all::<(String,)>()
        .await?;
    Ok(rows.into_iter().map(|(email,)| email).collect())
}

const EMAIL: &str = "SELECT email FROM people WHERE id = $1";

/// Where mail for a person goes.
pub(in crate::marketplace) async fn get_email(tx: &mut Tx, person: PersonId) -> Result<String, Error> {
    tx.q(EMAIL).bind(person).scalar().await
}

/// Where mail for a person went, for a page.
pub(in crate::marketplace) async fn get_email_shown(db: &Db, person: PersonId) -> Result<String, Error> {
    db.read(EMAIL).bind(person).scalar().await
}
