//! Contract terms: when term n of a contract begins and ends, and how much of it is left.
//!
//! Every end is computed from the anchor (the start of the first term) and never from the end before it, so
//! that a contract of 29 February is back on 29 February in the next leap year. Nothing here reads a clock.

use chrono::{Months, TimeDelta};

use super::clock::Timestamp;

/// Months in the term of an annual contract.
pub const MONTHS_IN_A_YEAR: u32 = 12;

/// Why there is no such term.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TermError {
    /// Terms are counted from 1.
    #[error("terms are counted from 1")]
    NumberZero,
    /// A term of no months would contain no instant.
    #[error("a term lasts at least one month")]
    NoMonths,
    /// The end lies beyond the calendar that can be represented.
    #[error("the term ends beyond the calendar")]
    BeyondCalendar,
}

/// One term of a contract: half-open, from `starts_at` up to but not including `ends_at`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Term {
    anchor: Timestamp,
    number: u32,
    months_each: u32,
    starts_at: Timestamp,
    ends_at: Timestamp,
}

impl Term {
    /// Term `number` (from 1) of a contract that began at `anchor` and runs `months_each` months at a time.
    pub fn new(anchor: Timestamp, number: u32, months_each: u32) -> Result<Self, TermError> {
        if months_each == 0 {
            return Err(TermError::NoMonths);
        }
        let before = number.checked_sub(1).ok_or(TermError::NumberZero)?;
        Ok(Self {
            anchor,
            number,
            months_each,
            starts_at: after_terms(anchor, before, months_each)?,
            ends_at: after_terms(anchor, number, months_each)?,
        })
    }

    /// Term `number` (from 1) of an annual contract.
    pub fn annual(anchor: Timestamp, number: u32) -> Result<Self, TermError> {
        Self::new(anchor, number, MONTHS_IN_A_YEAR)
    }

    /// The first term of an annual contract that begins now.
    pub fn first(anchor: Timestamp) -> Result<Self, TermError> {
        Self::annual(anchor, 1)
    }

    /// The start of term 1, from which every end is computed.
    pub fn anchor(&self) -> Timestamp {
        self.anchor
    }

    /// Which term this is, from 1.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// Calendar months in each term.
    pub fn months_each(&self) -> u32 {
        self.months_each
    }

    /// The first instant of the term.
    pub fn starts_at(&self) -> Timestamp {
        self.starts_at
    }

    /// The first instant that is no longer in the term (TIM-2).
    pub fn ends_at(&self) -> Timestamp {
        self.ends_at
    }

    /// Whether `now` lies in the term (TIM-3).
    pub fn contains(&self, now: Timestamp) -> bool {
        self.starts_at <= now && now < self.ends_at
    }

    /// Seconds of the term still to come: a begun second counts whole, so this is 0 exactly when the term is over.
    /// Before the term it is the whole term.
    pub fn remaining_seconds(&self, now: Timestamp) -> i64 {
        let left = seconds_up(self.ends_at.signed_duration_since(now.max(self.starts_at)));
        left.max(0)
    }

    /// Seconds in the whole term; never 0.
    pub fn total_seconds(&self) -> i64 {
        seconds_up(self.ends_at.signed_duration_since(self.starts_at))
    }

    /// The term that begins where this one ends, on the same anchor.
    pub fn next(&self) -> Result<Self, TermError> {
        let number = self.number.checked_add(1).ok_or(TermError::BeyondCalendar)?;
        Self::new(self.anchor, number, self.months_each)
    }
}

/// `terms` terms after the anchor; a day the month lacks becomes the month's last day.
fn after_terms(anchor: Timestamp, terms: u32, months_each: u32) -> Result<Timestamp, TermError> {
    terms.checked_mul(months_each).and_then(|months| anchor.checked_add_months(Months::new(months))).ok_or(TermError::BeyondCalendar)
}

