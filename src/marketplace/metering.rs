//! Metered usage as the marketplace is told of it: one record a purchase, dimension and hour, kept once whatever is repeated.

use super::ids::{AgreementId, LicenseArn};
use super::store::metering as store;
use crate::db::{Db, Error};
use crate::kernel::clock::Timestamp;
use crate::tx;

/// Usage of one hour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Whoever meters makes it; the same key is the same record.
    pub key: String,
    /// What was used.
    pub dimension: String,
    /// The beginning of the hour.
    pub hour_at: Timestamp,
    /// How much, more than zero.
    pub quantity: i64,
}

/// Keeps the records of a purchase, each once; false for a purchase that is not this marketplace's.
///
/// # Errors
/// Any storage error; nothing is kept then.
pub async fn take(db: &Db, arn: &LicenseArn, records: &[Record], now: Timestamp) -> Result<bool, Error> {
    tx!(db, |tx| {
        let Some(agreement) = store::find_agreement(tx, arn).await? else { return Ok(false) };
        for record in records {
            store::insert(tx, (arn, &agreement), record, now).await?;
        }
        Ok(true)
    })
}

/// What a purchase used of a dimension between two instants, as the marketplace was told.
///
/// # Errors
/// Any storage error.
pub async fn totals(db: &Db, agreement: &AgreementId, from: Timestamp, to: Timestamp) -> Result<Vec<(String, i64)>, Error> {
    store::totals(db, agreement, from, to).await
}
