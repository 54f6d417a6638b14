//! Change events.

use crate::db::{Db, Error, Tx};
use crate::kernel::clock::Timestamp;
use crate::kernel::id::EventId;
use crate::marketplace::event::Event;
use crate::marketplace::event_body::Facts;
use crate::marketplace::ids::AgreementId;

/// What an event is told of, as it is now.
pub(in crate::marketplace) async fn get_facts(tx: &mut Tx, agreement: &AgreementId) -> Result<Facts, Error> {
    tx.q("SELECT a.id, a.initial_agreement_id, a.quote_id, a.buyer_account_id, a.product_id, a.offer_id, a.license_arn, a.status, a.anchor_at, a.term_number, a.duration_months, a.starts_at, a.ends_at, a.auto_renew, a.credits, a.next_credits, a.purchase_order, a.accepted_by, a.accepted_at, p.seller_id, s.name AS seller_name, p.name AS product_name, p.product_code, p.customer_identity, o.price_minor, b.id AS previous_id FROM agreements a JOIN products p ON p.id = a.product_id JOIN sellers s ON s.id = p.seller_id JOIN offers o ON o.id = a.offer_id LEFT JOIN agreements b ON b.initial_agreement_id = a.initial_agreement_id AND b.term_number = a.term_number - 1 WHERE a.id = $1")
        .bind(agreement)
        .one()
        .await
}

/// Keeps an event with what it says.
pub(in crate::marketplace) async fn insert(tx: &mut Tx, event: &Event, body: &str) -> Result<(), Error> {
    tx.q("INSERT INTO marketplace_events (id, kind, agreement_id, license_arn, occurred_at, body) VALUES ($1, $2, $3, $4, $5, $6)")
        .bind(event.id)
        .bind(event.kind)
        .bind(&event.agreement_id)
        .bind(&event.license_arn)
        .bind(event.occurred_at)
        .bind(body)
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
