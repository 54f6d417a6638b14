//! A signed-in person types their password again, before something grave (SUP-4) or before they change it. Guesses
//! count like those at sign-in, so a stolen session is no way around them.

use super::password::{Checked, PasswordHasher};
use super::sign_in::{count_guess, guess_keys};
use super::store::people::{self, Credentials};
use super::throttle::{self, Verdict};
use crate::audit::Who;
use crate::db::{Db, Failed, refuse};
use crate::kernel::clock::Timestamp;
use crate::kernel::id::PersonId;
use crate::tx;

/// Why it does not count as confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfirmRefusal {
    /// Another password.
    Wrong,
    /// Too many tries.
    Throttled {
        /// When to try again.
        until: Timestamp,
    },
}

impl ConfirmRefusal {
    /// The problem in words, as it stands at the field.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Wrong => "Enter the password you sign in with: this is another one",
            Self::Throttled { .. } => "Too many passwords were tried. Wait a quarter of an hour, then try again",
        }
    }
}

/// Whether the typed password is the person's own at this moment.
///
/// # Errors
/// [`ConfirmRefusal`], or a storage error.
pub async fn confirm_password(
    db: &Db,
    hasher: &PasswordHasher,
    who: &Who,
    person: PersonId,
    typed: &str,
) -> Result<(), Failed<ConfirmRefusal>> {
    confirm(db, hasher, who, person, typed).await.map(drop)
}

pub(super) async fn confirm(
    db: &Db,
    hasher: &PasswordHasher,
    who: &Who,
    person: PersonId,
    typed: &str,
) -> Result<Credentials, Failed<ConfirmRefusal>> {
    let credentials = people::get_credentials(db, person).await?;
    let keys = guess_keys(&credentials.email.to_ascii_lowercase(), &who.address);
    if let Verdict::Blocked { until } = count_guess(db, who, &keys).await? {
        return refuse(ConfirmRefusal::Throttled { until });
    }
    if hasher.check(typed, credentials.password_hash.as_deref()).await == Checked::No {
        return refuse(ConfirmRefusal::Wrong);
    }
    tx!(db, |tx| {
        let [address, account] = &keys;
        throttle::give_back(tx, address).await?;
        throttle::forget(tx, account).await
    })?;
    Ok(credentials)
}
