//! Many workers renew at once on one database and are killed at random, on the use cases and as real processes.

use super::market::{ACME, Bank, Market};
use crate::support::Stage;
use crate::support::process::Process;
use chrono::TimeDelta;
use creditdesk::db::{Db, Engine};
use creditdesk::kernel::clock::{Clock, Timestamp};
use creditdesk::kernel::random;
use creditdesk::marketplace::pay::Till;
use creditdesk::marketplace::payment::{PaymentMethod, Providers};
use creditdesk::marketplace::renew::renew_due;
use creditdesk::marketplace::settle::resume_started_payments;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const WORKERS: usize = 4;
/// Workers that are dropped in the middle of a run before the story ends.
const KILLS: usize = 100;
const CONTRACTS: usize = 6;
/// The longest a worker lives, in microseconds, when it is to be killed.
const LIFE_MAX: u64 = 30_000;
/// Processes that are killed while they renew.
const PROCESS_KILLS: usize = 4;

/// A number below a limit.
fn below(limit: u64) -> u64 {
    u64::from_be_bytes(random::bytes::<8>()) % limit
}

/// One worker with its own handle of the database: what a process of the program does at each tick.
async fn work(till: Till, clock: Clock) {
    resume_started_payments(&till, &clock).await.ok();
    renew_due(&till, &clock).await.ok();
}

