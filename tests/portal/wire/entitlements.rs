//! `GetEntitlements`: filters, pages, and what is not there.

use crate::support::Stage;
use crate::support::people::{ACME_BUYER, GLOBEX_BUYER};
use crate::support::portal::Portal;
use crate::support::wire::{ACME, Client, ENTITLEMENT, OTHER_SELLER, TREND_MICRO, VISION_CODE, instant, vision};
use chrono::{Months, TimeDelta};
use creditdesk::config::WireSettings;
use creditdesk::marketplace::wire::customer;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const GLOBEX: &str = "444455556666";

async fn ask(client: &Client, more: Value) -> Result<Value, String> {
    let mut asked = json!({ "ProductCode": VISION_CODE });
    asked.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let answer = client.call(ENTITLEMENT, "GetEntitlements", asked).await;
    if answer.status == 200 { Ok(answer.json()) } else { Err(format!("{} {}", answer.status, answer.error().1)) }
}

fn quantities(page: &Value) -> BTreeSet<i64> {
    page["Entitlements"].as_array().unwrap().iter().map(|row| row["Value"]["IntegerValue"].as_i64().unwrap()).collect()
}

/// Three purchases of Acme's and one of Globex's: 101, 102, 103 and 201 credits; the license ARN of the first.
async fn four_purchases(stage: &Stage, portal: &Portal) -> String {
    let product = vision(stage).await;
    let acme = Client::of_buyer(stage, portal, ACME, ACME_BUYER).await;
    let first = acme.buy(&product, 101).await;
    for credits in [102, 103] {
        acme.buy(&product, credits).await;
    }
    Client::of_buyer(stage, portal, GLOBEX, GLOBEX_BUYER).await.buy(&product, 201).await;
    acme.provisioned(&first).await["licenseArn"].as_str().unwrap().to_owned()
}

