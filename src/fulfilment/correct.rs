//! Takes over what the marketplace says of a running contract, because staff decided so: from now on, with entries that are
//! added and never edited. What an item had until its old end is taken back from now on, and what it has now is entered anew.

use super::entitled::Total;
use super::license;
use super::next_term::{Reading, share};
use super::store::contracts::{self, Booked};
use super::store::{licenses, registrations};
use crate::audit::{self, Who};
use crate::credits::ledger;
use crate::db::{Error, Tx};
use crate::kernel::clock::Timestamp;
use crate::kernel::credits::Credits;
use crate::kernel::id::LicenseId;
use serde_json::json;

/// Takes over a total and its end on a locked contract whose end has not passed; without a total nothing is left of it.
pub(super) async fn take_over(tx: &mut Tx, contract: &Booked, reading: &Reading, total: Option<Total>, who: &Who) -> Result<(), Error> {
    let items = licenses::list_running(tx, contract.id, contract.expires_at).await?;
    let shares = share(&items.iter().map(|item| item.credits).collect::<Vec<_>>(), total.map_or(Credits::ZERO, |total| total.credits));
    // To the second: marketplaces differ in how finely they write an instant.
    let moved = total.filter(|total| total.expires_at.timestamp() != contract.expires_at.timestamp());
    let ends_at = moved.map_or(contract.expires_at, |total| total.expires_at);
    for (item, credits) in items.iter().zip(&shares.of_items) {
        if moved.is_none() && *credits == item.credits {
            continue;
        }
        let taken = if moved.is_some() { item.credits } else { item.credits.checked_sub(*credits).unwrap_or(Credits::ZERO) };
        ledger::correct(tx, &entry(contract, item.id, taken, who.now, contract.expires_at), who.now).await?;
        if credits.is_zero() {
            licenses::revoke(tx, item.id, who.now).await?;
            continue;
        }
        if moved.is_some() {
            ledger::renew(tx, &entry(contract, item.id, *credits, who.now, ends_at), who.now).await?;
        }
        licenses::correct(tx, item.id, ends_at, *credits).await?;
    }
    if !shares.added.is_zero() {
        add(tx, contract, shares.added, ends_at, who).await?;
    }
    keep(tx, contract, reading, total.map(|total| Total { expires_at: ends_at, ..total }), who).await
}

fn entry(contract: &Booked, license: LicenseId, credits: Credits, since: Timestamp, until: Timestamp) -> ledger::Grant {
    ledger::Grant {
        business: contract.business_id,
        contract: contract.id,
        license,
        credits: credits.get(),
        effective_at: since,
        expires_at: until,
    }
}

/// Credits that no item has, from now on.
async fn add(tx: &mut Tx, contract: &Booked, credits: Credits, expires_at: Timestamp, who: &Who) -> Result<(), Error> {
    let item = licenses::NewLicense {
        id: LicenseId::generate(),
        contract: contract.id,
        business: contract.business_id,
        item_number: licenses::get_last_number(tx, contract.id).await? + 1,
        kind: license::Kind::Upgrade,
        source: contract.source,
        product_name: &contract.product_name,
        agreement_id: &contract.agreement_id,
        credits,
        starts_at: who.now,
        expires_at,
        activated_at: who.now,
        activated_by: None,
    };
    licenses::insert(tx, &item).await?;
    ledger::grant(tx, &entry(contract, item.id, credits, who.now, expires_at), who.now).await
}

/// The contract itself, and the entry that the business's auditors read.
async fn keep(tx: &mut Tx, contract: &Booked, reading: &Reading, total: Option<Total>, who: &Who) -> Result<(), Error> {
    match total {
        None => contracts::end(tx, contract.id, who.now).await?,
        Some(total) => {
            let facts = reading.facts.as_ref();
            let next = contracts::NextTerm {
                granted: total.credits,
                expires_at: total.expires_at,
                license_arn: &reading.license_arn,
                agreement_id: facts.map_or(&contract.agreement_id, |facts| &facts.agreement_id),
                auto_renew: facts.map_or(contract.auto_renew, |facts| facts.auto_renew),
            };
            contracts::renew(tx, contract, &next, who.now).await?;
            registrations::complete_all(tx, next.license_arn, who.now).await?;
        }
    }
    let entry = audit::Entry::new("contract.corrected", contract.id)
        .in_business(contract.business_id)
        .in_buyer_account(&contract.buyer_account_id)
        .before(json!({ "granted": contract.granted, "expires_at": contract.expires_at }))
        .after(json!({ "granted": total.map(|total| total.credits), "expires_at": total.map(|total| total.expires_at) }));
    audit::record(tx, who, entry).await
}
