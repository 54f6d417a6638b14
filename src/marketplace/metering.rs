//! Metered usage as the console tells it (CRD-9): one record a license, dimension and hour, kept once whatever is repeated,
//! and only for hours in which the subscription was in force. What a seller tells by the API is [`super::batch`]'s and
//! shares these records. What it costs is the vendor's.

use super::agreement::AgreementStatus;
use super::ids::{AgreementId, LicenseArn, ProductId};
use super::store::metering as store;
use super::used::Used;
use crate::db::{Db, Error};
use crate::kernel::clock::Timestamp;
use crate::tx;
use chrono::TimeDelta;

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

/// A term of a subscription's chain.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct TermSpan {
    pub agreement_id: AgreementId,
    pub license_arn: LicenseArn,
    pub buyer_account_id: String,
    pub product_id: ProductId,
    pub is_metered: bool,
    pub status: AgreementStatus,
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
}

impl TermSpan {
    /// Whether it was ever in force.
    pub(super) const fn was_in_force(&self) -> bool {
        !matches!(self.status, AgreementStatus::Pending | AgreementStatus::RolledBack)
    }

    /// Whether some of the hour was in force (TIM-3).
    pub(super) fn covers(&self, hour_at: Timestamp) -> bool {
        self.was_in_force() && hour_at < self.ends_at && self.starts_at < hour_at + TimeDelta::hours(1)
    }
}

/// Keeps the records of a purchase, each once; false for a purchase that is not this marketplace's, or not charged by use.
/// An hour outside of every term is not kept: nobody was subscribed then.
///
/// # Errors
/// Any storage error; nothing is kept then.
pub async fn take(db: &Db, arn: &LicenseArn, records: &[Record], now: Timestamp) -> Result<bool, Error> {
    tx!(db, |tx| {
        let terms = store::list_terms(tx, arn).await?;
        if !terms.iter().any(|term| term.is_metered) {
            return Ok(false);
        }
        for record in records {
            match terms.iter().find(|term| term.covers(record.hour_at)) {
                // Under the license of its own term, as the API names it, so that no hour is there twice.
                Some(term) => store::insert(tx, term, record, now).await?,
                None => tracing::warn!(arn = arn.as_str(), hour = %record.hour_at, "usage of an hour without a subscription is not kept"),
            }
        }
        Ok(true)
    })
}

/// What was used of a dimension in two months, in unit-hours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsedInMonths {
    /// What was used.
    pub dimension: String,
    /// In the present month.
    pub this_month: Used,
    /// In the one before.
    pub last_month: Used,
}

/// What a chain of agreements used in the month that began at the second instant and in the one that began at the first.
///
/// # Errors
/// Any storage error.
pub async fn used(db: &Db, initial: &AgreementId, months: (Timestamp, Timestamp)) -> Result<Vec<UsedInMonths>, Error> {
    let rows = store::used(db, initial, months).await?;
    Ok(rows
        .into_iter()
        .map(|row| UsedInMonths {
            dimension: row.dimension,
            this_month: Used::of_parts(row.this_month, row.this_millionths),
            last_month: Used::of_parts(row.last_month, row.last_millionths),
        })
        .collect())
}
