//! Changes by program: the renewal switched, what was changed last, and products that an account buys once at a time.

use crate::support::Stage;
use crate::support::people::{ACME_ADMIN, ACME_BUYER, GLOBEX_BUYER, VISION_ONE};
use crate::support::wire::{ACME, AGREEMENT, Answer, Client, TREND_MICRO, VISION_CODE, instant, vision, wanted};
use chrono::TimeDelta;
use creditdesk::marketplace::wire::products::WireProduct;
use serde_json::{Value, json};

const GLOBEX: &str = "444455556666";

async fn create(client: &Client, body: Value) -> Answer {
    client.call(AGREEMENT, "CreateAgreementRequest", body).await
}

async fn accept(client: &Client, request: &Value) -> Answer {
    client.call(AGREEMENT, "AcceptAgreementRequest", json!({ "agreementRequestId": request })).await
}

/// An amendment with these of the terms of a new contract.
fn amendment(product: &WireProduct, agreement: &str, terms: &[usize], (credits, renews): (i64, bool)) -> Value {
    let all = wanted(product, credits);
    let mut terms: Vec<Value> = terms.iter().map(|index| all["requestedTerms"][*index].clone()).collect();
    for term in &mut terms {
        if term["configuration"].get("renewalTermConfiguration").is_some() {
            term["configuration"]["renewalTermConfiguration"]["enableAutoRenew"] = json!(renews);
        }
    }
    json!({ "intent": "AMEND", "sourceAgreementIdentifier": agreement, "requestedTerms": terms })
}

async fn count(stage: &Stage, sql: &'static str) -> i64 {
    stage.db.read(sql).scalar().await.unwrap()
}

const RENEWS: &str = "SELECT CAST(COUNT(*) AS BIGINT) FROM agreements WHERE auto_renew";
const CHANGES: &str = "SELECT CAST(COUNT(*) AS BIGINT) FROM audit_entries WHERE action = 'agreement.renewal_changed'";
const AGREEMENTS: &str = "SELECT CAST(COUNT(*) AS BIGINT) FROM agreements";

async fn make_legacy(stage: &Stage) {
    let legacy = stage.db.write("UPDATE products SET customer_identity = 'legacy' WHERE product_code = $1");
    legacy.bind(VISION_CODE).exec_one().await.unwrap();
}