/// What is wrong with the renewals of a database; nothing, if every contract has one agreement, one quote, one approved
/// payment and one charge a term, in terms without gap.
async fn wrong(db: &Db) -> Vec<String> {
    let questions: [(&str, &'static str); 6] = [
        (
            "terms that overlap or leave a gap",
            "SELECT CAST(COUNT(*) AS BIGINT) FROM agreements n JOIN agreements o ON o.initial_agreement_id = n.initial_agreement_id AND o.term_number = n.term_number - 1 WHERE n.starts_at <> o.ends_at",
        ),
        (
            "terms without the one before",
            "SELECT CAST(COUNT(*) AS BIGINT) FROM agreements n WHERE n.term_number > 1 AND NOT EXISTS (SELECT 1 FROM agreements o WHERE o.initial_agreement_id = n.initial_agreement_id AND o.term_number = n.term_number - 1 AND o.status = 'renewed')",
        ),
        (
            "agreements without exactly one charge",
            "SELECT CAST(COUNT(*) AS BIGINT) FROM agreements a WHERE (SELECT COUNT(*) FROM charges c WHERE c.agreement_id = a.id) <> 1",
        ),
        (
            "renewal quotes without exactly one payment",
            "SELECT CAST(COUNT(*) AS BIGINT) FROM quotes q WHERE q.kind = 'renewal' AND (SELECT COUNT(*) FROM payments p WHERE p.quote_id = q.id AND p.status = 'approved') <> 1",
        ),
        (
            "renewal quotes that are not accepted",
            "SELECT CAST(COUNT(*) AS BIGINT) FROM quotes q WHERE q.kind = 'renewal' AND q.status <> 'accepted'",
        ),
        (
            "entitlements that are not the newest term's",
            "SELECT CAST(COUNT(*) AS BIGINT) FROM entitlements e JOIN license_arns l ON l.arn = e.license_arn JOIN agreements a ON a.id = l.agreement_id WHERE a.status <> 'active' OR e.expires_at <> a.ends_at OR e.quantity <> a.credits",
        ),
    ];
    let mut found = Vec::new();
    for (what, sql) in questions {
        let count: i64 = db.read(sql).scalar().await.unwrap();
        if count > 0 {
            found.push(format!("{count} {what}"));
        }
    }
    found
}

both_engines! {
    /// REN-2: four workers on one database, killed at random a hundred times: exactly one renewal and one charge a contract
    /// and term.
    #[test]
    async fn four_workers_killed_a_hundred_times_renew_each_term_once(stage: Stage) {
        let market = Market::open(&stage).await;
        let buyer = market.buyer(ACME, PaymentMethod::Invoice).await;
        for number in 1..=CONTRACTS {
            market.buy(&buyer, 100 * i64::try_from(number).unwrap()).await;
        }
        let bank = Arc::new(Bank::default());
        let mut tills = Vec::new();
        for _ in 0..WORKERS {
            let db = Db::open(stage.url()).await.unwrap();
            let providers = Providers::of(bank.clone(), Some(bank.clone()));
            tills.push(Till { db, providers, public_url: "https://portal.example".to_owned() });
        }
        let killed = Arc::new(AtomicUsize::new(0));
        stage.clock.advance(TimeDelta::days(366));
        while killed.load(Ordering::SeqCst) < KILLS {
            let workers = tills.iter().map(|till| {
                let (till, clock, killed, life) = (till.clone(), stage.clock.clone(), killed.clone(), Duration::from_micros(below(LIFE_MAX)));
                tokio::spawn(async move {
                    // Dropped in the middle, whatever it was doing: a transaction, a call to the bank, or between two steps.
                    if tokio::time::timeout(life, work(till, clock)).await.is_err() {
                        killed.fetch_add(1, Ordering::SeqCst);
                    }
                })
            });
            for worker in futures_util::future::join_all(workers).await {
                worker.unwrap();
            }
            // Attempts that were left are taken up after two minutes; now and then the next term is due.
            stage.clock.advance(if below(6) == 0 { TimeDelta::days(366) } else { TimeDelta::minutes(2) });
        }
        for _ in 0..2 {
            stage.clock.advance(TimeDelta::minutes(2));
            work(tills[0].clone(), stage.clock.clone()).await;
        }
        assert_eq!(wrong(&stage.db).await, Vec::<String>::new());
        let (renewals, due) = (
            market.count("SELECT CAST(COUNT(*) AS BIGINT) FROM charges WHERE kind = 'renewal'").await,
            market.db().read("SELECT CAST(COUNT(*) AS BIGINT) FROM agreements WHERE status = 'active' AND ends_at <= $1").bind(stage.now()).scalar::<i64>().await.unwrap(),
        );
        assert!(due == 0 && renewals >= i64::try_from(CONTRACTS).unwrap(), "{renewals} renewals, {due} still due");
        assert_eq!(bank.keys(), usize::try_from(renewals).unwrap(), "one key at the bank is at most one charge");
        for till in tills {
            till.db.close().await;
        }
    }

    /// REN-2: real processes of the program, two at once on Postgres and one on SQLite, killed while they renew terms that
    /// were missed for years: each term once.
    #[test]
    async fn processes_that_are_killed_renew_each_term_once(stage: Stage) {
        let clock = Clock::manual("2016-02-29T09:00:00Z".parse().unwrap());
        let market = Market { clock: clock.clone(), ..Market::open(&stage).await };
        let buyer = market.buyer("999988887777", PaymentMethod::Invoice).await;
        for _ in 0..CONTRACTS {
            market.buy(&buyer, 100).await;
        }
        let at_once = if stage.engine() == Engine::Postgres { 2 } else { 1 };
        for _ in 0..PROCESS_KILLS / at_once {
            let running = futures_util::future::join_all((0..at_once).map(|_| Process::start(stage.url(), stage.folder()))).await;
            drop(running);
        }
        // An attempt that a killed process left is taken up two minutes after it began; the story does not wait for that.
        let earlier: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        market.db().write("UPDATE payments SET started_at = $1 WHERE status = 'started'").bind(earlier).exec().await.unwrap();
        let last = Process::start(stage.url(), stage.folder()).await;
        let open = "SELECT CAST((SELECT COUNT(*) FROM agreements WHERE status = 'active' AND term_number < 9) + (SELECT COUNT(*) FROM payments WHERE status = 'started') AS BIGINT)";
        let patience = tokio::time::Instant::now() + Duration::from_mins(1);
        while market.count(open).await > 0 && tokio::time::Instant::now() < patience {
            tokio::time::timeout(Duration::from_millis(200), std::future::pending::<()>()).await.ok();
        }
        assert_eq!(market.count(open).await, 0, "everything that was due is renewed");
        drop(last);
        assert_eq!(wrong(&stage.db).await, Vec::<String>::new());
        let fourth = market.db().read("SELECT ends_at FROM agreements WHERE term_number = 4").all::<(Timestamp,)>().await.unwrap();
        assert!(fourth.iter().all(|(end,)| end.to_rfc3339().starts_with("2020-02-29T09:00:00")), "by the anchor (TIM-2)");
    }
}
