//! Invoices, credit notes, their counters and prefixes.

use crate::db::{Db, Error, Tx};
use crate::kernel::clock::Timestamp;
use crate::kernel::credits::Credits;
use crate::kernel::id::{ChargeId, InvoiceId, PaymentId};
use crate::kernel::money::{Currency, Money};
use crate::kernel::page::Cursor;
use crate::kernel::term::Term;
use crate::marketplace::ids::{AgreementId, ProductId, QuoteId};
use crate::marketplace::invoice::{ChargeKind, Invoice, Series};
use crate::marketplace::payment::PaymentMethod;
use crate::marketplace::upgrade::Remaining;
use std::collections::BTreeMap;

/// A document with what credit notes took back of it. More conditions can be pushed.
const COLUMNS: &str = "SELECT i.id, i.number, i.series, i.buyer_account_id, i.agreement_id, i.kind, i.seller_id, i.seller_name, i.seller_email, i.seller_url, i.buyer_name, i.billing_address, i.purchase_order, i.product_name, i.description, i.credits, i.unit_price_minor, i.term_from, i.term_to, i.remark, i.amount_minor, i.currency, i.payment_method, i.reason, i.issued_at, i.due_at, i.paid_at, o.number AS corrects_number, (SELECT CAST(COALESCE(SUM(-n.amount_minor), 0) AS BIGINT) FROM invoices n WHERE n.corrects = i.id) AS credited_minor, (SELECT CAST(COUNT(*) AS BIGINT) FROM invoices n WHERE n.corrects = i.id) AS credit_notes FROM invoices i LEFT JOIN invoices o ON o.id = i.corrects WHERE ";

/// Names and addresses as they are at this moment.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(in crate::marketplace) struct Frozen {
    pub seller_name: String,
    pub seller_email: String,
    pub seller_url: String,
    pub buyer_name: String,
    pub billing_address: String,
    pub product_name: String,
}

/// A document that has no number yet.
#[derive(Clone, Debug)]
pub(in crate::marketplace) struct NewInvoice {
    pub charge: Option<ChargeId>,
    pub corrects: Option<InvoiceId>,
    pub turn: i64,
    pub agreement: String,
    pub kind: ChargeKind,
    pub buyer_account: String,
    pub seller_id: String,
    pub frozen: Frozen,
    pub purchase_order: Option<String>,
    pub description: String,
    pub credits: Option<Credits>,
    pub unit_price_minor: Option<i64>,
    pub term: (Timestamp, Timestamp),
    pub remark: String,
    pub amount: Money,
    pub payment_method: String,
    pub reason: Option<String>,
    pub issued_at: Timestamp,
    pub due_at: Option<Timestamp>,
    pub paid_at: Option<Timestamp>,
}

/// What a document of this product for this account says now.
pub(in crate::marketplace) async fn freeze(tx: &mut Tx, product: &ProductId, account: &str) -> Result<Frozen, Error> {
    tx.q("SELECT s.name AS seller_name, s.support_email AS seller_email, s.support_url AS seller_url, b.name AS buyer_name, b.billing_address, p.name AS product_name FROM products p JOIN sellers s ON s.id = p.seller_id JOIN buyer_accounts b ON b.id = $2 WHERE p.id = $1")
        .bind(product)
        .bind(account)
        .one()
        .await
}

/// What a seller's numbers begin with.
pub(in crate::marketplace) async fn find_prefix(tx: &mut Tx, seller: &str) -> Result<Option<String>, Error> {
    let row = tx.q("SELECT prefix FROM invoice_prefixes WHERE seller_id = $1").bind(seller).opt::<(String,)>().await?;
    Ok(row.map(|(prefix,)| prefix))
}

/// Gives a seller a prefix, unless it has one or another seller has this.
pub(in crate::marketplace) async fn insert_prefix(tx: &mut Tx, seller: &str, prefix: &str) -> Result<(), Error> {
    let insert = tx.q("INSERT INTO invoice_prefixes (seller_id, prefix) VALUES ($1, $2) ON CONFLICT DO NOTHING");
    insert.bind(seller).bind(prefix).exec().await.map(|_| ())
}

/// The next number. The counter stays locked until the transaction ends; given up, the number goes to the next.
pub(in crate::marketplace) async fn next_number(tx: &mut Tx, seller: &str, series: Series, year: i64) -> Result<i64, Error> {
    tx.q("INSERT INTO invoice_counters (seller_id, series, year, last) VALUES ($1, $2, $3, 1) ON CONFLICT (seller_id, series, year) DO UPDATE SET last = invoice_counters.last + 1 RETURNING last")
        .bind(seller)
        .bind(series)
        .bind(year)
        .scalar()
        .await
}

