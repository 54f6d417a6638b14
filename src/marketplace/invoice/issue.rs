//! Books a charge together with its invoice: one function, so that no path can charge without one; the database refuses a
//! charge that has none. Also the invoices of charges that are older than invoices.

use super::prefix;
use super::{ChargeKind, PAYABLE_WITHIN, Series, number, year_of};
use crate::audit::{self, Entry, Who};
use crate::db::{Db, Error, Tx};
use crate::kernel::clock::{Clock, Timestamp};
use crate::kernel::credits::Credits;
use crate::kernel::id::{ChargeId, InvoiceId, PaymentId};
use crate::kernel::money::Money;
use crate::kernel::show;
use crate::marketplace::ids::{AgreementId, ProductId, QuoteId};
use crate::marketplace::payment::{PaymentMethod, ProviderName};
use crate::marketplace::store::invoices::{self as store, Frozen, NewInvoice, OldCharge};
use crate::marketplace::store::{catalog, payments};
use crate::marketplace::upgrade::Remaining;
use crate::tx;
use serde_json::json;

/// Invoices that are made up for in one transaction.
const BATCH: i64 = 100;

/// Something that is charged at this moment.
#[derive(Clone, Debug)]
pub(in crate::marketplace) struct Charged<'c> {
    /// To which agreement. Its row is locked by the caller, or made in this transaction.
    pub agreement: &'c AgreementId,
    /// Of which product.
    pub product: &'c ProductId,
    /// To whom: the buyer's 12 digits.
    pub buyer_account: &'c str,
    /// By which quote.
    pub quote: &'c QuoteId,
    /// By which payment.
    pub payment: PaymentId,
    /// How it is paid.
    pub method: PaymentMethod,
    /// What for.
    pub kind: ChargeKind,
    /// Credits.
    pub credits: Credits,
    /// Price of a credit for a whole term.
    pub price: Money,
    /// How much.
    pub amount: Money,
    /// The buyer's own number for it.
    pub purchase_order: Option<&'c str>,
    /// First instant and first instant after the time that is paid for.
    pub term: (Timestamp, Timestamp),
    /// Where only a part of the term is charged: how much of it was left when the price was made.
    pub pro_rata: Option<Remaining>,
}

/// Books a charge with its invoice; the invoice's number. Takes the seller's counter, which is the last lock of any
/// transaction: call it after everything else that locks.
pub(in crate::marketplace) async fn charge(tx: &mut Tx, who: &Who, charged: Charged<'_>) -> Result<String, Error> {
    let id = ChargeId::generate();
    let number = invoice(tx, who, id, who.now, &charged).await?;
    payments::insert_charge(tx, id, &charged, who.now).await?;
    Ok(number)
}

/// Freezes and numbers the invoice of a charge.
async fn invoice(tx: &mut Tx, who: &Who, charge: ChargeId, at: Timestamp, charged: &Charged<'_>) -> Result<String, Error> {
    let seller_id = catalog::get_seller_id(tx, charged.product).await?;
    let frozen = store::freeze(tx, charged.product, charged.buyer_account).await?;
    let on_account = charged.method.provider() == ProviderName::Invoice;
    let new = NewInvoice {
        charge: Some(charge),
        corrects: None,
        turn: 0,
        description: format!("{}: {}", frozen.product_name, charged.kind.label().to_lowercase()),
        credits: Some(charged.credits),
        unit_price_minor: Some(charged.price.minor),
        term: charged.term,
        remark: charged.pro_rata.map(pro_rata_words).unwrap_or_default(),
        amount: charged.amount,
        payment_method: charged.method.label().to_owned(),
        purchase_order: charged.purchase_order.map(str::to_owned),
        reason: None,
        issued_at: at,
        due_at: on_account.then(|| at + PAYABLE_WITHIN),
        paid_at: (!on_account).then_some(at),
        agreement: charged.agreement.as_str().to_owned(),
        kind: charged.kind,
        buyer_account: charged.buyer_account.to_owned(),
        seller_id,
        frozen,
    };
    number_and_keep(tx, who, Series::Invoice, &new).await
}

fn pro_rata_words(left: Remaining) -> String {
    format!(
        "Charged for the part of the term that was left: {} of {} seconds, rounded up once.",
        show::group(left.seconds),
        show::group(left.of_seconds)
    )
}

/// Takes the next number of the series and keeps the document. Nothing that locks may come after it.
pub(super) async fn number_and_keep(tx: &mut Tx, who: &Who, series: Series, new: &NewInvoice) -> Result<String, Error> {
    let prefix = prefix::of_seller(tx, &new.seller_id, &new.frozen.seller_name).await?;
    let year = year_of(new.issued_at);
    let sequence = store::next_number(tx, &new.seller_id, series, year).await?;
    let number = number(&prefix, series, year, sequence);
    store::insert(tx, InvoiceId::generate(), &number, series, (year, sequence), new).await?;
    let action = match series {
        Series::Invoice => "invoice.issued",
        Series::CreditNote => "credit_note.issued",
    };
    let entry = Entry::new(action, &number).in_buyer_account(&new.buyer_account);
    let after = json!({ "agreement": new.agreement, "amount": new.amount.to_string(), "reason": new.reason });
    audit::record(tx, who, entry.after(after)).await?;
    Ok(number)
}

/// Gives every charge that has no invoice one, in the order in which they were charged, numbered in the year of the
/// charge; how many. Charges of this version always have theirs: this is for a database of an earlier one, at its first
/// start. Several processes may do it at once: the sellers are locked, so that numbers and time keep the same order.
///
/// # Errors
/// Any storage error; whole batches are done or not.
pub async fn issue_missing(db: &Db, clock: &Clock) -> Result<usize, Error> {
    let who = Who::system("invoices of earlier charges", clock.now());
    let mut issued = 0;
    while store::is_any_missing(db).await? {
        let batch = tx!(db, |tx| { issue_batch(tx, &who).await })?;
        if batch == 0 {
            // What is left has no quote or payment that an invoice could be made of, or another process was faster.
            break;
        }
        issued += batch;
    }
    Ok(issued)
}

async fn issue_batch(tx: &mut Tx, who: &Who) -> Result<usize, Error> {
    store::lock_sellers(tx).await?;
    let missing = store::list_missing(tx, BATCH).await?;
    for old in &missing {
        invoice(tx, who, old.id, old.charged_at, &charged_then(old)).await?;
    }
    Ok(missing.len())
}

fn charged_then(old: &OldCharge) -> Charged<'_> {
    let is_upgrade = old.kind == ChargeKind::Upgrade;
    Charged {
        agreement: &old.agreement_id,
        product: &old.product_id,
        buyer_account: &old.buyer_account_id,
        quote: &old.quote_id,
        payment: old.payment_id,
        method: old.method,
        kind: old.kind,
        credits: old.credits,
        price: Money::new(old.price_minor, old.currency),
        amount: Money::new(old.amount_minor, old.currency),
        purchase_order: old.purchase_order.as_deref(),
        term: (if is_upgrade { old.charged_at } else { old.starts_at }, old.ends_at),
        pro_rata: is_upgrade.then(|| old.remaining()),
    }
}

/// What a credit note repeats of its invoice.
pub(super) fn frozen_again(invoice: &super::Invoice) -> Frozen {
    Frozen {
        seller_name: invoice.seller_name.clone(),
        seller_email: invoice.seller_email.clone(),
        seller_url: invoice.seller_url.clone(),
        buyer_name: invoice.buyer_name.clone(),
        billing_address: invoice.billing_address.clone(),
        product_name: invoice.product_name.clone(),
    }
}
