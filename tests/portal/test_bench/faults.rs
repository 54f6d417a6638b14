//! Each fault by what clients and people meet while it is on, and that everything is well again when it is off.

use super::{clients, entitled, entitlements, operator, resolved};
use crate::support::Stage;
use crate::support::people::{ACME_ADMIN, ACME_BUYER};
use crate::support::portal::Portal;
use crate::support::wire::{AGREEMENT, Client, ENTITLEMENT, VISION_CODE, vision};
use chrono::TimeDelta;
use creditdesk::test_bench::fault::Fault;
use serde_json::{Value, json};

/// Status and reason of the one entitlement of an agreement.
async fn provisioning(buyer: &Client, agreement: &str) -> (String, Value) {
    let entitlement = buyer.provisioned(agreement).await;
    (entitlement["status"].as_str().unwrap().to_owned(), entitlement["statusReasonCode"].clone())
}

fn named(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

both_engines! {
    /// Rule 15 of the protocol: what is bought appears late, on the wire and in the console, and then is as it always is.
    #[test]
    async fn a_purchase_appears_after_the_provisioning_delay(stage: Stage) {
        let portal = Portal::on_bench(&stage).await;
        let (seller, buyer) = clients(&stage, &portal).await;
        let mut bench = operator(&portal).await;
        bench.switch_on("Provisioning delay", "90", "1").await;
        assert_eq!(bench.state("Provisioning delay"), "On, 1 time more");
        let (mut browser, mut admin) = (portal.sign_in(ACME_BUYER).await, portal.sign_in(ACME_ADMIN).await);
        let purchase = browser.buy("500").await;
        browser.set_up(&purchase).await;
        admin.take_registration_of(&browser);
        let page = admin.open("/console/activation").await;
        assert!(!page.buttons().contains(&"Activate".to_owned()), "{page:?}");
        assert_eq!(provisioning(&buyer, &purchase.agreement).await, ("PENDING".to_owned(), json!("PROVISIONING_IN_PROGRESS")));
        assert_eq!(entitled(&seller).await, 0);
        let at_once = buyer.buy(&vision(&stage).await, 100).await;
        assert_eq!(provisioning(&buyer, &at_once).await, ("PROVISIONED".to_owned(), Value::Null), "it was for one purchase");
        stage.clock.advance(TimeDelta::seconds(89));
        portal.run_due_jobs().await;
        assert_eq!(entitled(&seller).await, 1);
        stage.clock.advance(TimeDelta::seconds(1));
        portal.run_due_jobs().await;
        assert_eq!(provisioning(&buyer, &purchase.agreement).await.0, "PROVISIONED");
        assert_eq!(entitled(&seller).await, 2);
        assert!(admin.activate().await.heading().contains("Activation Successful"), "{:?}", admin.page());
        assert_eq!(bench.open("/admin/test-bench").await.status, 200);
        assert_eq!(bench.state("Provisioning delay"), "Used up");
    }

    /// Rule 16 of the protocol: a payment that fails after the redirect leaves nothing to activate, and is told.
    #[test]
    async fn a_payment_fails_after_the_redirect(stage: Stage) {
        let portal = Portal::on_bench(&stage).await;
        let (seller, buyer) = clients(&stage, &portal).await;
        let mut bench = operator(&portal).await;
        bench.switch_on("Payment fails after the redirect", "", "").await;
        let product = vision(&stage).await;
        let agreement = buyer.buy(&product, 500).await;
        assert_eq!(provisioning(&buyer, &agreement).await.0, "PENDING");
        bench.put_forward("+61s").await;
        assert_eq!(provisioning(&buyer, &agreement).await, ("FAILED".to_owned(), json!("INVALID_PAYMENT_INSTRUMENT")));
        let described = buyer.call(AGREEMENT, "DescribeAgreement", json!({ "agreementId": agreement })).await.ok();
        assert_eq!(described["status"], "ROLLED_BACK");
        let rows = stage.db.read("SELECT CAST(COUNT(*) AS BIGINT) FROM charges").scalar::<i64>().await.unwrap();
        assert_eq!((entitled(&seller).await, rows), (0, 0), "nothing is granted, nothing is charged");
        bench.switch_off("Payment fails after the redirect").await;
        let paid = buyer.buy(&product, 500).await;
        assert_eq!(provisioning(&buyer, &paid).await.0, "PROVISIONED");
    }

    /// Rules 7 and 71 of the protocol: what calls meet, for how long, and that they recover.
    #[test]
    async fn calls_meet_the_faults_that_are_on(stage: Stage) {
        let portal = Portal::on_bench(&stage).await;
        let (seller, buyer) = clients(&stage, &portal).await;
        let mut bench = operator(&portal).await;
        let agreement = buyer.buy(&vision(&stage).await, 500).await;
        let token = buyer.provisioned(&agreement).await["registrationToken"].clone();
        bench.switch_on("Throttling", "", "2").await;
        let twice = [entitlements(&seller).await, entitlements(&seller).await, entitlements(&seller).await];
        assert_eq!(twice, [named(400, "ThrottlingException"), named(400, "ThrottlingException"), named(200, "")]);
        bench.switch_on("Throttling", "3", "").await;
        stage.clock.advance(TimeDelta::seconds(1));
        for status in [200, 200, 200, 400, 400] {
            assert_eq!(entitlements(&seller).await.0, status);
        }
        stage.clock.advance(TimeDelta::seconds(1));
        assert_eq!(entitlements(&seller).await.0, 200, "the next second is another");
        bench.switch_off("Throttling").await;
        bench.switch_on("Internal error", "", "").await;
        assert_eq!(entitlements(&seller).await, named(500, "InternalServiceErrorException"));
        let described = buyer.call(AGREEMENT, "DescribeAgreement", json!({ "agreementId": agreement })).await;
        assert_eq!(described.error(), named(500, "InternalServerException"));
        bench.switch_off("Internal error").await;
        bench.switch_on("Disabled API", "", "").await;
        assert_eq!(resolved(&seller, &token).await, named(400, "DisabledApiException"));
        assert_eq!(entitlements(&seller).await.0, 200, "only Metering is disabled");
        bench.switch_off("Disabled API").await;
        assert_eq!(resolved(&seller, &token).await.0, 200);
        bench.switch_on("Empty first pages", "", "1").await;
        let page = seller.call(ENTITLEMENT, "GetEntitlements", json!({ "ProductCode": VISION_CODE })).await.ok();
        assert_eq!(page["Entitlements"], json!([]));
        let next = json!({ "ProductCode": VISION_CODE, "NextToken": page["NextToken"] });
        let page = seller.call(ENTITLEMENT, "GetEntitlements", next).await.ok();
        assert_eq!((page["Entitlements"].as_array().unwrap().len(), page.get("NextToken")), (1, None));
        assert_eq!(entitled(&seller).await, 1);
    }

    /// Rule 22 of the protocol: clients have to survive a refusal of a token on its second use, and of one that is over; the
    /// console says what to do.
    #[test]
    async fn tokens_are_over_or_resolve_once(stage: Stage) {
        let portal = Portal::on_bench(&stage).await;
        let (seller, buyer) = clients(&stage, &portal).await;
        let mut bench = operator(&portal).await;
        let agreement = buyer.buy(&vision(&stage).await, 500).await;
        let (first, second) = (buyer.provisioned(&agreement).await, buyer.provisioned(&agreement).await);
        let (first, second) = (&first["registrationToken"], &second["registrationToken"]);
        let over = named(400, "ExpiredTokenException");
        bench.switch_on("Replayed tokens", "", "").await;
        assert_eq!(resolved(&seller, first).await.0, 200);
        assert_eq!((resolved(&seller, first).await, resolved(&seller, first).await), (over.clone(), over.clone()));
        assert_eq!(resolved(&seller, second).await.0, 200, "each token has its own first time");
        bench.switch_off("Replayed tokens").await;
        assert_eq!(resolved(&seller, first).await.0, 200);
        bench.switch_on("Expired tokens", "", "").await;
        assert_eq!(resolved(&seller, second).await, over);
        assert_eq!(resolved(&seller, &json!("nobody/was+given=this")).await, named(400, "InvalidTokenException"));
        let mut browser = portal.browser();
        browser.post("/setup", &[("x-amzn-marketplace-token", second.as_str().unwrap())]).await;
        assert!(browser.page().says("Set up product") || browser.page().status >= 400, "{:?}", browser.page());
        assert!(!browser.cookies.0.contains_key("__Host-setup"), "no registration is held");
        bench.switch_off("Expired tokens").await;
        assert_eq!(resolved(&seller, second).await.0, 200);
    }

    /// Rule 48 of the protocol: an event that is dropped is never seen by the console; the next one brings everything.
    #[test]
    async fn a_dropped_event_is_made_good_by_the_next(stage: Stage) {
        let portal = Portal::on_bench(&stage).await;
        let (mut buyer, mut admin) = (portal.sign_in(ACME_BUYER).await, portal.sign_in(ACME_ADMIN).await);
        let purchase = buyer.buy_for("1,000", &mut admin).await;
        portal.run_due_jobs().await;
        let mut bench = operator(&portal).await;
        bench.switch_on("Dropped events", "", "").await;
        for (times, seen) in [(1, 1_000), (2, 2_000)] {
            buyer.open(&format!("{}?tab=upgrade", purchase.subscription())).await;
            buyer.fill("Credits to add", "500").press("Upgrade contract").await;
            buyer.press("Pay now").await;
            portal.run_due_jobs().await;
            assert_eq!(admin.open("/console/credits").await.figure("Total valid credits"), seen, "{times}");
            if times == 1 {
                bench.switch_off("Dropped events").await;
            }
        }
        let waiting = "SELECT CAST(COUNT(*) AS BIGINT) FROM marketplace_events WHERE acknowledged_at IS NULL";
        assert_eq!(stage.db.read(waiting).scalar::<i64>().await.unwrap(), 0);
    }

    /// The plan of deliveries uses up what was asked for a number of times.
    #[test]
    async fn deliveries_are_planned_by_the_faults_that_are_on(stage: Stage) {
        let portal = Portal::on_bench(&stage).await;
        let (bench, now) = (portal.bench(), stage.now());
        assert_eq!(bench.plan_deliveries(now, 1).await.unwrap(), [now]);
        bench.switch_on(&stage.who("ada"), Fault::DuplicateEvents, Some(5), Some(1)).await.unwrap();
        bench.switch_on(&stage.who("ada"), Fault::LateEvents, None, None).await.unwrap();
        let at = |seconds| now + TimeDelta::seconds(seconds);
        assert_eq!(bench.plan_deliveries(now, 2).await.unwrap(), [at(60), at(65)]);
        assert_eq!(bench.plan_deliveries(now, 3).await.unwrap(), [at(60)], "one was to be duplicated");
        bench.switch_on(&stage.who("ada"), Fault::DroppedEvents, None, Some(1)).await.unwrap();
        assert!(bench.plan_deliveries(now, 4).await.unwrap().is_empty());
        assert_eq!(bench.plan_deliveries(now, 5).await.unwrap(), [at(60)]);
    }

    /// Everything that is wrong with the form is said at once, and nothing is switched.
    #[test]
    async fn a_fault_is_switched_on_within_its_limits(stage: Stage) {
        let portal = Portal::on_bench(&stage).await;
        let mut bench = operator(&portal).await;
        let page = bench.fill("Number", "-1").fill("How many times", "many").press("Switch on").await;
        assert_eq!((page.status, page.problems().len()), (422, 3), "{:?}", page.problems());
        for (value, times, words) in [("86,401", "", "from 0 to 86,400"), ("", "0", "from 1 to 1,000,000")] {
            bench.select("Fault", "Late events").fill("Number", value).fill("How many times", times);
            let page = bench.press("Switch on").await;
            assert!(page.status == 422 && page.problems()[0].contains(words), "{page:?}");
        }
        bench.open("/admin/test-bench").await;
        assert_eq!(bench.state("Late events"), "Off");
        assert!(bench.page().rows("Faults, and which are on").iter().all(|row| row[1] == "Off"));
    }
}
