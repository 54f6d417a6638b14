//! How a pool went over time: valid and allocated credits as step functions, exact to the event.
//!
//! The model is pure and also serves a window that lies in the future; [`read`] fills it from the entries. Nothing is
//! sampled: between two changes the figures stand still.

use super::ledger::Figures;
use super::store;
use crate::access::BusinessScope;
use crate::db::{Db, Error, Tx};
use crate::kernel::clock::Timestamp;
use crate::text_enum;
use chrono::Months;

text_enum! {
    /// Why the figures changed.
    pub enum Cause {
        /// An item brought credits: a license was activated or upgraded.
        Granted = "granted",
        /// Items go on for another term.
        Renewed = "renewed",
        /// Staff took credits back.
        Corrected = "corrected",
        /// A contract came from another business.
        TransferredIn = "transferred_in",
        /// A contract left for another business.
        TransferredOut = "transferred_out",
        /// Items reached their expiration.
        Expired = "expired",
        /// Features reserved or returned credits.
        Allocated = "allocated",
    }
}

/// A change of one figure at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// From this instant on, inclusive.
    pub at: Timestamp,
    /// Why.
    pub cause: Cause,
    /// Added to valid credits, or for [`Cause::Allocated`] to allocated credits; negative when they went down.
    pub credits: i64,
}

impl Figures {
    /// The figures once this has changed too.
    #[must_use]
    pub const fn after(self, change: &Change) -> Self {
        match change.cause {
            Cause::Allocated => Self { allocated: self.allocated + change.credits, ..self },
            Cause::Granted | Cause::Renewed | Cause::Corrected | Cause::TransferredIn | Cause::TransferredOut | Cause::Expired => {
                Self { total_valid: self.total_valid + change.credits, ..self }
            }
        }
    }
}

/// The figures from an instant until the next step, and what led to them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// First instant at which the figures hold.
    pub at: Timestamp,
    /// The figures.
    pub figures: Figures,
    /// Every change of that instant; never empty.
    pub changes: Vec<Change>,
}

/// A pool over a window of time, both ends included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    from: Timestamp,
    to: Timestamp,
    opening: Figures,
    steps: Vec<Step>,
}

impl History {
    /// From the figures at `from` and the changes after it. Changes may come in any order; those that change nothing or
    /// lie outside the window are left out.
    #[must_use]
    pub fn new(from: Timestamp, to: Timestamp, opening: Figures, mut changes: Vec<Change>) -> Self {
        changes.retain(|change| change.credits != 0 && change.at > from && change.at <= to);
        changes.sort_by_key(|change| (change.at, change.cause));
        let mut steps: Vec<Step> = Vec::new();
        let mut figures = opening;
        for change in changes {
            figures = figures.after(&change);
            match steps.last_mut().filter(|last| last.at == change.at) {
                Some(step) => {
                    step.figures = figures;
                    step.changes.push(change);
                }
                None => steps.push(Step { at: change.at, figures, changes: vec![change] }),
            }
        }
        Self { from, to, opening, steps }
    }

    /// The first instant of the window.
    #[must_use]
    pub const fn from(&self) -> Timestamp {
        self.from
    }

    /// The last instant of the window.
    #[must_use]
    pub const fn to(&self) -> Timestamp {
        self.to
    }

    /// The figures at the first instant.
    #[must_use]
    pub const fn opening(&self) -> Figures {
        self.opening
    }

    /// The figures at the last instant.
    #[must_use]
    pub fn closing(&self) -> Figures {
        self.steps.last().map_or(self.opening, |step| step.figures)
    }

    /// The figures at an instant of the window; before it the opening, after it the closing.
    #[must_use]
    pub fn at(&self, instant: Timestamp) -> Figures {
        let passed = self.steps.partition_point(|step| step.at <= instant);
        passed.checked_sub(1).map_or(self.opening, |last| self.steps[last].figures)
    }

    /// Every instant at which something changed, in order.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Whether there was nothing to show at any instant of the window.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty() && self.opening == Figures::default()
    }
}

/// The first instant of the year that ends at `to`: twelve calendar months earlier.
#[must_use]
pub fn a_year_before(to: Timestamp) -> Timestamp {
    to.checked_sub_months(Months::new(12)).unwrap_or(to)
}

