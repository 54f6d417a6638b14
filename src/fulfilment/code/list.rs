//! Codes and batches as staff read them. Nothing here can show a code: only its last group is known.

use super::{Status, masked};
use crate::access::StaffScope;
use crate::db::{Db, Error};
use crate::fulfilment::store::codes as store;
use crate::kernel::clock::Timestamp;
use crate::kernel::credits::Credits;
use crate::kernel::id::{BusinessId, CodeBatchId, CodeId, LicenseId};
use crate::kernel::page::{Cursor, PageSize, Paged};
use crate::kernel::text::search_words;

/// A product that the console knows.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct ProductRecord {
    /// Its code.
    pub product_code: String,
    /// Its name.
    pub product_name: String,
    /// Who sells it.
    pub seller_name: String,
}

/// Codes that were issued together.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct BatchRecord {
    /// Its id.
    pub id: CodeBatchId,
    /// The product's code.
    pub product_code: String,
    /// Its name.
    pub product_name: String,
    /// Who sells it.
    pub seller_name: String,
    /// Credits of each code.
    pub credits: Credits,
    /// Calendar months of each license.
    pub term_months: i64,
    /// Number of the direct order.
    pub order_number: String,
    /// From when on no code can be used.
    pub valid_until: Timestamp,
    /// The only business that can use them.
    pub business_id: Option<BusinessId>,
    /// Its name.
    pub business_name: Option<String>,
    /// How many codes.
    pub size: i64,
    /// Who issued them.
    pub issued_by_name: String,
    /// When.
    pub issued_at: Timestamp,
    /// How many were used.
    pub used: i64,
    /// How many were taken back.
    pub withdrawn: i64,
}

impl BatchRecord {
    /// How many codes are neither used nor taken back; none once they are expired.
    #[must_use]
    pub fn open(&self, now: Timestamp) -> i64 {
        if now < self.valid_until { self.size - self.used - self.withdrawn } else { 0 }
    }
}

/// One code of a batch.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct CodeRecord {
    /// Its id.
    pub id: CodeId,
    /// Its place in the batch, from 1.
    pub place: i64,
    last_group: String,
    /// When it was used.
    pub used_at: Option<Timestamp>,
    /// By whom.
    pub used_by_name: Option<String>,
    /// In which business.
    pub business_id: Option<BusinessId>,
    /// Its name.
    pub business_name: Option<String>,
    /// When it was taken back.
    pub withdrawn_at: Option<Timestamp>,
    valid_until: Timestamp,
    /// The license that it made.
    pub license: Option<LicenseId>,
}

impl CodeRecord {
    /// What is shown of it.
    #[must_use]
    pub fn masked(&self) -> String {
        masked(&self.last_group)
    }

    /// How it stands.
    #[must_use]
    pub fn status(&self, now: Timestamp) -> Status {
        Status::of(self.used_at, self.withdrawn_at, self.valid_until, now)
    }
}

/// What the list of batches is narrowed by.
#[derive(Clone, Debug, Default)]
pub struct BatchFilter {
    pub(in crate::fulfilment) words: Vec<String>,
    pub(in crate::fulfilment) last_group: Option<String>,
}

impl BatchFilter {
    /// Words of the order, the product or the seller; or the last group of a code, or the code as it is shown.
    #[must_use]
    pub fn parse(typed: &str) -> Self {
        let group = typed.trim().rsplit(['-', '•']).next().unwrap_or_default().to_ascii_uppercase();
        let is_group = typed.contains('•') && group.len() == 5;
        if is_group { Self { words: Vec::new(), last_group: Some(group) } } else { Self { words: search_words(typed), last_group: None } }
    }
}

/// Batches, newest first, with the number of all that match.
///
/// # Errors
/// Any storage error.
pub async fn batches(
    db: &Db,
    _: StaffScope,
    filter: &BatchFilter,
    after: Option<&Cursor>,
    size: PageSize,
) -> Result<Paged<BatchRecord>, Error> {
    let rows = store::list_batches(db, filter, after, size.overfetch()).await?;
    let total = store::count_batches(db, filter).await?;
    Ok(Paged::from_overfetch(rows, size, |row| Cursor::of_time(row.issued_at, row.id.uuid())).with_total(total))
}

/// One batch.
///
/// # Errors
/// Any storage error.
pub async fn batch(db: &Db, _: StaffScope, id: CodeBatchId) -> Result<Option<BatchRecord>, Error> {
    store::find_batch(db, id).await
}

/// Codes of a batch in their order.
///
/// # Errors
/// Any storage error.
pub async fn codes(
    db: &Db,
    _: StaffScope,
    batch: CodeBatchId,
    (status, now): (Option<Status>, Timestamp),
    after: Option<&Cursor>,
    size: PageSize,
) -> Result<Paged<CodeRecord>, Error> {
    let from = after.and_then(Cursor::number).map_or(0, |(place, _)| place);
    let rows = store::list_codes(db, batch, (status, now), from, size.overfetch()).await?;
    Ok(Paged::from_overfetch(rows, size, |row| Cursor::of_number(row.place, row.id.to_string())))
}

/// Products that a code can be issued for by choosing.
///
/// # Errors
/// Any storage error.
pub async fn products(db: &Db, _: StaffScope) -> Result<Vec<ProductRecord>, Error> {
    store::list_products(db).await
}
