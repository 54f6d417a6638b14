//! Invoices and credit notes of one buyer account, for staff.

use super::identifier::Identifier;
use super::rows::{crumbs, showing};
use crate::access::Action;
use crate::identity::look_up;
use crate::kernel::page::{Cursor, PageSize};
use crate::marketplace::invoice::list as invoices;
use crate::web::sheet::{SheetRow, staff_href};
use crate::web::shell::Shell;
use crate::web::{Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

#[derive(Template)]
#[template(path = "admin/invoices.html")]
struct Invoices {
    shell: Shell,
    name: String,
    id: String,
    rows: Vec<SheetRow>,
    count: String,
    first: String,
    next: String,
}

/// `GET /admin/buyer-accounts/{account}/invoices?after=`
pub async fn list(visit: Visit) -> Result<HttpResponse, WebError> {
    let scope = visit.staff_scope(Action::LookUp)?;
    let Identifier::Account(id) = Identifier::parse(visit.param("account")) else { return Err(WebError::NotFound) };
    let account = look_up::find_account(visit.db(), scope, &id).await?.ok_or(WebError::NotFound)?;
    let after = Cursor::parse(visit.query("after"));
    let page = invoices::list_for_staff(visit.db(), scope, &account.id, None, after.as_ref(), PageSize::default()).await?;
    let mut shell = visit.shell(&format!("Invoices of {}", account.name));
    shell.crumbs = crumbs(&[(&account.name, paths::admin_buyer_account(&account.id))]);
    let href = |after: &str| paths::with_query(&paths::admin_invoices(&account.id), &[("after", after)]);
    let view = Invoices {
        shell,
        count: showing(page.items.len(), page.total.unwrap_or_default(), ("document", "documents")),
        first: after.map(|_| href("")).unwrap_or_default(),
        next: page.next.as_deref().map(href).unwrap_or_default(),
        rows: page.items.iter().map(|invoice| SheetRow::new(invoice, staff_href)).collect(),
        name: account.name.clone(),
        id: account.id.clone(),
    };
    visit.page(StatusCode::OK, &view)
}
