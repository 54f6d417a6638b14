//! Activation codes by batch, newest first.

use super::rows::{Link, Moment, crumbs, moment, showing};
use crate::access::{Action, allows};
use crate::fulfilment::code::list::{self, BatchFilter, BatchRecord};
use crate::kernel::page::{Cursor, PageSize};
use crate::kernel::show;
use crate::web::shell::Shell;
use crate::web::{Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

struct Row {
    order: Link,
    product: String,
    credits: String,
    business: Option<Link>,
    codes: String,
    open: String,
    used: String,
    valid_until: Moment,
    issued: Moment,
}

impl Row {
    fn new(visit: &Visit, batch: BatchRecord) -> Self {
        let business = batch.business_id.zip(batch.business_name.clone());
        Self {
            open: show::group(batch.open(visit.now())),
            order: Link { label: batch.order_number, href: paths::admin_code_batch(batch.id) },
            product: batch.product_name,
            credits: show::group(batch.credits.get()),
            business: business.map(|(id, label)| Link { label, href: paths::admin_business(id) }),
            codes: show::group(batch.size),
            used: show::group(batch.used),
            valid_until: moment(visit, batch.valid_until),
            issued: moment(visit, batch.issued_at),
        }
    }
}

#[derive(Template)]
#[template(path = "admin/codes.html")]
struct Codes {
    shell: Shell,
    path: String,
    sought: String,
    clear: String,
    issue: Option<String>,
    rows: Vec<Row>,
    count: String,
    first: String,
    next: String,
}

/// `GET /admin/codes?q=&after=`
pub async fn list(visit: Visit) -> Result<HttpResponse, WebError> {
    let scope = visit.staff_scope(Action::LookUp)?;
    let (sought, after) = (visit.query("q"), Cursor::parse(visit.query("after")));
    let page = list::batches(visit.db(), scope, &BatchFilter::parse(sought), after.as_ref(), PageSize::default()).await?;
    let mut shell = visit.shell("Activation codes");
    shell.crumbs = crumbs(&[]);
    let may = visit.actor().is_some_and(|actor| allows(actor, Action::IssueCodes).is_ok());
    let href = |after: &str| paths::with_query(&paths::admin_codes(), &[("q", sought), ("after", after)]);
    let view = Codes {
        shell,
        path: paths::admin_codes(),
        clear: if sought.is_empty() { String::new() } else { paths::admin_codes() },
        issue: may.then(paths::admin_codes_new),
        count: showing(page.items.len(), page.total.unwrap_or_default(), ("batch", "batches")),
        first: after.map(|_| href("")).unwrap_or_default(),
        next: page.next.as_deref().map(href).unwrap_or_default(),
        rows: page.items.into_iter().map(|batch| Row::new(&visit, batch)).collect(),
        sought: sought.to_owned(),
    };
    visit.page(StatusCode::OK, &view)
}
