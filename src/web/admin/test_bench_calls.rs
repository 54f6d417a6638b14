//! The test bench's inspector: every call, event and redirect, newest first, one of them in full, and all of them as CSV.

use super::rows::{Moment, crumbs, moment};
use crate::access::{Action, StaffScope};
use crate::kernel::id::BenchRecordId;
use crate::kernel::page::{Cursor, PageSize};
use crate::kernel::show;
use crate::test_bench::inspect::{KEPT, Kind, Record, RecordFilter};
use crate::web::export::{Cell, CsvFile};
use crate::web::shell::Shell;
use crate::web::{Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

const KINDS: [(&str, &str); 3] = [("call", "API call"), ("event", "Event"), ("redirect", "Redirect")];

const fn kind_in_words(kind: Kind) -> &'static str {
    match kind {
        Kind::Call => "API call",
        Kind::Event => "Event",
        Kind::Redirect => "Redirect",
    }
}

/// What the address asks for.
struct Asked {
    filter: RecordFilter,
    kind: String,
    operation: String,
    status: String,
    after: Option<Cursor>,
}

impl Asked {
    fn read(visit: &Visit) -> Self {
        let (kind, operation, status) = (visit.query("kind"), visit.query("operation"), visit.query("status"));
        let filter = RecordFilter {
            kind: Kind::parse(kind),
            operation: Some(operation.to_owned()).filter(|operation| !operation.is_empty()),
            status: status.parse().ok(),
        };
        Self {
            kind: filter.kind.map(|kind| kind.as_str().to_owned()).unwrap_or_default(),
            operation: operation.to_owned(),
            status: filter.status.map(|status| status.to_string()).unwrap_or_default(),
            after: Cursor::parse(visit.query("after")),
            filter,
        }
    }

    fn href(&self, path: &str, after: &str) -> String {
        paths::with_query(path, &[("kind", &self.kind), ("operation", &self.operation), ("status", &self.status), ("after", after)])
    }

    fn is_narrowed(&self) -> bool {
        self.filter.kind.is_some() || self.filter.operation.is_some() || self.filter.status.is_some()
    }
}

struct Row {
    at: Moment,
    href: String,
    kind: &'static str,
    operation: String,
    protocol: String,
    account: String,
    key: String,
    tone: &'static str,
    status: String,
    took: String,
    request_id: String,
}

impl Row {
    fn new(visit: &Visit, record: &Record) -> Self {
        let (tone, status) = match record.status {
            0 => ("neutral", "No answer".to_owned()),
            status @ 100..400 => ("success", status.to_string()),
            status => ("danger", status.to_string()),
        };
        Self {
            at: Moment { iso: show::iso(record.seen_at), text: moment(visit, record.seen_at).text },
            href: paths::test_bench_call(record.id),
            kind: kind_in_words(record.kind),
            operation: if record.operation.is_empty() { "(none)".to_owned() } else { record.operation.clone() },
            protocol: record.protocol.clone(),
            account: record.account.clone(),
            key: record.key_id.clone(),
            tone,
            status,
            took: match record.duration_micros {
                0 => "Not measured".to_owned(),
                micros => format!("{}.{:03} ms", micros / 1_000, micros % 1_000),
            },
            request_id: record.request_id.clone(),
        }
    }
}

#[derive(Template)]
#[template(path = "admin/test_bench_calls.html")]
struct Calls {
    shell: Shell,
    path: String,
    kinds: [(&'static str, &'static str); 3],
    operations: Vec<(String, String)>,
    kind: String,
    operation: String,
    status: String,
    clear: String,
    csv: String,
    kept: String,
    rows: Vec<Row>,
    count: String,
    first: String,
    next: String,
}

/// `GET /admin/test-bench/calls?kind=&operation=&status=&after=`.
pub async fn list(visit: Visit) -> Result<HttpResponse, WebError> {
    let (scope, asked) = (visit.staff_scope(Action::UseTestBench)?, Asked::read(&visit));
    visit.page(StatusCode::OK, &view(&visit, scope, asked).await?)
}

