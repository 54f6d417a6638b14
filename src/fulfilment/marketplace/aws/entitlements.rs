//! `GetEntitlements` to the last page: what a purchase is worth at this moment. Only whole numbers of a dimension can
//! become credits; what AWS says in another kind is held apart under a name of its own, so that staff are asked about it.

use super::Aws;
use super::circuits::Service;
use super::key::{PurchaseKey, is_same_license};
use crate::credits::pay_as_you_go;
use crate::fulfilment::marketplace::{AgreementStanding, Entitlement, Unreachable};
use crate::kernel::clock::Timestamp;
use aws_sdk_marketplaceentitlement::types::{Entitlement as Listed, EntitlementValue, GetEntitlementFilterName};
use chrono::{DateTime, SubsecRound};
use std::collections::{BTreeSet, HashMap};

/// Most rows of a page, as AWS allows.
const PAGE_ROWS: i32 = 25;
/// No purchase has so many pages: a list that goes on and on is none.
const PAGES_MAX: usize = 200;

/// A row as AWS told it.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// The license ARN that it belongs to.
    pub license_arn: Option<String>,
    /// The buyer's account.
    pub account: Option<String>,
    /// What it is worth.
    pub entitlement: Entitlement,
}

/// The rows of a purchase. A product that is charged by use has none at AWS: there a running agreement stands for one.
pub(super) async fn read(aws: &Aws, product_code: &str, key: &str) -> Result<Vec<Entitlement>, Unreachable> {
    let rows = rows(aws, product_code, key).await?;
    let by_use = aws.products.find(product_code).is_some_and(|product| product.pay_as_you_go);
    if !rows.is_empty() || !by_use {
        return Ok(rows.into_iter().map(|row| row.entitlement).collect());
    }
    let facts = super::agreements::find(aws, key).await?;
    let running = facts.filter(|facts| facts.standing == AgreementStanding::Active);
    let dimension = || pay_as_you_go::DIMENSION.to_owned();
    Ok(running.map(|facts| Entitlement { dimension: dimension(), quantity: 1, expires_at: facts.ends_at }).into_iter().collect())
}

/// All pages; an empty page is not the last one while it names another.
pub(super) async fn rows(aws: &Aws, product_code: &str, key: &str) -> Result<Vec<Row>, Unreachable> {
    let filter = match PurchaseKey::parse(key) {
        PurchaseKey::License(arn) => (GetEntitlementFilterName::LicenseArn, vec![arn.to_owned()]),
        PurchaseKey::Legacy { customer, .. } => (GetEntitlementFilterName::CustomerIdentifier, vec![customer.to_owned()]),
    };
    let (mut rows, mut next, mut seen) = (Vec::new(), None::<String>, BTreeSet::new());
    for _ in 0..PAGES_MAX {
        aws.pace.wait().await;
        let request = aws.clients.entitlement.get_entitlements();
        let request = request.product_code(product_code).set_filter(Some(HashMap::from([filter.clone()])));
        let page = aws.circuits.call(Service::Entitlement, request.max_results(PAGE_ROWS).set_next_token(next).send()).await?;
        rows.extend(page.entitlements().iter().filter(|row| is_asked_for(row, product_code, key)).map(read_row));
        match page.next_token().filter(|token| !token.is_empty()) {
            None => return Ok(rows),
            Some(token) if !seen.insert(token.to_owned()) => break,
            Some(token) => next = Some(token.to_owned()),
        }
    }
    Err(Unreachable(anyhow::anyhow!("the pages of GetEntitlements have no end")))
}

/// A list that was not narrowed as asked must not grant somebody else's credits.
fn is_asked_for(row: &Listed, product_code: &str, key: &str) -> bool {
    let is_product = row.product_code().is_none_or(|code| code == product_code);
    let is_purchase = match PurchaseKey::parse(key) {
        PurchaseKey::License(arn) => row.license_arn().is_none_or(|listed| is_same_license(listed, arn)),
        PurchaseKey::Legacy { customer, .. } => row.customer_identifier().is_none_or(|listed| listed == customer),
    };
    if !is_product || !is_purchase {
        tracing::error!(key, "AWS lists an entitlement that was not asked for; it is left out");
    }
    is_product && is_purchase
}

