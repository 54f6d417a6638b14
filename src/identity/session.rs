//! Sessions in the program's own database: the cookie has the key, the table only its SHA-256. A row is made at
//! sign-in and never before, so that visitors cost no write.
//!
//! A session ends after half an hour without a request and after eight hours in any case (quality D3), by the injected
//! clock. What was ended stays ended: an update never brings a row back.

use crate::db::{self, Db};
use crate::kernel::clock::{Clock, Timestamp};
use crate::kernel::id::{PersonId, SessionReference};
use actix_session::storage::{LoadError, SaveError, SessionKey, SessionStore, UpdateError, generate_session_key};
use actix_web::cookie::time::Duration;
use chrono::TimeDelta;
use sha2::{Digest, Sha256};
use std::collections::HashMap;

/// Ends after this long without a request.
pub const IDLE: TimeDelta = TimeDelta::minutes(30);
/// Ends after this long in any case.
pub const ABSOLUTE: TimeDelta = TimeDelta::hours(8);
/// *Last seen* is written at most this often, so that reading pages does not write each time.
const TOUCH_EVERY: TimeDelta = TimeDelta::minutes(1);

/// Keys of the session state. Each value is JSON, as actix-session keeps it.
pub mod key {
    /// The signed-in person.
    pub const PERSON: &str = "person";
    /// The session's public reference; put in by the store.
    pub const REFERENCE: &str = "reference";
    /// The chosen business.
    pub const BUSINESS: &str = "business";
    /// The chosen buyer account.
    pub const BUYER: &str = "buyer";
    /// When the password was last typed, in microseconds.
    pub const PASSWORD_AT: &str = "password_at";
    /// Network address at sign-in.
    pub const ADDRESS: &str = "address";
    /// Browser at sign-in.
    pub const AGENT: &str = "agent";
}

/// actix-session's store over [`Db`].
#[derive(Clone, Debug)]
pub struct Sessions {
    db: Db,
    clock: Clock,
}

type State = HashMap<String, String>;

#[derive(sqlx::FromRow)]
struct Row {
    reference: SessionReference,
    state: String,
    last_seen_at: Timestamp,
}

fn hash(session_key: &SessionKey) -> Vec<u8> {
    Sha256::digest(session_key.as_ref().as_bytes()).to_vec()
}

fn field<T: serde::de::DeserializeOwned>(state: &State, name: &str) -> Option<T> {
    state.get(name).and_then(|json| serde_json::from_str(json).ok())
}

impl Sessions {
    /// A store.
    #[must_use]
    pub const fn new(db: Db, clock: Clock) -> Self {
        Self { db, clock }
    }

    async fn find(&self, session_key: &SessionKey) -> Result<Option<State>, anyhow::Error> {
        let now = self.clock.now();
        let key_hash = hash(session_key);
        let row: Option<Row> = self
            .db
            .read("SELECT reference, state, last_seen_at FROM sessions WHERE key_hash = $1 AND expires_at > $2 AND last_seen_at > $3")
            .bind(key_hash.clone())
            .bind(now)
            .bind(now - IDLE)
            .opt()
            .await?;
        let Some(row) = row else { return Ok(None) };
        if now - row.last_seen_at >= TOUCH_EVERY {
            self.db.write("UPDATE sessions SET last_seen_at = $2 WHERE key_hash = $1").bind(key_hash).bind(now).exec().await?;
        }
        let mut state: State = serde_json::from_str(&row.state)?;
        state.insert(key::REFERENCE.to_owned(), serde_json::to_string(&row.reference.uuid())?);
        Ok(Some(state))
    }

    async fn insert(&self, session_key: &SessionKey, state: &State) -> Result<(), anyhow::Error> {
        let now = self.clock.now();
        self.db
            .write("INSERT INTO sessions (key_hash, reference, person_id, state, address, agent, created_at, last_seen_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8)")
            .bind(hash(session_key))
            .bind(SessionReference::generate())
            .bind(field::<uuid::Uuid>(state, key::PERSON).map(PersonId::from_uuid))
            .bind(serde_json::to_string(state)?)
            .bind(field::<String>(state, key::ADDRESS).unwrap_or_default())
            .bind(field::<String>(state, key::AGENT).unwrap_or_default())
            .bind(now)
            .bind(now + ABSOLUTE)
            .exec_one()
            .await?;
        Ok(())
    }
}

impl SessionStore for Sessions {
    async fn load(&self, session_key: &SessionKey) -> Result<Option<State>, LoadError> {
        self.find(session_key).await.map_err(LoadError::Other)
    }

    async fn save(&self, state: State, _: &Duration) -> Result<SessionKey, SaveError> {
        let session_key = generate_session_key();
        self.insert(&session_key, &state).await.map_err(SaveError::Other)?;
        Ok(session_key)
    }

    async fn update(&self, session_key: SessionKey, state: State, _: &Duration) -> Result<SessionKey, UpdateError> {
        let json = serde_json::to_string(&state).map_err(|error| UpdateError::Serialization(error.into()))?;
        // No row: the session was ended meanwhile, and stays ended.
        let update = self.db.write("UPDATE sessions SET state = $2 WHERE key_hash = $1").bind(hash(&session_key)).bind(json);
        update.exec().await.map_err(|error| UpdateError::Other(error.into()))?;
        Ok(session_key)
    }

    async fn update_ttl(&self, _: &SessionKey, _: &Duration) -> Result<(), anyhow::Error> {
        Ok(())
    }

    async fn delete(&self, session_key: &SessionKey) -> Result<(), anyhow::Error> {
        self.db.write("DELETE FROM sessions WHERE key_hash = $1").bind(hash(session_key)).exec().await?;
        Ok(())
    }
}

/// A session as its owner sees it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct OwnSession {
    /// Its public reference.
    pub reference: SessionReference,
    /// Network address at sign-in.
    pub address: String,
    /// Browser at sign-in.
    pub agent: String,
    /// When it began.
    pub created_at: Timestamp,
    /// The last request, to the minute.
    pub last_seen_at: Timestamp,
}

/// A person's sessions that are still alive, newest first.
///
/// # Errors
/// Any storage error.
pub async fn list_of_person(db: &Db, person: PersonId, now: Timestamp) -> Result<Vec<OwnSession>, db::Error> {
    db.read("SELECT reference, address, agent, created_at, last_seen_at FROM sessions WHERE person_id = $1 AND expires_at > $2 AND last_seen_at > $3 ORDER BY created_at DESC LIMIT 100")
        .bind(person)
        .bind(now)
        .bind(now - IDLE)
        .all()
        .await
}

/// Removes the rows of sessions that are over; how many.
///
/// # Errors
/// Any storage error.
pub async fn sweep(db: &Db, now: Timestamp) -> Result<u64, db::Error> {
    db.write("DELETE FROM sessions WHERE expires_at <= $1 OR last_seen_at <= $2").bind(now).bind(now - IDLE).exec().await
}
