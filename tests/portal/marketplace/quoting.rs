//! Quotes: what is frozen, when they lapse, how they change, whose they are.

use super::market::{ACME, GLOBEX, Market, TREND, accepted, credits, wanted};
use crate::support::Stage;
use chrono::TimeDelta;
use creditdesk::db::{Failed, SplitRefusal};
use creditdesk::kernel::money::{Currency, Money};
use creditdesk::kernel::quantity::OutOfRange;
use creditdesk::marketplace::catalog::{Catalog, EMBEDDED};
use creditdesk::marketplace::ids::Prodview;
use creditdesk::marketplace::pay::PayRefusal;
use creditdesk::marketplace::payment::PaymentMethod;
use creditdesk::marketplace::publish;
use creditdesk::marketplace::quote::{LIFE, QuoteClosed, Standing};
use creditdesk::marketplace::quoting::{self, ChangeRefusal, QuoteRefusal, Wanted};
use creditdesk::marketplace::receipt;

both_engines! {
    /// MKT-5: making a quote freezes offer, price and amount, and charges nothing.
    #[test]
    async fn a_quote_freezes_its_offer_and_charges_nothing(stage: Stage) {
        let market = Market::open(&stage).await;
        let buyer = market.buyer(ACME, PaymentMethod::Invoice).await;
        let (offer, quote) = (market.offer().await, market.quote(&buyer, 1_000).await);
        let dearer = EMBEDDED.replacen("price = \"1.00\"", "price = \"9.00\"", 1);
        publish::publish(&stage.db, &Catalog::parse(&dearer).unwrap(), &stage.who("start")).await.unwrap();
        let review = receipt::review(&stage.db, &buyer.scope, &quote).await.unwrap().unwrap();
        assert_eq!(review.quote.offer_id, offer);
        assert_eq!(review.quote.price, Money::new(100, Currency::USD));
        assert_eq!(review.quote.amount, Money::new(100_000, Currency::USD));
        assert_eq!((review.attempt, review.payments.len()), (1, 0));
        assert_eq!(market.books().await, [0; 5]);
        assert_eq!((market.bank.calls(), market.mails().await.len()), (0, 0));
        accepted(market.pay(&buyer, &quote, 1).await.unwrap());
        let charged = market.count("SELECT amount_minor FROM charges").await;
        assert_eq!(charged, 100_000);
    }

    /// MKT-5: an unpaid quote lapses after 24 hours: 23:59:59.999999 is in time, 24:00:00 is not.
    #[test]
    async fn an_unpaid_quote_lapses_after_24_hours(stage: Stage) {
        let market = Market::open(&stage).await;
        let buyer = market.buyer(ACME, PaymentMethod::Invoice).await;
        let (late, in_time) = (market.quote(&buyer, 100).await, market.quote(&buyer, 100).await);
        stage.clock.advance(LIFE - TimeDelta::microseconds(1));
        accepted(market.pay(&buyer, &in_time, 1).await.unwrap());
        stage.clock.advance(TimeDelta::microseconds(1));
        assert_eq!(market.pay(&buyer, &late, 1).await, Err(PayRefusal::Closed(QuoteClosed::Lapsed)));
        let review = receipt::review(&stage.db, &buyer.scope, &late).await.unwrap().unwrap();
        assert_eq!(review.quote.standing(stage.now()), Standing::Lapsed);
        assert_eq!(market.books().await, [1, 1, 1, 1, 1]);
    }

    /// MKT-3: numbers that the offer does not sell make no quote, whatever the form let through.
    #[test]
    async fn numbers_outside_the_offer_make_no_quote(stage: Stage) {
        let market = Market::open(&stage).await;
        let buyer = market.buyer(ACME, PaymentMethod::Invoice).await;
        let (prodview, offer) = (Prodview::parse(TREND).unwrap(), market.offer().await);
        for (number, wrong) in [(99, OutOfRange::TooSmall), (0, OutOfRange::TooSmall), (10_000_001, OutOfRange::TooLarge)] {
            let made = quoting::create(&stage.db, &buyer.scope, &market.who(&buyer), &prodview, &offer, &wanted(number)).await;
            assert_eq!(made.refusal().unwrap(), Err(QuoteRefusal::OutOfRange(wrong)), "{number}");
        }
        let stepped = Prodview::parse("prodview-q9tz3fvk6hmsu").unwrap();
        let offer = creditdesk::marketplace::listing::find(&stage.db, &stepped).await.unwrap().unwrap().offer_id;
        let made = quoting::create(&stage.db, &buyer.scope, &market.who(&buyer), &stepped, &offer, &wanted(60)).await;
        assert_eq!(made.refusal().unwrap(), Err(QuoteRefusal::OutOfRange(OutOfRange::OffStep)));
        assert_eq!(market.count("SELECT CAST(COUNT(*) AS BIGINT) FROM quotes").await, 0);
    }

    /// MKT-5: a price that changed while the form was open makes no quote at a price nobody saw.
    #[test]
    async fn an_offer_that_changed_under_the_form_makes_no_quote(stage: Stage) {
        let market = Market::open(&stage).await;
        let buyer = market.buyer(ACME, PaymentMethod::Invoice).await;
        let seen = market.offer().await;
        let dearer = EMBEDDED.replacen("price = \"1.00\"", "price = \"1.10\"", 1);
        publish::publish(&stage.db, &Catalog::parse(&dearer).unwrap(), &stage.who("start")).await.unwrap();
        let prodview = Prodview::parse(TREND).unwrap();
        let made = quoting::create(&stage.db, &buyer.scope, &market.who(&buyer), &prodview, &seen, &wanted(100)).await;
        assert_eq!(made.refusal().unwrap(), Err(QuoteRefusal::OfferChanged));
    }

    /// MKT-6: Change makes a new quote at the same offer with the same lapse and marks the old one replaced.
    #[test]
    async fn changing_a_quote_puts_another_in_its_place(stage: Stage) {
        let market = Market::open(&stage).await;
        let buyer = market.buyer(ACME, PaymentMethod::Invoice).await;
        let old = market.quote(&buyer, 100).await;
        let offer = market.offer().await;
        let dearer = EMBEDDED.replacen("price = \"1.00\"", "price = \"9.00\"", 1);
        publish::publish(&stage.db, &Catalog::parse(&dearer).unwrap(), &stage.who("start")).await.unwrap();
        stage.clock.advance(TimeDelta::hours(1));
        let change = Wanted { credits: credits(250), auto_renew: false, purchase_order: Some("PO-7".to_owned()) };
        let new = quoting::change(&stage.db, &buyer.scope, &market.who(&buyer), &old, &change).await.unwrap();
        let review = receipt::review(&stage.db, &buyer.scope, &new).await.unwrap().unwrap().quote;
        assert_eq!((review.offer_id, review.amount), (offer, Money::new(25_000, Currency::USD)));
        assert_eq!((review.auto_renew, review.purchase_order.as_deref()), (false, Some("PO-7")));
        assert_eq!(review.lapses_at, stage.now() - TimeDelta::hours(1) + LIFE, "a change does not hold the price for longer");
        let closed = QuoteClosed::Replaced { by: new.clone() };
        assert_eq!(market.pay(&buyer, &old, 1).await, Err(PayRefusal::Closed(closed.clone())));
        let again = quoting::change(&stage.db, &buyer.scope, &market.who(&buyer), &old, &wanted(300)).await;
        assert_eq!(again.refusal().unwrap(), Err(ChangeRefusal::Closed(closed)));
        let same = quoting::change(&stage.db, &buyer.scope, &market.who(&buyer), &new, &change).await.unwrap();
        assert_eq!(same, new, "a change that changes nothing makes no quote");
        let too_many = quoting::change(&stage.db, &buyer.scope, &market.who(&buyer), &new, &wanted(10_000_001)).await;
        assert_eq!(too_many.refusal().unwrap(), Err(ChangeRefusal::OutOfRange(OutOfRange::TooLarge)));
        assert_eq!(market.count("SELECT CAST(COUNT(*) AS BIGINT) FROM quotes").await, 2);
        assert_eq!((market.audited("quote.created").await, market.audited("quote.replaced").await), (1, 1));
    }

    /// MKT-6: a quote is not changed while a payment of it is under way.
    #[test]
    async fn a_quote_is_not_changed_while_its_payment_is_under_way(stage: Stage) {
        let market = Market::open(&stage).await;
        let buyer = market.buyer(ACME, PaymentMethod::TestTimeOut).await;
        let quote = market.quote(&buyer, 100).await;
        market.pay(&buyer, &quote, 1).await.unwrap();
        let change = quoting::change(&stage.db, &buyer.scope, &market.who(&buyer), &quote, &wanted(200)).await;
        assert_eq!(change.refusal().unwrap(), Err(ChangeRefusal::PaymentUnderWay));
    }

    /// MKT-14: another account's quote is not found, by whatever is tried with it.
    #[test]
    async fn another_accounts_quote_is_not_found(stage: Stage) {
        let market = Market::open(&stage).await;
        let (owner, stranger) = (market.buyer(ACME, PaymentMethod::Invoice).await, market.buyer(GLOBEX, PaymentMethod::Invoice).await);
        let quote = market.quote(&owner, 100).await;
        assert!(receipt::review(&stage.db, &stranger.scope, &quote).await.unwrap().is_none());
        assert_eq!(market.pay(&stranger, &quote, 1).await, Err(PayRefusal::NotFound));
        let change = quoting::change(&stage.db, &stranger.scope, &market.who(&stranger), &quote, &wanted(200)).await;
        assert!(matches!(change, Err(Failed::Refused(ChangeRefusal::NotFound))));
        assert_eq!((market.books().await, market.bank.calls()), ([0; 5], 0));
        assert_eq!(market.audited("quote.replaced").await, 0);
    }
}
