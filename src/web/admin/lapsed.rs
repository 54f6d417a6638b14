//! Businesses whose last license has ended: in grace, locked, closed, or closed for deletion (EXP-2).

use super::rows::{AccessRow, Link, Moment, crumbs, moment, showing};
use crate::access::{Action, Phase};
use crate::fulfilment::expiry::{Lapsed, LapsedFilter, LapsedKind, count_lapsed, list_lapsed};
use crate::kernel::page::{Cursor, PageSize};
use crate::web::export::{Cell, CsvFile};
use crate::web::shell::Shell;
use crate::web::{Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

struct Row {
    business: Link,
    access: AccessRow,
    expired: Moment,
    locks: Moment,
    closes: Moment,
}

impl Row {
    fn new(visit: &Visit, lapsed: &Lapsed) -> Self {
        let lengths = visit.portal().config.access_lengths;
        Self {
            business: Link { label: lapsed.name.clone(), href: paths::admin_business(lapsed.business) },
            access: AccessRow::new(visit, lapsed.phase),
            expired: moment(visit, lapsed.expired_at),
            locks: moment(visit, lengths.locks_at(lapsed.expired_at)),
            closes: moment(visit, lengths.closes_at(lapsed.expired_at)),
        }
    }
}

#[derive(Template)]
#[template(path = "admin/lapsed.html")]
struct Page {
    shell: Shell,
    path: String,
    kind: &'static str,
    kinds: Vec<(&'static str, &'static str)>,
    clear: String,
    csv: String,
    outlook: String,
    rows: Vec<Row>,
    count: String,
    first: String,
    next: String,
}

fn filter(visit: &Visit) -> LapsedFilter {
    LapsedFilter { kind: LapsedKind::parse(visit.query("phase")), now: visit.now(), lengths: visit.portal().config.access_lengths }
}

fn href(path: &str, filter: LapsedFilter, after: &str) -> String {
    paths::with_query(path, &[("phase", filter.kind.map_or("", LapsedKind::as_str)), ("after", after)])
}

/// `GET /admin/outlook/businesses?phase=&after=`.
pub async fn list(visit: Visit) -> Result<HttpResponse, WebError> {
    let scope = visit.staff_scope(Action::LookUp)?;
    let (filter, after) = (filter(&visit), Cursor::parse(visit.query("after")));
    let page = list_lapsed(visit.db(), scope, filter, after.as_ref(), PageSize::default()).await?;
    let total = count_lapsed(visit.db(), scope, filter).await?;
    let here = |after: &str| href(&paths::admin_lapsed(), filter, after);
    let mut shell = visit.shell("Businesses without a valid license");
    shell.crumbs = crumbs(&[("Outlook", paths::admin_outlook())]);
    let view = Page {
        shell,
        path: paths::admin_lapsed(),
        kind: filter.kind.map_or("", LapsedKind::as_str),
        kinds: LapsedKind::ALL.iter().map(|kind| (kind.as_str(), kind.label())).collect(),
        clear: if filter.kind.is_some() { paths::admin_lapsed() } else { String::new() },
        csv: href(&paths::admin_lapsed_csv(), filter, ""),
        outlook: paths::admin_outlook(),
        count: showing(page.items.len(), total, ("business", "businesses")),
        first: after.map(|_| here("")).unwrap_or_default(),
        next: page.next.as_deref().map(here).unwrap_or_default(),
        rows: page.items.iter().map(|lapsed| Row::new(&visit, lapsed)).collect(),
    };
    visit.page(StatusCode::OK, &view)
}

/// `GET /admin/outlook/businesses.csv`: every row of the filter.
pub async fn csv(visit: Visit) -> Result<HttpResponse, WebError> {
    let scope = visit.staff_scope(Action::LookUp)?;
    let filter = filter(&visit);
    let mut file =
        CsvFile::new(&["Business", "Name", "Access", "Last license expired", "Locked from", "Closed from", "Closed for deletion"])?;
    let mut after = None;
    loop {
        let page = list_lapsed(visit.db(), scope, filter, after.as_ref(), PageSize::MAX).await?;
        for lapsed in &page.items {
            write(&mut file, lapsed, filter)?;
        }
        after = page.next.as_deref().and_then(Cursor::parse);
        if after.is_none() {
            return file.download("businesses-without-license", visit.now());
        }
    }
}

fn write(file: &mut CsvFile, lapsed: &Lapsed, filter: LapsedFilter) -> Result<(), WebError> {
    file.row(&[
        Cell::Text(&lapsed.business.to_string()),
        Cell::Text(&lapsed.name),
        Cell::Text(lapsed.phase.label()),
        Cell::Time(lapsed.expired_at),
        Cell::Time(filter.lengths.locks_at(lapsed.expired_at)),
        Cell::Time(filter.lengths.closes_at(lapsed.expired_at)),
        match lapsed.phase {
            Phase::Closed { since, for_deletion: true } => Cell::Time(since),
            _ => Cell::Empty,
        },
    ])
}
