//! Payments that nobody finished: a bank that does not answer, a process that died in the middle.

use super::market::{ACME, Market, accepted};
use crate::support::Stage;
use chrono::TimeDelta;
use creditdesk::marketplace::pay::{self, Paid};
use creditdesk::marketplace::payment::{ANSWERS_AFTER, PaymentMethod};
use creditdesk::marketplace::quote::LIFE;
use creditdesk::marketplace::settle::{RESUMES_AFTER, resume_started_payments};
use std::sync::atomic::Ordering;

both_engines! {
    /// MKT-7: a bank that does not answer leaves the attempt open; pressing again asks about the same attempt.
    #[test]
    async fn a_time_out_charges_nothing_twice(stage: Stage) {
        let market = Market::open(&stage).await;
        let buyer = market.buyer(ACME, PaymentMethod::TestTimeOut).await;
        let quote = market.quote(&buyer, 500).await;
        for attempt in [1, 2, 1] {
            assert_eq!(market.pay(&buyer, &quote, attempt).await.unwrap(), Paid::Unknown { attempt: 1 });
        }
        assert_eq!((market.books().await, market.bank.keys()), ([0, 0, 0, 0, 1], 1));
        stage.clock.advance(ANSWERS_AFTER);
        accepted(market.pay(&buyer, &quote, 1).await.unwrap());
        assert_eq!((market.books().await, market.bank.keys(), market.bank.calls()), ([1, 1, 1, 1, 1], 1, 4));
    }

    /// MKT-7: an attempt that a crash left after the bank was asked is finished by the job, under the same key.
    #[test]
    async fn an_attempt_that_a_crash_left_is_finished_by_the_job(stage: Stage) {
        let market = Market::open(&stage).await;
        let buyer = market.buyer(ACME, PaymentMethod::TestApprove).await;
        let quote = market.quote(&buyer, 500).await;
        market.bank.hangs.store(true, Ordering::SeqCst);
        let (till, who) = (market.till.clone(), market.who(&buyer));
        let (scope, pressed) = (buyer.scope.clone(), quote.clone());
        let dying = tokio::spawn(async move { pay::pay(&till, &scope, &who, &pressed, 1).await });
        market.bank.reached.notified().await;
        dying.abort();
        assert!(dying.await.unwrap_err().is_cancelled());
        market.bank.hangs.store(false, Ordering::SeqCst);
        assert_eq!(market.books().await, [0, 0, 0, 0, 1]);

        stage.clock.advance(RESUMES_AFTER - TimeDelta::microseconds(1));
        assert_eq!(resume_started_payments(&market.till, &stage.clock).await.unwrap(), 0);
        stage.clock.advance(TimeDelta::microseconds(1));
        assert_eq!(resume_started_payments(&market.till, &stage.clock).await.unwrap(), 1);
        assert_eq!(resume_started_payments(&market.till, &stage.clock).await.unwrap(), 0);
        assert_eq!((market.books().await, market.bank.keys()), ([1, 1, 1, 1, 1], 1));
        let receipt = accepted(market.pay(&buyer, &quote, 1).await.unwrap());
        let agreement = market.agreement(&buyer, &receipt.agreement).await;
        assert_eq!((agreement.accepted_by, agreement.starts_at), (buyer.person, stage.now()));
        assert_eq!(market.books().await, [1, 1, 1, 1, 1]);
    }

    /// MKT-7: a payment that began in time is accepted even when its answer comes after the quote's 24 hours.
    #[test]
    async fn an_answer_that_comes_after_the_lapse_still_counts(stage: Stage) {
        let market = Market::open(&stage).await;
        let buyer = market.buyer(ACME, PaymentMethod::TestTimeOut).await;
        let quote = market.quote(&buyer, 500).await;
        stage.clock.advance(LIFE - TimeDelta::seconds(1));
        market.pay(&buyer, &quote, 1).await.unwrap();
        stage.clock.advance(TimeDelta::hours(1));
        assert_eq!(resume_started_payments(&market.till, &stage.clock).await.unwrap(), 1);
        assert_eq!(market.books().await, [1, 1, 1, 1, 1]);
    }

    /// MKT-7: the job and presses of the buyer at the same moment make one agreement.
    #[test]
    async fn the_job_and_the_buyer_may_finish_an_attempt_at_once(stage: Stage) {
        let market = Market::open(&stage).await;
        let buyer = market.buyer(ACME, PaymentMethod::TestTimeOut).await;
        let quote = market.quote(&buyer, 500).await;
        market.pay(&buyer, &quote, 1).await.unwrap();
        stage.clock.advance(RESUMES_AFTER);
        let jobs = (0..4).map(|_| {
            let (till, clock) = (market.till.clone(), stage.clock.clone());
            tokio::spawn(async move { resume_started_payments(&till, &clock).await.map(drop).unwrap() })
        });
        let presses = (0..16).map(|_| {
            let (till, buyer, who, quote) = (market.till.clone(), buyer.clone(), market.who(&buyer), quote.clone());
            tokio::spawn(async move { drop(accepted(pay::pay(&till, &buyer.scope, &who, &quote, 1).await.unwrap())) })
        });
        for done in futures_util::future::join_all(jobs.chain(presses)).await {
            done.unwrap();
        }
        assert_eq!((market.books().await, market.bank.keys()), ([1, 1, 1, 1, 1], 1));
        assert_eq!(market.mails().await.len(), 1);
    }
}
