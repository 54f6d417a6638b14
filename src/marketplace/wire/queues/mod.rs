//! Queues of change events, by the API of SQS in its JSON protocol: as much of it as a consumer needs. A queue belongs to a
//! seller account, holds what [`event`](crate::marketplace::event) put into it, and is used with that account's keys only.

pub mod bell;
mod describe;
mod receive;
mod settle;

use super::call::Context;
use super::fault::Fault;
use super::input::Input;
use super::protocol::Operation;
use super::value::Structure;
use crate::kernel::clock::Clock;
use crate::marketplace::store::event_targets::{self, QueueRow};
use bell::Bell;
use url::Url;

/// What queues share beyond the database.
#[derive(Debug)]
pub struct Queues {
    /// By which messages become visible.
    pub clock: Clock,
    /// Where clients call; queue addresses begin with it.
    pub endpoint: String,
    /// Wakes those that wait for a message.
    pub bell: Bell,
}

impl Queues {
    /// Those that are reached at an address.
    #[must_use]
    pub fn new(clock: Clock, endpoint: String) -> Self {
        Self { clock, endpoint, bell: Bell::default() }
    }

    /// The address of a queue, which is also its name in requests.
    #[must_use]
    pub fn address(&self, seller: &str, name: &str) -> String {
        format!("{}/{seller}/{name}", self.endpoint)
    }
}

/// An error of SQS: its shape, and the older code that clients still go by.
fn fault(shape: &'static str, code: &'static str, message: impl Into<String>) -> Fault {
    Fault { query_code: Some(code), ..Fault::new(shape, message) }
}

fn no_such_queue() -> Fault {
    let words = "The specified queue does not exist.";
    fault("com.amazonaws.sqs#QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue", words)
}

fn missing(parameter: &str) -> Fault {
    let words = format!("The request must contain the parameter {parameter}.");
    fault("com.amazonaws.sqs#MissingParameter", "MissingParameter", words)
}

fn invalid(words: impl Into<String>) -> Fault {
    fault("com.amazonaws.sqs#InvalidParameterValue", "InvalidParameterValue", words)
}

/// A whole number of a request within its limits.
fn whole(input: Input<'_>, name: &str, (least, most): (i64, i64)) -> Result<Option<i64>, Fault> {
    match input.whole(name)? {
        Some(number) if !(least..=most).contains(&number) => Err(invalid(format!(
            "Value {number} for parameter {name} is invalid. Reason: Must be between {least} and {most}, if provided."
        ))),
        number => Ok(number),
    }
}

/// Account and name in the address of a queue. Its host is not looked at: the caller reached us by whatever name.
fn parts_of(address: &str) -> Option<(String, String)> {
    let url = Url::parse(address).ok()?;
    let mut parts = url.path_segments()?;
    let (account, name) = (parts.next()?.to_owned(), parts.next()?.to_owned());
    (parts.next().is_none() && !account.is_empty() && !name.is_empty()).then_some((account, name))
}

/// The queue that a request names; another account's is not there.
async fn queue(context: Context<'_>, seller: &str, input: Input<'_>) -> Result<QueueRow, Fault> {
    let address = input.text("QueueUrl")?.ok_or_else(|| missing("QueueUrl"))?;
    let not_valid = || fault("com.amazonaws.sqs#InvalidAddress", "InvalidAddress", "The address is not valid for this endpoint.");
    let (account, name) = parts_of(address).ok_or_else(not_valid)?;
    if account != seller {
        return Err(no_such_queue());
    }
    event_targets::find_queue(context.db(), seller, &name).await?.ok_or_else(no_such_queue)
}

/// Answers an operation.
///
/// # Errors
/// The fault.
pub(super) async fn answer(context: Context<'_>, operation: Operation, input: Input<'_>) -> Result<Structure, Fault> {
    let seller = context.seller(operation)?;
    match operation {
        Operation::GetQueueUrl => describe::address(context, seller, input).await,
        Operation::ListQueues => describe::list(context, seller, input).await,
        Operation::GetQueueAttributes => describe::attributes(context, &queue(context, seller, input).await?, input).await,
        Operation::ReceiveMessage => receive::receive(context, &queue(context, seller, input).await?, input).await,
        Operation::DeleteMessage => settle::delete(context, &queue(context, seller, input).await?, input).await,
        Operation::DeleteMessageBatch => settle::delete_batch(context, &queue(context, seller, input).await?, input).await,
        Operation::ChangeMessageVisibility => settle::change(context, &queue(context, seller, input).await?, input).await,
        Operation::ChangeMessageVisibilityBatch => settle::change_batch(context, &queue(context, seller, input).await?, input).await,
        Operation::PurgeQueue => settle::purge(context, &queue(context, seller, input).await?).await,
        _ => Err(Fault::unknown_operation()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_is_known_by_the_path_of_its_address() {
        let parts = |address| parts_of(address).map(|(account, name)| format!("{account} {name}"));
        assert_eq!(parts("http://127.0.0.1:7000/294406891311/events").as_deref(), Some("294406891311 events"));
        assert_eq!(parts("https://behind.a.proxy/294406891311/events?x").as_deref(), Some("294406891311 events"));
        for wrong in ["", "events", "http://host", "http://host/", "http://host/1", "http://host/1/", "http://host/1/2/3"] {
            assert_eq!(parts(wrong), None, "{wrong}");
        }
    }
}
