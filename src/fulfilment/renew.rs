//! Books the next term of a contract: each item keeps its identity and its expiration moves, fewer credits shrink the items
//! from the newest back, more become an item of their own (REN-1). The entries count from the old end, however late they are
//! written, so that the pool has neither a gap nor an overlap; nothing in the ledger is edited.

use super::entitled::Total;
use super::next_term::{Reading, share};
use super::store::contracts::{self, Booked};
use super::store::{licenses, questions, recipients, registrations};
use super::{Fulfilment, license, mail};
use crate::audit::{self, Who};
use crate::credits::ledger;
use crate::db::{Error, Tx};
use crate::kernel::clock::Timestamp;
use crate::kernel::credits::Credits;
use crate::kernel::id::LicenseId;
use crate::notices::outbox;
use serde_json::json;

/// Books a renewal on a locked contract whose end has passed.
pub(super) async fn book(
    room: &Fulfilment,
    tx: &mut Tx,
    contract: &Booked,
    reading: &Reading,
    total: Total,
    who: &Who,
) -> Result<(), Error> {
    let since = contract.expires_at;
    if contract.is_pay_as_you_go() {
        return go_on(tx, contract, reading, total, who).await;
    }
    let items = licenses::list_running(tx, contract.id, since).await?;
    let shares = share(&items.iter().map(|item| item.credits).collect::<Vec<_>>(), total.credits);
    let mut ended = Vec::new();
    for (item, credits) in items.iter().zip(&shares.of_items) {
        if credits.is_zero() {
            ended.push(item.id.to_string());
            continue;
        }
        licenses::renew(tx, item.id, since, total.expires_at, *credits).await?;
        ledger::renew(tx, &grant(contract, item.id, *credits, since, total.expires_at), who.now).await?;
    }
    if !shares.added.is_zero() {
        add(tx, contract, reading, shares.added, (since, total.expires_at), who).await?;
    }
    let next = next_terms(contract, reading, total);
    contracts::renew(tx, contract, &next, who.now).await?;
    registrations::complete_all(tx, next.license_arn, who.now).await?;
    questions::close_all(tx, contract.id, who.now).await?;
    let entry = audit::Entry::new("contract.renewed", contract.id)
        .in_business(contract.business_id)
        .in_buyer_account(&contract.buyer_account_id)
        .before(json!({ "granted": contract.granted, "expires_at": since, "agreement": contract.agreement_id }))
        .after(json!({
            "granted": total.credits, "expires_at": total.expires_at, "agreement": next.agreement_id,
            "license_arn": next.license_arn, "added": shares.added, "ended_items": ended,
        }));
    audit::record(tx, who, entry).await?;
    for recipient in recipients::list_licensing(tx, contract.business_id).await? {
        outbox::post(tx, mail::renewed(&recipient, contract, total, &room.links), who.now).await?;
    }
    Ok(())
}

/// The next term of a pay-as-you-go contract: there are no credits to book (CRD-9).
async fn go_on(tx: &mut Tx, contract: &Booked, reading: &Reading, total: Total, who: &Who) -> Result<(), Error> {
    let next = next_terms(contract, reading, total);
    contracts::renew(tx, contract, &next, who.now).await?;
    registrations::complete_all(tx, next.license_arn, who.now).await?;
    questions::close_all(tx, contract.id, who.now).await?;
    let entry = audit::Entry::new("pay_as_you_go.renewed", contract.id)
        .in_business(contract.business_id)
        .in_buyer_account(&contract.buyer_account_id)
        .before(json!({ "expires_at": contract.expires_at, "agreement": contract.agreement_id }))
        .after(json!({ "expires_at": total.expires_at, "agreement": next.agreement_id, "license_arn": next.license_arn }));
    audit::record(tx, who, entry).await
}

/// What the contract has from now on; the agreement's facts where the marketplace told them.
fn next_terms<'a>(contract: &'a Booked, reading: &'a Reading, total: Total) -> contracts::NextTerm<'a> {
    contracts::NextTerm {
        granted: total.credits,
        expires_at: total.expires_at,
        license_arn: &reading.license_arn,
        agreement_id: reading.facts.as_ref().map_or(&contract.agreement_id, |facts| &facts.agreement_id),
        auto_renew: reading.facts.as_ref().map_or(contract.auto_renew, |facts| facts.auto_renew),
    }
}

fn grant(contract: &Booked, license: LicenseId, credits: Credits, effective_at: Timestamp, expires_at: Timestamp) -> ledger::Grant {
    ledger::Grant { business: contract.business_id, contract: contract.id, license, credits: credits.get(), effective_at, expires_at }
}

/// The credits of the next term that no item had.
async fn add(
    tx: &mut Tx,
    contract: &Booked,
    reading: &Reading,
    credits: Credits,
    (since, expires_at): (Timestamp, Timestamp),
    who: &Who,
) -> Result<(), Error> {
    let item = licenses::NewLicense {
        id: LicenseId::generate(),
        contract: contract.id,
        business: contract.business_id,
        item_number: licenses::get_last_number(tx, contract.id).await? + 1,
        kind: license::Kind::Renewal,
        source: contract.source,
        product_name: &contract.product_name,
        agreement_id: reading.facts.as_ref().map_or(&contract.agreement_id, |facts| &facts.agreement_id),
        credits,
        starts_at: since,
        expires_at,
        activated_at: who.now,
        activated_by: None,
    };
    licenses::insert(tx, &item).await?;
    ledger::grant(tx, &grant(contract, item.id, credits, since, expires_at), who.now).await
}
