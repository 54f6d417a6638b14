//! Metered units as figures, pure: hours, months and what they cost, all in whole numbers. An hour counts the most units
//! that were in force in it, a begun hour counts whole, and hours and months are those of UTC.

use super::solutions::MonthCredits;
use crate::kernel::clock::Timestamp;
use chrono::{DateTime, Datelike, Months, NaiveDate, NaiveTime, TimeDelta};
use std::collections::BTreeMap;

const HOUR_SECONDS: i64 = 3_600;

/// Begun units from an instant on, until the next record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Record {
    /// From when on.
    pub from_at: Timestamp,
    /// Begun units.
    pub metered: i64,
    /// When the contract was over that it is metered under; nothing while that runs.
    pub contract_end: Option<Timestamp>,
}

/// The beginning of the hour that an instant is in.
#[must_use]
pub fn hour_of(at: Timestamp) -> Timestamp {
    let seconds = at.timestamp();
    DateTime::from_timestamp(seconds - seconds.rem_euclid(HOUR_SECONDS), 0).unwrap_or(at)
}

/// The first full hour at or after an instant.
#[must_use]
pub fn hour_after(at: Timestamp) -> Timestamp {
    let hour = hour_of(at);
    if hour == at { hour } else { hour + TimeDelta::seconds(HOUR_SECONDS) }
}

/// The units of each hour from `from` up to `to`; hours without any are left out. Records are in the order of time.
#[must_use]
pub fn hours(records: &[Record], from: Timestamp, to: Timestamp) -> BTreeMap<Timestamp, i64> {
    let mut hours = BTreeMap::new();
    let ends = records.iter().skip(1).map(|next| next.from_at).chain([to]);
    for (record, end) in records.iter().zip(ends) {
        let end = record.contract_end.map_or(end, |over| end.min(over)).min(to);
        let start = record.from_at.max(from);
        // A record that another one replaced at the same instant was never in force.
        if record.metered == 0 || start >= end {
            continue;
        }
        let mut hour = hour_of(start);
        while hour < end {
            let units = hours.entry(hour).or_insert(0);
            *units = record.metered.max(*units);
            hour += TimeDelta::seconds(HOUR_SECONDS);
        }
    }
    hours
}

/// A calendar month of UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Month(NaiveDate);

impl Month {
    /// The month that an instant is in.
    #[must_use]
    pub fn of(at: Timestamp) -> Self {
        let date = at.date_naive();
        Self(date.with_day(1).unwrap_or(date))
    }

    /// The one before.
    #[must_use]
    pub fn before(self) -> Self {
        Self(self.0.checked_sub_months(Months::new(1)).unwrap_or(self.0))
    }

    /// Its first instant.
    #[must_use]
    pub fn starts_at(self) -> Timestamp {
        self.0.and_time(NaiveTime::MIN).and_utc()
    }

    /// The first instant of the next one.
    #[must_use]
    pub fn ends_at(self) -> Timestamp {
        self.0.checked_add_months(Months::new(1)).unwrap_or(self.0).and_time(NaiveTime::MIN).and_utc()
    }

    /// Its hours: 672 to 744.
    #[must_use]
    pub fn hours(self) -> i64 {
        (self.ends_at() - self.starts_at()).num_hours()
    }

    /// `March 2026`.
    #[must_use]
    pub fn in_words(self) -> String {
        self.0.format("%B %Y").to_string()
    }

    /// `2026-03`.
    #[must_use]
    pub fn word(self) -> String {
        self.0.format("%Y-%m").to_string()
    }

    /// What unit-hours of this month cost: rate x unit-hours / the month's hours, rounded up to a ten-thousandth of a credit.
    /// `None` beyond what can be counted.
    #[must_use]
    pub fn cost(self, rate: MonthCredits, unit_hours: i64) -> Option<MonthCredits> {
        let (product, hours) = (i128::from(rate.parts()) * i128::from(unit_hours), i128::from(self.hours()));
        let parts = product / hours + i128::from(product % hours != 0);
        i64::try_from(parts).ok().map(MonthCredits::of_parts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("an instant")
    }

    fn record(from: &str, metered: i64) -> Record {
        Record { from_at: at(from), metered, contract_end: None }
    }

    /// CRD-9: an hour counts the most units in force in it; intervals are half-open; a record that was replaced at its own
    /// instant counts nothing.
    #[test]
    fn hours_count_the_most_units_that_were_in_force() {
        let records = [
            record("2026-03-02T09:00:00Z", 3),
            record("2026-03-02T10:30:00Z", 5),
            record("2026-03-02T10:30:00Z", 2),
            record("2026-03-02T12:00:00Z", 0),
            record("2026-03-02T13:59:59.999999Z", 7),
        ];
        let counted = hours(&records, at("2026-03-01T00:00:00Z"), at("2026-03-02T14:00:00Z"));
        let expected = [("2026-03-02T09:00:00Z", 3), ("2026-03-02T10:00:00Z", 3), ("2026-03-02T11:00:00Z", 2), ("2026-03-02T13:00:00Z", 7)];
        assert_eq!(counted, expected.map(|(hour, units)| (at(hour), units)).into());
        let cut = hours(&records, at("2026-03-02T11:00:00Z"), at("2026-03-02T11:00:00.000001Z"));
        assert_eq!(cut, [(at("2026-03-02T11:00:00Z"), 2)].into(), "a begun hour counts");
        assert!(hours(&records, at("2026-03-02T11:00:00Z"), at("2026-03-02T11:00:00Z")).is_empty());
    }

    /// CRD-9: nothing is metered after the end of the contract, however late the end was heard of and whatever was reported
    /// between.
    #[test]
    fn hours_end_with_the_contract() {
        let over = |record| Record { contract_end: Some(at("2026-03-02T11:00:00Z")), ..record };
        let records = [over(record("2026-03-02T09:00:00Z", 3)), over(record("2026-03-02T13:00:00Z", 9)), record("2026-03-02T15:00:00Z", 2)];
        let counted = hours(&records, at("2026-03-01T00:00:00Z"), at("2026-03-02T16:00:00Z"));
        let expected = [("2026-03-02T09:00:00Z", 3), ("2026-03-02T10:00:00Z", 3), ("2026-03-02T15:00:00Z", 2)];
        assert_eq!(counted, expected.map(|(hour, units)| (at(hour), units)).into());
    }

    /// CRD-9: a unit for a whole month costs the month's rate to the last digit, in months of every length.
    #[test]
    fn a_unit_for_a_whole_month_costs_the_months_rate() {
        let rate = MonthCredits::parse("4.17").expect("a rate");
        for (day, length) in
            [("2026-02-10T00:00:00Z", 672), ("2028-02-10T00:00:00Z", 696), ("2026-04-10T00:00:00Z", 720), ("2026-03-31T23:59:59Z", 744)]
        {
            let month = Month::of(at(day));
            assert_eq!((month.hours(), month.cost(rate, length)), (length, Some(rate)));
            assert_eq!(month.cost(rate, 0), MonthCredits::parse("0"));
        }
        let march = Month::of(at("2026-03-02T09:00:00Z"));
        assert_eq!(march.cost(rate, 1).map(|cost| cost.to_string()), Some("0.0057".to_owned()), "41,700 / 744 = 56.05, rounded up");
        assert_eq!(march.cost(rate, i64::MAX), None);
        assert_eq!((march.before().word(), march.before().in_words()), ("2026-02".to_owned(), "February 2026".to_owned()));
    }
}
