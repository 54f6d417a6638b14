//! The contract: activated once like any purchase, one a business, no credits; and what the marketplace is told of its use.

use super::{BUCKETS, TO_USE, allocated, changed, counted, number};
use crate::support::Stage;
use crate::support::desk::Desk;
use crate::support::fake_marketplace::Call;
use crate::support::service::Service;
use chrono::TimeDelta;
use creditdesk::fulfilment::marketplace::Ending;
use creditdesk::kernel::id::BusinessId;
use std::collections::BTreeMap;

const CONTRACTS: &str = "SELECT CAST(COUNT(*) AS BIGINT) FROM contracts WHERE dimension = 'pay_as_you_go'";
const LICENSES: &str = "SELECT CAST(COUNT(*) AS BIGINT) FROM licenses";
const CREDITS: &str = "SELECT CAST(COUNT(*) AS BIGINT) FROM credit_entries";

async fn acme(stage: &Stage) -> BusinessId {
    stage.db.read("SELECT id FROM businesses WHERE name = 'Acme Industries'").one::<(BusinessId,)>().await.unwrap().0
}

both_engines! {
    /// CRD-9, ACT-6: it is set up and activated like a purchase, grants no credits and makes no license; a second one is
    /// refused with the reason and stays activatable.
    #[test]
    async fn it_is_activated_once_and_a_second_one_is_refused(stage: Stage) {
        let desk = Desk::open(&stage).await;
        let (first, second) = (desk.market.buy(1, 1, stage.now()), desk.market.buy(2, 1, stage.now()));
        desk.market.world().is_pay_as_you_go(&first);
        desk.market.world().is_pay_as_you_go(&second);
        let mut admin = desk.ready("admin@acme.example", &first).await;
        assert_eq!(admin.page().fact("Contract type"), "Pay-as-you-go");
        assert!(!admin.page().says("1 credit"), "{:?}", admin.page());
        let mut other = desk.ready("admin@acme.example", &second).await;
        assert_eq!(other.page().fact("Contract type"), "Pay-as-you-go", "it can be, as long as the first is not");
        let page = admin.accept_and_activate().await;
        assert!(page.says("was activated for your business") && page.fact("Product").contains("Trend Vision One"), "{page:?}");
        assert_eq!([number(&stage, CONTRACTS).await, number(&stage, LICENSES).await, number(&stage, CREDITS).await], [1, 0, 0]);
        let mut again = desk.ready("admin@acme.example", &first).await;
        assert!(again.open("/console/activation").await.says("Products Already Activated"));
        let page = other.accept_and_activate().await;
        assert_eq!((page.status, page.heading().as_str()), (409, "Your business has a pay-as-you-go contract"), "{page:?}");
        assert_eq!(number(&stage, CONTRACTS).await, 1);
        let mails = number(&stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM mails WHERE body LIKE '%grants no credits%'").await;
        assert!(mails > 0, "those with licensing permission are told");
        desk.portal.stop().await;
    }

    /// CRD-9: a renewal moves the end and books no credits; the end that the marketplace tells returns features.
    #[test]
    async fn it_renews_without_credits_and_its_end_returns_features(stage: Stage) {
        let desk = Desk::open(&stage).await;
        let bought = desk.market.buy(1, 1, stage.now());
        desk.market.world().is_pay_as_you_go(&bought);
        desk.ready("admin@acme.example", &bought).await.accept_and_activate().await;
        let (acme, service) = (acme(&stage).await, Service::new(&stage, "", &[BUCKETS], None).await);
        changed(&stage, acme, BUCKETS, TO_USE).await;
        counted(&stage, acme, BUCKETS, 2, service.id).await;
        let renewed = crate::support::fake_marketplace::Bought { ends_at: bought.ends_at + TimeDelta::days(365), ..bought };
        desk.market.world().is_pay_as_you_go(&renewed);
        stage.clock.advance(renewed.ends_at - TimeDelta::days(365) - stage.now());
        desk.portal.run_due_jobs().await;
        let (ends,): (creditdesk::kernel::clock::Timestamp,) = stage.db.read("SELECT expires_at FROM contracts").one().await.unwrap();
        assert_eq!((ends, allocated(&stage, acme).await), (renewed.ends_at, 0));
        assert_eq!([number(&stage, LICENSES).await, number(&stage, CREDITS).await], [0, 0]);
        stage.clock.advance(renewed.ends_at - stage.now());
        desk.market.world().facts.get_mut(&renewed.license_arn).unwrap().ending = Some(Ending::Expired);
        desk.portal.run_due_jobs().await;
        assert_eq!(allocated(&stage, acme).await, 2 * 9_636);
        desk.portal.stop().await;
    }

    /// CRD-9: whole hours are told once under a key of their own; what fails is told again; a marketplace without metering
    /// is told nothing and nothing breaks.
    #[test]
    async fn the_marketplace_is_told_every_hour_once(stage: Stage) {
        let desk = Desk::open(&stage).await;
        let bought = desk.market.buy(1, 1, stage.now());
        desk.market.world().is_pay_as_you_go(&bought);
        desk.ready("admin@acme.example", &bought).await.accept_and_activate().await;
        let (acme, service) = (acme(&stage).await, Service::new(&stage, "", &[BUCKETS], None).await);
        changed(&stage, acme, BUCKETS, TO_USE).await;
        counted(&stage, acme, BUCKETS, 2, service.id).await;
        stage.clock.advance(TimeDelta::minutes(90));
        counted(&stage, acme, BUCKETS, 5, service.id).await;
        stage.clock.advance(TimeDelta::minutes(105));
        desk.portal.run_due_jobs().await;
        assert_eq!(number(&stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM contracts WHERE metered_through IS NOT NULL").await, 0, "no metering");
        desk.market.world().metered = Some(BTreeMap::new());
        desk.market.world().away.insert(Call::Meter);
        for away in [true, false] {
            if !away {
                desk.market.world().away.clear();
            }
            stage.clock.advance(TimeDelta::minutes(2));
            desk.portal.run_due_jobs().await;
            let told: Vec<(String, i64)> = desk.market.world().metered.as_ref().unwrap().values().map(|hour| (hour.hour_at.format("%H").to_string(), hour.quantity)).collect();
            assert_eq!(told, [("09", 2), ("10", 5), ("11", 5)].map(|(hour, units)| (hour.to_owned(), units)), "the hour that runs waits");
            let taken = number(&stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM contracts WHERE metered_through IS NOT NULL").await;
            assert_eq!(taken == 1, !away);
        }
        let calls = desk.market.world().calls.len();
        stage.clock.advance(TimeDelta::minutes(2));
        desk.portal.run_due_jobs().await;
        let told = desk.market.world().calls[calls..].iter().filter(|call| **call == Call::Meter).count();
        assert_eq!(told, 0, "nothing is told twice once it was taken");
        desk.portal.stop().await;
    }
}
