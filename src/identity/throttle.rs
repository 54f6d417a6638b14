//! How many tries there may be: per account and per network address, counted in the database so that every process
//! counts together (IDN-1).
//!
//! A try is counted before it is made, so that guesses in parallel cannot outrun the count. Names that belong to nobody
//! are counted like any other. The rules are pure ([`Limit::count`]); [`count_all`] loads, decides and saves.

use super::store::throttles as store;
use crate::db::{Db, Error, Tx};
use crate::kernel::clock::Timestamp;
use crate::kernel::hex;
use crate::tx;
use chrono::TimeDelta;
use sha2::{Digest, Sha256};
use std::net::IpAddr;

/// The tries of one key so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Count {
    /// Tries that count.
    pub failures: i64,
    /// The first of them.
    pub first_at: Timestamp,
    /// The last of them.
    pub last_at: Timestamp,
    /// No further one before this instant.
    pub blocked_until: Option<Timestamp>,
}

/// How tries of one kind are limited.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    kind: &'static str,
    free: i64,
    window: TimeDelta,
    pace: Pace,
}

/// What happens when the free tries are used up.
#[derive(Clone, Copy, Debug)]
enum Pace {
    /// Each further try waits twice as long as the one before, up to the window; forgotten after a quiet window.
    Doubling { first: TimeDelta },
    /// No further one until the window that began with the first is over.
    Window,
}

/// Guesses at one account's password: 5 free, then after 1, 2, 4, 8 and each further 15 minutes. In no 15 minutes are
/// there more than ten.
pub const SIGN_IN_OF_ACCOUNT: Limit =
    Limit { kind: "sign-in account", free: 5, window: TimeDelta::minutes(15), pace: Pace::Doubling { first: TimeDelta::minutes(1) } };
/// Failed sign-ins from one address, whatever the accounts.
pub const SIGN_IN_OF_ADDRESS: Limit = Limit { kind: "sign-in address", free: 50, window: TimeDelta::minutes(15), pace: Pace::Window };
/// Mails that anybody can have sent to one mailbox by asking for a reset or a registration.
pub const MAIL_TO_ACCOUNT: Limit = Limit { kind: "mail account", free: 3, window: TimeDelta::minutes(60), pace: Pace::Window };
/// Requests from one address that make a mail to somebody.
pub const MAIL_OF_ADDRESS: Limit = Limit { kind: "mail address", free: 20, window: TimeDelta::minutes(60), pace: Pace::Window };

/// Invitations that one business sends.
pub const INVITATIONS_OF_BUSINESS: Limit =
    Limit { kind: "invitations business", free: 100, window: TimeDelta::hours(1), pace: Pace::Window };

/// Activation codes that one business tries and that are none (LIC-5).
pub const CODES_OF_BUSINESS: Limit = Limit { kind: "codes business", free: 10, window: TimeDelta::minutes(15), pace: Pace::Window };
/// The same from one address, whatever the businesses.
pub const CODES_OF_ADDRESS: Limit = Limit { kind: "codes address", free: 20, window: TimeDelta::minutes(15), pace: Pace::Window };

/// What is counted: an account by its folded address, or a network address.
#[derive(Clone, Debug)]
pub struct Key {
    limit: Limit,
    name: String,
}

impl Key {
    /// An account, known by its email key, whether it exists or not. Only a hash is kept: people type passwords into
    /// the wrong field.
    #[must_use]
    pub fn of_account(limit: Limit, email_key: &str) -> Self {
        let hash = Sha256::digest(email_key.as_bytes());
        Self { limit, name: format!("{} {}", limit.kind, hex::of(&hash[..16])) }
    }

    /// A network address; of IPv6 the /64, which one customer has to themselves.
    #[must_use]
    pub fn of_address(limit: Limit, address: &str) -> Self {
        let network = match address.parse::<IpAddr>().map(|address| address.to_canonical()) {
            Ok(IpAddr::V6(six)) => {
                let [a, b, c, d, ..] = six.segments();
                format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
            }
            Ok(four) => four.to_string(),
            Err(_) => "unknown".to_owned(),
        };
        Self { limit, name: format!("{} {network}", limit.kind) }
    }

