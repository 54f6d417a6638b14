//! The inspector: every call of the API, every delivery of an event and every redirect, as it was asked and answered,
//! without secrets. Recording is no part of what it records: it happens afterwards and never makes anything fail.

use super::{Bench, redact, store};
use crate::access::StaffScope;
use crate::db::Error;
use crate::kernel::clock::Timestamp;
use crate::kernel::id::BenchRecordId;
use crate::kernel::page::{Cursor, PageSize, Paged};
use crate::text_enum;
use serde_json::Value;
use std::time::Duration;

pub use super::redact::{REMOVED, unsigned};

/// So many records are kept, the newest.
pub const KEPT: i64 = 10_000;

text_enum! {
    /// What was recorded.
    pub enum Kind {
        /// A call of the API.
        Call = "call",
        /// A delivery of an event.
        Event = "event",
        /// A form that a browser took from one side to the other.
        Redirect = "redirect",
    }
}

/// Something to record. Secrets are taken out by name when it is kept, but for those that stand in a text: callers leave
/// them out, such as with [`unsigned`].
#[derive(Clone, Debug)]
pub struct Note {
    /// What it is.
    pub kind: Kind,
    /// When, by the moved clock.
    pub at: Timestamp,
    /// Operation, kind of event, or what the redirect is for.
    pub operation: String,
    /// The account that called or is called for; may be empty.
    pub account: String,
    /// The access key; may be empty.
    pub key_id: String,
    /// In which protocol, or where to.
    pub protocol: String,
    /// HTTP status; zero when there is none.
    pub status: u16,
    /// How long the answer took.
    pub took: Duration,
    /// The request's or event's id.
    pub request_id: String,
    /// What was asked or sent.
    pub request: Value,
    /// What was answered.
    pub answer: Value,
}

/// What was recorded.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Record {
    /// Its id.
    pub id: BenchRecordId,
    /// What it is.
    pub kind: Kind,
    /// When, by the moved clock.
    pub seen_at: Timestamp,
    /// Operation, kind of event, or what the redirect is for.
    pub operation: String,
    /// The account; may be empty.
    pub account: String,
    /// The access key; may be empty.
    pub key_id: String,
    /// In which protocol, or where to.
    pub protocol: String,
    /// HTTP status; zero when there is none.
    pub status: i64,
    /// How long the answer took.
    pub duration_micros: i64,
    /// The request's or event's id.
    pub request_id: String,
    /// JSON for people.
    pub request: String,
    /// JSON for people.
    pub answer: String,
}

/// What a reader narrows the list by.
#[derive(Clone, Debug, Default)]
pub struct RecordFilter {
    /// Only this kind.
    pub kind: Option<Kind>,
    /// Only this operation.
    pub operation: Option<String>,
    /// Only this status.
    pub status: Option<i64>,
}

/// A delivery of an event.
#[derive(Clone, Debug)]
pub struct EventNote<'n> {
    /// When, by the moved clock.
    pub at: Timestamp,
    /// Its `detail-type`.
    pub detail_type: &'n str,
    /// The seller it is for.
    pub account: &'n str,
    /// Where to: a queue, a webhook.
    pub to: &'n str,
    /// What the other side answered; zero when it did not, or was not asked.
    pub status: u16,
    /// Its id.
    pub id: &'n str,
    /// The event.
    pub body: Value,
    /// What came back.
    pub answer: Value,
}

impl Bench {
    /// Records something, if the bench is on.
    pub async fn note(&self, note: Note) {
        let Some(db) = self.db() else { return };
        if let Err(error) = store::insert_record(db, note).await {
            tracing::warn!(?error, "the inspector could not record something");
        }
    }

    /// Records a delivery of an event, if the bench is on.
    pub async fn note_event(&self, event: EventNote<'_>) {
        if !self.is_on() {
            return;
        }
        self.note(Note {
            kind: Kind::Event,
            at: event.at,
            operation: event.detail_type.to_owned(),
            account: event.account.to_owned(),
            key_id: String::new(),
            protocol: event.to.to_owned(),
            status: event.status,
            took: Duration::ZERO,
            request_id: event.id.to_owned(),
            request: event.body,
            answer: event.answer,
        })
        .await;
    }

    /// The records, newest first; none when the bench is off.
    ///
    /// # Errors
    /// Any storage error.
    pub async fn list_records(
        &self,
        _: StaffScope,
        filter: &RecordFilter,
        after: Option<&Cursor>,
        size: PageSize,
    ) -> Result<Paged<Record>, Error> {
        match self.db() {
            None => Ok(Paged::from_overfetch(Vec::new(), size, |_| Cursor::of_number(0, ""))),
            Some(db) => store::list_records(db, filter, after, size).await,
        }
    }

    /// The operations that were recorded, for a reader to choose from.
    ///
    /// # Errors
    /// Any storage error.
    pub async fn list_operations(&self, _: StaffScope) -> Result<Vec<String>, Error> {
        match self.db() {
            None => Ok(Vec::new()),
            Some(db) => store::list_operations(db).await,
        }
    }

    /// One record.
    ///
    /// # Errors
    /// Any storage error.
    pub async fn find_record(&self, _: StaffScope, id: BenchRecordId) -> Result<Option<Record>, Error> {
        match self.db() {
            None => Ok(None),
            Some(db) => store::find_record(db, id).await,
        }
    }
}

impl Note {
    /// The texts that are kept.
    pub(super) fn texts(request: Value, answer: Value) -> (String, String) {
        (redact::text(request), redact::text(answer))
    }
}
