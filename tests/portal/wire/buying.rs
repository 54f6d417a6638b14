//! A purchase by program: the same effect as by page, once however often it is sent.

use crate::support::Stage;
use crate::support::people::{ACME_ADMIN, ACME_BUYER, GLOBEX_BUYER};
use crate::support::portal::Portal;
use crate::support::wire::{ACME, AGREEMENT, Answer, Client, TREND_MICRO, instant, vision, wanted};
use chrono::TimeDelta;
use serde_json::{Value, json};

async fn create(client: &Client, body: Value) -> Answer {
    client.call(AGREEMENT, "CreateAgreementRequest", body).await
}

async fn accept(client: &Client, request: &Value, more: Value) -> Answer {
    let mut body = json!({ "agreementRequestId": request });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    client.call(AGREEMENT, "AcceptAgreementRequest", body).await
}

async fn count(stage: &Stage, sql: &'static str) -> i64 {
    stage.db.read(sql).scalar().await.unwrap()
}

/// Agreements, entitlements, charges, invoices, payments, events, mails of a purchase.
async fn books(stage: &Stage) -> [i64; 7] {
    [
        count(stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM agreements").await,
        count(stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM entitlements").await,
        count(stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM charges").await,
        count(stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM invoices").await,
        count(stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM payments").await,
        count(stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM marketplace_events").await,
        count(stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM mails").await,
    ]
}

async fn acme(stage: &Stage, portal: &Portal) -> Client {
    Client::of_buyer(stage, portal, ACME, ACME_BUYER).await
}

both_engines! {
    /// MKT-5, MKT-8: a quote charges nothing; accepted, it has the effect of a purchase by page, and is activated alike.
    #[test]
    async fn a_purchase_by_program_has_the_effect_of_one_by_page(stage: Stage) {
        let portal = stage.portal().await;
        let (client, product) = (acme(&stage, &portal).await, vision(&stage).await);
        let mut browser = portal.sign_in(ACME_BUYER).await;
        browser.buy("500").await;
        let by_page = books(&stage).await;
        let quote = create(&client, wanted(&product, 500)).await.ok();
        assert_eq!(books(&stage).await, by_page, "a quote charges nothing");
        assert_eq!((&quote["status"], &quote["approvalRequirement"]), (&json!("DRAFT"), &json!("NOT_REQUIRED")));
        assert_eq!(instant(&quote["createdAt"]), stage.now());
        let charge = &quote["chargeSummary"]["expectedCharges"][0];
        assert_eq!((&charge["amount"], &charge["timing"]), (&json!("500.00"), &json!("ON_ACCEPTANCE")));
        let item = &quote["chargeSummary"]["itemizedCharges"][0];
        assert_eq!((&item["newQuantity"], &item["oldQuantity"], &item["chargeReference"]), (&json!(500), &json!(0), &charge["id"]));
        let agreement = accept(&client, &quote["agreementRequestId"], json!({})).await.ok()["agreementId"].clone();
        assert_eq!(books(&stage).await, by_page.map(|rows| rows * 2));
        let (label, acting): (String, String) =
            stage.db.read("SELECT person_label, acting_as FROM audit_entries WHERE action = 'agreement.created' ORDER BY id DESC LIMIT 1").one().await.unwrap();
        assert_eq!((label, acting), (format!("{ACME_BUYER} by {}", client.key_id), "buyer".to_owned()));
        let page = browser.open(&format!("/marketplace/subscriptions/{}", agreement.as_str().unwrap())).await;
        assert!(page.says("500") && page.status == 200, "{page:?}");
    }

    /// The token that a program was given sets the purchase up in the console like the button's.
    #[test]
    async fn the_token_of_a_program_activates_the_purchase(stage: Stage) {
        let portal = stage.portal().await;
        let client = acme(&stage, &portal).await;
        let agreement = client.buy(&vision(&stage).await, 500).await;
        let provisioned = client.provisioned(&agreement).await;
        assert_eq!(provisioned["status"], "PROVISIONED");
        let mut admin = portal.sign_in(ACME_ADMIN).await;
        admin.land(provisioned["registrationToken"].as_str().unwrap()).await;
        assert!(admin.activate().await.heading().contains("Activation Successful"));
        assert_eq!(count(&stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM contracts").await, 1);
    }

    /// MKT-7: the same request sent again, and the same acceptance, buy once; another request under the token is refused.
    #[test]
    async fn what_is_sent_again_happens_once(stage: Stage) {
        let portal = stage.portal().await;
        let (client, product) = (acme(&stage, &portal).await, vision(&stage).await);
        let mut body = wanted(&product, 500);
        body["clientToken"] = json!("d5c74991-772d-48df-937e-91bf82b30b17");
        let calls = futures_util::future::join_all((0..6).map(|_| create(&client, body.clone()))).await;
        let quotes: Vec<Value> = calls.iter().map(|answer| answer.ok()["agreementRequestId"].clone()).collect();
        assert!(quotes.iter().all(|quote| *quote == quotes[0]), "{quotes:?}");
        let mut other = wanted(&product, 600);
        other["clientToken"] = body["clientToken"].clone();
        assert_eq!(create(&client, other.clone()).await.error(), (409, "ConflictException".to_owned()));
        let globex = Client::of_buyer(&stage, &portal, "444455556666", GLOBEX_BUYER).await;
        assert_eq!(create(&globex, other).await.status, 200, "a token is the account's own");
        let paid = futures_util::future::join_all((0..6).map(|_| accept(&client, &quotes[0], json!({})))).await;
        let agreements: Vec<Value> = paid.iter().filter(|answer| answer.status == 200).map(|answer| answer.json()["agreementId"].clone()).collect();
        assert!(!agreements.is_empty() && agreements.iter().all(|agreement| *agreement == agreements[0]), "{paid:?}");
        assert_eq!(accept(&client, &quotes[0], json!({})).await.ok()["agreementId"], agreements[0]);
        assert_eq!(books(&stage).await[..5], [1, 1, 1, 1, 1]);
    }

    /// MKT-6: a purchase order for the request's charge is on the invoice; the answer stays the same when sent again.
    #[test]
    async fn a_purchase_order_comes_with_the_acceptance(stage: Stage) {
        let portal = stage.portal().await;
        let client = acme(&stage, &portal).await;
        let quote = create(&client, wanted(&vision(&stage).await, 500)).await.ok();
        let charge = &quote["chargeSummary"]["expectedCharges"][0]["id"];
        let order = json!({ "purchaseOrders": [{ "chargeId": charge, "purchaseOrderReference": "PO-2026-001" }] });
        let wrong = json!({ "purchaseOrders": [{ "chargeId": "ch-x", "purchaseOrderReference": "PO-1" }] });
        assert_eq!(accept(&client, &quote["agreementRequestId"], wrong).await.reason(), "INVALID_CHARGE_ID");
        let empty = json!({ "purchaseOrders": [{ "chargeId": charge }] });
        assert_eq!(accept(&client, &quote["agreementRequestId"], empty).await.reason(), "MISSING_PURCHASE_ORDER_REFERENCE");
        assert_eq!(books(&stage).await[..5], [0, 0, 0, 0, 0]);
        let first = accept(&client, &quote["agreementRequestId"], order.clone()).await.ok();
        assert_eq!(accept(&client, &quote["agreementRequestId"], order).await.ok(), first);
        let kept: Option<String> = stage.db.read("SELECT purchase_order FROM invoices").scalar().await.unwrap();
        assert_eq!(kept.as_deref(), Some("PO-2026-001"));
    }

    /// Each thing that can be wrong with a request, by the model's reason; nothing is kept of it.
    #[test]
    async fn what_is_wrong_with_a_request_has_its_reason(stage: Stage) {
        let portal = stage.portal().await;
        let (client, product) = (acme(&stage, &portal).await, vision(&stage).await);
        let with = |change: &dyn Fn(&mut Value)| {
            let mut body = wanted(&product, 500);
            change(&mut body);
            body
        };
        let dimension = |body: &mut Value, name: &str, value: Value| {
            body["requestedTerms"][2]["configuration"]["configurableUpfrontPricingTermConfiguration"]["dimensions"][0][name] = value;
        };
        for (reason, body) in [
            ("MISSING_INTENT", with(&|body| body["intent"] = Value::Null)),
            ("INVALID_INTENT", with(&|body| body["intent"] = json!("BUY"))),
            ("UNSUPPORTED_ACTION", with(&|body| body["intent"] = json!("REPLACE"))),
            ("MISSING_AGREEMENT_PROPOSAL_IDENTIFIER", with(&|body| body["agreementProposalIdentifier"] = Value::Null)),
            ("MISSING_REQUESTED_TERMS", with(&|body| body["requestedTerms"] = json!([]))),
            ("MISSING_MANDATORY_TERMS", with(&|body| drop(body["requestedTerms"].as_array_mut().unwrap().remove(0)))),
            ("INVALID_REQUESTED_TERM_ID", with(&|body| body["requestedTerms"][0]["id"] = json!("term-x"))),
            ("INVALID_REQUESTED_TERMS", with(&|body| body["requestedTerms"][0] = body["requestedTerms"][1].clone())),
            ("MISSING_REQUESTED_TERM_CONFIGURATION", with(&|body| body["requestedTerms"][3]["configuration"] = Value::Null)),
            ("INVALID_REQUESTED_TERM_CONFIGURATION", with(&|body| dimension(body, "dimensionValue", json!(99)))),
            ("INVALID_REQUESTED_TERM_CONFIGURATION", with(&|body| dimension(body, "dimensionKey", json!("seats")))),
            ("INVALID_CLIENT_TOKEN", with(&|body| body["clientToken"] = json!("a b"))),
        ] {
            let answer = create(&client, body).await;
            assert_eq!(answer.reason(), reason);
            assert_eq!((answer.json()["requestId"].as_str(), answer.json()["fields"].is_array()), (Some(answer.request_id.as_str()), true));
        }
        let unknown = with(&|body| body["agreementProposalIdentifier"] = json!("at-unknown"));
        assert_eq!(create(&client, unknown).await.error(), (404, "ResourceNotFoundException".to_owned()));
        assert_eq!(accept(&client, &json!("ar-unknown"), json!({})).await.error(), (404, "ResourceNotFoundException".to_owned()));
        let seller = Client::of_seller(&stage, &portal, TREND_MICRO).await;
        assert_eq!(create(&seller, wanted(&product, 500)).await.error(), (403, "AccessDeniedException".to_owned()));
        assert_eq!(count(&stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM quotes").await, 0);
    }

    /// MKT-5, MKT-14: a request lapses after 24 hours, and is the account's own.
    #[test]
    async fn a_request_lapses_and_is_nobody_elses(stage: Stage) {
        let portal = stage.portal().await;
        let client = acme(&stage, &portal).await;
        let quote = create(&client, wanted(&vision(&stage).await, 500)).await.ok()["agreementRequestId"].clone();
        let globex = Client::of_buyer(&stage, &portal, "444455556666", GLOBEX_BUYER).await;
        assert_eq!(accept(&globex, &quote, json!({})).await.error(), (404, "ResourceNotFoundException".to_owned()));
        stage.clock.advance(TimeDelta::hours(24));
        assert_eq!(accept(&client, &quote, json!({})).await.reason(), "CLOSED_AGREEMENT_REQUEST");
        assert_eq!(books(&stage).await[..5], [0, 0, 0, 0, 0]);
    }

    /// MKT-7, rule 16: a declined payment makes no agreement and leaves the request payable.
    #[test]
    async fn a_declined_payment_makes_nothing(stage: Stage) {
        let portal = stage.portal().await;
        let client = acme(&stage, &portal).await;
        let method = |method: &'static str| {
            let update = stage.db.write("UPDATE buyer_accounts SET payment_method = $2 WHERE id = $1");
            update.bind(ACME).bind(method).exec_one()
        };
        method("test_decline").await.unwrap();
        let quote = create(&client, wanted(&vision(&stage).await, 500)).await.ok()["agreementRequestId"].clone();
        assert_eq!(accept(&client, &quote, json!({})).await.reason(), "OTHER");
        assert_eq!(books(&stage).await[..4], [0, 0, 0, 0]);
        method("test_settle_declined").await.unwrap();
        let agreement = accept(&client, &quote, json!({})).await.ok()["agreementId"].as_str().unwrap().to_owned();
        let pending = client.provisioned(&agreement).await;
        assert_eq!((&pending["status"], &pending["statusReasonCode"]), (&json!("PENDING"), &json!("PROVISIONING_IN_PROGRESS")));
        assert!(pending.get("registrationToken").is_none(), "{pending}");
        stage.clock.advance(TimeDelta::days(1));
        portal.run_due_jobs().await;
        let failed = client.provisioned(&agreement).await;
        assert_eq!((&failed["status"], &failed["statusReasonCode"]), (&json!("FAILED"), &json!("INVALID_PAYMENT_INSTRUMENT")));
    }

    /// UPG-1, UPG-4, rule 42: an amendment raises the total of the same agreement and license, with the same end.
    #[test]
    async fn an_amendment_raises_the_total(stage: Stage) {
        let portal = stage.portal().await;
        let (client, product) = (acme(&stage, &portal).await, vision(&stage).await);
        let mut browser = portal.sign_in(ACME_BUYER).await;
        let mut admin = portal.sign_in(ACME_ADMIN).await;
        let agreement = browser.buy_for("500", &mut admin).await.agreement;
        let amendment = |total: i64| {
            let pricing = wanted(&product, total)["requestedTerms"][2].clone();
            json!({ "intent": "AMEND", "sourceAgreementIdentifier": agreement, "requestedTerms": [pricing] })
        };
        assert_eq!(create(&client, amendment(500)).await.reason(), "INVALID_REQUESTED_TERM_CONFIGURATION", "rule 43: never fewer");
        let quote = create(&client, amendment(800)).await.ok();
        let item = &quote["chargeSummary"]["itemizedCharges"][0];
        assert_eq!((&item["oldQuantity"], &item["newQuantity"], &item["incrementalChargeAmount"]), (&json!(500), &json!(800), &json!("300.00")));
        assert_eq!(quote["chargeSummary"]["newAgreementValue"], "800.00");
        assert_eq!(accept(&client, &quote["agreementRequestId"], json!({})).await.ok()["agreementId"], agreement.as_str());
        assert_eq!(books(&stage).await[..3], [1, 1, 2]);
        assert_eq!(count(&stage, "SELECT quantity FROM entitlements").await, 800);
        let waiting = client.buy(&product, 100).await;
        let mut early = amendment(800);
        early["sourceAgreementIdentifier"] = json!(waiting);
        assert_eq!(create(&client, early).await.reason(), "UNSUPPORTED_ACTION", "not activated yet");
    }
}
