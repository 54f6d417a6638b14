//! What staff find out about licenses across businesses (SUP-1): lists, one license with everything about its contract, and
//! the registrations of a purchase. It only reads; tokens and handles are not among the columns (SUP-9).

use super::code::masked;
use super::license::{Kind, Source, Status};
use crate::access::StaffScope;
use crate::db::{Db, Error, Query};
use crate::kernel::clock::Timestamp;
use crate::kernel::credits::Credits;
use crate::kernel::id::{BusinessId, CodeBatchId, ContractId, LicenseId, PersonId, RegistrationId};
use crate::kernel::page::{Cursor, PageSize, Paged};
use crate::kernel::text::like_pattern;

/// A license with its owner.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct LicenseRecord {
    /// Its id.
    pub id: LicenseId,
    /// The contract it is an item of.
    pub contract: ContractId,
    /// 1 is the original.
    pub item_number: i64,
    /// What made it.
    pub kind: Kind,
    /// Where it comes from.
    pub source: Source,
    /// What it is for.
    pub product_name: String,
    /// Under which agreement.
    pub agreement_id: String,
    /// What it grants.
    pub credits: Credits,
    /// Start of the term.
    pub starts_at: Timestamp,
    /// End of the term, exclusive.
    pub expires_at: Timestamp,
    /// When it was activated or booked.
    pub activated_at: Timestamp,
    /// By whom; nobody for items that followed by themselves.
    pub activated_by: Option<PersonId>,
    /// Their name.
    pub activated_by_name: Option<String>,
    /// When it was taken back.
    pub revoked_at: Option<Timestamp>,
    /// Whose it is.
    pub business: BusinessId,
    /// The owner's name.
    pub business_name: String,
}

impl LicenseRecord {
    /// How it stands.
    #[must_use]
    pub fn status(&self, now: Timestamp) -> Status {
        Status::of(self.revoked_at, self.expires_at, now)
    }
}

/// By what staff look for licenses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum By {
    /// Folded words, each in the product, the agreement or the owner's name.
    Words(Vec<String>),
    /// Its own id.
    License(LicenseId),
    /// Its contract's id.
    Contract(ContractId),
    /// The last part of the license ARN.
    Key(String),
    /// The agreement's id.
    Agreement(String),
    /// The buyer account's 12 digits.
    Account(String),
}

/// What a list of licenses is narrowed by.
#[derive(Clone, Debug, Default)]
pub struct LicenseFilter {
    /// What was searched for.
    pub by: Option<By>,
    /// Only this owner's.
    pub business: Option<BusinessId>,
    /// Only those that stand so.
    pub status: Option<Status>,
}

const LICENSE: &str = "SELECT l.id, l.contract_id AS contract, l.item_number, l.kind, l.source, l.product_name, l.agreement_id, l.credits, COALESCE(l.renewed_at, l.starts_at) AS starts_at, l.expires_at, l.activated_at, l.activated_by, p.name AS activated_by_name, l.revoked_at, l.business_id AS business, b.name AS business_name FROM licenses l JOIN businesses b ON b.id = l.business_id LEFT JOIN people p ON p.id = l.activated_by WHERE TRUE";
const COUNT: &str = "SELECT CAST(COUNT(*) AS BIGINT) FROM licenses l JOIN businesses b ON b.id = l.business_id WHERE TRUE";

