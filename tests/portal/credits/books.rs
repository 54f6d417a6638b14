//! Rows for the tests of the credits room: businesses, contracts, items with their grants, and moved contracts.

use crate::support::Stage;
use chrono::TimeDelta;
use creditdesk::access::{Action, Actor, BusinessRole, BusinessScope, Membership, Phase};
use creditdesk::credits::ledger::{self, Grant};
use creditdesk::credits::purchase_history::Kind;
use creditdesk::db::{Error, Tx};
use creditdesk::kernel::clock::Timestamp;
use creditdesk::kernel::id::{BusinessId, ContractId, LicenseId, PersonId, SessionReference, TransferId};
use creditdesk::tx;

/// An administrator's view of a business.
pub fn scope(business: BusinessId) -> BusinessScope {
    let membership = Membership { business, name: "Acme Industries".to_owned(), role: BusinessRole::Administrator, phase: Phase::Active };
    let actor = Actor {
        person: PersonId::generate(),
        name: "Ada".to_owned(),
        email: "ada@acme.example".to_owned(),
        time_zone: None,
        session: SessionReference::generate(),
        memberships: vec![membership],
        seats: vec![],
        staff: vec![],
        business: Some(business),
        buyer: None,
    };
    BusinessScope::of(&actor, Action::SeeLicenses).expect("an administrator sees licenses")
}

/// A business of this name.
pub async fn business(stage: &Stage, name: &str) -> BusinessId {
    let id = BusinessId::generate();
    let insert = stage.db.write("INSERT INTO businesses (id, name, search_key, created_at) VALUES ($1, $2, $3, $4)");
    insert.bind(id).bind(name.to_owned()).bind(name.to_lowercase()).bind(stage.now()).exec_one().await.unwrap();
    id
}

async fn person(stage: &Stage) -> PersonId {
    let (id, email) = (PersonId::generate(), format!("{}@acme.example", creditdesk::kernel::random::hex::<4>()));
    let insert =
        stage.db.write("INSERT INTO people (id, email, email_key, name, search_key, created_at) VALUES ($1, $2, $2, 'Ada', 'ada', $3)");
    insert.bind(id).bind(email).bind(stage.now()).exec_one().await.unwrap();
    id
}

/// A contract with a first item of so many credits, granted now, that ends after so many days.
pub async fn buy(stage: &Stage, owner: BusinessId, agreement: &str, credits: i64, days: i64) -> (ContractId, LicenseId) {
    let (now, person, contract) = (stage.now(), person(stage).await, ContractId::generate());
    let expires_at = now + TimeDelta::days(days);
    let agreement = agreement.to_owned();
    let license = tx!(stage.db, |tx| {
        tx.q("INSERT INTO contracts (id, business_id, source, license_arn, product_code, product_name, seller_name, dimension, agreement_id, initial_agreement_id, buyer_account_id, auto_renew, granted, expires_at, activated_at, activated_by) VALUES ($1, $2, 'embedded', $3, 'code', 'Trend Vision One', 'Trend Micro', 'credits', $4, $4, '111122223333', TRUE, $5, $6, $7, $8)")
            .bind(contract)
            .bind(owner)
            .bind(arn(&agreement))
            .bind(agreement.clone())
            .bind(credits)
            .bind(expires_at)
            .bind(now)
            .bind(person)
            .exec_one()
            .await?;
        let item = NewItem { owner, contract, agreement: agreement.clone(), number: 1, credits, starts_at: now, expires_at };
        add_item(tx, &item).await
    })
    .unwrap();
    (contract, license)
}

/// The license ARN of an agreement that [`buy`] made.
pub fn arn(agreement: &str) -> String {
    format!("arn:aws:license-manager::111122223333:license:l-{agreement}")
}

/// The columns of an item that differ from test to test.
struct NewItem {
    owner: BusinessId,
    contract: ContractId,
    agreement: String,
    number: i64,
    credits: i64,
    starts_at: Timestamp,
    expires_at: Timestamp,
}

async fn add_item(tx: &mut Tx, item: &NewItem) -> Result<LicenseId, Error> {
    let license = LicenseId::generate();
    tx.q("INSERT INTO licenses (id, contract_id, business_id, item_number, kind, product_name, source, agreement_id, credits, starts_at, expires_at, activated_at, search_key) VALUES ($1, $2, $3, $4, $5, 'Trend Vision One', 'embedded', $6, $7, $8, $9, $8, $10)")
        .bind(license)
        .bind(item.contract)
        .bind(item.owner)
        .bind(item.number)
        .bind(if item.number == 1 { Kind::New } else { Kind::Upgrade })
        .bind(item.agreement.clone())
        .bind(item.credits)
        .bind(item.starts_at)
        .bind(item.expires_at)
        .bind(format!("trend vision one {}", item.agreement))
        .exec_one()
        .await?;
    let grant = Grant {
        business: item.owner,
        contract: item.contract,
        license,
        credits: item.credits,
        effective_at: item.starts_at,
        expires_at: item.expires_at,
    };
    ledger::grant(tx, &grant, item.starts_at).await?;
    Ok(license)
}

/// One more item of the contract, with the contract's own expiration.
pub async fn upgrade(stage: &Stage, owner: BusinessId, contract: ContractId, agreement: &str, number: i64, credits: i64) -> LicenseId {
    tx!(stage.db, |tx| {
        let (expires_at,): (Timestamp,) = tx.q("SELECT expires_at FROM contracts WHERE id = $1").bind(contract).one().await?;
        let item = NewItem { owner, contract, agreement: agreement.to_owned(), number, credits, starts_at: stage.now(), expires_at };
        add_item(tx, &item).await
    })
    .unwrap()
}

/// Moves the contract and its credits, as an approved transfer does.
pub async fn move_contract(stage: &Stage, contract: ContractId, from: BusinessId, to: BusinessId) -> TransferId {
    let (asked, approved) = (person(stage).await, person(stage).await);
    let transfer = TransferId::generate();
    tx!(stage.db, |tx| {
        tx.q("INSERT INTO transfers (id, contract_id, from_business_id, to_business_id, reason, ticket, status, requested_by, requested_at, lapses_at, decided_by, decided_at) VALUES ($1, $2, $3, $4, 'Wrong business', 'T-1', 'approved', $5, $6, $8, $7, $6)")
            .bind(transfer)
            .bind(contract)
            .bind(from)
            .bind(to)
            .bind(asked)
            .bind(stage.now())
            .bind(approved)
            .bind(stage.now() + chrono::TimeDelta::hours(72))
            .exec_one()
            .await?;
        tx.q("UPDATE contracts SET business_id = $2 WHERE id = $1").bind(contract).bind(to).exec_one().await?;
        ledger::transfer(tx, contract, from, to, transfer, stage.now()).await
    })
    .unwrap();
    transfer
}
