//! Incoming events as staff see them, and what they can do about one that led nowhere.

use super::event::{Kind, State};
use super::parse::parse;
use super::store;
use crate::access::StaffScope;
use crate::audit::{self, Entry, Who};
use crate::db::{Db, Error, Failed, refuse};
use crate::kernel::clock::Timestamp;
use crate::kernel::id::EventId;
use crate::kernel::page::{Cursor, PageSize, Paged};
use crate::tx;
use serde_json::json;

/// An event with everything that is known of it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct IncomingRecord {
    /// Its id.
    pub id: EventId,
    /// As it came.
    pub raw: String,
    /// What it tells of.
    pub kind: Kind,
    /// What became of it.
    pub state: State,
    /// The license that it names, without account.
    pub license_key: Option<String>,
    /// The agreement.
    pub agreement_id: Option<String>,
    /// The product.
    pub product_code: Option<String>,
    /// The buyer's account or customer identifier.
    pub customer_id: Option<String>,
    /// When it happened, as it says.
    pub happened_at: Option<Timestamp>,
    /// When it came first.
    pub received_at: Timestamp,
    /// When it was settled.
    pub settled_at: Option<Timestamp>,
    /// How often it came again.
    pub duplicates: i64,
    /// How often the marketplace was to be read for it.
    pub tries: i64,
}

const RECORD: &str = "SELECT id, raw, kind, state, license_key, agreement_id, product_code, customer_id, happened_at, received_at, settled_at, duplicates, tries FROM incoming_events WHERE ";

/// Events in a state, or all, the newest first.
///
/// # Errors
/// Any storage error.
pub async fn list(
    db: &Db,
    _: StaffScope,
    state: Option<State>,
    after: Option<&Cursor>,
    size: PageSize,
) -> Result<Paged<IncomingRecord>, Error> {
    let mut query = match state {
        Some(state) => db.read(RECORD).push_bind("state = ", state),
        None => db.read(RECORD).push("TRUE"),
    };
    if let Some((at, id)) = after.and_then(Cursor::time) {
        query = query.push_bind(" AND (received_at, id) < (", at).push_bind(", ", id).push(")");
    }
    let rows = query.push_bind(" ORDER BY received_at DESC, id DESC LIMIT ", size.overfetch()).all().await?;
    Ok(Paged::from_overfetch(rows, size, |last: &IncomingRecord| Cursor::of_time(last.received_at, last.id.uuid())))
}

/// How many are in a state, or all.
///
/// # Errors
/// Any storage error.
pub async fn count(db: &Db, _: StaffScope, state: Option<State>) -> Result<i64, Error> {
    let query = db.read("SELECT CAST(COUNT(*) AS BIGINT) FROM incoming_events");
    match state {
        Some(state) => query.push_bind(" WHERE state = ", state).scalar().await,
        None => query.scalar().await,
    }
}

/// One event.
///
/// # Errors
/// Any storage error.
pub async fn find(db: &Db, _: StaffScope, id: EventId) -> Result<Option<IncomingRecord>, Error> {
    db.read(RECORD).push_bind("id = ", id).opt().await
}

/// Why an event is not followed again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FollowRefusal {
    /// There is no such event.
    NotFound,
    /// It names no purchase, so there is nothing to read.
    NamesNothing,
    /// It waits already.
    Waits,
}

/// Lets an event wait again, read anew from its text: a later version may understand more of it.
///
/// # Errors
/// The refusal, or any storage error; nothing is changed then.
pub async fn follow_again(db: &Db, scope: StaffScope, id: EventId, who: &Who) -> Result<(), Failed<FollowRefusal>> {
    let Some(record) = find(db, scope, id).await? else { return refuse(FollowRefusal::NotFound) };
    let event = parse(&record.raw, None);
    if event.state != State::Waiting {
        return refuse(FollowRefusal::NamesNothing);
    }
    tx!(db, |tx| {
        if !store::wait_again(tx, id, (event.kind, &event.about)).await? {
            return refuse(FollowRefusal::Waits);
        }
        let entry = Entry::new("incoming_event.followed_again", id)
            .before(json!({ "state": record.state.as_str() }))
            .after(json!({ "state": State::Waiting.as_str(), "agreement": event.about.agreement, "license": event.about.license_key }));
        Ok(audit::record(tx, who, entry).await?)
    })
}