async fn view(visit: &Visit, scope: StaffScope, asked: Asked) -> Result<Calls, WebError> {
    let bench = &visit.portal().bench;
    let page = bench.list_records(scope, &asked.filter, asked.after.as_ref(), PageSize::default()).await?;
    let operations = bench.list_operations(scope).await?;
    let mut shell = visit.shell("Calls, events and redirects");
    shell.crumbs = crumbs(&[("Test bench", paths::test_bench())]);
    let path = paths::test_bench_calls();
    Ok(Calls {
        shell,
        kinds: KINDS,
        operations: operations.into_iter().map(|operation| (operation.clone(), operation)).collect(),
        clear: if asked.is_narrowed() { path.clone() } else { String::new() },
        csv: asked.href(&paths::test_bench_calls_csv(), ""),
        kept: show::group(KEPT),
        count: format!("Showing {}", show::count(i64::try_from(page.items.len()).unwrap_or(i64::MAX), "record")),
        first: asked.after.as_ref().map(|_| asked.href(&path, "")).unwrap_or_default(),
        next: page.next.as_deref().map(|after| asked.href(&path, after)).unwrap_or_default(),
        rows: page.items.iter().map(|record| Row::new(visit, record)).collect(),
        path,
        kind: asked.kind,
        operation: asked.operation,
        status: asked.status,
    })
}

#[derive(Template)]
#[template(path = "admin/test_bench_call.html")]
struct Call {
    shell: Shell,
    row: Row,
    request: String,
    answer: String,
}

/// `GET /admin/test-bench/calls/{record}`.
pub async fn detail(visit: Visit) -> Result<HttpResponse, WebError> {
    let scope = visit.staff_scope(Action::UseTestBench)?;
    let id = visit.id("record", BenchRecordId::parse)?;
    let record = visit.portal().bench.find_record(scope, id).await?.ok_or(WebError::NotFound)?;
    let row = Row::new(&visit, &record);
    let mut shell = visit.shell(&row.operation);
    shell.crumbs = crumbs(&[("Test bench", paths::test_bench()), ("Calls, events and redirects", paths::test_bench_calls())]);
    visit.page(StatusCode::OK, &Call { shell, row, request: record.request, answer: record.answer })
}

const COLUMNS: [&str; 11] = [
    "When",
    "Kind",
    "Operation",
    "Account",
    "Access key",
    "Protocol or address",
    "Status",
    "Microseconds",
    "Request id",
    "Request",
    "Answer",
];

/// `GET /admin/test-bench/calls.csv`: every record of the filter.
pub async fn csv(visit: Visit) -> Result<HttpResponse, WebError> {
    let (scope, filter) = (visit.staff_scope(Action::UseTestBench)?, Asked::read(&visit).filter);
    let mut file = CsvFile::new(&COLUMNS)?;
    let mut after = None;
    loop {
        let page = visit.portal().bench.list_records(scope, &filter, after.as_ref(), PageSize::MAX).await?;
        for record in &page.items {
            write(&mut file, record)?;
        }
        after = page.next.as_deref().and_then(Cursor::parse);
        if after.is_none() {
            return file.download("test-bench-calls", visit.now());
        }
    }
}

fn write(file: &mut CsvFile, record: &Record) -> Result<(), WebError> {
    file.row(&[
        Cell::Time(record.seen_at),
        Cell::Text(kind_in_words(record.kind)),
        Cell::Text(&record.operation),
        Cell::Text(&record.account),
        Cell::Text(&record.key_id),
        Cell::Text(&record.protocol),
        Cell::Number(record.status),
        Cell::Number(record.duration_micros),
        Cell::Text(&record.request_id),
        Cell::Text(&record.request),
        Cell::Text(&record.answer),
    ])
}
