//! The calculator's model (CRD-8): units and years become credits by the rates, beside the figures of a pool. Pure; it
//! changes nothing, and an estimate is nothing but what was typed.
//!
//! An estimate is written as name and value pairs, the same in an address, in a form and in a kept scenario: `years`,
//! `against`, and for each feature that was typed `solution_feature` and, by the features used (CRD-7),
//! `solution_feature_edition`.

mod read;

use super::ledger::Figures;
use super::rates::{self, Charge, NotChargeable, Units};
use super::solutions::{FeatureKey, Solutions};
use crate::text_enum;
use std::collections::{BTreeMap, BTreeSet};

pub use read::{Wrong, edition_field, field};

/// Most years that are estimated at once.
pub const YEARS_MAX: i64 = 5;
/// Most units of a feature.
pub const UNITS_MAX: i64 = 1_000_000_000;

text_enum! {
    /// What the units are compared with.
    pub enum Against {
        /// They come in addition to what is allocated today.
        Addition = "addition",
        /// They are everything: what is allocated today is set free.
        Whole = "whole",
    }
}

/// Units of features over some years.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Estimate {
    /// From 1 to [`YEARS_MAX`].
    pub years: i64,
    /// What the units are compared with.
    pub against: Against,
    units: BTreeMap<FeatureKey, Units>,
}

/// A feature of an estimate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The feature.
    pub key: FeatureKey,
    /// As typed.
    pub units: Units,
    /// What they cost a year, or why a kept estimate cannot be charged any more.
    pub charge: Result<Charge, NotChargeable>,
    /// What they cost over the term; zero without a charge.
    pub over_term: i64,
}

impl Line {
    /// Credits a year; zero without a charge.
    #[must_use]
    pub fn per_year(&self) -> i64 {
        self.charge.as_ref().map_or(0, |charge| charge.credits.get())
    }
}

/// What an estimate needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Every feature that was typed, in the order of the solutions file; those it does not know come last.
    pub lines: Vec<Line>,
    /// Credits that must be valid in each year.
    pub per_year: i64,
    /// The same for all years together.
    pub over_term: i64,
}

/// An estimate beside a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Credits needed a year.
    pub needed: i64,
    /// *Current balance* of the pool.
    pub current: i64,
    /// What the balance would be.
    pub remaining: i64,
}

impl Estimate {
    /// Units of features as they are in use, for one year, instead of what is allocated.
    #[must_use]
    pub fn of_use(units: BTreeMap<FeatureKey, Units>) -> Self {
        Self { years: 1, against: Against::Whole, units }
    }

    /// Whether nothing was typed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.units.is_empty()
    }

    /// What it needs by the rates of these solutions.
    #[must_use]
    pub fn outcome(&self, solutions: &Solutions) -> Outcome {
        let known: Vec<&FeatureKey> = solutions.features().map(|(_, feature)| &feature.key).collect();
        let gone: BTreeSet<&FeatureKey> = self.units.keys().filter(|key| !known.contains(key)).collect();
        let line = |key: &FeatureKey| {
            let units = self.units.get(key)?.clone();
            let charge = rates::charge(solutions, key, &units);
            let per_year = charge.as_ref().map_or(0, |charge| charge.credits.get());
            Some(Line { key: key.clone(), units, charge, over_term: per_year.saturating_mul(self.years) })
        };
        let lines: Vec<Line> = known.into_iter().chain(gone).filter_map(line).collect();
        let per_year = lines.iter().fold(0i64, |sum, line| sum.saturating_add(line.per_year()));
        Outcome { lines, per_year, over_term: per_year.saturating_mul(self.years) }
    }
}

impl Outcome {
    /// Beside the figures of a pool. What is needed each year has to be valid at any time of it, so the remaining balance
    /// is by the year.
    #[must_use]
    pub const fn beside(&self, figures: Figures, against: Against) -> Verdict {
        let free = match against {
            Against::Addition => figures.balance(),
            Against::Whole => figures.total_valid,
        };
        Verdict { needed: self.per_year, current: figures.balance(), remaining: free - self.per_year }
    }
}

impl Verdict {
    /// Credits that are missing; zero when the balance suffices.
    #[must_use]
    pub const fn missing(self) -> i64 {
        if self.remaining < 0 { -self.remaining } else { 0 }
    }
}

#[cfg(test)]
#[path = "estimate/tests.rs"]
mod tests;
