//! The outbox of change events: what waits for targets.

use crate::db::{Db, Error, Tx};
use crate::kernel::clock::Timestamp;
use crate::kernel::id::{DeliveryId, EventId, EventTargetId};
use crate::marketplace::event_target::TargetKind;

/// One time that an event is to reach a target.
#[derive(Clone, Copy, Debug)]
pub(in crate::marketplace) struct NewDelivery<'d> {
    pub target: EventTargetId,
    /// None for what asks a webhook to confirm.
    pub event: Option<EventId>,
    pub kind: TargetKind,
    /// What is delivered.
    pub message: &'d str,
    /// When it was written.
    pub queued_at: Timestamp,
}

/// Puts it into the outbox; it can be taken from `at` on.
pub(in crate::marketplace) async fn insert(tx: &mut Tx, delivery: &NewDelivery<'_>, at: Timestamp) -> Result<(), Error> {
    tx.q("INSERT INTO event_deliveries (id, target_id, event_id, kind, message, status, queued_at, visible_at, attempts) VALUES ($1, $2, $3, $4, $5, 'waiting', $6, $7, 0)")
        .bind(DeliveryId::generate())
        .bind(delivery.target)
        .bind(delivery.event)
        .bind(delivery.kind)
        .bind(delivery.message)
        .bind(delivery.queued_at)
        .bind(at)
        .exec_one()
        .await
}

/// Gives up whatever waits for a target.
pub(in crate::marketplace) async fn give_up_all(tx: &mut Tx, target: EventTargetId, why: &str, now: Timestamp) -> Result<u64, Error> {
    tx.q("UPDATE event_deliveries SET status = 'failed', settled_at = $2, last_answer = $3 WHERE target_id = $1 AND status = 'waiting'")
        .bind(target)
        .bind(now)
        .bind(why)
        .exec()
        .await
}

/// A delivery that the test bench has not decided on.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(in crate::marketplace) struct Unplanned {
    pub id: DeliveryId,
    pub kind: TargetKind,
    pub target_name: String,
    pub message: String,
    pub queued_at: Timestamp,
}

/// What the test bench made of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::marketplace) enum Planned {
    /// It comes, once or more often.
    Delivered,
    /// It never comes.
    Dropped,
    /// Somebody else decided on it.
    Already,
}

/// Deliveries of events that the test bench has not decided on, oldest first.
pub(in crate::marketplace) async fn list_unplanned(db: &Db, most: i64) -> Result<Vec<Unplanned>, Error> {
    db.read("SELECT d.id, d.kind, t.name AS target_name, d.message, d.queued_at FROM event_deliveries d JOIN event_targets t ON t.id = d.target_id WHERE d.planned_at IS NULL AND d.event_id IS NOT NULL AND d.status = 'waiting' AND d.attempts = 0 ORDER BY d.queued_at, d.id LIMIT $1")
        .bind(most)
        .all()
        .await
}

/// Decides on a delivery: it comes at these instants, one row for each, or never.
pub(in crate::marketplace) async fn plan(tx: &mut Tx, seen: &Unplanned, at: &[Timestamp], now: Timestamp) -> Result<Planned, Error> {
    let Some((first, others)) = at.split_first() else {
        let dropped = tx
            .q("UPDATE event_deliveries SET planned_at = $2, status = 'delivered', settled_at = $2, last_answer = 'Dropped by the test bench.' WHERE id = $1 AND planned_at IS NULL AND status = 'waiting'")
            .bind(seen.id)
            .bind(now)
            .exec()
            .await?;
        return Ok(if dropped == 1 { Planned::Dropped } else { Planned::Already });
    };
    let planned = tx
        .q("UPDATE event_deliveries SET planned_at = $2, visible_at = $3 WHERE id = $1 AND planned_at IS NULL AND status = 'waiting'")
        .bind(seen.id)
        .bind(now)
        .bind(*first)
        .exec()
        .await?;
    if planned == 0 {
        return Ok(Planned::Already);
    }
    for again in others {
        tx.q("INSERT INTO event_deliveries (id, target_id, event_id, kind, message, status, queued_at, visible_at, attempts, planned_at) SELECT $2, target_id, event_id, kind, message, 'waiting', queued_at, $3, 0, $4 FROM event_deliveries WHERE id = $1")
            .bind(seen.id)
            .bind(DeliveryId::generate())
            .bind(*again)
            .bind(now)
            .exec_one()
            .await?;
    }
    Ok(Planned::Delivered)
}

/// Whether an event is to reach a target.
pub(in crate::marketplace) async fn has_target(db: &Db, event: EventId) -> Result<bool, Error> {
    Ok(db.read("SELECT id FROM event_deliveries WHERE event_id = $1 LIMIT 1").bind(event).opt::<(DeliveryId,)>().await?.is_some())
}

/// A delivery that can be taken now.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub(in crate::marketplace) struct Waiting {
    pub id: DeliveryId,
    pub target_id: EventTargetId,
    pub event_id: Option<EventId>,
    pub message: String,
    pub queued_at: Timestamp,
    pub attempts: i64,
    pub first_attempt_at: Option<Timestamp>,
}

const WAITING: &str =
    "SELECT id, target_id, event_id, message, queued_at, attempts, first_attempt_at FROM event_deliveries WHERE status = 'waiting'";

