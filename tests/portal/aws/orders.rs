//! Four events of one purchase in every order, each of them twice: what the console ends with is always the same, because an
//! event is only a reason to read the truth. The events are the marketplace's own, taken from its queue by the official SDK.

use crate::events;
use crate::support::Stage;
use crate::support::vendor::{Bought, Vendor};
use crate::support::wire::TREND_MICRO;
use chrono::TimeDelta;
use creditdesk::fulfilment::incoming::sqs::{Message, Queue, Sqs};
use creditdesk::fulfilment::incoming::take_in;
use creditdesk::fulfilment::marketplace::aws::clients::Connection;
use creditdesk::marketplace::event_target::Wanted;
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::Duration;

/// The seller's queue at the marketplace, as the console reads it.
async fn queue(stage: &Stage, vendor: &Vendor) -> Sqs {
    events::make(stage, "console", Wanted::Queue).await.unwrap();
    let connection = Connection {
        region: "us-east-1".to_owned(),
        credentials: Some((vendor.place.folder().join("credentials"), "default".to_owned())),
        metering: None,
        entitlement: None,
        agreement: None,
        sqs: Some(vendor.market.origin.parse().unwrap()),
        connect_timeout: Duration::from_secs(3),
        attempt_timeout: Duration::from_secs(6),
        operation_timeout: Duration::from_secs(20),
        attempts: 1,
    };
    let address = format!("{}/{TREND_MICRO}/console", vendor.market.origin).parse().unwrap();
    Sqs::new(&address, &connection, &stage.clock).await.unwrap()
}

/// So many messages, which are then gone from the queue.
async fn take_out(queue: &Sqs, count: usize) -> Vec<Message> {
    let mut all = Vec::new();
    while all.len() < count {
        for message in queue.receive().await.unwrap() {
            queue.delete(&message.receipt).await.unwrap();
            all.push(message);
        }
    }
    assert_eq!(all.len(), count, "{all:#?}");
    all
}

fn told(message: &Message) -> String {
    let event: Value = serde_json::from_str(&message.body).unwrap();
    event["detail-type"].as_str().unwrap().split(" - ").next().unwrap().to_owned()
}

/// Every order of four.
fn orders() -> Vec<[usize; 4]> {
    let mut orders = Vec::new();
    for number in 0..256_usize {
        let order = [number / 64, number / 16 % 4, number / 4 % 4, number % 4];
        if order.iter().collect::<BTreeSet<_>>().len() == 4 {
            orders.push(order);
        }
    }
    orders
}

/// What the console has of one purchase: its items, its credits, its questions, and its events by state.
#[derive(Debug, PartialEq, Eq)]
struct Books {
    items: Vec<(i64, String, i64)>,
    credits: i64,
    questions: i64,
    events: Vec<(String, i64, i64)>,
}

async fn books(vendor: &Vendor, bought: &Bought) -> Books {
    let (db, agreement) = (&vendor.place.db, bought.agreement.as_str());
    Books {
        items: db.read("SELECT item_number, kind, credits FROM licenses WHERE agreement_id = $1 ORDER BY item_number").bind(agreement).all().await.unwrap(),
        credits: db.read("SELECT CAST(SUM(e.credits) AS BIGINT) FROM credit_entries e JOIN contracts c ON c.id = e.contract_id WHERE c.agreement_id = $1").bind(agreement).scalar().await.unwrap(),
        questions: db.read("SELECT CAST(COUNT(*) AS BIGINT) FROM contract_questions q JOIN contracts c ON c.id = q.contract_id WHERE c.agreement_id = $1").bind(agreement).scalar().await.unwrap(),
        events: db.read("SELECT state, CAST(COUNT(*) AS BIGINT), CAST(SUM(duplicates) AS BIGINT) FROM incoming_events WHERE agreement_id = $1 GROUP BY state ORDER BY state").bind(agreement).all().await.unwrap(),
    }
}

fn item(number: i64, kind: &str, credits: i64) -> (i64, String, i64) {
    (number, kind.to_owned(), credits)
}

both_engines! {
    /// UPG-4, rules 50 and 51 of the protocol: whatever the order of a purchase's four events, and though each comes twice, the
    /// upgrade is booked once, nothing is asked, and every event is followed.
    #[test]
    async fn four_events_in_every_order_end_in_the_same_books(stage: Stage) {
        let vendor = Vendor::open(&stage).await;
        let queue = queue(&stage, &vendor).await;
        let orders = orders();
        assert_eq!(orders.len(), 24);
        for order in orders {
            stage.clock.advance(TimeDelta::minutes(1));
            let bought = vendor.buy(500).await;
            vendor.activate(&bought).await;
            vendor.upgrade(&bought, 800).await;
            let messages = take_out(&queue, 4).await;
            let kinds: Vec<String> = messages.iter().map(told).collect();
            assert_eq!(kinds, ["Purchase Agreement Created", "License Updated", "Purchase Agreement Amended", "License Updated"]);
            vendor.console.run_due_jobs().await;
            let unheard = Books { items: vec![item(1, "new", 500)], credits: 500, questions: 0, events: Vec::new() };
            assert_eq!(books(&vendor, &bought).await, unheard, "nothing has told the console yet");
            for number in order {
                let message = &messages[number];
                // A queue gives a message twice under its id; a queue behind a topic under another.
                for carrier in [message.id.clone(), format!("{}-again", message.id)] {
                    take_in(&vendor.place.db, &message.body, Some(&carrier), stage.now()).await.unwrap();
                    vendor.console.run_due_jobs().await;
                }
            }
            let heard = Books {
                items: vec![item(1, "new", 500), item(2, "upgrade", 300)],
                credits: 800,
                questions: 0,
                events: vec![("followed".to_owned(), 4, 4)],
            };
            assert_eq!(books(&vendor, &bought).await, heard, "{order:?}");
        }
        let all = "SELECT CAST(COUNT(*) AS BIGINT) FROM licenses";
        assert_eq!((vendor.items().await.len(), vendor.count(all).await), (48, 48));
        vendor.stop().await;
    }
}
