//! What events say, to the letter, and that they are written with the change or not at all.

use super::{count, make, make_older};
use crate::marketplace::market::{ACME, Buyer, Market, credits};
use crate::support::Stage;
use chrono::TimeDelta;
use creditdesk::db::{Failed, SplitRefusal};
use creditdesk::kernel::clock::Timestamp;
use creditdesk::marketplace::agreement::Agreement;
use creditdesk::marketplace::event_target::{Topic, Wanted};
use creditdesk::marketplace::ids::Prodview;
use creditdesk::marketplace::listing;
use creditdesk::marketplace::pay;
use creditdesk::marketplace::payment::{PaymentMethod, SETTLES_AFTER};
use creditdesk::marketplace::quoting;
use creditdesk::marketplace::renew::renew_due;
use creditdesk::marketplace::renewal::{self, Chosen};
use creditdesk::marketplace::settle::settle_pending_payments;
use creditdesk::marketplace::subscriptions;
use creditdesk::marketplace::upgrade;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What waits for the targets of a topic, in order, as parsed.
async fn said(stage: &Stage, topic: Topic) -> Vec<Value> {
    let rows = stage.db.read("SELECT d.message FROM event_deliveries d JOIN event_targets t ON t.id = d.target_id WHERE d.event_id IS NOT NULL AND t.topic = $1 ORDER BY d.id");
    let rows: Vec<(String,)> = rows.bind(topic).all().await.unwrap();
    rows.into_iter().map(|(message,)| serde_json::from_str(&message).unwrap()).collect()
}

/// Without what is new in each event; that it is new was looked at.
fn without_ids(events: Vec<Value>) -> Vec<Value> {
    let mut seen = BTreeSet::new();
    let strip = |mut event: Value| {
        for id in [event["id"].take(), event["detail"]["requestId"].take()] {
            assert_eq!(id.as_str().unwrap().len(), 36);
            assert!(seen.insert(id.to_string()), "{id} twice");
        }
        event.as_object_mut().unwrap().remove("id");
        event["detail"].as_object_mut().unwrap().remove("requestId");
        event
    };
    events.into_iter().map(strip).collect()
}

