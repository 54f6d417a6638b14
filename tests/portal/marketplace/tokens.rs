//! Registration tokens: the marketplace's part of the set-up.

use super::market::{ACME, GLOBEX, Market};
use crate::support::Stage;
use chrono::TimeDelta;
use creditdesk::db::SplitRefusal;
use creditdesk::kernel::secret::Secret;
use creditdesk::marketplace::payment::{PaymentMethod, SETTLES_AFTER};
use creditdesk::marketplace::settle::settle_pending_payments;
use creditdesk::marketplace::subscriptions::{self, SetUp};
use creditdesk::marketplace::token::{self, IssueRefusal, LIFE, REMEMBERED, ResolveRefusal};
use sha2::{Digest, Sha256};

both_engines! {
    /// SET-1: each click issues another token of 256 random bits; earlier ones keep their own time, to the microsecond.
    #[test]
    async fn each_click_issues_a_token_with_its_own_four_hours(stage: Stage) {
        let market = Market::open(&stage).await;
        let buyer = market.buyer(ACME, PaymentMethod::Invoice).await;
        let agreement = market.buy(&buyer, 100).await;
        let first = token::issue(&stage.db, &buyer.scope, &market.who(&buyer), &agreement.id).await.unwrap();
        assert_eq!(first.expires_at, stage.now() + TimeDelta::hours(4));
        stage.clock.advance(TimeDelta::hours(1));
        let second = token::issue(&stage.db, &buyer.scope, &market.who(&buyer), &agreement.id).await.unwrap();
        assert_ne!(first.token.reveal(), second.token.reveal());
        assert!(first.token.reveal().len() >= 43, "256 bits in base 64");
        stage.clock.advance(LIFE - TimeDelta::hours(1) - TimeDelta::microseconds(1));
        assert!(token::resolve(&stage.db, &first.token, stage.now()).await.is_ok());
        stage.clock.advance(TimeDelta::microseconds(1));
        let late = token::resolve(&stage.db, &first.token, stage.now()).await.refusal().unwrap();
        assert_eq!(late, Err(ResolveRefusal::Expired));
        assert!(token::resolve(&stage.db, &second.token, stage.now()).await.is_ok());
        stage.clock.advance(TimeDelta::hours(1));
        let late = token::resolve(&stage.db, &second.token, stage.now()).await.refusal().unwrap();
        assert_eq!(late, Err(ResolveRefusal::Expired));
    }

    /// SET-2: a token resolves to the same purchase as often as it is presented; only its hash is stored.
    #[test]
    async fn a_token_resolves_repeatedly_and_is_stored_as_a_hash(stage: Stage) {
        let market = Market::open(&stage).await;
        let buyer = market.buyer(ACME, PaymentMethod::Invoice).await;
        let agreement = market.buy(&buyer, 100).await;
        let issued = token::issue(&stage.db, &buyer.scope, &market.who(&buyer), &agreement.id).await.unwrap();
        let purchase = token::resolve(&stage.db, &issued.token, stage.now()).await.unwrap();
        assert_eq!((&purchase.license_arn, &purchase.agreement_id), (&agreement.license_arn, &agreement.id));
        assert_eq!((purchase.product_name.as_str(), purchase.seller_name.as_str()), ("Trend Vision One", "Trend Micro"));
        for _ in 0..5 {
            assert_eq!(token::resolve(&stage.db, &issued.token, stage.now()).await.unwrap(), purchase);
        }
        let stored: Vec<(Vec<u8>,)> = stage.db.read("SELECT token_hash FROM registration_tokens").all().await.unwrap();
        assert_eq!(stored, [(Sha256::digest(issued.token.reveal().as_bytes()).to_vec(),)]);
        let logged: Vec<(String, Option<String>)> = stage.db.read("SELECT subject, after FROM audit_entries").all().await.unwrap();
        assert!(logged.iter().all(|(subject, after)| {
            !subject.contains(issued.token.reveal()) && !after.as_deref().unwrap_or_default().contains(issued.token.reveal())
        }));
        assert!(!format!("{issued:?}").contains(issued.token.reveal()));
    }

    /// SET-2: what nobody was given is unknown; long after its end a token is forgotten.
    #[test]
    async fn unknown_and_forgotten_tokens_do_not_resolve(stage: Stage) {
        let market = Market::open(&stage).await;
        let buyer = market.buyer(ACME, PaymentMethod::Invoice).await;
        let agreement = market.buy(&buyer, 100).await;
        let issued = token::issue(&stage.db, &buyer.scope, &market.who(&buyer), &agreement.id).await.unwrap();
        for text in ["", "x", "\u{0}", &issued.token.reveal()[1..], &format!("{} ", issued.token.reveal())] {
            let resolved = token::resolve(&stage.db, &Secret::presented(text), stage.now()).await.refusal().unwrap();
            assert_eq!(resolved, Err(ResolveRefusal::Unknown), "{text:?}");
        }
        stage.clock.advance(LIFE + REMEMBERED);
        assert_eq!(token::sweep(&stage.db, stage.now()).await.unwrap(), 0);
        stage.clock.advance(TimeDelta::microseconds(1));
        assert_eq!(token::sweep(&stage.db, stage.now()).await.unwrap(), 1);
    }

    /// SET-1: the first click marks the purchase as being set up; activation is told by the seller and counts once.
    #[test]
    async fn set_up_goes_from_not_started_to_activated(stage: Stage) {
        let market = Market::open(&stage).await;
        let buyer = market.buyer(ACME, PaymentMethod::Invoice).await;
        let agreement = market.buy(&buyer, 100).await;
        let detail = async || subscriptions::find(&stage.db, &buyer.scope, &agreement.id).await.unwrap().unwrap();
        assert_eq!(detail().await.set_up(), SetUp::NotStarted);
        let first = stage.now();
        token::issue(&stage.db, &buyer.scope, &market.who(&buyer), &agreement.id).await.unwrap();
        stage.clock.advance(TimeDelta::minutes(5));
        token::issue(&stage.db, &buyer.scope, &market.who(&buyer), &agreement.id).await.unwrap();
        assert_eq!((detail().await.set_up(), detail().await.set_up_at), (SetUp::Started, Some(first)));
        let activated = stage.now();
        market.activate(&agreement).await;
        stage.clock.advance(TimeDelta::minutes(5));
        market.activate(&agreement).await;
        assert_eq!((detail().await.set_up(), detail().await.activated_at), (SetUp::Activated, Some(activated)));
        assert_eq!(market.audited("subscription.activated").await, 1);
        assert!(token::issue(&stage.db, &buyer.scope, &market.who(&buyer), &agreement.id).await.is_ok(), "a click is never refused for that");
    }

    /// SET-1, MKT-14: no token for another account's agreement, nor for one that is over or was never paid.
    #[test]
    async fn no_token_for_strangers_or_for_what_is_over(stage: Stage) {
        let market = Market::open(&stage).await;
        let (owner, stranger) = (market.buyer(ACME, PaymentMethod::Invoice).await, market.buyer(GLOBEX, PaymentMethod::TestSettleDeclined).await);
        let agreement = market.buy(&owner, 100).await;
        let issued = token::issue(&stage.db, &stranger.scope, &market.who(&stranger), &agreement.id).await.refusal().unwrap();
        assert_eq!(issued.unwrap_err(), IssueRefusal::NotFound);
        let unpaid = market.buy(&stranger, 100).await;
        assert!(token::issue(&stage.db, &stranger.scope, &market.who(&stranger), &unpaid.id).await.is_ok(), "pending may be set up, the landing says it waits");
        stage.clock.advance(SETTLES_AFTER);
        settle_pending_payments(&market.till, &stage.clock).await.unwrap();
        let issued = token::issue(&stage.db, &stranger.scope, &market.who(&stranger), &unpaid.id).await.refusal().unwrap();
        assert!(matches!(issued.unwrap_err(), IssueRefusal::NotNow(_)));
        stage.clock.advance(agreement.ends_at - stage.now());
        let issued = token::issue(&stage.db, &owner.scope, &market.who(&owner), &agreement.id).await.refusal().unwrap();
        assert!(matches!(issued.unwrap_err(), IssueRefusal::NotNow(_)));
        assert_eq!(market.count("SELECT CAST(COUNT(*) AS BIGINT) FROM registration_tokens").await, 1);
    }
}