fn narrowed<'q>(mut query: Query<'q>, filter: &LicenseFilter, now: Timestamp) -> Query<'q> {
    if let Some(business) = filter.business {
        query = query.push_bind(" AND l.business_id = ", business);
    }
    query = match filter.status {
        None => query,
        Some(Status::Active) => query.push_bind(" AND l.revoked_at IS NULL AND l.expires_at > ", now),
        Some(Status::Expired) => query.push_bind(" AND l.revoked_at IS NULL AND l.expires_at <= ", now),
        Some(Status::Revoked) => query.push(" AND l.revoked_at IS NOT NULL"),
        // What is not activated is no license yet; the page of the purchase shows it.
        Some(Status::NotActivated) => query.push(" AND FALSE"),
    };
    match &filter.by {
        None => query,
        Some(By::Words(words)) => words.iter().fold(query, |query, word| {
            let pattern = like_pattern(word);
            query
                .push_bind(" AND (l.search_key LIKE ", pattern.clone())
                .push_bind(" ESCAPE '\\' OR b.search_key LIKE ", pattern)
                .push(" ESCAPE '\\')")
        }),
        Some(By::License(license)) => query.push_bind(" AND l.id = ", *license),
        Some(By::Contract(contract)) => query.push_bind(" AND l.contract_id = ", *contract),
        Some(By::Key(key)) => query
            .push_bind(
                " AND l.contract_id IN (SELECT id FROM contracts WHERE SUBSTR(license_arn, LENGTH(license_arn) - 33) = ",
                key.clone(),
            )
            .push_bind(
                " UNION ALL SELECT contract_id FROM contract_arns WHERE SUBSTR(license_arn, LENGTH(license_arn) - 33) = ",
                key.clone(),
            )
            .push(")"),
        // A contract that was renewed under another agreement is found by either.
        Some(By::Agreement(agreement)) => query
            .push_bind(" AND (l.agreement_id = ", agreement.clone())
            .push_bind(" OR l.contract_id IN (SELECT id FROM contracts WHERE agreement_id = ", agreement.clone())
            .push("))"),
        Some(By::Account(account)) => {
            query.push_bind(" AND l.contract_id IN (SELECT id FROM contracts WHERE buyer_account_id = ", account.clone()).push(")")
        }
    }
}

/// Licenses of all businesses, the newest activation first.
///
/// # Errors
/// Any storage error.
pub async fn list_licenses(
    db: &Db,
    _: StaffScope,
    filter: &LicenseFilter,
    now: Timestamp,
    after: Option<&Cursor>,
    size: PageSize,
) -> Result<Paged<LicenseRecord>, Error> {
    let mut query = narrowed(db.read(LICENSE), filter, now);
    if let Some((at, id)) = after.and_then(Cursor::time) {
        query = query.push_bind(" AND (l.activated_at, l.id) < (", at).push_bind(", ", id).push(")");
    }
    let rows = query.push_bind(" ORDER BY l.activated_at DESC, l.id DESC LIMIT ", size.overfetch()).all().await?;
    Ok(Paged::from_overfetch(rows, size, |last: &LicenseRecord| Cursor::of_time(last.activated_at, last.id.uuid())))
}

/// How many licenses the filter leaves.
///
/// # Errors
/// Any storage error.
pub async fn count_licenses(db: &Db, _: StaffScope, filter: &LicenseFilter, now: Timestamp) -> Result<i64, Error> {
    narrowed(db.read(COUNT), filter, now).scalar().await
}

/// One license.
///
/// # Errors
/// Any storage error.
pub async fn find_license(db: &Db, _: StaffScope, id: LicenseId) -> Result<Option<LicenseRecord>, Error> {
    db.read(LICENSE).push_bind(" AND l.id = ", id).opt().await
}

/// The items of a contract, the original first.
///
/// # Errors
/// Any storage error.
pub async fn list_items(db: &Db, _: StaffScope, contract: ContractId) -> Result<Vec<LicenseRecord>, Error> {
    db.read(LICENSE).push_bind(" AND l.contract_id = ", contract).push(" ORDER BY l.item_number").all().await
}

