//! Hashes and checks passwords with Argon2id, a few at a time and never on a thread that answers requests.
//!
//! A check without a stored hash costs the same as one with it: it is made against a hash that was prepared at start
//! (IDN-1). It does not decide who may sign in and keeps nothing.

use super::rules::{LONGEST_BYTES, NewPassword};
use crate::kernel::random;
use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::Semaphore;

/// One hash takes 19 MiB; more than a few at once would only make every one of them wait for memory and cores.
const AT_ONCE: usize = 2;

/// What one hash costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
    /// Degree of parallelism.
    pub lanes: u32,
}

impl Cost {
    /// What people's passwords are hashed with (OWASP's first choice for Argon2id).
    pub const PRODUCTION: Self = Self { memory_kib: 19_456, passes: 2, lanes: 1 };

    /// The least that the algorithm allows, for tests that sign in hundreds of times.
    pub const LEAST: Self = Self { memory_kib: 8, passes: 1, lanes: 1 };
}

/// A hash in PHC form with its parameters and salt. `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct HashedPassword(String);

impl HashedPassword {
    /// The stored text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for HashedPassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HashedPassword(***)")
    }
}

/// The outcome of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Checked {
    /// The wrong password, or there was nothing to check against.
    No,
    /// The right one.
    Yes {
        /// The hash to store instead, where the stored one is cheaper to guess than today's cost.
        renewed: Option<HashedPassword>,
    },
}

/// The service; cheap to clone, made once at start.
#[derive(Clone, Debug)]
pub struct PasswordHasher(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    cost: Cost,
    slots: Arc<Semaphore>,
    decoy: String,
    done: AtomicU64,
}

impl PasswordHasher {
    /// Prepares the service, including the hash that people who do not exist are checked against. Takes as long as one hash.
    #[must_use]
    pub fn new(cost: Cost) -> Self {
        let decoy = derive(cost, random::hex::<16>().as_bytes());
        Self(Arc::new(Inner { cost, slots: Arc::new(Semaphore::new(AT_ONCE)), decoy, done: AtomicU64::new(0) }))
    }

    /// Hashes a new password.
    pub async fn hash(&self, password: NewPassword) -> HashedPassword {
        let cost = self.0.cost;
        HashedPassword(self.work(move || derive(cost, password.reveal().as_bytes())).await)
    }

    /// Hashes a fixed, publicly known password of the demonstration; it passes no rule.
    pub async fn hash_demonstration(&self, password: &'static str) -> HashedPassword {
        let cost = self.0.cost;
        HashedPassword(self.work(move || derive(cost, password.as_bytes())).await)
    }

    /// Checks a typed password. Without a stored hash the answer is [`Checked::No`] after the same work. A typed text
    /// that is too long to be anybody's password is refused at once, whoever it is for.
    pub async fn check(&self, typed: &str, stored: Option<&str>) -> Checked {
        if typed.len() > LONGEST_BYTES {
            return Checked::No;
        }
        let exists = stored.is_some();
        let stored = stored.map_or_else(|| self.0.decoy.clone(), str::to_owned);
        let (cost, typed) = (self.0.cost, typed.to_owned());
        self.work(move || {
            let Ok(parsed) = PasswordHash::new(&stored) else { return Checked::No };
            let matches = argon2(cost).verify_password(typed.as_bytes(), &parsed).is_ok();
            match matches && exists {
                false => Checked::No,
                true => Checked::Yes { renewed: is_cheaper(&parsed, cost).then(|| HashedPassword(derive(cost, typed.as_bytes()))) },
            }
        })
        .await
    }

    /// How many hashes and checks were done since start.
    #[must_use]
    pub fn done(&self) -> u64 {
        self.0.done.load(Ordering::Relaxed)
    }

    /// Runs on the pool of blocking threads. The permit travels with the work: a client that goes away frees no slot early.
    #[expect(clippy::expect_used, reason = "the work cannot panic, and a runtime that shuts down no longer polls this")]
    async fn work<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> T {
        let permit = Arc::clone(&self.0.slots).acquire_owned().await;
        self.0.done.fetch_add(1, Ordering::Relaxed);
        let ran = tokio::task::spawn_blocking(move || {
            let result = work();
            drop(permit);
            result
        });
        ran.await.expect("hashing does not panic")
    }
}

