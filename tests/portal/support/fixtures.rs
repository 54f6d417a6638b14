//! Rows that a story begins with: businesses, people, staff, and contracts as activation writes them. What a story is
//! about goes through use cases and pages, never through here.

use super::Stage;
use chrono::TimeDelta;
use creditdesk::access::{Actor, BusinessRole, Lengths, StaffRole};
use creditdesk::audit::{ActingAs, Who};
use creditdesk::credits::ledger::{self, Grant};
use creditdesk::db::{Db, Error, Tx};
use creditdesk::identity::actor::{self, Chosen};
use creditdesk::kernel::clock::Timestamp;
use creditdesk::kernel::id::{BusinessId, ContractId, LicenseId, PersonId, SessionReference};
use creditdesk::kernel::random;
use creditdesk::kernel::text::search_key;
use creditdesk::tx;

/// A contract with its original license.
#[derive(Clone, Debug)]
pub struct Held {
    pub contract: ContractId,
    pub license: LicenseId,
    pub license_arn: String,
    pub agreement: String,
    pub activated_by: PersonId,
    pub expires_at: Timestamp,
}

impl Held {
    /// The last part of the license ARN.
    pub fn key(&self) -> &str {
        self.license_arn.rsplit(':').next().unwrap()
    }
}

/// A registered business without people.
pub async fn business(stage: &Stage, name: &str) -> BusinessId {
    let id = BusinessId::generate();
    let insert = stage.db.write("INSERT INTO businesses (id, name, search_key, created_at) VALUES ($1, $2, $3, $4)");
    insert.bind(id).bind(name.to_owned()).bind(search_key(name)).bind(stage.now()).exec_one().await.unwrap();
    id
}

/// A person who cannot sign in: there is no password.
pub async fn person(stage: &Stage, email: &str, name: &str) -> PersonId {
    let id = PersonId::generate();
    let insert = stage.db.write("INSERT INTO people (id, email, email_key, name, search_key, created_at) VALUES ($1, $2, $3, $4, $5, $6)");
    let insert = insert.bind(id).bind(email.to_owned()).bind(email.to_lowercase()).bind(name.to_owned());
    insert.bind(search_key(&format!("{name} {email}"))).bind(stage.now()).exec_one().await.unwrap();
    id
}

/// A person with a role in a business.
pub async fn member(stage: &Stage, business: BusinessId, email: &str, role: BusinessRole) -> PersonId {
    let id = person(stage, email, email.split('@').next().unwrap()).await;
    let insert = stage.db.write("INSERT INTO memberships (business_id, person_id, role, created_at) VALUES ($1, $2, $3, $4)");
    insert.bind(business).bind(id).bind(role).bind(stage.now()).exec_one().await.unwrap();
    id
}

/// A member of staff, as a request of theirs would load them.
pub async fn staff(stage: &Stage, email: &str, roles: &[StaffRole]) -> Actor {
    let id = person(stage, email, email.split('@').next().unwrap()).await;
    for role in roles {
        let insert = stage.db.write("INSERT INTO staff_roles (person_id, role, created_at) VALUES ($1, $2, $3)");
        insert.bind(id).bind(*role).bind(stage.now()).exec_one().await.unwrap();
    }
    actor::find(&stage.db, id, SessionReference::generate(), Chosen::default(), (stage.now(), Lengths::default())).await.unwrap().unwrap()
}

/// What a request of this member of staff tells use cases and the audit log.
pub fn as_staff(stage: &Stage, actor: &Actor) -> Who {
    Who { person: Some(actor.person), label: actor.email.clone(), acting_as: ActingAs::Staff, ..stage.who("staff") }
}

/// A contract of so many credits that the business activated now, for twelve months.
pub async fn contract(stage: &Stage, business: BusinessId, credits: i64) -> Held {
    contract_for(stage, business, credits, TimeDelta::days(365)).await
}

