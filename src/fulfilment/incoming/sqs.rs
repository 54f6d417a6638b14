//! Takes events from a queue of Amazon SQS: each message is stored first and deleted from the queue only then. Who may send
//! to the queue is the queue's own policy; signatures are not looked at here (protocol, section 8.1).

use super::take_in::take_in;
use crate::db::Db;
use crate::fulfilment::marketplace::aws::clients::{self, Connection};
use crate::kernel::clock::Clock;
use anyhow::Context;
use async_trait::async_trait;
use aws_sdk_sqs::Client;
use std::time::Duration;
use tokio::time::{Instant, sleep};
use url::Url;

/// How long the queue holds an answer back while it is empty: the most that SQS knows.
const LONG_POLL_SECONDS: i32 = 20;
/// The most that SQS gives at once.
const BATCH: i32 = 10;
/// An attempt is longer than the long poll.
const ATTEMPT: Duration = Duration::from_secs(30);
/// What a question may take with all its attempts.
const OPERATION: Duration = Duration::from_secs(100);
/// The least time between two questions to a queue that is empty and does not hold its answers back.
const SOONEST: Duration = Duration::from_secs(1);
/// The most time between two questions to a queue that fails.
const LATEST: Duration = Duration::from_mins(1);

/// A message of a queue.
#[derive(Clone, Debug)]
pub struct Message {
    /// The same at each delivery.
    pub id: String,
    /// What deletes this delivery.
    pub receipt: String,
    /// The text.
    pub body: String,
}

/// A queue that gives each message at least once.
#[async_trait]
pub trait Queue: Send + Sync {
    /// Some messages; none after a while in which none came.
    async fn receive(&self) -> anyhow::Result<Vec<Message>>;

    /// This delivery is done with.
    async fn delete(&self, receipt: &str) -> anyhow::Result<()>;
}

/// Asks once, stores what comes, and deletes what is stored; how many messages were stored. What could not be stored stays in
/// the queue and comes again; so does what could not be deleted, and is then a duplicate.
///
/// # Errors
/// The first failure, after everything else was done.
pub async fn poll_once(db: &Db, clock: &Clock, queue: &dyn Queue) -> anyhow::Result<u64> {
    let (mut stored, mut failed) = (0, None);
    for message in queue.receive().await.context("the queue does not answer")? {
        match take_in(db, &message.body, Some(&message.id), clock.now()).await {
            Ok(_) => stored += 1,
            Err(error) => {
                failed.get_or_insert(anyhow::Error::new(error).context("an event could not be stored"));
                continue;
            }
        }
        if let Err(error) = queue.delete(&message.receipt).await {
            failed.get_or_insert(error.context("an event could not be deleted from the queue"));
        }
    }
    failed.map_or(Ok(stored), Err)
}

/// Takes events until the task is dropped; `wake` is called when some were stored. Dropped in the middle it loses nothing: what
/// is not deleted comes again.
pub async fn listen(db: Db, clock: Clock, queue: impl Queue, wake: impl Fn() + Send) {
    let mut failures = 0;
    loop {
        let began = Instant::now();
        match poll_once(&db, &clock, &queue).await {
            Ok(0) => {
                failures = 0;
                sleep(SOONEST.saturating_sub(began.elapsed())).await;
            }
            Ok(_) => {
                failures = 0;
                wake();
            }
            Err(error) => {
                failures += 1;
                metrics::counter!("creditdesk_event_queue_failures_total").increment(1);
                tracing::warn!(cause = %format_args!("{error:#}"), failures, "events could not be taken from the queue");
                sleep(pause(failures)).await;
            }
        }
    }
}

/// Longer after each failure.
fn pause(failures: u32) -> Duration {
    SOONEST.saturating_mul(1 << failures.saturating_sub(1).min(10)).min(LATEST)
}

/// A queue of Amazon SQS, or of something that speaks the same.
#[derive(Clone, Debug)]
pub struct Sqs {
    client: Client,
    address: String,
}

impl Sqs {
    /// The queue of this address, called as the other services are, but for its region and its patience. Connects at the
    /// first question.
    ///
    /// # Errors
    /// When the credentials file cannot be read.
    pub async fn new(address: &Url, connection: &Connection, clock: &Clock) -> anyhow::Result<Self> {
        let patient = Connection { region: region(address), attempt_timeout: ATTEMPT, operation_timeout: OPERATION, ..connection.clone() };
        let mut config = aws_sdk_sqs::config::Builder::from(&clients::shared(&patient, clock).await?);
        if let Some(url) = &connection.sqs {
            config.set_endpoint_url(Some(url.to_string()));
        }
        Ok(Self { client: Client::from_conf(config.build()), address: address.to_string() })
    }
}

/// A queue's address names its region: `https://sqs.eu-west-1.amazonaws.com/…`. Others are in the region of the events.
fn region(address: &Url) -> String {
    let host = address.host_str().unwrap_or_default();
    let named = host.strip_prefix("sqs.").and_then(|rest| rest.split_once(".amazonaws.com")).map(|(region, _)| region);
    named.filter(|region| !region.is_empty()).unwrap_or("us-east-1").to_owned()
}

#[async_trait]
impl Queue for Sqs {
    async fn receive(&self) -> anyhow::Result<Vec<Message>> {
        let asked =
            self.client.receive_message().queue_url(&self.address).max_number_of_messages(BATCH).wait_time_seconds(LONG_POLL_SECONDS);
        let messages = asked.send().await?.messages.unwrap_or_default();
        let translate = |message: aws_sdk_sqs::types::Message| Message {
            id: message.message_id.unwrap_or_default(),
            receipt: message.receipt_handle.unwrap_or_default(),
            body: message.body.unwrap_or_default(),
        };
        Ok(messages.into_iter().map(translate).collect())
    }

    async fn delete(&self, receipt: &str) -> anyhow::Result<()> {
        self.client.delete_message().queue_url(&self.address).receipt_handle(receipt).send().await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_that_fails_is_asked_at_growing_distances() {
        let pauses: Vec<u64> = [1, 2, 3, 7, 8, 4_000].map(|failures| pause(failures).as_secs()).to_vec();
        assert_eq!(pauses, [1, 2, 4, 60, 60, 60]);
    }

    #[test]
    fn the_region_is_the_one_that_the_address_names() {
        for (address, named) in [
            ("https://sqs.eu-west-1.amazonaws.com/111122223333/events", "eu-west-1"),
            ("https://sqs.cn-north-1.amazonaws.com.cn/111122223333/events", "cn-north-1"),
            ("http://127.0.0.1:7000/111122223333/events", "us-east-1"),
        ] {
            assert_eq!(region(&Url::parse(address).unwrap()), named, "{address}");
        }
    }
}
