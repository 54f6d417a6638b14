//! What the books must say after every step, whatever happened: checked entry by entry against the reference. What money
//! leaves behind is in `money.rs`.

mod money;

use super::reference::{Item, Purchase, Reference};
use super::world::World;
use creditdesk::credits::history;
use creditdesk::credits::ledger::{self, EntryKind, Figures};
use creditdesk::fulfilment::licenses::{self, Filter};
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
struct Row {
    id: LicenseId,
    contract_id: ContractId,
    business_id: BusinessId,
    credits: i64,
    expires_at: Timestamp,
    contract_business_id: BusinessId,
    contract_granted: i64,
    contract_expires_at: Timestamp,
    source: String,
    chain: String,
}

/// Checks everything; `synced` when every change notice has just been followed.
pub async fn check(world: &World, reference: &Reference, synced: bool) {
    let db = &world.stage.db;
    let entries: Vec<Entry> = db
        .read("SELECT business_id, license_id, kind, credits, effective_at, expires_at, transfer_id FROM credit_entries")
        .all()
        .await
        .unwrap();
    let rows: Vec<Row> = db
        .read("SELECT l.id AS id, l.contract_id AS contract_id, l.business_id AS business_id, l.credits AS credits, l.expires_at AS expires_at, c.business_id AS contract_business_id, c.granted AS contract_granted, c.expires_at AS contract_expires_at, c.source AS source, c.initial_agreement_id AS chain FROM licenses l JOIN contracts c ON c.id = l.contract_id ORDER BY l.contract_id, l.item_number")
        .all()
        .await
        .unwrap();
    figures_are_sums(world, reference, &entries).await;
    items_are_granted_once_to_their_owner(&entries, &rows);
    transfers_are_pairs(&entries);
    contracts_grant_what_was_paid(world, reference, &rows, synced);
    codes_grant_what_they_are_worth(reference, &rows);
    each_license_is_activated_once(world, reference).await;
    money::check(world, reference).await;
}

/// The sum of unexpired entries is what the room reports, and what the reference says; expired grants count nothing.
async fn figures_are_sums(world: &World, reference: &Reference, entries: &[Entry]) {
    let now = world.stage.now();
    for (number, business) in world.businesses.iter().enumerate() {
        let counting = entries.iter().filter(|entry| entry.business_id == *business && entry.effective_at <= now && now < entry.expires_at);
        let sum: i64 = counting.map(|entry| entry.credits).sum();
        let Figures { total_valid, allocated } = ledger::figures(&world.stage.db, *business, now).await.unwrap();
        assert_eq!((total_valid, allocated), reference.figures(number), "figures of business {number}");
        assert_eq!(sum, total_valid, "sum of the entries of business {number}");
        let rows = licenses::count(&world.stage.db, world.scope(number), &Filter::default(), now).await.unwrap();
        assert_eq!(usize::try_from(rows).unwrap(), reference.items_of(number), "License Information of business {number}");
    }
    let accounts: Vec<(BusinessId, String, i64, i64)> = world
        .stage
        .db
        .read("SELECT a.business_id, a.account, a.credits, (SELECT CAST(COALESCE(SUM(e.credits), 0) AS BIGINT) FROM allocation_entries e WHERE e.business_id = a.business_id AND (e.account = a.account OR a.account = 'available')) FROM allocation_accounts a")
        .all()
        .await
        .unwrap();
    for (business, account, held, entered) in accounts {
        let owed = if account == "available" { -entered } else { entered };
        assert_eq!(held, owed, "{account} of {business} is the sum of its entries");
    }
}

