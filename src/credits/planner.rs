//! What if: a pool in the time to come, from what is held and reserved today and any number of assumptions (CRD-10).
//!
//! Pure. Every figure is exact to the event and intervals are half-open (TIM-3): credits count while now < end. A contract
//! that renews keeps its credits, term after term from its anchor (TIM-2); where the console does not know an anchor that
//! leads to the contract's end, the end itself is the anchor of the terms after it. What the next term will cost, or that a
//! buyer chose another number of credits for it, is the marketplace's and not known here.

mod events;

use super::ledger::Figures;
use super::solutions::FeatureKey;
use crate::kernel::clock::Timestamp;
use crate::kernel::credits::Credits;
use crate::kernel::id::ContractId;
use crate::text_enum;
use chrono::Months;
use std::collections::BTreeMap;

pub use events::renews;

text_enum! {
    /// How far a plan looks ahead.
    pub enum Window {
        /// One year.
        Year = "12",
        /// Two years.
        TwoYears = "24",
        /// Three years.
        ThreeYears = "36",
    }
}

impl Window {
    /// Calendar months.
    #[must_use]
    pub const fn months(self) -> u32 {
        match self {
            Self::Year => 12,
            Self::TwoYears => 24,
            Self::ThreeYears => 36,
        }
    }

    /// The last instant of the window that begins at `from`.
    #[must_use]
    pub fn end(self, from: Timestamp) -> Timestamp {
        from.checked_add_months(Months::new(self.months())).unwrap_or(from)
    }
}

/// Valid credits of one contract that leave together.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Holding {
    /// The contract.
    pub contract: ContractId,
    /// Its product.
    pub product: String,
    /// Its agreement.
    pub agreement: String,
    /// Auto renew, as the console knows it.
    pub renews: bool,
    /// When its first term began.
    pub anchor: Timestamp,
    /// Its expiration.
    pub ends_at: Timestamp,
    /// How many.
    pub credits: i64,
}

/// What a plan begins from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Baseline {
    /// The instant it was read for (CRD-4).
    pub as_of: Timestamp,
    /// Every valid credit, soonest expiration first.
    pub holdings: Vec<Holding>,
    /// Reserved credits by `solution/feature`.
    pub reserved: BTreeMap<String, i64>,
}

impl Baseline {
    /// The pool's figures today.
    #[must_use]
    pub fn figures(&self) -> Figures {
        Figures { total_valid: self.holdings.iter().map(|holding| holding.credits).sum(), allocated: self.reserved.values().sum() }
    }

    /// A contract's holding; the one that ends last, where it has several.
    #[must_use]
    pub fn find(&self, contract: ContractId) -> Option<&Holding> {
        self.holdings.iter().rev().find(|holding| holding.contract == contract)
    }
}

/// How long added credits count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ends {
    /// With a contract, as an upgrade of it: they end or renew with it (UPG-4, REN-1).
    With(ContractId),
    /// A license of its own for 12 months.
    Once,
    /// A license of its own that is renewed every year.
    Yearly,
}

/// One *what if*. An instant that has passed counts from the beginning of the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Assumption {
    /// This contract ends at its expiration.
    NotRenewed(ContractId),
    /// This contract is renewed, term after term.
    Renewed(ContractId),
    /// So many credits are added.
    Added {
        /// How many.
        credits: Credits,
        /// From when they count.
        at: Timestamp,
        /// Until when.
        ends: Ends,
    },
    /// A feature has so many units from an instant on.
    Units {
        /// The feature.
        feature: FeatureKey,
        /// Units in all.
        units: i64,
        /// What they reserve.
        credits: Credits,
        /// From when.
        at: Timestamp,
    },
}

/// Why a figure changes; numbers are places in the plan's assumptions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// A contract's credits reach their end.
    Expired(ContractId),
    /// A contract's next term begins.
    Renewed(ContractId),
    /// Credits are added.
    Added(usize),
    /// Added credits reach their end.
    AddedExpired(usize),
    /// The next term of added credits begins.
    AddedRenewed(usize),
    /// A feature reserves more or less.
    Reserved(usize),
}

/// One change of one figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// From this instant on, inclusive.
    pub at: Timestamp,
    /// Why.
    pub what: What,
    /// Added to valid credits, or for [`What::Reserved`] to allocated credits.
    pub credits: i64,
}

