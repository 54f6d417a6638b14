//! The embedded adapter: what the console learns through the port.

use super::market::{ACME, Market};
use crate::support::Stage;
use chrono::TimeDelta;
use creditdesk::fulfilment::marketplace::embedded::Embedded;
use creditdesk::fulfilment::marketplace::{AgreementStanding, Entitlement, Marketplace, ResolveError};
use creditdesk::kernel::secret::Secret;
use creditdesk::marketplace::payment::{PaymentMethod, SETTLES_AFTER};
use creditdesk::marketplace::settle::settle_pending_payments;
use creditdesk::marketplace::subscriptions::{self, SetUp};
use creditdesk::marketplace::token;

const CODE: &str = "74az0btybm649octamy0sktos";

both_engines! {
    /// SET-2: a token resolves through the port as often as it is asked, and to the same purchase.
    #[test]
    async fn the_port_resolves_tokens_until_they_expire(stage: Stage) {
        let market = Market::open(&stage).await;
        let buyer = market.buyer(ACME, PaymentMethod::Invoice).await;
        let agreement = market.buy(&buyer, 100).await;
        let issued = token::issue(&stage.db, &buyer.scope, &market.who(&buyer), &agreement.id).await.unwrap();
        let port = Embedded::new(stage.db.clone(), stage.clock.clone());
        let purchase = port.resolve(&issued.token).await.unwrap();
        assert_eq!((purchase.license_arn.as_str(), purchase.product_code.as_str()), (agreement.license_arn.as_str(), CODE));
        assert_eq!((purchase.buyer_account_id.as_str(), purchase.token_expires_at), (ACME, Some(issued.expires_at)));
        assert_eq!(port.resolve(&issued.token).await.unwrap(), purchase);
        assert!(matches!(port.resolve(&Secret::presented("nobody")).await, Err(ResolveError::Invalid)));
        stage.clock.advance(TimeDelta::hours(4));
        assert!(matches!(port.resolve(&issued.token).await, Err(ResolveError::Expired)));
        stage.db.close().await;
        assert!(matches!(port.resolve(&issued.token).await, Err(ResolveError::Unreachable(_))));
    }

    /// MKT-9: entitlements come with the money and are gone at the end; another product's code gets none.
    #[test]
    async fn the_port_tells_what_a_purchase_is_worth_now(stage: Stage) {
        let market = Market::open(&stage).await;
        let buyer = market.buyer(ACME, PaymentMethod::TestSettleApproved).await;
        let agreement = market.buy(&buyer, 100).await;
        let port = Embedded::new(stage.db.clone(), stage.clock.clone());
        let (arn, standing) = (agreement.license_arn.as_str(), async || port.agreement(agreement.license_arn.as_str()).await.unwrap().unwrap().standing);
        assert_eq!((port.entitlements(CODE, arn).await.unwrap(), standing().await), (Vec::new(), AgreementStanding::Pending));
        stage.clock.advance(SETTLES_AFTER);
        settle_pending_payments(&market.till, &stage.clock).await.unwrap();
        let row = Entitlement { dimension: "credits".to_owned(), quantity: 100, expires_at: agreement.ends_at };
        assert_eq!((port.entitlements(CODE, arn).await.unwrap(), standing().await), (vec![row], AgreementStanding::Active));
        assert_eq!(port.entitlements("3k9vq1xh7d2mz5p8r4twy6cbn", arn).await.unwrap(), Vec::new());
        assert_eq!(port.entitlements(CODE, "arn:other").await.unwrap(), Vec::new());
        assert!(port.agreement("arn:aws:license-manager::294406891311:license:l-0").await.unwrap().is_none());
        stage.clock.advance(agreement.ends_at - stage.now());
        assert_eq!((port.entitlements(CODE, arn).await.unwrap(), standing().await), (Vec::new(), AgreementStanding::Ended));
    }

    /// UPG-4: changes come until they are acknowledged, oldest first, and a report of activation may be repeated.
    #[test]
    async fn the_port_gives_changes_until_they_are_acknowledged(stage: Stage) {
        let market = Market::open(&stage).await;
        let buyer = market.buyer(ACME, PaymentMethod::Invoice).await;
        let agreement = market.buy(&buyer, 100).await;
        let port = Embedded::new(stage.db.clone(), stage.clock.clone());
        let changes = port.receive(10).await.unwrap();
        assert_eq!(changes.len(), 2, "the agreement and its license");
        assert!(changes.iter().all(|change| change.license_arn == agreement.license_arn.as_str()));
        assert_eq!(port.receive(1).await.unwrap().len(), 1);
        port.acknowledge(&[changes[0].id]).await.unwrap();
        port.acknowledge(&[changes[0].id]).await.unwrap();
        assert_eq!(port.receive(10).await.unwrap().iter().map(|change| change.id).collect::<Vec<_>>(), [changes[1].id]);
        for _ in 0..2 {
            port.report_activated(agreement.license_arn.as_str(), stage.now()).await.unwrap();
        }
        port.report_activated("arn:other", stage.now()).await.unwrap();
        let detail = subscriptions::find(&stage.db, &buyer.scope, &agreement.id).await.unwrap().unwrap();
        assert_eq!((detail.set_up(), detail.activated_at), (SetUp::Activated, Some(stage.now())));
    }
}
