//! Records of metered usage, and what decides whether one is kept.

use crate::db::{Db, Error, Tx};
use crate::kernel::clock::Timestamp;
use crate::marketplace::catalog::{CustomerIdentity, PAY_AS_YOU_GO};
use crate::marketplace::ids::{AgreementId, LicenseArn, ProductId};
use crate::marketplace::metering::{Record, TermSpan};

/// Every term of the chain that a license ARN belongs to, first to last; none for an ARN that is not known.
pub(in crate::marketplace) async fn list_terms(tx: &mut Tx, arn: &LicenseArn) -> Result<Vec<TermSpan>, Error> {
    tx.q("SELECT g.id AS agreement_id, g.license_arn, g.buyer_account_id, g.product_id, p.dimension = $2 AS is_metered, g.status, g.starts_at, g.ends_at FROM agreements g JOIN products p ON p.id = g.product_id WHERE g.initial_agreement_id = (SELECT x.initial_agreement_id FROM license_arns l JOIN agreements x ON x.id = l.agreement_id WHERE l.arn = $1) ORDER BY g.term_number")
        .bind(arn)
        .bind(PAY_AS_YOU_GO)
        .all()
        .await
}

/// The terms of one license, first to last.
pub(in crate::marketplace) async fn list_terms_of_license(tx: &mut Tx, arn: &LicenseArn) -> Result<Vec<TermSpan>, Error> {
    tx.q("SELECT g.id AS agreement_id, g.license_arn, g.buyer_account_id, g.product_id, p.dimension = $2 AS is_metered, g.status, g.starts_at, g.ends_at FROM agreements g JOIN products p ON p.id = g.product_id WHERE g.license_arn = $1 ORDER BY g.term_number")
        .bind(arn)
        .bind(PAY_AS_YOU_GO)
        .all()
        .await
}

/// The terms of a customer of a product, first to last.
pub(in crate::marketplace) async fn list_terms_of_customer(
    tx: &mut Tx,
    account: &str,
    product: &ProductId,
) -> Result<Vec<TermSpan>, Error> {
    tx.q("SELECT g.id AS agreement_id, g.license_arn, g.buyer_account_id, g.product_id, p.dimension = $3 AS is_metered, g.status, g.starts_at, g.ends_at FROM agreements g JOIN products p ON p.id = g.product_id WHERE g.buyer_account_id = $1 AND g.product_id = $2 ORDER BY g.starts_at, g.term_number, g.id")
        .bind(account)
        .bind(product)
        .bind(PAY_AS_YOU_GO)
        .all()
        .await
}

/// What is to know of a product whose use is told.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(in crate::marketplace) struct MeteredProduct {
    pub id: ProductId,
    pub dimension: String,
    pub usage_dimensions: String,
    pub customer_identity: CustomerIdentity,
}

/// The seller's own product of a code (rule 8).
pub(in crate::marketplace) async fn find_product(tx: &mut Tx, seller: &str, code: &str) -> Result<Option<MeteredProduct>, Error> {
    let found = tx.q("SELECT id, dimension, usage_dimensions, customer_identity FROM products WHERE product_code = $1 AND seller_id = $2");
    found.bind(code).bind(seller).opt().await
}

/// The seller's own product of a license (rule 8).
pub(in crate::marketplace) async fn find_product_of_license(
    tx: &mut Tx,
    seller: &str,
    arn: &LicenseArn,
) -> Result<Option<MeteredProduct>, Error> {
    let found = tx.q("SELECT p.id, p.dimension, p.usage_dimensions, p.customer_identity FROM license_arns l JOIN products p ON p.id = l.product_id WHERE l.arn = $1 AND p.seller_id = $2");
    found.bind(arn).bind(seller).opt().await
}

/// Whether a buyer has this account.
pub(in crate::marketplace) async fn is_buyer(tx: &mut Tx, account: &str) -> Result<bool, Error> {
    Ok(tx.q("SELECT id FROM buyer_accounts WHERE id = $1").bind(account).opt::<(String,)>().await?.is_some())
}

