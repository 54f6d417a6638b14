//! Queues by the API of SQS: receiving, deleting, hiding, what is known of them, and every refusal by its name.

use super::{Consumer, count, make};
use crate::support::Stage;
use crate::support::people::ACME_BUYER;
use crate::support::portal::Portal;
use crate::support::wire::{ACME, Answer, Client, OTHER_SELLER, TREND_MICRO, vision};
use chrono::TimeDelta;
use creditdesk::marketplace::event_target::Wanted;
use md5::{Digest, Md5};
use serde_json::{Value, json};

/// A purchase of Acme's: two events.
async fn buy(stage: &Stage, portal: &Portal) {
    let buyer = Client::of_buyer(stage, portal, ACME, ACME_BUYER).await;
    buyer.buy(&vision(stage).await, 500).await;
}

fn refusal(answer: &Answer) -> (u16, String, String) {
    let (status, shape) = answer.error();
    (status, shape.trim_start_matches("com.amazonaws.sqs#").to_owned(), answer.query_error.trim_end_matches(";Sender").to_owned())
}

fn named(shape: &str, code: &str) -> (u16, String, String) {
    (400, shape.to_owned(), code.to_owned())
}

fn handle(message: &Value) -> Value {
    json!({ "ReceiptHandle": message["ReceiptHandle"] })
}

