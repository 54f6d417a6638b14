//! Numbers and times as people read them.
//!
//! Everything is computed from UTC and a zone that the caller names; the zone, language and locale of the machine
//! are never asked (TIM-1). A date never appears without saying in which zone it holds, except [`date`], which
//! stands beside one that does.

use std::fmt;
use std::str::FromStr;

use chrono::{Offset, SecondsFormat};
use chrono_tz::{OffsetName, TZ_VARIANTS, Tz};

use super::clock::Timestamp;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// A number with its thousands marked: `1,000`, and `−1,000` with a true minus sign. Not for CSV.
pub fn group(number: i64) -> String {
    let sign = if number < 0 { "\u{2212}" } else { "" };
    format!("{sign}{}", group_unsigned(number.unsigned_abs()))
}

/// A number of things in memory, such as rows or characters, with its thousands marked.
pub fn group_len(number: usize) -> String {
    group_unsigned(u64::try_from(number).unwrap_or(u64::MAX))
}

/// A number that has no sign, with its thousands marked.
pub fn group_unsigned(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A number with the right form of its noun: `1 credit`, `1,000 credits`. The plural takes an `s`.
pub fn count(number: i64, noun: &str) -> String {
    format!("{} {noun}{}", group(number), if number == 1 { "" } else { "s" })
}

/// Time left, rounded down so that it never promises more than there is: `3 h 40 min`, `2 days 3 h`.
///
/// Under a minute it is `less than a minute`; when nothing is left, `no time`.
pub fn duration_left(seconds: i64) -> String {
    let (days, hours, minutes) = (seconds / DAY, seconds % DAY / HOUR, seconds % HOUR / MINUTE);
    match (days, hours, minutes) {
        _ if seconds <= 0 => "no time".to_owned(),
        (0, 0, 0) => "less than a minute".to_owned(),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, 0) => format!("{hours} h"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, 0, _) => count(days, "day"),
        (days, hours, _) => format!("{} {hours} h", count(days, "day")),
    }
}

/// How many midnights of the zone lie between: `in 39 days`, `tomorrow`, `today`, `yesterday`, `3 days ago`.
pub fn in_days(now: Timestamp, at: Timestamp, zone: Zone) -> String {
    let day = |instant: Timestamp| instant.with_timezone(&zone.0).date_naive();
    match day(at).signed_duration_since(day(now)).num_days() {
        0 => "today".to_owned(),
        1 => "tomorrow".to_owned(),
        -1 => "yesterday".to_owned(),
        days if days > 0 => format!("in {} days", group(days)),
        days => format!("{} days ago", group_unsigned(days.unsigned_abs())),
    }
}

/// The name is not one of the IANA time zone database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a known time zone")]
pub struct UnknownZone;

/// The time zone of a viewer, by its IANA name; UTC unless one is chosen. Stored by [`Zone::name`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Zone(Tz);

impl Zone {
    /// Coordinated universal time.
    pub const UTC: Self = Self(Tz::UTC);

    /// The zone of this name, or UTC when it is unknown: a zone that the database dropped must not break a page.
    pub fn or_utc(name: &str) -> Self {
        name.parse().unwrap_or_default()
    }

    /// The IANA name, such as `Europe/Berlin`.
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// Every zone that can be chosen, by name.
    pub fn all() -> impl Iterator<Item = Self> {
        TZ_VARIANTS.iter().copied().map(Self)
    }
}

impl Default for Zone {
    fn default() -> Self {
        Self::UTC
    }
}

impl FromStr for Zone {
    type Err = UnknownZone;

