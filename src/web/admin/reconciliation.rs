//! Reconciliation: differences between the marketplace and the console, the oldest first (SUP-8). Each has a page with its
//! repair.

use super::rows::{Link, Moment, crumbs, moment, showing};
use crate::access::{Action, StaffScope};
use crate::fulfilment::difference::QuestionKind;
use crate::fulfilment::reconcile::{self, ClosedAs, QuestionRecord};
use crate::kernel::page::{Cursor, PageSize};
use crate::kernel::show;
use crate::web::shell::Shell;
use crate::web::{Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

/// The word of the filter.
const CLOSED: &str = "closed";

#[derive(Template)]
#[template(path = "admin/reconciliation.html")]
struct Reconciliation {
    shell: Shell,
    path: String,
    state: &'static str,
    states: [(&'static str, &'static str); 1],
    clear: String,
    rows: Vec<Row>,
    count: String,
    first: String,
    next: String,
}

struct Row {
    href: String,
    kind: &'static str,
    product: String,
    business: Link,
    granted: String,
    reported: String,
    since: Moment,
    outcome: &'static str,
}

/// A difference in a few words.
pub(super) const fn kind_label(kind: QuestionKind) -> &'static str {
    match kind {
        QuestionKind::LowerTotal => "Fewer credits",
        QuestionKind::UnknownDimension => "Not credits",
        QuestionKind::OtherExpiry => "Another end",
        QuestionKind::UnclearRenewal => "Unclear renewal",
    }
}

/// How a difference was closed, in words.
pub(super) const fn closed_label(closed_as: ClosedAs) -> &'static str {
    match closed_as {
        ClosedAs::Vanished => "Settled itself",
        ClosedAs::TakenOver => "Taken over",
        ClosedAs::Joined => "Joined",
        ClosedAs::Kept => "Kept as it is",
    }
}

impl Row {
    fn new(visit: &Visit, question: QuestionRecord) -> Self {
        Self {
            href: paths::admin_question(question.id),
            kind: kind_label(question.kind),
            product: question.product_name,
            business: Link { label: question.business_name, href: paths::admin_business(question.business) },
            granted: show::group(question.granted),
            reported: show::group(question.reported),
            since: moment(visit, question.seen_at),
            outcome: question.closed_as.map_or("Open", closed_label),
        }
    }
}

/// `GET /admin/reconciliation?state=&after=`.
pub async fn list(visit: Visit) -> Result<HttpResponse, WebError> {
    let scope = visit.staff_scope(Action::LookUp)?;
    visit.page(StatusCode::OK, &view(&visit, scope, visit.query("state") != CLOSED).await?)
}

async fn view(visit: &Visit, scope: StaffScope, is_open: bool) -> Result<Reconciliation, WebError> {
    let (db, after) = (visit.db(), Cursor::parse(visit.query("after")));
    let page = reconcile::list(db, scope, is_open, after.as_ref(), PageSize::default()).await?;
    let total = reconcile::count(db, scope, is_open).await?;
    let state = if is_open { "" } else { CLOSED };
    let href = |after: &str| paths::with_query(&paths::admin_reconciliation(), &[("state", state), ("after", after)]);
    let mut shell = visit.shell("Reconciliation");
    shell.crumbs = crumbs(&[]);
    Ok(Reconciliation {
        shell,
        path: paths::admin_reconciliation(),
        state,
        states: [(CLOSED, "Closed")],
        clear: if is_open { String::new() } else { paths::admin_reconciliation() },
        count: showing(page.items.len(), total, ("difference", "differences")),
        first: after.map(|_| href("")).unwrap_or_default(),
        next: page.next.as_deref().map(href).unwrap_or_default(),
        rows: page.items.into_iter().map(|question| Row::new(visit, question)).collect(),
    })
}
