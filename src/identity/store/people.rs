//! SQL of the tables `people` and `staff_roles`, and of the demonstration's `buyer_accounts` and `buyer_people`.

use crate::access::{BuyerRole, StaffRole};
use crate::db::{Db, Error, Tx};
use crate::identity::password::HashedPassword;
use crate::identity::person::{Person, PersonName};
use crate::kernel::clock::Timestamp;
use crate::kernel::email::Email;
use crate::kernel::id::PersonId;
use crate::kernel::text::search_key;

/// What sign-in compares with.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Credentials {
    pub id: PersonId,
    pub email: String,
    pub password_hash: Option<String>,
    pub disabled_at: Option<Timestamp>,
}

/// The credentials behind an email key.
pub async fn find_credentials(db: &Db, email_key: &str) -> Result<Option<Credentials>, Error> {
    db.read("SELECT id, email, password_hash, disabled_at FROM people WHERE email_key = $1").bind(email_key).opt().await
}

/// The credentials of a person.
pub async fn get_credentials(db: &Db, person: PersonId) -> Result<Credentials, Error> {
    db.read("SELECT id, email, password_hash, disabled_at FROM people WHERE id = $1").bind(person).one().await
}

/// A person.
pub async fn get(db: &Db, person: PersonId) -> Result<Person, Error> {
    db.read("SELECT id, email, name, time_zone, disabled_at FROM people WHERE id = $1").bind(person).one().await
}

/// A person, locked until the transaction ends.
pub async fn get_locked(tx: &mut Tx, person: PersonId) -> Result<Person, Error> {
    tx.lock("SELECT id, email, name, time_zone, disabled_at FROM people WHERE id = $1").bind(person).one().await
}

/// Whoever has this email key.
pub async fn find_by_key(tx: &mut Tx, email_key: &str) -> Result<Option<Person>, Error> {
    tx.q("SELECT id, email, name, time_zone, disabled_at FROM people WHERE email_key = $1").bind(email_key).opt().await
}

/// Adds a person; none when the address is somebody's already.
pub async fn insert(
    tx: &mut Tx,
    email: &Email,
    name: &PersonName,
    password: &HashedPassword,
    now: Timestamp,
) -> Result<Option<PersonId>, Error> {
    let id = PersonId::generate();
    let inserted = tx
        .q("INSERT INTO people (id, email, email_key, name, search_key, password_hash, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (email_key) DO NOTHING")
        .bind(id)
        .bind(email.as_str())
        .bind(email.key())
        .bind(name.as_str())
        .bind(person_search_key(name.as_str(), email.as_str()))
        .bind(password.as_str())
        .bind(now)
        .exec()
        .await?;
    Ok((inserted == 1).then_some(id))
}

/// Sets another password.
pub async fn replace_password(tx: &mut Tx, person: PersonId, password: &HashedPassword) -> Result<(), Error> {
    tx.q("UPDATE people SET password_hash = $2 WHERE id = $1").bind(person).bind(password.as_str()).exec_one().await
}

/// Stores the same password under today's cost, unless another one was set meanwhile.
pub async fn renew_hash(tx: &mut Tx, person: PersonId, seen: &str, renewed: &HashedPassword) -> Result<(), Error> {
    tx.q("UPDATE people SET password_hash = $3 WHERE id = $1 AND password_hash = $2")
        .bind(person)
        .bind(seen)
        .bind(renewed.as_str())
        .exec()
        .await
        .map(drop)
}

/// Changes the name and the zone.
pub async fn change_profile(tx: &mut Tx, person: &Person, name: &PersonName, zone: Option<&str>) -> Result<(), Error> {
    tx.q("UPDATE people SET name = $2, search_key = $3, time_zone = $4 WHERE id = $1")
        .bind(person.id)
        .bind(name.as_str())
        .bind(person_search_key(name.as_str(), &person.email))
        .bind(zone)
        .exec_one()
        .await
}

/// Disables a person from an instant, or lets them in again with none.
pub async fn set_disabled(tx: &mut Tx, person: PersonId, since: Option<Timestamp>) -> Result<(), Error> {
    tx.q("UPDATE people SET disabled_at = $2 WHERE id = $1").bind(person).bind(since).exec_one().await
}

/// Whether there is anybody.
pub async fn any(tx: &mut Tx) -> Result<bool, Error> {
    Ok(tx.q("SELECT id FROM people LIMIT 1").opt::<(PersonId,)>().await?.is_some())
}

/// Gives a staff role; false when the person has it already.
pub async fn insert_staff_role(tx: &mut Tx, person: PersonId, role: StaffRole, now: Timestamp) -> Result<bool, Error> {
    let inserted = tx
        .q("INSERT INTO staff_roles (person_id, role, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
        .bind(person)
        .bind(role)
        .bind(now);
    Ok(inserted.exec().await? == 1)
}

/// Adds a buyer account.
pub async fn insert_buyer_account(
    tx: &mut Tx,
    id: &str,
    name: &str,
    billing_address: &str,
    payment_method: &str,
    now: Timestamp,
) -> Result<(), Error> {
    tx.q("INSERT INTO buyer_accounts (id, name, search_key, billing_address, payment_method, created_at) VALUES ($1, $2, $3, $4, $5, $6)")
        .bind(id)
        .bind(name)
        .bind(search_key(&format!("{name} {id}")))
        .bind(billing_address)
        .bind(payment_method)
        .bind(now)
        .exec_one()
        .await
}

/// Seats a person in a buyer account.
pub async fn insert_buyer_seat(tx: &mut Tx, account: &str, person: PersonId, role: BuyerRole, now: Timestamp) -> Result<(), Error> {
    tx.q("INSERT INTO buyer_people (account_id, person_id, role, created_at) VALUES ($1, $2, $3, $4)")
        .bind(account)
        .bind(person)
        .bind(role)
        .bind(now)
        .exec_one()
        .await
}

fn person_search_key(name: &str, email: &str) -> String {
    search_key(&format!("{name} {email}"))
}
