//! Change events as a seller's own systems get them: what they say, the outbox that they wait in, queues by the API of SQS,
//! webhooks in the envelope of SNS, and the pages where operators make and withdraw targets.

mod bodies;
mod hook;
mod pages;
mod queues;
mod receivers;
mod webhooks;

use crate::support::Stage;
use crate::support::fixtures;
use crate::support::portal::Portal;
use crate::support::wire::{Answer, Client, TREND_MICRO, operator};
use creditdesk::db::SplitRefusal;
use creditdesk::kernel::id::EventTargetId;
use creditdesk::kernel::sealing::SealingKey;
use creditdesk::marketplace::catalog::{Catalog, CustomerIdentity, EMBEDDED};
use creditdesk::marketplace::event_target::{self, NewTarget, TargetRefusal, Wanted};
use creditdesk::marketplace::publish;
use serde_json::{Value, json};

/// Makes a target of Trend Micro.
pub async fn make(stage: &Stage, name: &str, wanted: Wanted) -> Result<EventTargetId, TargetRefusal> {
    let (actor, scope) = operator(stage).await;
    let file = std::fs::read_to_string(stage.folder().join("wire.key")).ok();
    let sealing = file.and_then(|text| SealingKey::parse(&text)).unwrap_or_else(SealingKey::generate);
    let new = NewTarget { seller: TREND_MICRO.to_owned(), name: name.to_owned(), wanted };
    event_target::make(&stage.db, scope, &sealing, &fixtures::as_staff(stage, &actor), &new).await.refusal().unwrap()
}

/// Turns Trend Vision One into a listing from before concurrent agreements.
async fn make_older(stage: &Stage) {
    let mut catalog = Catalog::parse(EMBEDDED).unwrap();
    catalog.products[0].customer_identity = CustomerIdentity::Legacy;
    publish::publish(&stage.db, &catalog, &stage.who("catalog")).await.unwrap();
}

async fn count(stage: &Stage, sql: &'static str) -> i64 {
    stage.db.read(sql).scalar().await.unwrap()
}

/// A seller's consumer of a queue.
#[derive(Clone)]
pub struct Consumer {
    client: Client,
    queue: String,
}

impl Consumer {
    /// Of the queue `events` of Trend Micro, which is made.
    pub async fn new(stage: &Stage, portal: &Portal) -> Self {
        make(stage, "events", Wanted::Queue).await.unwrap();
        Self::of(stage, portal, TREND_MICRO).await
    }

    /// Of the same queue, with another account's key.
    async fn of(stage: &Stage, portal: &Portal, account: &str) -> Self {
        let client = Client { signing_name: "sqs".to_owned(), ..Client::of_seller(stage, portal, account).await };
        let queue = format!("{}/{TREND_MICRO}/events", portal.origin);
        Self { client, queue }
    }

    /// An operation on the queue.
    pub async fn call(&self, operation: &str, mut body: Value) -> Answer {
        if body.get("QueueUrl").is_none() {
            body["QueueUrl"] = json!(self.queue);
        }
        self.at("/", operation, body).await
    }

    async fn at(&self, path: &str, operation: &str, body: Value) -> Answer {
        let target = format!("AmazonSQS.{operation}");
        let headers = [("content-type", "application/x-amz-json-1.0"), ("x-amz-target", target.as_str())];
        self.client.send(path, &headers, body.to_string().into_bytes()).await
    }

    /// What is received; nothing when the answer has no messages.
    async fn receive(&self, body: Value) -> Vec<Value> {
        let answer = self.call("ReceiveMessage", body).await.ok();
        match answer.get("Messages") {
            Some(messages) => messages.as_array().unwrap().clone(),
            None => Vec::new(),
        }
    }

    /// Everything that is there, for half a minute.
    pub async fn all(&self) -> Vec<Value> {
        let mut all = Vec::new();
        loop {
            let some = self.receive(json!({ "MaxNumberOfMessages": 10, "AttributeNames": ["All"] })).await;
            if some.is_empty() {
                return all;
            }
            all.extend(some);
        }
    }

    /// One attribute of the queue.
    async fn attribute(&self, name: &str) -> String {
        let answer = self.call("GetQueueAttributes", json!({ "AttributeNames": [name] })).await.ok();
        answer["Attributes"][name].as_str().unwrap().to_owned()
    }
}
