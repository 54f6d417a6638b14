//! Which part of the history a page or file shows: the year that ends now, the year ahead, or one month of the viewer's
//! zone. Months that have not ended go on with what will expire if nothing is renewed or added.

use crate::credits::history;
use crate::kernel::clock::Timestamp;
use crate::kernel::day;
use crate::kernel::show::Zone;
use crate::web::{Visit, paths};
use chrono::{Datelike, Months, NaiveDate};

/// How far back and ahead the list of months goes.
const MONTHS_BACK: u32 = 24;
const MONTHS_AHEAD: u32 = 24;
/// Where the section begins on the page.
const ANCHOR: &str = "#history";
const AHEAD: &str = "ahead";

/// A window of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Window {
    /// Twelve months back to now.
    YearBack,
    /// From now, twelve months ahead.
    YearAhead,
    /// A calendar month, by its first day.
    Month(NaiveDate),
}

impl Window {
    /// What the address asks for; anything else is the year that ends now.
    pub fn asked(visit: &Visit) -> Self {
        match visit.query("month") {
            "" => Self::YearBack,
            AHEAD => Self::YearAhead,
            month => NaiveDate::parse_from_str(&format!("{month}-01"), "%Y-%m-%d")
                .ok()
                .filter(|day| (2000..=9000).contains(&day.year()))
                .map_or(Self::YearBack, Self::Month),
        }
    }

    /// The word in addresses; empty for the year that ends now.
    pub fn word(self) -> String {
        match self {
            Self::YearBack => String::new(),
            Self::YearAhead => AHEAD.to_owned(),
            Self::Month(day) => day.format("%Y-%m").to_string(),
        }
    }

    /// First and last instant.
    pub fn ends(self, now: Timestamp, zone: Zone) -> (Timestamp, Timestamp) {
        match self {
            Self::YearBack => (history::a_year_before(now), now),
            Self::YearAhead => (now, now.checked_add_months(Months::new(12)).unwrap_or(now)),
            Self::Month(day) => {
                let next = day.checked_add_months(Months::new(1)).unwrap_or(day);
                let midnight = |day: NaiveDate| day::begins_at(day, zone).unwrap_or(now);
                (midnight(day), midnight(next))
            }
        }
    }

    /// `one year`, `the next year`, `March 2026`.
    pub fn in_words(self) -> String {
        match self {
            Self::YearBack => "one year".to_owned(),
            Self::YearAhead => "the next year".to_owned(),
            Self::Month(day) => day.format("%B %Y").to_string(),
        }
    }

    /// The month before and after, with their names.
    pub fn neighbours(self) -> Option<[(String, String); 2]> {
        let Self::Month(day) = self else { return None };
        let (before, after) = (day.checked_sub_months(Months::new(1))?, day.checked_add_months(Months::new(1))?);
        Some([before, after].map(|day| (Self::Month(day).href(), Self::Month(day).in_words())))
    }

    /// Its address on the page.
    pub fn href(self) -> String {
        format!("{}{ANCHOR}", paths::with_query(&paths::credits(), &[("month", &self.word())]))
    }

    /// The same window as a file.
    pub fn file(self, path: &str) -> String {
        paths::with_query(path, &[("month", &self.word())])
    }

    /// Every window that the list offers besides the year that ends now, months from the newest on.
    pub fn choices(now: Timestamp, zone: Zone) -> Vec<(String, String)> {
        let today = day::of(now, zone).with_day(1).unwrap_or_default();
        let last = today.checked_add_months(Months::new(MONTHS_AHEAD)).unwrap_or(today);
        let months = (0..=MONTHS_BACK + MONTHS_AHEAD).filter_map(|back| last.checked_sub_months(Months::new(back)));
        let ahead = std::iter::once(Self::YearAhead);
        ahead.chain(months.map(Self::Month)).map(|window| (window.word(), capitalised(&window.in_words()))).collect()
    }

    /// What stands at the end of the line: now, or an instant that has not come.
    pub fn end_in_words(self, now: Timestamp, zone: Zone) -> &'static str {
        match self.ends(now, zone).1 {
            end if end == now => "Now",
            end if end < now => "At the end",
            _ => "At the end, if nothing is renewed or added",
        }
    }
}

fn capitalised(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// CRD-5: a month is the viewer's, from midnight to midnight, across the change of the clocks too.
    #[test]
    fn a_month_begins_and_ends_at_the_viewers_midnight() {
        let berlin: Zone = "Europe/Berlin".parse().unwrap();
        let march = Window::Month(NaiveDate::from_ymd_opt(2026, 3, 1).unwrap());
        assert_eq!(march.ends(at("2026-05-01T00:00:00Z"), Zone::UTC), (at("2026-03-01T00:00:00Z"), at("2026-04-01T00:00:00Z")));
        assert_eq!(march.ends(at("2026-05-01T00:00:00Z"), berlin), (at("2026-02-28T23:00:00Z"), at("2026-03-31T22:00:00Z")));
        let names = march.neighbours().unwrap().map(|(href, name)| format!("{href} {name}"));
        assert_eq!(names, ["/console/credits?month=2026-02#history February 2026", "/console/credits?month=2026-04#history April 2026"]);
    }

    #[test]
    fn the_list_goes_from_two_years_ahead_to_two_years_back() {
        let choices = Window::choices(at("2026-03-31T23:30:00Z"), Zone::UTC);
        let (first, last) = (&choices[1], choices.last().unwrap());
        assert_eq!(choices[0].0, "ahead");
        assert_eq!((first.0.as_str(), last.0.as_str(), choices.len()), ("2028-03", "2024-03", 50));
        assert_eq!(first.1, "March 2028");
    }
}
