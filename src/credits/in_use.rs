//! What each feature of a business uses and reserves now: where an estimate "from current use" and a plan begin.
//! This is the one place where both read allocations; it changes none.

use super::rates::Units;
use super::store::planning;
use crate::access::BusinessScope;
use crate::db::{Db, Error};

/// A feature in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InUse {
    /// `solution/feature` as the ledger has it; the solutions file may not know it any more.
    pub feature: String,
    /// Units as last recorded.
    pub units: Units,
    /// Credits that it reserves.
    pub credits: i64,
}

/// Every feature that reserves credits or has units now, in the order of its key. The credits add up to the pool's
/// allocated credits.
///
/// # Errors
/// Any storage error.
pub async fn read(db: &Db, scope: BusinessScope) -> Result<Vec<InUse>, Error> {
    let rows = planning::list_in_use(db, scope.business()).await?;
    let in_use = |(feature, units, parts, credits): (String, i64, Option<String>, i64)| InUse {
        feature,
        units: Units::from_stored(units, parts.as_deref()),
        credits,
    };
    Ok(rows.into_iter().map(in_use).filter(|used| used.credits != 0 || used.units.total() != 0).collect())
}
