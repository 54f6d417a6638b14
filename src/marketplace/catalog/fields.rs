//! Reads the fields of one table of the catalog file and notes what is wrong with each, so that all problems of a file
//! come to light at once.

use super::minor_units;
use crate::kernel::money::{Currency, Money};
use crate::kernel::show::group;
use crate::kernel::text::{multi_line, one_line};
use std::collections::BTreeSet;
use toml::{Table, Value};

const TEXT_CHARS_MAX: usize = 8_000;
const POINTS_MAX: usize = 12;
/// As many as a product of the real marketplace has.
const NAMES_MAX: usize = 200;

/// One table under the eye of a reader: what was asked for is known, the rest is reported by [`Fields::finish`].
pub(super) struct Fields<'c> {
    at: String,
    table: &'c Table,
    known: BTreeSet<&'static str>,
    problems: &'c mut Vec<String>,
}

impl<'c> Fields<'c> {
    pub(super) fn of(at: String, table: &'c Table, problems: &'c mut Vec<String>) -> Self {
        Self { at, table, known: BTreeSet::new(), problems }
    }

    pub(super) fn problem(&mut self, name: &str, what: &str) {
        self.problems.push(format!("{}, {name}: {what}", self.at));
    }

    /// A part that somebody else reads.
    pub(super) fn skip(&mut self, name: &'static str) {
        self.known.insert(name);
    }

    /// Reports what nobody asked for: most often a misspelt name.
    pub(super) fn finish(mut self) {
        let table = self.table;
        for name in table.keys().filter(|name| !self.known.contains(name.as_str())).cloned().collect::<Vec<_>>() {
            self.problem(&name, "nothing of this name is known");
        }
    }

    fn value(&mut self, name: &'static str) -> Option<&'c Value> {
        self.known.insert(name);
        self.table.get(name)
    }

    fn text(&mut self, name: &'static str) -> Option<&'c str> {
        let text = self.value(name).and_then(Value::as_str);
        if text.is_none() {
            self.problem(name, "a text is needed");
        }
        text
    }

    fn checked<T>(&mut self, name: &'static str, what: &str, read: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        let read = read(self.text(name)?);
        if read.is_none() {
            self.problem(name, what);
        }
        read
    }

    pub(super) fn line(&mut self, name: &'static str, chars_max: usize) -> Option<String> {
        self.checked(name, &format!("one line of 1 to {chars_max} characters is needed"), |text| one_line(text, chars_max).ok())
    }

    pub(super) fn paragraphs(&mut self, name: &'static str) -> Option<String> {
        self.checked(name, &format!("a text of 1 to {TEXT_CHARS_MAX} characters is needed"), |text| multi_line(text, TEXT_CHARS_MAX).ok())
    }

    pub(super) fn id<T>(&mut self, name: &'static str, parse: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        self.checked(name, "not an id of this kind", parse)
    }

    pub(super) fn account(&mut self, name: &'static str) -> Option<String> {
        let digits = |text: &str| text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
        self.checked(name, "an account number of 12 digits is needed", |text| digits(text).then(|| text.to_owned()))
    }

    pub(super) fn code(&mut self, name: &'static str) -> Option<String> {
        let plain = |text: &str| {
            !text.is_empty()
                && text.len() <= 64
                && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        };
        self.checked(name, "1 to 64 lower-case letters, digits and _ are needed", |text| plain(text).then(|| text.to_owned()))
    }

    pub(super) fn url(&mut self, name: &'static str) -> Option<String> {
        let web = |text: &str| url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
        self.checked(name, "a web address is needed", |text| web(text).then(|| text.to_owned()))
    }

    pub(super) fn optional_url(&mut self, name: &'static str) -> Option<String> {
        if self.value(name).is_some() { self.url(name) } else { None }
    }

    /// One of a few words, which may be left out.
    pub(super) fn optional_word<T>(
        &mut self,
        name: &'static str,
        left_out: T,
        parse: impl FnOnce(&str) -> Option<T>,
        what: &str,
    ) -> Option<T> {
        if self.value(name).is_some() { self.checked(name, what, parse) } else { Some(left_out) }
    }

    /// A list of lines, kept as one text.
    pub(super) fn points(&mut self, name: &'static str) -> Option<String> {
        let list = self.value(name).and_then(Value::as_array).filter(|list| (1..=POINTS_MAX).contains(&list.len()));
        let points = list.and_then(|list| list.iter().map(|point| one_line(point.as_str()?, 200).ok()).collect::<Option<Vec<_>>>());
        if points.is_none() {
            self.problem(name, &format!("a list of 1 to {POINTS_MAX} lines is needed"));
        }
        points.map(|points| points.join("\n"))
    }

    /// A list of different names, kept as one text; it may be left out.
    pub(super) fn names(&mut self, name: &'static str) -> Option<String> {
        let Some(value) = self.value(name) else { return Some(String::new()) };
        let is_name = |text: &&str| (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        let names = value.as_array().filter(|list| list.len() <= NAMES_MAX);
        let names = names.and_then(|list| list.iter().map(|name| name.as_str().filter(is_name)).collect::<Option<Vec<_>>>());
        let names = names.filter(|names| names.iter().collect::<BTreeSet<_>>().len() == names.len());
        if names.is_none() {
            self.problem(name, &format!("a list of up to {NAMES_MAX} different names of visible letters is needed"));
        }
        names.map(|names| names.join("\n"))
    }

    pub(super) fn whole(&mut self, name: &'static str, min: i64, max: i64) -> Option<i64> {
        let number = self.value(name).and_then(Value::as_integer).filter(|number| (min..=max).contains(number));
        if number.is_none() {
            self.problem(name, &format!("a whole number from {} to {} is needed", group(min), group(max)));
        }
        number
    }

    pub(super) fn currency(&mut self, name: &'static str) -> Option<Currency> {
        self.checked(name, "a known currency code is needed", |text| text.parse().ok())
    }

    pub(super) fn price(&mut self, name: &'static str, currency: Option<Currency>) -> Option<Money> {
        let text = self.text(name)?;
        let currency = currency?;
        let minor = minor_units(text, currency);
        if minor.is_none() {
            self.problem(name, "a price above zero is needed, written as text such as \"1.00\"");
        }
        minor.map(|minor| Money::new(minor, currency))
    }
}
