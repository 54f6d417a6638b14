//! One invoice or credit note of the buyer account: as a page that prints, and as PDF (MKT-13, MKT-14).

use crate::access::Action;
use crate::marketplace::invoice::document;
use crate::marketplace::invoice::list::{self, WithNotes};
use crate::web::sheet::{Sheet, buyer_href, download};
use crate::web::shell::Shell;
use crate::web::{Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

#[derive(Template)]
#[template(path = "invoices/invoice.html")]
struct InvoicePage {
    shell: Shell,
    sheet: Sheet,
    pdf: String,
    subscription: String,
    corrects: Option<(String, String)>,
}

/// `GET /marketplace/invoices/{number}`
pub async fn show(visit: Visit) -> Result<HttpResponse, WebError> {
    let found = find(&visit).await?;
    let invoice = &found.invoice;
    let view = InvoicePage {
        shell: visit.shell(&document::title(invoice)).with_crumbs(&[("Invoices", paths::invoices())]),
        pdf: paths::invoice_pdf(&invoice.number),
        subscription: paths::subscription(&invoice.agreement_id),
        corrects: invoice.corrects_number.as_ref().map(|number| (number.clone(), paths::invoice(number))),
        sheet: Sheet::new(&found, buyer_href),
    };
    visit.page(StatusCode::OK, &view)
}

/// `GET /marketplace/invoices/{number}/pdf`
pub async fn pdf(visit: Visit) -> Result<HttpResponse, WebError> {
    let found = find(&visit).await?;
    download(move || document::pdf(&found.invoice)).await
}

async fn find(visit: &Visit) -> Result<WithNotes, WebError> {
    let scope = visit.buyer_scope(Action::SeePurchases)?;
    list::find(visit.db(), &scope, visit.param("number")).await?.ok_or(WebError::NotFound)
}
