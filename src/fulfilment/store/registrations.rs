//! SQL of registrations and of the handles that browsers hold.

use crate::db::{Db, Error, Tx};
use crate::fulfilment::license::Source;
use crate::fulfilment::registration::{Held, Purchase, Registration};
use crate::kernel::clock::Timestamp;
use crate::kernel::id::{BusinessId, PersonId, RegistrationId};
use crate::kernel::secret::Secret;

#[derive(sqlx::FromRow)]
struct Row {
    id: RegistrationId,
    source: Source,
    license_arn: String,
    product_code: String,
    product_name: String,
    seller_name: String,
    agreement_id: String,
    buyer_account_id: String,
    landed_at: Timestamp,
    expires_at: Timestamp,
    completed_at: Option<Timestamp>,
}

impl From<Row> for Registration {
    fn from(row: Row) -> Self {
        let purchase = Purchase {
            source: row.source,
            license_arn: row.license_arn,
            product_code: row.product_code,
            product_name: row.product_name,
            seller_name: row.seller_name,
            agreement_id: row.agreement_id,
            buyer_account_id: row.buyer_account_id,
        };
        Self { id: row.id, purchase, landed_at: row.landed_at, expires_at: row.expires_at, completed_at: row.completed_at }
    }
}

#[derive(sqlx::FromRow)]
struct HeldRow {
    #[sqlx(flatten)]
    registration: Row,
    bound_to: Option<BusinessId>,
    handle_until: Timestamp,
}

/// A token that was presented for the first time.
pub(in crate::fulfilment) struct Presented<'a> {
    pub token: &'a Secret,
    pub purchase: &'a Purchase,
    pub landed_at: Timestamp,
    pub expires_at: Timestamp,
}

/// Keeps the registration of a token; false when this token was presented before, and then nothing changes.
pub(in crate::fulfilment) async fn insert(tx: &mut Tx, presented: &Presented<'_>) -> Result<bool, Error> {
    let purchase = presented.purchase;
    let inserted = tx
        .q("INSERT INTO registrations (id, token_hash, source, license_arn, product_code, product_name, seller_name, agreement_id, buyer_account_id, landed_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (token_hash) DO NOTHING")
        .bind(RegistrationId::generate())
        .bind(presented.token.hash())
        .bind(purchase.source)
        .bind(&purchase.license_arn)
        .bind(&purchase.product_code)
        .bind(&purchase.product_name)
        .bind(&purchase.seller_name)
        .bind(&purchase.agreement_id)
        .bind(&purchase.buyer_account_id)
        .bind(presented.landed_at)
        .bind(presented.expires_at)
        .exec()
        .await?;
    Ok(inserted == 1)
}

/// The registration of a token. A purchase that was activated completes every registration of it, also one that landed
/// in the same instant or later (SET-10), so the contract is asked too.
pub(in crate::fulfilment) async fn get_by_token(tx: &mut Tx, token: &Secret) -> Result<Registration, Error> {
    let row = tx
        .q("SELECT r.id, r.source, r.license_arn, r.product_code, r.product_name, r.seller_name, r.agreement_id, r.buyer_account_id, r.landed_at, r.expires_at, COALESCE(r.completed_at, c.activated_at) AS completed_at FROM registrations r LEFT JOIN contracts c ON c.license_arn = r.license_arn WHERE r.token_hash = $1")
        .bind(token.hash())
        .one::<Row>()
        .await?;
    Ok(row.into())
}

/// A new handle for a browser, or for a colleague's browser in one business.
pub(in crate::fulfilment) struct Handle<'a> {
    pub hash: &'a [u8],
    pub registration: RegistrationId,
    pub bound_to: Option<BusinessId>,
    pub created_by: Option<PersonId>,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

/// Keeps the hash of a handle.
pub(in crate::fulfilment) async fn insert_handle(tx: &mut Tx, handle: &Handle<'_>) -> Result<(), Error> {
    tx.q("INSERT INTO registration_handles (handle_hash, registration_id, business_id, created_by, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)")
        .bind(handle.hash.to_vec())
        .bind(handle.registration)
        .bind(handle.bound_to)
        .bind(handle.created_by)
        .bind(handle.created_at)
        .bind(handle.expires_at)
        .exec_one()
        .await
}

/// What a handle stands for, while it is kept.
pub(in crate::fulfilment) async fn find_held(db: &Db, handle: &Secret, now: Timestamp) -> Result<Option<Held>, Error> {
    let row = db
        .read("SELECT r.id, r.source, r.license_arn, r.product_code, r.product_name, r.seller_name, r.agreement_id, r.buyer_account_id, r.landed_at, r.expires_at, COALESCE(r.completed_at, c.activated_at) AS completed_at, h.business_id AS bound_to, h.expires_at AS handle_until FROM registration_handles h JOIN registrations r ON r.id = h.registration_id LEFT JOIN contracts c ON c.license_arn = r.license_arn WHERE h.handle_hash = $1 AND h.expires_at > $2")
        .bind(handle.hash())
        .bind(now)
        .opt::<HeldRow>()
        .await?;
    Ok(row.map(|row| Held { registration: row.registration.into(), bound_to: row.bound_to, handle_until: row.handle_until }))
}

/// Closes every open registration of a purchase (SET-10); how many there were.
pub(in crate::fulfilment) async fn complete_all(tx: &mut Tx, license_arn: &str, now: Timestamp) -> Result<u64, Error> {
    tx.q("UPDATE registrations SET completed_at = $2 WHERE license_arn = $1 AND completed_at IS NULL")
        .bind(license_arn)
        .bind(now)
        .exec()
        .await
}

/// Removes the handles that no browser can use any more; how many.
pub(in crate::fulfilment) async fn forget_handles(db: &Db, now: Timestamp) -> Result<u64, Error> {
    db.write("DELETE FROM registration_handles WHERE expires_at <= $1").bind(now).exec().await
}