/// The licenses of one license ARN taken together.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct ContractRecord {
    /// Its id.
    pub id: ContractId,
    /// Where it comes from.
    pub source: Source,
    /// The marketplace's key.
    pub license_arn: String,
    /// The seller's product.
    pub product_code: String,
    /// The seller.
    pub seller_name: String,
    /// What is counted.
    pub dimension: String,
    /// The agreement in force.
    pub agreement_id: String,
    /// The first of its chain.
    pub initial_agreement_id: String,
    /// The buyer's 12 digits.
    pub buyer_account_id: String,
    /// Whether it renews by itself.
    pub auto_renew: bool,
    /// The total that was booked.
    pub granted: Credits,
    /// End of the term, exclusive.
    pub expires_at: Timestamp,
    /// When it was activated.
    pub activated_at: Timestamp,
    /// By whom.
    pub activated_by: PersonId,
    /// Their name.
    pub activated_by_name: String,
    /// The batch of the activation code that it was made with.
    pub code_batch: Option<CodeBatchId>,
    last_group: Option<String>,
}

impl ContractRecord {
    /// The activation code that it was made with, masked.
    #[must_use]
    pub fn code(&self) -> Option<String> {
        self.last_group.as_deref().map(masked)
    }
}

/// One contract.
///
/// # Errors
/// Any storage error.
pub async fn find_contract(db: &Db, _: StaffScope, id: ContractId) -> Result<Option<ContractRecord>, Error> {
    db.read("SELECT c.id, c.source, c.license_arn, c.product_code, c.seller_name, c.dimension, c.agreement_id, c.initial_agreement_id, c.buyer_account_id, c.auto_renew, c.granted, c.expires_at, c.activated_at, c.activated_by, p.name AS activated_by_name, a.batch_id AS code_batch, a.last_group FROM contracts c JOIN people p ON p.id = c.activated_by LEFT JOIN activation_codes a ON a.contract_id = c.id WHERE c.id = $1")
        .bind(id)
        .opt()
        .await
}

/// A token that was presented for a purchase; the token itself is not known.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct RegistrationRecord {
    /// Its id.
    pub id: RegistrationId,
    /// The marketplace's key.
    pub license_arn: String,
    /// What was bought.
    pub product_name: String,
    /// Under which agreement.
    pub agreement_id: String,
    /// The buyer's 12 digits.
    pub buyer_account_id: String,
    /// When the buyer landed.
    pub landed_at: Timestamp,
    /// Until when it can be activated, exclusive.
    pub expires_at: Timestamp,
    /// When it was activated.
    pub completed_at: Option<Timestamp>,
}

/// The newest registrations of a purchase, by the last part of its license ARN, at most `most`.
///
/// # Errors
/// Any storage error.
pub async fn list_registrations(db: &Db, _: StaffScope, key: &str, most: i64) -> Result<Vec<RegistrationRecord>, Error> {
    db.read("SELECT id, license_arn, product_name, agreement_id, buyer_account_id, landed_at, expires_at, completed_at FROM registrations WHERE SUBSTR(license_arn, LENGTH(license_arn) - 33) = $1 ORDER BY landed_at DESC, id DESC LIMIT $2")
        .bind(key)
        .bind(most)
        .all()
        .await
}

/// What the console saw of a purchase before it was activated.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct LandingsRecord {
    /// The marketplace's key.
    pub license_arn: String,
    /// How many tokens were presented.
    pub landings: i64,
    /// When the last one was.
    pub landed_at: Timestamp,
    /// Until when any of them can be activated, exclusive.
    pub expires_at: Timestamp,
}

/// The attempts at these purchases; those without any are left out.
///
/// # Errors
/// Any storage error.
pub async fn list_landings(db: &Db, _: StaffScope, arns: &[&str]) -> Result<Vec<LandingsRecord>, Error> {
    let Some((first, others)) = arns.split_first() else { return Ok(Vec::new()) };
    let query = db
        .read("SELECT license_arn, CAST(COUNT(*) AS BIGINT) AS landings, MAX(landed_at) AS landed_at, MAX(expires_at) AS expires_at FROM registrations WHERE license_arn IN (")
        .push_bind("", (*first).to_owned());
    let query = others.iter().fold(query, |query, arn| query.push_bind(", ", (*arn).to_owned()));
    query.push(") GROUP BY license_arn").all().await
}
