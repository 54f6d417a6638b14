//! EXP-1 and EXP-3: what an expiration does to the pool, and the warnings before it.

use super::{buy_without_renewal, expiring, go_to};
use crate::support::people::{ACME_ADMIN, ACME_BUYER, ACME_LICENSING};
use crate::support::usage::allocate;
use crate::support::{Stage, portal::Portal};
use chrono::TimeDelta;
use creditdesk::access::Lengths;
use creditdesk::credits::ledger;
use creditdesk::fulfilment::expiry::{STEPS, warn_due};
use creditdesk::fulfilment::marketplace::embedded::Embedded;
use creditdesk::fulfilment::products::Products;
use creditdesk::fulfilment::{Fulfilment, Links};
use creditdesk::kernel::clock::Timestamp;
use creditdesk::kernel::id::BusinessId;
use creditdesk::kernel::sealing::SealingKey;
use icalendar::{Calendar, Component};
use std::sync::Arc;

/// The room over the story's database, without a portal around it.
fn room(stage: &Stage) -> Fulfilment {
    Fulfilment {
        db: stage.db.clone(),
        marketplace: Arc::new(Embedded::new(stage.db.clone(), stage.clock.clone())),
        clock: stage.clock.clone(),
        products: Products::Every,
        links: Links {
            licenses: "https://desk.example/console/licenses".to_owned(),
            credits: "https://desk.example/console/credits".to_owned(),
        },
        sealing: SealingKey::generate(),
    }
}

#[derive(sqlx::FromRow)]
struct Warned {
    recipient: String,
    subject: String,
    body: String,
    attachment_name: Option<String>,
    attachment: Option<Vec<u8>>,
}

async fn mails(stage: &Stage) -> Vec<Warned> {
    stage
        .db
        .read("SELECT recipient, subject, body, attachment_name, attachment FROM mails WHERE kind = 'expiry_warning' ORDER BY created_at, recipient")
        .all()
        .await
        .unwrap()
}

async fn warn(stage: &Stage) -> u64 {
    warn_due(&room(stage), Lengths::default()).await.unwrap()
}

async fn told(stage: &Stage) -> Vec<i64> {
    let rows: Vec<(i64,)> = stage.db.read("SELECT step_days FROM expiry_warnings ORDER BY step_days DESC").all().await.unwrap();
    rows.into_iter().map(|(days,)| days).collect()
}

async fn acme(stage: &Stage) -> BusinessId {
    stage.db.read("SELECT id FROM businesses WHERE name = 'Acme Industries'").scalar().await.unwrap()
}

/// A contract of Acme Industries that expires in a year.
async fn begin(stage: &Stage) -> (Portal, Timestamp) {
    let portal = stage.portal().await;
    let expires_at = expiring(stage, &portal, "1,000").await;
    (portal, expires_at)
}

