//! Invoices, credit notes and statements as documents, for the page and for the PDF file: which words stand where. Dates
//! are UTC, as numbers are. The file is made anew each time and is the same each time, because an invoice never changes.

use super::list::Statement;
use super::{Invoice, Series, TAX_WORDS};
use crate::kernel::money::Money;
use crate::kernel::show::{self, Zone};
use crate::kernel::text::one_line;
use crate::marketplace::buyer::BuyerAccount;
use crate::paper::{Block, Column, Paper, PaperError, Table};

/// A file as a download or as the attachment of a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PdfFile {
    /// What it is called.
    pub name: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// What kind of file it is.
pub const MEDIA_TYPE: &str = "application/pdf";

/// What the file of the document with this number is called.
#[must_use]
pub fn file_name(number: &str) -> String {
    format!("{number}.pdf")
}

/// The invoice or credit note as a file.
///
/// # Errors
/// When it cannot be written, which is a defect.
pub fn pdf(invoice: &Invoice) -> Result<PdfFile, PaperError> {
    Ok(PdfFile { name: file_name(&invoice.number), bytes: paper(invoice).pdf()? })
}

/// `Invoice TM-2026-000123`.
#[must_use]
pub fn title(invoice: &Invoice) -> String {
    match invoice.series {
        Series::Invoice => format!("Invoice {}", invoice.number),
        Series::CreditNote => format!("Credit note {}", invoice.number),
    }
}

/// Names and values at the head of the document.
#[must_use]
pub fn facts(invoice: &Invoice) -> Vec<(&'static str, String)> {
    let day = |at| format!("{} (UTC)", show::date(at, Zone::UTC));
    let mut facts = vec![("Number", invoice.number.clone()), ("Date", day(invoice.issued_at))];
    if let Some(number) = &invoice.corrects_number {
        facts.push(("Credits invoice", number.clone()));
    }
    if let Some(reason) = &invoice.reason {
        facts.push(("Reason", reason.clone()));
    }
    facts.push(("Agreement ID", invoice.agreement_id.clone()));
    facts.push(("Purchase order number", invoice.purchase_order.clone().unwrap_or_else(|| "None".to_owned())));
    facts.push(("Payment method", invoice.payment_method.clone()));
    if let Some(due) = invoice.due_at {
        facts.push(("Payable until", day(due)));
    }
    if let Some(paid) = invoice.paid_at {
        facts.push(("Paid on", day(paid)));
    }
    facts
}

/// The time that is paid for, both ends in words.
#[must_use]
pub fn term(invoice: &Invoice) -> String {
    format!("{} to {}", show::date_time(invoice.term_from, Zone::UTC), show::date_time(invoice.term_to, Zone::UTC))
}

/// Everything that the line says below its description.
#[must_use]
pub fn particulars(invoice: &Invoice) -> Vec<String> {
    let mut lines = vec![format!("Term: {}", term(invoice))];
    if !invoice.remark.is_empty() {
        lines.push(invoice.remark.clone());
    }
    lines
}

/// What stands below the amounts.
#[must_use]
pub fn closing_words(invoice: &Invoice) -> String {
    let amount = invoice.amount();
    match (invoice.series, invoice.paid_at, invoice.due_at) {
        (Series::CreditNote, ..) => format!("This credit note takes back {} of the invoice that it names.", positive(amount)),
        (_, Some(paid), _) => format!("{amount} was paid on {} (UTC). Nothing is due.", show::date(paid, Zone::UTC)),
        (_, None, Some(due)) => format!("{amount} is payable on account until {} (UTC).", show::date(due, Zone::UTC)),
        _ => String::new(),
    }
}

fn positive(amount: Money) -> Money {
    Money::new(amount.minor.saturating_abs(), amount.currency)
}

/// The buyer's address block.
#[must_use]
pub fn buyer_lines(invoice: &Invoice) -> String {
    address_lines(&invoice.buyer_name, &invoice.billing_address, &invoice.buyer_account_id)
}

/// Name, address, account; the name once, where the address begins with it.
fn address_lines(name: &str, address: &str, account: &str) -> String {
    let rest = address.strip_prefix(name).map_or(address, |rest| rest.trim_start_matches([',', ' ', '\n']));
    format!("{name}\n{rest}\nBuyer account {account}")
}

