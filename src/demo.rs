//! The demonstration's people, businesses and buyer accounts (product.md, section 5), made by the same stores and with
//! the same audit entries as real ones. It goes into an empty database only, and never brings a license or a purchase.
//!
//! Beyond the table of product.md there is *Initech*: one purchaser with a buyer account for each outcome of a payment,
//! and an administrator of two businesses, so that every path of the program can be walked.

use crate::access::{BusinessRole, BuyerRole, StaffRole};
use crate::audit::{self, Entry, Who};
use crate::db::{Db, Error, Tx};
use crate::identity::business::BusinessName;
use crate::identity::password::{HashedPassword, PasswordHasher};
use crate::identity::person::PersonName;
use crate::identity::register;
use crate::identity::store::{people, team};
use crate::kernel::clock::Clock;
use crate::kernel::email::Email;
use crate::kernel::id::{BusinessId, PersonId};
use crate::tx;
use serde_json::json;
use std::collections::HashMap;

/// The password of everybody in the demonstration.
pub const PASSWORD: &str = "creditdesk-demo";

/// Somebody to sign in as.
#[derive(Clone, Copy, Debug)]
pub struct DemoPerson {
    /// Their address.
    pub email: &'static str,
    /// Their name.
    pub name: &'static str,
    /// What they are, in words, for the sign-in page and the message at start.
    pub what: &'static str,
    parts: &'static [Part],
}

impl DemoPerson {
    /// What they sign in with. Everybody who reads the documentation knows it.
    #[must_use]
    pub const fn password(&self) -> &'static str {
        PASSWORD
    }
}

/// One role of a demonstration person.
#[derive(Clone, Copy, Debug)]
enum Part {
    /// In the business of this name.
    Business(&'static str, BusinessRole),
    /// In the buyer account of this number.
    Buyer(&'static str, BuyerRole),
    Staff(StaffRole),
}

const PEOPLE: [DemoPerson; 13] = [
    person(
        "buyer@acme.example",
        "Bea Buyer",
        "Purchaser of buyer account 111122223333, Acme Industries",
        &[Part::Buyer("111122223333", BuyerRole::Purchaser)],
    ),
    person(
        "admin@acme.example",
        "Ada Archer",
        "Administrator of Acme Industries",
        &[Part::Business("Acme Industries", BusinessRole::Administrator)],
    ),
    person(
        "licensing@acme.example",
        "Lin Licht",
        "Licensing manager of Acme Industries",
        &[Part::Business("Acme Industries", BusinessRole::LicensingManager)],
    ),
    person(
        "viewer@acme.example",
        "Vera Voss",
        "Billing viewer of Acme Industries",
        &[Part::Business("Acme Industries", BusinessRole::BillingViewer)],
    ),
    person("auditor@acme.example", "Otto Oakes", "Auditor of Acme Industries", &[Part::Business("Acme Industries", BusinessRole::Auditor)]),
    person("member@acme.example", "Mia Moreau", "Member of Acme Industries", &[Part::Business("Acme Industries", BusinessRole::Member)]),
    person(
        "buyer@globex.example",
        "Gil Garcia",
        "Purchaser of buyer account 444455556666, Globex",
        &[Part::Buyer("444455556666", BuyerRole::Purchaser)],
    ),
    person("admin@globex.example", "Gwen Grant", "Administrator of Globex", &[Part::Business("Globex", BusinessRole::Administrator)]),
    person("buyer@initech.example", "Ina Ito", "Purchaser of five buyer accounts, one for each other outcome of a payment", &INITECH_SEATS),
    person("admin@initech.example", "Ian Irving", "Administrator of Initech and of Initech Labs", &INITECH_MEMBERSHIPS),
    person("support@creditdesk.example", "Sam Sorensen", "Support", &[Part::Staff(StaffRole::Support)]),
    person("lead@creditdesk.example", "Lea Lindqvist", "Support lead", &[Part::Staff(StaffRole::SupportLead)]),
    person("operator@creditdesk.example", "Omar Okafor", "Operator", &[Part::Staff(StaffRole::Operator)]),
];

const INITECH_SEATS: [Part; 5] = [
    Part::Buyer("777788880001", BuyerRole::Purchaser),
    Part::Buyer("777788880002", BuyerRole::Purchaser),
    Part::Buyer("777788880003", BuyerRole::Purchaser),
    Part::Buyer("777788880004", BuyerRole::Purchaser),
    Part::Buyer("777788880005", BuyerRole::Purchaser),
];

const INITECH_MEMBERSHIPS: [Part; 2] =
    [Part::Business("Initech", BusinessRole::Administrator), Part::Business("Initech Labs", BusinessRole::Administrator)];

/// Number, name, billing address, payment method.
const BUYER_ACCOUNTS: [(&str, &str, &str, &str); 7] = [
    ("111122223333", "Acme Industries", "Acme Industries, 1 Anvil Road, Tucson, AZ 85701, USA", "test_approve"),
    ("444455556666", "Globex", "Globex, 7 Harbour Street, Cypress Creek, OR 97023, USA", "test_approve"),
    ("777788880001", "Initech (payment declined)", INITECH, "test_decline"),
    ("777788880002", "Initech (payment approved later)", INITECH, "test_settle_approved"),
    ("777788880003", "Initech (payment declined later)", INITECH, "test_settle_declined"),
    ("777788880004", "Initech (payment times out)", INITECH, "test_time_out"),
    ("777788880005", "Initech (on account)", INITECH, "invoice"),
];

const INITECH: &str = "Initech, 4120 Freidrich Lane, Austin, TX 78744, USA";

const fn person(email: &'static str, name: &'static str, what: &'static str, parts: &'static [Part]) -> DemoPerson {
    DemoPerson { email, name, what, parts }
}

/// Everybody, in the order in which they are offered.
#[must_use]
pub const fn people() -> &'static [DemoPerson] {
    &PEOPLE
}

/// What became of an attempt to load the demonstration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loaded {
    /// It was loaded now.
    Now,
    /// It was there already, from an earlier start or from another process that started at the same time.
    Already,
    /// The database has other people; nothing was changed.
    RefusedOtherData,
}

