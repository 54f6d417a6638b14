//! A new business with its first administrator (SET-7, IDN-2).
//!
//! Somebody who is not signed in confirms their address first: [`ask`] keeps what was typed and sends a code, and
//! [`finish`] makes person, business and membership in one transaction. The answer to [`ask`] is the same when the
//! address is somebody's already; that person gets a mail that tells how to sign in. The password is chosen only at the
//! end, so nobody can prepare an account with a password of theirs under another one's address.

use super::business::BusinessName;
use super::known_as;
use super::password::{NewPassword, PasswordHasher};
use super::person::PersonName;
use super::store::codes::{self, SignUp};
use super::store::{people, team};
use super::throttle::{self, Key, MAIL_OF_ADDRESS, MAIL_TO_ACCOUNT, Verdict};
use crate::access::BusinessRole;
use crate::audit::{self, ActingAs, Entry, Who};
use crate::db::{Db, Error, Failed, Tx, refuse};
use crate::kernel::clock::Timestamp;
use crate::kernel::email::Email;
use crate::kernel::id::{BusinessId, PersonId};
use crate::kernel::secret::Secret;
use crate::kernel::show::{self, Zone};
use crate::notices::{Mail, outbox};
use crate::tx;
use askama::Template;
use chrono::TimeDelta;
use serde_json::json;

pub use super::store::codes::SignUp as PendingRegistration;

/// A code works while `now < sent + VALID`: as long as a registration from the marketplace waits (SET-4).
pub const VALID: TimeDelta = TimeDelta::hours(4);

/// What somebody types to register.
#[derive(Clone, Debug)]
pub struct Registration {
    /// Where the code goes, and what they will sign in with.
    pub email: Email,
    /// Their name.
    pub name: PersonName,
    /// The business to be made.
    pub business: BusinessName,
}

/// Why nothing was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AskRefusal {
    /// Too many requests from this network address.
    Throttled {
        /// When to try again.
        until: Timestamp,
    },
}

/// Why there is no new business.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FinishRefusal {
    /// Unknown, used or expired: one answer.
    CodeUnusable,
    /// The address became somebody's since the code was sent. Only its owner can see this: the code was in their mail.
    AlreadyRegistered,
}

/// Who and what a finished registration made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Registered {
    /// The administrator.
    pub person: PersonId,
    /// Their business.
    pub business: BusinessId,
}

#[derive(Template)]
#[template(path = "mail/welcome_confirm.txt")]
struct ConfirmMail<'a> {
    name: &'a str,
    business: &'a str,
    link: String,
    until: String,
}

#[derive(Template)]
#[template(path = "mail/welcome_known.txt")]
struct KnownMail<'a> {
    name: &'a str,
    sign_in: &'a str,
}

#[derive(Template)]
#[template(path = "mail/welcome.txt")]
struct WelcomeMail<'a> {
    name: &'a str,
    business: &'a str,
    email: &'a str,
}

/// Sends a code to the address, or, when it is somebody's, a mail that tells them so. `link` makes the address that the
/// code's mail leads to, `sign_in` is the one of the sign-in page.
///
/// # Errors
/// [`AskRefusal`], or a storage error. That the address is taken is no error.
pub async fn ask(
    db: &Db,
    who: &Who,
    typed: &Registration,
    link: impl Fn(&Secret) -> String,
    sign_in: &str,
) -> Result<(), Failed<AskRefusal>> {
    let code = Secret::generate();
    tx!(db, |tx| {
        let address = Key::of_address(MAIL_OF_ADDRESS, &who.address);
        if let Verdict::Blocked { until } = throttle::count_in(tx, &[address], who.now).await? {
            return refuse(AskRefusal::Throttled { until });
        }
        let mailbox = Key::of_account(MAIL_TO_ACCOUNT, &typed.email.key());
        if let Verdict::Free { .. } = throttle::count_in(tx, &[mailbox], who.now).await? {
            match people::find_by_key(tx, &typed.email.key()).await? {
                Some(known) => {
                    let body = KnownMail { name: &known.name, sign_in }.to_string();
                    audit::record(tx, who, Entry::new("registration.repeated", known.id)).await?;
                    outbox::post(tx, Mail::new("welcome_known", &known.email, "You have a Creditdesk account already", body), who.now)
                        .await?;
                }
                None => send(tx, who, typed, &code, link(&code)).await?,
            }
        }
        Ok(())
    })
}

