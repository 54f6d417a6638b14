//! The hourly comparison and the one that staff ask for: what AWS says beside what was granted, and who decides.

use crate::support::Stage;
use crate::support::people::LEAD;
use crate::support::upstream::{Fault, Upstream};
use crate::support::vendor::Vendor;
use crate::support::wire::VISION_CODE;
use chrono::TimeDelta;
use creditdesk::fulfilment::recheck::{compare_all, count_differences};
use serde_json::{Value, json};

async fn vendor_behind(stage: &Stage) -> (Vendor, Upstream) {
    let market = stage.portal().await;
    let upstream = Upstream::before(&market.origin, &stage.clock);
    let vendor = Vendor::open_at(stage, market, &upstream.address).await;
    (vendor, upstream)
}

fn row(arn: &str, dimension: &str, value: Value) -> Value {
    json!({ "ProductCode": VISION_CODE, "Dimension": dimension, "LicenseArn": arn, "Value": value, "ExpirationDate": 1_803_978_000 })
}

both_engines! {
    /// UPG-5, SUP-8: fewer credits, other dimensions and other kinds of values are questions with a repair; nothing is taken
    /// away and nothing granted meanwhile, and what AWS takes back settles itself.
    #[test]
    async fn differences_are_found_within_the_hour_and_wait_for_staff(stage: Stage) {
        let (vendor, upstream) = vendor_behind(&stage).await;
        let bought = vendor.buy(500).await;
        vendor.activate(&bought).await;
        let end: i64 = vendor.place.db.read("SELECT expires_at FROM contracts").scalar::<chrono::DateTime<chrono::Utc>>().await.unwrap().timestamp();
        let mut rows = vec![row(&bought.license_arn, "credits", json!({ "IntegerValue": 300 })), row(&bought.license_arn, "seats", json!({ "DoubleValue": 2.1 }))];
        for row in &mut rows {
            row["ExpirationDate"] = json!(end);
        }
        upstream.fail("GetEntitlements", Fault::Instead(json!({ "Entitlements": rows })));
        vendor.pass(&stage, TimeDelta::minutes(59)).await;
        assert_eq!(count_differences(&vendor.place.db).await.unwrap(), 0, "the hour is not over");
        vendor.pass(&stage, TimeDelta::minutes(1)).await;
        assert_eq!(count_differences(&vendor.place.db).await.unwrap(), 2);
        let kinds: Vec<(String, i64)> = vendor.place.db.read("SELECT kind, reported FROM contract_questions ORDER BY kind").all().await.unwrap();
        assert_eq!(kinds, [("lower_total".to_owned(), 300), ("unknown_dimension".to_owned(), 1)]);
        assert_eq!(vendor.items().await, [(1, "new".to_owned(), 500)]);
        let mut lead = vendor.console.sign_in(LEAD).await;
        let page = lead.open("/admin/reconciliation").await;
        assert!(page.says("1 running contract") && page.says("Fewer credits") && page.says("Not credits"), "{page:?}");
        lead.click("Not credits: Trend Vision One").await;
        assert!(lead.page().says("seats (fraction 2.1)"), "{:?}", lead.page());
        let metrics = vendor.console.inside().metrics.render();
        assert!(metrics.contains("creditdesk_marketplace_differences"), "{metrics}");

        upstream.heal();
        lead.open("/admin/reconciliation").await;
        lead.press("Compare all now").await;
        assert!(lead.page().says("The comparison has begun") && lead.page().says("1 contract still to be read"), "{:?}", lead.page());
        vendor.pass(&stage, TimeDelta::seconds(10)).await;
        assert_eq!(count_differences(&vendor.place.db).await.unwrap(), 0, "they settled themselves");
        let page = lead.open("/admin/reconciliation").await;
        assert!(page.says("compared with the marketplace every hour"), "{page:?}");
        vendor.stop().await;
    }

    /// UPG-5: fewer credits are taken over by staff with a reason, by the same repair as after an event.
    #[test]
    async fn fewer_credits_are_taken_over_by_staff(stage: Stage) {
        let (vendor, upstream) = vendor_behind(&stage).await;
        let bought = vendor.buy(500).await;
        vendor.activate(&bought).await;
        let end: i64 = vendor.place.db.read("SELECT expires_at FROM contracts").scalar::<chrono::DateTime<chrono::Utc>>().await.unwrap().timestamp();
        let mut fewer = row(&bought.license_arn, "credits", json!({ "IntegerValue": 300 }));
        fewer["ExpirationDate"] = json!(end);
        upstream.fail("GetEntitlements", Fault::Instead(json!({ "Entitlements": [fewer] })));
        vendor.an_hour_later(&stage).await;
        let mut lead = vendor.console.sign_in(LEAD).await;
        lead.open("/admin/reconciliation").await;
        lead.click("Fewer credits: Trend Vision One").await;
        lead.choose("What to do", "Take over what the marketplace says").fill("Reason", "The buyer and the seller agreed on it").press("Close the difference").await;
        assert!(lead.page().says("The difference is closed"), "{:?}", lead.page());
        assert_eq!(vendor.items().await, [(1, "new".to_owned(), 300)]);
        vendor.stop().await;
    }

    /// A comparison that AWS does not answer changes nothing, says how many were not read, and is made up for later.
    #[test]
    async fn a_comparison_without_aws_is_made_up_for(stage: Stage) {
        let (vendor, upstream) = vendor_behind(&stage).await;
        let bought = vendor.buy(500).await;
        vendor.activate(&bought).await;
        vendor.upgrade(&bought, 900).await;
        upstream.fail("GetEntitlements", Fault::Status(500));
        let room = &vendor.console.inside().fulfilment;
        let compared = compare_all(room).await.unwrap();
        assert_eq!((compared.read, compared.unread), (0, 1));
        upstream.heal();
        vendor.console.run_due_jobs().await;
        assert_eq!(vendor.items().await.len(), 1, "not at once again");
        vendor.pass(&stage, TimeDelta::minutes(5)).await;
        assert_eq!(vendor.items().await[1..], [(2, "upgrade".to_owned(), 400)]);
        let compared = compare_all(room).await.unwrap();
        assert_eq!((compared.read, compared.unread), (1, 0));
        assert_eq!(vendor.items().await.len(), 2);
        vendor.stop().await;
    }
}
