//! Payments that are decided later.

use super::market::{ACME, Market, accepted};
use crate::support::Stage;
use chrono::TimeDelta;
use creditdesk::marketplace::agreement::AgreementStatus;
use creditdesk::marketplace::entitlement;
use creditdesk::marketplace::event::{self, EventKind};
use creditdesk::marketplace::payment::{PaymentMethod, SETTLES_AFTER};
use creditdesk::marketplace::settle::settle_pending_payments;
use creditdesk::marketplace::upgrade;

const CODE: &str = "74az0btybm649octamy0sktos";

async fn kinds(market: &Market) -> Vec<EventKind> {
    event::list_waiting(market.db(), 100).await.unwrap().into_iter().map(|event| event.kind).collect()
}

both_engines! {
    /// MKT-9: pending: the agreement exists, its entitlement does not; when the money arrives it comes into force.
    #[test]
    async fn a_pending_payment_that_arrives_brings_the_entitlement(stage: Stage) {
        let market = Market::open(&stage).await;
        let buyer = market.buyer(ACME, PaymentMethod::TestSettleApproved).await;
        let agreement = market.buy(&buyer, 500).await;
        assert_eq!(agreement.status, AgreementStatus::Pending);
        assert_eq!(market.books().await, [1, 1, 0, 0, 1]);
        assert_eq!(kinds(&market).await, [EventKind::AgreementCreated]);
        stage.clock.advance(SETTLES_AFTER - TimeDelta::microseconds(1));
        assert_eq!(settle_pending_payments(&market.till, &stage.clock).await.unwrap(), 0);
        assert_eq!(market.books().await, [1, 1, 0, 0, 1]);
        stage.clock.advance(TimeDelta::microseconds(1));
        assert_eq!(settle_pending_payments(&market.till, &stage.clock).await.unwrap(), 1);
        assert_eq!(settle_pending_payments(&market.till, &stage.clock).await.unwrap(), 0);
        let settled = market.agreement(&buyer, &agreement.id).await;
        assert_eq!(settled.status, AgreementStatus::Active);
        assert_eq!((settled.starts_at, settled.ends_at), (agreement.starts_at, agreement.ends_at), "it starts at acceptance all the same");
        assert_eq!(market.books().await, [1, 1, 1, 1, 1]);
        let granted = entitlement::in_force(&stage.db, CODE, &agreement.license_arn, stage.now()).await.unwrap();
        assert_eq!((granted[0].quantity.get(), granted[0].expires_at), (500, agreement.ends_at));
        assert_eq!(kinds(&market).await, [EventKind::AgreementCreated, EventKind::LicenseUpdated]);
        assert_eq!(
            market.mails().await,
            ["Your purchase of Trend Vision One: payment pending", "Your purchase of Trend Vision One: set up your account"]
        );
    }

    /// MKT-9: when the money does not arrive, the agreement is rolled back and nothing is charged.
    #[test]
    async fn a_pending_payment_that_does_not_arrive_rolls_the_agreement_back(stage: Stage) {
        let market = Market::open(&stage).await;
        let buyer = market.buyer(ACME, PaymentMethod::TestSettleDeclined).await;
        let quote = market.quote(&buyer, 500).await;
        let first = market.pay(&buyer, &quote, 1).await.unwrap();
        stage.clock.advance(SETTLES_AFTER);
        assert_eq!(settle_pending_payments(&market.till, &stage.clock).await.unwrap(), 1);
        let agreement = market.agreement(&buyer, &accepted(first.clone()).agreement).await;
        assert_eq!(agreement.status, AgreementStatus::RolledBack);
        assert_eq!(market.books().await, [1, 1, 0, 0, 1]);
        assert_eq!(kinds(&market).await, [EventKind::AgreementCreated, EventKind::AgreementEnded]);
        assert_eq!(market.mails().await[1], "Your purchase of Trend Vision One was not paid");
        assert_eq!(market.pay(&buyer, &quote, 2).await.unwrap(), first, "the quote is used up; its receipt says how it ended");
        assert_eq!(market.books().await, [1, 1, 0, 0, 1]);
    }

    /// MKT-9: several processes that settle at once settle each payment once.
    #[test]
    async fn processes_that_settle_at_once_settle_each_payment_once(stage: Stage) {
        let market = Market::open(&stage).await;
        let buyer = market.buyer(ACME, PaymentMethod::TestSettleApproved).await;
        for _ in 0..5 {
            market.buy(&buyer, 100).await;
        }
        stage.clock.advance(SETTLES_AFTER);
        let workers = (0..8).map(|_| {
            let (till, clock) = (market.till.clone(), stage.clock.clone());
            tokio::spawn(async move { settle_pending_payments(&till, &clock).await.unwrap() })
        });
        let settled: u64 = futures_util::future::join_all(workers).await.into_iter().map(Result::unwrap).sum();
        assert_eq!((settled, market.books().await), (5, [5, 5, 5, 5, 5]));
        assert_eq!(market.mails().await.len(), 10);
    }

    /// MKT-9, UPG-3: an upgrade whose payment is pending raises the total only when the money arrives.
    #[test]
    async fn a_pending_upgrade_counts_when_it_is_settled(stage: Stage) {
        let market = Market::open(&stage).await;
        let buyer = market.buyer(ACME, PaymentMethod::Invoice).await;
        let agreement = market.buy(&buyer, 500).await;
        market.activate(&agreement).await;
        for (method, total) in [("test_settle_declined", 500), ("test_settle_approved", 600)] {
            stage.db.write("UPDATE buyer_accounts SET payment_method = $1").bind(method).exec_one().await.unwrap();
            let who = market.who(&buyer);
            let quote = upgrade::create(&stage.db, &buyer.scope, &who, &agreement.id, super::market::credits(100), None).await.unwrap();
            let first = market.pay(&buyer, &quote, 1).await.unwrap();
            assert_eq!(market.agreement(&buyer, &agreement.id).await.credits.get(), 500, "{method}");
            stage.clock.advance(SETTLES_AFTER);
            assert_eq!(settle_pending_payments(&market.till, &stage.clock).await.unwrap(), 1);
            assert_eq!(market.agreement(&buyer, &agreement.id).await.credits.get(), total, "{method}");
            let granted = entitlement::in_force(&stage.db, CODE, &agreement.license_arn, stage.now()).await.unwrap();
            assert_eq!((granted[0].quantity.get(), granted[0].expires_at), (total, agreement.ends_at));
            assert_eq!(market.pay(&buyer, &quote, 1).await.unwrap(), first);
        }
        assert_eq!(market.books().await, [1, 1, 1, 2, 3]);
        assert_eq!(market.agreement(&buyer, &agreement.id).await.status, AgreementStatus::Active);
    }
}
