//! Events on their way to a seller's own systems while faults of delivery are on.

use super::{clients, operator};
use crate::events::Consumer;
use crate::support::Stage;
use crate::support::portal::Portal;
use crate::support::wire::vision;
use chrono::TimeDelta;
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn ids(messages: &[Value], of: &str) -> BTreeSet<String> {
    messages.iter().map(|message| message[of].as_str().unwrap().to_owned()).collect()
}

/// Events that the inspector has as delivered, and as dropped.
async fn noted(stage: &Stage) -> (usize, usize) {
    let sql = "SELECT CAST(COUNT(*) AS BIGINT) FROM test_bench_records WHERE kind = 'event' AND status = $1";
    let count = async |status: i64| usize::try_from(stage.db.read(sql).bind(status).scalar::<i64>().await.unwrap()).unwrap();
    (count(200).await, count(0).await)
}

both_engines! {
    /// Rules 50, 51 and 71 of the protocol: a queue gets events not at all, late or twice, as the bench says, and each as it
    /// is when nothing is on; the inspector shows each, also what never came.
    #[test]
    async fn a_queue_gets_events_as_the_bench_says(stage: Stage) {
        let portal = Portal::on_bench(&stage).await;
        let consumer = Consumer::new(&stage, &portal).await;
        let (_, buyer) = clients(&stage, &portal).await;
        let (mut bench, product) = (operator(&portal).await, vision(&stage).await);
        buyer.buy(&product, 500).await;
        let usual = consumer.all().await.len();
        assert!(usual >= 2, "{usual}");
        consumer.call("PurgeQueue", json!({})).await.ok();

        bench.switch_on("Dropped events", "", "").await;
        buyer.buy(&product, 500).await;
        assert_eq!((consumer.all().await.len(), noted(&stage).await), (0, (usual, usual)));
        bench.switch_off("Dropped events").await;

        bench.switch_on("Late events", "60", "").await;
        buyer.buy(&product, 500).await;
        assert_eq!(consumer.all().await.len(), 0);
        stage.clock.advance(TimeDelta::seconds(59));
        assert_eq!(consumer.all().await.len(), 0);
        stage.clock.advance(TimeDelta::seconds(1));
        assert_eq!((consumer.all().await.len(), noted(&stage).await), (usual, (2 * usual, usual)), "late, but not lost");
        bench.switch_off("Late events").await;
        consumer.call("PurgeQueue", json!({})).await.ok();

        bench.switch_on("Duplicate events", "5", "").await;
        buyer.buy(&product, 500).await;
        let first = consumer.all().await;
        stage.clock.advance(TimeDelta::seconds(5));
        let again = consumer.all().await;
        assert_eq!((first.len(), ids(&first, "Body")), (usual, ids(&again, "Body")), "the same events");
        assert!(ids(&first, "MessageId").is_disjoint(&ids(&again, "MessageId")), "as messages of their own");
    }
}
