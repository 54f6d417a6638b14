//! What the embedded marketplace signs, as a console takes it: two programs that know nothing of each other but addresses.

use crate::events;
use crate::support::Stage;
use crate::support::people::ACME_BUYER;
use crate::support::portal::Portal;
use crate::support::wire::{ACME, Client, TREND_MICRO, vision};
use creditdesk::config::IncomingSettings;
use creditdesk::marketplace::event_target::{Topic, Wanted};

async fn count(stage: &Stage, sql: &'static str) -> i64 {
    stage.db.read(sql).scalar().await.unwrap()
}

both_engines! {
    /// Quality B7, the other way round: a genuine topic is confirmed and each of its messages taken, once.
    #[test]
    async fn what_the_marketplace_signs_is_confirmed_and_taken(stage: Stage) {
        let market = stage.portal().await;
        let place = stage.second().await;
        let incoming = IncomingSettings {
            aws_sns_topics: Some(format!("arn:aws:sns:us-east-1:{TREND_MICRO}:creditdesk-events")),
            aws_sns_cert_hosts: Some(market.origin.trim_start_matches("http://").to_owned()),
            ..IncomingSettings::default()
        };
        let console = Portal::with_incoming(&place, incoming).await;
        let address = format!("{}/aws/sns", console.origin).parse().unwrap();
        events::make(&stage, "console", Wanted::Webhook(address, Topic::Events, None)).await.unwrap();
        market.run_due_jobs().await;
        let confirmed = "SELECT CAST(COUNT(*) AS BIGINT) FROM event_targets WHERE confirmed_at IS NOT NULL";
        assert_eq!(count(&stage, confirmed).await, 1, "the console fetched the address that confirms");

        let buyer = Client::of_buyer(&stage, &market, ACME, ACME_BUYER).await;
        buyer.buy(&vision(&stage).await, 500).await;
        let sent = count(&stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM marketplace_events").await;
        market.run_due_jobs().await;
        market.run_due_jobs().await;
        let taken = "SELECT CAST(COUNT(*) AS BIGINT) FROM incoming_events WHERE state = 'waiting' AND duplicates = 0";
        assert_eq!((sent >= 2, count(&place, taken).await), (true, sent));
        let open = "SELECT CAST(COUNT(*) AS BIGINT) FROM event_deliveries WHERE status <> 'delivered'";
        assert_eq!(count(&stage, open).await, 0, "and the marketplace knows it");
        console.stop().await;
    }
}