#[expect(clippy::expect_used, reason = "both costs are constants within the algorithm's limits, asserted by a test")]
fn argon2(cost: Cost) -> Argon2<'static> {
    let parameters = Params::new(cost.memory_kib, cost.passes, cost.lanes, None).expect("a cost within the limits");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters)
}

#[expect(clippy::expect_used, reason = "fails only for inputs of gigabytes or salts of the wrong length")]
fn derive(cost: Cost, password: &[u8]) -> String {
    let salt = random::bytes::<16>();
    argon2(cost).hash_password_with_salt(password, &salt).expect("a short password and a salt of 16 bytes").to_string()
}

/// Whether a stored hash was made with less than today's cost.
fn is_cheaper(stored: &PasswordHash, cost: Cost) -> bool {
    Params::try_from(stored).is_ok_and(|made_with| made_with.m_cost() < cost.memory_kib || made_with.t_cost() < cost.passes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str) -> NewPassword {
        NewPassword::parse(text, &[]).expect("a good one")
    }

    /// IDN-1: passwords are hashed with Argon2id at no less than OWASP's parameters.
    #[tokio::test]
    async fn production_uses_argon2id_with_19_mib_and_two_passes() {
        assert_eq!(Cost::PRODUCTION, Cost { memory_kib: 19_456, passes: 2, lanes: 1 });
        let hash = PasswordHasher::new(Cost::PRODUCTION).hash(password("tall trees by the lake")).await;
        assert!(hash.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.as_str());
        assert!(!format!("{hash:?}").contains("argon2id"));
    }

    #[tokio::test]
    async fn the_same_password_has_another_hash_each_time_and_both_match() {
        let hasher = PasswordHasher::new(Cost::LEAST);
        let (one, two) = (hasher.hash(password("tall trees by the lake")).await, hasher.hash(password("tall trees by the lake")).await);
        assert_ne!(one, two);
        for hash in [&one, &two] {
            assert_eq!(hasher.check("tall trees by the lake", Some(hash.as_str())).await, Checked::Yes { renewed: None });
            for wrong in ["tall trees by the Lake", "tall trees by the lake ", "tall trees by the lake\0", ""] {
                assert_eq!(hasher.check(wrong, Some(hash.as_str())).await, Checked::No, "{wrong:?}");
            }
        }
    }

    /// IDN-1: somebody who does not exist is checked with the same work.
    #[tokio::test]
    async fn a_missing_person_costs_a_hash_and_never_matches() {
        let hasher = PasswordHasher::new(Cost::LEAST);
        assert_eq!(hasher.done(), 0);
        assert_eq!(hasher.check("tall trees by the lake", None).await, Checked::No);
        assert_eq!(hasher.done(), 1);
    }

    #[tokio::test]
    async fn a_megabyte_is_refused_without_hashing() {
        let hasher = PasswordHasher::new(Cost::LEAST);
        let hash = hasher.hash(password("tall trees by the lake")).await;
        let before = hasher.done();
        assert_eq!(hasher.check(&"a".repeat(1 << 20), Some(hash.as_str())).await, Checked::No);
        assert_eq!(hasher.done(), before);
    }

    #[tokio::test]
    async fn a_cheaper_hash_is_renewed_when_the_right_password_is_seen() {
        let old = PasswordHasher::new(Cost::LEAST).hash(password("tall trees by the lake")).await;
        let hasher = PasswordHasher::new(Cost { memory_kib: 16, passes: 1, lanes: 1 });
        let Checked::Yes { renewed: Some(renewed) } = hasher.check("tall trees by the lake", Some(old.as_str())).await else {
            panic!("it matches and is renewed");
        };
        assert!(renewed.as_str().contains("m=16,t=1"));
        assert_eq!(hasher.check("tall trees by the lake", Some(renewed.as_str())).await, Checked::Yes { renewed: None });
        assert_eq!(hasher.check("wrong", Some(old.as_str())).await, Checked::No);
    }

    #[tokio::test]
    async fn a_damaged_hash_matches_nothing() {
        let hasher = PasswordHasher::new(Cost::LEAST);
        for damaged in ["", "$argon2id$", "plain text", "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ"] {
            assert_eq!(hasher.check("tall trees by the lake", Some(damaged)).await, Checked::No, "{damaged}");
        }
    }
}
