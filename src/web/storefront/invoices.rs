//! Invoices and credit notes of the buyer account, newest first, as a list and as CSV for finance (MKT-13, MKT-14).

use crate::access::Action;
use crate::kernel::page::{Cursor, PageSize};
use crate::kernel::show;
use crate::marketplace::invoice::list as invoices;
use crate::marketplace::invoice::{Invoice, Series};
use crate::web::export::{Cell, CsvFile};
use crate::web::sheet::{SheetRow, buyer_href};
use crate::web::shell::Shell;
use crate::web::{Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

/// Columns of every CSV file of invoices. New ones go to the end, so that what reads the file keeps working.
pub(super) const COLUMNS: [&str; 25] = [
    "Number",
    "Document",
    "Date",
    "Seller",
    "Seller account",
    "Buyer",
    "Buyer account",
    "Product",
    "Type",
    "Description",
    "Credits",
    "Price per credit",
    "Currency",
    "Amount",
    "Tax",
    "Purchase order number",
    "Agreement ID",
    "Term start",
    "Term end",
    "Payment method",
    "Payable until",
    "Paid on",
    "Credits invoice",
    "Reason",
    "Status",
];

#[derive(Template)]
#[template(path = "invoices/list.html")]
struct Invoices {
    shell: Shell,
    rows: Vec<SheetRow>,
    year: String,
    years: Vec<(String, String)>,
    action: String,
    clear: String,
    csv: String,
    statement: String,
    count: String,
    first: String,
    next: String,
    products: String,
}

/// A year of four digits out of the address.
pub(super) fn year_asked(visit: &Visit) -> Option<i64> {
    visit.query("year").parse().ok().filter(|year| (2000..=9999).contains(year))
}

/// `GET /marketplace/invoices?year=&after=`
pub async fn list(visit: Visit) -> Result<HttpResponse, WebError> {
    let scope = visit.buyer_scope(Action::SeePurchases)?;
    let (year, after) = (year_asked(&visit), Cursor::parse(visit.query("after")));
    let page = invoices::list(visit.db(), &scope, year, after.as_ref(), PageSize::default()).await?;
    let years = invoices::years(visit.db(), &scope).await?;
    let (here, chosen) = (paths::invoices(), year.map(|year| year.to_string()).unwrap_or_default());
    let href = |path: &str, after: &str| paths::with_query(path, &[("year", &chosen), ("after", after)]);
    let shown = show::group_len(page.items.len());
    let view = Invoices {
        shell: visit.shell("Invoices"),
        years: years.iter().map(|year| (year.to_string(), year.to_string())).collect(),
        clear: if year.is_some() { here.clone() } else { String::new() },
        csv: href(&paths::invoices_csv(), ""),
        statement: paths::with_query(&paths::statement(), &[("year", &chosen)]),
        count: format!("Showing {shown} of {}", show::count(page.total.unwrap_or_default(), "document")),
        first: after.map(|_| href(&here, "")).unwrap_or_default(),
        next: page.next.as_deref().map(|next| href(&here, next)).unwrap_or_default(),
        rows: page.items.iter().map(|invoice| SheetRow::new(invoice, buyer_href)).collect(),
        products: paths::marketplace(),
        action: here.clone(),
        year: chosen.clone(),
    };
    visit.page(StatusCode::OK, &view)
}

/// `GET /marketplace/invoices.csv?year=`: every document of the filter, newest first.
pub async fn csv(visit: Visit) -> Result<HttpResponse, WebError> {
    let scope = visit.buyer_scope(Action::SeePurchases)?;
    let (year, mut after) = (year_asked(&visit), None);
    let mut file = CsvFile::new(&COLUMNS)?;
    loop {
        let page = invoices::list(visit.db(), &scope, year, after.as_ref(), PageSize::MAX).await?;
        for invoice in &page.items {
            line(&mut file, invoice)?;
        }
        after = page.next.as_deref().and_then(Cursor::parse);
        if after.is_none() {
            return file.download("invoices", visit.now());
        }
    }
}

/// One document as a row of a CSV file.
pub(super) fn line(file: &mut CsvFile, invoice: &Invoice) -> Result<(), WebError> {
    let text = |words: &'_ Option<String>| words.clone().unwrap_or_default();
    let (order, corrects, reason) = (text(&invoice.purchase_order), text(&invoice.corrects_number), text(&invoice.reason));
    file.row(&[
        Cell::Text(&invoice.number),
        Cell::Text(if invoice.series == Series::Invoice { "Invoice" } else { "Credit note" }),
        Cell::Time(invoice.issued_at),
        Cell::Text(&invoice.seller_name),
        Cell::Text(&invoice.seller_id),
        Cell::Text(&invoice.buyer_name),
        Cell::Text(&invoice.buyer_account_id),
        Cell::Text(&invoice.product_name),
        Cell::Text(invoice.kind.label()),
        Cell::Text(&invoice.description),
        invoice.credits.map_or(Cell::Empty, |credits| Cell::Number(credits.get())),
        invoice.unit_price().map_or(Cell::Empty, Cell::Amount),
        Cell::Text(invoice.currency.code()),
        Cell::Amount(invoice.amount()),
        Cell::Empty,
        Cell::Text(&order),
        Cell::Text(&invoice.agreement_id),
        Cell::Time(invoice.term_from),
        Cell::Time(invoice.term_to),
        Cell::Text(&invoice.payment_method),
        invoice.due_at.map_or(Cell::Empty, Cell::Time),
        invoice.paid_at.map_or(Cell::Empty, Cell::Time),
        Cell::Text(&corrects),
        Cell::Text(&reason),
        Cell::Text(invoice.status().label()),
    ])
}
