//! The entries of one feature: every movement of credits between it and what is available, newest first (CRD-11).

use super::allocation;
use super::credits::Instant;
use crate::access::Action;
use crate::credits::allocated::{self, Posted};
use crate::kernel::page::{Cursor, PageSize};
use crate::kernel::show::{self, Zone};
use crate::web::export::{Cell, CsvFile};
use crate::web::shell::{Crumb, Shell};
use crate::web::{Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

struct Row {
    number: i64,
    at: Instant,
    reason: &'static str,
    by: String,
    observed: Option<Instant>,
    units: String,
    credits: String,
    credits_after: String,
    explanation: Vec<String>,
}

impl Row {
    fn new(entry: Posted, zone: Zone) -> Self {
        Self {
            number: entry.number,
            at: Instant::full(entry.recorded_at, zone),
            reason: entry.reason.label(),
            by: entry.recorded_by,
            observed: entry.observed_at.map(|at| Instant::full(at, zone)),
            units: format!("{} → {}", show::group(entry.units_before), show::group(entry.units)),
            credits: if entry.credits > 0 { format!("+{}", show::group(entry.credits)) } else { show::group(entry.credits) },
            credits_after: show::group(entry.credits_after),
            explanation: entry.explanation.lines().map(str::to_owned).collect(),
        }
    }
}

#[derive(Template)]
#[template(path = "console/allocation_entries.html")]
struct Entries {
    shell: Shell,
    name: String,
    rows: Vec<Row>,
    count: String,
    first: String,
    next: String,
    csv: String,
    feature: String,
}

/// The feature's key and name; one that the file no longer has goes by its key, and one that never was is not found.
fn named(visit: &Visit) -> (String, Option<String>) {
    let key = format!("{}/{}", visit.param("solution"), visit.param("feature"));
    let name = visit.portal().solutions.find(&key).map(|(_, feature)| feature.name.clone());
    (key, name)
}

/// `GET /console/credits/allocation/{solution}/{feature}/entries`.
pub async fn list(visit: Visit) -> Result<HttpResponse, WebError> {
    let scope = visit.business_scope(Action::SeeLicenses)?;
    let ((key, name), after) = (named(&visit), Cursor::parse(visit.query("after")));
    let page = allocated::entries(visit.db(), scope, &key, after.as_ref(), PageSize::default()).await?;
    if name.is_none() && page.is_empty() {
        return Err(WebError::NotFound);
    }
    let name = name.unwrap_or(key);
    let (solution, feature) = (visit.param("solution"), visit.param("feature"));
    let href = |after: &str| paths::with_query(&paths::allocation_entries(solution, feature), &[("after", after)]);
    let mut shell = visit.shell(&format!("Entries of {name}"));
    shell.crumbs = allocation::crumbs(true);
    shell.crumbs.push(Crumb { label: name.clone(), href: paths::allocation_feature(solution, feature) });
    let view = Entries {
        shell,
        count: format!("Showing {}", show::count(i64::try_from(page.items.len()).unwrap_or(i64::MAX), "change")),
        first: after.map(|_| href("")).unwrap_or_default(),
        next: page.next.as_deref().map(href).unwrap_or_default(),
        csv: paths::allocation_entries_csv(solution, feature),
        feature: paths::allocation_feature(solution, feature),
        rows: page.items.into_iter().map(|entry| Row::new(entry, visit.zone())).collect(),
        name,
    };
    visit.page(StatusCode::OK, &view)
}

/// `GET /console/credits/allocation/{solution}/{feature}/entries.csv`: all of them.
pub async fn csv(visit: Visit) -> Result<HttpResponse, WebError> {
    let scope = visit.business_scope(Action::SeeLicenses)?;
    let (key, name) = named(&visit);
    let entries = allocated::all_entries(visit.db(), scope, &key).await?;
    if name.is_none() && entries.is_empty() {
        return Err(WebError::NotFound);
    }
    table(&key, &entries)?.download("allocation-entries", visit.now())
}

fn table(key: &str, entries: &[Posted]) -> Result<CsvFile, WebError> {
    let columns =
        ["Entry", "At", "Feature", "Why", "By", "Counted at", "Units before", "Units", "Credits moved", "Credits reserved", "How"];
    let mut file = CsvFile::new(&columns)?;
    for entry in entries {
        file.row(&[
            Cell::Number(entry.number),
            Cell::Time(entry.recorded_at),
            Cell::Text(key),
            Cell::Text(entry.reason.label()),
            Cell::Text(&entry.recorded_by),
            entry.observed_at.map_or(Cell::Empty, Cell::Time),
            Cell::Number(entry.units_before),
            Cell::Number(entry.units),
            Cell::Number(entry.credits),
            Cell::Number(entry.credits_after),
            Cell::Text(&entry.explanation.replace('\n', "; ")),
        ])?;
    }
    Ok(file)
}