/// What can be received from a queue now, oldest first.
pub(in crate::marketplace) async fn list_visible(db: &Db, target: EventTargetId, now: Timestamp, most: i64) -> Result<Vec<Waiting>, Error> {
    db.read(WAITING)
        .push_bind(" AND target_id = ", target)
        .push_bind(" AND visible_at <= ", now)
        .push_bind(" ORDER BY visible_at, id LIMIT ", most)
        .all()
        .await
}

/// What is to be sent to webhooks now, oldest first.
pub(in crate::marketplace) async fn list_to_send(db: &Db, now: Timestamp, most: i64) -> Result<Vec<Waiting>, Error> {
    db.read(WAITING)
        .push(" AND kind = 'webhook'")
        .push_bind(" AND visible_at <= ", now)
        .push_bind(" ORDER BY visible_at, id LIMIT ", most)
        .all()
        .await
}

/// Takes a delivery until an instant, so that nobody else takes it meanwhile; false when somebody was faster.
pub(in crate::marketplace) async fn take(db: &Db, seen: &Waiting, now: Timestamp, until: Timestamp) -> Result<bool, Error> {
    let taken = db
        .write("UPDATE event_deliveries SET attempts = attempts + 1, first_attempt_at = COALESCE(first_attempt_at, $3), visible_at = $4 WHERE id = $1 AND attempts = $2 AND visible_at <= $3 AND status = 'waiting'")
        .bind(seen.id)
        .bind(seen.attempts)
        .bind(now)
        .bind(until)
        .exec()
        .await?;
    Ok(taken == 1)
}

/// A message that was received: which one, and at which receive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::marketplace) struct Receipt {
    pub queue: EventTargetId,
    pub message: DeliveryId,
    pub attempt: i64,
}

/// It is done with, if this is its last receive; an older one changes nothing.
pub(in crate::marketplace) async fn delete(db: &Db, receipt: Receipt, now: Timestamp) -> Result<bool, Error> {
    let deleted = db
        .write("UPDATE event_deliveries SET status = 'delivered', settled_at = $4 WHERE id = $1 AND target_id = $2 AND attempts = $3 AND status = 'waiting'")
        .bind(receipt.message)
        .bind(receipt.queue)
        .bind(receipt.attempt)
        .bind(now)
        .exec()
        .await?;
    Ok(deleted == 1)
}

/// How a receipt stands at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::marketplace) enum Changed {
    /// Its message stays hidden until the new instant.
    Yes,
    /// The message waits for the next receive.
    NotInFlight,
    /// The message was deleted or received anew.
    Gone,
}

/// Keeps a received message hidden until another instant.
pub(in crate::marketplace) async fn hide(db: &Db, receipt: Receipt, now: Timestamp, until: Timestamp) -> Result<Changed, Error> {
    let hidden = db
        .write("UPDATE event_deliveries SET visible_at = $5 WHERE id = $1 AND target_id = $2 AND attempts = $3 AND visible_at > $4 AND status = 'waiting'")
        .bind(receipt.message)
        .bind(receipt.queue)
        .bind(receipt.attempt)
        .bind(now)
        .bind(until)
        .exec()
        .await?;
    if hidden == 1 {
        return Ok(Changed::Yes);
    }
    let waits = db
        .read("SELECT id FROM event_deliveries WHERE id = $1 AND target_id = $2 AND attempts = $3 AND status = 'waiting'")
        .bind(receipt.message)
        .bind(receipt.queue)
        .bind(receipt.attempt)
        .opt::<(DeliveryId,)>()
        .await?;
    Ok(if waits.is_some() { Changed::NotInFlight } else { Changed::Gone })
}

/// A webhook took it.
pub(in crate::marketplace) async fn mark_delivered(db: &Db, id: DeliveryId, answer: &str, now: Timestamp) -> Result<(), Error> {
    db.write("UPDATE event_deliveries SET status = 'delivered', settled_at = $2, last_answer = $3 WHERE id = $1 AND status = 'waiting'")
        .bind(id)
        .bind(now)
        .bind(answer)
        .exec()
        .await
        .map(drop)
}

/// A webhook did not; `given_up` when it is not tried again.
pub(in crate::marketplace) async fn mark_failed(db: &Db, id: DeliveryId, answer: &str, given_up: Option<Timestamp>) -> Result<(), Error> {
    let status = if given_up.is_some() { "failed" } else { "waiting" };
    db.write("UPDATE event_deliveries SET status = $4, settled_at = $2, last_answer = $3 WHERE id = $1 AND status = 'waiting'")
        .bind(id)
        .bind(given_up)
        .bind(answer)
        .bind(status)
        .exec()
        .await
        .map(drop)
}

/// How many messages of a queue can be received, are being worked on, and come later.
pub(in crate::marketplace) async fn count(db: &Db, target: EventTargetId, now: Timestamp) -> Result<(i64, i64, i64), Error> {
    db.read("SELECT CAST(COALESCE(SUM(CASE WHEN visible_at <= $2 THEN 1 ELSE 0 END), 0) AS BIGINT), CAST(COALESCE(SUM(CASE WHEN visible_at > $2 AND attempts > 0 THEN 1 ELSE 0 END), 0) AS BIGINT), CAST(COALESCE(SUM(CASE WHEN visible_at > $2 AND attempts = 0 THEN 1 ELSE 0 END), 0) AS BIGINT) FROM event_deliveries WHERE target_id = $1 AND status = 'waiting'")
        .bind(target)
        .bind(now)
        .one()
        .await
}
