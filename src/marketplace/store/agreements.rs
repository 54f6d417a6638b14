//! Agreements, license ARNs, entitlements.

use crate::access::BuyerScope;
use crate::db::{Db, Error, Tx};
use crate::kernel::clock::Timestamp;
use crate::kernel::credits::Credits;
use crate::marketplace::agreement::{Agreement, AgreementStatus};
use crate::marketplace::entitlement::Entitlement;
use crate::marketplace::ids::{AgreementId, LicenseArn, ProductId, QuoteId};

const COLUMNS: &str = "SELECT a.id, a.initial_agreement_id, a.quote_id, a.buyer_account_id, a.product_id, a.offer_id, a.license_arn, a.status, a.anchor_at, a.term_number, a.duration_months, a.starts_at, a.ends_at, a.auto_renew, a.credits, a.next_credits, a.purchase_order, a.accepted_by, a.accepted_at FROM agreements a WHERE ";

/// Keeps a new agreement.
pub(in crate::marketplace) async fn insert(tx: &mut Tx, agreement: &Agreement) -> Result<(), Error> {
    tx.q("INSERT INTO agreements (id, initial_agreement_id, quote_id, buyer_account_id, product_id, offer_id, license_arn, status, anchor_at, term_number, duration_months, starts_at, ends_at, auto_renew, credits, purchase_order, accepted_by, accepted_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)")
        .bind(&agreement.id)
        .bind(&agreement.initial_agreement_id)
        .bind(&agreement.quote_id)
        .bind(&agreement.buyer_account_id)
        .bind(&agreement.product_id)
        .bind(&agreement.offer_id)
        .bind(&agreement.license_arn)
        .bind(agreement.status)
        .bind(agreement.anchor_at)
        .bind(agreement.term_number)
        .bind(agreement.duration_months)
        .bind(agreement.starts_at)
        .bind(agreement.ends_at)
        .bind(agreement.auto_renew)
        .bind(agreement.credits)
        .bind(&agreement.purchase_order)
        .bind(agreement.accepted_by)
        .bind(agreement.accepted_at)
        .exec_one()
        .await
}

/// An agreement of the buyer's own account (MKT-14).
pub(in crate::marketplace) async fn find(db: &Db, scope: &BuyerScope, id: &AgreementId) -> Result<Option<Agreement>, Error> {
    db.read(COLUMNS).push_bind("a.id = ", id).push_bind(" AND a.buyer_account_id = ", scope.account()).opt().await
}

/// The same, locked.
pub(in crate::marketplace) async fn lock(tx: &mut Tx, scope: &BuyerScope, id: &AgreementId) -> Result<Option<Agreement>, Error> {
    tx.lock(COLUMNS).push_bind("a.id = ", id).push_bind(" AND a.buyer_account_id = ", scope.account()).opt().await
}

/// The agreement that a quote in hand names, locked.
pub(in crate::marketplace) async fn lock_named(tx: &mut Tx, id: &AgreementId) -> Result<Agreement, Error> {
    tx.lock(COLUMNS).push_bind("a.id = ", id).one().await
}

/// The agreement that a quote made, locked.
pub(in crate::marketplace) async fn lock_of_quote(tx: &mut Tx, quote: &QuoteId) -> Result<Agreement, Error> {
    tx.lock(COLUMNS).push_bind("a.quote_id = ", quote).one().await
}

/// The agreement that a quote made.
pub(in crate::marketplace) async fn find_of_quote(tx: &mut Tx, quote: &QuoteId) -> Result<Option<Agreement>, Error> {
    tx.q(COLUMNS).push_bind("a.quote_id = ", quote).opt().await
}

/// The id of the agreement that a quote of the buyer's own account made.
pub(in crate::marketplace) async fn find_id_of_quote(db: &Db, scope: &BuyerScope, quote: &QuoteId) -> Result<Option<AgreementId>, Error> {
    let row = db.read("SELECT a.id FROM agreements a WHERE a.quote_id = $1 AND a.buyer_account_id = $2").bind(quote).bind(scope.account());
    Ok(row.opt::<(AgreementId,)>().await?.map(|(id,)| id))
}

/// The agreement behind a license ARN, for the seller's side.
pub(in crate::marketplace) async fn find_by_arn(db: &Db, arn: &LicenseArn) -> Result<Option<Agreement>, Error> {
    db.read(COLUMNS).push_bind("a.id = (SELECT l.agreement_id FROM license_arns l WHERE l.arn = ", arn).push(")").opt().await
}

/// The account's agreements for a product that are in force, newest first (MKT-11).
pub(in crate::marketplace) async fn list_active(
    db: &Db,
    scope: &BuyerScope,
    product: &ProductId,
    now: Timestamp,
    most: i64,
) -> Result<Vec<Agreement>, Error> {
    db.read(COLUMNS)
        .push_bind("a.buyer_account_id = ", scope.account())
        .push_bind(" AND a.product_id = ", product)
        .push_bind(" AND a.status = 'active' AND a.ends_at > ", now)
        .push_bind(" ORDER BY a.starts_at DESC, a.id DESC LIMIT ", most)
        .all()
        .await
}

