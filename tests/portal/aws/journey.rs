//! From the purchase to the end of a contract, across two programs: everything that the console learns comes from the wire.

use crate::support::Stage;
use crate::support::people::{ACME_ADMIN, GLOBEX_ADMIN};
use crate::support::upstream::{Fault, Upstream};
use crate::support::vendor::Vendor;
use crate::support::wire::{AGREEMENT, VISION_CODE, wanted};
use chrono::TimeDelta;
use creditdesk::config::WireSettings;
use creditdesk::kernel::clock::Timestamp;
use creditdesk::marketplace::wire::customer;
use serde_json::json;

async fn change(stage: &Stage, sql: &'static str) {
    stage.db.write(sql).bind(VISION_CODE).exec_one().await.unwrap();
}

/// The contracts' license ARNs and ends.
async fn contracts(vendor: &Vendor) -> Vec<(String, i64, Timestamp)> {
    vendor.place.db.read("SELECT license_arn, granted, expires_at FROM contracts ORDER BY activated_at, id").all().await.unwrap()
}

both_engines! {
    /// SET-3, ACT-4, UPG-4: a registration keyed by license ARN is activated with what the entitlement says; more credits
    /// become an item of their own with the same end, once.
    #[test]
    async fn a_purchase_in_aws_is_activated_and_raised(stage: Stage) {
        let vendor = Vendor::open(&stage).await;
        let bought = vendor.buy(500).await;
        let mut admin = vendor.land(&bought).await;
        let page = admin.open("/setup").await;
        for told in ["Trend Vision One", "Trend Micro", &bought.agreement, "•••• •••• 3333", "4 h left"] {
            assert!(page.says(told), "{told}: {page:?}");
        }
        assert_eq!(vendor.count("SELECT CAST(COUNT(*) AS BIGINT) FROM licenses").await, 0, "a landing grants nothing");
        let page = admin.activate().await;
        assert!(page.heading().contains("Activation Successful"), "{page:?}");
        assert_eq!(vendor.items().await, [(1, "new".to_owned(), 500)]);
        let page = admin.open("/console/licenses").await;
        assert!(page.says("AWS Marketplace") && page.says(&bought.agreement), "{page:?}");
        let known = contracts(&vendor).await;
        assert_eq!((known[0].0.as_str(), known[0].1), (bought.license_arn.as_str(), 500));

        vendor.upgrade(&bought, 800).await;
        vendor.console.run_due_jobs().await;
        assert_eq!(vendor.items().await.len(), 1, "nothing has told the console yet");
        vendor.an_hour_later(&stage).await;
        assert_eq!(vendor.items().await[1..], [(2, "upgrade".to_owned(), 300)]);
        vendor.an_hour_later(&stage).await;
        assert_eq!(vendor.items().await.len(), 2, "the same total again is nothing new");
        let ends: i64 = vendor.count("SELECT CAST(COUNT(DISTINCT expires_at) AS BIGINT) FROM licenses").await;
        assert_eq!((ends, contracts(&vendor).await[0].1), (1, 800));
        assert_eq!(vendor.count("SELECT CAST(SUM(credits) AS BIGINT) FROM credit_entries").await, 800);
        vendor.stop().await;
    }

    /// REN-4: a renewal under another license ARN joins its chain by the initial agreement, from the old end on.
    #[test]
    async fn a_renewal_under_another_license_arn_joins_its_contract(stage: Stage) {
        let vendor = Vendor::open(&stage).await;
        change(&stage, "UPDATE products SET renewal_license_arn = 'new' WHERE product_code = $1").await;
        let bought = vendor.buy(500).await;
        vendor.activate(&bought).await;
        let before = contracts(&vendor).await[0].clone();
        vendor.pass(&stage, before.2 - stage.now() - TimeDelta::minutes(1)).await;
        assert_eq!(contracts(&vendor).await[0], before, "not before the end");
        vendor.pass(&stage, TimeDelta::minutes(1)).await;
        vendor.pass(&stage, TimeDelta::minutes(2)).await;
        let after = contracts(&vendor).await;
        assert_eq!(after.len(), 1);
        assert_ne!(after[0].0, before.0, "the license ARN is the renewal's");
        assert!(after[0].2 > before.2 + TimeDelta::days(364), "{after:?}");
        assert_eq!(vendor.count("SELECT CAST(COUNT(*) AS BIGINT) FROM contract_arns").await, 1);
        assert_eq!(vendor.count("SELECT CAST(COUNT(*) AS BIGINT) FROM contract_questions").await, 0);
        // A press of *Set up product* on the renewal leads to the contract that has it.
        let agreement: String = stage.db.read("SELECT id FROM agreements WHERE status = 'active'").scalar().await.unwrap();
        let again = vendor.click(&agreement).await;
        let mut admin = vendor.land(&again).await;
        let page = admin.open("/console/activation").await;
        assert_eq!(page.heading(), "Products Already Activated", "{page:?}");
        vendor.stop().await;
    }

    /// EXP, rule 46 of the protocol: what the buyer let run out is over once AWS says so, and nothing is asked.
    #[test]
    async fn a_contract_that_does_not_renew_is_over(stage: Stage) {
        let vendor = Vendor::open(&stage).await;
        let mut terms = wanted(&vendor.product, 400);
        terms["requestedTerms"][3]["configuration"]["renewalTermConfiguration"]["enableAutoRenew"] = json!(false);
        let request = vendor.buyer.call(AGREEMENT, "CreateAgreementRequest", terms).await.ok();
        let accept = json!({ "agreementRequestId": request["agreementRequestId"] });
        let accepted = vendor.buyer.call(AGREEMENT, "AcceptAgreementRequest", accept).await.ok();
        let bought = vendor.click(accepted["agreementId"].as_str().unwrap()).await;
        vendor.activate(&bought).await;
        assert_eq!(vendor.count("SELECT CAST(COUNT(*) AS BIGINT) FROM contracts WHERE auto_renew").await, 0);
        vendor.pass(&stage, TimeDelta::days(366)).await;
        vendor.pass(&stage, TimeDelta::minutes(2)).await;
        assert_eq!(vendor.count("SELECT CAST(COUNT(*) AS BIGINT) FROM contracts WHERE ended_at IS NOT NULL").await, 1);
        assert_eq!(vendor.count("SELECT CAST(COUNT(*) AS BIGINT) FROM contract_questions").await, 0);
        vendor.stop().await;
    }

    /// Rule 13 of the protocol: two agreements of one account for one product are two contracts, whoever activates them.
    #[test]
    async fn concurrent_agreements_of_one_account_stand_side_by_side(stage: Stage) {
        let vendor = Vendor::open(&stage).await;
        let (one, two) = (vendor.buy(500).await, vendor.buy(170).await);
        assert_ne!(one.license_arn, two.license_arn);
        vendor.activate(&one).await;
        let mut globex = vendor.console.sign_in(GLOBEX_ADMIN).await;
        globex.land(&two.token).await;
        let page = globex.activate().await;
        assert!(page.heading().contains("Activation Successful"), "{page:?}");
        let three = vendor.buy(109).await;
        vendor.activate(&three).await;
        assert_eq!(vendor.count("SELECT CAST(COUNT(DISTINCT business_id) AS BIGINT) FROM contracts").await, 2);
        vendor.upgrade(&two, 200).await;
        vendor.an_hour_later(&stage).await;
        let granted: Vec<i64> = contracts(&vendor).await.into_iter().map(|contract| contract.1).collect();
        assert_eq!(granted, [500, 200, 109], "each total is its own license's");
        let again = vendor.click(&two.agreement).await;
        let mut admin = vendor.console.sign_in(ACME_ADMIN).await;
        admin.land(&again.token).await;
        let page = admin.open("/console/activation").await;
        assert!(page.heading() == "Products Already Activated" && !page.says("Globex"), "{page:?}");
        vendor.stop().await;
    }

    /// A legacy listing names no license ARN: customer and product are the key, with the same result.
    #[test]
    async fn a_legacy_listing_is_keyed_by_customer_and_product(stage: Stage) {
        let market = stage.portal().await;
        let upstream = Upstream::before(&market.origin, &stage.clock);
        upstream.fail("ResolveCustomer", Fault::Without("LicenseArn"));
        let vendor = Vendor::open_at(&stage, market, &upstream.address).await;
        change(&stage, "UPDATE products SET customer_identity = 'legacy' WHERE product_code = $1").await;
        let bought = vendor.buy(500).await;
        vendor.activate(&bought).await;
        let key = format!("legacy:{VISION_CODE}:{}", customer::identifier("111122223333").unwrap());
        assert_eq!(contracts(&vendor).await[0].0, key);
        let again = vendor.click(&bought.agreement).await;
        let mut admin = vendor.land(&again).await;
        assert_eq!(admin.open("/console/activation").await.heading(), "Products Already Activated");
        vendor.upgrade(&bought, 650).await;
        vendor.an_hour_later(&stage).await;
        assert_eq!(vendor.items().await[1..], [(2, "upgrade".to_owned(), 150)]);
        let end = contracts(&vendor).await[0].2;
        vendor.pass(&stage, end - stage.now()).await;
        vendor.pass(&stage, TimeDelta::minutes(2)).await;
        let renewed = contracts(&vendor).await;
        assert!(renewed.len() == 1 && renewed[0].0 == key && renewed[0].2 > end, "{renewed:?}");
        vendor.stop().await;
    }

    /// Rule 7 of the protocol and its paging: an empty page with a token is not the last one.
    #[test]
    async fn empty_pages_are_turned(stage: Stage) {
        let wire = WireSettings { wire_switches: Some("empty-pages".to_owned()), ..WireSettings::default() };
        let market = crate::support::portal::Portal::with_wire(&stage, wire).await;
        let origin = market.origin.clone();
        let vendor = Vendor::open_at(&stage, market, &origin).await;
        let bought = vendor.buy(500).await;
        vendor.activate(&bought).await;
        assert_eq!(vendor.items().await, [(1, "new".to_owned(), 500)]);
        vendor.stop().await;
    }
}
