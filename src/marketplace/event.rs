//! Change events for the seller: hints to read the truth again, at least once and in no certain order. They carry no
//! quantities.

use super::agreement::Agreement;
use super::ids::{AgreementId, LicenseArn};
use super::store::events as store;
use crate::db::{Db, Error, Tx};
use crate::kernel::clock::Timestamp;
use crate::kernel::id::EventId;
use crate::text_enum;

text_enum! {
    /// What a change was.
    pub enum EventKind {
        /// An agreement was accepted.
        AgreementCreated = "agreement_created",
        /// Its credits or its renewal changed.
        AgreementAmended = "agreement_amended",
        /// It is over, or never came into force.
        AgreementEnded = "agreement_ended",
        /// The entitlement is new or raised.
        LicenseUpdated = "license_updated",
        /// The entitlement is gone.
        LicenseDeprovisioned = "license_deprovisioned",
    }
}

/// A change that was not acknowledged yet.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Event {
    /// Its id.
    pub id: EventId,
    /// What it was.
    pub kind: EventKind,
    /// Of which agreement.
    pub agreement_id: AgreementId,
    /// Of which purchase.
    pub license_arn: LicenseArn,
    /// When.
    pub occurred_at: Timestamp,
}

/// Notes a change in the transaction that makes it.
pub(super) async fn record(tx: &mut Tx, kind: EventKind, agreement: &Agreement, now: Timestamp) -> Result<(), Error> {
    let event = Event {
        id: EventId::generate(),
        kind,
        agreement_id: agreement.id.clone(),
        license_arn: agreement.license_arn.clone(),
        occurred_at: now,
    };
    store::insert(tx, &event).await
}

/// Changes that were not acknowledged, oldest first.
///
/// # Errors
/// Any storage error.
pub async fn list_waiting(db: &Db, most: u32) -> Result<Vec<Event>, Error> {
    store::list_waiting(db, i64::from(most)).await
}

/// These need not come again; said again, nothing changes.
///
/// # Errors
/// Any storage error; some may then be acknowledged and others not, which does no harm.
pub async fn acknowledge(db: &Db, events: &[EventId], now: Timestamp) -> Result<(), Error> {
    for event in events {
        store::acknowledge(db, *event, now).await?;
    }
    Ok(())
}
