//! `GetAgreementEntitlements`: whether a purchase is provisioned, for its buyer, with a registration token of its own that
//! lives 30 minutes: the program's *Set up your account*.

use super::{RESOURCE_TYPE, agreement_id, not_found};
use crate::access::Action;
use crate::db::SplitRefusal;
use crate::marketplace::agreement::Standing;
use crate::marketplace::store::wire::{self as store, Side};
use crate::marketplace::token::{self, LIFE_BY_PROGRAM};
use crate::marketplace::wire::call::Context;
use crate::marketplace::wire::fault::Fault;
use crate::marketplace::wire::input::Input;
use crate::marketplace::wire::protocol::Operation;
use crate::marketplace::wire::value::Structure;

/// Answers the operation.
///
/// # Errors
/// The fault.
pub async fn get(context: Context<'_>, input: Input<'_>) -> Result<Structure, Fault> {
    let operation = Operation::GetAgreementEntitlements;
    let scope = context.buyer(operation, Action::SeePurchases)?;
    let id = agreement_id(input)?;
    super::page_size(input)?;
    if input.text("nextToken")?.is_some() {
        // A purchase has one entitlement, so there is no second page.
        return Err(super::bad_next_token());
    }
    let row = store::find_agreement(context.db(), Side::Acceptor(scope.account()), &id).await?;
    let agreement = row.ok_or_else(|| not_found("Agreement", id.as_str()))?.agreement;
    let (status, reason) = match agreement.standing(context.now()) {
        Standing::Pending => ("PENDING", Some("PROVISIONING_IN_PROGRESS")),
        Standing::Active => ("PROVISIONED", None),
        Standing::RolledBack => ("FAILED", Some("INVALID_PAYMENT_INSTRUMENT")),
        Standing::Ended => ("DEPROVISIONED", Some("AGREEMENT_INACTIVE")),
    };
    let token = match context.buyer(operation, Action::Purchase) {
        // Who may only look gets no token: with it a purchase is set up.
        Ok(purchaser) if status == "PROVISIONED" => {
            token::issue_for(context.db(), &purchaser, context.who, &agreement.id, LIFE_BY_PROGRAM).await.refusal()?.ok()
        }
        Ok(_) | Err(_) => None,
    };
    let resource = Structure::new().with("id", agreement.product_id.as_str()).with("type", RESOURCE_TYPE);
    let entitlement = Structure::new()
        .with("resource", resource)
        .with("type", "License")
        .with_some("registrationToken", token.map(|issued| issued.token.reveal().to_owned()))
        .with("status", status)
        .with_some("statusReasonCode", reason)
        .with("licenseArn", agreement.license_arn.as_str());
    Ok(Structure::new().with("agreementEntitlements", vec![entitlement]))
}
