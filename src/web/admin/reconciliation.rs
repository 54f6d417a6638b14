//! Reconciliation: differences between the marketplace and the console, the oldest first (SUP-8). Each has a page with its
//! repair.

use super::rows::{Link, Moment, crumbs, moment, showing};
use crate::access::{Action, StaffScope, allows};
use crate::audit::ActingAs;
use crate::fulfilment::difference::QuestionKind;
use crate::fulfilment::recheck::{self, Checked};
use crate::fulfilment::reconcile::{self, ClosedAs, QuestionRecord};
use crate::kernel::clock::Timestamp;
use crate::kernel::page::{Cursor, PageSize};
use crate::kernel::show;
use crate::web::shell::{Shell, Tone};
use crate::web::{Form, Visit, WebError, paths};
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
    running: String,
    compared: String,
    /// The address that compares all now; empty for those who may not.
    compare: String,
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
    let checked = recheck::progress(&visit.portal().fulfilment, scope, visit.now()).await?;
    let may = visit.actor().is_some_and(|actor| allows(actor, Action::Reconcile).is_ok());
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
        running: show::count(checked.running, "running contract"),
        compared: compared(visit, &checked),
        compare: if may { paths::admin_compare() } else { String::new() },
        next: page.next.as_deref().map(href).unwrap_or_default(),
        rows: page.items.into_iter().map(|question| Row::new(visit, question)).collect(),
    })
}

/// How far the comparison is, in words.
fn compared(visit: &Visit, checked: &Checked) -> String {
    let last = checked.last_at.filter(|at| *at > Timestamp::UNIX_EPOCH);
    let last = last.map_or_else(String::new, |at| format!(" The last one was read on {}.", show::date_time(at, visit.zone())));
    match checked.waiting {
        0 => format!("Each is compared with the marketplace every hour, at every change and at its end.{last}"),
        waiting => format!("{} still to be read.{last}", show::count(waiting, "contract")),
    }
}

/// `POST /admin/reconciliation/compare`.
pub async fn compare(visit: Visit, _: Form) -> Result<HttpResponse, WebError> {
    let (scope, who) = (visit.staff_scope(Action::Reconcile)?, visit.who(ActingAs::Staff));
    let asked = recheck::ask_for_all(&visit.portal().fulfilment, visit.require_actor()?, (scope, &who)).await?;
    visit.portal().wake.now();
    let contracts = show::count(i64::try_from(asked).unwrap_or(i64::MAX), "contract");
    visit.flash(Tone::Success, "The comparison has begun", &format!("{contracts} are read, about ten a second. Differences appear below."));
    Ok(visit.see_other(&paths::admin_reconciliation()))
}
