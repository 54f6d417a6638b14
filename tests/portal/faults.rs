//! The database goes away, fills up or dies, the program is stopped or killed: people are told that nothing was charged
//! or changed, nothing that was acknowledged is lost, nothing happens twice, and it heals without a restart.

use crate::support::Stage;
use crate::support::browser::Browser;
use crate::support::outage::Outage;
use crate::support::people::{ACME_ADMIN, ACME_BUYER};
use crate::support::portal::Portal;
use crate::support::process::Process;
use crate::support::volley::{Answer, Shot, fire};
use std::time::{Duration, Instant};

both_engines! {
    /// MKT-7: paying while the database takes no writes charges nothing and says so; afterwards the same quote is paid,
    /// once, without a restart.
    #[test]
    async fn paying_without_a_database_charges_nothing_and_heals(stage: Stage) {
        let outage = Outage::prepare(&stage).await;
        let portal = Portal::over(&stage, outage.db.clone()).await;
        let mut buyer = portal.sign_in(ACME_BUYER).await;
        buyer.create_contract("1,000").await;
        let quote = buyer.page().path().to_owned();
        assert_eq!(portal.browser().open("/readyz").await.status, 200);
        outage.strike().await;
        let page = buyer.press("Pay now").await;
        assert_eq!(page.status, 503, "{page:?}");
        assert!(page.says("Nothing was charged or changed"), "{page:?}");
        assert!(!page.header("retry-after").is_empty());
        assert_eq!(portal.browser().open("/readyz").await.status, 503);
        assert_eq!(portal.browser().open("/healthz").await.status, 200);
        assert_eq!(count(&stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM agreements").await, 0);
        assert_eq!(count(&stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM charges").await, 0);
        outage.heal().await;
        let healed = Instant::now();
        assert_eq!(portal.browser().open("/readyz").await.status, 200);
        buyer.open(&quote).await;
        let page = buyer.press("Pay now").await;
        assert!(page.path().ends_with("/confirmation"), "{page:?}");
        assert!(healed.elapsed() < Duration::from_secs(5), "healed after {:?}", healed.elapsed());
        assert_eq!(count(&stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM charges").await, 1);
        portal.stop().await;
    }

    /// ACT-5: activating while the database takes no writes is nothing at all: no license, no credits, no mail, and the
    /// registration still stands when the database is back.
    #[test]
    async fn activating_without_a_database_is_nothing_and_heals(stage: Stage) {
        let outage = Outage::prepare(&stage).await;
        let portal = Portal::over(&stage, outage.db.clone()).await;
        let mut buyer = portal.sign_in(ACME_BUYER).await;
        let purchase = buyer.buy("1,000").await;
        buyer.set_up(&purchase).await;
        let mut admin = portal.sign_in(ACME_ADMIN).await;
        admin.take_registration_of(&buyer);
        let mails = count(&stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM mails").await;
        admin.open("/console/activation").await;
        outage.strike().await;
        let page = admin.tick("I accept the license terms").press("Activate").await;
        assert_eq!(page.status, 503, "{page:?}");
        assert!(page.says("Nothing was charged or changed"), "{page:?}");
        for table in [
            "SELECT CAST(COUNT(*) AS BIGINT) FROM contracts",
            "SELECT CAST(COUNT(*) AS BIGINT) FROM licenses",
            "SELECT CAST(COUNT(*) AS BIGINT) FROM credit_entries",
        ] {
            assert_eq!(count(&stage, table).await, 0, "{table}");
        }
        assert_eq!(count(&stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM mails").await, mails);
        outage.heal().await;
        let page = admin.activate().await;
        assert!(page.heading().contains("Activation Successful"), "{page:?}");
        assert_eq!(count(&stage, "SELECT CAST(SUM(credits) AS BIGINT) FROM credit_entries").await, 1_000);
        portal.stop().await;
    }

    /// Told to stop in the middle of many payments, the program finishes what it acknowledged and ends; started again,
    /// each quote is paid exactly once.
    #[test]
    async fn stopping_under_load_loses_nothing_that_was_acknowledged(stage: Stage) {
        let process = Process::start(stage.url(), stage.folder()).await;
        let (mut buyer, shots) = quotes(&process.origin, 24).await;
        let address = process.address;
        let volley = tokio::spawn(async move {
            let shots = shots;
            fire(&[address], &shots, 24).await
        });
        process.terminate();
        let stopping = Instant::now();
        let answers = volley.await.unwrap();
        assert!(process.wait().await.success());
        assert!(stopping.elapsed() < Duration::from_secs(10), "ended after {:?}", stopping.elapsed());
        acknowledged_are_kept(&stage, &answers).await;
        pay_the_rest(&stage, &mut buyer, 24).await;
    }

    /// Killed at any moment, again and again, in the middle of payments: nothing acknowledged is lost, and in the end
    /// each quote has one agreement and one charge (quality A4).
    #[test]
    async fn being_killed_loses_nothing_and_does_nothing_twice(stage: Stage) {
        const ROUNDS: u8 = 8;
        const QUOTES: usize = 8;
        for round in 0..ROUNDS {
            let process = Process::start(stage.url(), stage.folder()).await;
            let (mut buyer, shots) = quotes(&process.origin, QUOTES).await;
            let address = process.address;
            let volley = tokio::spawn(async move {
                let shots = shots;
                fire(&[address], &shots, QUOTES).await
            });
            let moment = Duration::from_millis(u64::from(round) * 6 + u64::from(creditdesk::kernel::random::byte()) / 32);
            tokio::time::timeout(moment, std::future::pending::<()>()).await.ok();
            drop(process);
            let answers = volley.await.unwrap();
            acknowledged_are_kept(&stage, &answers).await;
            pay_the_rest(&stage, &mut buyer, QUOTES * (usize::from(round) + 1)).await;
        }
    }
}

/// A buyer with this many quotes, and the presses of *Pay now* that would pay them.
async fn quotes(origin: &str, number: usize) -> (Browser, Vec<Shot>) {
    let mut buyer = Browser::new(origin);
    buyer.sign_in(ACME_BUYER).await;
    let mut shots = Vec::new();
    for _ in 0..number {
        buyer.create_contract("100").await;
        shots.push(Shot::of(&buyer, "Pay now", &[]));
    }
    (buyer, shots)
}

async fn acknowledged_are_kept(stage: &Stage, answers: &[Answer]) {
    for answer in answers.iter().filter(|answer| answer.location.contains("/confirmation")) {
        let agreement = answer.location.split('/').nth(3).unwrap_or_default().to_owned();
        let kept: i64 =
            stage.db.read("SELECT CAST(COUNT(*) AS BIGINT) FROM agreements WHERE id = $1").bind(agreement).scalar().await.unwrap();
        assert_eq!(kept, 1, "{} was acknowledged and is lost", answer.location);
    }
}

/// Starts again and presses *Pay now* on every quote that is still open; in the end there is one of everything a quote.
async fn pay_the_rest(stage: &Stage, buyer: &mut Browser, expected: usize) {
    let process = Process::start(stage.url(), stage.folder()).await;
    let open: Vec<(String,)> = stage.db.read("SELECT id FROM quotes WHERE status = 'draft'").all().await.unwrap();
    buyer.move_to(&process.origin);
    for (quote,) in open {
        buyer.open(&format!("/marketplace/quotes/{quote}")).await;
        if buyer.page().buttons().iter().any(|button| button.starts_with("Pay now")) {
            buyer.press("Pay now").await;
        } else {
            let again = buyer
                .page()
                .buttons()
                .into_iter()
                .find(|button| button.to_lowercase().contains("check"))
                .unwrap_or_else(|| panic!("{:?}", buyer.page()));
            buyer.press(&again).await;
        }
        assert!(buyer.page().path().ends_with("/confirmation"), "{:?}", buyer.page());
    }
    let expected = i64::try_from(expected).unwrap();
    assert_eq!(count(stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM agreements").await, expected);
    assert_eq!(count(stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM charges").await, expected);
    assert_eq!(count(stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM quotes WHERE status = 'accepted'").await, expected);
}

async fn count(stage: &Stage, sql: &'static str) -> i64 {
    stage.db.read(sql).scalar().await.unwrap_or_else(|error| panic!("{sql}: {error:?}"))
}
