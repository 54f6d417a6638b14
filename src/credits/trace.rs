//! Where credits came from and where they went (CRD-11): from an agreement to its license ARN, items, entries,
//! transfers and expiration.
//!
//! A business sees its own entries only: that a contract came or went, never from whom or to whom (SUP-7).

use super::ledger::EntryKind;
use super::store::items;
use crate::access::BusinessScope;
use crate::db::{Db, Error};
use crate::kernel::clock::Timestamp;
use crate::kernel::id::{LicenseId, TransferId};

/// One entry in the life of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Traced {
    /// The item.
    pub license: LicenseId,
    /// The purchase's key at the marketplace.
    pub license_arn: String,
    /// The agreement.
    pub agreement: String,
    /// Granted, or moved by a transfer.
    pub kind: EntryKind,
    /// Signed credits.
    pub credits: i64,
    /// From when they count.
    pub effective_at: Timestamp,
    /// Until when, exclusive.
    pub expires_at: Timestamp,
    /// When the entry was written.
    pub recorded_at: Timestamp,
    /// The transfer that caused it.
    pub transfer: Option<TransferId>,
}

impl Traced {
    /// Whether its credits count in the pool at `now`.
    #[must_use]
    pub fn counts(&self, now: Timestamp) -> bool {
        self.effective_at <= now && now < self.expires_at
    }
}

/// Every entry of an agreement in the scope's pool, in the order of effect; empty when it has none there.
///
/// # Errors
/// Any storage error.
pub async fn of_agreement(db: &Db, scope: BusinessScope, agreement: &str) -> Result<Vec<Traced>, Error> {
    let rows = items::list_entries(db, scope, agreement).await?;
    Ok(rows.into_iter().map(Traced::from).collect())
}

/// Every entry of one item in the scope's pool, in the order of effect; empty when it has none there.
///
/// # Errors
/// Any storage error.
pub async fn of_license(db: &Db, scope: BusinessScope, license: LicenseId) -> Result<Vec<Traced>, Error> {
    let rows = items::list_entries_of(db, scope, license).await?;
    Ok(rows.into_iter().map(Traced::from).collect())
}

impl From<items::TraceRow> for Traced {
    fn from(row: items::TraceRow) -> Self {
        Self {
            license: row.license_id,
            license_arn: row.license_arn,
            agreement: row.agreement_id,
            kind: row.kind,
            credits: row.credits,
            effective_at: row.effective_at,
            expires_at: row.expires_at,
            recorded_at: row.recorded_at,
            transfer: row.transfer_id,
        }
    }
}