both_engines! {
    /// REN-3, section 5 of the protocol: an amendment of the renewal charges nothing, changes nothing until it is accepted,
    /// and then does what the page does, once.
    #[test]
    async fn an_amendment_switches_the_renewal(stage: Stage) {
        let portal = stage.portal().await;
        let (client, product) = (Client::of_buyer(&stage, &portal, ACME, ACME_BUYER).await, vision(&stage).await);
        let agreement = client.buy(&product, 500).await;
        let mut off = amendment(&product, &agreement, &[3], (500, false));
        off["clientToken"] = json!("one");
        let request = create(&client, off.clone()).await.ok();
        assert_eq!((&request["status"], &request["chargeSummary"]["newAgreementValue"]), (&json!("DRAFT"), &json!("500.00")));
        assert_eq!(create(&client, off.clone()).await.ok(), request, "the same request again");
        off["requestedTerms"] = json!([]);
        assert_eq!(create(&client, off).await.error(), (409, "ConflictException".to_owned()));
        assert_eq!([count(&stage, RENEWS).await, count(&stage, CHANGES).await], [1, 0]);
        for _ in 0..2 {
            assert_eq!(accept(&client, &request["agreementRequestId"]).await.ok(), json!({ "agreementId": agreement }));
        }
        assert_eq!([count(&stage, RENEWS).await, count(&stage, CHANGES).await], [0, 1]);
        let on = create(&client, amendment(&product, &agreement, &[2, 3], (500, true))).await.ok();
        accept(&client, &on["agreementRequestId"]).await.ok();
        accept(&client, &request["agreementRequestId"]).await.ok();
        assert_eq!([count(&stage, RENEWS).await, count(&stage, CHANGES).await], [1, 2], "an old request that is sent again changes nothing");
        let both = create(&client, amendment(&product, &agreement, &[2, 3], (800, false))).await;
        assert_eq!(both.reason(), "INCOMPATIBLE_TERMS");
        let stranger = Client::of_buyer(&stage, &portal, GLOBEX, GLOBEX_BUYER).await;
        assert_eq!(create(&stranger, amendment(&product, &agreement, &[3], (500, false))).await.error().0, 404);
        let lapses = create(&client, amendment(&product, &agreement, &[3], (500, false))).await.ok();
        assert_eq!(accept(&stranger, &lapses["agreementRequestId"]).await.error().0, 404);
        stage.clock.advance(TimeDelta::hours(24));
        assert_eq!(accept(&client, &lapses["agreementRequestId"]).await.reason(), "CLOSED_AGREEMENT_REQUEST");
        assert_eq!(accept(&client, &json!("")).await.reason(), "INVALID_AGREEMENT_REQUEST_ID");
        assert_eq!(count(&stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM charges").await, 1);
        stage.clock.advance(TimeDelta::days(400));
        let late = create(&client, amendment(&product, &agreement, &[3], (500, false))).await;
        assert_eq!(late.reason(), "INACTIVE_AGREEMENT");
        portal.stop().await;
    }

    /// Section 9 of the protocol: agreements by the instant of their last change.
    #[test]
    async fn a_search_finds_what_was_changed_last(stage: Stage) {
        let portal = stage.portal().await;
        let (client, product) = (Client::of_buyer(&stage, &portal, ACME, ACME_BUYER).await, vision(&stage).await);
        let seller = Client::of_seller(&stage, &portal, TREND_MICRO).await;
        let (first, bought) = (client.buy(&product, 500).await, stage.now());
        stage.clock.advance(TimeDelta::hours(1));
        let second = client.buy(&product, 600).await;
        stage.clock.advance(TimeDelta::hours(1));
        let off = create(&client, amendment(&product, &first, &[3], (500, false))).await.ok();
        accept(&client, &off["agreementRequestId"]).await.ok();
        let search = async |filter: Option<(&str, &str)>, more: Value| {
            let names = [Some(("PartyType", "Proposer")), Some(("AgreementType", "PurchaseAgreement")), filter];
            let filters: Vec<Value> = names.into_iter().flatten().map(|(name, value)| json!({ "name": name, "values": [value] })).collect();
            let mut asked = json!({ "filters": filters, "sort": { "sortBy": "LastUpdateTime", "sortOrder": "DESCENDING" } });
            asked.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            seller.call(AGREEMENT, "SearchAgreements", asked).await.ok()
        };
        let ids = |page: &Value| page["agreementViewSummaries"].as_array().unwrap().iter().map(|row| row["agreementId"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
        let all = search(None, json!({})).await;
        assert_eq!(ids(&all), [first.clone(), second.clone()]);
        let updated: Vec<_> = all["agreementViewSummaries"].as_array().unwrap().iter().map(|row| instant(&row["lastUpdateTime"])).collect();
        assert_eq!(updated, [stage.now(), bought + TimeDelta::hours(1)]);
        assert_eq!(ids(&search(Some(("AfterLastUpdateTime", "2026-03-02T10:30:00Z")), json!({})).await), std::slice::from_ref(&first));
        assert_eq!(ids(&search(Some(("BeforeLastUpdateTime", "2026-03-02T10:30:00Z")), json!({})).await), std::slice::from_ref(&second));
        let page = search(None, json!({ "maxResults": 1 })).await;
        let rest = search(None, json!({ "maxResults": 1, "nextToken": page["nextToken"] })).await;
        assert_eq!([ids(&page), ids(&rest)].concat(), [first, second]);
        assert!(rest.get("nextToken").is_none());
        portal.stop().await;
    }

    /// Rule 13 of the protocol: a legacy product is sold to an account once at a time, by page and by program; others and
    /// other accounts are not touched, and after the end it is sold again.
    #[test]
    async fn a_legacy_product_is_sold_once_at_a_time(stage: Stage) {
        let portal = stage.portal().await;
        make_legacy(&stage).await;
        let (client, product) = (Client::of_buyer(&stage, &portal, ACME, ACME_BUYER).await, vision(&stage).await);
        let waiting = create(&client, wanted(&product, 700)).await.ok();
        let mut browser = portal.sign_in(ACME_BUYER).await;
        let mut admin = portal.sign_in(ACME_ADMIN).await;
        let purchase = browser.buy_for("500", &mut admin).await;
        let refused = create(&client, wanted(&product, 600)).await;
        assert_eq!(refused.error(), (409, "ConflictException".to_owned()));
        assert!(refused.json()["message"].as_str().unwrap().contains("one at a time"), "{refused:?}");
        assert_eq!(accept(&client, &waiting["agreementRequestId"]).await.error(), (409, "ConflictException".to_owned()));
        browser.open(VISION_ONE).await;
        browser.click("View purchase options").await;
        let page = browser.fill("Number of credits", "600").press("Create contract").await;
        assert_eq!(page.status, 422);
        assert!(page.says("the product takes one at a time"), "{page:?}");
        assert_eq!(count(&stage, AGREEMENTS).await, 1);
        let more = create(&client, amendment(&product, &purchase.agreement, &[2], (800, true))).await.ok();
        accept(&client, &more["agreementRequestId"]).await.ok();
        assert_eq!(count(&stage, "SELECT credits FROM agreements").await, 800, "the agreement takes more");
        Client::of_buyer(&stage, &portal, GLOBEX, GLOBEX_BUYER).await.buy(&product, 100).await;
        let off = create(&client, amendment(&product, &purchase.agreement, &[3], (800, false))).await.ok();
        accept(&client, &off["agreementRequestId"]).await.ok();
        stage.clock.advance(TimeDelta::days(366));
        client.buy(&product, 600).await;
        assert_eq!(count(&stage, AGREEMENTS).await, 3);
        portal.stop().await;
    }

    /// Rule 13 of the protocol: of many quotes that are accepted at once, one becomes an agreement.
    #[test]
    async fn of_many_purchases_of_a_legacy_product_at_once_one_is_made(stage: Stage) {
        let portal = stage.portal().await;
        make_legacy(&stage).await;
        let (client, product) = (Client::of_buyer(&stage, &portal, ACME, ACME_BUYER).await, vision(&stage).await);
        let mut requests = Vec::new();
        for credits in 1..=16 {
            requests.push(create(&client, wanted(&product, credits * 100)).await.ok()["agreementRequestId"].clone());
        }
        let answers = futures_util::future::join_all(requests.iter().map(|request| accept(&client, request))).await;
        let made = answers.iter().filter(|answer| answer.status == 200).count();
        assert!(answers.iter().all(|answer| answer.status == 200 || answer.error().0 == 409), "{answers:?}");
        assert_eq!((made, count(&stage, AGREEMENTS).await), (1, 1));
        portal.stop().await;
    }
}
