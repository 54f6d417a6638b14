//! The pages of event targets: making, what is wrong with the form, what is listed, withdrawing.

use super::{Consumer, count, make_older};
use crate::support::Stage;
use crate::support::people::{ACME_BUYER, OPERATOR};
use crate::support::wire::{ACME, Client, TREND_MICRO, vision};
use serde_json::json;

both_engines! {
    /// SUP-9: an operator makes a queue, sees what waits in it, and withdraws it.
    #[test]
    async fn an_operator_makes_a_queue_and_withdraws_it(stage: Stage) {
        let portal = stage.portal().await;
        let mut operator = portal.sign_in(OPERATOR).await;
        let page = operator.open("/admin/event-targets").await;
        assert!(page.says("No event targets yet"), "{page:?}");
        operator.click("Make an event target").await;
        operator.fill("Seller account", "2944 0689 1311").fill("Name", "events").press("Make the event target").await;
        let page = operator.page();
        assert_eq!(page.flash().as_deref(), Some("Success: The event target was made"));
        assert!(page.says(&format!("{}/{TREND_MICRO}/events", portal.origin)), "{page:?}");
        let consumer = Consumer::of(&stage, &portal, TREND_MICRO).await;
        let buyer = Client::of_buyer(&stage, &portal, ACME, ACME_BUYER).await;
        buyer.buy(&vision(&stage).await, 500).await;
        let message = consumer.receive(json!({})).await.remove(0);
        consumer.call("DeleteMessage", json!({ "ReceiptHandle": message["ReceiptHandle"] })).await.ok();
        let figures = |rows: Vec<Vec<String>>| rows[0][3..6].to_vec();
        assert_eq!(figures(operator.open("/admin/event-targets").await.rows("Event targets, newest first")), ["1", "1", "0"]);
        operator.click("events").await;
        let page = operator.press("Withdraw the target").await;
        assert_eq!(page.flash().as_deref(), Some("Success: The event target was withdrawn"));
        assert_eq!([page.fact("Waiting"), page.fact("Delivered"), page.fact("Failed")], ["0", "1", "1"]);
        assert!(page.fact("Status") == "Withdrawn" && !page.buttons().iter().any(|button| button.starts_with("Withdraw")), "{page:?}");
        let gone = consumer.call("ReceiveMessage", json!({})).await;
        assert_eq!(gone.error().1, "com.amazonaws.sqs#QueueDoesNotExist");
        buyer.buy(&vision(&stage).await, 500).await;
        assert_eq!(count(&stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM event_deliveries").await, 2, "a withdrawn target gets nothing");
        let audited = "SELECT CAST(COUNT(*) AS BIGINT) FROM audit_entries WHERE action IN ('event_target.made', 'event_target.withdrawn')";
        assert_eq!(count(&stage, audited).await, 2);
    }

    /// What is wrong with the form is said beside the field, and nothing is made.
    #[test]
    async fn what_is_wrong_with_a_target_is_said_at_its_field(stage: Stage) {
        let portal = stage.portal().await;
        let mut operator = portal.sign_in(OPERATOR).await;
        let address = "Enter an address that begins with http:// or https://, without a user, of up to 500 characters";
        for (seller, name, kind, typed, problem) in [
            ("123", "events", "Queue", "", "Enter the 12 digits of a seller account"),
            (ACME, "events", "Queue", "", "No seller account has this number"),
            (TREND_MICRO, "my events", "Queue", "", "Enter a name of 1 to 80 letters, digits, hyphens and underscores"),
            (TREND_MICRO, "events", "Webhook", "", address),
            (TREND_MICRO, "events", "Webhook", "ftp://vendor.example", address),
            (TREND_MICRO, "events", "Webhook", "https://me:secret@vendor.example", address),
        ] {
            operator.open("/admin/event-targets/new").await;
            operator.fill("Seller account", seller).fill("Name", name).choose("Kind", kind).fill("Address", typed).press("Make the event target").await;
            assert_eq!((operator.page().status, operator.page().problems()), (422, vec![problem.to_owned()]), "{seller} {name} {typed}");
        }
        assert_eq!(count(&stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM event_targets").await, 0);
        for _ in 0..2 {
            operator.open("/admin/event-targets/new").await;
            operator.fill("Seller account", TREND_MICRO).fill("Name", "events").press("Make the event target").await;
        }
        let taken = "This seller has an event target of this name. Enter another name, or withdraw that one first";
        assert_eq!((operator.page().status, operator.page().problems()), (422, vec![taken.to_owned()]));
    }

    /// A webhook waits for its confirmation, and its last answer is shown; topics of older listings can be chosen.
    #[test]
    async fn a_webhook_is_listed_with_what_it_answered(stage: Stage) {
        let portal = stage.portal().await;
        make_older(&stage).await;
        let hook = super::hook::Hook::open().await;
        hook.answers(403);
        let mut operator = portal.sign_in(OPERATOR).await;
        operator.open("/admin/event-targets/new").await;
        operator.fill("Seller account", TREND_MICRO).fill("Name", "hook").choose("Kind", "Webhook").fill("Address", &hook.address);
        operator.select("Messages", "Entitlement notifications of Trend Vision One").press("Make the event target").await;
        assert_eq!(operator.page().flash().as_deref(), Some("Success: The event target was made"));
        portal.run_due_jobs().await;
        let page = operator.open("/admin/event-targets").await;
        assert!(page.says("Last answer: 403 Forbidden: why"), "{page:?}");
        let page = operator.click("hook").await;
        for words in ["Waits for confirmation", "403 Forbidden: why", &hook.address, "aws-mp-entitlement-notification-74az0btybm649octamy0sktos"] {
            assert!(page.says(words), "{words}: {page:?}");
        }
    }
}
