//! An axis of time: where months begin, or days where the window is short, and which of them have room for a name.

use crate::kernel::clock::Timestamp;
use crate::kernel::day;
use crate::kernel::show::Zone;
use chrono::{Datelike, Days, Months, NaiveDate, TimeDelta};

/// A window up to this long shows its days.
const DAYS_SHOWN_MAX: TimeDelta = TimeDelta::days(62);

/// The first instant of a day or month in the viewer's zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tick {
    /// The instant.
    pub at: Timestamp,
    /// What stands below it, if there is room: `Mar` or `16`.
    pub name: Option<String>,
    /// What stands below the name: the year, or the month of the days.
    pub below: Option<String>,
}

/// The ticks of the window in order of time, with at most `names_max` names, give or take one.
#[must_use]
pub fn ticks(from: Timestamp, to: Timestamp, zone: Zone, names_max: usize) -> Vec<Tick> {
    let short = to - from <= DAYS_SHOWN_MAX;
    let first = if short { Some(day::of(from, zone)) } else { day::of(from, zone).with_day(1) };
    let next = |day: &NaiveDate| if short { day.checked_add_days(Days::new(1)) } else { day.checked_add_months(Months::new(1)) };
    let starts = std::iter::successors(first, next).map_while(|day| day::begins_at(day, zone).map(|at| (day, at)));
    let inside: Vec<_> = starts.skip_while(|(_, at)| *at < from).take_while(|(_, at)| *at <= to).collect();
    if short { days(&inside, names_max) } else { months(&inside, names_max) }
}

/// The year is said with the first month that is named and with every January.
fn months(starts: &[(NaiveDate, Timestamp)], names_max: usize) -> Vec<Tick> {
    let each = step(starts.len(), names_max, &[1, 2, 3, 6, 12]);
    let mut is_first = true;
    let tick = |(day, at): &(NaiveDate, Timestamp)| {
        let is_named = day.month0() % each == 0;
        let below = (is_named && (is_first || day.month() == 1)).then(|| day.format("%Y").to_string());
        is_first &= !is_named;
        Tick { at: *at, name: is_named.then(|| day.format("%b").to_string()), below }
    };
    starts.iter().map(tick).collect()
}

/// The month is said with the first day that is named and with the first of every month, which is always named.
fn days(starts: &[(NaiveDate, Timestamp)], names_max: usize) -> Vec<Tick> {
    let each = step(starts.len(), names_max, &[1, 2, 5, 10, 15, 31]);
    let mut is_first = true;
    let tick = |(day, at): &(NaiveDate, Timestamp)| {
        let left = u32::from(day.num_days_in_month()) - day.day0();
        let is_named = day.day0() % each == 0 && left >= each.min(10);
        let below = (is_named && (is_first || day.day() == 1)).then(|| day.format("%b %Y").to_string());
        is_first &= !is_named;
        Tick { at: *at, name: is_named.then(|| day.day().to_string()), below }
    };
    starts.iter().map(tick).collect()
}

/// Every how many one is named, so that the names do not lie on each other; the last choice in any case.
fn step(count: usize, names_max: usize, choices: &[u32]) -> u32 {
    let fits = |each: &&u32| count.div_ceil(usize::try_from(**each).unwrap_or(1)) <= names_max;
    *choices.iter().find(fits).or(choices.last()).unwrap_or(&1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn names(ticks: &[Tick]) -> Vec<String> {
        ticks.iter().filter_map(|tick| tick.name.clone()).collect()
    }

    #[test]
    fn months_begin_at_the_zone_s_midnight() {
        let (from, to) = (at("2026-03-02T09:00:00Z"), at("2027-03-02T09:00:00Z"));
        let utc = ticks(from, to, Zone::UTC, 13);
        assert_eq!(utc.len(), 12);
        assert_eq!((utc[0].at, utc[0].name.as_deref(), utc[0].below.as_deref()), (at("2026-04-01T00:00:00Z"), Some("Apr"), Some("2026")));
        assert_eq!((utc[9].name.as_deref(), utc[9].below.as_deref()), (Some("Jan"), Some("2027")));
        let berlin = ticks(from, to, "Europe/Berlin".parse().unwrap(), 13);
        assert_eq!(berlin[0].at, at("2026-03-31T22:00:00Z"), "summer time");
        assert_eq!(berlin[9].at, at("2026-12-31T23:00:00Z"));
    }

    #[test]
    fn a_month_shows_its_days_and_names_what_fits() {
        let (from, to) = (at("2025-11-01T00:00:00Z"), at("2025-12-01T00:00:00Z"));
        let wide = ticks(from, to, Zone::UTC, 13);
        assert_eq!(wide.len(), 31, "each day has its tick");
        assert_eq!(names(&wide), ["1", "6", "11", "16", "21", "26", "1"]);
        let below: Vec<_> = wide.iter().filter_map(|tick| tick.below.clone()).collect();
        assert_eq!(below, ["Nov 2025", "Dec 2025"]);
        assert_eq!(names(&ticks(from, to, Zone::UTC, 5)), ["1", "11", "21", "1"]);
        let (from, to) = (at("2026-02-01T00:00:00Z"), at("2026-03-01T00:00:00Z"));
        assert_eq!(names(&ticks(from, to, Zone::UTC, 13)), ["1", "6", "11", "16", "21", "1"], "no name lies on the next month's");
    }

    #[test]
    fn a_day_whose_midnight_does_not_exist_begins_after_the_gap() {
        // Asunción skipped midnight of 1 October 2023.
        let (from, to) = (at("2023-09-15T00:00:00Z"), at("2023-10-15T00:00:00Z"));
        let ticks = ticks(from, to, "America/Asuncion".parse().unwrap(), 13);
        let october = ticks.iter().find(|tick| tick.below.as_deref() == Some("Oct 2023")).unwrap();
        assert_eq!(october.at, at("2023-10-01T04:00:00Z"));
    }
}
