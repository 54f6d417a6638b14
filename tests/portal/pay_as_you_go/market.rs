//! The embedded marketplace's side: the listing, a subscription that costs nothing until something is used, and the use
//! that it is told of, hour by hour.

use super::{BUCKETS, SCANS, TO_USE, changed, counted, number};
use crate::support::Stage;
use crate::support::browser::Browser;
use crate::support::people::Purchase;
use crate::support::portal::Portal;
use crate::support::service::Service;
use chrono::TimeDelta;
use creditdesk::fulfilment::marketplace::embedded::Embedded;
use creditdesk::fulfilment::marketplace::{Marketplace, Metering, Usage};
use creditdesk::kernel::id::BusinessId;

const NAME: &str = "Vision One Pay-as-you-go";
const CHARGED: &str = "SELECT (SELECT CAST(COUNT(*) AS BIGINT) FROM charges) + (SELECT CAST(COUNT(*) AS BIGINT) FROM invoices)";
const TOLD: &str = "SELECT CAST(COALESCE(SUM(quantity), 0) AS BIGINT) FROM metering_records";

async fn acme(stage: &Stage) -> BusinessId {
    stage.db.read("SELECT id FROM businesses WHERE name = 'Acme Industries'").one::<(BusinessId,)>().await.unwrap().0
}

/// From the search to the receipt.
async fn subscribe(buyer: &mut Browser, renews: &str) -> Purchase {
    buyer.open("/marketplace?q=pay-as-you-go").await;
    let page = buyer.click(NAME).await;
    assert!(page.says("charged by use") && page.says("What is charged") && !page.says("What a credit is"), "{page:?}");
    buyer.click("View purchase options").await;
    assert!(!buyer.page().says("Number of credits") && buyer.page().says("Nothing is due now"), "{:?}", buyer.page());
    let page = buyer.choose("Renewal Settings", renews).press("Create contract").await;
    assert_eq!(page.heading(), "Review and pay");
    assert!(page.says("Nothing now; for 12 months what features use is charged afterwards") && !page.says("1 credit"), "{page:?}");
    let page = buyer.press("Pay now").await;
    assert_eq!(page.heading(), "Your purchase is complete", "{page:?}");
    assert!(page.says("Nothing is charged by use until it is activated") && !page.says("1 credit"), "{page:?}");
    Purchase { agreement: page.path().split('/').nth(3).unwrap_or_default().to_owned() }
}

/// The same, set up and activated by Acme's administrator.
async fn subscribe_for_acme(portal: &Portal, renews: &str) -> (Browser, Browser, Purchase) {
    let (mut buyer, mut admin) = (portal.sign_in("buyer@acme.example").await, portal.sign_in("admin@acme.example").await);
    let purchase = subscribe(&mut buyer, renews).await;
    buyer.set_up(&purchase).await;
    admin.take_registration_of(&buyer);
    let page = admin.activate().await;
    assert!(page.says("Activation Successful") && page.fact("Product").contains(NAME), "{page:?}");
    (buyer, admin, purchase)
}

