//! What staff find out about purchases in the embedded marketplace (SUP-1): whose agreement it is, how it stands, whether
//! it was set up. It only reads. Tokens and payment methods are not among the columns (SUP-9).

use super::agreement::AgreementStatus;
use crate::access::StaffScope;
use crate::db::{Db, Error};
use crate::kernel::clock::Timestamp;
use crate::kernel::page::{Cursor, PageSize, Paged};

/// An agreement with the license ARN of its purchase.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct AgreementRecord {
    /// Its id.
    pub id: String,
    /// The key of the purchase.
    pub license_arn: String,
    /// What was bought.
    pub product_name: String,
    /// Who bought it, 12 digits.
    pub buyer_account_id: String,
    /// The account's name.
    pub buyer_name: String,
    /// How it stands.
    pub status: AgreementStatus,
    /// Credits in force.
    pub credits: i64,
    /// Start of the term.
    pub starts_at: Timestamp,
    /// End of the term, exclusive.
    pub ends_at: Timestamp,
    /// Whether it renews by itself.
    pub auto_renew: bool,
    /// When somebody first clicked *Set up your account*.
    pub set_up_at: Option<Timestamp>,
    /// When the vendor told that it was activated.
    pub activated_at: Option<Timestamp>,
}

impl AgreementRecord {
    /// The last part of the license ARN, by which staff address a purchase: `l-` and 32 hexadecimal digits.
    #[must_use]
    pub fn key(&self) -> &str {
        self.license_arn.rsplit(':').next().unwrap_or_default()
    }
}

const AGREEMENT: &str = "SELECT g.id, g.license_arn, p.name AS product_name, g.buyer_account_id, a.name AS buyer_name, g.status, CASE WHEN p.dimension = 'pay_as_you_go' THEN 0 ELSE g.credits END AS credits, g.starts_at, g.ends_at, g.auto_renew, k.set_up_at, k.activated_at FROM agreements g JOIN products p ON p.id = g.product_id JOIN buyer_accounts a ON a.id = g.buyer_account_id LEFT JOIN license_arns k ON k.arn = g.license_arn WHERE ";

/// One agreement by its id.
///
/// # Errors
/// Any storage error.
pub async fn find_agreement(db: &Db, _: StaffScope, id: &str) -> Result<Option<AgreementRecord>, Error> {
    db.read(AGREEMENT).push_bind("g.id = ", id).opt().await
}

/// The newest agreement of a purchase, by the last part of its license ARN.
///
/// # Errors
/// Any storage error.
pub async fn find_purchase(db: &Db, _: StaffScope, key: &str) -> Result<Option<AgreementRecord>, Error> {
    let arn: Option<(String,)> = db.read("SELECT arn FROM license_arns WHERE SUBSTR(arn, LENGTH(arn) - 33) = $1").bind(key).opt().await?;
    let Some((arn,)) = arn else { return Ok(None) };
    db.read(AGREEMENT).push_bind("g.license_arn = ", arn).push(" ORDER BY g.starts_at DESC, g.id DESC LIMIT 1").opt().await
}

/// The agreements of a buyer account, newest first.
///
/// # Errors
/// Any storage error.
pub async fn list_agreements(
    db: &Db,
    _: StaffScope,
    account: &str,
    after: Option<&Cursor>,
    size: PageSize,
) -> Result<Paged<AgreementRecord>, Error> {
    let mut query = db.read(AGREEMENT).push_bind("g.buyer_account_id = ", account);
    if let Some((key, id)) = after.and_then(Cursor::number) {
        let at = Timestamp::from_timestamp_micros(key).unwrap_or_default();
        query = query.push_bind(" AND (g.starts_at, g.id) < (", at).push_bind(", ", id).push(")");
    }
    let rows = query.push_bind(" ORDER BY g.starts_at DESC, g.id DESC LIMIT ", size.overfetch()).all().await?;
    Ok(Paged::from_overfetch(rows, size, |last: &AgreementRecord| Cursor::of_number(last.starts_at.timestamp_micros(), &last.id)))
}
