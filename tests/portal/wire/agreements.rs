//! Agreements as their two parties read them, and nobody else.

use crate::support::Stage;
use crate::support::people::{ACME_BUYER, GLOBEX_BUYER};
use crate::support::portal::Portal;
use crate::support::wire::{ACME, AGREEMENT, Client, OTHER_SELLER, TREND_MICRO, instant, vision};
use chrono::{Months, TimeDelta};
use serde_json::{Value, json};

const GLOBEX: &str = "444455556666";

async fn describe(client: &Client, agreement: &str) -> crate::support::wire::Answer {
    client.call(AGREEMENT, "DescribeAgreement", json!({ "agreementId": agreement })).await
}

async fn search(client: &Client, filters: &[(&str, &str)], more: Value) -> crate::support::wire::Answer {
    let filters: Vec<Value> = filters.iter().map(|(name, value)| json!({ "name": name, "values": [value] })).collect();
    let mut body = json!({ "catalog": "AWSMarketplace", "filters": filters });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    client.call(AGREEMENT, "SearchAgreements", body).await
}

fn ids(page: &Value) -> Vec<String> {
    page["agreementViewSummaries"].as_array().unwrap().iter().map(|row| row["agreementId"].as_str().unwrap().to_owned()).collect()
}

const PROPOSER: (&str, &str) = ("PartyType", "Proposer");
const ACCEPTOR: (&str, &str) = ("PartyType", "Acceptor");
const TYPE: (&str, &str) = ("AgreementType", "PurchaseAgreement");

/// Purchases of Acme's at 9:00 and 10:00 and of Globex's at 11:00.
async fn three(stage: &Stage, portal: &Portal) -> [String; 3] {
    let product = vision(stage).await;
    let acme = Client::of_buyer(stage, portal, ACME, ACME_BUYER).await;
    let globex = Client::of_buyer(stage, portal, GLOBEX, GLOBEX_BUYER).await;
    let first = acme.buy(&product, 100).await;
    stage.clock.advance(TimeDelta::hours(1));
    let second = acme.buy(&product, 200).await;
    stage.clock.advance(TimeDelta::hours(1));
    [first, second, globex.buy(&product, 300).await]
}

