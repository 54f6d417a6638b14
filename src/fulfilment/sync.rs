//! Follows the marketplace after activation: a change is only a reason to read the truth, and what the truth has more
//! than the console is booked as a new item (UPG-4, UPG-5).

use super::difference::{Addition, Difference, Granted, Question, compare};
use super::marketplace::{Entitlement, Unreachable};
use super::store::{contracts, licenses, questions, recipients};
use super::{Fulfilment, license, mail};
use crate::audit::{self, Who};
use crate::credits::ledger;
use crate::db::{Error, Tx};
use crate::kernel::id::{EventId, LicenseId};
use crate::notices::outbox;
use crate::tx;
use serde_json::json;
use std::collections::BTreeMap;

/// Changes taken from the marketplace in one run.
const BATCH: u32 = 100;

/// The name of this job in the audit log.
const JOB: &str = "marketplace sync";

/// Reads what the marketplace says has changed and books the differences; how many changes are done with. Changes that
/// could not be followed come again.
///
/// # Errors
/// The first storage error, after everything else was done.
pub async fn apply_changes(room: &Fulfilment) -> Result<u64, Error> {
    let changes = match room.marketplace.receive(BATCH).await {
        Ok(changes) => changes,
        Err(error) => {
            tracing::warn!(cause = %error.0, "changes could not be received");
            return Ok(0);
        }
    };
    let mut by_purchase: BTreeMap<String, Vec<EventId>> = BTreeMap::new();
    for change in changes {
        by_purchase.entry(change.license_arn).or_default().push(change.id);
    }
    let (mut done, mut failed) = (Vec::new(), None);
    for (license_arn, ids) in by_purchase {
        match follow(room, &license_arn).await {
            Ok(()) => done.extend(ids),
            Err(FollowError::Storage(error)) => {
                failed.get_or_insert(error);
            }
            Err(error @ (FollowError::Unreachable(_) | FollowError::Contended)) => {
                tracing::warn!(license_arn, %error, "a change could not be followed");
            }
        }
    }
    if let Err(error) = room.marketplace.acknowledge(&done).await {
        // They come again and then make no difference.
        tracing::warn!(cause = %error.0, "changes could not be acknowledged");
    }
    failed.map_or(Ok(u64::try_from(done.len()).unwrap_or(u64::MAX)), Err)
}

/// A purchase could not be followed now.
#[derive(Debug, thiserror::Error)]
pub(super) enum FollowError {
    /// The marketplace did not answer.
    #[error("the marketplace cannot be reached")]
    Unreachable(#[from] Unreachable),
    /// Other workers book the same purchase all the time.
    #[error("the purchase keeps changing")]
    Contended,
    /// The database did not.
    #[error(transparent)]
    Storage(#[from] Error),
}

/// How often a purchase is read anew when other workers book it at the same time.
const READS_MAX: u32 = 5;

/// Reads the truth of one purchase and books what is missing. A purchase that is not activated needs nothing: its
/// activation reads the truth itself (ACT-4, ACT-9).
pub(super) async fn follow(room: &Fulfilment, license_arn: &str) -> Result<(), FollowError> {
    for _ in 0..READS_MAX {
        let Some(seen) = contracts::find(&room.db, license_arn).await? else { return Ok(()) };
        let rows = room.marketplace.entitlements(&seen.product_code, license_arn).await?;
        let facts = room.marketplace.agreement(license_arn).await?;
        let who = Who::system(JOB, room.clock.now());
        let renews = facts.map_or(seen.auto_renew, |facts| facts.auto_renew);
        if compare(granted(&seen), &rows, who.now) == Difference::default() && renews == seen.auto_renew {
            return Ok(());
        }
        if tx!(room.db, |tx| { settle(room, tx, &seen, renews, &rows, &who).await })? {
            return Ok(());
        }
    }
    Err(FollowError::Contended)
}

fn granted(contract: &contracts::Booked) -> Granted<'_> {
    Granted { credits: contract.granted, expires_at: contract.expires_at, dimension: &contract.dimension }
}

/// Books the difference under the contract's lock. False when another worker has booked since the rows were read: then
/// an older total could look like a lower one, so they are read anew.
async fn settle(
    room: &Fulfilment,
    tx: &mut Tx,
    seen: &contracts::Booked,
    renews: bool,
    rows: &[Entitlement],
    who: &Who,
) -> Result<bool, Error> {
    let contract = contracts::lock(tx, seen.id).await?;
    if contract.granted != seen.granted || contract.expires_at != seen.expires_at {
        return Ok(false);
    }
    note_renewal(tx, &contract, renews, who).await?;
    let difference = compare(granted(&contract), rows, who.now);
    if let Some(addition) = difference.addition {
        add(room, tx, &contract, addition, who).await?;
    }
    for question in difference.questions {
        raise(tx, &contract, question, who).await?;
    }
    Ok(true)
}

async fn note_renewal(tx: &mut Tx, contract: &contracts::Booked, renews: bool, who: &Who) -> Result<(), Error> {
    if renews == contract.auto_renew {
        return Ok(());
    }
    contracts::note_auto_renew(tx, contract.id, renews).await?;
    let entry = audit::Entry::new("contract.auto_renew_noted", contract.id)
        .in_business(contract.business_id)
        .in_buyer_account(&contract.buyer_account_id)
        .before(json!({ "auto_renew": contract.auto_renew }))
        .after(json!({ "auto_renew": renews }));
    audit::record(tx, who, entry).await
}

/// A new item with the contract's own expiration, to the microsecond; the original item is not touched.
async fn add(room: &Fulfilment, tx: &mut Tx, contract: &contracts::Booked, addition: Addition, who: &Who) -> Result<(), Error> {
    let Addition { credits, total } = addition;
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
        expires_at: contract.expires_at,
        activated_at: who.now,
        activated_by: None,
    };
    licenses::insert(tx, &item).await?;
    let grant = ledger::Grant {
        business: contract.business_id,
        contract: contract.id,
        license: item.id,
        credits: credits.get(),
        effective_at: who.now,
        expires_at: contract.expires_at,
    };
    ledger::grant(tx, &grant, who.now).await?;
    contracts::raise_granted(tx, contract.id, contract.granted, total).await?;
    let entry = audit::Entry::new("license.added", item.id)
        .in_business(contract.business_id)
        .in_buyer_account(&contract.buyer_account_id)
        .before(json!({ "granted": contract.granted }))
        .after(json!({ "contract": contract.id.to_string(), "credits": credits, "granted": total, "expires_at": contract.expires_at }));
    audit::record(tx, who, entry).await?;
    for recipient in recipients::list_licensing(tx, contract.business_id).await? {
        outbox::post(tx, mail::added(&recipient, contract, addition, who, &room.links), who.now).await?;
    }
    Ok(())
}

async fn raise(tx: &mut Tx, contract: &contracts::Booked, question: Question, who: &Who) -> Result<(), Error> {
    if questions::raise(tx, contract.id, question, contract.granted, who.now).await? {
        let entry = audit::Entry::new("contract.question_raised", contract.id).in_buyer_account(&contract.buyer_account_id).after(json!({
            "kind": question.kind.as_str(),
            "granted": contract.granted,
            "reported": question.reported,
        }));
        audit::record(tx, who, entry).await?;
    }
    Ok(())
}
