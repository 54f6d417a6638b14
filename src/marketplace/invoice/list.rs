//! Invoices as buyers and staff read them: lists, one document, the statement of a year. A buyer sees those of the own
//! account only; any other number is not found (MKT-14).

use super::{Invoice, Series, is_number};
use crate::access::{BuyerScope, StaffScope};
use crate::db::{Db, Error};
use crate::kernel::money::{Currency, Money};
use crate::kernel::page::{Cursor, PageSize, Paged};
use crate::marketplace::store::invoices as store;
use std::collections::BTreeMap;

/// The account's documents, newest first, of one year or of all, with the number of all that match.
///
/// # Errors
/// Any storage error.
pub async fn list(db: &Db, scope: &BuyerScope, year: Option<i64>, after: Option<&Cursor>, size: PageSize) -> Result<Paged<Invoice>, Error> {
    of_account(db, scope.account(), year, after, size).await
}

/// The same of any account, for staff.
///
/// # Errors
/// Any storage error.
pub async fn list_for_staff(
    db: &Db,
    _: StaffScope,
    account: &str,
    year: Option<i64>,
    after: Option<&Cursor>,
    size: PageSize,
) -> Result<Paged<Invoice>, Error> {
    of_account(db, account, year, after, size).await
}

async fn of_account(db: &Db, account: &str, year: Option<i64>, after: Option<&Cursor>, size: PageSize) -> Result<Paged<Invoice>, Error> {
    let rows = store::list(db, account, year, after, size.overfetch()).await?;
    let total = store::count(db, account, year).await?;
    Ok(Paged::from_overfetch(rows, size, |row| Cursor::of_time(row.issued_at, row.id.uuid())).with_total(total))
}

/// Years in which the account has documents, newest first.
///
/// # Errors
/// Any storage error.
pub async fn years(db: &Db, scope: &BuyerScope) -> Result<Vec<i64>, Error> {
    store::list_years(db, scope.account()).await
}

/// A document with those that belong to it: an invoice's credit notes, first to last.
#[derive(Clone, Debug)]
pub struct WithNotes {
    /// The document.
    pub invoice: Invoice,
    /// Its credit notes.
    pub notes: Vec<Invoice>,
}

/// One document of the account; `None` for another account's number too (MKT-14).
///
/// # Errors
/// Any storage error.
pub async fn find(db: &Db, scope: &BuyerScope, number: &str) -> Result<Option<WithNotes>, Error> {
    if !is_number(number) {
        return Ok(None);
    }
    with_notes(db, store::find(db, number, Some(scope.account())).await?).await
}

/// One document of any account, for staff.
///
/// # Errors
/// Any storage error.
pub async fn find_for_staff(db: &Db, _: StaffScope, number: &str) -> Result<Option<WithNotes>, Error> {
    if !is_number(number) {
        return Ok(None);
    }
    with_notes(db, store::find(db, number, None).await?).await
}

async fn with_notes(db: &Db, found: Option<Invoice>) -> Result<Option<WithNotes>, Error> {
    let Some(invoice) = found else { return Ok(None) };
    let notes = store::list_notes(db, invoice.id).await?;
    Ok(Some(WithNotes { invoice, notes }))
}

/// The numbers of an agreement's invoices by the charge's quote. The caller has found the agreement in the buyer's scope.
///
/// # Errors
/// Any storage error.
pub async fn numbers_of_agreement(db: &Db, scope: &BuyerScope, agreement: &str) -> Result<BTreeMap<String, String>, Error> {
    store::list_numbers(db, scope.account(), agreement).await
}

/// Sums of one currency over a year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Totals {
    /// Net of everything before the year.
    pub opening: Money,
    /// Invoices of the year.
    pub invoiced: Money,
    /// Credit notes of the year, zero or negative.
    pub credited: Money,
}

impl Totals {
    /// Opening, invoices and credit notes together.
    #[must_use]
    pub const fn closing(&self) -> Money {
        Money::new(self.opening.minor + self.invoiced.minor + self.credited.minor, self.opening.currency)
    }
}

/// Everything that was invoiced and credited in a year (in UTC), first to last.
#[derive(Clone, Debug)]
pub struct Statement {
    /// The year.
    pub year: i64,
    /// Every document.
    pub rows: Vec<Invoice>,
    /// One entry a currency, by its code.
    pub totals: Vec<Totals>,
}

/// The account's statement of a year.
///
/// # Errors
/// Any storage error.
pub async fn statement(db: &Db, scope: &BuyerScope, year: i64) -> Result<Statement, Error> {
    let before = store::sums_before(db, scope.account(), year).await?;
    let rows = store::list_year(db, scope.account(), year).await?;
    let mut totals: BTreeMap<&'static str, Totals> = BTreeMap::new();
    let zero =
        |currency: Currency| Totals { opening: Money::zero(currency), invoiced: Money::zero(currency), credited: Money::zero(currency) };
    for (currency, minor) in before {
        totals.entry(currency.code()).or_insert_with(|| zero(currency)).opening.minor = minor;
    }
    for row in &rows {
        let total = totals.entry(row.currency.code()).or_insert_with(|| zero(row.currency));
        match row.series {
            Series::Invoice => total.invoiced.minor += row.amount_minor,
            Series::CreditNote => total.credited.minor += row.amount_minor,
        }
    }
    Ok(Statement { year, rows, totals: totals.into_values().collect() })
}
