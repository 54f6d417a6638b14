//! What the test bench does to deliveries of events: when somebody first looks for them, each is made late, doubled, dropped
//! or let others overtake it, as the faults of that moment say. Nothing is read or written while the bench is off.

use super::event_target::TargetKind;
use super::store::deliveries::{self, Planned};
use crate::db::{Db, Error};
use crate::kernel::clock::Timestamp;
use crate::test_bench::Bench;
use crate::test_bench::inspect::EventNote;
use crate::tx;
use serde_json::{Value, json};

/// Deliveries that are looked at in one go.
const MOST: i64 = 100;

/// Decides on every delivery that was not decided on. Whoever takes deliveries calls it first. Of several that do so at
/// once one decides on each.
///
/// # Errors
/// Any storage error; what was not decided on is decided on the next time.
pub(super) async fn decide(bench: &Bench, db: &Db, now: Timestamp) -> Result<(), Error> {
    if !bench.is_on() {
        return Ok(());
    }
    for delivery in deliveries::list_unplanned(db, MOST).await? {
        let turn = delivery.id.uuid().as_u64_pair().1;
        let at = bench.plan_deliveries(delivery.queued_at, turn).await?;
        let planned = tx!(db, |tx| { deliveries::plan(tx, &delivery, &at, now).await })?;
        let answer = match (planned, delivery.kind) {
            (Planned::Dropped, _) => (0, "Dropped by the test bench."),
            (Planned::Delivered, TargetKind::Queue) => (200, "In the queue."),
            // The courier tells what a webhook answered.
            (Planned::Delivered, TargetKind::Webhook) | (Planned::Already, _) => continue,
        };
        let to = format!("{} {}", delivery.kind.as_str(), delivery.target_name);
        note(bench, &delivery.message, &to, answer, now).await;
    }
    Ok(())
}

/// Lets the inspector know what became of a delivery. What asks a webhook to confirm is no event, and holds a token.
pub(super) async fn note(bench: &Bench, message: &str, to: &str, (status, answer): (u16, &str), at: Timestamp) {
    let Ok(body) = serde_json::from_str::<Value>(message) else { return };
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    let (detail_type, account, id) = (text("detail-type") + &text("action"), text("account"), text("id"));
    let event = EventNote { at, detail_type: &detail_type, account: &account, to, status, id: &id, body, answer: json!(answer) };
    bench.note_event(event).await;
}
