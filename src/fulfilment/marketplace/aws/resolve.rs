//! `ResolveCustomer`: what a registration token stands for. Nothing here grants anything.

use super::circuits::Service;
use super::failure::Failure;
use super::{Aws, agreements, key};
use crate::fulfilment::marketplace::{ResolveError, ResolvedPurchase, Unreachable};
use crate::kernel::secret::Secret;

/// Resolves; repeatable until the token expires.
pub(super) async fn resolve(aws: &Aws, token: &Secret) -> Result<ResolvedPurchase, ResolveError> {
    let request = aws.clients.metering.resolve_customer().registration_token(token.reveal());
    let answer = aws.circuits.call(Service::Metering, request.send()).await.map_err(refusal)?;
    let customer = answer.customer_identifier().filter(|customer| !customer.is_empty());
    let license = answer.license_arn().filter(|arn| !arn.is_empty());
    let Some(product_code) = answer.product_code() else { return Err(unreadable("ProductCode")) };
    let key = match (license, customer) {
        (Some(arn), _) => arn.to_owned(),
        (None, Some(customer)) => key::legacy(product_code, customer),
        (None, None) => return Err(unreadable("LicenseArn")),
    };
    let account = answer.customer_aws_account_id().or(customer).unwrap_or_default();
    let told = answer.metadata().and_then(|metadata| metadata.agreement_id()).map(str::to_owned);
    let Some(product) = aws.products.find(product_code) else {
        // Not ours: the use case says so to the person. AWS is asked nothing else about it.
        return Ok(purchase(key, (product_code, product_code, ""), told.unwrap_or_default(), account));
    };
    aws.accounts.keep(&key, account);
    let agreement_id = match told {
        Some(id) => id,
        None => agreement_of(aws, &key).await,
    };
    Ok(purchase(key, (product_code, &product.name, &product.seller), agreement_id, account))
}

fn purchase(license_arn: String, (code, name, seller): (&str, &str, &str), agreement_id: String, account: &str) -> ResolvedPurchase {
    ResolvedPurchase {
        license_arn,
        product_code: code.to_owned(),
        product_name: name.to_owned(),
        seller_name: seller.to_owned(),
        agreement_id,
        buyer_account_id: account.to_owned(),
        // AWS does not tell: four hours are counted from the landing, which follows the click (SET-4).
        token_expires_at: None,
    }
}

/// For an answer that does not name the agreement. Without one the purchase stands for itself: no chain has its key.
async fn agreement_of(aws: &Aws, key: &str) -> String {
    match agreements::find(aws, key).await {
        Ok(Some(facts)) => facts.agreement_id,
        Ok(None) => key.to_owned(),
        Err(error) => {
            tracing::warn!(cause = %error.0, "the agreement of a registration is not known yet");
            key.to_owned()
        }
    }
}

fn refusal(failure: Failure) -> ResolveError {
    if failure.is("InvalidTokenException") || failure.is("ValidationException") {
        return ResolveError::Invalid;
    }
    if failure.is("ExpiredTokenException") && !failure.is_about_credentials() {
        return ResolveError::Expired;
    }
    ResolveError::Unreachable(Unreachable::from(failure).0)
}

fn unreadable(member: &str) -> ResolveError {
    ResolveError::Unreachable(anyhow::anyhow!("the answer to ResolveCustomer has no {member}"))
}
