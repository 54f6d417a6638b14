//! `ResolveCustomer`: what a registration token stands for, told to the seller of its product only (rules 8, 20 to 22).

use super::call::Context;
use super::customer;
use super::fault::Fault;
use super::input::Input;
use super::protocol::Operation;
use super::value::Structure;
use crate::db::SplitRefusal;
use crate::kernel::secret::Secret;
use crate::marketplace::catalog::CustomerIdentity;
use crate::marketplace::token::ResolveRefusal;
use crate::marketplace::{agreement, bench, subscriptions};

/// The longest text that could be a token; a longer one is none.
const TOKEN_CHARS_MAX: usize = 4_096;

fn invalid() -> Fault {
    Fault::new("InvalidTokenException", "Registration token is invalid")
}

/// Answers the operation.
///
/// # Errors
/// The fault.
pub async fn customer(context: Context<'_>, input: Input<'_>) -> Result<Structure, Fault> {
    let seller = context.seller(Operation::ResolveCustomer)?;
    let token = input.text("RegistrationToken")?.unwrap_or_default();
    if token.is_empty() {
        let words =
            "1 validation error detected: Value at 'registrationToken' failed to satisfy constraint: Member must not be null or empty";
        return Err(Fault::new("ValidationException", words));
    }
    if token.len() > TOKEN_CHARS_MAX {
        return Err(invalid());
    }
    let resolved = bench::resolve(&context.desk.bench, context.db(), &Secret::presented(token), context.now()).await.refusal()?;
    let purchase = resolved.map_err(|refusal| match refusal {
        ResolveRefusal::Unknown => invalid(),
        ResolveRefusal::Expired => Fault::new("ExpiredTokenException", "Registration token has expired"),
    })?;
    if purchase.seller_id != seller {
        // A token of somebody else's product tells nothing, not even that it is one.
        return Err(invalid());
    }
    // A seller's own console does not tell when it activates, and AWS has no word for it. From here on the purchase is in the
    // seller's hands: it can be upgraded (UPG-1), and nobody is reminded of it any more (SUP-8).
    if subscriptions::activated_at(context.db(), &purchase.license_arn).await?.is_none() {
        agreement::mark_activated(context.db(), context.who, &purchase.license_arn, context.now()).await?;
    }
    let legacy = purchase.customer_identity == CustomerIdentity::Legacy;
    let identifier = customer::identifier(&purchase.buyer_account_id).filter(|_| legacy);
    Ok(Structure::new()
        .with_some("CustomerIdentifier", identifier)
        .with("CustomerAWSAccountId", purchase.buyer_account_id)
        .with("ProductCode", purchase.product_code)
        .with("LicenseArn", purchase.license_arn.as_str())
        .with("Metadata", Structure::new().with("AgreementId", purchase.agreement_id.as_str())))
}
