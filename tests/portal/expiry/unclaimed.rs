//! SUP-8: purchases that nobody activated, their list, and the reminders to their buyers.

use super::{buy_without_renewal, go_to};
use crate::support::Stage;
use crate::support::people::{ACME_ADMIN, ACME_BUYER, GLOBEX_BUYER, OPERATOR, SUPPORT};
use chrono::TimeDelta;
use creditdesk::kernel::clock::Timestamp;
use creditdesk::marketplace::remind::{ENDING_STEPS, UNCLAIMED_STEPS, remind_due};

const ORIGIN: &str = "https://desk.example";

async fn remind(stage: &Stage) -> u64 {
    remind_due(&stage.db, ORIGIN, stage.now()).await.unwrap()
}

async fn reminders(stage: &Stage, kind: &'static str) -> Vec<(String, String)> {
    stage.db.read("SELECT recipient, body FROM mails WHERE kind = $1 ORDER BY created_at, recipient").bind(kind).all().await.unwrap()
}

both_engines! {
    /// SUP-8: the buyer's purchasers are reminded 1, 3, 7, 14 and 30 days after the purchase, once each, with the way to set it up.
    #[test]
    async fn buyers_are_reminded_at_each_step_once(stage: Stage) {
        let portal = stage.portal().await;
        let bought_at = stage.now();
        let purchase = portal.sign_in(ACME_BUYER).await.buy("1,000").await;
        for (place, days) in UNCLAIMED_STEPS.into_iter().enumerate() {
            go_to(&stage, bought_at + TimeDelta::days(days) - TimeDelta::microseconds(1));
            assert_eq!(remind(&stage).await, 0, "a microsecond before day {days}");
            go_to(&stage, bought_at + TimeDelta::days(days));
            assert_eq!(remind(&stage).await, 1, "day {days}");
            assert_eq!(remind(&stage).await, 0, "once");
            assert_eq!(reminders(&stage, "purchase_unclaimed").await.len(), place + 1);
        }
        go_to(&stage, bought_at + TimeDelta::days(200));
        assert_eq!(remind(&stage).await, 0, "five times is enough");
        let mails = reminders(&stage, "purchase_unclaimed").await;
        assert!(mails.iter().all(|(to, _)| to == ACME_BUYER));
        assert!(mails[0].1.contains(&format!("{ORIGIN}/marketplace/subscriptions/{}", purchase.agreement)) && mails[0].1.contains("Set up product"), "{}", mails[0].1);
    }

    /// SUP-8: a run that comes late sends one reminder, and several workers send it once.
    #[test]
    async fn late_runs_and_several_workers_remind_once(stage: Stage) {
        let portal = stage.portal().await;
        portal.sign_in(ACME_BUYER).await.buy("1,000").await;
        stage.clock.advance(TimeDelta::days(10));
        let workers = (0..4).map(|_| {
            let (db, now) = (stage.db.clone(), stage.now());
            tokio::spawn(async move { remind_due(&db, ORIGIN, now).await.unwrap() })
        });
        let told: u64 = futures_util::future::join_all(workers).await.into_iter().map(Result::unwrap).sum();
        assert_eq!(told, 1);
        assert_eq!(reminders(&stage, "purchase_unclaimed").await.len(), 1);
        let steps: Vec<(Option<i64>,)> = stage.db.read("SELECT step_days FROM purchase_reminders").all().await.unwrap();
        assert_eq!(steps, [(Some(7),)], "the nearest step, not all that were missed");
    }

    /// SUP-8: nobody is reminded of what was activated, has ended, or waits for its payment.
    #[test]
    async fn activated_ended_and_unpaid_purchases_are_left_alone(stage: Stage) {
        let portal = stage.portal().await;
        let mut buyer = portal.sign_in(ACME_BUYER).await;
        let mut admin = portal.sign_in(ACME_ADMIN).await;
        buyer.buy_for("1,000", &mut admin).await;
        portal.run_due_jobs().await;
        stage.clock.advance(TimeDelta::days(3));
        assert_eq!(remind(&stage).await, 0, "activated");
        let mut other = portal.sign_in(GLOBEX_BUYER).await;
        other.buy("2,000").await;
        stage.clock.advance(TimeDelta::days(5));
        stage.db.write("UPDATE agreements SET status = 'pending' WHERE buyer_account_id = '444455556666'").exec_one().await.unwrap();
        assert_eq!(remind(&stage).await, 0, "waits for its payment");
        stage.db.write("UPDATE agreements SET status = 'active', ends_at = $1 WHERE buyer_account_id = '444455556666'").bind(stage.now()).exec_one().await.unwrap();
        assert_eq!(remind(&stage).await, 0, "ended");
    }

    /// EXP-3: the purchasers of a contract that does not renew are told 30, 7 and 1 days before its end, once each; of one that
    /// renews they are not.
    #[test]
    async fn purchasers_are_told_that_a_contract_ends(stage: Stage) {
        let portal = stage.portal().await;
        buy_without_renewal(&mut portal.sign_in(ACME_BUYER).await, "1,000").await;
        portal.sign_in(GLOBEX_BUYER).await.buy("2,000").await;
        stage.db.write("UPDATE license_arns SET activated_at = created_at").exec().await.unwrap();
        let ends_at: Timestamp = stage.db.read("SELECT ends_at FROM agreements WHERE buyer_account_id = '111122223333'").scalar().await.unwrap();
        for days in ENDING_STEPS {
            go_to(&stage, ends_at - TimeDelta::days(days) - TimeDelta::microseconds(1));
            assert_eq!(remind(&stage).await, 0);
            go_to(&stage, ends_at - TimeDelta::days(days));
            assert_eq!((remind(&stage).await, remind(&stage).await), (1, 0), "{days} days before");
        }
        let mails = reminders(&stage, "contract_ends").await;
        assert_eq!(mails.len(), 3);
        assert!(mails.iter().all(|(to, body)| to == ACME_BUYER && body.contains("Modify renewal")), "{mails:?}");
    }

    /// SUP-8: staff see every unclaimed purchase with its age, attempts and reminders; activation takes it off the list.
    #[test]
    async fn staff_see_age_attempts_and_reminders(stage: Stage) {
        let portal = stage.portal().await;
        let mut support = portal.sign_in(SUPPORT).await;
        assert!(support.open("/admin/unclaimed").await.says("Every purchase is activated"));
        let mut buyer = portal.sign_in(ACME_BUYER).await;
        let purchase = buyer.buy("1,234").await;
        portal.sign_in(GLOBEX_BUYER).await.buy("2,000").await;
        buyer.set_up(&purchase).await;
        let row = support.open("/admin/unclaimed").await.rows("Purchases that nobody has activated").into_iter().find(|row| row.join(" ").contains("Acme")).unwrap().join(" ");
        for words in ["Trend Vision One", &purchase.agreement, "111122223333", "1,234", "Started", "1 attempt", "Open, waits for Activate"] {
            assert!(row.contains(words), "{words} is missing in {row}");
        }
        assert!(support.page().says("3,234 credits wait in all"));
        stage.clock.advance(TimeDelta::hours(25));
        portal.run_due_jobs().await;
        let mut support = portal.sign_in(SUPPORT).await;
        let page = support.open("/admin/unclaimed?state=started&age=1").await;
        let rows = page.rows("Purchases that nobody has activated");
        assert_eq!(rows.len(), 1, "{page:?}");
        let row = rows[0].join(" ");
        assert!(row.contains("Four hours ran out") && row.contains("1 day 1 h ago") && row.contains("Again from"), "{row}");
        let file = support.open("/admin/unclaimed.csv").await;
        assert_eq!(file.body.lines().count(), 3, "{}", file.body);
        let mut buyer = portal.sign_in(ACME_BUYER).await;
        buyer.set_up(&purchase).await;
        let mut admin = portal.sign_in(ACME_ADMIN).await;
        admin.take_registration_of(&buyer);
        admin.activate().await;
        portal.run_due_jobs().await;
        assert!(!support.open("/admin/unclaimed").await.text().contains(&purchase.agreement));
    }

    /// SUP-8: staff remind by hand at most once a day a purchase, which is audited; operators cannot.
    #[test]
    async fn staff_remind_by_hand_once_a_day(stage: Stage) {
        let portal = stage.portal().await;
        portal.sign_in(ACME_BUYER).await.buy("1,000").await;
        let mut support = portal.sign_in(SUPPORT).await;
        support.open("/admin/unclaimed").await;
        let button = support.page().buttons().into_iter().find(|name| name.starts_with("Remind")).unwrap();
        let mut second = support.clone();
        assert!(support.press(&button).await.says("Reminder sent"));
        assert!(second.press(&button).await.says("One went out less than a day ago"));
        assert_eq!(reminders(&stage, "purchase_unclaimed").await.len(), 1);
        let (label, acting): (String, String) = stage.db.read("SELECT person_label, acting_as FROM audit_entries WHERE action = 'subscription.reminded'").one().await.unwrap();
        assert_eq!((label.as_str(), acting.as_str()), (SUPPORT, "staff"));
        stage.clock.advance(TimeDelta::days(1));
        let mut support = portal.sign_in(SUPPORT).await;
        support.open("/admin/unclaimed").await;
        assert!(support.press(&button).await.says("Reminder sent"), "a day later");
        assert_eq!(portal.sign_in(OPERATOR).await.open("/admin/unclaimed").await.status, 403);
    }
}