fn millis(at: Timestamp) -> String {
    at.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// The frame around a detail.
fn event(kind: &str, at: &str, agreement: &Agreement, mut detail: Value) -> Value {
    detail["catalog"] = json!("AWSMarketplace");
    detail["acceptor"] = json!({ "accountId": "111122223333" });
    detail["proposer"]["accountId"] = json!("294406891311");
    json!({
        "version": "0",
        "detail-type": kind,
        "source": "aws.agreement-marketplace",
        "account": "294406891311",
        "time": at,
        "region": "us-east-1",
        "resources": [format!("arn:aws:aws-marketplace::aws:agreement:{}", agreement.id)],
        "detail": detail,
    })
}

fn agreement_of(agreement: &Agreement, intent: &str, status: &str) -> Value {
    json!({
        "id": agreement.id.as_str(),
        "intent": intent,
        "status": status,
        "acceptanceTime": millis(agreement.accepted_at),
        "startTime": millis(agreement.starts_at),
        "endTime": millis(agreement.ends_at),
    })
}

fn license(agreement: &Agreement) -> Value {
    json!({
        "agreement": { "id": agreement.id.as_str() },
        "product": { "id": agreement.product_id.as_str(), "code": "74az0btybm649octamy0sktos" },
        "license": { "arn": agreement.license_arn.as_str() },
        "offer": { "id": agreement.offer_id.as_str() },
    })
}

async fn newest(market: &Market, buyer: &Buyer, first: &Agreement) -> Agreement {
    let chain = subscriptions::find(market.db(), &buyer.scope, &first.id).await.unwrap().unwrap().chain;
    market.agreement(buyer, &chain.last().unwrap().id).await
}

async fn reach(market: &Market, at: Timestamp) {
    market.clock.advance(at - market.clock.now());
    renew_due(&market.till, &market.clock).await.unwrap();
}

both_engines! {
    /// Section 8.2 of the protocol: from the purchase to the end, every event in the exact shape of its kind.
    #[test]
    async fn every_event_of_a_contracts_life_has_its_exact_shape(stage: Stage) {
        let market = Market::open(&stage).await;
        make(&stage, "events", Wanted::Queue).await.unwrap();
        let buyer = market.buyer(ACME, PaymentMethod::Invoice).await;
        let first = market.buy(&buyer, 500).await;
        market.activate(&first).await;
        stage.clock.advance(TimeDelta::milliseconds(1_013));
        let quote = upgrade::create(market.db(), &buyer.scope, &market.who(&buyer), &first.id, credits(100), None).await.refusal().unwrap().unwrap();
        market.pay(&buyer, &quote, 1).await.unwrap();
        let product = json!({ "id": first.product_id.as_str(), "title": "Trend Vision One" });
        let offer = json!({ "id": first.offer_id.as_str() });
        let mut amended = agreement_of(&first, "AMEND", "ACTIVE");
        amended["autoRenewalEnabled"] = json!(true);
        let opened = "2026-03-02T09:00:00Z";
        let created = json!({ "agreement": agreement_of(&first, "NEW", "ACTIVE"), "resaleAuthorization": { "id": null }, "offer": offer });
        let raised = json!({
            "agreement": amended,
            "resaleAuthorization": { "id": null },
            "offer": offer,
            "product": product,
            "renewalSummary": { "lockoutStartTime": millis(first.ends_at), "disabledBy": null },
        });
        let so_far = [
            event("Purchase Agreement Created - Proposer", opened, &first, created),
            event("License Updated - Manufacturer", opened, &first, license(&first)),
            event("Purchase Agreement Amended - Proposer", "2026-03-02T09:00:01Z", &first, raised),
            event("License Updated - Manufacturer", "2026-03-02T09:00:01Z", &first, license(&first)),
        ];
        assert_eq!(without_ids(said(&stage, Topic::Events).await), so_far);

        reach(&market, first.ends_at).await;
        let second = newest(&market, &buyer, &first).await;
        assert_ne!(second.id, first.id);
        renewal::change(market.db(), &buyer.scope, &market.who(&buyer), &second.id, Chosen::auto_renew(false)).await.refusal().unwrap().unwrap();
        reach(&market, second.ends_at).await;
        let mut renewed = agreement_of(&second, "RENEW", "ACTIVE");
        renewed["previousAgreementId"] = json!(first.id.as_str());
        let mut off = agreement_of(&second, "AMEND", "ACTIVE");
        off["autoRenewalEnabled"] = json!(false);
        let offer = json!({ "id": second.offer_id.as_str() });
        let proposer = json!({ "name": "Trend Micro" });
        let created = json!({ "agreement": renewed, "resaleAuthorization": { "id": null }, "offer": offer, "product": product, "proposer": proposer });
        let ended = |agreement, intent, status| json!({ "agreement": agreement_of(agreement, intent, status), "resaleAuthorization": { "id": null } });
        let switched_off = json!({
            "agreement": off,
            "resaleAuthorization": { "id": null },
            "offer": offer,
            "product": product,
            "renewalSummary": { "lockoutStartTime": millis(second.ends_at), "disabledBy": "ACCEPTOR" },
        });
        let (at, over) = ("2027-03-02T09:00:00Z", "2028-03-02T09:00:00Z");
        let later = [
            event("Purchase Agreement Created - Proposer", at, &second, created),
            event("Purchase Agreement Ended - Proposer", at, &first, ended(&first, "NEW", "RENEWED")),
            event("License Updated - Manufacturer", at, &second, license(&second)),
            event("Purchase Agreement Amended - Proposer", at, &second, switched_off),
            event("Purchase Agreement Ended - Proposer", over, &second, ended(&second, "RENEW", "EXPIRED")),
            event("License Deprovisioned - Manufacturer", over, &second, license(&second)),
        ];
        assert_eq!(without_ids(said(&stage, Topic::Events).await)[4..], later);
    }

    /// Section 8.2 of the protocol: what is charged by use has no end, and a purchase whose payment failed was rolled back.
    #[test]
    async fn what_is_charged_by_use_has_no_end(stage: Stage) {
        let market = Market::open(&stage).await;
        make(&stage, "events", Wanted::Queue).await.unwrap();
        let buyer = market.buyer(ACME, PaymentMethod::TestSettleDeclined).await;
        let prodview: Prodview = stage.db.read("SELECT prodview FROM products WHERE dimension = 'pay_as_you_go'").scalar().await.unwrap();
        let metered = listing::find(&stage.db, &prodview).await.unwrap().unwrap();
        let wanted = quoting::Wanted { credits: credits(1), auto_renew: true, purchase_order: None };
        let quote = quoting::create(market.db(), &buyer.scope, &market.who(&buyer), &prodview, &metered.offer_id, &wanted).await.unwrap();
        market.pay(&buyer, &quote, 1).await.unwrap();
        let created = said(&stage, Topic::Events).await.remove(0);
        assert_eq!(created["detail"]["agreement"]["endTime"], "9999-01-01T00:00:00Z");
        market.buy(&buyer, 500).await;
        stage.clock.advance(SETTLES_AFTER);
        settle_pending_payments(&market.till, &stage.clock).await.unwrap();
        let last = said(&stage, Topic::Events).await.pop().unwrap();
        assert_eq!((&last["detail-type"], &last["detail"]["agreement"]["status"]), (&json!("Purchase Agreement Ended - Proposer"), &json!("ROLLED_BACK")));
    }

    /// Section 8.1 of the protocol: the topics of an older listing, and nothing of a newer one's.
    #[test]
    async fn older_listings_have_the_messages_of_their_topics(stage: Stage) {
        let market = Market::open(&stage).await;
        let product = market.listing().await.id;
        let hook = |topic, product| Wanted::Webhook("https://vendor.example/".parse().unwrap(), topic, product);
        assert!(make(&stage, "early", hook(Topic::Entitlement, Some(product.clone()))).await.is_err(), "the listing is of the newer kind");
        make_older(&stage).await;
        for (name, topic) in [("entitlement", Topic::Entitlement), ("subscription", Topic::Subscription)] {
            make(&stage, name, hook(topic, Some(product.clone()))).await.unwrap();
        }
        stage.db.write("UPDATE event_targets SET confirmed_at = created_at").exec().await.unwrap();
        let buyer = market.buyer(ACME, PaymentMethod::Invoice).await;
        let first = market.buy(&buyer, 500).await;
        let identifier = creditdesk::marketplace::wire::customer::identifier(ACME).unwrap();
        let message = |action: &str| json!({ "action": action, "customer-identifier": identifier, "product-code": "74az0btybm649octamy0sktos" });
        let mut success = message("subscribe-success");
        success["offer-identifier"] = json!(first.offer_id.as_str());
        success["isFreeTrialTermPresent"] = json!("false");
        assert_eq!(said(&stage, Topic::Entitlement).await, [message("entitlement-updated")]);
        assert_eq!(said(&stage, Topic::Subscription).await, [success.clone()]);
        let chosen = Chosen::auto_renew(false);
        renewal::change(market.db(), &buyer.scope, &market.who(&buyer), &first.id, chosen).await.refusal().unwrap().unwrap();
        reach(&market, first.ends_at).await;
        assert_eq!(said(&stage, Topic::Entitlement).await.len(), 2);
        assert_eq!(said(&stage, Topic::Subscription).await, [success.clone(), message("unsubscribe-success")]);

        stage.db.write("UPDATE buyer_accounts SET payment_method = $1").bind(PaymentMethod::TestSettleDeclined).exec().await.unwrap();
        market.buy(&buyer, 500).await;
        assert_eq!(said(&stage, Topic::Subscription).await.len(), 2, "nobody is subscribed before the money is sure");
        stage.clock.advance(SETTLES_AFTER);
        settle_pending_payments(&market.till, &stage.clock).await.unwrap();
        let failed = said(&stage, Topic::Subscription).await.pop().unwrap();
        assert_eq!(failed["action"], "subscribe-fail");
        stage.db.write("UPDATE buyer_accounts SET payment_method = $1").bind(PaymentMethod::TestSettleApproved).exec().await.unwrap();
        market.buy(&buyer, 500).await;
        stage.clock.advance(SETTLES_AFTER);
        settle_pending_payments(&market.till, &stage.clock).await.unwrap();
        assert_eq!(said(&stage, Topic::Subscription).await[3..], [success]);
    }

    /// The outbox is written in the change's own transaction: where it cannot be, nothing is bought.
    #[test]
    async fn no_change_without_its_deliveries_and_no_delivery_without_its_change(stage: Stage) {
        let market = Market::open(&stage).await;
        let buyer = market.buyer(ACME, PaymentMethod::Invoice).await;
        market.buy(&buyer, 100).await;
        assert_eq!(count(&stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM event_deliveries").await, 0, "there was no target");
        for name in ["one", "two"] {
            make(&stage, name, Wanted::Queue).await.unwrap();
        }
        market.buy(&buyer, 100).await;
        let counts = "SELECT CAST(COUNT(*) AS BIGINT) FROM event_deliveries d JOIN marketplace_events e ON e.id = d.event_id AND e.body = d.message";
        assert_eq!(count(&stage, counts).await, 4, "two events for two targets");
        let quote = market.quote(&buyer, 100).await;
        let books = market.books().await;
        stage.db.write("ALTER TABLE event_deliveries RENAME TO elsewhere").exec().await.unwrap();
        let paid = pay::pay(&market.till, &buyer.scope, &market.who(&buyer), &quote, 1).await;
        assert!(matches!(paid, Err(Failed::Storage(_))), "{paid:?}");
        let [agreements, arns, entitlements, charges, _] = market.books().await;
        assert_eq!([agreements, arns, entitlements, charges], books[..4]);
        assert_eq!(count(&stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM marketplace_events").await, 4);
    }
}
