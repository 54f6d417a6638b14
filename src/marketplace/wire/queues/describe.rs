//! What is known of queues: their addresses, and how much is in them.

use super::super::call::Context;
use super::super::fault::Fault;
use super::super::input::Input;
use super::super::value::Structure;
use super::receive::VISIBILITY_SECONDS;
use super::{fault, missing, no_such_queue, whole};
use crate::marketplace::store::deliveries;
use crate::marketplace::store::event_targets::{self, QueueRow};

const LIST_MAX: i64 = 1_000;

/// `GetQueueUrl`.
///
/// # Errors
/// The fault.
pub(super) async fn address(context: Context<'_>, seller: &str, input: Input<'_>) -> Result<Structure, Fault> {
    let name = input.text("QueueName")?.ok_or_else(|| missing("QueueName"))?;
    if input.text("QueueOwnerAWSAccountId")?.is_some_and(|owner| owner != seller) {
        return Err(no_such_queue());
    }
    let queue = event_targets::find_queue(context.db(), seller, name).await?.ok_or_else(no_such_queue)?;
    Ok(Structure::new().with("QueueUrl", context.desk.queues.address(seller, &queue.name)))
}

/// `ListQueues`: in the order of their names. The token of a next page is the last name of the one before.
///
/// # Errors
/// The fault.
pub(super) async fn list(context: Context<'_>, seller: &str, input: Input<'_>) -> Result<Structure, Fault> {
    let prefix = input.text("QueueNamePrefix")?.unwrap_or_default();
    let asked = whole(input, "MaxResults", (1, LIST_MAX))?;
    let after = input.text("NextToken")?.unwrap_or_default();
    let mut queues = event_targets::list_queues(context.db(), seller, after).await?;
    queues.retain(|queue| queue.name.starts_with(prefix));
    let most = usize::try_from(asked.unwrap_or(LIST_MAX)).unwrap_or(usize::MAX);
    let more = queues.len() > most;
    queues.truncate(most);
    let next = queues.last().filter(|_| more && asked.is_some()).map(|last| last.name.clone());
    let addresses: Vec<String> = queues.iter().map(|queue| context.desk.queues.address(seller, &queue.name)).collect();
    Ok(Structure::new().with_some("QueueUrls", (!addresses.is_empty()).then_some(addresses)).with_some("NextToken", next))
}

/// `GetQueueAttributes`. Queues here have no settings: the attributes that say so are the values that hold.
///
/// # Errors
/// The fault.
pub(super) async fn attributes(context: Context<'_>, queue: &QueueRow, input: Input<'_>) -> Result<Structure, Fault> {
    let wanted = input.texts("AttributeNames")?;
    let now = context.desk.queues.clock.now();
    let (visible, in_flight, delayed) = deliveries::count(context.db(), queue.id, now).await?;
    let made = queue.created_at.timestamp().to_string();
    let known = [
        ("ApproximateNumberOfMessages", visible.to_string()),
        ("ApproximateNumberOfMessagesNotVisible", in_flight.to_string()),
        ("ApproximateNumberOfMessagesDelayed", delayed.to_string()),
        ("CreatedTimestamp", made.clone()),
        ("LastModifiedTimestamp", made),
        ("QueueArn", format!("arn:aws:sqs:us-east-1:{}:{}", queue.seller_id, queue.name)),
        ("VisibilityTimeout", VISIBILITY_SECONDS.to_string()),
        ("DelaySeconds", "0".to_owned()),
        ("ReceiveMessageWaitTimeSeconds", "0".to_owned()),
        ("MaximumMessageSize", "262144".to_owned()),
        ("MessageRetentionPeriod", "1209600".to_owned()),
    ];
    if let Some(unknown) = wanted.iter().find(|wanted| **wanted != "All" && !known.iter().any(|(name, _)| name == *wanted)) {
        let words = format!("Unknown Attribute {unknown}.");
        return Err(fault("com.amazonaws.sqs#InvalidAttributeName", "InvalidAttributeName", words));
    }
    let mut attributes = Structure::new();
    for (name, value) in known {
        if wanted.iter().any(|wanted| *wanted == name || *wanted == "All") {
            attributes = attributes.with(name, value);
        }
    }
    Ok(if attributes.0.is_empty() { Structure::new() } else { Structure::new().with("Attributes", attributes) })
}
