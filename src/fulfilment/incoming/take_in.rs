//! Stores what came, before anything is made of it, so that nothing that was received can be lost.

use super::event::{Event, Kind, State};
use super::parse::parse;
use super::store;
use crate::audit::{self, Entry, Who};
use crate::db::{Db, Error};
use crate::kernel::clock::Timestamp;
use crate::kernel::hex;
use crate::kernel::id::EventId;
use crate::tx;
use serde_json::json;
use sha2::{Digest, Sha256};

/// The name of this part in the audit log.
const LISTENER: &str = "incoming events";

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It is stored, in this state.
    New(EventId, State),
    /// It was stored before; that it came again is counted.
    Duplicate,
}

/// Stores a message; the same one any number of times is stored once. `carrier` is the id of the queue's message, where a
/// queue brought it.
///
/// # Errors
/// Any storage error: then it is not stored, and has to come again.
pub async fn take_in(db: &Db, raw: &str, carrier: Option<&str>, now: Timestamp) -> Result<Taken, Error> {
    let mut event = parse(raw, carrier);
    if event.keys.event.is_none() && event.keys.request.is_none() && event.keys.message.is_none() {
        event.keys.message = Some(fingerprint(raw));
    }
    // Postgres stores no NUL, and JSON allows none outside of an escape.
    let raw = raw.replace('\0', "\u{fffd}");
    let id = EventId::generate();
    let taken = tx!(db, |tx| {
        if !store::insert(tx, id, &raw, &event, now).await? {
            store::count_duplicate(tx, &event.keys).await?;
            return Ok(Taken::Duplicate);
        }
        if event.kind.is_advisory() {
            audit::record(tx, &Who::system(LISTENER, now), advisory(id, &event)).await?;
        }
        Ok::<_, Error>(Taken::New(id, event.state))
    })?;
    tell(&event, taken);
    Ok(taken)
}

fn fingerprint(raw: &str) -> String {
    format!("text:{}", hex::of(&Sha256::digest(raw.as_bytes())))
}

fn advisory(id: EventId, event: &Event) -> Entry {
    let action = if event.kind == Kind::AdvisoryIssued { "marketplace.advisory_issued" } else { "marketplace.advisory_resolved" };
    Entry::new(action, id).after(json!({ "agreement": event.about.agreement, "license": event.about.license_key }))
}

fn tell(event: &Event, taken: Taken) {
    let outcome = match taken {
        Taken::New(_, state) => state.as_str(),
        Taken::Duplicate => "duplicate",
    };
    metrics::counter!("creditdesk_incoming_events_total", "kind" => event.kind.as_str(), "outcome" => outcome).increment(1);
    if taken == Taken::Duplicate {
        return;
    }
    if event.kind.is_advisory() {
        tracing::warn!(kind = %event.kind, agreement = event.about.agreement, "AWS advises a person to look at an agreement; nothing is revoked for it");
    }
    if event.state == State::Unreadable {
        tracing::warn!("an incoming event could not be read; it is kept");
    }
}