both_engines! {
    /// Rule 73 of the protocol: the body is the event itself; it is hidden while it is worked on, comes again when nobody
    /// deletes it, and never after that.
    #[test]
    async fn an_event_is_received_until_it_is_deleted(stage: Stage) {
        let portal = stage.portal().await;
        let consumer = Consumer::new(&stage, &portal).await;
        buy(&stage, &portal).await;
        let messages = consumer.all().await;
        let [created, updated] = &messages[..] else { panic!("{messages:#?}") };
        let body = created["Body"].as_str().unwrap();
        let event: Value = serde_json::from_str(body).unwrap();
        assert_eq!((&event["detail-type"], &event["account"]), (&json!("Purchase Agreement Created - Proposer"), &json!(TREND_MICRO)));
        let md5: String = Md5::digest(body.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(created["MD5OfBody"], md5.as_str());
        let now = stage.now().timestamp_millis().to_string();
        let attributes = json!({ "SenderId": TREND_MICRO, "SentTimestamp": now, "ApproximateReceiveCount": "1", "ApproximateFirstReceiveTimestamp": now });
        assert_eq!(created["Attributes"], attributes);
        assert_ne!(created["MessageId"], updated["MessageId"]);
        stage.clock.advance(TimeDelta::seconds(30) - TimeDelta::microseconds(1));
        assert!(consumer.all().await.is_empty(), "both are hidden");
        stage.clock.advance(TimeDelta::microseconds(1));
        let again = consumer.all().await;
        assert_eq!((again.len(), &again[0]["Body"], &again[0]["Attributes"]["ApproximateReceiveCount"]), (2, &created["Body"], &json!("2")));
        assert_eq!(again[0]["Attributes"]["ApproximateFirstReceiveTimestamp"], now.as_str());
        assert_ne!(again[0]["ReceiptHandle"], created["ReceiptHandle"]);
        consumer.call("DeleteMessage", handle(created)).await.ok();
        consumer.call("DeleteMessage", handle(&again[1])).await.ok();
        stage.clock.advance(TimeDelta::seconds(31));
        let left = consumer.receive(json!({ "MaxNumberOfMessages": 10 })).await;
        assert_eq!((left.len(), &left[0]["MessageId"]), (1, &created["MessageId"]), "an older receive's handle deletes nothing");
        assert!(left[0].get("Attributes").is_none(), "nobody asked for any");
        consumer.call("DeleteMessage", handle(&left[0])).await.ok();
        stage.clock.advance(TimeDelta::days(1));
        assert!(consumer.all().await.is_empty());
        assert_eq!(count(&stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM event_deliveries WHERE status = 'delivered'").await, 2);
        let console = "SELECT CAST(COUNT(*) AS BIGINT) FROM marketplace_events WHERE acknowledged_at IS NULL";
        assert_eq!(count(&stage, console).await, 2, "what the console hears is its own");
    }

    /// A receiver that needs longer says so, and one that gives up lets the next one in at once.
    #[test]
    async fn a_receiver_can_take_longer_or_give_up(stage: Stage) {
        let portal = stage.portal().await;
        let consumer = Consumer::new(&stage, &portal).await;
        buy(&stage, &portal).await;
        let message = consumer.receive(json!({ "VisibilityTimeout": 10 })).await.remove(0);
        let change = async |message: &Value, seconds: i64| {
            let mut body = handle(message);
            body["VisibilityTimeout"] = json!(seconds);
            consumer.call("ChangeMessageVisibility", body).await
        };
        change(&message, 100).await.ok();
        stage.clock.advance(TimeDelta::seconds(99));
        assert_eq!(consumer.all().await.len(), 1, "only the other one is visible");
        change(&message, 0).await.ok();
        let taken = consumer.receive(json!({ "VisibilityTimeout": 1 })).await.remove(0);
        assert_eq!(taken["MessageId"], message["MessageId"]);
        assert_eq!(refusal(&change(&message, 5).await), named("InvalidParameterValue", "InvalidParameterValue"), "it was received anew");
        stage.clock.advance(TimeDelta::seconds(1));
        let late = refusal(&change(&taken, 5).await);
        assert_eq!(late, named("MessageNotInflight", "AWS.SimpleQueueService.MessageNotInflight"));
        let figures = async || (consumer.attribute("ApproximateNumberOfMessages").await, consumer.attribute("ApproximateNumberOfMessagesNotVisible").await);
        assert_eq!(figures().await, ("1".to_owned(), "1".to_owned()));
        let entries: Vec<Value> = consumer.all().await.iter().enumerate().map(|(number, message)| json!({ "Id": format!("m{number}"), "ReceiptHandle": message["ReceiptHandle"], "VisibilityTimeout": 0 })).collect();
        let answer = consumer.call("ChangeMessageVisibilityBatch", json!({ "Entries": entries })).await.ok();
        assert_eq!(answer, json!({ "Successful": [{ "Id": "m0" }], "Failed": [] }));
        let mut entries: Vec<Value> = consumer.all().await.iter().map(|message| json!({ "Id": "good", "ReceiptHandle": message["ReceiptHandle"] })).collect();
        entries.push(json!({ "Id": "bad", "ReceiptHandle": "x" }));
        let answer = consumer.call("DeleteMessageBatch", json!({ "Entries": entries })).await.ok();
        assert_eq!((&answer["Successful"], &answer["Failed"][0]["Code"]), (&json!([{ "Id": "good" }]), &json!("ReceiptHandleIsInvalid")));
        consumer.call("PurgeQueue", json!({})).await.ok();
        stage.clock.advance(TimeDelta::hours(1));
        assert_eq!(figures().await, ("0".to_owned(), "0".to_owned()));
    }

    /// What a consumer can ask of its queues, at `/` and at the queue's own address, in any region.
    #[test]
    async fn queues_are_found_by_name_and_describe_themselves(stage: Stage) {
        let portal = stage.portal().await;
        let mut consumer = Consumer::new(&stage, &portal).await;
        make(&stage, "another", Wanted::Queue).await.unwrap();
        let found = consumer.call("GetQueueUrl", json!({ "QueueName": "events" })).await.ok();
        assert_eq!(found["QueueUrl"], consumer.queue.as_str());
        let all = consumer.call("ListQueues", json!({})).await.ok();
        let another = consumer.queue.replace("/events", "/another");
        assert_eq!(all, json!({ "QueueUrls": [another, consumer.queue] }));
        assert_eq!(consumer.call("ListQueues", json!({ "QueueNamePrefix": "ev" })).await.ok(), json!({ "QueueUrls": [consumer.queue] }));
        let page = consumer.call("ListQueues", json!({ "MaxResults": 1 })).await.ok();
        assert_eq!(page["QueueUrls"], json!([another]));
        let rest = consumer.call("ListQueues", json!({ "MaxResults": 1, "NextToken": page["NextToken"] })).await.ok();
        assert_eq!(rest, json!({ "QueueUrls": [consumer.queue] }));
        assert_eq!(consumer.call("ListQueues", json!({ "QueueNamePrefix": "zz" })).await.ok(), json!({}));
        assert_eq!(consumer.attribute("QueueArn").await, "arn:aws:sqs:us-east-1:294406891311:events");
        let every = consumer.call("GetQueueAttributes", json!({ "AttributeNames": ["All"] })).await.ok();
        assert_eq!((every["Attributes"].as_object().unwrap().len(), &every["Attributes"]["VisibilityTimeout"]), (11, &json!("30")));
        buy(&stage, &portal).await;
        consumer.client.region = "eu-central-1".to_owned();
        let path = format!("/{TREND_MICRO}/events");
        let received = consumer.at(&path, "ReceiveMessage", json!({ "QueueUrl": consumer.queue })).await.ok();
        assert_eq!(received["Messages"].as_array().unwrap().len(), 1);
    }

    /// IDN-4: a queue is its seller's alone; and every other refusal has the name that clients know.
    #[test]
    async fn refusals_have_the_names_that_clients_know(stage: Stage) {
        let portal = stage.portal().await;
        let consumer = Consumer::new(&stage, &portal).await;
        buy(&stage, &portal).await;
        let no_queue = named("QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue");
        let other = Consumer::of(&stage, &portal, OTHER_SELLER).await;
        for operation in ["ReceiveMessage", "GetQueueAttributes", "PurgeQueue"] {
            assert_eq!(refusal(&other.call(operation, json!({})).await), no_queue, "{operation}");
        }
        let owner = json!({ "QueueName": "events", "QueueOwnerAWSAccountId": TREND_MICRO });
        assert_eq!(refusal(&other.call("GetQueueUrl", owner).await), no_queue);
        assert_eq!(other.call("ListQueues", json!({})).await.ok(), json!({}));
        let buyer = Client { signing_name: "sqs".to_owned(), ..Client::of_buyer(&stage, &portal, ACME, ACME_BUYER).await };
        let buyer = Consumer { client: buyer, queue: consumer.queue.clone() };
        assert_eq!(refusal(&buyer.call("ReceiveMessage", json!({})).await), named("AccessDeniedException", ""));
        let wrong_scope = Consumer { client: Client { signing_name: "aws-marketplace".to_owned(), ..consumer.client.clone() }, ..consumer.clone() };
        assert_eq!(refusal(&wrong_scope.call("ReceiveMessage", json!({})).await), named("InvalidSignatureException", ""));
        let elsewhere = consumer.queue.replace("/events", "/elsewhere");
        assert_eq!(refusal(&consumer.call("ReceiveMessage", json!({ "QueueUrl": elsewhere })).await), no_queue);
        assert_eq!(refusal(&consumer.call("ReceiveMessage", json!({ "QueueUrl": "events" })).await), named("InvalidAddress", "InvalidAddress"));
        for (name, wrong) in [("MaxNumberOfMessages", 0), ("MaxNumberOfMessages", 11), ("VisibilityTimeout", 43_201), ("WaitTimeSeconds", 21)] {
            let answer = consumer.call("ReceiveMessage", json!({ name: wrong })).await;
            assert_eq!(refusal(&answer), named("InvalidParameterValue", "InvalidParameterValue"), "{name} {wrong}");
        }
        let message = consumer.receive(json!({})).await.remove(0);
        make(&stage, "another", Wanted::Queue).await.unwrap();
        let mut elsewhere = handle(&message);
        elsewhere["QueueUrl"] = json!(consumer.queue.replace("/events", "/another"));
        let bad_receipt = named("ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid");
        assert_eq!(refusal(&consumer.call("DeleteMessage", elsewhere).await), bad_receipt, "a receipt is of one queue");
        assert_eq!(refusal(&consumer.call("DeleteMessage", json!({ "ReceiptHandle": "x" })).await), bad_receipt);
        assert_eq!(refusal(&consumer.call("DeleteMessage", json!({})).await), named("MissingParameter", "MissingParameter"));
        let entry = |id: &str| json!({ "Id": id, "ReceiptHandle": "x" });
        let many: Vec<Value> = (0..11).map(|number| entry(&number.to_string())).collect();
        for (entries, shape) in [(vec![], "EmptyBatchRequest"), (many, "TooManyEntriesInBatchRequest"), (vec![entry("a"), entry("a")], "BatchEntryIdsNotDistinct"), (vec![entry("a b")], "InvalidBatchEntryId")] {
            let answer = consumer.call("DeleteMessageBatch", json!({ "Entries": entries })).await;
            assert_eq!(refusal(&answer), named(shape, &format!("AWS.SimpleQueueService.{shape}")));
        }
        let unknown = consumer.call("GetQueueAttributes", json!({ "AttributeNames": ["Colour"] })).await;
        assert_eq!(refusal(&unknown), named("InvalidAttributeName", "InvalidAttributeName"));
        assert_eq!(refusal(&consumer.call("SendMessage", json!({})).await), named("UnknownOperationException", ""));
        assert_eq!(count(&stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM event_deliveries WHERE status <> 'waiting'").await, 0);
    }
}