/// Keeps a numbered document.
pub(in crate::marketplace) async fn insert(
    tx: &mut Tx,
    id: InvoiceId,
    number: &str,
    series: Series,
    (year, sequence): (i64, i64),
    new: &NewInvoice,
) -> Result<(), Error> {
    tx.q("INSERT INTO invoices (id, number, series, seller_id, year, sequence, buyer_account_id, charge_id, corrects, turn, agreement_id, kind, seller_name, seller_email, seller_url, buyer_name, billing_address, purchase_order, product_name, description, credits, unit_price_minor, term_from, term_to, remark, amount_minor, currency, payment_method, reason, issued_at, due_at, paid_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32)")
        .bind(id)
        .bind(number)
        .bind(series)
        .bind(&new.seller_id)
        .bind(year)
        .bind(sequence)
        .bind(&new.buyer_account)
        .bind(new.charge)
        .bind(new.corrects)
        .bind(new.turn)
        .bind(&new.agreement)
        .bind(new.kind)
        .bind(&new.frozen.seller_name)
        .bind(&new.frozen.seller_email)
        .bind(&new.frozen.seller_url)
        .bind(&new.frozen.buyer_name)
        .bind(&new.frozen.billing_address)
        .bind(new.purchase_order.as_deref())
        .bind(&new.frozen.product_name)
        .bind(&new.description)
        .bind(new.credits)
        .bind(new.unit_price_minor)
        .bind(new.term.0)
        .bind(new.term.1)
        .bind(&new.remark)
        .bind(new.amount.minor)
        .bind(new.amount.currency)
        .bind(&new.payment_method)
        .bind(new.reason.as_deref())
        .bind(new.issued_at)
        .bind(new.due_at)
        .bind(new.paid_at)
        .exec_one()
        .await
}

/// A charge of an earlier version, with what its invoice needs.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(in crate::marketplace) struct OldCharge {
    pub id: ChargeId,
    pub agreement_id: AgreementId,
    pub product_id: ProductId,
    pub buyer_account_id: String,
    pub quote_id: QuoteId,
    pub payment_id: PaymentId,
    pub method: PaymentMethod,
    pub kind: ChargeKind,
    pub credits: Credits,
    pub price_minor: i64,
    pub amount_minor: i64,
    pub currency: Currency,
    pub purchase_order: Option<String>,
    pub quoted_at: Timestamp,
    pub charged_at: Timestamp,
    pub anchor_at: Timestamp,
    pub term_number: i64,
    pub duration_months: i64,
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
}

impl OldCharge {
    /// How much of the term was left when the quote was made.
    pub fn remaining(&self) -> Remaining {
        let number = u32::try_from(self.term_number).unwrap_or(0);
        let months = u32::try_from(self.duration_months).unwrap_or(0);
        Term::new(self.anchor_at, number, months).map_or(Remaining { seconds: 0, of_seconds: 1 }, |term| Remaining {
            seconds: term.remaining_seconds(self.quoted_at),
            of_seconds: term.total_seconds(),
        })
    }
}

/// Whether any charge has no invoice.
pub(in crate::marketplace) async fn is_any_missing(db: &Db) -> Result<bool, Error> {
    let found = db.read("SELECT c.id FROM charges c WHERE NOT EXISTS (SELECT 1 FROM invoices i WHERE i.charge_id = c.id) LIMIT 1");
    Ok(found.opt::<(ChargeId,)>().await?.is_some())
}

/// Holds the sellers, so that nobody else makes up for invoices at the same time.
pub(in crate::marketplace) async fn lock_sellers(tx: &mut Tx) -> Result<(), Error> {
    tx.lock("SELECT id FROM sellers ORDER BY id").all::<(String,)>().await.map(|_| ())
}

/// Charges without an invoice, oldest first.
pub(in crate::marketplace) async fn list_missing(tx: &mut Tx, most: i64) -> Result<Vec<OldCharge>, Error> {
    tx.q("SELECT c.id, c.agreement_id, a.product_id, a.buyer_account_id, c.quote_id, c.payment_id, p.method, c.kind, c.credits, q.price_minor, c.amount_minor, c.currency, q.purchase_order, q.created_at AS quoted_at, c.charged_at, a.anchor_at, a.term_number, a.duration_months, a.starts_at, a.ends_at FROM charges c JOIN agreements a ON a.id = c.agreement_id JOIN quotes q ON q.id = c.quote_id JOIN payments p ON p.id = c.payment_id WHERE NOT EXISTS (SELECT 1 FROM invoices i WHERE i.charge_id = c.id) ORDER BY c.charged_at, c.id LIMIT $1")
        .bind(most)
        .all()
        .await
}

