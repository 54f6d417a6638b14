//! What features reserve (CRD-3). The formula is pure; recording writes only the difference, as an append-only entry.
//!
//! It knows no solutions and no prices: the rate comes with the call. It never asks whether enough credits are valid,
//! because a negative balance blocks nothing (CRD-2).

use super::rates::Rate;
use super::store;
use crate::audit::{self, Entry, Who};
use crate::db::{Failed, Tx, refuse};
use crate::kernel::id::BusinessId;
use serde_json::json;

/// How many units of a feature a business uses from now on; zero when it is switched off.
#[derive(Clone, Copy, Debug)]
pub struct Usage<'a> {
    /// Whose pool.
    pub business: BusinessId,
    /// The solution's name.
    pub solution: &'a str,
    /// The feature's name.
    pub feature: &'a str,
    /// Units in all, not the change.
    pub units: i64,
    /// What they cost.
    pub rate: Rate,
}

/// Why usage is not recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UsageRefusal {
    /// Below zero, or so many that their credits are beyond [`Credits::MAX`].
    NotANumberOfUnits,
}

/// Records units: the entry is the difference to what the feature reserved before, so the return of credits counts at
/// once. The same units again write nothing. Gives the change in reserved credits.
///
/// # Errors
/// The refusal, or any storage error; also [`crate::db::Error::NotFound`] for a business that does not exist.
pub async fn record_units(tx: &mut Tx, usage: &Usage<'_>, who: &Who) -> Result<i64, Failed<UsageRefusal>> {
    let Some(credits) = usage.rate.credits_for(usage.units) else { return refuse(UsageRefusal::NotANumberOfUnits) };
    store::lock_pool(tx, usage.business).await?;
    let (units_before, credits_before) = store::reserved(tx, usage.business, usage.solution, usage.feature).await?;
    let change = credits.get() - credits_before;
    if change == 0 && usage.units == units_before {
        return Ok(0);
    }
    // A rival that waited for the lock carries an earlier instant; entries must not go back in time.
    let last = store::last_allocated_at(tx, usage.business).await?;
    let entry = store::NewAllocationEntry {
        business: usage.business,
        solution: usage.solution,
        feature: usage.feature,
        units: usage.units,
        credits: change,
        recorded_at: last.map_or(who.now, |last| last.max(who.now)),
        recorded_by: &who.label,
    };
    store::insert_allocation_entry(tx, entry).await?;
    let audited = Entry::new("allocation.changed", format!("{} / {}", usage.solution, usage.feature))
        .in_business(usage.business)
        .before(json!({ "units": units_before, "credits": credits_before }))
        .after(json!({ "units": usage.units, "credits": credits.get() }));
    audit::record(tx, who, audited).await?;
    Ok(change)
}