/// Keeps a record; one that is there already stays as it is.
pub(in crate::marketplace) async fn insert(tx: &mut Tx, term: &TermSpan, record: &Record, now: Timestamp) -> Result<(), Error> {
    tx.q("INSERT INTO metering_records (record_key, license_arn, agreement_id, dimension, hour_at, quantity, received_at) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING")
        .bind(&record.key)
        .bind(&term.license_arn)
        .bind(&term.agreement_id)
        .bind(&record.dimension)
        .bind(record.hour_at)
        .bind(record.quantity)
        .bind(now)
        .exec()
        .await?;
    Ok(())
}

/// A record that is told by the API.
#[derive(Clone, Debug)]
pub(in crate::marketplace) struct ToldRow<'r> {
    pub key: String,
    pub license_arn: &'r LicenseArn,
    pub agreement_id: &'r AgreementId,
    pub dimension: &'r str,
    pub hour_at: Timestamp,
    pub quantity: (i64, i64),
    pub allocations: Option<&'r str>,
    pub access_key: &'r str,
}

/// Keeps a record that was told by the API; false when there is one of the hour already, which stays as it is.
pub(in crate::marketplace) async fn insert_told(tx: &mut Tx, row: &ToldRow<'_>, now: Timestamp) -> Result<bool, Error> {
    let inserted = tx.q("INSERT INTO metering_records (record_key, license_arn, agreement_id, dimension, hour_at, quantity, millionths, allocations, access_key_id, received_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING")
        .bind(&row.key)
        .bind(row.license_arn)
        .bind(row.agreement_id)
        .bind(row.dimension)
        .bind(row.hour_at)
        .bind(row.quantity.0)
        .bind(row.quantity.1)
        .bind(row.allocations)
        .bind(row.access_key)
        .bind(now)
        .exec()
        .await?;
    Ok(inserted == 1)
}

/// Key and quantity of the record of an hour.
pub(in crate::marketplace) async fn get_of_hour(tx: &mut Tx, row: &ToldRow<'_>) -> Result<(String, i64, i64), Error> {
    tx.q("SELECT record_key, quantity, millionths FROM metering_records WHERE license_arn = $1 AND dimension = $2 AND hour_at = $3")
        .bind(row.license_arn)
        .bind(row.dimension)
        .bind(row.hour_at)
        .one()
        .await
}

/// Sums of a dimension: whole units, and what is beyond them.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(in crate::marketplace) struct UsedRow {
    pub dimension: String,
    pub this_month: i64,
    pub this_millionths: i64,
    pub last_month: i64,
    pub last_millionths: i64,
}

/// Sums by dimension, of the month from the second instant on and of the one between the two.
pub(in crate::marketplace) async fn used(
    db: &Db,
    initial: &AgreementId,
    (last, this): (Timestamp, Timestamp),
) -> Result<Vec<UsedRow>, Error> {
    db.read("SELECT m.dimension, CAST(SUM(CASE WHEN m.hour_at >= $3 THEN m.quantity ELSE 0 END) AS BIGINT) AS this_month, CAST(SUM(CASE WHEN m.hour_at >= $3 THEN m.millionths ELSE 0 END) AS BIGINT) AS this_millionths, CAST(SUM(CASE WHEN m.hour_at < $3 THEN m.quantity ELSE 0 END) AS BIGINT) AS last_month, CAST(SUM(CASE WHEN m.hour_at < $3 THEN m.millionths ELSE 0 END) AS BIGINT) AS last_millionths FROM metering_records m JOIN agreements g ON g.id = m.agreement_id WHERE g.initial_agreement_id = $1 AND m.hour_at >= $2 GROUP BY m.dimension ORDER BY m.dimension")
        .bind(initial)
        .bind(last)
        .bind(this)
        .all()
        .await
}