/// A pending one is decided; only once.
pub(in crate::marketplace) async fn settle(tx: &mut Tx, id: &AgreementId, status: AgreementStatus) -> Result<(), Error> {
    tx.q("UPDATE agreements SET status = $2 WHERE id = $1 AND status = 'pending'").bind(id).bind(status).exec_one().await
}

/// Credits were added.
pub(in crate::marketplace) async fn raise(tx: &mut Tx, id: &AgreementId, total: Credits) -> Result<(), Error> {
    tx.q("UPDATE agreements SET credits = $2 WHERE id = $1 AND credits < $2").bind(id).bind(total).exec_one().await
}

/// What happens at the end was chosen.
pub(in crate::marketplace) async fn set_renewal(
    tx: &mut Tx,
    id: &AgreementId,
    auto_renew: bool,
    next: Option<Credits>,
) -> Result<(), Error> {
    tx.q("UPDATE agreements SET auto_renew = $2, next_credits = $3 WHERE id = $1").bind(id).bind(auto_renew).bind(next).exec_one().await
}

/// A row of `license_arns`.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(in crate::marketplace) struct ArnRow {
    pub agreement_id: AgreementId,
    pub buyer_account_id: String,
    pub set_up_at: Option<Timestamp>,
    pub activated_at: Option<Timestamp>,
}

/// Makes the key of a purchase.
pub(in crate::marketplace) async fn insert_arn(tx: &mut Tx, agreement: &Agreement) -> Result<(), Error> {
    tx.q("INSERT INTO license_arns (arn, agreement_id, product_id, buyer_account_id, created_at) VALUES ($1, $2, $3, $4, $5)")
        .bind(&agreement.license_arn)
        .bind(&agreement.id)
        .bind(&agreement.product_id)
        .bind(&agreement.buyer_account_id)
        .bind(agreement.accepted_at)
        .exec_one()
        .await
}

const ARN: &str = "SELECT agreement_id, buyer_account_id, set_up_at, activated_at FROM license_arns WHERE arn = $1";

/// The key of a purchase, locked.
pub(in crate::marketplace) async fn lock_arn(tx: &mut Tx, arn: &LicenseArn) -> Result<Option<ArnRow>, Error> {
    tx.lock(ARN).bind(arn).opt().await
}

/// The key of a purchase, for a page.
pub(in crate::marketplace) async fn get_arn(db: &Db, arn: &LicenseArn) -> Result<ArnRow, Error> {
    db.read(ARN).bind(arn).one().await
}

/// Set-up was begun for the first time.
pub(in crate::marketplace) async fn set_up(tx: &mut Tx, arn: &LicenseArn, at: Timestamp) -> Result<(), Error> {
    tx.q("UPDATE license_arns SET set_up_at = $2 WHERE arn = $1 AND set_up_at IS NULL").bind(arn).bind(at).exec_one().await
}

/// It was activated.
pub(in crate::marketplace) async fn activate(tx: &mut Tx, arn: &LicenseArn, at: Timestamp) -> Result<(), Error> {
    tx.q("UPDATE license_arns SET activated_at = $2 WHERE arn = $1 AND activated_at IS NULL").bind(arn).bind(at).exec_one().await
}

/// The first entitlement of a purchase.
pub(in crate::marketplace) async fn insert_entitlement(tx: &mut Tx, agreement: &Agreement, now: Timestamp) -> Result<(), Error> {
    tx.q("INSERT INTO entitlements (license_arn, dimension, quantity, expires_at, updated_at) SELECT $1, p.dimension, CAST($2 AS BIGINT), $3, $4 FROM products p WHERE p.id = $5")
        .bind(&agreement.license_arn)
        .bind(agreement.credits)
        .bind(agreement.ends_at)
        .bind(now)
        .bind(&agreement.product_id)
        .exec_one()
        .await
}

/// Raises the total of a purchase (UPG-4); its expiry stays.
pub(in crate::marketplace) async fn raise_entitlement(
    tx: &mut Tx,
    agreement: &Agreement,
    total: Credits,
    now: Timestamp,
) -> Result<(), Error> {
    tx.q("UPDATE entitlements SET quantity = $2, updated_at = $3 WHERE license_arn = $1 AND quantity < $2")
        .bind(&agreement.license_arn)
        .bind(total)
        .bind(now)
        .exec_one()
        .await
}

/// What a purchase is worth at an instant; nothing for another product's code.
pub(in crate::marketplace) async fn list_entitlements(
    db: &Db,
    product_code: &str,
    arn: &LicenseArn,
    now: Timestamp,
) -> Result<Vec<Entitlement>, Error> {
    db.read("SELECT e.dimension, e.quantity, e.expires_at FROM entitlements e JOIN license_arns l ON l.arn = e.license_arn JOIN agreements a ON a.id = l.agreement_id JOIN products p ON p.id = l.product_id WHERE e.license_arn = $1 AND p.product_code = $2 AND a.status = 'active' AND e.expires_at > $3 ORDER BY e.dimension")
        .bind(arn)
        .bind(product_code)
        .bind(now)
        .all()
        .await
}
