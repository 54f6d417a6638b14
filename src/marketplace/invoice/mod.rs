//! Invoices and credit notes (MKT-13): the model. A document is frozen when it is issued: names, address, term and figures
//! are those of the day. [`issue`] makes invoices, [`credit_note`] gives money back, [`list`] reads.
//!
//! A number is `TM-2026-000123`: the seller's prefix, the year of the document's date in UTC, a gapless number that begins
//! at 1 in every year; a credit note's is `TM-CN-2026-000001`, from a series of its own.

mod attach;
pub mod credit_note;
pub mod document;
pub(in crate::marketplace) mod issue;
pub mod list;
mod prefix;

pub use attach::file_of_name;
pub use issue::issue_missing;

use crate::kernel::clock::Timestamp;
use crate::kernel::credits::Credits;
use crate::kernel::id::InvoiceId;
use crate::kernel::money::{Currency, Money};
use crate::text_enum;
use chrono::{Datelike, TimeDelta};

/// An invoice on account is to be paid within this time.
pub const PAYABLE_WITHIN: TimeDelta = TimeDelta::days(30);

/// What every document says about tax: the marketplace has none configured.
pub const TAX_WORDS: &str = "No tax calculated";

text_enum! {
    /// Which of a seller's two series of numbers.
    pub enum Series {
        /// Something was charged.
        Invoice = "invoice",
        /// A charge is given back in whole or in part.
        CreditNote = "credit_note",
    }
}

text_enum! {
    /// What was charged for.
    pub enum ChargeKind {
        /// A new contract.
        New = "new",
        /// Credits added to a running contract.
        Upgrade = "upgrade",
        /// The next term of a contract.
        Renewal = "renewal",
    }
}

impl ChargeKind {
    /// In words.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::New => "New contract",
            Self::Upgrade => "Upgrade",
            Self::Renewal => "Renewal",
        }
    }
}

/// How a document stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// The money had arrived when it was issued.
    Paid,
    /// On account.
    Due,
    /// Credit notes took a part of it back.
    PartlyCredited,
    /// Credit notes took all of it back.
    Credited,
    /// It is a credit note itself.
    CreditNote,
}

impl Status {
    /// In words.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Paid => "Paid",
            Self::Due => "On account",
            Self::PartlyCredited => "Partly credited",
            Self::Credited => "Credited",
            Self::CreditNote => "Credit note",
        }
    }
}

/// An invoice or a credit note with all that stands on it.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Invoice {
    /// Its id.
    pub id: InvoiceId,
    /// Its number.
    pub number: String,
    /// Invoice or credit note.
    pub series: Series,
    /// Whose it is: the buyer's 12 digits.
    pub buyer_account_id: String,
    /// The agreement that was charged for.
    pub agreement_id: String,
    /// What was charged for.
    pub kind: ChargeKind,
    /// Seller: account number.
    pub seller_id: String,
    /// Seller: name.
    pub seller_name: String,
    /// Seller: where questions go.
    pub seller_email: String,
    /// Seller: page for questions.
    pub seller_url: String,
    /// Buyer: name.
    pub buyer_name: String,
    /// Buyer: address in lines.
    pub billing_address: String,
    /// The buyer's own number for it.
    pub purchase_order: Option<String>,
    /// Product as it was called.
    pub product_name: String,
    /// The one line of the document.
    pub description: String,
    /// Credits it is for; none on a credit note.
    pub credits: Option<Credits>,
    /// Price of a credit for a whole term; none on a credit note.
    pub unit_price_minor: Option<i64>,
    /// First instant of the time that is paid for.
    pub term_from: Timestamp,
    /// First instant after it.
    pub term_to: Timestamp,
    /// How the amount came about where it is not credits times price; empty otherwise.
    pub remark: String,
    /// Total; negative on a credit note.
    pub amount_minor: i64,
    /// Of every amount.
    pub currency: Currency,
    /// How it is or was paid, in words.
    pub payment_method: String,
    /// Why it was credited.
    pub reason: Option<String>,
    /// Date of the document.
    pub issued_at: Timestamp,
    /// Until when it is to be paid.
    pub due_at: Option<Timestamp>,
    /// When it had been paid.
    pub paid_at: Option<Timestamp>,
    /// Number of the invoice that a credit note belongs to.
    pub corrects_number: Option<String>,
    /// What credit notes have given back, a positive number.
    pub credited_minor: i64,
    /// How many credit notes there are.
    pub credit_notes: i64,
}

impl Invoice {
    /// Its total.
    #[must_use]
    pub const fn amount(&self) -> Money {
        Money::new(self.amount_minor, self.currency)
    }

    /// Price of a credit for a whole term.
    #[must_use]
    pub fn unit_price(&self) -> Option<Money> {
        self.unit_price_minor.map(|minor| Money::new(minor, self.currency))
    }

    /// What credit notes may still give back.
    #[must_use]
    pub const fn left(&self) -> Money {
        Money::new(self.amount_minor.saturating_sub(self.credited_minor), self.currency)
    }

    /// How it stands.
    #[must_use]
    pub const fn status(&self) -> Status {
        match self.series {
            Series::CreditNote => Status::CreditNote,
            Series::Invoice if self.credited_minor > 0 && self.credited_minor >= self.amount_minor => Status::Credited,
            Series::Invoice if self.credited_minor > 0 => Status::PartlyCredited,
            Series::Invoice if self.paid_at.is_some() => Status::Paid,
            Series::Invoice => Status::Due,
        }
    }
}

/// The year that a document of this date is numbered in.
#[must_use]
pub fn year_of(issued_at: Timestamp) -> i64 {
    i64::from(issued_at.year())
}

/// A number as it is printed.
#[must_use]
pub fn number(prefix: &str, series: Series, year: i64, sequence: i64) -> String {
    match series {
        Series::Invoice => format!("{prefix}-{year}-{sequence:06}"),
        Series::CreditNote => format!("{prefix}-CN-{year}-{sequence:06}"),
    }
}

/// Whether a text has the shape of a number; anything else is not looked up.
#[must_use]
pub fn is_number(text: &str) -> bool {
    text.len() <= 40 && text.len() >= 13 && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// MKT-13: a number says the seller, the year in UTC and its place in the series.
    #[test]
    fn a_number_is_prefix_year_and_place() {
        assert_eq!(number("TM", Series::Invoice, 2026, 123), "TM-2026-000123");
        assert_eq!(number("TM", Series::CreditNote, 2026, 1_000_000), "TM-CN-2026-1000000");
        assert!(is_number("TM-2026-000123") && is_number("AS2-CN-2026-000001"));
        assert!(!is_number("tm-2026-000123") && !is_number("statement") && !is_number("TM-2026-00012é"));
        let last: Timestamp = "2026-12-31T23:59:59.999999Z".parse().unwrap();
        assert_eq!((year_of(last), year_of(last + TimeDelta::microseconds(1))), (2026, 2027));
    }
}
