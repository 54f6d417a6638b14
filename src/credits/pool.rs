//! A business's pool at an instant: the figures, what they mean in words, and what will leave it (CRD-1, CRD-2).
//!
//! Nothing here stops anybody: a negative balance is explained and blocks nothing.

use super::ledger::{self, Figures};
use super::store;
use crate::access::BusinessScope;
use crate::db::{Db, Error};
use crate::kernel::clock::Timestamp;
use crate::kernel::show;
use chrono::TimeDelta;

/// The figures and the instant they were read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pool {
    /// Stated on every page as *as of* (CRD-4).
    pub as_of: Timestamp,
    /// The figures.
    pub figures: Figures,
}

/// What a balance means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing valid, nothing allocated.
    Empty,
    /// So many credits can still be allocated.
    Available(i64),
    /// Exactly everything is allocated.
    AllAllocated,
    /// So many more credits are allocated than are valid.
    Short(i64),
}

impl Standing {
    /// What the figures mean.
    #[must_use]
    pub const fn of(figures: Figures) -> Self {
        match (figures.balance(), figures.allocated) {
            (0, 0) => Self::Empty,
            (0, _) => Self::AllAllocated,
            (left, _) if left > 0 => Self::Available(left),
            (short, _) => Self::Short(-short),
        }
    }

    /// One sentence for beside the balance.
    #[must_use]
    pub fn in_words(self) -> String {
        match self {
            Self::Empty => "No credits are valid and none are allocated.".to_owned(),
            Self::Available(left) => format!("{} can still be allocated.", show::count(left, "credit")),
            Self::AllAllocated => "Every valid credit is allocated.".to_owned(),
            Self::Short(short) => format!("{} more allocated than valid.", show::count(short, "credit")),
        }
    }
}

/// Credits that leave the pool at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expiration {
    /// The first instant at which they no longer count (TIM-3).
    pub at: Timestamp,
    /// How many.
    pub credits: i64,
    /// Of how many license items.
    pub items: i64,
    /// The figures from then on, if nothing else changes: allocations stay (EXP-1).
    pub figures_then: Figures,
}

/// How near an expiration is; each has its own wording and tone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Nearness {
    /// Within 7 days.
    Week,
    /// Within 30 days.
    Month,
    /// Within 90 days.
    Quarter,
    /// Further off.
    Far,
}

impl Nearness {
    /// By time left; an instant that has passed is as near as can be.
    #[must_use]
    pub fn of(now: Timestamp, at: Timestamp) -> Self {
        let left = at - now;
        if left <= TimeDelta::days(7) {
            Self::Week
        } else if left <= TimeDelta::days(30) {
            Self::Month
        } else if left <= TimeDelta::days(90) {
            Self::Quarter
        } else {
            Self::Far
        }
    }

    /// Whether somebody should look at it: within 90 days.
    #[must_use]
    pub fn needs_attention(self) -> bool {
        self < Self::Far
    }

    /// Whether it earns the badge *Expires soon*: within 30 days (LIC-3).
    #[must_use]
    pub fn is_soon(self) -> bool {
        self <= Self::Month
    }

    /// The tone of its badge and message.
    #[must_use]
    pub const fn tone(self) -> &'static str {
        match self {
            Self::Week => "danger",
            Self::Month => "warning",
            Self::Quarter => "info",
            Self::Far => "neutral",
        }
    }
}

/// The figures of the scope's business at `now`.
///
/// # Errors
/// Any storage error.
pub async fn read(db: &Db, scope: BusinessScope, now: Timestamp) -> Result<Pool, Error> {
    Ok(Pool { as_of: now, figures: ledger::figures(db, scope.business(), now).await? })
}

/// The next expirations, soonest first, at most `most`, each with the figures that remain after it.
///
/// # Errors
/// Any storage error.
pub async fn expirations(db: &Db, scope: BusinessScope, pool: Pool, most: i64) -> Result<Vec<Expiration>, Error> {
    let rows = store::list_expirations(db, scope.business(), pool.as_of, most).await?;
    Ok(run_down(pool.figures, rows))
}

fn run_down(mut figures: Figures, rows: Vec<(Timestamp, i64, i64)>) -> Vec<Expiration> {
    let next = |(at, credits, items)| {
        figures.total_valid -= credits;
        Expiration { at, credits, items, figures_then: figures }
    };
    rows.into_iter().map(next).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(total_valid: i64, allocated: i64) -> Figures {
        Figures { total_valid, allocated }
    }

    /// CRD-2: the balance may be negative and is explained in words.
    #[test]
    fn a_balance_says_what_it_means() {
        for (figures, balance, standing, words) in [
            (figures(0, 0), 0, Standing::Empty, "No credits are valid and none are allocated."),
            (figures(1_000, 0), 1_000, Standing::Available(1_000), "1,000 credits can still be allocated."),
            (figures(1_000, 999), 1, Standing::Available(1), "1 credit can still be allocated."),
            (figures(1_000, 1_000), 0, Standing::AllAllocated, "Every valid credit is allocated."),
            (figures(0, 1_200), -1_200, Standing::Short(1_200), "1,200 credits more allocated than valid."),
        ] {
            assert_eq!((figures.balance(), Standing::of(figures)), (balance, standing));
            assert_eq!(standing.in_words(), words);
        }
    }

    #[test]
    fn nearness_turns_at_seven_thirty_and_ninety_days_to_the_microsecond() {
        let now: Timestamp = "2026-03-02T09:00:00Z".parse().unwrap();
        let microsecond = TimeDelta::microseconds(1);
        for (days, inside, beyond) in
            [(7, Nearness::Week, Nearness::Month), (30, Nearness::Month, Nearness::Quarter), (90, Nearness::Quarter, Nearness::Far)]
        {
            let edge = now + TimeDelta::days(days);
            assert_eq!((Nearness::of(now, edge), Nearness::of(now, edge + microsecond)), (inside, beyond));
        }
        assert_eq!(Nearness::of(now, now - microsecond), Nearness::Week);
        assert!(Nearness::Quarter.needs_attention() && !Nearness::Far.needs_attention());
        assert!(Nearness::Month.is_soon() && !Nearness::Quarter.is_soon());
    }

    #[test]
    fn each_expiration_tells_what_remains_after_it() {
        let (first, second) = ("2026-03-02T09:00:00Z".parse().unwrap(), "2026-04-02T09:00:00Z".parse().unwrap());
        let run = run_down(figures(1_500, 700), vec![(first, 500, 1), (second, 1_000, 2)]);
        assert_eq!(run.iter().map(|step| step.figures_then.balance()).collect::<Vec<_>>(), [300, -700]);
    }
}
