//! `ReceiveMessage`: what is visible, oldest first, hidden from everybody else for a while. With `WaitTimeSeconds` the
//! answer waits for a first message.

use super::super::call::Context;
use super::super::fault::Fault;
use super::super::input::Input;
use super::super::page;
use super::super::value::Structure;
use super::whole;
use crate::kernel::clock::Timestamp;
use crate::kernel::hex;
use crate::kernel::id::DeliveryId;
use crate::marketplace::event_plan;
use crate::marketplace::store::deliveries::{self, Receipt, Waiting};
use crate::marketplace::store::event_targets::QueueRow;
use chrono::TimeDelta;
use md5::{Digest, Md5};

/// How long a received message stays hidden when the request does not say.
pub(super) const VISIBILITY_SECONDS: i64 = 30;
/// The longest that it can be.
pub(super) const VISIBILITY_SECONDS_MAX: i64 = 43_200;
const MESSAGES_MAX: i64 = 10;
const WAIT_SECONDS_MAX: i64 = 20;
/// So often receivers look again when others took what they had seen.
const TRIES: usize = 5;

/// Answers the operation.
///
/// # Errors
/// The fault.
pub(super) async fn receive(context: Context<'_>, queue: &QueueRow, input: Input<'_>) -> Result<Structure, Fault> {
    let most = whole(input, "MaxNumberOfMessages", (1, MESSAGES_MAX))?.unwrap_or(1);
    let hidden = whole(input, "VisibilityTimeout", (0, VISIBILITY_SECONDS_MAX))?.unwrap_or(VISIBILITY_SECONDS);
    let wait = whole(input, "WaitTimeSeconds", (0, WAIT_SECONDS_MAX))?.unwrap_or(0);
    let mut attributes = input.texts("AttributeNames")?;
    attributes.extend(input.texts("MessageSystemAttributeNames")?);
    let clock = &context.desk.queues.clock;
    let deadline = context.now() + TimeDelta::seconds(wait);
    let look = async |closed: bool| {
        let now = clock.now();
        let taken = take(context, queue, now, (most, TimeDelta::seconds(hidden))).await?;
        Ok::<_, Fault>((!taken.is_empty() || now >= deadline || closed).then_some(taken))
    };
    let taken = context.desk.queues.bell.wait(look).await?;
    let messages: Vec<Structure> = taken.iter().map(|message| shown(queue, message, &attributes)).collect();
    // No message, no member: clients tell an empty answer by its absence.
    Ok(if messages.is_empty() { Structure::new() } else { Structure::new().with("Messages", messages) })
}

/// Takes what can be taken. Each message is taken by one statement that only one receiver's succeeds with.
async fn take(context: Context<'_>, queue: &QueueRow, now: Timestamp, (most, hidden): (i64, TimeDelta)) -> Result<Vec<Waiting>, Fault> {
    event_plan::decide(&context.desk.bench, context.db(), now).await?;
    let mut taken = Vec::new();
    for _ in 0..TRIES {
        let visible = deliveries::list_visible(context.db(), queue.id, now, MESSAGES_MAX).await?;
        let nothing_more = visible.is_empty();
        for mut message in visible {
            let is_new = taken.iter().all(|known: &Waiting| known.id != message.id);
            if is_new && deliveries::take(context.db(), &message, now, now + hidden).await? {
                message.attempts += 1;
                message.first_attempt_at.get_or_insert(now);
                taken.push(message);
            }
            if i64::try_from(taken.len()).unwrap_or(i64::MAX) >= most {
                return Ok(taken);
            }
        }
        if nothing_more || !taken.is_empty() {
            break;
        }
    }
    Ok(taken)
}

fn shown(queue: &QueueRow, message: &Waiting, wanted: &[&str]) -> Structure {
    let first = message.first_attempt_at.unwrap_or(message.queued_at);
    let known = [
        ("SenderId", queue.seller_id.clone()),
        ("SentTimestamp", message.queued_at.timestamp_millis().to_string()),
        ("ApproximateReceiveCount", message.attempts.to_string()),
        ("ApproximateFirstReceiveTimestamp", first.timestamp_millis().to_string()),
    ];
    let mut attributes = Structure::new();
    for (name, value) in known {
        if wanted.iter().any(|wanted| *wanted == name || *wanted == "All") {
            attributes = attributes.with(name, value);
        }
    }
    let md5 = hex::of(&Md5::digest(message.message.as_bytes()));
    let receipt = Receipt { queue: queue.id, message: message.id, attempt: message.attempts };
    let structure = Structure::new()
        .with("MessageId", message.id.uuid().to_string())
        .with("ReceiptHandle", handle(receipt))
        .with("MD5OfBody", md5)
        .with("Body", message.message.as_str());
    if attributes.0.is_empty() { structure } else { structure.with("Attributes", attributes) }
}

/// The handle of a receipt: which message, at which receive, bound to its queue.
fn handle(receipt: Receipt) -> String {
    page::token(&receipt.queue.to_string(), &format!("{} {}", receipt.message, receipt.attempt))
}

/// The receipt of a handle; nothing for another queue's, or what is none.
pub(super) fn receipt(queue: &QueueRow, handle: &str) -> Option<Receipt> {
    let place = page::place(&queue.id.to_string(), handle)?;
    let (message, attempt) = place.split_once(' ')?;
    Some(Receipt { queue: queue.id, message: DeliveryId::parse(message)?, attempt: attempt.parse().ok()? })
}