both_engines! {
    /// Rule 40 and section 4: one row a license and dimension; values of one filter are alternatives, filters narrow.
    #[test]
    async fn every_filter_narrows_the_list(stage: Stage) {
        let portal = stage.portal().await;
        let first = four_purchases(&stage, &portal).await;
        let seller = Client::of_seller(&stage, &portal, TREND_MICRO).await;
        let all = ask(&seller, json!({})).await.unwrap();
        assert_eq!(quantities(&all), [101, 102, 103, 201].into());
        let row = all["Entitlements"].as_array().unwrap().iter().find(|row| row["LicenseArn"] == first.as_str()).unwrap();
        let ends = stage.now().checked_add_months(Months::new(12)).unwrap();
        assert_eq!(instant(&row["ExpirationDate"]), ends);
        let mut named: Vec<&String> = row.as_object().unwrap().keys().collect();
        named.sort();
        assert_eq!(named, ["CustomerAWSAccountId", "Dimension", "ExpirationDate", "LicenseArn", "ProductCode", "Value"]);
        for (filter, found) in [
            (json!({ "CUSTOMER_AWS_ACCOUNT_ID": [ACME] }), vec![101, 102, 103]),
            (json!({ "CUSTOMER_AWS_ACCOUNT_ID": [GLOBEX, ACME] }), vec![101, 102, 103, 201]),
            (json!({ "CUSTOMER_IDENTIFIER": [customer::identifier(GLOBEX)] }), vec![201]),
            (json!({ "CUSTOMER_IDENTIFIER": ["ifAPi5AcF3"] }), vec![]),
            (json!({ "LICENSE_ARN": [first] }), vec![101]),
            (json!({ "LICENSE_ARN": [first, "arn:aws:license-manager::294406891311:license:l-0"] }), vec![101]),
            (json!({ "LICENSE_ARN": [first], "CUSTOMER_AWS_ACCOUNT_ID": [GLOBEX] }), vec![]),
            (json!({ "DIMENSION": ["credits", "seats"], "CUSTOMER_AWS_ACCOUNT_ID": [GLOBEX] }), vec![201]),
            (json!({ "DIMENSION": ["seats"] }), vec![]),
        ] {
            let page = ask(&seller, json!({ "Filter": filter })).await.unwrap();
            assert_eq!(quantities(&page), found.into_iter().collect(), "{filter}");
        }
    }

    /// Section 4: what cannot be asked; rule 8: another seller's product code is none.
    #[test]
    async fn what_cannot_be_asked_is_refused(stage: Stage) {
        let portal = stage.portal().await;
        let seller = Client::of_seller(&stage, &portal, TREND_MICRO).await;
        let refused = Err("400 InvalidParameterException".to_owned());
        for asked in [
            json!({ "Filter": { "CUSTOMER_IDENTIFIER": ["x"], "CUSTOMER_AWS_ACCOUNT_ID": [ACME] } }),
            json!({ "Filter": { "COLOUR": ["red"] } }),
            json!({ "Filter": { "DIMENSION": [] } }),
            json!({ "MaxResults": 0 }),
            json!({ "MaxResults": 26 }),
            json!({ "NextToken": "x" }),
            json!({ "ProductCode": "" }),
            json!({ "ProductCode": "unknown" }),
        ] {
            assert_eq!(ask(&seller, asked.clone()).await, refused, "{asked}");
        }
        assert_eq!(seller.call(ENTITLEMENT, "GetEntitlements", json!({})).await.error().1, "InvalidParameterException");
        let other = Client::of_seller(&stage, &portal, OTHER_SELLER).await;
        assert_eq!(ask(&other, json!({})).await, refused);
        let buyer = Client::of_buyer(&stage, &portal, ACME, ACME_BUYER).await;
        assert_eq!(ask(&buyer, json!({})).await, Err("400 AccessDeniedException".to_owned()));
    }

    /// Section 4: pages end where there is no token; a token belongs to its list.
    #[test]
    async fn pages_have_every_row_once(stage: Stage) {
        let portal = stage.portal().await;
        four_purchases(&stage, &portal).await;
        let seller = Client::of_seller(&stage, &portal, TREND_MICRO).await;
        let (mut found, mut asked) = (Vec::new(), json!({ "MaxResults": 1 }));
        loop {
            let page = ask(&seller, asked.clone()).await.unwrap();
            assert_eq!(quantities(&page).len(), 1);
            found.extend(quantities(&page));
            let Some(token) = page.get("NextToken") else { break };
            let elsewhere = json!({ "NextToken": token, "Filter": { "DIMENSION": ["credits"] } });
            assert_eq!(ask(&seller, elsewhere).await, Err("400 InvalidParameterException".to_owned()));
            asked["NextToken"] = token.clone();
        }
        assert_eq!((found.len(), found.into_iter().collect::<BTreeSet<_>>()), (4, [101, 102, 103, 201].into()));
    }

    /// Section 4: a page may be empty and have a token still; rule 71 makes it so.
    #[test]
    async fn a_first_page_may_be_empty(stage: Stage) {
        let wire = WireSettings { wire_switches: Some("empty-pages".to_owned()), ..WireSettings::default() };
        let portal = Portal::with_wire(&stage, wire).await;
        four_purchases(&stage, &portal).await;
        let seller = Client::of_seller(&stage, &portal, TREND_MICRO).await;
        let empty = ask(&seller, json!({})).await.unwrap();
        assert!(quantities(&empty).is_empty() && empty["NextToken"].is_string(), "{empty}");
        let page = ask(&seller, json!({ "NextToken": empty["NextToken"] })).await.unwrap();
        assert_eq!((quantities(&page).len(), page.get("NextToken")), (4, None));
    }

    /// Rule 7: 20 calls a second are answered, and the next is throttled with the status that clients retry on.
    #[test]
    async fn throttling_is_a_switch(stage: Stage) {
        let wire = WireSettings { wire_switches: Some("throttling".to_owned()), ..WireSettings::default() };
        let portal = Portal::with_wire(&stage, wire).await;
        let seller = Client::of_seller(&stage, &portal, TREND_MICRO).await;
        for _ in 0..20 {
            ask(&seller, json!({})).await.unwrap();
        }
        assert_eq!(ask(&seller, json!({})).await, Err("400 ThrottlingException".to_owned()));
        stage.clock.advance(TimeDelta::seconds(1));
        ask(&seller, json!({})).await.unwrap();
    }

    /// Rules 41 and 46: rows are there until the end instant and then no more.
    #[test]
    async fn what_ended_is_not_there(stage: Stage) {
        let portal = stage.portal().await;
        four_purchases(&stage, &portal).await;
        let seller = Client::of_seller(&stage, &portal, TREND_MICRO).await;
        let end = stage.now().checked_add_months(Months::new(12)).unwrap();
        stage.clock.advance(end - stage.now() - TimeDelta::microseconds(1));
        assert_eq!(quantities(&ask(&seller, json!({})).await.unwrap()).len(), 4);
        stage.clock.advance(TimeDelta::microseconds(1));
        assert_eq!(ask(&seller, json!({})).await.unwrap(), json!({ "Entitlements": [] }));
    }
}
