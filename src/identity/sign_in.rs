//! Somebody says who they are. Unknown person, wrong password and disabled person are one answer in the same time, and
//! guesses are counted before any of it (IDN-1). It makes no session: the web does, for whom this returns.

use super::known_as;
use super::password::{Checked, PasswordHasher};
use super::store::people;
use super::throttle::{self, Key, SIGN_IN_OF_ACCOUNT, SIGN_IN_OF_ADDRESS, Verdict};
use crate::audit::{self, Entry, Who};
use crate::db::{Db, Error, Failed, refuse};
use crate::kernel::clock::Timestamp;
use crate::kernel::email::Email;
use crate::kernel::id::PersonId;
use crate::tx;

/// Why nobody is signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignInRefusal {
    /// One answer for everything that could be wrong with the address or the password.
    NotRecognised,
    /// Too many tries for this account or from this network address, whether they exist or not.
    Throttled {
        /// When to try again.
        until: Timestamp,
    },
}

/// Who the address and password belong to.
///
/// # Errors
/// [`SignInRefusal`], or a storage error.
pub async fn sign_in(db: &Db, hasher: &PasswordHasher, who: &Who, email: &str, password: &str) -> Result<PersonId, Failed<SignInRefusal>> {
    // What is no address at all is nobody's, but counted and checked like any other.
    let known_form = Email::parse(email).ok().map(|email| email.key());
    let counted_as = known_form.clone().unwrap_or_else(|| email.trim().to_lowercase());
    let keys = guess_keys(&counted_as, &who.address);
    if let Verdict::Blocked { until } = count_guess(db, who, &keys).await? {
        return refuse(SignInRefusal::Throttled { until });
    }
    let credentials = match &known_form {
        Some(key) => people::find_credentials(db, key).await?,
        None => None,
    };
    let stored = credentials.as_ref().and_then(|credentials| credentials.password_hash.as_deref());
    let checked = hasher.check(password, stored).await;
    let (Some(person), Checked::Yes { renewed }) = (credentials.filter(|person| person.disabled_at.is_none()), checked) else {
        return refuse(SignInRefusal::NotRecognised);
    };
    tx!(db, |tx| {
        let [address, account] = &keys;
        throttle::give_back(tx, address).await?;
        throttle::forget(tx, account).await?;
        if let (Some(renewed), Some(seen)) = (&renewed, &person.password_hash) {
            people::renew_hash(tx, person.id, seen, renewed).await?;
        }
        audit::record(tx, &known_as(who, person.id, &person.email), Entry::new("person.signed_in", person.id)).await?;
        Ok(person.id)
    })
}

/// Records that somebody signed out; the web ends the session.
///
/// # Errors
/// Any storage error.
pub async fn record_sign_out(db: &Db, who: &Who, person: PersonId) -> Result<(), Error> {
    tx!(db, |tx| { audit::record(tx, who, Entry::new("person.signed_out", person)).await })
}

/// What a guess counts against: first the network address, then the account.
pub(super) fn guess_keys(email_key: &str, address: &str) -> [Key; 2] {
    [Key::of_address(SIGN_IN_OF_ADDRESS, address), Key::of_account(SIGN_IN_OF_ACCOUNT, email_key)]
}

/// Counts a guess before it is made; one that slows the next ones down is on record.
pub(super) async fn count_guess(db: &Db, who: &Who, keys: &[Key; 2]) -> Result<Verdict, Error> {
    tx!(db, |tx| {
        let verdict = throttle::count_in(tx, keys, who.now).await?;
        if verdict == (Verdict::Free { blocks_after: true }) {
            let [_, account] = keys;
            audit::record(tx, who, Entry::new("sign_in.slowed", account.name())).await?;
        }
        Ok(verdict)
    })
}
