//! Upgrades: when they are possible, what they cost, what they change.

use super::market::{ACME, Buyer, GLOBEX, Market, accepted, credits};
use crate::support::Stage;
use chrono::TimeDelta;
use creditdesk::db::SplitRefusal;
use creditdesk::kernel::money::{Currency, Money};
use creditdesk::kernel::quantity::OutOfRange;
use creditdesk::marketplace::agreement::Agreement;
use creditdesk::marketplace::entitlement;
use creditdesk::marketplace::ids::QuoteId;
use creditdesk::marketplace::pay::{self, PayRefusal};
use creditdesk::marketplace::payment::PaymentMethod;
use creditdesk::marketplace::quote::QuoteKind;
use creditdesk::marketplace::quoting::{self, Wanted};
use creditdesk::marketplace::receipt;
use creditdesk::marketplace::upgrade::{self, UpgradeRefusal};

const CODE: &str = "74az0btybm649octamy0sktos";

async fn ask(market: &Market, buyer: &Buyer, agreement: &Agreement, number: i64) -> Result<QuoteId, UpgradeRefusal> {
    upgrade::create(market.db(), &buyer.scope, &market.who(buyer), &agreement.id, credits(number), None).await.refusal().unwrap()
}

async fn amount(market: &Market, buyer: &Buyer, quote: &QuoteId) -> Money {
    receipt::review(market.db(), &buyer.scope, quote).await.unwrap().unwrap().quote.amount
}

