//! Reads what a plan begins from: the valid credits of each contract and what each feature reserves, at one instant.

use super::in_use;
use super::planner::Baseline;
use super::store::planning;
use crate::access::BusinessScope;
use crate::db::{Db, Error};
use crate::kernel::clock::Timestamp;

/// The pool of the scope's business at `now`, by contract and by feature. It reads and changes nothing.
///
/// # Errors
/// Any storage error.
pub async fn read(db: &Db, scope: BusinessScope, now: Timestamp) -> Result<Baseline, Error> {
    let holdings = planning::list_holdings(db, scope.business(), now).await?;
    let in_use = in_use::read(db, scope).await?;
    let reserved = in_use.into_iter().map(|used| (used.feature, used.credits)).collect();
    Ok(Baseline { as_of: now, holdings, reserved })
}
