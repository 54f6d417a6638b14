//! One usage record of a request: read, checked as far as it can be without anything stored, and kept as it was sent for the
//! answer. Pure.

use super::allocations;
use super::invalid;
use crate::marketplace::batch::{Named, Told};
use crate::marketplace::ids::LicenseArn;
use crate::marketplace::used::Used;
use crate::marketplace::wire::customer;
use crate::marketplace::wire::fault::Fault;
use crate::marketplace::wire::input::Input;
use crate::marketplace::wire::value::Structure;

/// A record, read.
#[derive(Clone, Debug)]
pub(super) struct Record {
    /// As it was sent, without members that the model does not have.
    pub echo: Structure,
    /// What it says.
    pub told: Told,
}

/// A quantity, and in which of its two forms it was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Quantity {
    pub value: Used,
    pub is_decimal: bool,
}

/// A quantity that is sent as a whole number or as a decimal text, not as both; `None` for neither.
pub(super) fn quantity(input: Input<'_>, (whole, decimal): (&str, &str)) -> Result<Option<Quantity>, Fault> {
    match (input.whole(whole)?, input.text(decimal)?) {
        (Some(_), Some(_)) => Err(invalid(whole, &format!("Member must not be there together with {decimal}"))),
        (Some(number), None) => {
            let value = Used::of_whole(number).ok_or_else(|| invalid(whole, "Member must be from 0 to 2147483647"))?;
            Ok(Some(Quantity { value, is_decimal: false }))
        }
        (None, Some(text)) => {
            let pattern = "Member must satisfy regular expression pattern: ^(0|[1-9][0-9]{0,9})(\\.[0-9]{1,6})?$";
            let value = Used::parse(text).ok_or_else(|| invalid(decimal, pattern))?;
            Ok(Some(Quantity { value, is_decimal: true }))
        }
        (None, None) => Ok(None),
    }
}

/// Reads a record; `by_product` when the request names the product.
pub(super) fn read(input: Input<'_>, by_product: bool) -> Result<Record, Fault> {
    let at = input.time("Timestamp")?.ok_or_else(|| invalid("timestamp", "Member must not be null"))?;
    let dimension = input.text("Dimension")?.ok_or_else(|| invalid("dimension", "Member must not be null"))?;
    if !(1..=255).contains(&dimension.chars().count()) {
        return Err(invalid("dimension", "Member must have length from 1 to 255"));
    }
    let (account, identifier) = (input.text("CustomerAWSAccountId")?, input.text("CustomerIdentifier")?);
    if account.is_some_and(|account| !(1..=255).contains(&account.len()) || !account.bytes().all(|byte| byte.is_ascii_digit())) {
        return Err(invalid("customerAWSAccountId", "Member must satisfy regular expression pattern: ^[0-9]+$"));
    }
    let quantity = quantity(input, ("Quantity", "QuantityAsDecimal"))?;
    let split = allocations::read(input, quantity)?;
    let arn = input.text("LicenseArn")?;
    let told = Told {
        named: named(account, identifier.filter(|identifier| !identifier.is_empty()), arn, by_product)?,
        dimension: dimension.to_owned(),
        at,
        quantity: quantity.map(|quantity| quantity.value).unwrap_or_default(),
        allocations: split.as_ref().map(|split| split.text.clone()),
    };
    let decimal = if quantity.is_some_and(|quantity| quantity.is_decimal) { input.text("QuantityAsDecimal")? } else { None };
    let echo = Structure::new()
        .with("Timestamp", at)
        .with_some("CustomerIdentifier", identifier)
        .with("Dimension", dimension)
        .with_some("Quantity", input.whole("Quantity")?)
        .with_some("QuantityAsDecimal", decimal)
        .with_some("UsageAllocations", split.map(|split| split.echo))
        .with_some("CustomerAWSAccountId", account)
        .with_some("LicenseArn", arn);
    Ok(Record { echo, told })
}

fn named(account: Option<&str>, identifier: Option<&str>, arn: Option<&str>, by_product: bool) -> Result<Named, Fault> {
    let license = |why: &str| Fault::new("InvalidLicenseException", why);
    let unknown = || Fault::new("InvalidCustomerIdentifierException", "The customer identifier does not exist.");
    let identified = identifier.map(|identifier| customer::account(identifier).ok_or_else(unknown)).transpose()?;
    if let (Some(account), Some(identified)) = (account, &identified)
        && account != identified
    {
        return Err(unknown());
    }
    if let Some(arn) = arn {
        let arn = LicenseArn::parse(arn).ok_or_else(|| license("The license does not exist."))?;
        let account = account.map(str::to_owned).or(identified);
        let account = account.ok_or_else(|| license("A LicenseArn needs the CustomerAWSAccountId beside it."))?;
        return Ok(Named::License { arn, account });
    }
    if !by_product {
        return Err(license("Without a ProductCode every record needs its LicenseArn."));
    }
    match (identified, account) {
        (Some(account), _) => Ok(Named::Customer { account, by_identifier: true }),
        (None, Some(account)) => Ok(Named::Customer { account: account.to_owned(), by_identifier: false }),
        (None, None) => Err(unknown()),
    }
}