impl Figures {
    /// The figures once this has happened too.
    #[must_use]
    pub const fn with(self, event: &Event) -> Self {
        match event.what {
            What::Reserved(_) => Self { allocated: self.allocated + event.credits, ..self },
            _ => Self { total_valid: self.total_valid + event.credits, ..self },
        }
    }
}

/// The figures from an instant until the next step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// First instant at which they hold.
    pub at: Timestamp,
    /// The figures.
    pub figures: Figures,
    /// Every event of that instant; never empty, though they may add up to nothing.
    pub events: Vec<Event>,
}

/// Credits to buy, so that they count from an instant on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Purchase {
    /// The latest instant at which they must count.
    pub by: Timestamp,
    /// How many more.
    pub credits: i64,
}

/// A pool over a window that begins now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    from: Timestamp,
    to: Timestamp,
    opening: Figures,
    steps: Vec<Step>,
    without_effect: Vec<usize>,
}

impl Plan {
    /// The pool under the assumptions; of two that contradict each other the later one in the list holds.
    #[must_use]
    pub fn new(baseline: &Baseline, assumptions: &[Assumption], window: Window) -> Self {
        let (from, to) = (baseline.as_of, window.end(baseline.as_of));
        let events = events::all(baseline, assumptions, to);
        let touched = |place: usize| events.iter().any(|event| events::is_about(event.what, place));
        let without_effect = (0..assumptions.len()).filter(|place| match &assumptions[*place] {
            Assumption::NotRenewed(contract) | Assumption::Renewed(contract) => !events::ends_within(baseline, *contract, to),
            Assumption::Added { .. } => !touched(*place),
            Assumption::Units { at, .. } => *at > to,
        });
        let without_effect = without_effect.collect();
        let opening = baseline.figures();
        Self { from, to, opening, steps: events::steps(opening, events), without_effect }
    }

    /// Now.
    #[must_use]
    pub const fn from(&self) -> Timestamp {
        self.from
    }

    /// The last instant looked at.
    #[must_use]
    pub const fn to(&self) -> Timestamp {
        self.to
    }

    /// The figures today, before any assumption.
    #[must_use]
    pub const fn opening(&self) -> Figures {
        self.opening
    }

    /// Every instant at which something happens, in order; the first may be now itself.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Places of assumptions that change nothing within the window: their instant lies beyond it, or what they need has
    /// ended by then.
    #[must_use]
    pub fn without_effect(&self) -> &[usize] {
        &self.without_effect
    }

    /// The figures at an instant of the window.
    #[must_use]
    pub fn at(&self, instant: Timestamp) -> Figures {
        let passed = self.steps.partition_point(|step| step.at <= instant);
        passed.checked_sub(1).map_or(self.opening, |last| self.steps[last].figures)
    }

    /// The figures at the last instant.
    #[must_use]
    pub fn closing(&self) -> Figures {
        self.at(self.to)
    }

    /// Now and every step, with the figures that hold from then on.
    fn points(&self) -> impl Iterator<Item = (Timestamp, Figures)> + '_ {
        let now = (self.from, self.at(self.from));
        std::iter::once(now).chain(self.steps.iter().filter(|step| step.at > self.from).map(|step| (step.at, step.figures)))
    }

    /// The first instant at which the balance is below zero, and the figures then.
    #[must_use]
    pub fn first_negative(&self) -> Option<(Timestamp, Figures)> {
        self.points().find(|(_, figures)| figures.balance() < 0)
    }

    /// The lowest balance and the first instant that has it.
    #[must_use]
    pub fn lowest(&self) -> (Timestamp, i64) {
        let balances = self.points().map(|(at, figures)| (at, figures.balance()));
        balances.reduce(|least, next| if next.1 < least.1 { next } else { least }).unwrap_or((self.from, self.opening.balance()))
    }

    /// The smallest purchases, each at the latest instant, with which the balance is never below zero, if what is bought
    /// counts until the end of the window. Together they are what the lowest balance lacks.
    #[must_use]
    pub fn purchases(&self) -> Vec<Purchase> {
        let mut covered = 0;
        let mut purchases = Vec::new();
        for (by, figures) in self.points() {
            let short = -figures.balance();
            if short > covered {
                purchases.push(Purchase { by, credits: short - covered });
                covered = short;
            }
        }
        purchases
    }
}

#[cfg(test)]
#[path = "planner/tests.rs"]
mod tests;
