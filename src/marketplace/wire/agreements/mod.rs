//! Agreements for both of their parties: what `DescribeAgreement` says, and the shapes that the other operations share.

pub mod entitlements;
pub mod search;
pub mod terms;

use super::call::Context;
use super::fault::Fault;
use super::input::Input;
use super::protocol::Operation;
use super::value::Structure;
use crate::access::Action;
use crate::kernel::money::Money;
use crate::marketplace::agreement::{Agreement, AgreementStatus};
use crate::marketplace::ids::AgreementId;
use crate::marketplace::store::wire::{self as store, AgreementRow, Side};

/// The kind of all products here.
pub(super) const RESOURCE_TYPE: &str = "SaaSProduct";
/// The kind of all agreements here.
pub(super) const AGREEMENT_TYPE: &str = "PurchaseAgreement";

/// `ValidationException` with the model's reason and the member that is meant.
pub(super) fn invalid(reason: &str, field: &str, message: impl Into<String>) -> Fault {
    let message = message.into();
    let fields = vec![Structure::new().with("name", field).with("message", message.as_str())];
    Fault::new("ValidationException", message).with("reason", reason).with("fields", fields)
}

/// `ResourceNotFoundException`: another account's thing is not there either.
pub(super) fn not_found(kind: &str, id: &str) -> Fault {
    // Ids that the model has no room for are not repeated.
    let id: String = id.chars().filter(char::is_ascii_graphic).take(64).collect();
    let fault = Fault::new("ResourceNotFoundException", format!("{kind} {id} was not found.")).status(404).with("resourceType", kind);
    if id.is_empty() { fault } else { fault.with("resourceId", id) }
}

/// The member `agreementId` of a request.
pub(super) fn agreement_id(input: Input<'_>) -> Result<AgreementId, Fault> {
    let id = input.text("agreementId")?.ok_or_else(|| invalid("MISSING_AGREEMENT_ID", "agreementId", "agreementId is needed."))?;
    if id.is_empty() || id.len() > 64 {
        return Err(invalid("INVALID_AGREEMENT_ID", "agreementId", "agreementId has to have 1 to 64 characters."));
    }
    AgreementId::parse(id).ok_or_else(|| not_found("Agreement", id))
}

/// On which side the caller looks; a buyer's person needs a seat.
pub(super) fn side(context: Context<'_>, operation: Operation) -> Result<Side<'_>, Fault> {
    if context.caller.buyer.is_none() {
        return Ok(Side::Proposer(&context.caller.account));
    }
    context.buyer(operation, Action::SeePurchases)?;
    Ok(Side::Acceptor(&context.caller.account))
}

/// An agreement that the caller is a party of.
pub(super) async fn find(context: Context<'_>, operation: Operation, input: Input<'_>) -> Result<AgreementRow, Fault> {
    let side = side(context, operation)?;
    let id = agreement_id(input)?;
    store::find_agreement(context.db(), side, &id).await?.ok_or_else(|| not_found("Agreement", id.as_str()))
}

/// `maxResults` of a request: 1 to 50.
pub(super) fn page_size(input: Input<'_>) -> Result<i64, Fault> {
    match input.whole("maxResults")? {
        None => Ok(50),
        Some(size) if (1..=50).contains(&size) => Ok(size),
        Some(_) => Err(invalid("INVALID_MAX_RESULTS", "maxResults", "maxResults has to be from 1 to 50.")),
    }
}

pub(super) fn bad_next_token() -> Fault {
    invalid("INVALID_NEXT_TOKEN", "nextToken", "nextToken is not a token of this list.")
}

/// The status in the words of the API, which has none for a pending payment (rule 16).
pub(in crate::marketplace) const fn status(status: AgreementStatus) -> &'static str {
    match status {
        AgreementStatus::Pending | AgreementStatus::Active => "ACTIVE",
        AgreementStatus::RolledBack => "ROLLED_BACK",
        AgreementStatus::Expired => "EXPIRED",
        AgreementStatus::Renewed => "RENEWED",
        AgreementStatus::Cancelled => "CANCELLED",
        AgreementStatus::Terminated => "TERMINATED",
    }
}

pub(super) fn proposal(agreement: &Agreement) -> Structure {
    let resource = Structure::new().with("id", agreement.product_id.as_str()).with("type", RESOURCE_TYPE);
    Structure::new().with("resources", vec![resource]).with("offerId", agreement.offer_id.as_str())
}

pub(super) fn party(account: &str) -> Structure {
    Structure::new().with("accountId", account)
}

/// What happens at the end: type and reason, for an agreement that still has one to come.
pub(super) fn at_end(agreement: &Agreement) -> Option<(&'static str, Option<&'static str>)> {
    let to_come = matches!(agreement.status, AgreementStatus::Pending | AgreementStatus::Active);
    to_come.then_some(if agreement.auto_renew { ("RENEW", None) } else { ("EXPIRE", Some("ACCEPTOR_RENEW_OPTED_OUT")) })
}

/// `DescribeAgreement`.
///
/// # Errors
/// The fault.
pub async fn describe(context: Context<'_>, input: Input<'_>) -> Result<Structure, Fault> {
    let row = find(context, Operation::DescribeAgreement, input).await?;
    let agreement = &row.agreement;
    let currency = crate::marketplace::store::catalog::get_offer_shown(context.db(), &agreement.offer_id).await?.currency;
    let value = Money::new(row.value_minor, currency);
    let behavior = at_end(agreement).map(|(kind, reason)| {
        let summary = row.current_offer.as_ref().map(|offer| Structure::new().with("offerId", offer.as_str()));
        Structure::new().with("type", kind).with_some("reasonCode", reason).with_some("renewalSummary", summary)
    });
    Ok(Structure::new()
        .with("agreementId", agreement.id.as_str())
        .with("acceptor", party(&agreement.buyer_account_id))
        .with("proposer", party(&row.seller_id))
        .with("startTime", agreement.starts_at)
        .with("endTime", agreement.ends_at)
        .with("acceptanceTime", agreement.accepted_at)
        .with("agreementType", AGREEMENT_TYPE)
        .with("estimatedCharges", Structure::new().with("currencyCode", currency.code()).with("agreementValue", value.plain()))
        .with("proposalSummary", proposal(agreement))
        .with("status", status(agreement.status))
        .with("initialAgreementId", agreement.initial_agreement_id.as_str())
        .with_some("endTimeBehavior", behavior))
}
