//! Entitlements: what a license ARN is worth at this moment, for the seller. Totals, never differences.

use super::ids::LicenseArn;
use super::store::agreements as store;
use crate::db::{Db, Error};
use crate::kernel::clock::Timestamp;
use crate::kernel::credits::Credits;

/// One row of the truth.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Entitlement {
    /// What is counted.
    pub dimension: String,
    /// The total in force.
    pub quantity: Credits,
    /// First instant at which it is over.
    pub expires_at: Timestamp,
}

/// The entitlements in force (TIM-3). None while the payment is pending, after the end, and for another product's code.
///
/// # Errors
/// Any storage error.
pub async fn in_force(db: &Db, product_code: &str, arn: &LicenseArn, now: Timestamp) -> Result<Vec<Entitlement>, Error> {
    store::list_entitlements(db, product_code, arn, now).await
}
