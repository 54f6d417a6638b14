//! An invoice or a credit note as pages show it, to its buyer and to staff alike, and documents as downloads. Dates are
//! UTC on every document, whoever reads it, because its number's year is.

use super::{WebError, paths};
use crate::kernel::clock::Timestamp;
use crate::kernel::show::{self, Zone};
use crate::marketplace::invoice::document::{self, PdfFile};
use crate::marketplace::invoice::list::WithNotes;
use crate::marketplace::invoice::{Invoice, Series, Status, TAX_WORDS};
use crate::paper::PaperError;
use actix_web::HttpResponse;
use actix_web::http::header;

/// A document, ready to print.
pub struct Sheet {
    pub title: String,
    pub tone: &'static str,
    pub status: &'static str,
    pub seller: Vec<String>,
    pub buyer: Vec<String>,
    pub facts: Vec<(&'static str, String)>,
    pub description: String,
    pub particulars: Vec<String>,
    pub credits: String,
    pub price: String,
    pub amount: String,
    pub tax: &'static str,
    pub closing: String,
    pub notes: Vec<NoteRow>,
    pub left: String,
}

/// A credit note of an invoice.
pub struct NoteRow {
    pub number: String,
    pub href: String,
    pub at: Day,
    pub reason: String,
    pub amount: String,
}

/// A date in UTC for `<time>`.
pub struct Day {
    pub iso: String,
    pub text: String,
}

impl Day {
    /// The date; that it is UTC is said nearby.
    pub fn new(at: Timestamp) -> Self {
        Self { iso: show::iso(at), text: show::date(at, Zone::UTC) }
    }
}

impl Sheet {
    /// `href` leads to another document by its number.
    pub fn new(found: &WithNotes, href: fn(&str) -> String) -> Self {
        let invoice = &found.invoice;
        let lines = |text: String| text.lines().map(str::to_owned).collect();
        let note = |note: &Invoice| NoteRow {
            href: href(&note.number),
            at: Day::new(note.issued_at),
            reason: note.reason.clone().unwrap_or_default(),
            amount: note.amount().to_string(),
            number: note.number.clone(),
        };
        Self {
            title: document::title(invoice),
            tone: tone(invoice.status()),
            status: invoice.status().label(),
            seller: lines(document::seller_lines(invoice)),
            buyer: lines(document::buyer_lines(invoice)),
            facts: document::facts(invoice),
            description: invoice.description.clone(),
            particulars: document::particulars(invoice),
            credits: invoice.credits.map(|credits| show::group(credits.get())).unwrap_or_default(),
            price: invoice.unit_price().map(|price| price.to_string()).unwrap_or_default(),
            amount: invoice.amount().to_string(),
            tax: TAX_WORDS,
            closing: document::closing_words(invoice),
            notes: found.notes.iter().map(note).collect(),
            left: invoice.left().to_string(),
        }
    }
}

/// A document in a list.
pub struct SheetRow {
    pub number: String,
    pub href: String,
    pub at: Day,
    pub product: String,
    pub kind: &'static str,
    pub amount: String,
    pub tone: &'static str,
    pub status: &'static str,
}

impl SheetRow {
    /// The row of a document that is found at `href`.
    pub fn new(invoice: &Invoice, href: fn(&str) -> String) -> Self {
        Self {
            href: href(&invoice.number),
            number: invoice.number.clone(),
            at: Day::new(invoice.issued_at),
            product: invoice.product_name.clone(),
            kind: match invoice.series {
                Series::Invoice => invoice.kind.label(),
                Series::CreditNote => "Credit note",
            },
            amount: invoice.amount().to_string(),
            tone: tone(invoice.status()),
            status: match invoice.status() {
                Status::CreditNote => "Issued",
                status => status.label(),
            },
        }
    }
}

fn tone(status: Status) -> &'static str {
    match status {
        Status::Paid => "success",
        Status::Due => "info",
        Status::PartlyCredited => "warning",
        Status::Credited | Status::CreditNote => "neutral",
    }
}

/// A PDF file to keep. It is made beside the requests, not among them: a statement may be long.
pub async fn download(make: impl FnOnce() -> Result<PdfFile, PaperError> + Send + 'static) -> Result<HttpResponse, WebError> {
    let made = actix_web::web::block(make).await.map_err(|error| WebError::Internal(error.into()))?;
    let file = made.map_err(|error| WebError::Internal(error.into()))?;
    let named = format!("attachment; filename=\"{}\"", file.name);
    Ok(HttpResponse::Ok().content_type(document::MEDIA_TYPE).insert_header((header::CONTENT_DISPOSITION, named)).body(file.bytes))
}

/// The address of a document for its buyer.
pub fn buyer_href(number: &str) -> String {
    paths::invoice(number)
}

/// The address of a document for staff.
pub fn staff_href(number: &str) -> String {
    paths::admin_invoice(number)
}
