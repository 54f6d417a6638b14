//! Credit notes: staff give back an invoice in whole or in part, with a reason. Together they never give back more than
//! was charged, and one press of the button makes one, however often it arrives. No credits are taken away by it and no
//! money moves here: it is the document that finance books by.

use super::issue::{frozen_again, number_and_keep};
use super::{Invoice, Series};
use crate::access::StaffScope;
use crate::audit::Who;
use crate::db::{Db, Failed, refuse};
use crate::kernel::money::Money;
use crate::kernel::text::{TextError, one_line};
use crate::marketplace::store::invoices::{self as store, NewInvoice};
use crate::tx;

/// Why a credit is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason(String);

impl Reason {
    /// Longest.
    pub const MAX: usize = 300;

    /// From what was typed.
    ///
    /// # Errors
    /// When it is empty, too long or has control characters.
    pub fn parse(typed: &str) -> Result<Self, TextError> {
        one_line(typed, Self::MAX).map(Self)
    }
}

/// Why no credit note was issued.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CreditRefusal {
    /// There is no such document.
    #[error("no such invoice")]
    NotFound,
    /// It is a credit note.
    #[error("a credit note cannot be credited")]
    NotAnInvoice,
    /// Nothing, or more than is left.
    #[error("at most {0} is left to credit")]
    OutOfRange(Money),
    /// Another credit note was issued since the page was read.
    #[error("another credit note was issued meanwhile")]
    Overtaken,
}

/// Issues a credit note; its number. `turn` is the number that the form carried: how many credit notes the invoice was to
/// have afterwards. A repeat of the same press answers with the same credit note.
///
/// # Errors
/// A refusal, or any storage error.
pub async fn issue(
    db: &Db,
    _: StaffScope,
    who: &Who,
    (number, turn): (&str, i64),
    amount: Money,
    reason: &Reason,
) -> Result<String, Failed<CreditRefusal>> {
    tx!(db, |tx| {
        let Some(id) = store::lock_numbered(tx, number).await? else {
            return refuse(CreditRefusal::NotFound);
        };
        let invoice = store::get_locked(tx, id).await?;
        if invoice.series == Series::CreditNote {
            return refuse(CreditRefusal::NotAnInvoice);
        }
        if let Some((note, minor, why)) = store::find_turn(tx, id, turn).await? {
            let is_repeat = minor == -amount.minor && why == reason.0;
            return if is_repeat { Ok(note) } else { refuse(CreditRefusal::Overtaken) };
        }
        if turn != invoice.credit_notes + 1 {
            return refuse(CreditRefusal::Overtaken);
        }
        let left = invoice.left();
        if amount.currency != left.currency || amount.minor <= 0 || amount.minor > left.minor {
            return refuse(CreditRefusal::OutOfRange(left));
        }
        Ok(number_and_keep(tx, who, Series::CreditNote, &note_of(&invoice, who, turn, amount, reason)).await?)
    })
}

fn note_of(invoice: &Invoice, who: &Who, turn: i64, amount: Money, reason: &Reason) -> NewInvoice {
    let part = if amount == invoice.amount() { "Full credit" } else { "Partial credit" };
    NewInvoice {
        charge: None,
        corrects: Some(invoice.id),
        turn,
        description: format!("{part} of invoice {}: {}", invoice.number, invoice.description),
        credits: None,
        unit_price_minor: None,
        term: (invoice.term_from, invoice.term_to),
        remark: String::new(),
        amount: Money::new(-amount.minor, amount.currency),
        payment_method: invoice.payment_method.clone(),
        purchase_order: invoice.purchase_order.clone(),
        reason: Some(reason.0.clone()),
        issued_at: who.now,
        due_at: None,
        paid_at: None,
        agreement: invoice.agreement_id.clone(),
        kind: invoice.kind,
        buyer_account: invoice.buyer_account_id.clone(),
        seller_id: invoice.seller_id.clone(),
        frozen: frozen_again(invoice),
    }
}