/// A document by its number, locked.
pub(in crate::marketplace) async fn lock_numbered(tx: &mut Tx, number: &str) -> Result<Option<InvoiceId>, Error> {
    let row = tx.lock("SELECT i.id FROM invoices i WHERE i.number = $1").bind(number).opt::<(InvoiceId,)>().await?;
    Ok(row.map(|(id,)| id))
}

/// A document that is locked already, as it stands now.
pub(in crate::marketplace) async fn get_locked(tx: &mut Tx, id: InvoiceId) -> Result<Invoice, Error> {
    tx.q(COLUMNS).push_bind("i.id = ", id).one().await
}

/// Number, amount and reason of an invoice's credit note by its turn.
pub(in crate::marketplace) async fn find_turn(tx: &mut Tx, invoice: InvoiceId, turn: i64) -> Result<Option<(String, i64, String)>, Error> {
    tx.q("SELECT number, amount_minor, reason FROM invoices WHERE corrects = $1 AND turn = $2").bind(invoice).bind(turn).opt().await
}

/// An account's documents, newest first, after a place in the list.
pub(in crate::marketplace) async fn list(
    db: &Db,
    account: &str,
    year: Option<i64>,
    after: Option<&Cursor>,
    most: i64,
) -> Result<Vec<Invoice>, Error> {
    let mut query = db.read(COLUMNS).push_bind("i.buyer_account_id = ", account);
    if let Some(year) = year {
        query = query.push_bind(" AND i.year = ", year);
    }
    if let Some((at, id)) = after.and_then(Cursor::time) {
        query = query.push_bind(" AND (i.issued_at, i.id) < (", at).push_bind(", ", id).push(")");
    }
    query.push_bind(" ORDER BY i.issued_at DESC, i.id DESC LIMIT ", most).all().await
}

/// How many documents an account has.
pub(in crate::marketplace) async fn count(db: &Db, account: &str, year: Option<i64>) -> Result<i64, Error> {
    let query = db.read("SELECT CAST(COUNT(*) AS BIGINT) FROM invoices i WHERE ").push_bind("i.buyer_account_id = ", account);
    match year {
        Some(year) => query.push_bind(" AND i.year = ", year).scalar().await,
        None => query.scalar().await,
    }
}

/// Years with documents, newest first.
pub(in crate::marketplace) async fn list_years(db: &Db, account: &str) -> Result<Vec<i64>, Error> {
    let rows = db.read("SELECT DISTINCT year FROM invoices WHERE buyer_account_id = $1 ORDER BY year DESC").bind(account);
    Ok(rows.all::<(i64,)>().await?.into_iter().map(|(year,)| year).collect())
}

/// One document, of an account or of any.
pub(in crate::marketplace) async fn find(db: &Db, number: &str, account: Option<&str>) -> Result<Option<Invoice>, Error> {
    let query = db.read(COLUMNS).push_bind("i.number = ", number);
    match account {
        Some(account) => query.push_bind(" AND i.buyer_account_id = ", account).opt().await,
        None => query.opt().await,
    }
}

/// An invoice's credit notes, first to last.
pub(in crate::marketplace) async fn list_notes(db: &Db, invoice: InvoiceId) -> Result<Vec<Invoice>, Error> {
    db.read(COLUMNS).push_bind("i.corrects = ", invoice).push(" ORDER BY i.turn").all().await
}

/// Numbers of an agreement's invoices by quote.
pub(in crate::marketplace) async fn list_numbers(db: &Db, account: &str, agreement: &str) -> Result<BTreeMap<String, String>, Error> {
    let rows = db.read("SELECT c.quote_id, i.number FROM charges c JOIN invoices i ON i.charge_id = c.id WHERE c.agreement_id = $1 AND i.buyer_account_id = $2");
    Ok(rows.bind(agreement).bind(account).all::<(String, String)>().await?.into_iter().collect())
}

/// Net sums before a year, a currency each.
pub(in crate::marketplace) async fn sums_before(db: &Db, account: &str, year: i64) -> Result<Vec<(Currency, i64)>, Error> {
    db.read("SELECT currency, CAST(COALESCE(SUM(amount_minor), 0) AS BIGINT) FROM invoices WHERE buyer_account_id = $1 AND year < $2 GROUP BY currency ORDER BY currency")
        .bind(account)
        .bind(year)
        .all()
        .await
}

/// Every document of a year, first to last.
pub(in crate::marketplace) async fn list_year(db: &Db, account: &str, year: i64) -> Result<Vec<Invoice>, Error> {
    db.read(COLUMNS)
        .push_bind("i.buyer_account_id = ", account)
        .push_bind(" AND i.year = ", year)
        .push(" ORDER BY i.issued_at, i.id")
        .all()
        .await
}
