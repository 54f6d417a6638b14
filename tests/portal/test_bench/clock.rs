//! The movable clock: forward only, followed by every process on the database, and the whole lifecycle with it.

use super::{clients, entitlements, operator};
use crate::support::Stage;
use crate::support::people::{ACME_ADMIN, ACME_BUYER};
use crate::support::portal::Portal;
use chrono::TimeDelta;
use creditdesk::db::Db;

async fn count(stage: &Stage, sql: &'static str) -> i64 {
    stage.db.read(sql).scalar().await.unwrap()
}

both_engines! {
    /// Rule 70 of the protocol: the clock goes forward, never back, and every process on the database goes with it, also
    /// one that starts later.
    #[test]
    async fn the_clock_goes_forward_only_and_every_process_follows(stage: Stage) {
        let portal = Portal::on_bench(&stage).await;
        let other = Portal::on_bench_over(&stage, Db::open(stage.url()).await.unwrap()).await;
        let mut here = operator(&portal).await;
        assert!(here.page().says("The clock stands at 2 Mar 2026, 09:00 UTC."), "{:?}", here.page());
        here.press("Put the clock forward by 30 days").await;
        assert!(here.page().says("The clock stands at 1 Apr 2026, 09:00 UTC."), "{:?}", here.page());
        let mut there = operator(&other).await;
        assert!(there.page().says("The clock stands at 1 Apr 2026, 09:00 UTC."), "{:?}", there.page());
        there.put_forward("2026-05-01T00:00:00Z").await;
        for (typed, words) in [
            ("2026-04-30T23:59:59Z", "it only goes forward"),
            ("+0s", "it only goes forward"),
            ("tomorrow", "Enter how far"),
            ("2099-01-01T00:00:00Z", "within the next 5 years"),
        ] {
            let page = there.fill("Put the clock forward to", typed).press("Put the clock forward").await;
            assert_eq!((page.status, page.value("Put the clock forward to").as_str()), (422, typed));
            assert!(page.problems()[0].contains(words), "{typed}: {:?}", page.problems());
        }
        here.open("/marketplace").await;
        assert!(here.page().says("The clock stands at 1 May 2026, 00:00 UTC."), "every page says so: {:?}", here.page());
        let back = stage.db.write("UPDATE test_bench_clock SET ahead_micros = ahead_micros - 1").exec().await;
        assert!(back.is_err(), "the database refuses it too");
        let third = Portal::on_bench(&stage).await;
        assert!(third.browser().open("/marketplace").await.says("The clock stands at 1 May 2026, 00:00 UTC."));
        assert_eq!(count(&stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM audit_entries WHERE action = 'test_bench.clock_moved'").await, 2);
    }

    /// Of two who move it at once, both arrive, and the clock stands where the farther one wanted it.
    #[test]
    async fn two_who_move_the_clock_at_once_arrive_at_the_farther_end(stage: Stage) {
        let portal = Portal::on_bench(&stage).await;
        let other = Portal::on_bench_over(&stage, Db::open(stage.url()).await.unwrap()).await;
        let (mut here, mut there) = (operator(&portal).await, operator(&other).await);
        tokio::join!(here.put_forward("2026-03-12T09:00:00Z"), there.put_forward("2026-03-22T09:00:00Z"));
        let ahead = TimeDelta::microseconds(count(&stage, "SELECT ahead_micros FROM test_bench_clock").await);
        assert_eq!(ahead, TimeDelta::days(20));
    }

    /// Nobody is signed out and no client's signature is refused because the clock was put forward.
    #[test]
    async fn sign_ins_and_signatures_go_by_the_systems_clock(stage: Stage) {
        let portal = Portal::on_bench(&stage).await;
        let (seller, _) = clients(&stage, &portal).await;
        let mut buyer = portal.sign_in(ACME_BUYER).await;
        operator(&portal).await.put_forward("+400d").await;
        assert_eq!(buyer.open("/marketplace/subscriptions").await.heading(), "Subscriptions");
        assert_eq!(entitlements(&seller).await, (200, String::new()));
        assert!(buyer.open("/account").await.says("This session"), "it is listed as alive: {:?}", buyer.page());
        stage.clock.advance(TimeDelta::minutes(31));
        let page = buyer.open("/marketplace/subscriptions").await;
        assert!(page.address.starts_with("/sign-in"), "half an hour of the world still ends a session: {page:?}");
    }

    /// EXP-3, REN-1, REN-2, EXP-2: a year and a day by the page's clock: every warning on its day, one contract renewed and
    /// paid, the other ended, and the mails of all of it.
    #[test]
    async fn the_whole_lifecycle_follows_the_clock(stage: Stage) {
        let portal = Portal::on_bench(&stage).await;
        let (mut buyer, mut admin) = (portal.sign_in(ACME_BUYER).await, portal.sign_in(ACME_ADMIN).await);
        for (credits, renews) in [("1,000", "Yes"), ("2,000", "No")] {
            buyer.buy_renewing(credits, renews).await;
            let page = buyer.press("Set up your account").await;
            let forward = page.buttons().pop().unwrap();
            buyer.press(&forward).await;
            admin.take_registration_of(&buyer);
            assert!(admin.activate().await.heading().contains("Activation Successful"));
        }
        let mut bench = operator(&portal).await;
        bench.put_forward("+366d").await;
        let statuses: Vec<(String, i64)> =
            stage.db.read("SELECT status, credits FROM agreements ORDER BY credits, term_number").all().await.unwrap();
        let named = |status: &str, credits| (status.to_owned(), credits);
        assert_eq!(statuses, [named("renewed", 1_000), named("active", 1_000), named("expired", 2_000)]);
        let steps: Vec<(i64,)> = stage.db.read("SELECT DISTINCT step_days FROM expiry_warnings ORDER BY step_days").all().await.unwrap();
        assert_eq!(steps.len(), 7, "every step on its day: {steps:?}");
        assert_eq!(count(&stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM charges WHERE kind = 'renewal'").await, 1);
        let mails = count(&stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM mails WHERE kind = 'expiry_warning'").await;
        assert!(mails >= 7, "{mails} warnings were mailed");
        assert_eq!(count(&stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM mails WHERE sent_at IS NULL").await, 0, "all mail is out");
        let page = admin.open("/console/credits").await;
        assert_eq!(page.figure("Total valid credits"), 1_000, "{page:?}");
        assert!(admin.page().says("The clock stands at 3 Mar 2027, 09:00 UTC."), "{:?}", admin.page());
    }
}