both_engines! {
    /// EXP-1: at its expiration a license's credits leave the pool, to the microsecond; allocations stay, and the balance
    /// that is below zero from then on says why.
    #[test]
    async fn credits_leave_at_the_instant_and_allocations_stay(stage: Stage) {
        let (portal, expires_at) = begin(&stage).await;
        allocate(&stage, acme(&stage).await, 300).await;
        let business = acme(&stage).await;
        let figures = async |at| ledger::figures(&stage.db, business, at).await.unwrap();
        let before = figures(expires_at - TimeDelta::microseconds(1)).await;
        assert_eq!((before.total_valid, before.allocated, before.balance()), (1_000, 300, 700));
        let after = figures(expires_at).await;
        assert_eq!((after.total_valid, after.allocated, after.balance()), (0, 300, -300));
        go_to(&stage, expires_at);
        let mut admin = super::enter(&portal, ACME_ADMIN).await;
        let page = admin.open("/console/credits").await;
        assert_eq!(page.figure("Current balance"), -300);
        assert!(page.says("Your current balance is below zero") && page.says("Nothing is switched off"), "{page:?}");
    }

    /// EXP-3: each of the seven steps is told once, at its instant and not before, to everybody who can act and to nobody else.
    #[test]
    async fn each_step_is_told_once_to_those_who_can_act(stage: Stage) {
        let (_portal, expires_at) = begin(&stage).await;
        assert_eq!(warn(&stage).await, 0, "a year before there is nothing to say");
        for (place, days) in STEPS.into_iter().enumerate() {
            go_to(&stage, expires_at - TimeDelta::days(days) - TimeDelta::microseconds(1));
            assert_eq!(warn(&stage).await, 0, "a microsecond before {days} days");
            go_to(&stage, expires_at - TimeDelta::days(days));
            assert_eq!(warn(&stage).await, 1, "{days} days before");
            assert_eq!(warn(&stage).await, 0, "once");
            assert_eq!(mails(&stage).await.len(), 2 * (place + 1));
        }
        assert_eq!(told(&stage).await, STEPS);
        let mails = mails(&stage).await;
        assert!(mails.iter().all(|mail| mail.recipient == ACME_ADMIN || mail.recipient == ACME_LICENSING));
        let entries: i64 = stage.db.read("SELECT CAST(COUNT(*) AS BIGINT) FROM audit_entries WHERE action = 'expiry.warned'").scalar().await.unwrap();
        assert_eq!(entries, 7);
    }

    /// EXP-3: a run that comes late tells the nearest step only, and the steps that were missed never.
    #[test]
    async fn a_late_run_tells_only_the_nearest_step(stage: Stage) {
        let (_portal, expires_at) = begin(&stage).await;
        go_to(&stage, expires_at - TimeDelta::days(25));
        assert_eq!(warn(&stage).await, 1);
        assert_eq!(told(&stage).await, [30]);
        go_to(&stage, expires_at - TimeDelta::hours(2));
        assert_eq!(warn(&stage).await, 1);
        assert_eq!(told(&stage).await, [30, 1], "7 was missed and stays missed");
        assert_eq!(mails(&stage).await.len(), 4);
    }

    /// EXP-3: however many workers run at the same moment, each person gets one mail.
    #[test]
    async fn four_workers_tell_once(stage: Stage) {
        let (_portal, expires_at) = begin(&stage).await;
        for days in STEPS {
            go_to(&stage, expires_at - TimeDelta::days(days));
            let workers = (0..4).map(|_| {
                let room = room(&stage);
                tokio::spawn(async move { warn_due(&room, Lengths::default()).await.unwrap() })
            });
            let told: u64 = futures_util::future::join_all(workers).await.into_iter().map(Result::unwrap).sum();
            assert_eq!(told, 1, "{days} days before");
        }
        assert_eq!(mails(&stage).await.len(), 14);
    }

    /// EXP-3: nothing is said at the expiration, in grace, in the lock or after it.
    #[test]
    async fn after_the_expiration_there_is_silence(stage: Stage) {
        let (_portal, expires_at) = begin(&stage).await;
        for days in [0, 1, 29, 30, 31, 59, 60, 400] {
            go_to(&stage, expires_at + TimeDelta::days(days));
            assert_eq!(warn(&stage).await, 0, "{days} days after");
        }
        assert!(mails(&stage).await.is_empty());
    }

    /// EXP-3: what was renewed or revoked meanwhile is not warned of, and a contract that moved warns its new owner.
    #[test]
    async fn what_moved_meanwhile_is_not_told(stage: Stage) {
        let (_portal, expires_at) = begin(&stage).await;
        go_to(&stage, expires_at - TimeDelta::days(30));
        let later = expires_at + TimeDelta::days(365);
        stage.db.write("UPDATE licenses SET expires_at = $1").bind(later).exec_one().await.unwrap();
        assert_eq!(warn(&stage).await, 0, "renewed");
        stage.db.write("UPDATE licenses SET expires_at = $1, revoked_at = $2").bind(expires_at).bind(stage.now()).exec_one().await.unwrap();
        assert_eq!(warn(&stage).await, 0, "revoked");
        stage.db.write("UPDATE licenses SET revoked_at = NULL").exec_one().await.unwrap();
        let globex: BusinessId = stage.db.read("SELECT id FROM businesses WHERE name = 'Globex'").scalar().await.unwrap();
        stage.db.write("UPDATE contracts SET business_id = $1").bind(globex).exec_one().await.unwrap();
        assert_eq!(warn(&stage).await, 1);
        let mails = mails(&stage).await;
        assert!(!mails.is_empty() && mails.iter().all(|mail| mail.recipient.ends_with("@globex.example")), "the new owner alone");
    }

    /// EXP-3: licenses of a business that expire at the same instant are one mail, which says what expires when, what it means
    /// for the balance and what to do; its file is read back as one event.
    #[test]
    async fn one_mail_says_everything_and_brings_the_date(stage: Stage) {
        let (portal, expires_at) = begin(&stage).await;
        let mut buyer = portal.sign_in(ACME_BUYER).await;
        buy_without_renewal(&mut buyer, "500").await;
        let forward = buyer.press("Set up your account").await.buttons().into_iter().next_back().unwrap();
        buyer.press(&forward).await;
        let mut admin = portal.sign_in(ACME_ADMIN).await;
        admin.take_registration_of(&buyer);
        admin.activate().await;
        stage.db.write("UPDATE people SET time_zone = 'Europe/Berlin' WHERE email = $1").bind(ACME_ADMIN).exec_one().await.unwrap();
        allocate(&stage, acme(&stage).await, 300).await;
        go_to(&stage, expires_at - TimeDelta::days(7));
        assert_eq!(warn(&stage).await, 1, "one group");
        let mails = mails(&stage).await;
        let [admin, licensing] = mails.as_slice() else { panic!("two people") };
        assert_eq!(admin.subject, "1,500 credits expire on 2 Mar 2027: Acme Industries");
        for words in ["2 Mar 2027, 09:00 UTC", "2 Mar 2027, 10:00 CET (Europe/Berlin)", "stays allocated", "−300 credits", "Modify renewal", "1 Apr 2027, 09:00 UTC"] {
            assert!(admin.body.contains(words), "{words} is missing in {}", admin.body);
        }
        assert!(!licensing.body.contains("Berlin"), "each reader's own zone");
        assert_eq!(admin.attachment_name.as_deref(), Some("credits-expire-2027-03-02.ics"));
        let file = String::from_utf8(admin.attachment.clone().unwrap()).unwrap();
        let calendar: Calendar = file.parse().unwrap();
        let event = calendar.events().next().unwrap();
        assert_eq!(event.get_summary(), Some("1,500 credits expire: Acme Industries"));
        assert_eq!(event.property_value("DTSTART"), Some("20270302T090000Z"));
        assert!(event.get_uid().unwrap().ends_with("-20270302T090000000000Z@creditdesk"));
        assert_eq!(event.get_url(), Some("https://desk.example/console/credits"));
    }

    /// EXP-3: a contract with auto renew is told as renewing, and nothing is said to be lost.
    #[test]
    async fn a_contract_that_renews_is_told_so(stage: Stage) {
        let (_portal, expires_at) = begin(&stage).await;
        stage.db.write("UPDATE contracts SET auto_renew = TRUE").exec_one().await.unwrap();
        go_to(&stage, expires_at - TimeDelta::days(90));
        assert_eq!(warn(&stage).await, 1);
        let mails = mails(&stage).await;
        assert_eq!(mails[0].subject, "1,000 credits renew on 2 Mar 2027: Acme Industries");
        assert!(mails[0].body.contains("renew by themselves") && !mails[0].body.contains("expire"), "{}", mails[0].body);
        assert!(mails[0].body.contains("1,000 credits, with what is allocated now"), "{}", mails[0].body);
    }

    /// EXP-3: beside each expiration on Credits & Billing stands its calendar file; another business's, a past one's and any other
    /// instant's is not found.
    #[test]
    async fn each_expiration_has_its_calendar_file(stage: Stage) {
        let (portal, expires_at) = begin(&stage).await;
        let mut admin = portal.sign_in(ACME_ADMIN).await;
        let page = admin.open("/console/credits").await;
        let href = page.attributes("a[href*='expiration.ics']", "href").pop().unwrap();
        let file = admin.open(&href).await;
        assert_eq!((file.status, file.header("content-type")), (200, "text/calendar; charset=utf-8"));
        let calendar: Calendar = file.body.parse().unwrap();
        assert_eq!(calendar.events().next().unwrap().get_summary(), Some("1,000 credits expire: Acme Industries"));
        for wrong in ["", "?at=", "?at=x", "?at=9223372036854775807", "?at=1803891600000001"] {
            assert_eq!(admin.open(&format!("/console/credits/expiration.ics{wrong}")).await.status, 404, "{wrong}");
        }
        let mut other = portal.sign_in("admin@globex.example").await;
        assert_eq!(other.open(&href).await.status, 404);
        go_to(&stage, expires_at);
        assert_eq!(super::enter(&portal, ACME_ADMIN).await.open(&href).await.status, 404, "it is over");
    }
}
