//! Reads the fields of one table of the solutions file and notes what is wrong with each, so that all problems of a file
//! come to light at once, each with its line.

use crate::kernel::show::group;
use crate::kernel::text::one_line;
use std::collections::BTreeSet;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The file as it is read: its text, and what is wrong with it.
pub(super) struct Page<'p> {
    text: &'p str,
    pub(super) problems: Vec<String>,
}

impl<'p> Page<'p> {
    pub(super) const fn of(text: &'p str) -> Self {
        Self { text, problems: Vec::new() }
    }

    pub(super) fn problem(&mut self, span: &Range<usize>, place: &str, what: &str) {
        let before = self.text.as_bytes().get(..span.start).unwrap_or_default();
        let line = 1 + before.split(|byte| *byte == b'\n').count().saturating_sub(1);
        self.problems.push(format!("line {line}, {place}: {what}"));
    }
}

/// A table of the file with its place in words and in the text.
pub(super) struct Placed<'t> {
    pub(super) at: String,
    pub(super) table: &'t DeTable<'t>,
    pub(super) span: Range<usize>,
}

/// One table under the eye of a reader: what was asked for is known, the rest is reported by [`Fields::finish`].
pub(super) struct Fields<'f, 't, 'p> {
    placed: &'f Placed<'t>,
    known: BTreeSet<&'static str>,
    page: &'f mut Page<'p>,
}

impl<'f, 't, 'p> Fields<'f, 't, 'p> {
    pub(super) const fn of(placed: &'f Placed<'t>, page: &'f mut Page<'p>) -> Self {
        Self { placed, known: BTreeSet::new(), page }
    }

    /// A problem of a field, at its line; of a missing one at the line of the table.
    pub(super) fn problem(&mut self, name: &str, what: &str) {
        let span = self.placed.table.get(name).map_or_else(|| self.placed.span.clone(), Spanned::span);
        self.page.problem(&span, &format!("{}, {name}", self.placed.at), what);
    }

    /// A part that somebody else reads.
    pub(super) fn skip(&mut self, name: &'static str) {
        self.known.insert(name);
    }

    /// Reports what nobody asked for: most often a misspelt name.
    pub(super) fn finish(mut self) {
        let names: Vec<String> = self.placed.table.keys().map(|key| key.get_ref().to_string()).collect();
        for name in names {
            if !self.known.contains(name.as_str()) {
                self.problem(&name, "nothing of this name is known");
            }
        }
    }

    fn value(&mut self, name: &'static str) -> Option<&'t DeValue<'t>> {
        self.known.insert(name);
        self.placed.table.get(name).map(Spanned::get_ref)
    }

    pub(super) fn has(&mut self, name: &'static str) -> bool {
        self.value(name).is_some()
    }

    pub(super) fn read<T>(&mut self, name: &'static str, what: &str, read: impl FnOnce(&'t DeValue<'t>) -> Option<T>) -> Option<T> {
        let found = self.value(name).and_then(read);
        if found.is_none() {
            self.problem(name, what);
        }
        found
    }

    pub(super) fn line(&mut self, name: &'static str, chars_max: usize) -> Option<String> {
        let what = format!("one line of text of 1 to {chars_max} characters is needed");
        self.read(name, &what, |value| one_line(value.as_str()?, chars_max).ok())
    }

    pub(super) fn whole(&mut self, name: &'static str, min: i64, max: i64) -> Option<i64> {
        let what = format!("a whole number from {} to {} is needed", group(min), group(max));
        self.read(name, &what, |value| integer(value).filter(|number| (min..=max).contains(number)))
    }

    pub(super) fn flag(&mut self, name: &'static str) -> Option<bool> {
        self.read(name, "true or false is needed", DeValue::as_bool)
    }
}

/// A decimal integer; anything else is none here.
pub(super) fn integer(value: &DeValue<'_>) -> Option<i64> {
    value.as_integer().filter(|integer| integer.radix() == 10)?.as_str().parse().ok()
}
