//! The job that posts to webhooks. Each delivery is taken before it is sent, so that several processes send different
//! ones; a process that dies in between leaves it to be sent again. One that fails waits twice as long each time and is
//! given up after [`ATTEMPTS_MAX`] tries, three quarters of an hour: receivers refuse messages that are older than an hour.

use super::envelope::{Kind, Message};
use super::signer::{Signer, SignerError};
use crate::db::{Db, Error};
use crate::kernel::clock::Clock;
use crate::kernel::sealing::SealingKey;
use crate::kernel::secret::Secret;
use crate::marketplace::event_plan;
use crate::marketplace::store::deliveries::{self, Waiting};
use crate::marketplace::store::event_targets::{self, WebhookRow};
use crate::test_bench::Bench;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use futures_util::future::join_all;
use reqwest::redirect::Policy;
use std::time::Duration;
use tokio::sync::OnceCell;

/// After so many tries a message is given up.
pub const ATTEMPTS_MAX: i64 = 9;
/// The wait after a first failed try.
const FIRST_WAIT_SECONDS: i64 = 10;
/// Sent side by side in one run, so that webhooks that do not answer hold the clockwork up for one [`TIMEOUT`] only.
const BATCH: i64 = 16;
/// A webhook has so long to answer.
const TIMEOUT: Duration = Duration::from_secs(5);
/// So much of an answer is kept, in characters.
const ANSWER_CHARS_MAX: usize = 200;

/// Addresses of our own side that messages carry; the web knows how they are spelled.
#[derive(Clone, Debug)]
pub struct Links {
    /// Origin of the program's pages.
    pub origin: String,
    /// The path of a certificate, by its id.
    pub certificate: fn(&str) -> String,
    /// The path that confirms a subscription, by topic and token.
    pub confirm: fn(&str, &str) -> String,
    /// The path where operators withdraw a target.
    pub targets: fn() -> String,
}

/// Posts what is due.
#[derive(Debug)]
pub struct Courier {
    db: Db,
    clock: Clock,
    sealing: SealingKey,
    links: Links,
    http: reqwest::Client,
    signer: OnceCell<Signer>,
    bench: Bench,
}

/// What came of a try: whether it was taken, and the answer in words.
struct Answer {
    taken: bool,
    /// Of HTTP; zero without an answer.
    status: u16,
    words: String,
}

impl Answer {
    fn failed(words: impl Into<String>) -> Self {
        Self { taken: false, status: 0, words: words.into() }
    }
}

