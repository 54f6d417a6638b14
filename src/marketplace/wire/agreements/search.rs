//! `SearchAgreements`: an account's agreements by filters, sorted by end, start or last change, in pages.

use super::{AGREEMENT_TYPE, RESOURCE_TYPE, at_end, bad_next_token, invalid, page_size, party, proposal, side, status};
use crate::kernel::clock::Timestamp;
use crate::kernel::page::Cursor;
use crate::marketplace::agreement::AgreementStatus;
use crate::marketplace::store::wire::{self as store, AgreementRow, Search, SearchOrder, Side};
use crate::marketplace::wire::call::Context;
use crate::marketplace::wire::fault::Fault;
use crate::marketplace::wire::input::Input;
use crate::marketplace::wire::page;
use crate::marketplace::wire::protocol::Operation;
use crate::marketplace::wire::value::Structure;
use std::collections::{BTreeMap, BTreeSet};

/// Answers the operation.
///
/// # Errors
/// The fault.
pub async fn search(context: Context<'_>, input: Input<'_>) -> Result<Structure, Fault> {
    let side = side(context, Operation::SearchAgreements)?;
    if input.text("catalog")?.is_some_and(|catalog| catalog != "AWSMarketplace") {
        return Err(invalid("INVALID_CATALOG", "catalog", "The catalog is AWSMarketplace."));
    }
    let filters = filters(input)?;
    let as_proposer = party_type(&filters)?;
    let mut search = read(&filters, as_proposer)?;
    (search.order, search.descending) = order(input, as_proposer)?;
    let size = page_size(input)?;
    let list = format!("{filters:?} {:?} {}", search.order, search.descending);
    let after = match input.text("nextToken")? {
        None => None,
        Some(token) => Some(page::place(&list, token).and_then(|place| Cursor::parse(&place)).ok_or_else(bad_next_token)?),
    };
    // Whose key it is decides on which side the account is: on the other it has no agreements.
    let mut rows = match (side, as_proposer) {
        (Side::Proposer(_), true) | (Side::Acceptor(_), false) => {
            store::search(context.db(), side, &search, after.as_ref().and_then(Cursor::number), size + 1).await?
        }
        (Side::Proposer(_), false) | (Side::Acceptor(_), true) => Vec::new(),
    };
    let more = i64::try_from(rows.len()).is_ok_and(|found| found > size);
    rows.truncate(usize::try_from(size).unwrap_or_default());
    let next = rows.last().filter(|_| more).map(|last| page::token(&list, &place_of(last, search.order).encode()));
    let summaries: Vec<Structure> = rows.iter().map(summary).collect();
    Ok(Structure::new().with("agreementViewSummaries", summaries).with_some("nextToken", next))
}

fn place_of(row: &AgreementRow, order: SearchOrder) -> Cursor {
    let at = match order {
        SearchOrder::End => row.agreement.ends_at,
        SearchOrder::Start => row.agreement.starts_at,
        SearchOrder::LastUpdate => row.updated_at,
    };
    Cursor::of_number(at.timestamp_micros(), row.agreement.id.as_str())
}

fn summary(row: &AgreementRow) -> Structure {
    let agreement = &row.agreement;
    let (behavior, reason) = at_end(agreement).unzip();
    let license = Structure::new().with("licenseArn", agreement.license_arn.as_str());
    Structure::new()
        .with("agreementId", agreement.id.as_str())
        .with("acceptanceTime", agreement.accepted_at)
        .with("startTime", agreement.starts_at)
        .with("endTime", agreement.ends_at)
        .with("lastUpdateTime", row.updated_at)
        .with("agreementType", AGREEMENT_TYPE)
        .with("acceptor", party(&agreement.buyer_account_id))
        .with("proposer", party(&row.seller_id))
        .with("proposalSummary", proposal(agreement))
        .with("status", status(agreement.status))
        .with("entitlements", vec![license])
        .with("initialAgreementId", agreement.initial_agreement_id.as_str())
        .with_some("endTimeBehaviorType", behavior)
        .with_some("endTimeBehaviorReasonCode", reason.flatten())
}

type Filters<'f> = BTreeMap<&'f str, &'f str>;