    /// The stored name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// Whether a try may be made now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It may; the count includes it.
    Free {
        /// This try used up the free ones or lengthened the wait.
        blocks_after: bool,
    },
    /// It may not, and was not counted.
    Blocked {
        /// When the next one may be made.
        until: Timestamp,
    },
}

impl Limit {
    /// Counts one more try, or refuses it.
    #[must_use]
    pub fn count(self, so_far: Option<Count>, now: Timestamp) -> (Verdict, Count) {
        let fresh = Count { failures: 0, first_at: now, last_at: now, blocked_until: None };
        let so_far = so_far.filter(|count| !self.is_over(*count, now)).unwrap_or(fresh);
        if let Some(until) = so_far.blocked_until.filter(|until| now < *until) {
            return (Verdict::Blocked { until }, so_far);
        }
        let failures = so_far.failures + 1;
        let blocked_until = self.blocked_until(failures, so_far.first_at, now);
        (Verdict::Free { blocks_after: blocked_until.is_some() }, Count { failures, last_at: now, blocked_until, ..so_far })
    }

    fn is_over(self, count: Count, now: Timestamp) -> bool {
        let since = match self.pace {
            Pace::Doubling { .. } => count.last_at,
            Pace::Window => count.first_at,
        };
        now - since >= self.window && count.blocked_until.is_none_or(|until| now >= until)
    }

    fn blocked_until(self, failures: i64, first_at: Timestamp, now: Timestamp) -> Option<Timestamp> {
        let beyond = u32::try_from(failures - self.free).ok()?;
        Some(match self.pace {
            Pace::Window => first_at + self.window,
            Pace::Doubling { first } => {
                let doubled = 1i32.checked_shl(beyond.min(20)).and_then(|times| first.checked_mul(times));
                now + doubled.unwrap_or(self.window).min(self.window)
            }
        })
    }
}

/// Counts one try against every key, in one transaction and in the given order; stops at the first that refuses, so
/// that a blocked address does not block the accounts it names.
///
/// # Errors
/// Any storage error.
pub async fn count_all(db: &Db, keys: &[Key], now: Timestamp) -> Result<Verdict, Error> {
    tx!(db, |tx| { count_in(tx, keys, now).await })
}

/// [`count_all`] inside a transaction that does more.
///
/// # Errors
/// Any storage error.
pub async fn count_in(tx: &mut Tx, keys: &[Key], now: Timestamp) -> Result<Verdict, Error> {
    let mut blocks_after = false;
    for key in keys {
        let so_far = store::get_locked(tx, &key.name, now).await?;
        match key.limit.count(Some(so_far).filter(|count| count.failures > 0), now) {
            (Verdict::Blocked { until }, _) => return Ok(Verdict::Blocked { until }),
            (Verdict::Free { blocks_after: blocks }, count) => {
                store::save(tx, &key.name, count).await?;
                blocks_after |= blocks;
            }
        }
    }
    Ok(Verdict::Free { blocks_after })
}

/// Forgets the tries of an account whose owner has shown who they are.
///
/// # Errors
/// Any storage error.
pub async fn forget(tx: &mut Tx, key: &Key) -> Result<(), Error> {
    store::reset(tx, &key.name).await
}

/// Takes back the count of a try that turned out to be right, so that many people behind one address do not block
/// each other by signing in.
///
/// # Errors
/// Any storage error.
pub async fn give_back(tx: &mut Tx, key: &Key) -> Result<(), Error> {
    store::give_back(tx, &key.name).await
}

/// Takes back the count of a try that turned out to be right against every key.
///
/// # Errors
/// Any storage error.
pub async fn give_back_all(db: &Db, keys: &[Key]) -> Result<(), Error> {
    tx!(db, |tx| {
        for key in keys {
            give_back(tx, key).await?;
        }
        Ok::<_, Error>(())
    })
}

/// Removes counts that are long over; how many.
///
/// # Errors
/// Any storage error.
pub async fn sweep(db: &Db, now: Timestamp) -> Result<u64, Error> {
    store::delete_quiet_since(db, now - TimeDelta::hours(2)).await
}