impl Courier {
    /// One that has sent nothing yet.
    ///
    /// # Errors
    /// When the system's trust store cannot be used.
    pub fn new(db: Db, clock: Clock, sealing: SealingKey, links: Links, bench: Bench) -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder().timeout(TIMEOUT).redirect(Policy::none()).no_proxy().build()?;
        Ok(Self { db, clock, sealing, links, http, signer: OnceCell::new(), bench })
    }

    /// Sends what is due; how many messages were taken.
    ///
    /// # Errors
    /// Any storage error, and when nothing can be signed. What a webhook does not take is no error here: it is recorded.
    pub async fn deliver_due(&self) -> Result<u64, SignerError> {
        event_plan::decide(&self.bench, &self.db, self.clock.now()).await?;
        let due = deliveries::list_to_send(&self.db, self.clock.now(), BATCH).await?;
        if due.is_empty() {
            return Ok(0);
        }
        let signer = self.signer.get_or_try_init(|| Signer::load(&self.db, &self.sealing, self.clock.unmoved().now())).await?;
        let tries = join_all(due.iter().map(|delivery| self.try_one(signer, delivery))).await;
        tries.into_iter().try_fold(0, |sum, taken| Ok(sum + u64::from(taken?)))
    }

    async fn try_one(&self, signer: &Signer, delivery: &Waiting) -> Result<bool, Error> {
        let now = self.clock.now();
        if !deliveries::take(&self.db, delivery, now, now + wait_after(delivery.attempts + 1)).await? {
            return Ok(false);
        }
        let target = event_targets::get_webhook(&self.db, delivery.target_id).await?;
        let answer = self.send(signer, delivery, &target).await;
        let now = self.clock.now();
        event_targets::note_answer(&self.db, target.id, &answer.words).await?;
        event_plan::note(&self.bench, &delivery.message, &target.address, (answer.status, &answer.words), now).await;
        if answer.taken {
            deliveries::mark_delivered(&self.db, delivery.id, &answer.words, now).await?;
            return Ok(true);
        }
        let given_up = (delivery.attempts + 1 >= ATTEMPTS_MAX).then_some(now);
        tracing::warn!(target_id = %target.id, delivery = %delivery.id, given_up = given_up.is_some(), "a webhook did not take a message");
        deliveries::mark_failed(&self.db, delivery.id, &answer.words, given_up).await?;
        Ok(false)
    }

    async fn send(&self, signer: &Signer, delivery: &Waiting, target: &WebhookRow) -> Answer {
        let Some(message) = self.message(delivery, target) else {
            return Answer::failed("Not sent: the key file was changed. Withdraw this target and make it anew.");
        };
        let Ok(signature) = signer.sign(&message.text_to_sign()) else { return Answer::failed("Not sent: it could not be signed.") };
        let Links { origin, certificate, .. } = &self.links;
        let body = message.body(&signature, &format!("{origin}{}", certificate(&signer.certificate)));
        let mut request = self.http.post(&target.address).body(body);
        for (name, value) in message.headers() {
            request = request.header(name, value);
        }
        match request.send().await {
            Ok(response) => read(response).await,
            Err(error) if error.is_timeout() => Answer::failed("No answer in time."),
            Err(error) if error.is_connect() => Answer::failed("No connection."),
            Err(_) => Answer::failed("No answer that could be read."),
        }
    }

    /// The message of a delivery; nothing when its token does not open any more.
    fn message(&self, delivery: &Waiting, target: &WebhookRow) -> Option<Message> {
        let topic_arn = target.topic.arn(&target.seller_id, target.product_code.as_deref().unwrap_or_default());
        let Links { origin, confirm, targets, .. } = &self.links;
        let kind = if delivery.event_id.is_some() {
            Kind::Notification {
                text: delivery.message.clone(),
                subscription_arn: subscription_arn(&topic_arn, target),
                unsubscribe_url: format!("{origin}{}", targets()),
            }
        } else {
            let token = Secret::presented(&self.sealing.open(&STANDARD.decode(&delivery.message).ok()?, &target.id.to_string()).ok()?);
            let subscribe_url = format!("{origin}{}", confirm(&topic_arn, token.reveal()));
            Kind::SubscriptionConfirmation { token: token.reveal().to_owned(), subscribe_url }
        };
        Some(Message { id: delivery.id.uuid().to_string(), topic_arn, at: delivery.queued_at - self.clock.moved_by(), kind })
    }
}

/// The subscription that a webhook is, as its messages name it.
fn subscription_arn(topic_arn: &str, target: &WebhookRow) -> String {
    format!("{topic_arn}:{}", target.id.uuid())
}

/// The ARN of the subscription that a confirmed target is.
///
/// # Errors
/// Any storage error.
pub async fn subscription(db: &Db, target: crate::kernel::id::EventTargetId) -> Result<String, Error> {
    let target = event_targets::get_webhook(db, target).await?;
    let topic_arn = target.topic.arn(&target.seller_id, target.product_code.as_deref().unwrap_or_default());
    Ok(subscription_arn(&topic_arn, &target))
}

/// How long nobody tries again after this many tries.
fn wait_after(attempts: i64) -> TimeDelta {
    TimeDelta::seconds(FIRST_WAIT_SECONDS << (attempts - 1).clamp(0, ATTEMPTS_MAX))
}

/// Status and beginning of an answer; what is not text of one line is made so.
async fn read(mut response: reqwest::Response) -> Answer {
    let status = response.status();
    let mut bytes = Vec::new();
    while bytes.len() < 4 * ANSWER_CHARS_MAX {
        match response.chunk().await {
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Ok(None) | Err(_) => break,
        }
    }
    let text = String::from_utf8_lossy(&bytes);
    let words: Vec<&str> =
        text.split(|letter: char| letter.is_control() || letter.is_whitespace()).filter(|word| !word.is_empty()).collect();
    let text: String = words.join(" ").chars().take(ANSWER_CHARS_MAX).collect();
    let words = if text.is_empty() { status.to_string() } else { format!("{status}: {text}") };
    Answer { taken: status.is_success(), status: status.as_u16(), words }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_waits_double_and_end_within_the_hour_that_receivers_allow() {
        let waits: Vec<i64> = (1..=ATTEMPTS_MAX).map(|attempts| wait_after(attempts).num_seconds()).collect();
        assert_eq!(waits, [10, 20, 40, 80, 160, 320, 640, 1_280, 2_560]);
        let last_try: i64 = waits[..8].iter().sum();
        assert!(last_try < 3_600, "{last_try}");
    }
}