fn seconds_up(span: TimeDelta) -> i64 {
    span.num_seconds() + i64::from(span.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use proptest::prelude::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// A second way to the same answer, which shares no code with chrono: it counts days year by year.
    mod reference {
        const DAY: i64 = 86_400;

        fn leap(year: i64) -> bool {
            year % 400 == 0 || (year % 4 == 0 && year % 100 != 0)
        }

        fn days_of_month(year: i64, month: i64) -> i64 {
            match month {
                2 if leap(year) => 29,
                2 => 28,
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            }
        }

        /// Unix seconds (from 1970 on), `months` calendar months later.
        pub fn months_later(unix: i64, months: i64) -> i64 {
            let (mut days, second_of_day) = (unix / DAY, unix % DAY);
            let (mut year, mut month) = (1970, 1);
            while days >= days_of_month(year, month) {
                days -= days_of_month(year, month);
                (year, month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
            }
            let (to_year, to_month) = (year + (month - 1 + months) / 12, (month - 1 + months) % 12 + 1);
            let mut total = days.min(days_of_month(to_year, to_month) - 1);
            for y in 1970..to_year {
                total += (1..=12).map(|m| days_of_month(y, m)).sum::<i64>();
            }
            total += (1..to_month).map(|m| days_of_month(to_year, m)).sum::<i64>();
            total * DAY + second_of_day
        }
    }

    /// Instants that trip date code, then instants spread over a century by a fixed sequence.
    fn starts() -> Vec<Timestamp> {
        let mut starts: Vec<Timestamp> = [
            "2024-02-29T00:00:00Z",
            "2024-02-29T12:34:56.789012Z",
            "2024-02-29T23:59:59Z",
            "2023-02-28T00:00:00Z",
            "2024-02-28T23:59:59Z",
            "2028-02-29T06:00:00Z",
            "2096-02-29T06:00:00Z", // 2100 is no leap year
            "2000-02-29T00:00:00Z",
            "2024-03-01T00:00:00Z",
            "2025-01-29T00:00:00Z",
            "2025-01-30T00:00:00Z",
            "2025-01-31T00:00:00Z",
            "2025-12-31T23:59:59Z",
            "2024-12-31T23:59:59.999999Z",
            "2026-01-01T00:00:00Z",
            "2038-01-19T03:14:07Z",
            "2038-01-19T03:14:08Z",
            "2037-01-19T03:14:07Z",
            "2026-03-29T01:00:00Z", // Europe/Berlin springs forward
            "2026-10-25T01:00:00Z", // Europe/Berlin falls back
            "2026-03-08T07:00:00Z", // America/New_York
            "2026-11-01T06:00:00Z",
            "2026-04-04T16:00:00Z", // Australia/Sydney
            "2026-10-03T16:00:00Z",
            "2026-04-05T03:00:00Z", // America/Santiago
            "2026-09-06T04:00:00Z",
            "2026-04-23T22:00:00Z", // Africa/Cairo
            "2026-10-29T21:00:00Z",
            "2026-04-04T15:00:00Z", // Australia/Lord_Howe, half an hour
            "2026-10-03T15:30:00Z",
        ]
        .iter()
        .map(|text| at(text))
        .collect();
        let mut seed: i64 = 20_240_229;
        for _ in 0..300 {
            seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
            starts.push(DateTime::from_timestamp(seed * 2 % 4_102_444_800, 0).unwrap());
        }
        starts
    }

    /// TIM-2: more than 200 starts x terms 1 to 5, against calendar arithmetic written a second time.
    #[test]
    fn every_term_ends_where_calendar_arithmetic_from_the_anchor_says() {
        let starts = starts();
        assert!(starts.len() >= 200);
        for anchor in starts {
            for number in 1..=5 {
                let term = Term::annual(anchor, number).unwrap();
                let expected = reference::months_later(anchor.timestamp(), i64::from(number) * 12);
                assert_eq!(term.ends_at().timestamp(), expected, "{anchor} term {number}");
                assert_eq!(term.ends_at().timestamp_subsec_micros(), anchor.timestamp_subsec_micros());
            }
        }
    }

    /// TIM-2: a contract of 29 February ends on 28 February until the next leap year.
    #[test]
    fn a_contract_of_29_february_is_back_on_29_february_in_2028() {
        let anchor = at("2024-02-29T10:00:00Z");
        let ends: Vec<String> = (1..=4).map(|n| Term::annual(anchor, n).unwrap().ends_at().date_naive().to_string()).collect();
        assert_eq!(ends, ["2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"]);
    }

    /// TIM-2: going on from the end before it would drift, for years and for months.
    #[test]
    fn going_on_from_the_previous_end_is_not_the_same_as_counting_from_the_anchor() {
        let anchor = at("2024-02-29T10:00:00Z");
        let mut iterated = anchor;
        for _ in 0..4 {
            iterated = Term::first(iterated).unwrap().ends_at();
        }
        assert_eq!(iterated, at("2028-02-28T10:00:00Z"));
        assert_eq!(Term::annual(anchor, 4).unwrap().ends_at(), at("2028-02-29T10:00:00Z"));

        for (day, drifted) in [("2024-01-30", "2025-01-29"), ("2024-01-31", "2025-01-29")] {
            let anchor = at(&format!("{day}T00:00:00Z"));
            let mut iterated = anchor;
            for _ in 0..12 {
                iterated = Term::new(iterated, 1, 1).unwrap().ends_at();
            }
            let anchored = Term::new(anchor, 12, 1).unwrap().ends_at();
            assert_eq!(iterated.date_naive().to_string(), drifted);
            assert_eq!(anchored.date_naive().to_string(), day.replace("2024", "2025"));
        }
    }

    /// TIM-2: the text `:60` of a leap second is an instant like any other.
    #[test]
    fn a_contract_that_starts_in_a_leap_second_has_a_term() {
        let term = Term::first(at("2016-12-31T23:59:60Z")).unwrap();
        assert_eq!(term.ends_at().date_naive().to_string(), "2017-12-31");
        assert!(term.total_seconds() > 364 * 86_400);
    }

    /// TIM-3: valid while now < end, to the microsecond, and the next term takes over without a gap.
    #[test]
    fn a_term_holds_its_first_instant_and_not_its_last() {
        let term = Term::first(at("2026-01-31T12:00:00.000001Z")).unwrap();
        let (microsecond, end) = (TimeDelta::microseconds(1), at("2027-01-31T12:00:00.000001Z"));
        assert_eq!(term.ends_at(), end);
        assert!(!term.contains(term.starts_at() - microsecond));
        assert!(term.contains(term.starts_at()));
        assert!(term.contains(end - microsecond));
        assert!(!term.contains(end));
        let next = term.next().unwrap();
        assert!(next.contains(end));
        assert_eq!((next.number(), next.starts_at(), next.anchor()), (2, end, term.anchor()));
    }

    /// TIM-3: what is left reaches 0 at the end and not a microsecond earlier.
    #[test]
    fn what_is_left_counts_a_begun_second_whole() {
        let term = Term::first(at("2026-06-01T00:00:00Z")).unwrap();
        assert_eq!(term.total_seconds(), 365 * 86_400);
        for (now, left) in [
            ("2020-01-01T00:00:00Z", 365 * 86_400),
            ("2026-06-01T00:00:00Z", 365 * 86_400),
            ("2027-05-31T23:59:59Z", 1),
            ("2027-05-31T23:59:59.000001Z", 1),
            ("2027-05-31T23:59:58.999999Z", 2),
            ("2027-06-01T00:00:00Z", 0),
            ("2030-01-01T00:00:00Z", 0),
        ] {
            assert_eq!(term.remaining_seconds(at(now)), left, "{now}");
        }
        assert_eq!(Term::annual(at("2023-03-01T00:00:00Z"), 1).unwrap().total_seconds(), 366 * 86_400);
    }

    #[test]
    fn a_term_that_cannot_be_is_an_error() {
        let anchor = at("2026-01-01T00:00:00Z");
        assert_eq!(Term::new(anchor, 0, 12), Err(TermError::NumberZero));
        assert_eq!(Term::new(anchor, 1, 0), Err(TermError::NoMonths));
        assert_eq!(Term::annual(anchor, u32::MAX), Err(TermError::BeyondCalendar));
        assert_eq!(Term::annual(anchor, 400_000), Err(TermError::BeyondCalendar));
        assert_eq!(Term::new(anchor, u32::MAX, 1), Err(TermError::BeyondCalendar));
        assert_eq!(Term::first(Timestamp::MAX_UTC), Err(TermError::BeyondCalendar));
    }

    proptest! {
        /// TIM-3: the terms of a contract tile time; every instant after the anchor is in exactly one.
        #[test]
        fn terms_follow_each_other_without_gap_or_overlap(
            unix in 0i64..4_000_000_000, micros in 0u32..1_000_000, months in 1u32..=36, later in 0i64..200_000_000,
        ) {
            let anchor = DateTime::from_timestamp(unix, micros * 1_000).unwrap();
            let now = anchor + TimeDelta::seconds(later);
            let terms: Vec<Term> = (1..=80).map(|n| Term::new(anchor, n, months).unwrap()).collect();
            for pair in terms.windows(2) {
                prop_assert_eq!(pair[0].ends_at(), pair[1].starts_at());
                prop_assert_eq!(pair[0].next(), Ok(pair[1]));
            }
            prop_assert_eq!(terms.iter().filter(|term| term.contains(now)).count(), 1);
            for term in &terms {
                prop_assert_eq!(term.remaining_seconds(now) == 0, now >= term.ends_at());
                prop_assert!((0..=term.total_seconds()).contains(&term.remaining_seconds(now)));
            }
        }
    }
}
