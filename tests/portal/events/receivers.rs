//! Several receivers of one queue, and those that wait for a message.

use super::{Consumer, count};
use crate::support::Stage;
use crate::support::people::ACME_BUYER;
use crate::support::portal::Portal;
use crate::support::wire::{ACME, Client, vision};
use chrono::TimeDelta;
use creditdesk::db::Db;
use futures_util::future::join_all;
use serde_json::json;
use std::collections::BTreeSet;

both_engines! {
    /// Two receivers never hold one message: eight that ask at once, of two processes, share what there is.
    #[test]
    async fn receivers_that_ask_at_once_never_get_the_same_message(stage: Stage) {
        let portal = stage.portal().await;
        let second = Portal::over(&stage, Db::open(stage.url()).await.unwrap()).await;
        let consumer = Consumer::new(&stage, &portal).await;
        let buyer = Client::of_buyer(&stage, &portal, ACME, ACME_BUYER).await;
        let product = vision(&stage).await;
        for _ in 0..12 {
            buyer.buy(&product, 100).await;
        }
        let origins = [portal.origin.clone(), second.origin.clone()];
        let receivers = (0..8).map(|number| {
            let client = Client { origin: origins[number % 2].clone(), ..consumer.client.clone() };
            let consumer = Consumer { client, ..consumer.clone() };
            tokio::spawn(async move { consumer.all().await })
        });
        let mut ids = Vec::new();
        for taken in join_all(receivers).await {
            ids.extend(taken.unwrap().into_iter().map(|message| message["MessageId"].as_str().unwrap().to_owned()));
        }
        assert_eq!((ids.len(), ids.iter().collect::<BTreeSet<_>>().len()), (24, 24));
        assert_eq!(count(&stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM event_deliveries WHERE attempts <> 1").await, 0);
        second.stop().await;
    }

    /// Who waits gets the next event as soon as it is there, and nothing when the time is over.
    #[test]
    async fn a_receiver_that_waits_is_woken_by_an_event(stage: Stage) {
        let portal = stage.portal().await;
        let consumer = Consumer::new(&stage, &portal).await;
        let waiting = |seconds: i64| {
            let consumer = consumer.clone();
            let asked = json!({ "WaitTimeSeconds": seconds, "MaxNumberOfMessages": 10 });
            tokio::spawn(async move { consumer.receive(asked).await })
        };
        let receiver = waiting(20);
        let buyer = Client::of_buyer(&stage, &portal, ACME, ACME_BUYER).await;
        buyer.buy(&vision(&stage).await, 100).await;
        portal.run_due_jobs().await;
        assert!(!receiver.await.unwrap().is_empty());
        consumer.all().await;
        let receiver = waiting(5);
        portal.run_due_jobs().await;
        assert!(!receiver.is_finished(), "the clock stands still");
        while !receiver.is_finished() {
            stage.clock.advance(TimeDelta::seconds(1));
            portal.run_due_jobs().await;
            tokio::task::yield_now().await;
        }
        assert!(receiver.await.unwrap().is_empty());
    }

    /// Quality F: the program does not wait for those who wait.
    #[test]
    async fn who_waits_does_not_hold_up_a_stop(stage: Stage) {
        let portal = stage.portal().await;
        let consumer = Consumer::new(&stage, &portal).await;
        let receiver = {
            let consumer = consumer.clone();
            tokio::spawn(async move { consumer.receive(json!({ "WaitTimeSeconds": 20 })).await })
        };
        // Its key is noted as used when it has been let in.
        while count(&stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM access_keys WHERE last_used_at IS NOT NULL").await == 0 {
            tokio::task::yield_now().await;
        }
        portal.stop().await;
        assert!(receiver.await.unwrap().is_empty());
    }
}