async fn send(tx: &mut Tx, who: &Who, typed: &Registration, code: &Secret, link: String) -> Result<(), Error> {
    let expires_at = who.now + VALID;
    let sign_up = SignUp {
        email: typed.email.as_str().to_owned(),
        name: typed.name.as_str().to_owned(),
        business: typed.business.as_str().to_owned(),
    };
    codes::insert_sign_up(tx, code, &sign_up, who.now, expires_at).await?;
    audit::record(tx, who, Entry::new("registration.requested", &sign_up.email)).await?;
    let body =
        ConfirmMail { name: &sign_up.name, business: &sign_up.business, link, until: show::date_time(expires_at, Zone::UTC) }.to_string();
    outbox::post(tx, Mail::new("welcome_confirm", &sign_up.email, "Confirm your email address for Creditdesk", body), who.now).await
}

/// What a code stands for at this instant.
///
/// # Errors
/// Any storage error.
pub async fn find(db: &Db, code: &Secret, now: Timestamp) -> Result<Option<SignUp>, Error> {
    codes::find_sign_up(db, code, now).await
}

/// Makes the person, the business and the membership, or nothing.
///
/// # Errors
/// [`FinishRefusal`], or a storage error.
pub async fn finish(
    db: &Db,
    hasher: &PasswordHasher,
    who: &Who,
    code: &Secret,
    password: NewPassword,
) -> Result<Registered, Failed<FinishRefusal>> {
    if find(db, code, who.now).await?.is_none() {
        return refuse(FinishRefusal::CodeUnusable);
    }
    let hashed = hasher.hash(password).await;
    tx!(db, |tx| {
        let Some(sign_up) = codes::use_sign_up(tx, code, who.now).await? else { return refuse(FinishRefusal::CodeUnusable) };
        // What was kept was parsed before it was kept; if the rules have since changed, the code is of no use.
        let parsed = (Email::parse(&sign_up.email), PersonName::parse(&sign_up.name), BusinessName::parse(&sign_up.business));
        let (Ok(email), Ok(name), Ok(business)) = parsed else { return refuse(FinishRefusal::CodeUnusable) };
        let Some(person) = people::insert(tx, &email, &name, &hashed, who.now).await? else {
            return refuse(FinishRefusal::AlreadyRegistered);
        };
        let who = known_as(who, person, email.as_str());
        audit::record(tx, &who, Entry::new("person.registered", person).after(json!({ "email": email.as_str(), "name": name.as_str() })))
            .await?;
        let business = found(tx, &who, person, &business).await?;
        let body = WelcomeMail { name: name.as_str(), business: &sign_up.business, email: email.as_str() }.to_string();
        outbox::post(tx, Mail::new("welcome", email.as_str(), "Welcome to Creditdesk", body), who.now).await?;
        Ok(Registered { person, business })
    })
}

/// Registers another business for somebody who is signed in; their address is confirmed already.
///
/// # Errors
/// Any storage error.
pub async fn register_business(db: &Db, who: &Who, person: PersonId, name: &BusinessName) -> Result<BusinessId, Error> {
    tx!(db, |tx| { found(tx, who, person, name).await })
}

/// A business and its first administrator.
pub(crate) async fn found(tx: &mut Tx, who: &Who, person: PersonId, name: &BusinessName) -> Result<BusinessId, Error> {
    let business = team::insert_business(tx, name, who.now).await?;
    team::insert_membership(tx, business, person, BusinessRole::Administrator, who.now).await?;
    let state = json!({ "name": name.as_str(), "administrator": person.to_string() });
    let who = who.clone().acting_as(ActingAs::Business);
    audit::record(tx, &who, Entry::new("business.registered", business).in_business(business).after(state)).await?;
    Ok(business)
}
