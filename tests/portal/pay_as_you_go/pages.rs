//! The pages: the tab, *Manage billing model*, the preview and every refusal in words.

use super::{BUCKETS, TO_USE, changed, counted, end, subscribe};
use crate::support::Stage;
use crate::support::fixtures::contract as credits;
use crate::support::service::Service;
use crate::support::usage::use_units;
use chrono::TimeDelta;
use creditdesk::kernel::id::BusinessId;

const TAB: &str = "/console/credits?tab=pay-as-you-go";
const MODELS: &str = "/console/credits/billing-model";
const MODEL: &str = "/console/credits/billing-model/file-security/storage-bucket";

async fn acme(stage: &Stage) -> BusinessId {
    stage.db.read("SELECT id FROM businesses WHERE name = 'Acme Industries'").one::<(BusinessId,)>().await.unwrap().0
}

both_engines! {
    /// CRD-9: from the tab by *Manage billing model* to a preview that changes nothing, and the change; when it may change
    /// again stands there.
    #[test]
    async fn a_model_is_changed_after_a_preview(stage: Stage) {
        let portal = stage.portal().await;
        let acme = acme(&stage).await;
        credits(&stage, acme, 50_000).await;
        subscribe(&stage, acme).await;
        use_units(&stage.db, acme, BUCKETS, 2, &stage.who("admin")).await;
        let mut admin = portal.sign_in("licensing@acme.example").await;
        let page = admin.open(TAB).await;
        assert!(page.fact("Product").contains("Pay-as-you-go") && page.says("Every feature is charged from annual credits now"), "{page:?}");
        let page = admin.click("Manage billing model").await;
        assert_eq!(page.heading(), "Manage billing model");
        admin.click("Change Storage (bucket) to Pay-as-you-go").await;
        let page = admin.page();
        assert!(page.says("19,272 credits return to the balance at once"), "{page:?}");
        assert_eq!(page.rows("Before and after")[1], ["Current balance", "30,728", "50,000"]);
        let page = admin.press("Change to pay-as-you-go").await;
        assert!(page.says("Storage (bucket) is on Pay-as-you-go now. 19,272 credits returned"), "{page:?}");
        let rows = page.rows("Features that can be charged by use");
        let row = rows.iter().find(|row| row[0].starts_with("Storage (bucket)")).unwrap();
        assert!(row[1] == "Pay-as-you-go" && row[4].starts_with("From 1 Apr 2026, 09:00"), "{row:?}");
        let page = admin.open(MODEL).await;
        assert!(page.says("once in 30 days") && !page.buttons().contains(&"Change to annual credits".to_owned()), "{page:?}");
        let page = admin.open("/console/credits/allocation/file-security/storage-bucket").await;
        assert!(page.says("Charged by use") && !page.says("Change the units"), "{page:?}");
        portal.stop().await;
    }

    /// CRD-9: what was used this month stands on the tab and in the file, in whole unit-hours.
    #[test]
    async fn metered_units_stand_on_the_tab_and_in_the_file(stage: Stage) {
        let portal = stage.portal().await;
        let acme = acme(&stage).await;
        subscribe(&stage, acme).await;
        let service = Service::new(&stage, &portal.origin, &[BUCKETS], None).await;
        changed(&stage, acme, BUCKETS, TO_USE).await;
        counted(&stage, acme, BUCKETS, 3, service.id).await;
        stage.clock.advance(TimeDelta::hours(24));
        let mut viewer = portal.sign_in("viewer@acme.example").await;
        let page = viewer.open(TAB).await;
        assert_eq!(page.attributes("data[data-metered]", "value"), ["72"], "one month has something: {page:?}");
        assert!(page.says("0 unit-months and 72 unit-hours") && page.says("Rate on request"), "{page:?}");
        assert!(page.link("Manage billing model").is_none() && page.says("can change billing models"), "{page:?}");
        let file = viewer.open("/console/credits/pay-as-you-go.csv").await;
        assert!(file.body.contains("2026-03,Storage (bucket),file-security/storage-bucket,bucket,72,744,,,"), "{file:?}");
        portal.stop().await;
    }

    /// CRD-9: without a contract and after a rival's change the page refuses in words and changes nothing; whoever may not
    /// allocate does not get there.
    #[test]
    async fn every_refusal_is_in_words(stage: Stage) {
        let portal = stage.portal().await;
        let acme = acme(&stage).await;
        let mut admin = portal.sign_in("admin@acme.example").await;
        assert!(admin.open(MODELS).await.says("It needs a pay-as-you-go contract"));
        let page = admin.open(MODEL).await;
        assert!(page.says("has no pay-as-you-go contract that runs") && page.buttons().iter().all(|button| button == "Sign out"), "{page:?}");
        let contract = subscribe(&stage, acme).await;
        admin.open(MODEL).await;
        use_units(&stage.db, acme, BUCKETS, 1, &stage.who("rival")).await;
        let page = admin.press("Change to pay-as-you-go").await;
        assert!(page.status == 409 && page.problems()[0].contains("changed since you looked"), "{page:?}");
        end(&stage, contract).await;
        let page = admin.press("Change to pay-as-you-go").await;
        assert!(page.status == 409 && page.problems()[0].contains("no pay-as-you-go contract"), "{page:?}");
        let page = admin.open("/console/credits/billing-model/endpoint-security/xdr").await;
        assert_eq!(page.status, 404, "it cannot be charged by use");
        let mut viewer = portal.sign_in("viewer@acme.example").await;
        assert_eq!(viewer.open(MODELS).await.status, 403);
        portal.stop().await;
    }
}
