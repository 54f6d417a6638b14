//! A signed-in person sets another password. Their other sessions end with the old one.

use super::confirm_password::{ConfirmRefusal, confirm};
use super::password::{NewPassword, PasswordHasher, PasswordProblem};
use super::reset::PasswordChanged;
use super::store::{codes, people, sessions};
use crate::audit::{self, Entry, Who};
use crate::db::{Db, Failed, refuse};
use crate::kernel::id::{PersonId, SessionReference};
use crate::notices::outbox;
use crate::tx;
use serde_json::json;

/// Why the password stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangePasswordRefusal {
    /// The old one was not confirmed.
    Old(ConfirmRefusal),
    /// The new one may not be chosen.
    New(PasswordProblem),
    /// The new one is the old one.
    Same,
}

/// The account whose password is changed, and the session that goes on.
#[derive(Clone, Copy, Debug)]
pub struct Own {
    /// Who.
    pub person: PersonId,
    /// The session in which they do it.
    pub session: SessionReference,
}

/// Replaces the password, ends every other session, makes open reset codes useless, and tells the person by mail.
///
/// # Errors
/// [`ChangePasswordRefusal`], or a storage error.
pub async fn change_password(
    db: &Db,
    hasher: &PasswordHasher,
    who: &Who,
    own: Own,
    old: &str,
    new: &str,
) -> Result<(), Failed<ChangePasswordRefusal>> {
    let person = people::get(db, own.person).await?;
    // The new one first: a mistake in it costs no guess at the old one.
    let password =
        NewPassword::parse(new, &[&person.email, &person.name]).map_err(|problem| Failed::Refused(ChangePasswordRefusal::New(problem)))?;
    if old == new {
        return refuse(ChangePasswordRefusal::Same);
    }
    confirm(db, hasher, who, own.person, old).await.map_err(|failed| match failed {
        Failed::Refused(refusal) => Failed::Refused(ChangePasswordRefusal::Old(refusal)),
        Failed::Storage(error) => Failed::Storage(error),
    })?;
    let hashed = hasher.hash(password).await;
    tx!(db, |tx| {
        people::replace_password(tx, own.person, &hashed).await?;
        codes::close_resets(tx, own.person, who.now).await?;
        let ended = sessions::end_all(tx, own.person, Some(own.session)).await?;
        audit::record(tx, who, Entry::new("person.password_changed", own.person).after(json!({ "sessions_ended": ended }))).await?;
        outbox::post(tx, PasswordChanged::mail(&person), who.now).await?;
        Ok(())
    })
}
