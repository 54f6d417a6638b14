//! From a body to reports: every problem of its form at once, each with its JSON pointer. What the words mean (which
//! business, which feature) is for the use case.

use super::problem::{PartProblem, Problem};
use crate::credits::rates::Units;
use crate::credits::solutions::FeatureKey;
use crate::credits::usage_calls::Report;
use crate::kernel::clock::Timestamp;
use crate::kernel::id::BusinessId;
use actix_web::http::StatusCode;
use chrono::DateTime;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Most reports in one call.
pub const REPORTS_MAX: usize = 500;
const UNITS_MAX: i64 = 1_000_000_000_000_000;
const EARLIEST: &str = "2000-01-01T00:00:00Z";

struct Reading(Vec<PartProblem>);

impl Reading {
    fn problem(&mut self, pointer: &str, code: &'static str, detail: impl Into<String>) {
        self.0.push(PartProblem { pointer: pointer.to_owned(), code, detail: detail.into() });
    }

    /// A member that must be there; only the named members may be.
    fn member<'v>(&mut self, object: &'v Map<String, Value>, at: &str, name: &str) -> Option<&'v Value> {
        let found = object.get(name);
        if found.is_none() {
            self.problem(at, "missing", format!("The member \"{name}\" is needed."));
        }
        found
    }

    fn only(&mut self, object: &Map<String, Value>, at: &str, known: &[&str]) {
        for name in object.keys().filter(|name| !known.contains(&name.as_str())) {
            self.problem(&format!("{at}/{}", escaped(name)), "unknown-member", "There is no member of this name.");
        }
    }

    fn text<'v>(&mut self, object: &'v Map<String, Value>, at: &str, name: &str) -> Option<&'v str> {
        let text = self.member(object, at, name)?.as_str();
        if text.is_none() {
            self.problem(&format!("{at}/{name}"), "not-text", "A text is needed.");
        }
        text
    }

    fn units(&mut self, value: &Value, at: &str) -> Option<i64> {
        let units = value.as_i64().filter(|units| (0..=UNITS_MAX).contains(units));
        if units.is_none() {
            self.problem(at, "not-units", "A whole number from 0 to 1,000,000,000,000,000 is needed, written without a fraction.");
        }
        units
    }

    fn instant(&mut self, text: &str, at: &str) -> Option<Timestamp> {
        let earliest = DateTime::parse_from_rfc3339(EARLIEST).ok()?;
        let read = DateTime::parse_from_rfc3339(text).ok().filter(|instant| *instant >= earliest && text.len() <= 40);
        let micros = read.and_then(|instant| DateTime::from_timestamp_micros(instant.timestamp_micros()));
        if micros.is_none() {
            self.problem(at, "not-an-instant", "An RFC 3339 instant with its offset is needed, such as 2026-03-02T09:00:00Z.");
        }
        micros
    }

    fn report(&mut self, value: &Value, at: &str) -> Option<Report> {
        let Some(object) = value.as_object() else {
            self.problem(at, "not-an-object", "An object is needed.");
            return None;
        };
        self.only(object, at, &["business", "feature", "units", "in_use", "observed_at"]);
        let business = self.text(object, at, "business");
        let feature = self.text(object, at, "feature");
        let total = self.member(object, at, "units").and_then(|value| self.units(value, &format!("{at}/units")));
        let in_use = self.in_use(object, at);
        let observed_at = self.text(object, at, "observed_at").and_then(|text| self.instant(text, &format!("{at}/observed_at")));
        let units = match in_use? {
            None => Units::of(total?),
            Some(in_use) => Units::by_use(total?, in_use),
        };
        Some(Report { business: BusinessId::parse(business?), feature: FeatureKey::parse(feature?), units, observed_at: observed_at? })
    }

    /// `Some(None)` when it is absent.
    #[expect(clippy::option_option, reason = "absent and wrong are different")]
    fn in_use(&mut self, object: &Map<String, Value>, at: &str) -> Option<Option<BTreeMap<FeatureKey, i64>>> {
        let Some(value) = object.get("in_use") else { return Some(None) };
        let at = format!("{at}/in_use");
        let Some(object) = value.as_object() else {
            self.problem(&at, "not-an-object", "An object from features to units is needed.");
            return None;
        };
        let mut in_use = BTreeMap::new();
        for (name, value) in object {
            let at = format!("{at}/{}", escaped(name));
            let units = self.units(value, &at);
            match FeatureKey::parse(name) {
                Some(key) => drop(units.map(|units| in_use.insert(key, units))),
                None => self.problem(&at, "unknown-feature", "There is no such feature."),
            }
        }
        Some(Some(in_use))
    }
}

/// A name as a JSON pointer has it.
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// The reports of a body.
///
/// # Errors
/// Every problem of its form.
pub fn read(body: &[u8]) -> Result<Vec<Report>, Problem> {
    let malformed = |detail: String| Problem::new(StatusCode::BAD_REQUEST, "malformed", "The body is no JSON", detail);
    let root: Value = serde_json::from_slice(body).map_err(|error| malformed(format!("{error}.")))?;
    let mut reading = Reading(Vec::new());
    let reports = root.as_object().and_then(|root| {
        reading.only(root, "", &["reports"]);
        reading.member(root, "", "reports")
    });
    let read = match reports.map(Value::as_array) {
        Some(Some(list)) if (1..=REPORTS_MAX).contains(&list.len()) => {
            list.iter().enumerate().filter_map(|(index, value)| reading.report(value, &format!("/reports/{index}"))).collect()
        }
        Some(_) => {
            reading.problem("/reports", "not-reports", format!("A list of 1 to {REPORTS_MAX} reports is needed."));
            Vec::new()
        }
        None => {
            if !root.is_object() {
                reading.problem("", "not-an-object", "An object with the member \"reports\" is needed.");
            }
            Vec::new()
        }
    };
    if reading.0.is_empty() {
        return Ok(read);
    }
    let detail = "Nothing was changed. Mend every part that is named and call again.";
    let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-body", "The body is not what the description says", detail);
    Err(problem.with_errors(reading.0))
}