both_engines! {
    /// UPG-1: only after activation, at any time in the term, any number of times; the number typed is the number to add.
    #[test]
    async fn credits_can_be_added_only_after_activation_and_within_the_term(stage: Stage) {
        let market = Market::open(&stage).await;
        let buyer = market.buyer(ACME, PaymentMethod::Invoice).await;
        let agreement = market.buy(&buyer, 500).await;
        assert_eq!(ask(&market, &buyer, &agreement, 100).await, Err(UpgradeRefusal::NotActivated));
        assert_eq!(upgrade::room(&stage.db, &buyer.scope, &agreement.id, stage.now()).await.refusal().unwrap(), Err(UpgradeRefusal::NotActivated));
        market.activate(&agreement).await;
        for total in [600, 700, 800] {
            let quote = ask(&market, &buyer, &agreement, 100).await.unwrap();
            let done = accepted(market.pay(&buyer, &quote, 1).await.unwrap());
            assert_eq!((done.kind, &done.agreement), (QuoteKind::Upgrade, &agreement.id));
            assert_eq!(market.agreement(&buyer, &agreement.id).await.credits.get(), total);
        }
        stage.clock.advance(agreement.ends_at - stage.now() - TimeDelta::microseconds(1));
        let last = ask(&market, &buyer, &agreement, 1).await.unwrap();
        assert_eq!(amount(&market, &buyer, &last).await, Money::new(1, Currency::USD), "the last second costs the smallest amount there is");
        stage.clock.advance(TimeDelta::microseconds(1));
        assert!(matches!(ask(&market, &buyer, &agreement, 1).await, Err(UpgradeRefusal::NotNow(_))));
        assert!(market.pay(&buyer, &last, 1).await.is_err(), "a quote does not outlive the term");
        assert_eq!(market.agreement(&buyer, &agreement.id).await.credits.get(), 800);
    }

    /// UPG-2: credits are added, never reduced; not above what the offer sells.
    #[test]
    async fn credits_are_added_and_never_reduced(stage: Stage) {
        let market = Market::open(&stage).await;
        let buyer = market.buyer(ACME, PaymentMethod::Invoice).await;
        let agreement = market.buy(&buyer, 9_999_990).await;
        market.activate(&agreement).await;
        assert_eq!(ask(&market, &buyer, &agreement, 0).await, Err(UpgradeRefusal::OutOfRange(OutOfRange::TooSmall)));
        assert_eq!(ask(&market, &buyer, &agreement, 11).await, Err(UpgradeRefusal::OutOfRange(OutOfRange::TooLarge)));
        let (first, second) = (ask(&market, &buyer, &agreement, 10).await.unwrap(), ask(&market, &buyer, &agreement, 10).await.unwrap());
        accepted(market.pay(&buyer, &first, 1).await.unwrap());
        assert_eq!(market.pay(&buyer, &second, 1).await, Err(PayRefusal::Upgrade(UpgradeRefusal::Full)), "two quotes do not pass the maximum together");
        assert_eq!(ask(&market, &buyer, &agreement, 1).await, Err(UpgradeRefusal::Full));
        assert_eq!(market.agreement(&buyer, &agreement.id).await.credits.get(), 10_000_000);
        assert_eq!(market.books().await, [1, 1, 1, 2, 2]);
    }

    /// UPG-3: price x credits x remaining seconds / term seconds, rounded up, frozen in the quote.
    #[test]
    async fn an_upgrade_is_charged_for_the_time_that_is_left(stage: Stage) {
        let market = Market::open(&stage).await;
        let buyer = market.buyer(ACME, PaymentMethod::Invoice).await;
        let agreement = market.buy(&buyer, 500).await;
        market.activate(&agreement).await;
        let whole = ask(&market, &buyer, &agreement, 500).await.unwrap();
        assert_eq!(amount(&market, &buyer, &whole).await, Money::new(50_000, Currency::USD));
        stage.clock.advance(TimeDelta::days(100));
        // 500.00 x 265/365 = 363.0136…
        let quote = ask(&market, &buyer, &agreement, 500).await.unwrap();
        assert_eq!(amount(&market, &buyer, &quote).await, Money::new(36_302, Currency::USD));
        stage.clock.advance(TimeDelta::hours(12));
        accepted(market.pay(&buyer, &quote, 1).await.unwrap());
        assert_eq!(market.count("SELECT amount_minor FROM charges WHERE kind = 'upgrade'").await, 36_302);
        assert!(market.pay(&buyer, &whole, 1).await.is_err(), "the quote of the first day has lapsed");
        // 1 credit, one second into the year after the middle: a part of a cent is a cent.
        stage.clock.advance(TimeDelta::days(264));
        let small = ask(&market, &buyer, &agreement, 1).await.unwrap();
        assert_eq!(amount(&market, &buyer, &small).await, Money::new(1, Currency::USD));
    }

    /// UPG-3: a changed upgrade is priced anew for the time that is left at the change.
    #[test]
    async fn changing_an_upgrade_prices_it_anew(stage: Stage) {
        let market = Market::open(&stage).await;
        let buyer = market.buyer(ACME, PaymentMethod::Invoice).await;
        let agreement = market.buy(&buyer, 500).await;
        market.activate(&agreement).await;
        stage.clock.advance(TimeDelta::days(73));
        let old = ask(&market, &buyer, &agreement, 100).await.unwrap();
        assert_eq!(amount(&market, &buyer, &old).await, Money::new(8_000, Currency::USD));
        let change = Wanted { credits: credits(200), auto_renew: false, purchase_order: None };
        let new = quoting::change(&stage.db, &buyer.scope, &market.who(&buyer), &old, &change).await.unwrap();
        let review = receipt::review(&stage.db, &buyer.scope, &new).await.unwrap().unwrap();
        assert_eq!((review.quote.amount, review.quote.auto_renew), (Money::new(16_000, Currency::USD), true));
        assert_eq!(review.agreement.map(|agreement| agreement.id), Some(agreement.id));
    }

    /// UPG-4: the total rises on the same license ARN with the same expiration; nothing else of the agreement changes.
    #[test]
    async fn an_upgrade_raises_the_total_with_the_same_expiration(stage: Stage) {
        let market = Market::open(&stage).await;
        let buyer = market.buyer(ACME, PaymentMethod::Invoice).await;
        let agreement = market.buy(&buyer, 500).await;
        market.activate(&agreement).await;
        stage.clock.advance(TimeDelta::days(10));
        let quote = ask(&market, &buyer, &agreement, 250).await.unwrap();
        let done = accepted(market.pay(&buyer, &quote, 1).await.unwrap());
        assert_eq!(market.pay(&buyer, &quote, 1).await.unwrap(), pay::Paid::Accepted(done.clone()));
        let after = market.agreement(&buyer, &agreement.id).await;
        assert_eq!(after, Agreement { credits: credits(750), ..agreement.clone() });
        let granted = entitlement::in_force(&stage.db, CODE, &agreement.license_arn, stage.now()).await.unwrap();
        assert_eq!((granted.len(), granted[0].quantity.get(), granted[0].expires_at), (1, 750, agreement.ends_at));
        assert_eq!(market.books().await, [1, 1, 1, 2, 2]);
        let receipt = receipt::find(&stage.db, &buyer.scope, &agreement.id, Some(&quote)).await.unwrap().unwrap();
        assert_eq!((receipt.quote.id, receipt.agreement.credits.get()), (quote, 750));
        assert_eq!(market.mails().await[1], "Credits added to Trend Vision One");
    }

    /// UPG-1: many simultaneous presses of several upgrade quotes add each once.
    #[test]
    async fn simultaneous_upgrades_add_each_once(stage: Stage) {
        let market = Market::open(&stage).await;
        let buyer = market.buyer(ACME, PaymentMethod::Invoice).await;
        let agreement = market.buy(&buyer, 500).await;
        market.activate(&agreement).await;
        let mut quotes = Vec::new();
        for _ in 0..4 {
            quotes.push(ask(&market, &buyer, &agreement, 100).await.unwrap());
        }
        let presses = (0..64).map(|press| {
            let (till, buyer, who, quote) = (market.till.clone(), buyer.clone(), market.who(&buyer), quotes[press % 4].clone());
            tokio::spawn(async move { drop(accepted(pay::pay(&till, &buyer.scope, &who, &quote, 1).await.unwrap())) })
        });
        for press in futures_util::future::join_all(presses).await {
            press.unwrap();
        }
        assert_eq!(market.agreement(&buyer, &agreement.id).await.credits.get(), 900);
        assert_eq!((market.books().await, market.audited("agreement.upgraded").await), ([1, 1, 1, 5, 5], 4));
    }

    /// UPG-1, MKT-14: another account's contract, and one whose payment is pending, cannot be upgraded.
    #[test]
    async fn strangers_and_pending_contracts_are_not_upgraded(stage: Stage) {
        let market = Market::open(&stage).await;
        let (owner, stranger) = (market.buyer(ACME, PaymentMethod::Invoice).await, market.buyer(GLOBEX, PaymentMethod::TestSettleApproved).await);
        let agreement = market.buy(&owner, 500).await;
        market.activate(&agreement).await;
        assert_eq!(ask(&market, &stranger, &agreement, 100).await, Err(UpgradeRefusal::NotFound));
        let pending = market.buy(&stranger, 500).await;
        assert!(matches!(ask(&market, &stranger, &pending, 100).await, Err(UpgradeRefusal::NotNow(_))));
        assert_eq!(market.count("SELECT CAST(COUNT(*) AS BIGINT) FROM quotes WHERE kind = 'upgrade'").await, 0);
    }
}
