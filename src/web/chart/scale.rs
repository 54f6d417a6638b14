//! Round numbers for an axis of values, months for an axis of time.

use crate::kernel::clock::Timestamp;
use crate::kernel::show::Zone;
use chrono::{Datelike, LocalResult, NaiveDate, NaiveDateTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

/// An axis from zero to a round number at or above the largest value, with equal steps between its ticks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueScale {
    step: i64,
    ticks: i64,
}

impl ValueScale {
    /// At most five steps of 1, 2, 2.5 or 5 times a power of ten that reach `largest`. Steps are whole numbers.
    #[must_use]
    pub fn reaching(largest: i64) -> Self {
        const STEPS_MAX: i64 = 5;
        let largest = largest.max(1);
        let mut power = 1i64;
        loop {
            for tenths in [10, 20, 25, 50] {
                let step = power.saturating_mul(tenths) / 10;
                let is_whole = power.saturating_mul(tenths) % 10 == 0;
                let ticks = largest / step.max(1) + i64::from(largest % step.max(1) != 0);
                if is_whole && ticks <= STEPS_MAX {
                    return Self { step, ticks };
                }
            }
            power = power.saturating_mul(10);
        }
    }

    /// The value at the top of the axis.
    #[must_use]
    pub const fn top(&self) -> i64 {
        self.step.saturating_mul(self.ticks)
    }

    /// The ticks from zero to the top.
    pub fn ticks(&self) -> impl Iterator<Item = i64> + '_ {
        (0..=self.ticks).map(|tick| self.step.saturating_mul(tick))
    }
}

/// The first instant of a month in the viewer's zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MonthTick {
    /// The instant.
    pub at: Timestamp,
    /// The calendar year in the zone.
    pub year: i32,
    /// 1 for January.
    pub month: u32,
}

impl MonthTick {
    /// Three letters: `Mar`.
    #[must_use]
    pub fn name(self) -> String {
        NaiveDate::from_ymd_opt(self.year, self.month, 1).map(|day| day.format("%b").to_string()).unwrap_or_default()
    }
}

/// Every month that begins in the zone at or after `from` and at or before `to`.
#[must_use]
pub fn month_ticks(from: Timestamp, to: Timestamp, zone: Zone) -> Vec<MonthTick> {
    let zone: Tz = zone.name().parse().unwrap_or(Tz::UTC);
    let local = from.with_timezone(&zone).date_naive();
    let (mut year, mut month) = (local.year(), local.month());
    let mut ticks = Vec::new();
    while let Some(at) = month_start(year, month, zone) {
        if at > to {
            break;
        }
        if at >= from {
            ticks.push(MonthTick { at, year, month });
        }
        (year, month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
    }
    ticks
}

/// The calendar month of an instant in the zone.
#[must_use]
pub fn month_of(at: Timestamp, zone: Zone) -> (i32, u32) {
    let local = at.with_timezone(&zone.name().parse().unwrap_or(Tz::UTC)).date_naive();
    (local.year(), local.month())
}

/// The first instant of a month in the zone; `None` for what is no month.
#[must_use]
pub fn first_of_month(year: i32, month: u32, zone: Zone) -> Option<Timestamp> {
    month_start(year, month, zone.name().parse().unwrap_or(Tz::UTC))
}

/// Midnight of the first day; where the clock skips midnight, the first instant after the gap.
fn month_start(year: i32, month: u32, zone: Tz) -> Option<Timestamp> {
    let midnight: NaiveDateTime = NaiveDate::from_ymd_opt(year, month, 1)?.and_hms_opt(0, 0, 0)?;
    (0..=4).find_map(|half_hours| match zone.from_local_datetime(&(midnight + TimeDelta::minutes(30 * half_hours))) {
        LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => Some(at.with_timezone(&Utc)),
        LocalResult::None => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_axis_ends_at_a_round_number() {
        for (largest, top, step) in [
            (0, 1, 1),
            (1, 1, 1),
            (3, 3, 1),
            (5, 5, 1),
            (6, 6, 2),
            (11, 15, 5),
            (100, 100, 20),
            (101, 125, 25),
            (1_000, 1_000, 200),
            (1_250, 1_250, 250),
            (12_345, 12_500, 2_500),
            (12_501, 15_000, 5_000),
            (10_000_000, 10_000_000, 2_000_000),
        ] {
            let scale = ValueScale::reaching(largest);
            assert_eq!((scale.top(), scale.ticks().nth(1)), (top, Some(step)), "{largest}");
        }
    }

    #[test]
    fn months_begin_at_the_zone_s_midnight() {
        let (from, to) = ("2026-03-02T09:00:00Z".parse().unwrap(), "2027-03-02T09:00:00Z".parse().unwrap());
        let utc = month_ticks(from, to, Zone::UTC);
        assert_eq!(utc.len(), 12);
        assert_eq!((utc[0].at.to_rfc3339(), utc[0].name()), ("2026-04-01T00:00:00+00:00".to_owned(), "Apr".to_owned()));
        assert_eq!((utc[9].year, utc[9].month), (2027, 1));
        let berlin = month_ticks(from, to, "Europe/Berlin".parse().unwrap());
        assert_eq!(berlin[0].at.to_rfc3339(), "2026-03-31T22:00:00+00:00", "summer time");
        assert_eq!(berlin[9].at.to_rfc3339(), "2026-12-31T23:00:00+00:00");
    }

    #[test]
    fn a_month_whose_midnight_does_not_exist_begins_after_the_gap() {
        // Asunción skipped midnight of 1 October 2023.
        let (from, to) = ("2023-09-15T00:00:00Z".parse().unwrap(), "2023-10-15T00:00:00Z".parse().unwrap());
        let ticks = month_ticks(from, to, "America/Asuncion".parse().unwrap());
        assert_eq!(ticks.len(), 1);
        assert_eq!(ticks[0].at.to_rfc3339(), "2023-10-01T04:00:00+00:00");
    }

    proptest! {
        #[test]
        fn every_value_fits_the_axis_and_no_axis_is_mostly_empty(largest in 0i64..=1_000_000_000_000) {
            let scale = ValueScale::reaching(largest);
            prop_assert!(scale.top() >= largest);
            prop_assert!(scale.ticks().count() <= 6);
            prop_assert!(largest < 1 || scale.top() < largest.saturating_mul(2).max(2));
        }
    }
}
