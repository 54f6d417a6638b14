//! The date table of renewals: every term's end by the anchor, whatever the zone and language of the machine.

use chrono::{DateTime, Datelike, NaiveDate, TimeZone, Utc};
use creditdesk::kernel::clock::Timestamp;
use creditdesk::kernel::term::Term;
use std::process::Command;

const TERMS: u32 = 5;

fn days_in(year: i32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// By hand: the same day and time so many years later, or the month's last day where there is no such day.
fn years_later(anchor: Timestamp, years: i32) -> Timestamp {
    let year = anchor.year() + years;
    let day = anchor.day().min(days_in(year, anchor.month()));
    let date = NaiveDate::from_ymd_opt(year, anchor.month(), day).expect("a date of the calendar");
    Utc.from_utc_datetime(&date.and_time(anchor.time()))
}

fn instant(text: &str) -> Timestamp {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// More than two hundred starts: month ends, leap days, the last second of a year and a leap second's text, the hours in
/// which clocks change in six zones, the end of 32-bit time.
fn starts() -> Vec<Timestamp> {
    let mut starts: Vec<Timestamp> = [
        "2024-02-29T00:00:00Z",
        "2024-02-29T23:59:59.999999Z",
        "2023-02-28T12:00:00Z",
        "2024-02-28T12:00:00Z",
        "2026-12-31T23:59:59Z",
        "2016-12-31T23:59:60Z",
        "2038-01-19T03:14:07Z",
        "2038-01-19T03:14:08Z",
        "2037-12-31T23:59:59.5Z",
        "1999-12-31T23:59:59Z",
        "2000-02-29T06:30:00Z",
        "2096-02-29T06:30:00Z",
        "2099-03-01T00:00:00Z",
    ]
    .into_iter()
    .map(instant)
    .collect();
    // Berlin, London, New York, Los Angeles, Sydney, Lord Howe: an hour before, at, and after each change of 2026.
    for change in [
        "2026-03-29T01:00:00Z",
        "2026-10-25T01:00:00Z",
        "2026-03-08T07:00:00Z",
        "2026-11-01T06:00:00Z",
        "2026-03-08T10:00:00Z",
        "2026-11-01T09:00:00Z",
        "2026-04-04T16:00:00Z",
        "2026-10-03T16:00:00Z",
        "2026-04-04T15:00:00Z",
        "2026-10-03T15:30:00Z",
    ] {
        starts.extend([-3600, -1, 0, 1, 3600].map(|seconds| instant(change) + chrono::TimeDelta::seconds(seconds)));
    }
    for (year, month) in [2023, 2024, 2025, 2027, 2028, 2100].into_iter().flat_map(|year| (1..=12).map(move |month| (year, month))) {
        for day in [1, days_in(year, month)] {
            starts.push(Utc.with_ymd_and_hms(year, month, day, 22, 30, 15).single().expect("an instant of UTC"));
        }
    }
    starts
}

/// The whole table in one text: start, and the end of each term.
fn table() -> String {
    let rows = starts().into_iter().map(|start| {
        let ends = (1..=TERMS).map(|number| Term::annual(start, number).expect("a term of the calendar").ends_at());
        let ends: Vec<String> = ends.map(|end: DateTime<Utc>| end.to_rfc3339()).collect();
        format!("{} {}", start.to_rfc3339(), ends.join(" "))
    });
    rows.collect::<Vec<_>>().join("\n")
}

/// TIM-2, REN-1: term n ends n years after the anchor, never after the previous end, and the next begins exactly there.
#[test]
fn each_term_ends_by_its_anchor() {
    let starts = starts();
    assert!(starts.len() >= 200, "{} starts", starts.len());
    for start in starts {
        let mut term = Term::first(start).unwrap();
        for number in 1..=TERMS {
            let expected = years_later(start, i32::try_from(number).unwrap());
            assert_eq!(term.ends_at(), expected, "term {number} from {start}");
            let next = term.next().unwrap();
            assert_eq!(next.starts_at(), expected, "no gap and no overlap after term {number} from {start}");
            term = next;
        }
    }
    let leap = instant("2024-02-29T09:00:00Z");
    let ends: Vec<String> = (1..=4).map(|number| Term::annual(leap, number).unwrap().ends_at().date_naive().to_string()).collect();
    assert_eq!(ends, ["2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"]);
    // Read by the test below from other zones and languages.
    println!("table of terms: {}", sha(&table()));
}

fn sha(text: &str) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// TIM-2: the table is the same under four zones and languages of the machine.
#[test]
fn the_table_does_not_depend_on_the_machines_zone_or_language() {
    for (zone, language) in
        [("UTC", "C"), ("America/New_York", "en_US.UTF-8"), ("Asia/Kathmandu", "ne_NP.UTF-8"), ("Australia/Lord_Howe", "tr_TR.UTF-8")]
    {
        let this = std::env::current_exe().expect("this program");
        let done = Command::new(this)
            .args(["renewal::dates::each_term_ends_by_its_anchor", "--exact", "--nocapture"])
            .envs([("TZ", zone), ("LANG", language), ("LC_ALL", language)])
            .output()
            .expect("the tests run");
        let said = String::from_utf8_lossy(&done.stdout);
        assert!(done.status.success() && said.contains(&format!("table of terms: {}", sha(&table()))), "{zone}: {said}");
    }
}