/// The same with another end.
pub async fn contract_for(stage: &Stage, business: BusinessId, credits: i64, term: TimeDelta) -> Held {
    let activated_by = member(stage, business, &format!("{}@activator.example", random::word(12)), BusinessRole::Member).await;
    let held = Held {
        contract: ContractId::generate(),
        license: LicenseId::generate(),
        license_arn: format!("arn:aws:license-manager::123456789012:license:l-{}", random::hex::<16>()),
        agreement: format!("agmt-{}", random::word(25)),
        activated_by,
        expires_at: stage.now() + term,
    };
    let now = stage.now();
    let written: Result<(), Error> = tx!(stage.db, |tx| {
        tx.q("INSERT INTO contracts (id, business_id, source, license_arn, product_code, product_name, seller_name, dimension, agreement_id, initial_agreement_id, buyer_account_id, auto_renew, granted, expires_at, activated_at, activated_by) VALUES ($1, $2, 'embedded', $3, 'code', 'Trend Vision One', 'Trend Micro', 'credits', $4, $4, '111122223333', FALSE, $5, $6, $7, $8)")
            .bind(held.contract)
            .bind(business)
            .bind(held.license_arn.clone())
            .bind(held.agreement.clone())
            .bind(credits)
            .bind(held.expires_at)
            .bind(now)
            .bind(held.activated_by)
            .exec_one()
            .await?;
        item(tx, &held, (business, 1, "new"), held.license, credits, now).await
    });
    written.unwrap();
    held
}

async fn item(
    tx: &mut Tx,
    held: &Held,
    place: (BusinessId, i64, &'static str),
    license: LicenseId,
    credits: i64,
    now: Timestamp,
) -> Result<(), Error> {
    let (business, number, kind) = place;
    tx.q("INSERT INTO licenses (id, contract_id, business_id, item_number, kind, product_name, source, agreement_id, credits, starts_at, expires_at, activated_at, activated_by, search_key) VALUES ($1, $2, $3, $4, $5, 'Trend Vision One', 'embedded', $6, $7, $8, $9, $8, $10, $11)")
        .bind(license)
        .bind(held.contract)
        .bind(business)
        .bind(number)
        .bind(kind)
        .bind(held.agreement.clone())
        .bind(credits)
        .bind(now)
        .bind(held.expires_at)
        .bind(held.activated_by)
        .bind(search_key(&format!("Trend Vision One {}", held.agreement)))
        .exec_one()
        .await?;
    let grant = Grant { business, contract: held.contract, license, credits, effective_at: now, expires_at: held.expires_at };
    ledger::grant(tx, &grant, now).await
}

/// Books credits that were added to a running contract to whoever owns it, under the contract's lock, as following the
/// marketplace does (UPG-4).
pub async fn book_upgrade(db: &Db, held: &Held, credits: i64, now: Timestamp) -> Result<LicenseId, Error> {
    let license = LicenseId::generate();
    tx!(db, |tx| {
        let (owner,): (BusinessId,) = tx.lock("SELECT business_id FROM contracts WHERE id = $1").bind(held.contract).one().await?;
        let last: i64 =
            tx.q("SELECT CAST(MAX(item_number) AS BIGINT) FROM licenses WHERE contract_id = $1").bind(held.contract).scalar().await?;
        item(tx, held, (owner, last + 1, "upgrade"), license, credits, now).await?;
        tx.q("UPDATE contracts SET granted = granted + $2 WHERE id = $1").bind(held.contract).bind(credits).exec_one().await?;
        Ok(license)
    })
}

/// Takes every license of a contract back.
pub async fn revoke(stage: &Stage, held: &Held) {
    let revoke = stage.db.write("UPDATE licenses SET revoked_at = $2 WHERE contract_id = $1");
    revoke.bind(held.contract).bind(stage.now()).exec().await.unwrap();
}

/// Somebody landed with the token of a purchase that nobody has activated; its key.
pub async fn landed(stage: &Stage) -> String {
    let key = format!("l-{}", random::hex::<16>());
    let insert = stage.db.write("INSERT INTO registrations (id, token_hash, source, license_arn, product_code, product_name, seller_name, agreement_id, buyer_account_id, landed_at, expires_at) VALUES ($1, $2, 'embedded', $3, 'code', 'Trend Vision One', 'Trend Micro', $4, '111122223333', $5, $6)");
    let insert =
        insert.bind(random::id()).bind(random::bytes::<32>().to_vec()).bind(format!("arn:aws:license-manager::123456789012:license:{key}"));
    let insert = insert.bind(format!("agmt-{}", random::word(25))).bind(stage.now()).bind(stage.now() + TimeDelta::hours(4));
    insert.exec_one().await.unwrap();
    key
}