fn read_row(row: &Listed) -> Row {
    Row {
        license_arn: row.license_arn().map(str::to_owned),
        account: row.customer_aws_account_id().map(str::to_owned),
        entitlement: translate(row.dimension().unwrap_or("no dimension"), row.value(), row.expiration_date().and_then(instant)),
    }
}

/// The far end of what has none.
pub(super) fn far_end() -> Timestamp {
    DateTime::from_timestamp(253_370_764_800, 0).unwrap_or(DateTime::<chrono::Utc>::MAX_UTC)
}

/// An instant of the SDK, to the microsecond.
pub(super) fn instant(at: &aws_smithy_types::DateTime) -> Option<Timestamp> {
    DateTime::from_timestamp(at.secs(), at.subsec_nanos()).map(|at| at.trunc_subsecs(6))
}

/// A row in the console's words. What is not a whole number with an end stands as one of a dimension that nothing is
/// granted for.
fn translate(dimension: &str, value: Option<&EntitlementValue>, expires_at: Option<Timestamp>) -> Entitlement {
    let held = |what: &str| Entitlement {
        dimension: format!("{dimension} ({what})"),
        quantity: 1,
        expires_at: expires_at.unwrap_or_else(far_end),
    };
    let Some(value) = value else { return held("no value") };
    if let Some(quantity) = value.integer_value() {
        let quantity = i64::from(quantity);
        return match expires_at {
            Some(expires_at) => Entitlement { dimension: dimension.to_owned(), quantity, expires_at },
            None => held(&format!("{quantity} without an expiration")),
        };
    }
    if let Some(number) = value.double_value() {
        held(&format!("fraction {number}"))
    } else if let Some(flag) = value.boolean_value() {
        held(if flag { "yes" } else { "no" })
    } else if value.string_value().is_some() {
        held("text")
    } else {
        held("no value")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end() -> Timestamp {
        "2027-03-02T09:00:00Z".parse().unwrap()
    }

    fn value() -> aws_sdk_marketplaceentitlement::types::builders::EntitlementValueBuilder {
        EntitlementValue::builder()
    }

    /// Rule 40 of the protocol: only a whole number can become credits; every other kind of value is held for staff.
    #[test]
    fn only_whole_numbers_are_a_number_of_their_dimension() {
        let read = |value: &EntitlementValue, until| {
            let row = translate("credits", Some(value), until);
            (row.dimension, row.quantity)
        };
        assert_eq!(read(&value().integer_value(500).build(), Some(end())), ("credits".to_owned(), 500));
        assert_eq!(read(&value().double_value(500.0).build(), Some(end())), ("credits (fraction 500)".to_owned(), 1));
        assert_eq!(read(&value().boolean_value(true).build(), Some(end())), ("credits (yes)".to_owned(), 1));
        assert_eq!(read(&value().string_value("500").build(), Some(end())), ("credits (text)".to_owned(), 1));
        assert_eq!(read(&value().build(), Some(end())), ("credits (no value)".to_owned(), 1));
        assert_eq!(read(&value().integer_value(500).build(), None), ("credits (500 without an expiration)".to_owned(), 1));
        assert_eq!(translate("credits", None, None).dimension, "credits (no value)");
        assert_eq!(far_end().to_rfc3339(), "9999-01-01T00:00:00+00:00");
    }

    #[test]
    fn rows_of_somebody_else_are_left_out() {
        let arn = "arn:aws:license-manager::294406891311:license:l-9d01";
        let row = |arn: &str, product: &str| Listed::builder().license_arn(arn).product_code(product).build();
        assert!(is_asked_for(&row("aws:license-manager:us-east-1:1:l-9d01", "code"), "code", arn));
        assert!(!is_asked_for(&row("arn:aws:license-manager::294406891311:license:l-9d02", "code"), "code", arn));
        assert!(!is_asked_for(&row(arn, "other"), "code", arn));
        let customer = |name: &str| Listed::builder().customer_identifier(name).license_arn(arn).build();
        assert!(is_asked_for(&customer("ifAPi5AcF3"), "code", "legacy:code:ifAPi5AcF3"));
        assert!(!is_asked_for(&customer("another"), "code", "legacy:code:ifAPi5AcF3"));
    }
}
