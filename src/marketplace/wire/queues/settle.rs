//! What a receiver does with a message: deletes it when it is done, or keeps it hidden for longer or shorter. One by one, and
//! up to ten at once. Also the purge of a whole queue.

use super::super::call::Context;
use super::super::fault::Fault;
use super::super::input::Input;
use super::super::value::Structure;
use super::receive::{VISIBILITY_SECONDS_MAX, receipt};
use super::{fault, invalid, missing, whole};
use crate::marketplace::store::deliveries::{self, Changed, Receipt};
use crate::marketplace::store::event_targets::QueueRow;
use crate::tx;
use chrono::TimeDelta;
use std::collections::BTreeSet;

const ENTRIES_MAX: usize = 10;
const ENTRY_ID_CHARS_MAX: usize = 80;

fn receipt_of(queue: &QueueRow, input: Input<'_>) -> Result<Receipt, Fault> {
    let handle = input.text("ReceiptHandle")?.ok_or_else(|| missing("ReceiptHandle"))?;
    receipt(queue, handle).ok_or_else(|| {
        let shown: String = handle.chars().take(100).collect();
        let words = format!("The input receipt handle \"{shown}\" is not a valid receipt handle.");
        fault("com.amazonaws.sqs#ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid", words)
    })
}

/// `DeleteMessage`. An older receive's handle is answered with success and deletes nothing, as SQS has it.
///
/// # Errors
/// The fault.
pub(super) async fn delete(context: Context<'_>, queue: &QueueRow, input: Input<'_>) -> Result<Structure, Fault> {
    deliveries::delete(context.db(), receipt_of(queue, input)?, context.desk.queues.clock.now()).await?;
    Ok(Structure::new())
}

/// `ChangeMessageVisibility`: from now on, so many seconds; none makes it visible at once.
///
/// # Errors
/// The fault.
pub(super) async fn change(context: Context<'_>, queue: &QueueRow, input: Input<'_>) -> Result<Structure, Fault> {
    let receipt = receipt_of(queue, input)?;
    let range = (0, VISIBILITY_SECONDS_MAX);
    let hidden = whole(input, "VisibilityTimeout", range)?.ok_or_else(|| missing("VisibilityTimeout"))?;
    let now = context.desk.queues.clock.now();
    match deliveries::hide(context.db(), receipt, now, now + TimeDelta::seconds(hidden)).await? {
        Changed::Yes => {
            if hidden == 0 {
                context.desk.queues.bell.ring();
            }
            Ok(Structure::new())
        }
        Changed::NotInFlight => {
            let words = "The message referred to is not in flight.";
            Err(fault("com.amazonaws.sqs#MessageNotInflight", "AWS.SimpleQueueService.MessageNotInflight", words))
        }
        Changed::Gone => Err(invalid(
            "Value for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change.",
        )),
    }
}

/// `DeleteMessageBatch`.
///
/// # Errors
/// The fault of the whole batch; an entry's own is in the answer.
pub(super) async fn delete_batch(context: Context<'_>, queue: &QueueRow, input: Input<'_>) -> Result<Structure, Fault> {
    let mut outcome = Outcome::default();
    for (id, entry) in entries(input)? {
        outcome.note(id, delete(context, queue, entry).await)?;
    }
    Ok(outcome.shown())
}

/// `ChangeMessageVisibilityBatch`.
///
/// # Errors
/// The fault of the whole batch; an entry's own is in the answer.
pub(super) async fn change_batch(context: Context<'_>, queue: &QueueRow, input: Input<'_>) -> Result<Structure, Fault> {
    let mut outcome = Outcome::default();
    for (id, entry) in entries(input)? {
        outcome.note(id, change(context, queue, entry).await)?;
    }
    Ok(outcome.shown())
}

/// `PurgeQueue`: whatever is in the queue is gone.
///
/// # Errors
/// The fault.
pub(super) async fn purge(context: Context<'_>, queue: &QueueRow) -> Result<Structure, Fault> {
    let now = context.desk.queues.clock.now();
    tx!(context.db(), |tx| { deliveries::give_up_all(tx, queue.id, "The queue was purged.", now).await })?;
    Ok(Structure::new())
}

/// What came of the entries of a batch.
#[derive(Default)]
struct Outcome {
    successful: Vec<Structure>,
    failed: Vec<Structure>,
}

impl Outcome {
    fn note(&mut self, id: &str, done: Result<Structure, Fault>) -> Result<(), Fault> {
        match done {
            Ok(_) => self.successful.push(Structure::new().with("Id", id)),
            Err(Fault { query_code: Some(code), message, .. }) => {
                let entry = Structure::new().with("Id", id).with("SenderFault", true).with("Code", code).with("Message", message);
                self.failed.push(entry);
            }
            Err(fault) => return Err(fault),
        }
        Ok(())
    }

    fn shown(self) -> Structure {
        Structure::new().with("Successful", self.successful).with("Failed", self.failed)
    }
}

/// The entries of a batch with their ids: one to ten, each with an id of its own.
fn entries(input: Input<'_>) -> Result<Vec<(&str, Input<'_>)>, Fault> {
    let entries = input.structures("Entries")?;
    let of_batch = |shape: &'static str, code: &'static str, words: &str| Err(fault(shape, code, words));
    if entries.is_empty() {
        let words = "There should be at least one entry in the request.";
        return of_batch("com.amazonaws.sqs#EmptyBatchRequest", "AWS.SimpleQueueService.EmptyBatchRequest", words);
    }
    if entries.len() > ENTRIES_MAX {
        let words = format!("Maximum number of entries per request are {ENTRIES_MAX}. You have sent {}.", entries.len());
        let code = "AWS.SimpleQueueService.TooManyEntriesInBatchRequest";
        return of_batch("com.amazonaws.sqs#TooManyEntriesInBatchRequest", code, &words);
    }
    let mut known = BTreeSet::new();
    let mut named = Vec::with_capacity(entries.len());
    for entry in entries {
        let id = entry.text("Id")?.unwrap_or_default();
        let shaped = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        if id.is_empty() || id.len() > ENTRY_ID_CHARS_MAX || !shaped {
            let words =
                "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.";
            return of_batch("com.amazonaws.sqs#InvalidBatchEntryId", "AWS.SimpleQueueService.InvalidBatchEntryId", words);
        }
        if !known.insert(id) {
            let (words, code) = (format!("Id {id} repeated."), "AWS.SimpleQueueService.BatchEntryIdsNotDistinct");
            return of_batch("com.amazonaws.sqs#BatchEntryIdsNotDistinct", code, &words);
        }
        named.push((id, entry));
    }
    Ok(named)
}
