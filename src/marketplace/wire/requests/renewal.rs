//! An amendment that only switches the renewal: a request without charges, which changes the agreement when it is accepted.

use super::super::agreements::{AGREEMENT_TYPE, invalid, not_found};
use super::super::call::Context;
use super::super::fault::Fault;
use super::super::value::Structure;
use crate::access::BuyerScope;
use crate::db::SplitRefusal;
use crate::kernel::money::Money;
use crate::marketplace::ids::QuoteId;
use crate::marketplace::renewal::RenewalRefusal;
use crate::marketplace::renewal_request::{self, AcceptRefusal, RenewalRequest};
use crate::marketplace::store::catalog;
use crate::marketplace::store::wire::{self as store, AgreementRow, Side};

/// Makes the request; its answer is [`answer`]'s.
pub(super) async fn create(
    context: Context<'_>,
    scope: &BuyerScope,
    row: &AgreementRow,
    auto_renew: bool,
    token: Option<(&str, &[u8])>,
) -> Result<QuoteId, Fault> {
    let standing = row.agreement.standing(context.now());
    if let Err(not_now) = standing.after(crate::marketplace::agreement::AgreementEvent::RenewalChanged) {
        return Err(invalid("INACTIVE_AGREEMENT", "sourceAgreementIdentifier", format!("{not_now}.")));
    }
    Ok(renewal_request::create(context.db(), scope, context.who, (&row.agreement.id, auto_renew), token).await?)
}

/// What is said of a request, if this is one.
pub(super) async fn answer(context: Context<'_>, scope: &BuyerScope, id: &QuoteId) -> Result<Option<Structure>, Fault> {
    let Some(request) = renewal_request::find(context.db(), scope, id).await? else { return Ok(None) };
    let row = store::find_agreement(context.db(), Side::Acceptor(scope.account()), &request.agreement_id).await?;
    let row = row.ok_or_else(|| not_found("Agreement", request.agreement_id.as_str()))?;
    let currency = catalog::get_offer_shown(context.db(), &row.agreement.offer_id).await?.currency;
    let value = Money::new(row.value_minor, currency).plain();
    let summary = Structure::new().with("currencyCode", currency.code()).with("newAgreementValue", value);
    Ok(Some(
        Structure::new()
            .with("agreementRequestId", request.id.as_str())
            .with("agreementType", AGREEMENT_TYPE)
            .with("chargeSummary", summary)
            .with("status", if request.accepted_at.is_some() { "ACCEPTED" } else { "DRAFT" })
            .with("approvalRequirement", "NOT_REQUIRED")
            .with("createdAt", request.created_at),
    ))
}

/// Accepts a request, if this is one; the agreement that it changed.
pub(super) async fn accept(context: Context<'_>, scope: &BuyerScope, id: &QuoteId) -> Result<Option<Structure>, Fault> {
    let Some(request) = renewal_request::find(context.db(), scope, id).await? else { return Ok(None) };
    let accepted = renewal_request::accept(context.db(), scope, context.who, &request).await.refusal()?;
    accepted.map_err(|refusal| refused(refusal, &request))?;
    Ok(Some(Structure::new().with("agreementId", request.agreement_id.as_str())))
}

fn refused(refusal: AcceptRefusal, request: &RenewalRequest) -> Fault {
    match refusal {
        AcceptRefusal::Lapsed => super::accept::closed(),
        AcceptRefusal::Renewal(RenewalRefusal::NotFound) => not_found("Agreement", request.agreement_id.as_str()),
        AcceptRefusal::Renewal(RenewalRefusal::NotNow(_) | RenewalRefusal::OutOfRange(_)) => super::accept::incompatible(),
    }
}
