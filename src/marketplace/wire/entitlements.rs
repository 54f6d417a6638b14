//! `GetEntitlements`: what a product's customers are entitled to now, for its seller. Filters narrow it, pages divide it;
//! what is over or not paid is not there at all (rules 40, 46).

use super::call::Context;
use super::customer;
use super::fault::Fault;
use super::input::Input;
use super::page;
use super::protocol::Operation;
use super::switches;
use super::value::Structure;
use crate::kernel::page::Cursor;
use crate::marketplace::catalog::CustomerIdentity;
use crate::marketplace::store::wire as store;
use std::collections::BTreeSet;

pub use crate::marketplace::store::wire::EntitlementFilter;

/// Most rows of a page, and how many there are when nobody says.
const PAGE_MAX: i64 = 25;
/// The token of the page after an empty first one, when that is switched on.
const BEGIN: &str = "begin";

fn invalid(why: impl Into<String>) -> Fault {
    Fault::new("InvalidParameterException", why)
}

/// Answers the operation.
///
/// # Errors
/// The fault.
pub async fn get(context: Context<'_>, input: Input<'_>) -> Result<Structure, Fault> {
    let seller = context.seller(Operation::GetEntitlements)?;
    let code =
        input.text("ProductCode")?.filter(|code| (1..=255).contains(&code.len())).ok_or_else(|| invalid("ProductCode is needed."))?;
    let filter = filter(input)?;
    let size = match input.whole("MaxResults")? {
        None => PAGE_MAX,
        Some(size) if (1..=PAGE_MAX).contains(&size) => size,
        Some(_) => return Err(invalid("MaxResults has to be from 1 to 25.")),
    };
    let Some(product) = store::find_product(context.db(), seller, code).await? else {
        return Err(invalid(format!("There is no product with the code {code}.")));
    };
    let list = format!("{code} {filter:?}");
    let after = match input.text("NextToken")? {
        None if switches::empties_first_page(context.desk).await? => {
            let empty: Vec<Structure> = Vec::new();
            return Ok(Structure::new().with("Entitlements", empty).with("NextToken", page::token(&list, BEGIN)));
        }
        None => None,
        Some(token) => match page::place(&list, token).ok_or_else(|| invalid("NextToken is not a token of this list."))? {
            place if place == BEGIN => None,
            place => Some(Cursor::parse(&place).ok_or_else(|| invalid("NextToken is not a token of this list."))?),
        },
    };
    let after = after.as_ref().and_then(Cursor::text);
    let mut rows = store::list_entitlements(context.db(), &product.id, &filter, context.now(), after, size + 1).await?;
    let more = i64::try_from(rows.len()).is_ok_and(|found| found > size);
    rows.truncate(usize::try_from(size).unwrap_or_default());
    let last = rows.last().filter(|_| more);
    let next = last.map(|last| page::token(&list, &Cursor::of_text(last.license_arn.as_str(), last.dimension.as_str()).encode()));
    let legacy = product.customer_identity == CustomerIdentity::Legacy;
    let rows: Vec<Structure> = rows.into_iter().map(|row| shape(code, legacy, row)).collect();
    Ok(Structure::new().with("Entitlements", rows).with_some("NextToken", next))
}

fn shape(code: &str, legacy: bool, row: store::EntitlementRow) -> Structure {
    let identifier = customer::identifier(&row.buyer_account_id).filter(|_| legacy);
    Structure::new()
        .with("ProductCode", code)
        .with("Dimension", row.dimension)
        .with_some("CustomerIdentifier", identifier)
        .with("CustomerAWSAccountId", row.buyer_account_id)
        .with("Value", Structure::new().with("IntegerValue", row.quantity.get()))
        .with("ExpirationDate", row.expires_at)
        .with("LicenseArn", row.license_arn.as_str())
}

/// Values of one key are alternatives, keys narrow each other; the two ways of naming a customer exclude each other.
fn filter(input: Input<'_>) -> Result<EntitlementFilter, Fault> {
    let mut filter = EntitlementFilter::default();
    let Some(map) = input.map("Filter")? else { return Ok(filter) };
    for name in map.names() {
        let values: BTreeSet<String> = map.texts(name)?.into_iter().map(str::to_owned).collect();
        if values.is_empty() {
            return Err(invalid(format!("The filter {name} needs a value.")));
        }
        match name {
            "CUSTOMER_IDENTIFIER" if filter.accounts.is_none() => {
                filter.accounts = Some(values.iter().filter_map(|value| customer::account(value)).collect());
            }
            "CUSTOMER_AWS_ACCOUNT_ID" if filter.accounts.is_none() => filter.accounts = Some(values),
            "CUSTOMER_IDENTIFIER" | "CUSTOMER_AWS_ACCOUNT_ID" => {
                return Err(invalid("CUSTOMER_IDENTIFIER and CUSTOMER_AWS_ACCOUNT_ID cannot be used together."));
            }
            "LICENSE_ARN" => filter.license_arns = Some(values),
            "DIMENSION" => filter.dimensions = Some(values),
            _ => return Err(invalid(format!("There is no filter {name}."))),
        }
    }
    Ok(filter)
}
