//! Transfers of all businesses by state, newest first.

use super::rows::{TransferRow, crumbs, showing};
use crate::access::{Action, StaffScope};
use crate::fulfilment::transfer::{self, Narrowed, Status};
use crate::identity::look_up as identity;
use crate::kernel::id::BusinessId;
use crate::kernel::page::{Cursor, PageSize};
use crate::web::shell::Shell;
use crate::web::{Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

#[derive(Template)]
#[template(path = "admin/transfers.html")]
struct Transfers {
    shell: Shell,
    path: String,
    status: &'static str,
    statuses: Vec<(&'static str, &'static str)>,
    business: String,
    business_name: Option<String>,
    clear: String,
    rows: Vec<TransferRow>,
    count: String,
    first: String,
    next: String,
    licenses: String,
}

/// `GET /admin/transfers?status=&business=&after=`.
pub async fn list(visit: Visit) -> Result<HttpResponse, WebError> {
    let scope = visit.staff_scope(Action::LookUp)?;
    let narrowed = Narrowed { status: Status::parse(visit.query("status")), business: BusinessId::parse(visit.query("business")) };
    visit.page(StatusCode::OK, &view(&visit, scope, narrowed).await?)
}

async fn view(visit: &Visit, scope: StaffScope, narrowed: Narrowed) -> Result<Transfers, WebError> {
    let (db, after) = (visit.db(), Cursor::parse(visit.query("after")));
    let page = transfer::list(db, scope, &narrowed, visit.now(), after.as_ref(), PageSize::default()).await?;
    let total = transfer::count(db, scope, &narrowed, visit.now()).await?;
    let named = match narrowed.business {
        Some(business) => identity::find_business(db, scope, business).await?,
        None => None,
    };
    let (status, business) = (narrowed.status.map_or("", Status::as_str), narrowed.business.map(|id| id.to_string()).unwrap_or_default());
    let href = |after: &str| paths::with_query(&paths::admin_transfers(), &[("status", status), ("business", &business), ("after", after)]);
    let mut shell = visit.shell("Transfers");
    shell.crumbs = crumbs(&[]);
    Ok(Transfers {
        shell,
        path: paths::admin_transfers(),
        status,
        statuses: Status::ALL.iter().map(|status| (status.as_str(), status.label())).collect(),
        business_name: named.map(|business| business.name),
        clear: if status.is_empty() && business.is_empty() { String::new() } else { paths::admin_transfers() },
        count: showing(page.items.len(), total, ("transfer", "transfers")),
        first: after.map(|_| href("")).unwrap_or_default(),
        next: page.next.as_deref().map(href).unwrap_or_default(),
        rows: TransferRow::all(visit, &page.items),
        licenses: paths::admin_licenses(),
        business,
    })
}