both_engines! {
    /// Rule 10, 12 and section 9: both parties read the same; to others the agreement does not exist.
    #[test]
    async fn both_parties_read_an_agreement_and_nobody_else(stage: Stage) {
        let portal = stage.portal().await;
        let product = vision(&stage).await;
        let buyer = Client::of_buyer(&stage, &portal, ACME, ACME_BUYER).await;
        let agreement = buyer.buy(&product, 500).await;
        let seller = Client::of_seller(&stage, &portal, TREND_MICRO).await;
        let read = describe(&seller, &agreement).await.ok();
        assert_eq!(read, describe(&buyer, &agreement).await.ok());
        let ends = stage.now().checked_add_months(Months::new(12)).unwrap();
        assert_eq!((instant(&read["startTime"]), instant(&read["endTime"]), instant(&read["acceptanceTime"])), (stage.now(), ends, stage.now()));
        for (member, value) in [
            ("agreementId", json!(agreement)),
            ("initialAgreementId", json!(agreement)),
            ("status", json!("ACTIVE")),
            ("agreementType", json!("PurchaseAgreement")),
            ("acceptor", json!({ "accountId": ACME })),
            ("proposer", json!({ "accountId": TREND_MICRO })),
            ("estimatedCharges", json!({ "currencyCode": "USD", "agreementValue": "500.00" })),
            ("proposalSummary", json!({ "resources": [{ "id": product.id.as_str(), "type": "SaaSProduct" }], "offerId": product.offer_id.as_str() })),
            ("endTimeBehavior", json!({ "type": "RENEW", "renewalSummary": { "offerId": product.offer_id.as_str() } })),
        ] {
            assert_eq!(read[member], value, "{member}");
        }
        let stranger = Client::of_seller(&stage, &portal, OTHER_SELLER).await;
        let globex = Client::of_buyer(&stage, &portal, GLOBEX, GLOBEX_BUYER).await;
        for client in [&stranger, &globex] {
            for operation in ["DescribeAgreement", "GetAgreementTerms"] {
                let answer = client.call(AGREEMENT, operation, json!({ "agreementId": agreement })).await;
                assert_eq!(answer.error(), (404, "ResourceNotFoundException".to_owned()), "{operation}");
                assert_eq!((&answer.json()["resourceId"], &answer.json()["resourceType"]), (&json!(agreement), &json!("Agreement")));
            }
        }
        let answer = globex.call(AGREEMENT, "GetAgreementEntitlements", json!({ "agreementId": agreement })).await;
        assert_eq!(answer.error(), (404, "ResourceNotFoundException".to_owned()));
        assert_eq!(seller.call(AGREEMENT, "GetAgreementEntitlements", json!({ "agreementId": agreement })).await.error().0, 403);
        assert_eq!(seller.call(AGREEMENT, "DescribeAgreement", json!({})).await.reason(), "MISSING_AGREEMENT_ID");
    }

    /// Section 9: filters of both parties, the order, and pages.
    #[test]
    async fn a_search_finds_by_every_filter(stage: Stage) {
        let portal = stage.portal().await;
        let [first, second, third] = &three(&stage, &portal).await;
        let product = vision(&stage).await;
        let seller = Client::of_seller(&stage, &portal, TREND_MICRO).await;
        let arn = search(&seller, &[PROPOSER, TYPE, ("InitialAgreementId", first)], json!({})).await.ok()["agreementViewSummaries"][0]["entitlements"][0]["licenseArn"].clone();
        for (filter, found) in [
            (TYPE, vec![first, second, third]),
            (("AcceptorAccountId", ACME), vec![first, second]),
            (("Status", "ACTIVE"), vec![first, second, third]),
            (("Status", "ROLLED_BACK"), vec![]),
            (("Status", "REPLACED"), vec![]),
            (("ResourceIdentifier", product.id.as_str()), vec![first, second, third]),
            (("ResourceIdentifier", "prod-other"), vec![]),
            (("ResourceType", "SaaSProduct"), vec![first, second, third]),
            (("ResourceType", "AmiProduct"), vec![]),
            (("OfferId", product.offer_id.as_str()), vec![first, second, third]),
            (("BeforeEndTime", "2027-03-02T10:00:00Z"), vec![first]),
            (("AfterEndTime", "2027-03-02T09:30:00Z"), vec![second, third]),
            (("BeforeStartTime", "2026-03-02T10:30:00Z"), vec![first, second]),
            (("AfterStartTime", "2026-03-02"), vec![first, second, third]),
            (("EndTimeBehaviorType", "RENEW"), vec![first, second, third]),
            (("EndTimeBehaviorReasonCode", "ACCEPTOR_RENEW_OPTED_OUT"), vec![]),
            (("LicenseArn", arn.as_str().unwrap()), vec![first]),
        ] {
            let mut filters = vec![PROPOSER, TYPE];
            filters.extend((filter != TYPE).then_some(filter));
            let page = search(&seller, &filters, json!({})).await.ok();
            assert_eq!(ids(&page).iter().collect::<Vec<_>>(), found, "{filter:?}");
        }
        let latest = search(&seller, &[PROPOSER, TYPE], json!({ "sort": { "sortBy": "StartTime", "sortOrder": "DESCENDING" } })).await.ok();
        assert_eq!(ids(&latest), [third.clone(), second.clone(), first.clone()]);
        let (mut walked, mut more) = (Vec::new(), json!({ "maxResults": 1 }));
        loop {
            let page = search(&seller, &[PROPOSER, TYPE], more.clone()).await.ok();
            walked.extend(ids(&page));
            let Some(token) = page.get("nextToken") else { break };
            more["nextToken"] = token.clone();
        }
        assert_eq!(walked, [first.clone(), second.clone(), third.clone()]);
        let buyer = Client::of_buyer(&stage, &portal, ACME, ACME_BUYER).await;
        assert_eq!(ids(&search(&buyer, &[ACCEPTOR, TYPE, ("Status", "ACTIVE")], json!({})).await.ok()), [first.clone(), second.clone()]);
        assert!(ids(&search(&buyer, &[PROPOSER, TYPE], json!({})).await.ok()).is_empty(), "a buyer proposes nothing");
        assert!(ids(&search(&seller, &[ACCEPTOR, TYPE], json!({})).await.ok()).is_empty());
    }

    /// Section 9: what a search cannot be asked, by the model's reason.
    #[test]
    async fn what_a_search_cannot_be_asked_has_its_reason(stage: Stage) {
        let portal = stage.portal().await;
        let seller = Client::of_seller(&stage, &portal, TREND_MICRO).await;
        for (filters, more, reason) in [
            (vec![TYPE], json!({}), "MISSING_PARTY_TYPE"),
            (vec![PROPOSER], json!({}), "INVALID_FILTERS"),
            (vec![PROPOSER, TYPE, ("Colour", "red")], json!({}), "INVALID_FILTER_NAME"),
            (vec![PROPOSER, TYPE, ("Status", "GOOD")], json!({}), "INVALID_FILTER_VALUES"),
            (vec![PROPOSER, TYPE, ("AfterEndTime", "tomorrow")], json!({}), "INVALID_FILTER_VALUES"),
            (vec![ACCEPTOR, TYPE, ("AcceptorAccountId", ACME)], json!({}), "UNSUPPORTED_FILTERS"),
            (vec![ACCEPTOR, TYPE, ("ResourceType", "SaaSProduct"), ("Status", "ACTIVE")], json!({}), "UNSUPPORTED_FILTERS"),
            (vec![PROPOSER, TYPE], json!({ "maxResults": 51 }), "INVALID_MAX_RESULTS"),
            (vec![PROPOSER, TYPE], json!({ "nextToken": "x" }), "INVALID_NEXT_TOKEN"),
            (vec![PROPOSER, TYPE], json!({ "sort": { "sortBy": "Price" } }), "INVALID_SORT_BY"),
            (vec![PROPOSER, TYPE], json!({ "catalog": "Mars" }), "INVALID_CATALOG"),
        ] {
            assert_eq!(search(&seller, &filters, more.clone()).await.reason(), reason, "{filters:?} {more}");
        }
    }

    /// Section 9: the terms that were accepted, each a union of one member, in pages.
    #[test]
    async fn the_terms_are_those_that_were_accepted(stage: Stage) {
        let portal = stage.portal().await;
        let product = vision(&stage).await;
        let buyer = Client::of_buyer(&stage, &portal, ACME, ACME_BUYER).await;
        let agreement = buyer.buy(&product, 500).await;
        let terms = buyer.call(AGREEMENT, "GetAgreementTerms", json!({ "agreementId": agreement })).await.ok();
        let accepted = terms["acceptedTerms"].as_array().unwrap();
        let names: Vec<&str> = accepted.iter().map(|term| term.as_object().unwrap().keys().next().unwrap().as_str()).collect();
        assert_eq!(names, ["legalTerm", "supportTerm", "configurableUpfrontPricingTerm", "renewalTerm", "validityTerm"]);
        assert!(accepted.iter().all(|term| term.as_object().unwrap().len() == 1));
        let pricing = &accepted[2]["configurableUpfrontPricingTerm"];
        assert_eq!(pricing["configuration"], json!({ "selectorValue": "P12M", "dimensions": [{ "dimensionKey": "credits", "dimensionValue": 500 }] }));
        assert_eq!((&pricing["rateCards"][0]["rateCard"][0]["price"], &pricing["id"]), (&json!("1.00"), &json!(product.terms()[2].1)));
        assert_eq!(accepted[3]["renewalTerm"]["configuration"], json!({ "enableAutoRenew": true }));
        assert_eq!(instant(&accepted[4]["validityTerm"]["agreementStartDate"]), stage.now());
        let first = buyer.call(AGREEMENT, "GetAgreementTerms", json!({ "agreementId": agreement, "maxResults": 3 })).await.ok();
        let rest = json!({ "agreementId": agreement, "maxResults": 3, "nextToken": first["nextToken"] });
        let rest = buyer.call(AGREEMENT, "GetAgreementTerms", rest).await.ok();
        assert_eq!((first["acceptedTerms"].as_array().unwrap().len(), rest["acceptedTerms"].as_array().unwrap().len()), (3, 2));
        assert!(rest.get("nextToken").is_none());
    }
}