/// The seller's address block.
#[must_use]
pub fn seller_lines(invoice: &Invoice) -> String {
    format!("{}\nSeller account {}\n{}\n{}", invoice.seller_name, invoice.seller_id, invoice.seller_email, invoice.seller_url)
}

fn paper(invoice: &Invoice) -> Paper {
    let owned = |facts: Vec<(&'static str, String)>| facts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let mut blocks = vec![
        Block::Sides([("Seller".to_owned(), seller_lines(invoice)), ("Bill to".to_owned(), buyer_lines(invoice))]),
        Block::Facts(owned(facts(invoice))),
        Block::Table(lines(invoice)),
        Block::Text(closing_words(invoice)),
    ];
    blocks.retain(|block| !matches!(block, Block::Text(words) if words.is_empty()));
    Paper {
        title: title(invoice),
        reference: invoice.number.clone(),
        author: one_line(&invoice.seller_name, 200).unwrap_or_default(),
        dated: invoice.issued_at,
        blocks,
    }
}

fn lines(invoice: &Invoice) -> Table {
    let amount = invoice.amount().to_string();
    let description = format!("{}\n{}", invoice.description, particulars(invoice).join("\n"));
    let credits = invoice.credits.map(|credits| show::group(credits.get())).unwrap_or_default();
    let price = invoice.unit_price().map(|price| price.to_string()).unwrap_or_default();
    let sum = |label: &str, value: &str| vec![label.to_owned(), String::new(), String::new(), value.to_owned()];
    Table {
        columns: vec![
            Column::words("Description", 58),
            Column::figures("Credits", 11),
            Column::figures("Price per credit", 17),
            Column::figures("Amount", 18),
        ],
        rows: vec![vec![description, credits, price, amount.clone()]],
        sums: vec![sum("Subtotal", &amount), sum("Tax", TAX_WORDS), sum("Total", &amount)],
    }
}

/// The statement as a file.
///
/// # Errors
/// When it cannot be written, which is a defect.
pub fn statement_pdf(statement: &Statement, account: &BuyerAccount, as_of: crate::kernel::clock::Timestamp) -> Result<PdfFile, PaperError> {
    let reference = format!("Statement {} {}", statement.year, account.id);
    let paper = Paper {
        title: format!("Statement of {}", statement.year),
        reference,
        author: "Marketplace".to_owned(),
        dated: as_of,
        blocks: statement_blocks(statement, account, as_of),
    };
    Ok(PdfFile { name: format!("statement-{}-{}.pdf", account.id, statement.year), bytes: paper.pdf()? })
}

fn statement_blocks(statement: &Statement, account: &BuyerAccount, as_of: crate::kernel::clock::Timestamp) -> Vec<Block> {
    let account_lines = address_lines(&account.name, &account.billing_address, &account.id);
    let about = format!("As of {}\nDates and years are UTC", show::date_time(as_of, Zone::UTC));
    let mut blocks = vec![Block::Sides([("For".to_owned(), account_lines), ("About".to_owned(), about)])];
    let total = |total: &super::list::Totals| {
        [total.opening, total.invoiced, total.credited, total.closing()].map(|money| money.to_string()).to_vec()
    };
    blocks.push(Block::Heading("Totals".to_owned()));
    blocks.push(Block::Table(Table {
        columns: vec![
            Column::figures("Opening", 1),
            Column::figures("Invoiced", 1),
            Column::figures("Credited", 1),
            Column::figures("Closing", 1),
        ],
        rows: statement.totals.iter().map(total).collect(),
        sums: Vec::new(),
    }));
    blocks.push(Block::Heading("Invoices and credit notes".to_owned()));
    if statement.rows.is_empty() {
        blocks.push(Block::Text(format!("Nothing was invoiced in {}.", statement.year)));
        return blocks;
    }
    let row = |row: &Invoice| {
        vec![
            row.number.clone(),
            show::date(row.issued_at, Zone::UTC),
            format!("{}, {}", row.seller_name, row.description),
            row.amount().to_string(),
        ]
    };
    blocks.push(Block::Table(Table {
        columns: vec![
            Column::words("Number", 20),
            Column::words("Date", 14),
            Column::words("Description", 56),
            Column::figures("Amount", 20),
        ],
        rows: statement.rows.iter().map(row).collect(),
        sums: Vec::new(),
    }));
    blocks
}