both_engines! {
    /// CRD-9, MKT-13: it is found, subscribed to, set up and activated like any purchase; nothing is charged, and there is
    /// no invoice; it cannot be upgraded; staff see that it is activated.
    #[test]
    async fn it_is_bought_for_nothing_and_activated_like_any_purchase(stage: Stage) {
        let portal = stage.portal().await;
        let (mut buyer, mut admin, purchase) = subscribe_for_acme(&portal, "Yes").await;
        assert_eq!([number(&stage, CHARGED).await, number(&stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM licenses").await], [0, 0]);
        let page = admin.open("/console/credits?tab=pay-as-you-go").await;
        assert!(page.link("Manage billing model").is_some() && page.fact("At the end") == "Renews by itself", "{page:?}");
        let page = buyer.open(&purchase.subscription()).await;
        assert_eq!([page.fact("Charged"), page.fact("Auto renew")], ["By use", "Yes"]);
        assert!(page.says("Nothing was charged for this agreement") && page.says("has reported no use"), "{page:?}");
        assert!(buyer.click("Upgrade current contract").await.says("There is nothing to upgrade"));
        let page = buyer.post(&format!("{}/upgrade", purchase.subscription()), &[("credits", "5")]).await;
        assert!(page.flash().is_some_and(|flash| flash.contains("Nothing was charged or changed")), "{page:?}");
        assert_eq!(number(&stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM quotes").await, 1);
        buyer.open(&purchase.subscription()).await;
        let page = buyer.click("Modify renewal").await;
        assert!(page.says("with nothing due") && !page.says("Number of credits for the next term"), "{page:?}");
        let page = buyer.choose("Renewal Settings", "No").press("Save changes").await;
        assert!(page.says("Its features return to annual credits"), "{page:?}");
        let mut support = portal.sign_in("support@creditdesk.example").await;
        let (arn,): (String,) = stage.db.read("SELECT arn FROM license_arns").one().await.unwrap();
        let page = support.open(&format!("/admin/purchases/{}", arn.rsplit(':').next().unwrap())).await;
        assert!(page.says("Activated") && !page.says("Not activated") && page.fact("Credits") == "None; charged by use", "{page:?}");
        portal.stop().await;
    }

    /// CRD-9, ACT-3: whoever has a business with such a contract and one without chooses the one without; whoever has none
    /// left is told on the page before anything is pressed.
    #[test]
    async fn a_business_that_has_one_is_listed_with_the_reason(stage: Stage) {
        let portal = stage.portal().await;
        let (mut buyer, mut admin, _) = subscribe_for_acme(&portal, "Yes").await;
        buyer.open("/marketplace?q=pay-as-you-go").await;
        buyer.click(NAME).await;
        assert!(buyer.click("View purchase options").await.says("one pay-as-you-go contract at a time"));
        let second = subscribe(&mut buyer, "No").await;
        buyer.set_up(&second).await;
        admin.take_registration_of(&buyer);
        let page = admin.open("/console/activation").await;
        assert_eq!(page.heading(), "Your business has a pay-as-you-go contract", "{page:?}");
        assert!(page.buttons().iter().all(|button| button != "Activate"), "{page:?}");
        let globex: (BusinessId,) = stage.db.read("SELECT id FROM businesses WHERE name = 'Globex'").one().await.unwrap();
        let join = stage.db.write("INSERT INTO memberships (business_id, person_id, role, created_at) SELECT $1, id, 'administrator', $2 FROM people WHERE email_key = 'admin@acme.example'");
        join.bind(globex.0).bind(stage.now()).exec_one().await.unwrap();
        let page = admin.open("/console/activation").await;
        assert!(page.says("It has a pay-as-you-go contract, and a business can have one at a time"), "{page:?}");
        assert_eq!(admin.page().fact("Business"), "Globex", "{:?}", admin.page());
        admin.activate().await;
        let owners: Vec<(String,)> = stage.db.read("SELECT b.name FROM contracts c JOIN businesses b ON b.id = c.business_id ORDER BY b.name").all().await.unwrap();
        assert_eq!(owners, [("Acme Industries".to_owned(),), ("Globex".to_owned(),)]);
        portal.stop().await;
    }

    /// CRD-9: what a service counts is told to the marketplace by the clockwork, once an hour and dimension however often it
    /// runs, also over the renewal, and shown there; the renewal costs nothing.
    #[test]
    async fn the_clockwork_tells_what_was_used_and_the_subscription_shows_it(stage: Stage) {
        let portal = stage.portal().await;
        let (_, _, purchase) = subscribe_for_acme(&portal, "Yes").await;
        let (acme, service) = (acme(&stage).await, Service::new(&stage, &portal.origin, &[BUCKETS, SCANS], None).await);
        for (feature, units) in [(BUCKETS, 3), (SCANS, 600_000)] {
            changed(&stage, acme, feature, TO_USE).await;
            counted(&stage, acme, feature, units, service.id).await;
        }
        stage.clock.advance(TimeDelta::minutes(69));
        portal.run_due_jobs().await;
        assert_eq!(number(&stage, TOLD).await, 0, "an hour rests before it is told");
        for minutes in [1, 1, 60] {
            stage.clock.advance(TimeDelta::minutes(minutes));
            futures_util::future::join(portal.run_due_jobs(), portal.run_due_jobs()).await;
        }
        assert_eq!(number(&stage, TOLD).await, 2 * (3 + 2), "two hours of three buckets and two begun packs of scans");
        let mut buyer = portal.sign_in("buyer@acme.example").await;
        let page = buyer.open(&purchase.subscription()).await;
        assert_eq!(page.rows("Unit-hours that the vendor reported, months in UTC"), [[BUCKETS, "6", "0"], [SCANS, "4", "0"]]);
        stage.clock.advance(TimeDelta::days(366));
        for _ in 0..3 {
            portal.run_due_jobs().await;
            stage.clock.advance(TimeDelta::minutes(61));
        }
        assert_eq!(number(&stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM agreements").await, 2, "it renewed");
        assert_eq!(number(&stage, CHARGED).await, 0);
        let told: Vec<(String, i64, i64)> = stage.db.read("SELECT dimension, CAST(COUNT(*) AS BIGINT), CAST(SUM(quantity) AS BIGINT) FROM metering_records GROUP BY dimension ORDER BY dimension").all().await.unwrap();
        assert_eq!((told[0].2, told[1].2), (told[0].1 * 3, told[1].1 * 2), "each hour once: {told:?}");
        assert_eq!(told[0].1, told[1].1);
        assert!(number(&stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM metering_records m JOIN agreements g ON g.id = m.agreement_id WHERE g.term_number = 2").await > 0);
        portal.stop().await;
    }

    /// CRD-9: the marketplace keeps each hour once whatever is repeated, takes nothing for a purchase that is not its own or
    /// not charged by use, and nothing for hours in which nobody was subscribed.
    #[test]
    async fn the_embedded_marketplace_keeps_each_hour_of_the_subscription_once(stage: Stage) {
        let portal = stage.portal().await;
        let mut buyer = portal.sign_in("buyer@acme.example").await;
        buyer.buy("100").await;
        let (credits,): (String,) = stage.db.read("SELECT arn FROM license_arns").one().await.unwrap();
        subscribe(&mut buyer, "No").await;
        let (arn,): (String,) = stage.db.read("SELECT arn FROM license_arns WHERE arn <> $1").bind(credits.clone()).one().await.unwrap();
        let market = Embedded::new(stage.db.clone(), stage.clock.clone());
        let hour = Usage { key: "one".to_owned(), dimension: BUCKETS.to_owned(), hour_at: stage.now(), quantity: 3 };
        for _ in 0..3 {
            assert_eq!(market.meter(&arn, std::slice::from_ref(&hour)).await.unwrap(), Metering::Taken);
        }
        let other_key = Usage { key: "two".to_owned(), quantity: 9, ..hour.clone() };
        assert_eq!(market.meter(&arn, &[other_key]).await.unwrap(), Metering::Taken);
        assert_eq!(number(&stage, TOLD).await, 3, "the first record of an hour stays");
        let (ends,): (creditdesk::kernel::clock::Timestamp,) = stage.db.read("SELECT ends_at FROM agreements WHERE license_arn = $1").bind(arn.clone()).one().await.unwrap();
        for (key, hour_at) in [("early", stage.now() - TimeDelta::hours(1)), ("late", ends)] {
            let outside = Usage { key: key.to_owned(), hour_at, ..hour.clone() };
            assert_eq!(market.meter(&arn, &[outside]).await.unwrap(), Metering::Taken);
        }
        assert_eq!(number(&stage, TOLD).await, 3, "nobody was subscribed");
        let foreign = arn.replace(&arn[arn.len() - 32..], &"0".repeat(32));
        for other in [foreign, credits] {
            assert_eq!(market.meter(&other, std::slice::from_ref(&hour)).await.unwrap(), Metering::NotSupported);
        }
        assert_eq!(number(&stage, TOLD).await, 3);
        assert!(stage.db.write("UPDATE metering_records SET quantity = 9").exec().await.is_err());
        portal.stop().await;
    }
}
