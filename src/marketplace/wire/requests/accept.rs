//! `AcceptAgreementRequest`: pays a quote, at most once however often it is sent (MKT-7). Purchase orders that come with it
//! make a changed quote first, as the page's *Change* does (MKT-6).

use super::charge_id;
use crate::access::{Action, BuyerScope};
use crate::db::SplitRefusal;
use crate::kernel::text::one_line;
use crate::marketplace::ids::QuoteId;
use crate::marketplace::offer::PURCHASE_ORDER_CHARS_MAX;
use crate::marketplace::pay::{self, Paid, PayRefusal};
use crate::marketplace::quote::{Quote, QuoteClosed, QuoteState};
use crate::marketplace::quoting::{self, ChangeRefusal, Wanted};
use crate::marketplace::receipt;
use crate::marketplace::wire::agreements::{invalid, not_found};
use crate::marketplace::wire::call::Context;
use crate::marketplace::wire::fault::Fault;
use crate::marketplace::wire::input::Input;
use crate::marketplace::wire::protocol::Operation;
use crate::marketplace::wire::value::Structure;

const FIELD: &str = "agreementRequestId";
/// A quote that was changed so often is no program's.
const CHANGES_MAX: usize = 20;

/// Answers the operation.
///
/// # Errors
/// The fault.
pub async fn accept(context: Context<'_>, input: Input<'_>) -> Result<Structure, Fault> {
    let scope = context.buyer(Operation::AcceptAgreementRequest, Action::Purchase)?;
    let asked = input.text(FIELD)?.ok_or_else(|| invalid("MISSING_AGREEMENT_REQUEST_ID", FIELD, "agreementRequestId is needed."))?;
    if asked.is_empty() || asked.len() > 64 {
        return Err(invalid("INVALID_AGREEMENT_REQUEST_ID", FIELD, "agreementRequestId has to have 1 to 64 characters."));
    }
    let first = QuoteId::parse(asked).ok_or_else(|| not_found("AgreementRequest", asked))?;
    let order = purchase_order(input, &first)?;
    if let Some(changed) = super::renewal::accept(context, &scope, &first).await? {
        return Ok(changed);
    }
    let (quote, attempt) = current(context, &scope, &first).await?;
    let (quote, attempt) = match order {
        Some(order) if quote.purchase_order.as_ref() != Some(&order) && matches!(quote.state, QuoteState::Draft) => {
            let changed = with_order(context, &scope, &quote, order).await?;
            current(context, &scope, &changed).await?
        }
        Some(_) | None => (quote, attempt),
    };
    match pay::pay(context.till, &scope, context.who, &quote.id, attempt).await.refusal()? {
        Ok(Paid::Accepted(accepted)) => Ok(Structure::new().with("agreementId", accepted.agreement.as_str())),
        Ok(Paid::Declined { reason, .. }) => Err(invalid("OTHER", FIELD, format!("The payment was declined: {reason}"))),
        Ok(Paid::Unknown { .. }) => {
            let words = "The payment's outcome is not known yet. Send the request again: it goes on with the same payment.";
            Err(Fault::new("InternalServerException", words).status(500))
        }
        Err(refusal) => Err(refused(refusal, &quote.id)),
    }
}

/// The quote that counts now, and the attempt that a payment would be: a changed quote leads to its successor.
async fn current(context: Context<'_>, scope: &BuyerScope, first: &QuoteId) -> Result<(Quote, i64), Fault> {
    let mut id = first.clone();
    for _ in 0..CHANGES_MAX {
        let review = receipt::review(context.db(), scope, &id).await?.ok_or_else(|| not_found("AgreementRequest", first.as_str()))?;
        match &review.quote.state {
            QuoteState::Replaced { by } => id = by.clone(),
            QuoteState::Draft | QuoteState::Accepted { .. } => return Ok((review.quote, review.attempt)),
        }
    }
    Err(closed())
}

async fn with_order(context: Context<'_>, scope: &BuyerScope, quote: &Quote, order: String) -> Result<QuoteId, Fault> {
    let wanted = Wanted { credits: quote.credits, auto_renew: quote.auto_renew, purchase_order: Some(order) };
    match quoting::change(context.db(), scope, context.who, &quote.id, &wanted).await.refusal()? {
        Ok(changed) => Ok(changed),
        // Somebody else was faster: what they made counts.
        Err(ChangeRefusal::Closed(QuoteClosed::Replaced { by })) => Ok(by),
        Err(ChangeRefusal::Closed(QuoteClosed::Accepted) | ChangeRefusal::PaymentUnderWay) => Ok(quote.id.clone()),
        Err(ChangeRefusal::Closed(QuoteClosed::Lapsed)) => Err(closed()),
        Err(ChangeRefusal::NotFound) => Err(not_found("AgreementRequest", quote.id.as_str())),
        Err(ChangeRefusal::OutOfRange(_) | ChangeRefusal::Upgrade(_)) => Err(incompatible()),
    }
}

pub(super) fn closed() -> Fault {
    invalid("CLOSED_AGREEMENT_REQUEST", FIELD, "The request was not accepted in time. Create another.")
}

pub(super) fn incompatible() -> Fault {
    invalid("INCOMPATIBLE_AGREEMENT_REQUEST", FIELD, "The agreement does not take what was requested any more.")
}

fn refused(refusal: PayRefusal, quote: &QuoteId) -> Fault {
    match refusal {
        PayRefusal::NotFound => not_found("AgreementRequest", quote.as_str()),
        PayRefusal::Closed(_) => closed(),
        PayRefusal::Upgrade(_) => incompatible(),
        PayRefusal::OneAtATime => super::one_at_a_time(),
        PayRefusal::OutOfTurn => {
            let fault = Fault::new("ConflictException", "Another payment of the request came first. Send it again.").status(409);
            fault.with("resourceId", quote.as_str()).with("resourceType", "AgreementRequest")
        }
    }
}

/// The purchase order for the request's one charge.
fn purchase_order(input: Input<'_>, quote: &QuoteId) -> Result<Option<String>, Fault> {
    let mut order = None;
    for given in input.structures("purchaseOrders")? {
        let charge = given.text("chargeId")?.ok_or_else(|| invalid("MISSING_CHARGE_ID", "purchaseOrders", "chargeId is needed."))?;
        if charge != charge_id(quote) {
            return Err(invalid("INVALID_CHARGE_ID", "purchaseOrders", format!("The request has no charge {charge}.")));
        }
        let words = "A purchase order needs its reference.";
        let text = given.text("purchaseOrderReference")?;
        let text = text.ok_or_else(|| invalid("MISSING_PURCHASE_ORDER_REFERENCE", "purchaseOrders", words))?;
        let read = one_line(text, PURCHASE_ORDER_CHARS_MAX)
            .map_err(|error| invalid("INVALID_PURCHASE_ORDER_REFERENCE", "purchaseOrders", error.in_words("purchase order reference")))?;
        if order.replace(read).is_some() {
            return Err(invalid("DUPLICATE_CHARGES", "purchaseOrders", "A charge has one purchase order."));
        }
    }
    Ok(order)
}
