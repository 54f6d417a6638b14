//! The inspector: what it shows of calls, refusals and redirects, and that no secret is in it.

use super::{clients, operator, resolved};
use crate::support::Stage;
use crate::support::dump;
use crate::support::people::{ACME_ADMIN, ACME_BUYER, LEAD, SUPPORT};
use crate::support::portal::Portal;
use crate::support::wire::{ACME, ENTITLEMENT, TREND_MICRO, VISION_CODE, vision};
use creditdesk::test_bench::inspect::EventNote;
use serde_json::json;

both_engines! {
    /// Every call, whatever its protocol and whatever came of it, with its request and answer; no token, no signature, no
    /// secret and no cookie.
    #[test]
    async fn every_call_and_redirect_is_shown_without_secrets(stage: Stage) {
        let portal = Portal::on_bench(&stage).await;
        let (seller, buyer) = clients(&stage, &portal).await;
        let mut bench = operator(&portal).await;
        let agreement = buyer.buy(&vision(&stage).await, 500).await;
        let token = buyer.provisioned(&agreement).await["registrationToken"].clone();
        assert_eq!(resolved(&seller, &token).await.0, 200);
        let asked = [vec![0xa1, 0x6b], b"ProductCode".to_vec(), vec![0x78, 25], VISION_CODE.as_bytes().to_vec()].concat();
        let answer = seller.cbor(ENTITLEMENT, "GetEntitlements", asked).await;
        assert_eq!(answer.ok()["Entitlements"].as_array().unwrap().len(), 1);
        let wrong = crate::support::wire::Client { secret: "a-secret-of-nobody".to_owned(), ..seller.clone() };
        assert_eq!(resolved(&wrong, &token).await.1, "InvalidSignatureException");
        // What is no JSON cannot be searched for secrets, so nothing of it is kept.
        let broken = format!("{{\"RegistrationToken\": \"{}\"", token.as_str().unwrap()).into_bytes();
        let target = ("x-amz-target", "AWSMPMeteringService.ResolveCustomer");
        seller.send("/", &[("content-type", "application/x-amz-json-1.1"), target], broken).await.error();
        let mut browser = portal.sign_in(ACME_BUYER).await;
        let purchase = browser.buy("700").await;
        browser.open(&purchase.confirmation()).await;
        let page = browser.press("Set up your account").await;
        let posted = page.attributes("input[name=x-amzn-marketplace-token]", "value").pop().unwrap();
        let forward = page.buttons().pop().unwrap();
        browser.press(&forward).await;

        let all = dump::everything(&stage.db).await;
        let records = dump::Dump::from([("test_bench_records".to_owned(), all["test_bench_records"].clone())]);
        let secrets = [token.as_str().unwrap(), posted.as_str(), seller.secret.as_str(), buyer.secret.as_str(), "a-secret-of-nobody"];
        for secret in secrets {
            assert_eq!(dump::places_of(&records, secret), Vec::<String>::new());
        }
        for cookie in browser.cookies.0.values() {
            assert_eq!(dump::places_of(&records, &format!("{cookie:?}")), Vec::<String>::new());
        }
        assert!(records["test_bench_records"].iter().all(|row| !row.contains("Signature=") || row.contains("Signature=(removed)")));

        let page = bench.open("/admin/test-bench/calls").await;
        let rows = page.rows("Records, newest first");
        let shown: Vec<(&str, &str)> = rows.iter().map(|row| (row[0].as_str(), row[1].as_str())).collect();
        let expected = [
            ("LandingRedirect", "303"),
            ("Set up your accountRedirect", "200"),
            ("ResolveCustomerAPI call", "400"),
            ("ResolveCustomerAPI call", "400"),
            ("GetEntitlementsAPI call", "200"),
            ("ResolveCustomerAPI call", "200"),
            ("GetAgreementEntitlementsAPI call", "200"),
            ("AcceptAgreementRequestAPI call", "200"),
            ("CreateAgreementRequestAPI call", "200"),
        ];
        let bare: Vec<(String, &str)> = shown.iter().map(|(name, status)| (name.replace(' ', ""), *status)).collect();
        let expected: Vec<(String, &str)> = expected.iter().map(|(name, status)| (name.replace(' ', ""), *status)).collect();
        assert_eq!(bare, expected);
        bench.select("Kind", "API call").select("Operation", "ResolveCustomer").fill("Status", "200").press("Apply filters").await;
        assert_eq!(bench.page().rows("Records, newest first").len(), 1);
        let page = bench.click("ResolveCustomer").await;
        assert_eq!((page.heading().as_str(), page.fact("Status").as_str(), page.fact("Account").as_str()), ("ResolveCustomer", "200", TREND_MICRO));
        assert_eq!(page.fact("Access key"), seller.key_id);
        assert!(page.says("\"RegistrationToken\": \"(removed)\"") && page.says(ACME) && page.says("Signature=(removed)"), "{page:?}");
        bench.open("/admin/test-bench/calls?operation=GetEntitlements").await;
        let page = bench.click("GetEntitlements").await;
        assert!(page.says("application/cbor") && page.says("\"IntegerValue\": 500"), "CBOR is shown as JSON: {page:?}");
        assert_eq!(page.fact("Request id"), answer.request_id);
        let csv = bench.open("/admin/test-bench/calls.csv?kind=redirect").await.body.clone();
        assert_eq!(csv.matches("Redirect").count(), 2, "{csv}");
        for email in [SUPPORT, LEAD] {
            assert_eq!(portal.sign_in(email).await.open("/admin/test-bench/calls").await.status, 403);
        }
        assert_eq!(portal.sign_in(ACME_ADMIN).await.open("/admin/test-bench/calls").await.status, 404);
    }

    /// Events are noted with where they went; only the newest records are kept.
    #[test]
    async fn events_are_noted_and_old_records_go(stage: Stage) {
        let portal = Portal::on_bench(&stage).await;
        let mut bench = operator(&portal).await;
        let event = EventNote {
            at: stage.now(),
            detail_type: "License Updated - Manufacturer",
            account: TREND_MICRO,
            to: "queue",
            status: 200,
            id: "6c53798d",
            body: json!({ "detail": { "requestId": "9838714e" } }),
            answer: json!({}),
        };
        portal.bench().note_event(event).await;
        bench.open("/admin/test-bench/calls?kind=event").await;
        let page = bench.click("License Updated - Manufacturer").await;
        assert!(page.says("9838714e") && page.fact("Protocol or address") == "queue", "{page:?}");
        let many = "INSERT INTO test_bench_records (id, kind, seen_at, operation, account, key_id, protocol, status, duration_micros, request_id, request, answer) VALUES ($1, 'call', $2, 'GetEntitlements', '', '', '', 200, 0, '', '{}', '{}')";
        let mut tx = stage.db.begin().await.unwrap();
        for second in 1..=10_001 {
            let insert = tx.q(many).bind(creditdesk::kernel::random::id()).bind(stage.now() + chrono::TimeDelta::seconds(second));
            insert.exec_one().await.unwrap();
        }
        tx.commit().await.unwrap();
        portal.run_due_jobs().await;
        let (count, oldest): (i64, creditdesk::kernel::clock::Timestamp) =
            stage.db.read("SELECT CAST(COUNT(*) AS BIGINT), MIN(seen_at) FROM test_bench_records").one().await.unwrap();
        assert_eq!((count, oldest), (10_000, stage.now() + chrono::TimeDelta::seconds(2)));
        let page = bench.open("/admin/test-bench/calls").await;
        assert!(page.rows("Records, newest first").len() == 25 && page.link("Next page").is_some(), "{page:?}");
    }
}