    /// The exact IANA name.
    fn from_str(name: &str) -> Result<Self, UnknownZone> {
        name.parse().map(Self).map_err(|_| UnknownZone)
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The date in the zone: `31 Dec 2026`. Only where the zone is named nearby.
pub fn date(at: Timestamp, zone: Zone) -> String {
    at.with_timezone(&zone.0).format("%-d %b %Y").to_string()
}

/// Date, time and zone: `31 Dec 2026, 14:05 UTC`.
pub fn date_time(at: Timestamp, zone: Zone) -> String {
    format!("{}, {}", date(at, zone), clock_time(at, zone))
}

/// Time of day and zone, for a deadline that is hours away (SET-4): `14:05 UTC`.
pub fn clock_time(at: Timestamp, zone: Zone) -> String {
    format!("{} {}", at.with_timezone(&zone.0).format("%H:%M"), zone_at(at, zone))
}

/// What the zone is called at that instant: `UTC`, `CEST`, or `UTC+05:45` where people use no letters.
pub fn zone_at(at: Timestamp, zone: Zone) -> String {
    let local = at.with_timezone(&zone.0);
    match local.offset().abbreviation() {
        Some(letters) if letters.chars().all(|c| c.is_ascii_alphabetic()) => letters.to_owned(),
        _ => {
            let minutes = local.offset().fix().local_minus_utc() / 60;
            let sign = if minutes < 0 { '\u{2212}' } else { '+' };
            format!("UTC{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
        }
    }
}

/// The instant for machines, to the second: `2026-12-31T14:05:00Z`; for `datetime=` attributes, CSV and the API.
pub fn iso(at: Timestamp) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn zone(name: &str) -> Zone {
        name.parse().unwrap()
    }

    #[test]
    fn numbers_are_grouped_by_thousands() {
        for (number, shown) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (-1_000, "\u{2212}1,000"),
            (10_000_000, "10,000,000"),
            (i64::MAX, "9,223,372,036,854,775,807"),
            (i64::MIN, "\u{2212}9,223,372,036,854,775,808"),
        ] {
            assert_eq!(group(number), shown);
        }
        assert_eq!(group_len(1_000), "1,000");
        assert_eq!(
            (count(1, "credit"), count(0, "credit"), count(1_000, "credit")),
            ("1 credit".into(), "0 credits".into(), "1,000 credits".into())
        );
    }

    #[test]
    fn time_left_is_rounded_down_and_never_promises_more() {
        for (seconds, shown) in [
            (i64::MIN, "no time"),
            (0, "no time"),
            (1, "less than a minute"),
            (59, "less than a minute"),
            (60, "1 min"),
            (4 * HOUR, "4 h"),
            (4 * HOUR - 1, "3 h 59 min"),
            (3 * HOUR + 40 * MINUTE, "3 h 40 min"),
            (DAY, "1 day"),
            (DAY + 59 * MINUTE, "1 day"),
            (2 * DAY + 3 * HOUR + 5, "2 days 3 h"),
            (5_000 * DAY, "5,000 days"),
        ] {
            assert_eq!(duration_left(seconds), shown, "{seconds}");
        }
    }

    /// TIM-1: a day is a day of the viewer's zone.
    #[test]
    fn days_are_counted_by_midnights_of_the_zone() {
        let now = at("2026-03-10T23:30:00Z");
        for (when, utc, berlin) in [
            ("2026-03-10T00:00:00Z", "today", "yesterday"),
            ("2026-03-10T23:59:59Z", "today", "today"),
            ("2026-03-11T00:00:00Z", "tomorrow", "today"),
            ("2026-03-09T12:00:00Z", "yesterday", "2 days ago"),
            ("2026-03-07T12:00:00Z", "3 days ago", "4 days ago"),
            ("2026-04-18T12:00:00Z", "in 39 days", "in 38 days"),
            ("2036-04-18T12:00:00Z", "in 3,692 days", "in 3,691 days"),
        ] {
            assert_eq!(in_days(now, at(when), Zone::UTC), utc, "{when}");
            assert_eq!(in_days(now, at(when), zone("Europe/Berlin")), berlin, "{when}");
        }
    }

    /// TIM-1: dates show the viewer's zone and name it, also in the hours when clocks change.
    #[test]
    fn a_date_is_shown_in_the_zone_and_names_it() {
        for (instant, name, shown) in [
            ("2026-12-31T14:05:00Z", "UTC", "31 Dec 2026, 14:05 UTC"),
            ("2026-12-31T14:05:59.999999Z", "UTC", "31 Dec 2026, 14:05 UTC"),
            ("2026-12-31T23:30:00Z", "Europe/Berlin", "1 Jan 2027, 00:30 CET"),
            ("2026-03-29T00:59:59Z", "Europe/Berlin", "29 Mar 2026, 01:59 CET"),
            ("2026-03-29T01:00:00Z", "Europe/Berlin", "29 Mar 2026, 03:00 CEST"),
            ("2026-10-25T00:59:59Z", "Europe/Berlin", "25 Oct 2026, 02:59 CEST"),
            ("2026-10-25T01:00:00Z", "Europe/Berlin", "25 Oct 2026, 02:00 CET"),
            ("2026-03-08T06:59:59Z", "America/New_York", "8 Mar 2026, 01:59 EST"),
            ("2026-03-08T07:00:00Z", "America/New_York", "8 Mar 2026, 03:00 EDT"),
            ("2026-11-01T05:30:00Z", "America/New_York", "1 Nov 2026, 01:30 EDT"),
            ("2026-11-01T06:30:00Z", "America/New_York", "1 Nov 2026, 01:30 EST"),
            ("2026-07-01T00:00:00Z", "Asia/Kathmandu", "1 Jul 2026, 05:45 UTC+05:45"),
            ("2026-07-01T00:00:00Z", "Asia/Kolkata", "1 Jul 2026, 05:30 IST"),
            ("2026-07-01T12:00:00Z", "Pacific/Apia", "2 Jul 2026, 01:00 UTC+13:00"),
            ("2026-07-01T00:00:00Z", "America/Sao_Paulo", "30 Jun 2026, 21:00 UTC\u{2212}03:00"),
            ("2026-07-01T00:00:00Z", "Pacific/Marquesas", "30 Jun 2026, 14:30 UTC\u{2212}09:30"),
            ("2026-04-04T15:00:00Z", "Australia/Lord_Howe", "5 Apr 2026, 01:30 UTC+10:30"),
            ("2038-01-19T03:14:08Z", "Asia/Tokyo", "19 Jan 2038, 12:14 JST"),
        ] {
            assert_eq!(date_time(at(instant), zone(name)), shown, "{instant} {name}");
        }
        assert_eq!(clock_time(at("2026-07-01T09:05:00Z"), Zone::UTC), "09:05 UTC");
        assert_eq!(date(at("2026-07-01T23:00:00Z"), zone("Asia/Tokyo")), "2 Jul 2026");
    }

    /// TIM-1: the zone of the machine has no part in it, because no file of the kernel asks for it.
    #[test]
    fn no_file_of_the_kernel_knows_the_time_zone_of_the_machine() {
        let files = [include_str!("show.rs"), include_str!("term.rs"), include_str!("page.rs"), include_str!("money.rs")];
        for word in [concat!("Loc", "al::"), concat!("chrono::", "Local"), concat!("iana_", "time_zone"), concat!("std::", "env")] {
            assert!(files.iter().all(|file| !file.contains(word)), "{word}");
        }
    }

    #[test]
    fn a_zone_goes_by_its_iana_name_and_is_utc_unless_chosen() {
        assert_eq!(Zone::default().name(), "UTC");
        assert_eq!(zone("Europe/Berlin").to_string(), "Europe/Berlin");
        for bad in ["", "Berlin", "europe/berlin", "UTC+2", "../etc/localtime"] {
            assert_eq!(bad.parse::<Zone>(), Err(UnknownZone));
            assert_eq!(Zone::or_utc(bad), Zone::UTC);
        }
        assert!(Zone::all().count() > 400);
        assert!(Zone::all().all(|zone| zone.name().parse() == Ok(zone)));
    }

    #[test]
    fn machines_get_utc_to_the_second() {
        assert_eq!(iso(at("2026-12-31T15:05:00.123456+01:00")), "2026-12-31T14:05:00Z");
    }

    proptest! {
        /// TIM-1: every instant can be shown in every zone, and always with the name of the zone.
        #[test]
        fn every_instant_is_shown_with_a_zone(unix in 0i64..4_102_444_800, pick: prop::sample::Index) {
            let zones: Vec<Zone> = Zone::all().collect();
            let (instant, zone) = (chrono::DateTime::from_timestamp(unix, 0).unwrap(), *pick.get(&zones));
            let shown = date_time(instant, zone);
            let name = shown.rsplit(' ').next().unwrap();
            prop_assert_eq!(name, zone_at(instant, zone));
            prop_assert!(name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.len() >= 2, "{}", shown);
            prop_assert_eq!(in_days(instant, instant, zone), "today");
            prop_assert_eq!(iso(instant).parse::<Timestamp>(), Ok(instant));
        }

        #[test]
        fn grouping_only_adds_commas(number: u64) {
            prop_assert_eq!(group_unsigned(number).replace(',', ""), number.to_string());
        }
    }
}