/// A pool's history, read in one statement: its closing figures are the pool's figures at `to` (CRD-4).
///
/// # Errors
/// Any storage error.
pub async fn read(db: &Db, scope: BusinessScope, from: Timestamp, to: Timestamp) -> Result<History, Error> {
    let mut snapshot = db.snapshot().await?;
    let history = read_in(&mut snapshot, scope, from, to).await?;
    snapshot.rollback().await?;
    Ok(history)
}

/// The same inside a snapshot that reads more.
///
/// # Errors
/// Any storage error.
pub async fn read_in(tx: &mut Tx, scope: BusinessScope, from: Timestamp, to: Timestamp) -> Result<History, Error> {
    let mut opening = Figures::default();
    let mut changes = Vec::new();
    for row in store::list_changes(tx, scope.business(), from, to).await? {
        match (row.at, row.cause) {
            (Some(at), cause) => changes.push(Change { at, cause, credits: row.credits }),
            (None, Cause::Allocated) => opening.allocated += row.credits,
            (None, _) => opening.total_valid += row.credits,
        }
    }
    Ok(History::new(from, to, opening, changes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;
    use proptest::prelude::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_timestamp(1_800_000_000 + second, 0).unwrap()
    }

    fn change(second: i64, cause: Cause, credits: i64) -> Change {
        Change { at: at(second), cause, credits }
    }

    /// CRD-5: the history is exact to the event, and a step holds from its instant on.
    #[test]
    fn figures_change_at_the_event_and_not_a_microsecond_earlier() {
        let opening = Figures { total_valid: 100, allocated: 40 };
        let history = History::new(
            at(0),
            at(100),
            opening,
            vec![
                change(50, Cause::Expired, -100),
                change(20, Cause::Granted, 500),
                change(50, Cause::Allocated, 10),
                change(20, Cause::Granted, 0),
            ],
        );
        let microsecond = TimeDelta::microseconds(1);
        assert_eq!(history.at(at(0)), opening);
        assert_eq!(history.at(at(20) - microsecond), opening);
        assert_eq!(history.at(at(20)), Figures { total_valid: 600, allocated: 40 });
        assert_eq!(history.at(at(50) - microsecond), Figures { total_valid: 600, allocated: 40 });
        assert_eq!(history.at(at(50)), Figures { total_valid: 500, allocated: 50 });
        assert_eq!(history.closing(), history.at(at(100)));
        assert_eq!(history.steps().iter().map(|step| (step.at, step.changes.len())).collect::<Vec<_>>(), [(at(20), 1), (at(50), 2)]);
    }

    #[test]
    fn changes_outside_the_window_are_not_counted_twice() {
        let opening = Figures { total_valid: 7, allocated: 0 };
        let changes = vec![change(0, Cause::Granted, 7), change(-5, Cause::Granted, 7), change(101, Cause::Expired, -7)];
        let history = History::new(at(0), at(100), opening, changes);
        assert!(history.steps().is_empty() && !history.is_empty());
        assert_eq!(history.closing(), opening);
        assert!(History::new(at(0), at(1), Figures::default(), vec![]).is_empty());
    }

    #[test]
    fn a_year_is_twelve_calendar_months_also_in_a_leap_year() {
        let leap: Timestamp = "2028-02-29T10:00:00Z".parse().unwrap();
        assert_eq!(a_year_before(leap), "2027-02-28T10:00:00Z".parse::<Timestamp>().unwrap());
    }

    proptest! {
        /// CRD-5: at every instant the line is the opening and every change so far, in whatever order they were read.
        #[test]
        fn the_line_is_the_sum_of_what_happened(seeds in prop::collection::vec((-20i64..120, 0usize..7, -1000i64..1000), 0..60), second in 0i64..100) {
            let opening = Figures { total_valid: 5, allocated: 3 };
            let changes: Vec<Change> = seeds.iter().map(|(second, cause, credits)| change(*second, Cause::ALL[*cause], *credits)).collect();
            let history = History::new(at(0), at(100), opening, changes.clone());
            let sum = |allocated: bool| -> i64 {
                changes.iter().filter(|c| c.at > at(0) && c.at <= at(second) && (c.cause == Cause::Allocated) == allocated).map(|c| c.credits).sum()
            };
            let expected = Figures { total_valid: 5 + sum(false), allocated: 3 + sum(true) };
            prop_assert_eq!(history.at(at(second)), expected);
        }
    }
}
