//! Subscriptions: the list, its filters and paging; auto renew.

use super::market::{ACME, Buyer, GLOBEX, Market};
use crate::support::Stage;
use chrono::TimeDelta;
use creditdesk::db::SplitRefusal;
use creditdesk::kernel::page::{Cursor, PageSize};
use creditdesk::marketplace::agreement::Standing;
use creditdesk::marketplace::event::{self, EventKind};
use creditdesk::marketplace::payment::PaymentMethod;
use creditdesk::marketplace::renewal::{self, Chosen, RenewalRefusal};
use creditdesk::marketplace::subscriptions::{self, Filter, SetUp, StatusFilter};
use creditdesk::marketplace::token;

async fn ids(market: &Market, buyer: &Buyer, filter: Filter) -> Vec<String> {
    let page = subscriptions::list(market.db(), &buyer.scope, filter, market.clock.now(), None, PageSize::default()).await.unwrap();
    assert_eq!(page.total, Some(i64::try_from(page.items.len()).unwrap()));
    page.items.into_iter().map(|row| row.id.to_string()).collect()
}

both_engines! {
    /// MKT-12: each agreement is a row with product, dates, vendor, id, status and set-up state; unclaimed ones stand out.
    #[test]
    async fn each_agreement_is_a_row_with_its_set_up_state(stage: Stage) {
        let market = Market::open(&stage).await;
        let buyer = market.buyer(ACME, PaymentMethod::Invoice).await;
        let mut agreements = Vec::new();
        for _ in 0..3 {
            agreements.push(market.buy(&buyer, 100).await);
            stage.clock.advance(TimeDelta::hours(1));
        }
        token::issue(&stage.db, &buyer.scope, &market.who(&buyer), &agreements[1].id).await.unwrap();
        market.activate(&agreements[0]).await;
        let page = subscriptions::list(&stage.db, &buyer.scope, Filter::default(), stage.now(), None, PageSize::default()).await.unwrap();
        let rows: Vec<_> = page.items.iter().map(|row| (row.id.clone(), row.set_up())).collect();
        let expected = [(2, SetUp::NotStarted), (1, SetUp::Started), (0, SetUp::Activated)];
        assert_eq!(rows, expected.map(|(index, state): (usize, SetUp)| (agreements[index].id.clone(), state)));
        let first = &page.items[2];
        assert_eq!((first.product_name.as_str(), first.seller_name.as_str()), ("Trend Vision One", "Trend Micro"));
        assert_eq!((first.starts_at, first.ends_at), (agreements[0].starts_at, agreements[0].ends_at));
        assert_eq!(first.standing(stage.now()), Standing::Active);
        assert_eq!(subscriptions::count_unclaimed(&stage.db, &buyer.scope, stage.now()).await.unwrap(), 2);
    }

    /// MKT-12, MKT-14: the list narrows by status and by set-up, and holds the own account's agreements only.
    #[test]
    async fn the_list_narrows_by_status_and_keeps_accounts_apart(stage: Stage) {
        let market = Market::open(&stage).await;
        let (acme, globex) = (market.buyer(ACME, PaymentMethod::Invoice).await, market.buyer(GLOBEX, PaymentMethod::TestSettleApproved).await);
        let ended = market.buy(&acme, 100).await;
        stage.clock.advance(TimeDelta::days(200));
        let active = market.buy(&acme, 100).await;
        market.activate(&active).await;
        stage.clock.advance(ended.ends_at - stage.now());
        let pending = market.buy(&globex, 100).await;
        let only = |status| Filter { status: Some(status), unclaimed: false };
        assert_eq!(ids(&market, &acme, Filter::default()).await, [active.id.to_string(), ended.id.to_string()]);
        assert_eq!(ids(&market, &acme, only(StatusFilter::Active)).await, [active.id.to_string()]);
        assert_eq!(ids(&market, &acme, only(StatusFilter::Ended)).await, [ended.id.to_string()]);
        assert!(ids(&market, &acme, only(StatusFilter::Pending)).await.is_empty());
        assert_eq!(ids(&market, &acme, Filter { status: None, unclaimed: true }).await, [ended.id.to_string()]);
        assert_eq!(ids(&market, &globex, only(StatusFilter::Pending)).await, [pending.id.to_string()]);
        assert_eq!(ids(&market, &globex, Filter::default()).await, [pending.id.to_string()]);
    }

    /// MKT-12: a long list goes on by key and shows every agreement once, also those of one instant.
    #[test]
    async fn the_list_pages_by_key(stage: Stage) {
        let market = Market::open(&stage).await;
        let buyer = market.buyer(ACME, PaymentMethod::Invoice).await;
        for _ in 0..23 {
            market.buy(&buyer, 100).await;
        }
        let (mut seen, mut after, mut pages) = (Vec::new(), None, 0);
        loop {
            let page = subscriptions::list(&stage.db, &buyer.scope, Filter::default(), stage.now(), after.as_ref(), PageSize::MIN).await.unwrap();
            assert_eq!(page.total, Some(23));
            seen.extend(page.items.iter().map(|row| row.id.clone()));
            pages += 1;
            match page.next {
                Some(next) => after = Cursor::parse(&next),
                None => break,
            }
        }
        seen.sort();
        seen.dedup();
        assert_eq!((seen.len(), pages), (23, 3));
    }

    /// MKT-11: one account may hold several agreements for one product; those in force are known to the purchase page.
    #[test]
    async fn an_account_may_hold_several_agreements_for_one_product(stage: Stage) {
        let market = Market::open(&stage).await;
        let (buyer, other) = (market.buyer(ACME, PaymentMethod::Invoice).await, market.buyer(GLOBEX, PaymentMethod::Invoice).await);
        let product = market.listing().await.id;
        let (first, second) = (market.buy(&buyer, 100).await, market.buy(&buyer, 200).await);
        assert_ne!(first.license_arn, second.license_arn);
        let in_force = subscriptions::in_force(&stage.db, &buyer.scope, &product, stage.now()).await.unwrap();
        assert_eq!(in_force.len(), 2);
        assert!(subscriptions::in_force(&stage.db, &other.scope, &product, stage.now()).await.unwrap().is_empty());
        assert!(subscriptions::in_force(&stage.db, &buyer.scope, &product, first.ends_at).await.unwrap().is_empty());
    }

    /// MKT-4: auto renew can be switched while the contract is in force, one microsecond before the end too; not after.
    #[test]
    async fn auto_renew_is_switched_until_the_end(stage: Stage) {
        let market = Market::open(&stage).await;
        let (buyer, stranger) = (market.buyer(ACME, PaymentMethod::Invoice).await, market.buyer(GLOBEX, PaymentMethod::Invoice).await);
        let agreement = market.buy(&buyer, 100).await;
        let switch = async |who: &Buyer, on| renewal::change(&stage.db, &who.scope, &market.who(who), &agreement.id, Chosen::auto_renew(on)).await.refusal().unwrap();
        assert_eq!(switch(&buyer, true).await, Ok(false), "it was on");
        assert_eq!(switch(&buyer, false).await, Ok(true));
        assert_eq!(switch(&stranger, true).await, Err(RenewalRefusal::NotFound));
        stage.clock.advance(agreement.ends_at - stage.now() - TimeDelta::microseconds(1));
        assert_eq!(switch(&buyer, true).await, Ok(true));
        stage.clock.advance(TimeDelta::microseconds(1));
        assert!(matches!(switch(&buyer, false).await, Err(RenewalRefusal::NotNow(_))));
        assert!(market.agreement(&buyer, &agreement.id).await.auto_renew);
        assert_eq!(market.audited("agreement.renewal_changed").await, 2);
        let events = event::list_waiting(&stage.db, 100).await.unwrap();
        assert_eq!(events.iter().filter(|event| event.kind == EventKind::AgreementAmended).count(), 2);
    }
}
