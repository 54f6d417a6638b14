//! The statement of a year: what the account was invoiced and credited, with what came before; as page, CSV and PDF.

use super::invoices::{COLUMNS, line, year_asked};
use crate::access::Action;
use crate::kernel::show::{self, Zone};
use crate::marketplace::buyer;
use crate::marketplace::invoice::list::{self, Statement, Totals};
use crate::marketplace::invoice::{document, year_of};
use crate::web::export::CsvFile;
use crate::web::sheet::{SheetRow, buyer_href, download};
use crate::web::shell::Shell;
use crate::web::{Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

struct TotalsRow {
    currency: &'static str,
    opening: String,
    invoiced: String,
    credited: String,
    closing: String,
}

impl TotalsRow {
    fn new(totals: &Totals) -> Self {
        Self {
            currency: totals.opening.currency.code(),
            opening: totals.opening.to_string(),
            invoiced: totals.invoiced.to_string(),
            credited: totals.credited.to_string(),
            closing: totals.closing().to_string(),
        }
    }
}

#[derive(Template)]
#[template(path = "invoices/statement.html")]
struct StatementPage {
    shell: Shell,
    year: String,
    years: Vec<(String, String)>,
    action: String,
    account: String,
    as_of: (String, String),
    totals: Vec<TotalsRow>,
    rows: Vec<SheetRow>,
    csv: String,
    pdf: String,
}

/// `GET /marketplace/invoices/statement?year=`
pub async fn show(visit: Visit) -> Result<HttpResponse, WebError> {
    let scope = visit.buyer_scope(Action::SeePurchases)?;
    let statement = read(&visit).await?;
    let account = buyer::get(visit.db(), &scope).await?;
    let mut years = list::years(visit.db(), &scope).await?;
    years.extend([statement.year, year_of(visit.now())]);
    years.sort_unstable_by(|one, other| other.cmp(one));
    years.dedup();
    let year = statement.year.to_string();
    let view = StatementPage {
        shell: visit.shell(&format!("Statement of {year}")).with_crumbs(&[("Invoices", paths::invoices())]),
        years: years.iter().map(|year| (year.to_string(), year.to_string())).collect(),
        action: paths::statement(),
        account: format!("{}, buyer account {}", account.name, account.id),
        as_of: (show::iso(visit.now()), show::date_time(visit.now(), Zone::UTC)),
        totals: statement.totals.iter().map(TotalsRow::new).collect(),
        rows: statement.rows.iter().map(|row| SheetRow::new(row, buyer_href)).collect(),
        csv: paths::with_query(&paths::statement_csv(), &[("year", &year)]),
        pdf: paths::with_query(&paths::statement_pdf(), &[("year", &year)]),
        year,
    };
    visit.page(StatusCode::OK, &view)
}

/// `GET /marketplace/invoices/statement.csv?year=`: every document, first to last.
pub async fn csv(visit: Visit) -> Result<HttpResponse, WebError> {
    let statement = read(&visit).await?;
    let mut file = CsvFile::new(&COLUMNS)?;
    for row in &statement.rows {
        line(&mut file, row)?;
    }
    file.download(&format!("statement-of-{}", statement.year), visit.now())
}

/// `GET /marketplace/invoices/statement.pdf?year=`
pub async fn pdf(visit: Visit) -> Result<HttpResponse, WebError> {
    let scope = visit.buyer_scope(Action::SeePurchases)?;
    let (statement, account, as_of) = (read(&visit).await?, buyer::get(visit.db(), &scope).await?, visit.now());
    download(move || document::statement_pdf(&statement, &account, as_of)).await
}

/// The year that is asked for, else this one.
async fn read(visit: &Visit) -> Result<Statement, WebError> {
    let scope = visit.buyer_scope(Action::SeePurchases)?;
    let year = year_asked(visit).unwrap_or_else(|| year_of(visit.now()));
    Ok(list::statement(visit.db(), &scope, year).await?)
}