/// Loads the demonstration into a database without people.
///
/// # Errors
/// Any storage error; nothing of it is loaded then.
pub async fn load(db: &Db, hasher: &PasswordHasher, clock: &Clock) -> Result<Loaded, Error> {
    if is_loaded(db).await? {
        return Ok(Loaded::Already);
    }
    let password = hasher.hash_demonstration(PASSWORD).await;
    let who = Who::system("demonstration", clock.now());
    let loaded: Result<Loaded, Error> = tx!(db, |tx| {
        if people::any(tx).await? {
            return Ok(Loaded::RefusedOtherData);
        }
        // The first person decides between processes that start at once: the second waits here and finds them taken.
        let Some(first) = insert_person(tx, &who, &PEOPLE[0], &password).await? else { return Ok(Loaded::Already) };
        insert_rest(tx, &who, first, &password).await?;
        Ok(Loaded::Now)
    });
    match loaded? {
        // Another process may have committed between the look and the transaction.
        Loaded::RefusedOtherData if is_loaded(db).await? => Ok(Loaded::Already),
        loaded => Ok(loaded),
    }
}

/// Whether the demonstration is in this database: all of its people, under their addresses.
///
/// # Errors
/// Any storage error.
pub async fn is_loaded(db: &Db) -> Result<bool, Error> {
    for person in &PEOPLE {
        if people::find_credentials(db, person.email).await?.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}

async fn insert_rest(tx: &mut Tx, who: &Who, first: PersonId, password: &HashedPassword) -> Result<(), Error> {
    for (number, name, address, method) in BUYER_ACCOUNTS {
        people::insert_buyer_account(tx, number, name, address, method, who.now).await?;
        let state = json!({ "name": name, "payment_method": method });
        audit::record(tx, who, Entry::new("buyer_account.opened", number).in_buyer_account(number).after(state)).await?;
    }
    let mut businesses = HashMap::new();
    insert_parts(tx, who, &PEOPLE[0], first, &mut businesses).await?;
    for person in &PEOPLE[1..] {
        // An address that is taken here means that somebody registers at this very moment: give all of it up.
        let id = insert_person(tx, who, person, password).await?.ok_or(Error::RowCount { expected: 1, changed: 0 })?;
        insert_parts(tx, who, person, id, &mut businesses).await?;
    }
    Ok(())
}

#[expect(clippy::expect_used, reason = "constants of this file, all of them loaded by a test")]
async fn insert_person(tx: &mut Tx, who: &Who, person: &DemoPerson, password: &HashedPassword) -> Result<Option<PersonId>, Error> {
    let email = Email::parse(person.email).expect("a demonstration address");
    let name = PersonName::parse(person.name).expect("a demonstration name");
    let id = people::insert(tx, &email, &name, password, who.now).await?;
    if let Some(id) = id {
        let entry = Entry::new("person.created", id).after(json!({ "email": person.email, "name": person.name }));
        audit::record(tx, who, entry).await?;
    }
    Ok(id)
}

/// Gives a person their roles. A business is founded by the first of its people, who is its administrator.
#[expect(clippy::expect_used, reason = "constants of this file, all of them loaded by a test")]
async fn insert_parts(
    tx: &mut Tx,
    who: &Who,
    person: &DemoPerson,
    id: PersonId,
    businesses: &mut HashMap<&'static str, BusinessId>,
) -> Result<(), Error> {
    for part in person.parts {
        match *part {
            Part::Business(name, role) => match businesses.get(name) {
                Some(business) => {
                    team::insert_membership(tx, *business, id, role, who.now).await?;
                    let state = json!({ "email": person.email, "role": role.as_str() });
                    audit::record(tx, who, Entry::new("member.joined", id).in_business(*business).after(state)).await?;
                }
                None => {
                    let parsed = BusinessName::parse(name).expect("a demonstration business");
                    businesses.insert(name, register::found(tx, who, id, &parsed).await?);
                }
            },
            Part::Buyer(account, role) => {
                people::insert_buyer_seat(tx, account, id, role, who.now).await?;
                let state = json!({ "email": person.email, "role": role.as_str() });
                audit::record(tx, who, Entry::new("buyer_account.joined", id).in_buyer_account(account).after(state)).await?;
            }
            Part::Staff(role) => {
                people::insert_staff_role(tx, id, role, who.now).await?;
                audit::record(tx, who, Entry::new("staff.joined", id).after(json!({ "email": person.email, "role": role.as_str() })))
                    .await?;
            }
        }
    }
    Ok(())
}
