//! Change events.

use crate::db::{Db, Error, Tx};
use crate::kernel::clock::Timestamp;
use crate::kernel::id::EventId;
use crate::marketplace::event::Event;

/// Keeps an event.
pub(in crate::marketplace) async fn insert(tx: &mut Tx, event: &Event) -> Result<(), Error> {
    tx.q("INSERT INTO marketplace_events (id, kind, agreement_id, license_arn, occurred_at) VALUES ($1, $2, $3, $4, $5)")
        .bind(event.id)
        .bind(event.kind)
        .bind(&event.agreement_id)
        .bind(&event.license_arn)
        .bind(event.occurred_at)
        .exec_one()
        .await
}

/// Those not acknowledged, oldest first.
pub(in crate::marketplace) async fn list_waiting(db: &Db, most: i64) -> Result<Vec<Event>, Error> {
    db.read("SELECT id, kind, agreement_id, license_arn, occurred_at FROM marketplace_events WHERE acknowledged_at IS NULL ORDER BY occurred_at, id LIMIT $1")
        .bind(most)
        .all()
        .await
}

/// It need not come again. An unknown id is none of ours and changes nothing.
pub(in crate::marketplace) async fn acknowledge(db: &Db, event: EventId, now: Timestamp) -> Result<(), Error> {
    db.write("UPDATE marketplace_events SET acknowledged_at = $2 WHERE id = $1 AND acknowledged_at IS NULL")
        .bind(event)
        .bind(now)
        .exec()
        .await
        .map(|_| ())
}
