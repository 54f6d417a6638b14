//! The agreement behind a purchase: `SearchAgreements` of its buyer's account, and `DescribeAgreement` for what the list leaves
//! out. AWS has no search by license ARN, so the account is asked for first. For showing and joining, never for granting.

use super::Aws;
use super::chain::{Listed, facts_of};
use super::circuits::Service;
use super::entitlements::{far_end, instant, rows};
use super::key::PurchaseKey;
use crate::fulfilment::incoming;
use crate::fulfilment::marketplace::{AgreementFacts, Unreachable};
use crate::fulfilment::store::purchases;
use aws_sdk_marketplaceagreement::types::{AgreementStatus, EndTimeBehaviorType, Filter};
use std::collections::BTreeSet;

const PAGE_ROWS: i32 = 50;
/// An account with more agreements than this is searched no further.
const PAGES_MAX: usize = 100;

/// What is known of a purchase before its agreement is looked for.
#[derive(Clone, Debug, Default)]
struct Whose {
    account: Option<String>,
    license_arn: Option<String>,
    agreement_id: Option<String>,
}

/// The facts of a purchase; `None` where AWS does not know its agreement.
pub(super) async fn find(aws: &Aws, key: &str) -> Result<Option<AgreementFacts>, Unreachable> {
    let whose = whose(aws, key).await?;
    let mut listed = match &whose.account {
        Some(account) => search(aws, account).await?,
        None => Vec::new(),
    };
    let by_license = whose.license_arn.as_deref();
    let by_id = whose.agreement_id.as_deref();
    let now = aws.clock.now();
    let mut found = super::chain::choose(&listed, by_license, by_id, now).cloned();
    if found.is_none() {
        // Not on the list: an agreement that a reseller proposed, or one of an account that nobody knows any more.
        found = match by_id {
            Some(id) => describe(aws, id).await?,
            None => None,
        };
        listed.extend(found.clone());
    }
    let Some(mut own) = found else { return Ok(None) };
    if own.is_incomplete()
        && let Some(whole) = describe(aws, &own.id).await?
    {
        own.complete_with(whole);
    }
    Ok(Some(facts_of(&own, &listed, now)))
}

/// The account first from what the console knows itself; the entitlement service is asked last.
async fn whose(aws: &Aws, key: &str) -> Result<Whose, Unreachable> {
    let known = purchases::find(&aws.db, key).await.map_err(|error| Unreachable(error.into()))?;
    let agreement_id = known.as_ref().map(|known| known.agreement_id.clone());
    let account = known.map(|known| known.buyer_account_id).filter(|account| is_account(account));
    match PurchaseKey::parse(key) {
        PurchaseKey::License(arn) => {
            let mut account = account.or_else(|| aws.accounts.find(arn));
            if account.is_none() {
                // Without it the account is asked for elsewhere, so a database that does not answer is no more than no event.
                account = incoming::find_account(&aws.db, arn).await.ok().flatten();
            }
            if account.is_none() {
                account = account_by_entitlement(aws, arn).await?;
            }
            Ok(Whose { account, license_arn: Some(arn.to_owned()), agreement_id })
        }
        PurchaseKey::Legacy { product, .. } => {
            let row = rows(aws, product, key).await?.into_iter().next();
            let (listed, license_arn) = row.map(|row| (row.account, row.license_arn)).unwrap_or_default();
            Ok(Whose { account: account.or(listed), license_arn, agreement_id })
        }
    }
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A license ARN that nobody told of before, such as a renewal's: its entitlement names the account.
async fn account_by_entitlement(aws: &Aws, arn: &str) -> Result<Option<String>, Unreachable> {
    for product in aws.products.all() {
        if let Some(account) = rows(aws, &product.code, arn).await?.into_iter().find_map(|row| row.account) {
            return Ok(Some(account));
        }
    }
    Ok(None)
}

fn filter(name: &str, value: &str) -> Filter {
    Filter::builder().name(name).values(value).build()
}

/// Every agreement of an account with this seller.
async fn search(aws: &Aws, account: &str) -> Result<Vec<Listed>, Unreachable> {
    let filters = [filter("PartyType", "Proposer"), filter("AgreementType", "PurchaseAgreement"), filter("AcceptorAccountId", account)];
    let (mut listed, mut next, mut seen) = (Vec::new(), None::<String>, BTreeSet::new());
    for _ in 0..PAGES_MAX {
        let request = aws.clients.agreement.search_agreements().catalog("AWSMarketplace").max_results(PAGE_ROWS);
        let request = request.set_filters(Some(filters.to_vec())).set_next_token(next);
        let page = aws.circuits.call(Service::Agreement, request.send()).await?;
        for summary in page.agreement_view_summaries() {
            let license_arns: Vec<String> =
                summary.entitlements().iter().filter_map(|license| license.license_arn()).map(str::to_owned).collect();
            for arn in &license_arns {
                aws.accounts.keep(arn, account);
            }
            let Some((id, starts_at)) = summary.agreement_id().zip(summary.start_time().and_then(instant)) else { continue };
            listed.push(Listed {
                id: id.to_owned(),
                initial: summary.initial_agreement_id().map(str::to_owned),
                status: summary.status().map_or("", AgreementStatus::as_str).to_owned(),
                starts_at,
                ends_at: summary.end_time().and_then(instant).unwrap_or_else(far_end),
                auto_renew: summary.end_time_behavior_type().map(|kind| *kind == EndTimeBehaviorType::Renew),
                license_arns,
            });
        }
        match page.next_token().filter(|token| !token.is_empty()) {
            None => return Ok(listed),
            Some(token) if !seen.insert(token.to_owned()) => break,
            Some(token) => next = Some(token.to_owned()),
        }
    }
    Err(Unreachable(anyhow::anyhow!("the pages of SearchAgreements have no end")))
}

async fn describe(aws: &Aws, id: &str) -> Result<Option<Listed>, Unreachable> {
    let request = aws.clients.agreement.describe_agreement().agreement_id(id);
    let described = match aws.circuits.call(Service::Agreement, request.send()).await {
        Ok(described) => described,
        Err(failure) if failure.is("ResourceNotFoundException") || failure.is("ValidationException") => return Ok(None),
        Err(failure) => return Err(failure.into()),
    };
    let Some(starts_at) = described.start_time().and_then(instant) else { return Ok(None) };
    let behavior = described.end_time_behavior().map(|behavior| behavior.r#type().clone());
    Ok(Some(Listed {
        id: described.agreement_id().unwrap_or(id).to_owned(),
        initial: described.initial_agreement_id().map(str::to_owned),
        status: described.status().map_or("", AgreementStatus::as_str).to_owned(),
        starts_at,
        ends_at: described.end_time().and_then(instant).unwrap_or_else(far_end),
        auto_renew: behavior.map(|kind| kind == EndTimeBehaviorType::Renew),
        license_arns: Vec::new(),
    }))
}
