//! What the books must say after every step, whatever happened: checked entry by entry against the reference.

use super::reference::Reference;
use super::world::World;
use creditdesk::credits::history;
use creditdesk::credits::ledger::{self, EntryKind, Figures};
use creditdesk::kernel::clock::Timestamp;
use creditdesk::kernel::id::{BusinessId, ContractId, LicenseId, TransferId};
use std::collections::BTreeMap;

#[derive(sqlx::FromRow)]
struct Entry {
    business_id: BusinessId,
    license_id: LicenseId,
    kind: EntryKind,
    credits: i64,
    effective_at: Timestamp,
    expires_at: Timestamp,
    transfer_id: Option<TransferId>,
}

#[derive(sqlx::FromRow)]
struct Item {
    id: LicenseId,
    contract_id: ContractId,
    business_id: BusinessId,
    credits: i64,
    expires_at: Timestamp,
    agreement_id: String,
    contract_business_id: BusinessId,
    contract_granted: i64,
    contract_expires_at: Timestamp,
}

/// Checks everything; `synced` when every change notice has just been followed.
pub async fn check(world: &World, reference: &Reference, synced: bool) {
    let now = world.stage.now();
    let db = &world.stage.db;
    let entries: Vec<Entry> = db
        .read("SELECT business_id, license_id, kind, credits, effective_at, expires_at, transfer_id FROM credit_entries")
        .all()
        .await
        .unwrap();
    let items: Vec<Item> = db
        .read("SELECT l.id AS id, l.contract_id AS contract_id, l.business_id AS business_id, l.credits AS credits, l.expires_at AS expires_at, l.agreement_id AS agreement_id, c.business_id AS contract_business_id, c.granted AS contract_granted, c.expires_at AS contract_expires_at FROM licenses l JOIN contracts c ON c.id = l.contract_id")
        .all()
        .await
        .unwrap();
    figures_are_sums(world, reference, &entries, now).await;
    items_are_granted_once_to_their_owner(&entries, &items);
    transfers_are_pairs(&entries);
    contracts_grant_what_was_paid(world, reference, &items, synced);
    let activated: i64 =
        db.read("SELECT CAST(COUNT(*) AS BIGINT) FROM audit_entries WHERE action = 'license.activated'").scalar().await.unwrap();
    let contracts: i64 = db.read("SELECT CAST(COUNT(*) AS BIGINT) FROM contracts").scalar().await.unwrap();
    let expected = i64::try_from(reference.activations).unwrap();
    assert_eq!((activated, contracts), (expected, expected), "each purchase is activated at most once");
}

/// The sum of unexpired entries is what the room reports, and what the reference says; expired grants count nothing.
async fn figures_are_sums(world: &World, reference: &Reference, entries: &[Entry], now: Timestamp) {
    for (number, business) in world.businesses.iter().enumerate() {
        let counting = entries.iter().filter(|entry| entry.business_id == *business && entry.effective_at <= now && now < entry.expires_at);
        let sum: i64 = counting.map(|entry| entry.credits).sum();
        let Figures { total_valid, allocated } = ledger::figures(&world.stage.db, *business, now).await.unwrap();
        assert_eq!((total_valid, allocated), reference.figures(number), "figures of business {number}");
        assert_eq!(sum, total_valid, "sum of the entries of business {number}");
    }
}

/// Each item has one grant of exactly its credits, and stands with all of them in its owner's pool and in no other.
fn items_are_granted_once_to_their_owner(entries: &[Entry], items: &[Item]) {
    let mut pools: BTreeMap<(LicenseId, BusinessId), i64> = BTreeMap::new();
    for entry in entries {
        *pools.entry((entry.license_id, entry.business_id)).or_default() += entry.credits;
    }
    for item in items {
        let grants: Vec<i64> = entries
            .iter()
            .filter(|entry| entry.license_id == item.id && entry.kind == EntryKind::Granted)
            .map(|entry| entry.credits)
            .collect();
        assert_eq!(grants, [item.credits], "grants of {}", item.id);
        assert!(entries.iter().filter(|entry| entry.license_id == item.id).all(|entry| entry.expires_at == item.expires_at));
        assert_eq!(item.business_id, item.contract_business_id);
        for ((_, business), credits) in pools.iter().filter(|((license, _), _)| *license == item.id) {
            let owed = if *business == item.business_id { item.credits } else { 0 };
            assert_eq!(*credits, owed, "{} in the pool of {business}", item.id);
        }
    }
}

/// An entry crosses from one business to another only as half of a pair at one instant.
fn transfers_are_pairs(entries: &[Entry]) {
    let mut pairs: BTreeMap<(TransferId, LicenseId), Vec<&Entry>> = BTreeMap::new();
    for entry in entries {
        match (entry.kind, entry.transfer_id) {
            (EntryKind::Granted | EntryKind::Renewed | EntryKind::Corrected, None) => {}
            (EntryKind::TransferredOut | EntryKind::TransferredIn, Some(transfer)) => {
                pairs.entry((transfer, entry.license_id)).or_default().push(entry);
            }
            _ => panic!("an entry of {} crosses without a transfer", entry.license_id),
        }
    }
    for ((transfer, license), pair) in pairs {
        let [one, other] = pair[..] else { panic!("{transfer} moved {license} with {} entries", pair.len()) };
        assert_eq!(one.credits + other.credits, 0);
        assert_eq!((one.effective_at, one.expires_at), (other.effective_at, other.expires_at));
        assert_ne!(one.business_id, other.business_id);
    }
}

/// A contract's items add up to what it granted, end together to the second, and after the notices were followed they
/// are what was paid.
fn contracts_grant_what_was_paid(world: &World, reference: &Reference, items: &[Item], synced: bool) {
    for (bought, expected) in world.bought.iter().zip(&reference.purchases) {
        let of_contract: Vec<&Item> = items.iter().filter(|item| item.agreement_id == bought.agreement.as_str()).collect();
        assert_eq!(of_contract.is_empty(), expected.owner.is_none(), "only activation grants");
        let granted: i64 = of_contract.iter().map(|item| item.credits).sum();
        assert_eq!(granted, expected.granted, "{} was granted", bought.agreement);
        for item in &of_contract {
            assert_eq!(item.contract_granted, granted);
            assert_eq!(item.contract_id, of_contract[0].contract_id);
            assert_eq!(item.expires_at, item.contract_expires_at, "upgrades end with the contract");
            assert_eq!(item.expires_at.timestamp(), expected.ends.timestamp());
        }
        if synced && expected.owner.is_some() && world.stage.now() < expected.ends {
            assert_eq!(granted, expected.paid, "{} was paid", bought.agreement);
        }
    }
}

/// The history of each business, read at the end, has the figures of every instant as they were read then.
pub async fn check_history(world: &World, seen: &BTreeMap<Timestamp, Vec<Figures>>) {
    let (Some(first), now) = (seen.keys().next(), world.stage.now()) else { return };
    for number in 0..world.businesses.len() {
        let line = history::read(&world.stage.db, world.scope(number), *first, now).await.unwrap();
        for (at, figures) in seen {
            assert_eq!(line.at(*at), figures[number], "the history of business {number} at {at}");
        }
    }
}