/// Filters by name; each has one value.
fn filters(input: Input<'_>) -> Result<Filters<'_>, Fault> {
    let mut filters = Filters::new();
    for filter in input.structures("filters")? {
        let name = filter.text("name")?.ok_or_else(|| invalid("MISSING_FILTER_NAME", "filters", "A filter needs a name."))?;
        let values = filter.texts("values")?;
        let [value] = values[..] else {
            let (reason, words) =
                if values.is_empty() { ("MISSING_FILTER_VALUES", "a value") } else { ("INVALID_FILTER_VALUES", "one value") };
            return Err(invalid(reason, "filters", format!("The filter {name} needs {words}.")));
        };
        if filters.insert(name, value).is_some() {
            return Err(invalid("INVALID_FILTERS", "filters", format!("The filter {name} is there twice.")));
        }
    }
    Ok(filters)
}

/// Whether the account asks as the proposer; agreements have a type and a party in every search.
fn party_type(filters: &Filters<'_>) -> Result<bool, Fault> {
    match filters.get("AgreementType") {
        Some(&AGREEMENT_TYPE) => {}
        Some(_) => return Err(invalid("INVALID_AGREEMENT_TYPE", "filters", "AgreementType is PurchaseAgreement.")),
        None => return Err(invalid("INVALID_FILTERS", "filters", "The filter AgreementType is needed.")),
    }
    match filters.get("PartyType") {
        Some(&"Proposer") => Ok(true),
        Some(&"Acceptor") => Ok(false),
        Some(_) => Err(invalid("INVALID_PARTY_TYPE", "filters", "PartyType is Proposer or Acceptor.")),
        None => Err(invalid("MISSING_PARTY_TYPE", "filters", "The filter PartyType is needed.")),
    }
}

fn read(filters: &Filters<'_>, as_proposer: bool) -> Result<Search, Fault> {
    if !as_proposer {
        check_combination(filters)?;
    }
    let mut search = Search::default();
    for (name, value) in filters {
        let text = || Some((*value).to_owned());
        let bad = || invalid("INVALID_FILTER_VALUES", "filters", format!("{value} is not a value of the filter {name}."));
        match *name {
            "AgreementType" | "PartyType" => {}
            "Status" => search.statuses = Some(statuses(value).ok_or_else(bad)?),
            "AcceptorAccountId" => search.acceptor = text(),
            "ResourceIdentifier" => search.product = text(),
            // All products here are of one type; of another there is nothing.
            "ResourceType" if *value == RESOURCE_TYPE => {}
            "ResourceType" | "OfferSetId" | "IncludesContactOfType" => search.statuses = Some(BTreeSet::new()),
            "OfferId" => search.offer = text(),
            "InitialAgreementId" => search.initial = text(),
            "LicenseArn" => search.license_arn = text(),
            "BeforeEndTime" => search.ends_before = Some(instant(value).ok_or_else(bad)?),
            "AfterEndTime" => search.ends_after = Some(instant(value).ok_or_else(bad)?),
            "BeforeStartTime" => search.starts_before = Some(instant(value).ok_or_else(bad)?),
            "AfterStartTime" => search.starts_after = Some(instant(value).ok_or_else(bad)?),
            "EndTimeBehaviorType" => match *value {
                "RENEW" => search.renews = Some(true),
                "EXPIRE" => search.renews = Some(false),
                "REPLACE" => search.statuses = Some(BTreeSet::new()),
                _ => return Err(bad()),
            },
            "EndTimeBehaviorReasonCode" => match *value {
                "ACCEPTOR_RENEW_OPTED_OUT" => search.renews = Some(false),
                "PROPOSER_RENEW_OPTED_OUT" | "NO_RENEWAL_TERM" | "RENEWAL_LIMIT_EXHAUSTED" => search.statuses = Some(BTreeSet::new()),
                _ => return Err(bad()),
            },
            "BeforeLastUpdateTime" => search.updated_before = Some(instant(value).ok_or_else(bad)?),
            "AfterLastUpdateTime" => search.updated_after = Some(instant(value).ok_or_else(bad)?),
            _ => return Err(invalid("INVALID_FILTER_NAME", "filters", format!("There is no filter {name}."))),
        }
    }
    Ok(search)
}

/// The combinations that acceptors may use: one of product, offer or type, with status and end; no status with a type.
fn check_combination(filters: &Filters<'_>) -> Result<(), Fault> {
    const ALLOWED: [&str; 9] = [
        "AgreementType",
        "PartyType",
        "Status",
        "BeforeEndTime",
        "AfterEndTime",
        "ResourceIdentifier",
        "ResourceType",
        "OfferId",
        "OfferSetId",
    ];
    let things = ["ResourceIdentifier", "ResourceType", "OfferId", "OfferSetId"].iter().filter(|name| filters.contains_key(**name)).count();
    let typed_status = filters.contains_key("ResourceType") && filters.contains_key("Status");
    if things > 1 || typed_status || filters.keys().any(|name| !ALLOWED.contains(name)) {
        let words = "This combination of filters is not supported when PartyType is Acceptor.";
        return Err(invalid("UNSUPPORTED_FILTERS", "filters", words));
    }
    Ok(())
}

fn statuses(value: &str) -> Option<BTreeSet<String>> {
    let stored: &[AgreementStatus] = match value {
        "ACTIVE" => &store::ACTIVE,
        "CANCELLED" => &[AgreementStatus::Cancelled],
        "EXPIRED" => &[AgreementStatus::Expired],
        "RENEWED" => &[AgreementStatus::Renewed],
        "ROLLED_BACK" => &[AgreementStatus::RolledBack],
        "TERMINATED" => &[AgreementStatus::Terminated],
        // Nothing here ever is that.
        "ARCHIVED" | "REPLACED" | "SUPERSEDED" => &[],
        _ => return None,
    };
    Some(stored.iter().map(|status| status.as_str().to_owned()).collect())
}

fn instant(value: &str) -> Option<Timestamp> {
    let whole = chrono::DateTime::parse_from_rfc3339(value).ok().map(|at| at.to_utc());
    whole.or_else(|| value.parse::<chrono::NaiveDate>().ok().map(|day| day.and_time(chrono::NaiveTime::MIN).and_utc()))
}

fn order(input: Input<'_>, as_proposer: bool) -> Result<(SearchOrder, bool), Fault> {
    let Some(sort) = input.map("sort")? else { return Ok((SearchOrder::End, false)) };
    let order = match sort.text("sortBy")? {
        None | Some("EndTime") => SearchOrder::End,
        Some("StartTime") if as_proposer => SearchOrder::Start,
        Some("LastUpdateTime") if as_proposer => SearchOrder::LastUpdate,
        Some(other) => return Err(invalid("INVALID_SORT_BY", "sort.sortBy", format!("Agreements cannot be sorted by {other} here."))),
    };
    match sort.text("sortOrder")? {
        None | Some("ASCENDING") => Ok((order, false)),
        Some("DESCENDING") => Ok((order, true)),
        Some(_) => Err(invalid("INVALID_SORT_ORDER", "sort.sortOrder", "sortOrder is ASCENDING or DESCENDING.")),
    }
}
