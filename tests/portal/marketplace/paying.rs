//! Pay now: once, under any repetition and concurrency, with every outcome a provider can have.

use super::market::{ACME, GLOBEX, Market, accepted, wanted};
use crate::support::Stage;
use chrono::TimeDelta;
use creditdesk::db::{Failed, SplitRefusal};
use creditdesk::marketplace::agreement::AgreementStatus;
use creditdesk::marketplace::entitlement;
use creditdesk::marketplace::ids::QuoteId;
use creditdesk::marketplace::pay::{self, Paid, PayRefusal};
use creditdesk::marketplace::payment::PaymentMethod;
use creditdesk::marketplace::quoting::{self, ChangeRefusal};
use creditdesk::marketplace::receipt;
use creditdesk::marketplace::subscriptions;
use std::collections::BTreeSet;

both_engines! {
    /// MKT-8: accepting makes one agreement and one license ARN; it starts at acceptance and ends 12 months later.
    #[test]
    async fn paying_makes_one_agreement_with_one_license_arn(stage: Stage) {
        let market = Market::open(&stage).await;
        let buyer = market.buyer(ACME, PaymentMethod::Invoice).await;
        let agreement = market.buy(&buyer, 1_000).await;
        assert_eq!(agreement.status, AgreementStatus::Active);
        assert_eq!((agreement.starts_at, agreement.ends_at), (stage.now(), "2027-03-02T09:00:00Z".parse().unwrap()));
        assert_eq!(agreement.initial_agreement_id, agreement.id);
        assert!(agreement.license_arn.as_str().starts_with("arn:aws:license-manager::294406891311:license:l-"));
        assert_eq!(market.books().await, [1, 1, 1, 1, 1]);
        let granted = entitlement::in_force(&stage.db, "74az0btybm649octamy0sktos", &agreement.license_arn, stage.now()).await.unwrap();
        assert_eq!(granted.len(), 1);
        assert_eq!((granted[0].dimension.as_str(), granted[0].quantity.get(), granted[0].expires_at), ("credits", 1_000, agreement.ends_at));
        assert_eq!(market.mails().await, ["Your purchase of Trend Vision One: set up your account"]);
        for action in ["quote.created", "payment.started", "agreement.created"] {
            assert_eq!(market.audited(action).await, 1, "{action}");
        }
    }

    /// MKT-8: a purchase on 29 February ends on 28 February (TIM-2).
    #[test]
    async fn a_purchase_on_a_leap_day_ends_on_28_february(stage: Stage) {
        let leap = "2028-02-29T12:00:00Z".parse::<creditdesk::kernel::clock::Timestamp>().unwrap();
        stage.clock.advance(leap - stage.now());
        let market = Market::open(&stage).await;
        let buyer = market.buyer(ACME, PaymentMethod::Invoice).await;
        assert_eq!(market.buy(&buyer, 100).await.ends_at, "2029-02-28T12:00:00Z".parse::<creditdesk::kernel::clock::Timestamp>().unwrap());
    }

    /// MKT-10: paying adds no credits anywhere.
    #[test]
    async fn paying_adds_no_credits_to_any_pool(stage: Stage) {
        let market = Market::open(&stage).await;
        let buyer = market.buyer(ACME, PaymentMethod::Invoice).await;
        market.buy(&buyer, 1_000).await;
        assert_eq!(market.count("SELECT CAST(COUNT(*) AS BIGINT) FROM licenses").await, 0);
        assert_eq!(market.count("SELECT CAST(COUNT(*) AS BIGINT) FROM contracts").await, 0);
        assert_eq!(market.count("SELECT CAST(COUNT(*) AS BIGINT) FROM credit_entries").await, 0);
    }

    /// MKT-7: a repeat, with whatever attempt in its form, shows the same receipt and does nothing.
    #[test]
    async fn a_repeat_shows_the_same_receipt(stage: Stage) {
        let market = Market::open(&stage).await;
        let buyer = market.buyer(ACME, PaymentMethod::Invoice).await;
        let quote = market.quote(&buyer, 500).await;
        let first = market.pay(&buyer, &quote, 1).await.unwrap();
        stage.clock.advance(TimeDelta::days(3));
        for attempt in [1, 2, 0, -1, i64::MAX] {
            assert_eq!(market.pay(&buyer, &quote, attempt).await.unwrap(), first, "{attempt}");
        }
        assert_eq!((market.books().await, market.bank.calls()), ([1, 1, 1, 1, 1], 1));
        let agreement = accepted(first).agreement;
        let receipt = receipt::find(&stage.db, &buyer.scope, &agreement, None).await.unwrap().unwrap();
        assert_eq!((receipt.quote.id, receipt.mailed_to), (quote, buyer.email.clone()));
    }

    /// MKT-7: of 64 simultaneous presses one pays; all see the same receipt.
    #[test]
    async fn of_many_simultaneous_presses_one_pays(stage: Stage) {
        let market = Market::open(&stage).await;
        let buyer = market.buyer(ACME, PaymentMethod::TestApprove).await;
        for round in 1..=3 {
            let quote = market.quote(&buyer, 1_000).await;
            let presses = (0..64).map(|_| {
                let (till, buyer, who, quote) = (market.till.clone(), buyer.clone(), market.who(&buyer), quote.clone());
                tokio::spawn(async move { pay::pay(&till, &buyer.scope, &who, &quote, 1).await })
            });
            let mut agreements = BTreeSet::new();
            for press in futures_util::future::join_all(presses).await {
                agreements.insert(accepted(press.unwrap().unwrap()).agreement);
            }
            assert_eq!(agreements.len(), 1);
            assert_eq!(market.books().await, [round; 5]);
            assert_eq!(i64::try_from(market.bank.keys()).unwrap(), round);
            assert_eq!(i64::try_from(market.mails().await.len()).unwrap(), round);
            assert_eq!(market.audited("agreement.created").await, round);
        }
    }

    /// MKT-7: presses of a declined attempt and of the next one, all at once: at most one charge, one agreement.
    #[test]
    async fn simultaneous_presses_of_two_attempts_pay_once(stage: Stage) {
        let market = Market::open(&stage).await;
        let buyer = market.buyer(ACME, PaymentMethod::TestDecline).await;
        let quote = market.quote(&buyer, 1_000).await;
        market.pay(&buyer, &quote, 1).await.unwrap();
        stage.db.write("UPDATE buyer_accounts SET payment_method = 'test_approve'").exec_one().await.unwrap();
        let presses = (0..32).map(|press| {
            let (till, buyer, who, quote) = (market.till.clone(), buyer.clone(), market.who(&buyer), quote.clone());
            tokio::spawn(async move { pay::pay(&till, &buyer.scope, &who, &quote, 1 + press % 2).await })
        });
        let outcomes: Vec<Paid> = futures_util::future::join_all(presses).await.into_iter().map(|press| press.unwrap().unwrap()).collect();
        assert!(outcomes.iter().any(|paid| matches!(paid, Paid::Accepted(_))));
        assert!(outcomes.iter().all(|paid| matches!(paid, Paid::Accepted(_) | Paid::Declined { attempt: 1, .. })), "{outcomes:?}");
        assert_eq!((market.books().await, market.bank.keys()), ([1, 1, 1, 1, 2], 2));
    }

    /// MKT-7: paying and changing at the same time: either happens, never both.
    #[test]
    async fn a_quote_is_paid_or_changed_but_never_both(stage: Stage) {
        let market = Market::open(&stage).await;
        let buyer = market.buyer(ACME, PaymentMethod::Invoice).await;
        for _ in 0..20 {
            let before = market.books().await[0];
            let quote = market.quote(&buyer, 100).await;
            let who = market.who(&buyer);
            let other = wanted_other();
            let change = quoting::change(&stage.db, &buyer.scope, &who, &quote, &other);
            let (paid, changed) = tokio::join!(pay::pay(&market.till, &buyer.scope, &who, &quote, 1), change);
            match (paid, changed) {
                (Ok(_), Err(Failed::Refused(ChangeRefusal::Closed(_) | ChangeRefusal::PaymentUnderWay))) => assert_eq!(market.books().await[0], before + 1),
                (Err(Failed::Refused(PayRefusal::Closed(_))), Ok(_)) => assert_eq!(market.books().await[0], before),
                other => panic!("both or neither: {other:?}"),
            }
        }
    }

    /// MKT-9: declined: no agreement, the quote stays payable, the reason is told, a repeat tells it again, and a new
    /// attempt is possible.
    #[test]
    async fn a_declined_payment_leaves_the_quote_payable(stage: Stage) {
        let market = Market::open(&stage).await;
        let buyer = market.buyer(ACME, PaymentMethod::TestDecline).await;
        let quote = market.quote(&buyer, 500).await;
        let declined = market.pay(&buyer, &quote, 1).await.unwrap();
        let Paid::Declined { attempt: 1, reason } = &declined else { panic!("{declined:?}") };
        assert_eq!(reason, "The bank declined the card: the limit for this month is reached.");
        assert_eq!(market.books().await, [0, 0, 0, 0, 1]);
        assert_eq!(market.pay(&buyer, &quote, 1).await.unwrap(), declined);
        assert_eq!(market.bank.calls(), 1, "a repeat does not ask the bank again");
        assert_eq!(market.pay(&buyer, &quote, 3).await, Err(PayRefusal::OutOfTurn));
        assert_eq!(market.mails().await, Vec::<String>::new());
        let review = receipt::review(&stage.db, &buyer.scope, &quote).await.unwrap().unwrap();
        assert_eq!(review.attempt, 2);
        stage.db.write("UPDATE buyer_accounts SET payment_method = 'invoice'").exec_one().await.unwrap();
        accepted(market.pay(&buyer, &quote, 2).await.unwrap());
        assert_eq!((market.books().await, market.bank.keys()), ([1, 1, 1, 1, 2], 2));
        assert_eq!(market.audited("payment.declined").await, 1);
    }

    /// MKT-14: another account's agreement and receipt are not found.
    #[test]
    async fn another_accounts_agreement_is_not_found(stage: Stage) {
        let market = Market::open(&stage).await;
        let (owner, stranger) = (market.buyer(ACME, PaymentMethod::Invoice).await, market.buyer(GLOBEX, PaymentMethod::Invoice).await);
        let agreement = market.buy(&owner, 100).await;
        assert!(subscriptions::find(&stage.db, &stranger.scope, &agreement.id).await.unwrap().is_none());
        assert!(receipt::find(&stage.db, &stranger.scope, &agreement.id, None).await.unwrap().is_none());
        assert!(receipt::find(&stage.db, &owner.scope, &agreement.id, Some(&QuoteId::generate())).await.unwrap().is_none());
        assert!(receipt::find(&stage.db, &owner.scope, &agreement.id, None).await.unwrap().is_some());
    }

    /// MKT-9: a test payment method outside a demonstration is declined and charges nothing.
    #[test]
    async fn test_methods_are_declined_where_only_invoices_are_taken(stage: Stage) {
        let mut market = Market::open(&stage).await;
        market.till.providers = creditdesk::marketplace::payment::Providers::invoice_only();
        let buyer = market.buyer(ACME, PaymentMethod::TestApprove).await;
        let quote = market.quote(&buyer, 100).await;
        let paid = pay::pay(&market.till, &buyer.scope, &market.who(&buyer), &quote, 1).await.refusal().unwrap().unwrap();
        assert!(matches!(paid, Paid::Declined { .. }), "{paid:?}");
        assert_eq!(market.books().await, [0, 0, 0, 0, 1]);
    }
}

fn wanted_other() -> quoting::Wanted {
    quoting::Wanted { purchase_order: Some("PO-1".to_owned()), ..wanted(100) }
}
