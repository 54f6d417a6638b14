//! Calendar days as people type them, and the instant at which one begins where they are (TIM-1).

use super::clock::Timestamp;
use super::show::Zone;
use chrono::{LocalResult, NaiveDate, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

/// A day as a date field sends it: `2026-06-01`. `None` for anything else.
#[must_use]
pub fn parse_day(typed: &str) -> Option<NaiveDate> {
    let digits = |text: &str, length: usize| text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
    let mut parts = typed.trim().split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let is_day = digits(year, 4) && digits(month, 2) && digits(day, 2) && parts.next().is_none();
    is_day.then(|| NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?))?
}

/// The first instant of a day in a zone: midnight, or where the clock skips midnight the end of the gap.
#[must_use]
pub fn begins_at(day: NaiveDate, zone: Zone) -> Option<Timestamp> {
    let zone: Tz = zone.name().parse().unwrap_or(Tz::UTC);
    let midnight = day.and_hms_opt(0, 0, 0)?;
    (0..=4).find_map(|half_hours| match zone.from_local_datetime(&(midnight + TimeDelta::minutes(30 * half_hours))) {
        LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => Some(at.with_timezone(&Utc)),
        LocalResult::None => None,
    })
}

/// The day on which an instant falls in a zone.
#[must_use]
pub fn of(at: Timestamp, zone: Zone) -> NaiveDate {
    at.with_timezone(&zone.name().parse::<Tz>().unwrap_or(Tz::UTC)).date_naive()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_day_of_the_calendar_is_a_day() {
        assert_eq!(parse_day(" 2028-02-29 "), NaiveDate::from_ymd_opt(2028, 2, 29));
        for wrong in ["", "2026-02-29", "2026-6-1", "01-06-2026", "2026-06-01-01", "2026/06/01", "+026-06-01", "tomorrow"] {
            assert_eq!(parse_day(wrong), None, "{wrong}");
        }
    }

    /// TIM-1: a day begins at the viewer's midnight, also where that does not exist.
    #[test]
    fn a_day_begins_at_midnight_of_the_zone() {
        let begins = |day: &str, zone: &str| begins_at(parse_day(day).unwrap(), zone.parse().unwrap()).unwrap().to_rfc3339();
        assert_eq!(begins("2026-06-01", "UTC"), "2026-06-01T00:00:00+00:00");
        assert_eq!(begins("2026-06-01", "Europe/Berlin"), "2026-05-31T22:00:00+00:00");
        assert_eq!(begins("2023-10-01", "America/Asuncion"), "2023-10-01T04:00:00+00:00");
        let at = "2026-05-31T23:30:00Z".parse().unwrap();
        assert_eq!(
            (of(at, Zone::UTC).to_string(), of(at, "Europe/Berlin".parse().unwrap()).to_string()),
            ("2026-05-31".into(), "2026-06-01".into())
        );
    }
}
