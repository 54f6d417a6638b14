//! What features reserve (CRD-3). The formula is pure; recording writes only the difference, as an append-only entry.
//!
//! It knows no solutions and no prices: the rate comes with the call. It never asks whether enough credits are valid,
//! because a negative balance blocks nothing (CRD-2).

use super::store;
use crate::audit::{self, Entry, Who};
use crate::db::{Failed, Tx, refuse};
use crate::kernel::credits::Credits;
use crate::kernel::id::BusinessId;
use serde_json::json;

/// What a feature costs: so many credits for each begun unit of a size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    unit_size: i64,
    credits_per_unit: Credits,
}

impl Rate {
    /// `unit_size` is how much of what is counted makes one unit: 1 endpoint, 500 Mbps, 500,000 scans. `None` below 1.
    #[must_use]
    pub fn new(unit_size: i64, credits_per_unit: Credits) -> Option<Self> {
        (unit_size > 0).then_some(Self { unit_size, credits_per_unit })
    }

    /// ceiling(units / unit size) x credits per unit (CRD-3); `None` for units below zero and beyond [`Credits::MAX`].
    #[must_use]
    pub fn credits_for(self, units: i64) -> Option<Credits> {
        if units < 0 {
            return None;
        }
        let begun = units / self.unit_size + i64::from(units % self.unit_size != 0);
        self.credits_per_unit.checked_times(begun).ok()
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rate(unit_size: i64, credits: i64) -> Rate {
        Rate::new(unit_size, Credits::new(credits).unwrap()).unwrap()
    }

    /// CRD-3: ceiling(units / unit size) x credits per unit.
    #[test]
    fn a_begun_unit_costs_a_whole_one() {
        for (unit_size, credits, units, cost) in [
            (1, 20, 0, 0),
            (1, 20, 1, 20),
            (1, 20, 37, 740),
            (500, 12_500, 0, 0),
            (500, 12_500, 1, 12_500),
            (500, 12_500, 500, 12_500),
            (500, 12_500, 501, 25_000),
            (500_000, 5_000, 1_500_001, 20_000),
            (1, 0, 1_000_000, 0),
            (i64::MAX, 7, i64::MAX, 7),
            (1, 1, 1_000_000_000_000, 1_000_000_000_000),
        ] {
            assert_eq!(rate(unit_size, credits).credits_for(units).map(Credits::get), Some(cost), "{units} of {unit_size} at {credits}");
        }
    }

    /// CRD-3: what is not a number of units has no cost, rather than a wrong one.
    #[test]
    fn units_below_zero_and_costs_beyond_the_limit_are_refused() {
        assert_eq!(rate(1, 20).credits_for(-1), None);
        assert_eq!(rate(1, 20).credits_for(i64::MIN), None);
        assert_eq!(rate(1, 20).credits_for(i64::MAX), None);
        assert_eq!(rate(1, 1).credits_for(1_000_000_000_001), None);
        assert_eq!(Rate::new(0, Credits::ZERO), None);
        assert_eq!(Rate::new(-500, Credits::ZERO), None);
    }

    proptest! {
        /// CRD-3: never less than the exact share, never a whole unit more, and never less for more units.
        #[test]
        fn the_cost_is_the_exact_share_rounded_up_to_a_unit(unit_size in 1i64..10_000, credits in 0i64..20_000, units in 0i64..1_000_000) {
            let rate = rate(unit_size, credits);
            let cost = i128::from(rate.credits_for(units).unwrap().get());
            let exact = i128::from(units) * i128::from(credits);
            prop_assert!(cost * i128::from(unit_size) >= exact);
            prop_assert!((cost - i128::from(credits)) * i128::from(unit_size) < exact.max(1));
            prop_assert!(rate.credits_for(units + 1).unwrap() >= rate.credits_for(units).unwrap());
        }
    }
}
