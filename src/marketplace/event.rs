//! Change events for the seller: hints to read the truth again, at least once and in no certain order. They carry no
//! quantities. The console takes them from here; the seller's own systems get them at their targets.

use super::agreement::{Agreement, AgreementStatus};
use super::event_body;
use super::event_target::Topic;
use super::ids::{AgreementId, LicenseArn};
use super::store::deliveries::{self as outbox, NewDelivery};
use super::store::{event_targets, events as store};
use crate::db::{Db, Error, Tx};
use crate::kernel::clock::Timestamp;
use crate::kernel::id::EventId;
use crate::kernel::random;
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

/// Notes a change in the transaction that makes it: the event with what it says from now on, and a delivery for each target
/// of the seller. What the console has to hear and what the seller's own systems have to hear is one row each, so that
/// neither can be without the change.
pub(super) async fn record(tx: &mut Tx, kind: EventKind, agreement: &Agreement, now: Timestamp) -> Result<(), Error> {
    let event = Event {
        id: EventId::generate(),
        kind,
        agreement_id: agreement.id.clone(),
        license_arn: agreement.license_arn.clone(),
        occurred_at: now,
    };
    let facts = store::get_facts(tx, &agreement.id).await?;
    let body = event_body::of_event_bridge(&event, &facts, random::id()).to_string();
    store::insert(tx, &event, &body).await?;
    let was_pending = agreement.status == AgreementStatus::Pending;
    for target in event_targets::list_open(tx, &facts.seller_id).await? {
        let said = match (target.topic, &target.product_id) {
            (Topic::Events, _) => Some(body.clone()),
            (_, product) if product.as_ref() != Some(&facts.agreement.product_id) => None,
            (Topic::Entitlement, _) => event_body::of_entitlement_topic(kind, &facts).map(|message| message.to_string()),
            (Topic::Subscription, _) => event_body::of_subscription_topic(kind, &facts, was_pending).map(|message| message.to_string()),
        };
        let Some(message) = said else { continue };
        let delivery = NewDelivery { target: target.id, event: Some(event.id), kind: target.kind, message: &message, queued_at: now };
        outbox::insert(tx, &delivery, now).await?;
    }
    Ok(())
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