/// Each item has one grant, and stands in each of its terms with all of its credits in its owner's pool and in no other.
fn items_are_granted_once_to_their_owner(entries: &[Entry], rows: &[Row]) {
    let mut pools: BTreeMap<(LicenseId, Timestamp, BusinessId), i64> = BTreeMap::new();
    let mut grants: BTreeMap<LicenseId, usize> = BTreeMap::new();
    for entry in entries {
        *pools.entry((entry.license_id, entry.expires_at, entry.business_id)).or_default() += entry.credits;
        *grants.entry(entry.license_id).or_default() += usize::from(entry.kind == EntryKind::Granted);
    }
    for row in rows {
        assert_eq!(grants.get(&row.id), Some(&1), "grants of {}", row.id);
        assert_eq!(row.business_id, row.contract_business_id);
        for ((_, ends, business), credits) in pools.iter().filter(|((license, ..), _)| *license == row.id) {
            assert!(*ends <= row.expires_at, "{} counts longer than it runs", row.id);
            // An item that ended stays where it ended, whoever has the contract since.
            if *ends == row.expires_at && row.expires_at == row.contract_expires_at {
                let owed = if *business == row.business_id { row.credits } else { 0 };
                assert_eq!(*credits, owed, "{} in the pool of {business}", row.id);
            } else {
                assert!(*credits >= 0, "{} is missing in the pool of {business}", row.id);
            }
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

/// A contract's items are those that the reference has, with its end to the microsecond, and add up to what it granted;
/// after the notices were followed they are what was paid.
fn contracts_grant_what_was_paid(world: &World, reference: &Reference, rows: &[Row], synced: bool) {
    assert_eq!(world.bought.len(), reference.purchases.len());
    for (bought, expected) in world.bought.iter().zip(&reference.purchases) {
        let of_contract: Vec<&Row> = rows.iter().filter(|row| row.source != "code" && row.chain == bought.agreement.as_str()).collect();
        let items: Vec<Item> = of_contract.iter().map(|row| Item { credits: row.credits, ends: row.expires_at }).collect();
        assert_eq!(items, expected.items, "items of {}", bought.agreement);
        let Some(first) = of_contract.first() else { continue };
        let Purchase { granted, booked_until, ends, .. } = *expected;
        assert_eq!(expected.owner.map(|owner| world.businesses[owner]), Some(first.contract_business_id));
        assert_eq!((first.contract_granted, first.contract_expires_at), (granted, booked_until), "{}", bought.agreement);
        assert!(of_contract.iter().all(|row| row.contract_id == first.contract_id));
        let running: i64 = items.iter().filter(|item| item.ends == booked_until).map(|item| item.credits).sum();
        assert_eq!(running, granted, "the items of {} are what it granted", bought.agreement);
        if synced && world.stage.now() < ends {
            assert_eq!((granted, booked_until), (expected.paid, ends), "{} was paid", bought.agreement);
        }
    }
}

fn codes_grant_what_they_are_worth(reference: &Reference, rows: &[Row]) {
    let mut made: Vec<(i64, Timestamp)> = rows.iter().filter(|row| row.source == "code").map(|row| (row.credits, row.expires_at)).collect();
    let mut expected: Vec<(i64, Timestamp)> = reference.shelf.used().map(|code| reference.shelf.made_by(code)).collect();
    made.sort_unstable();
    expected.sort_unstable();
    assert_eq!(made, expected, "licenses of activation codes");
}

async fn each_license_is_activated_once(world: &World, reference: &Reference) {
    let (activated, added, contracts): (i64, i64, i64) = world
        .stage
        .db
        .read("SELECT (SELECT CAST(COUNT(*) AS BIGINT) FROM audit_entries WHERE action = 'license.activated'), (SELECT CAST(COUNT(*) AS BIGINT) FROM audit_entries WHERE action = 'license.added_by_code'), (SELECT CAST(COUNT(*) AS BIGINT) FROM contracts)")
        .one()
        .await
        .unwrap();
    let (activations, codes) = (i64::try_from(reference.activations).unwrap(), i64::try_from(reference.shelf.used().count()).unwrap());
    assert_eq!((activated, added, contracts), (activations, codes, activations + codes), "each purchase is activated at most once");
}

/// The history of each business, read at the end, has the figures of every instant that was stopped at, and closes with the
/// pool's.
pub async fn check_history(world: &World, reference: &Reference, reserved: &BTreeMap<Timestamp, Vec<i64>>) {
    let (Some(first), now) = (reserved.keys().next(), world.stage.now()) else { return };
    for (number, business) in world.businesses.iter().enumerate() {
        let line = history::read(&world.stage.db, world.scope(number), *first, now).await.unwrap();
        for (at, allocated) in reserved {
            let figures = Figures { total_valid: reference.valid_at(number, *at), allocated: allocated[number] };
            assert_eq!(line.at(*at), figures, "the history of business {number} at {at}");
        }
        assert_eq!(line.closing(), ledger::figures(&world.stage.db, *business, now).await.unwrap(), "the history closes with the pool");
    }
}
