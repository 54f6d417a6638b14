//! A forgotten password: a code by mail, valid for one hour and once, sets a new one and ends every session.
//!
//! Asking has one answer, whether the address is somebody's or not (IDN-1).

use super::known_as;
use super::password::{NewPassword, PasswordHasher};
use super::person::Person;
use super::sign_in::guess_keys;
use super::store::{codes, people, sessions};
use super::throttle::{self, Key, MAIL_OF_ADDRESS, MAIL_TO_ACCOUNT, Verdict};
use crate::audit::{self, Entry, Who};
use crate::db::{Db, Error, Failed, Tx, refuse};
use crate::kernel::clock::Timestamp;
use crate::kernel::email::Email;
use crate::kernel::id::PersonId;
use crate::kernel::secret::Secret;
use crate::kernel::show;
use crate::notices::{Mail, outbox};
use crate::tx;
use askama::Template;
use chrono::TimeDelta;
use serde_json::json;

/// A code works while `now < sent + VALID`.
pub const VALID: TimeDelta = TimeDelta::hours(1);

/// Why nothing was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AskRefusal {
    /// Too many requests from this network address.
    Throttled {
        /// When to try again.
        until: Timestamp,
    },
}

/// Why the password stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResetRefusal {
    /// Unknown, used, expired, or of somebody who may not sign in: one answer.
    CodeUnusable,
}

#[derive(Template)]
#[template(path = "mail/password_reset.txt")]
struct ResetMail<'a> {
    name: &'a str,
    link: String,
    until: String,
}

/// Tells somebody that their password is another one now.
#[derive(Template)]
#[template(path = "mail/password_changed.txt")]
pub(super) struct PasswordChanged<'a> {
    name: &'a str,
}

impl PasswordChanged<'_> {
    pub(super) fn mail(person: &Person) -> Mail {
        let body = PasswordChanged { name: &person.name }.to_string();
        Mail::new("password_changed", &person.email, "Your Creditdesk password was changed", body)
    }
}

/// Sends a code to the address, if it is somebody's. `link` makes the address that the mail leads to.
///
/// # Errors
/// [`AskRefusal`], or a storage error. That nobody has the address is no error.
pub async fn ask(db: &Db, who: &Who, email: &Email, link: impl Fn(&Secret) -> String) -> Result<(), Failed<AskRefusal>> {
    let code = Secret::generate();
    tx!(db, |tx| {
        let address = Key::of_address(MAIL_OF_ADDRESS, &who.address);
        if let Verdict::Blocked { until } = throttle::count_in(tx, &[address], who.now).await? {
            return refuse(AskRefusal::Throttled { until });
        }
        // A full mailbox is no reason to tell a stranger that it exists: the answer stays the same.
        let mailbox = Key::of_account(MAIL_TO_ACCOUNT, &email.key());
        if let Verdict::Free { .. } = throttle::count_in(tx, &[mailbox], who.now).await? {
            let person = people::find_by_key(tx, &email.key()).await?.filter(|person| person.disabled_at.is_none());
            if let Some(person) = person {
                send(tx, who, &person, &code, link(&code)).await?;
            }
        }
        Ok(())
    })
}

async fn send(tx: &mut Tx, who: &Who, person: &Person, code: &Secret, link: String) -> Result<(), Error> {
    let expires_at = who.now + VALID;
    codes::insert_reset(tx, code, person.id, who.now, expires_at).await?;
    audit::record(tx, who, Entry::new("person.password_reset_sent", person.id)).await?;
    let body = ResetMail { name: &person.name, link, until: show::date_time(expires_at, person.zone()) }.to_string();
    outbox::post(tx, Mail::new("password_reset", &person.email, "Set a new Creditdesk password", body), who.now).await
}

/// Whose password a code may set at this instant, for the page and for the rules of the new password.
///
/// # Errors
/// Any storage error.
pub async fn find(db: &Db, code: &Secret, now: Timestamp) -> Result<Option<Person>, Error> {
    match codes::find_reset(db, code, now).await? {
        Some(person) => people::get(db, person).await.map(Some),
        None => Ok(None),
    }
}

/// Sets the password, uses every open code of the person up, ends all their sessions and forgets wrong guesses.
///
/// # Errors
/// [`ResetRefusal`], or a storage error.
pub async fn reset(
    db: &Db,
    hasher: &PasswordHasher,
    who: &Who,
    code: &Secret,
    password: NewPassword,
) -> Result<PersonId, Failed<ResetRefusal>> {
    // Looked at before hashing, so that made-up codes cost no hash; decided again inside the transaction.
    let Some(person) = find(db, code, who.now).await? else { return refuse(ResetRefusal::CodeUnusable) };
    let hashed = hasher.hash(password).await;
    tx!(db, |tx| {
        if !codes::use_reset(tx, code, who.now).await? {
            return refuse(ResetRefusal::CodeUnusable);
        }
        people::replace_password(tx, person.id, &hashed).await?;
        codes::close_resets(tx, person.id, who.now).await?;
        let ended = sessions::end_all(tx, person.id, None).await?;
        let [_, account] = guess_keys(&person.email.to_ascii_lowercase(), &who.address);
        throttle::forget(tx, &account).await?;
        let entry = Entry::new("person.password_reset", person.id).after(json!({ "sessions_ended": ended }));
        audit::record(tx, &known_as(who, person.id, &person.email), entry).await?;
        outbox::post(tx, PasswordChanged::mail(&person), who.now).await?;
        Ok(person.id)
    })
}
