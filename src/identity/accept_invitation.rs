//! Somebody accepts an invitation: signed in as the invited person, or as a new one who sets name and password.

use super::known_as;
use super::password::{NewPassword, PasswordHasher};
use super::person::PersonName;
use super::store::people;
use super::store::team;
use crate::audit::{self, ActingAs, Entry, Who};
use crate::db::{Db, Error, Failed, Tx, refuse};
use crate::kernel::clock::Timestamp;
use crate::kernel::email::Email;
use crate::kernel::id::{BusinessId, PersonId};
use crate::kernel::secret::Secret;
use crate::tx;
use serde_json::json;

pub use super::store::team::Offer;

/// Why nobody became a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AcceptRefusal {
    /// Unknown, used, withdrawn or expired: one answer.
    CodeUnusable,
    /// It was sent to another address than the signed-in person's.
    AnotherPerson,
    /// A new person is asked for, but the address is somebody's: they sign in first. Only its owner sees this.
    AlreadyRegistered,
    /// They are a member already.
    AlreadyMember,
}

/// Who joined what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Joined {
    /// The member.
    pub person: PersonId,
    /// The business.
    pub business: BusinessId,
}

/// What a code offers at this instant.
///
/// # Errors
/// Any storage error.
pub async fn find(db: &Db, code: &Secret, now: Timestamp) -> Result<Option<Offer>, Error> {
    team::find_offer(db, code, now).await
}

/// Whether the invited address has an account, so that the page asks for a sign-in instead of a new password. Only
/// the holder of a code may be told.
///
/// # Errors
/// Any storage error.
pub async fn is_registered(db: &Db, offer: &Offer) -> Result<bool, Error> {
    Ok(people::find_credentials(db, &offer.email.to_ascii_lowercase()).await?.is_some())
}

/// The signed-in person joins.
///
/// # Errors
/// [`AcceptRefusal`], or a storage error.
pub async fn accept(db: &Db, who: &Who, code: &Secret, person: PersonId) -> Result<Joined, Failed<AcceptRefusal>> {
    let Some(offer) = find(db, code, who.now).await? else { return refuse(AcceptRefusal::CodeUnusable) };
    tx!(db, |tx| {
        let own = people::get_locked(tx, person).await?;
        if !own.email.eq_ignore_ascii_case(&offer.email) {
            return refuse(AcceptRefusal::AnotherPerson);
        }
        join(tx, who, &offer, person).await
    })
}

/// A new person is made and joins.
///
/// # Errors
/// [`AcceptRefusal`], or a storage error.
pub async fn accept_as_new(
    db: &Db,
    hasher: &PasswordHasher,
    who: &Who,
    code: &Secret,
    name: &PersonName,
    password: NewPassword,
) -> Result<Joined, Failed<AcceptRefusal>> {
    let Some(offer) = find(db, code, who.now).await? else { return refuse(AcceptRefusal::CodeUnusable) };
    let Ok(email) = Email::parse(&offer.email) else { return refuse(AcceptRefusal::CodeUnusable) };
    let hashed = hasher.hash(password).await;
    tx!(db, |tx| {
        let Some(person) = people::insert(tx, &email, name, &hashed, who.now).await? else {
            return refuse(AcceptRefusal::AlreadyRegistered);
        };
        let who = known_as(who, person, email.as_str());
        audit::record(tx, &who, Entry::new("person.registered", person).after(json!({ "email": email.as_str(), "name": name.as_str() })))
            .await?;
        join(tx, &who, &offer, person).await
    })
}

async fn join(tx: &mut Tx, who: &Who, offer: &Offer, person: PersonId) -> Result<Joined, Failed<AcceptRefusal>> {
    team::lock_business(tx, offer.business).await?;
    if !team::accept_invitation(tx, offer.id, who.now).await? {
        return refuse(AcceptRefusal::CodeUnusable);
    }
    if !team::insert_membership(tx, offer.business, person, offer.role, who.now).await? {
        return refuse(AcceptRefusal::AlreadyMember);
    }
    let state = json!({ "email": offer.email, "role": offer.role.as_str(), "invitation": offer.id.to_string() });
    let who = who.clone().acting_as(ActingAs::Business);
    audit::record(tx, &who, Entry::new("member.joined", person).in_business(offer.business).after(state)).await?;
    Ok(Joined { person, business: offer.business })
}
