//! One's own account: name, time zone, password, sessions, and which business or buyer account to work in.

use crate::sign_in::{GOOD, mailed_link, signed_in};
use crate::support::Stage;
use chrono::TimeDelta;
use creditdesk::demo;

const BUYER_ACCOUNTS: &str = "ul[aria-labelledby=accounts] li";

both_engines! {
    /// TIM-1: a person chooses their name and the zone in which times are shown; a zone that is none is refused.
    #[test]
    async fn name_and_time_zone_are_changed(stage: Stage) {
        let portal = stage.portal().await;
        let mut browser = signed_in(&portal, "member@acme.example").await;
        browser.open("/account").await;
        assert!(browser.page().says("2 Mar 2026, 09:00 UTC"), "{:?}", browser.page());
        browser.fill("Your name", "Mia Müller").select("Time zone", "Asia/Kolkata").press("Save changes").await;
        assert_eq!(browser.page().flash().as_deref(), Some("Success: Your account was changed"));
        assert_eq!((browser.page().value("Your name"), browser.page().value("Time zone")), ("Mia Müller".into(), "Asia/Kolkata".into()));
        assert!(browser.page().says("2 Mar 2026, 14:30 IST"), "{:?}", browser.page());
        let page = browser.post("/account", &[("name", ""), ("time_zone", "Mars/Olympus")]).await;
        assert_eq!((page.status, page.problems()), (422, vec!["Enter your name".to_owned(), "Choose a time zone from the list".to_owned()]));
        assert_eq!(browser.open("/account").await.value("Your name"), "Mia Müller");
    }

    /// IDN-5: a session that is ended is signed out at its next request; those of others are not found.
    #[test]
    async fn sessions_are_listed_and_ended(stage: Stage) {
        let portal = stage.portal().await;
        let mut first = signed_in(&portal, "admin@acme.example").await;
        stage.clock.advance(TimeDelta::minutes(5));
        let mut second = signed_in(&portal, "admin@acme.example").await;
        let mut third = signed_in(&portal, "admin@acme.example").await;
        let mut stranger = signed_in(&portal, "admin@globex.example").await;
        third.open("/account").await;
        let listed = third.page().all("ul[aria-labelledby=sessions] li");
        assert_eq!(listed.len(), 3, "{listed:?}");
        assert!(listed.iter().all(|session| session.contains("at 127.0.0.1") && session.contains("last seen 2 Mar 2026")), "{listed:?}");
        assert_eq!(listed.iter().filter(|session| session.contains("This session")).count(), 1, "{listed:?}");
        let ends = third.page().attributes("form[action^='/account/sessions/ses_']", "action");
        assert_eq!(ends.len(), 2);
        stranger.open("/account").await;
        for theirs in &ends {
            assert_eq!(stranger.post(theirs, &[]).await.status, 404);
            stranger.open("/account").await;
        }
        let oldest = ends.last().unwrap();
        third.post(oldest, &[]).await;
        assert_eq!(third.page().flash().as_deref(), Some("Success: The session was ended"));
        assert_eq!(first.open("/account").await.path(), "/sign-in");
        assert_eq!(second.open("/account").await.status, 200);
        assert_eq!(third.post(oldest, &[]).await.status, 404, "a second time there is nothing to end");
        third.open("/account").await;
        third.press("End all other sessions").await;
        assert_eq!(third.page().flash().as_deref(), Some("Success: You are signed out everywhere else"));
        assert_eq!(second.open("/account").await.path(), "/sign-in");
        assert_eq!(third.open("/account").await.all("ul[aria-labelledby=sessions] li").len(), 1);
        assert_eq!(stranger.open("/account").await.status, 200);
    }

    /// IDN-5: a session ends after half an hour without a request and after eight hours in any case.
    #[test]
    async fn sessions_end_by_themselves(stage: Stage) {
        let portal = stage.portal().await;
        let mut idle = signed_in(&portal, "admin@acme.example").await;
        stage.clock.advance(TimeDelta::minutes(30) - TimeDelta::microseconds(1));
        assert_eq!(idle.open("/account").await.status, 200);
        stage.clock.advance(TimeDelta::minutes(30));
        assert_eq!(idle.open("/account").await.path(), "/sign-in");
        let mut busy = signed_in(&portal, "admin@acme.example").await;
        for _ in 0..(8 * 4 - 1) {
            stage.clock.advance(TimeDelta::minutes(15));
            assert_eq!(busy.open("/account").await.heading(), "Your account");
        }
        stage.clock.advance(TimeDelta::minutes(15));
        assert_eq!(busy.open("/account").await.path(), "/sign-in");
    }

    /// IDN-1: a password is changed with the old one; every problem is told at its field, and other sessions end.
    #[test]
    async fn a_password_is_changed_with_the_old_one(stage: Stage) {
        let portal = stage.portal().await;
        let mut other = signed_in(&portal, "admin@acme.example").await;
        let mut browser = signed_in(&portal, "admin@acme.example").await;
        browser.open("/account").await;
        browser.click("Change password").await;
        for (old, new, problem) in [
            ("", GOOD, "Enter the password you sign in with"),
            ("wrong", GOOD, "Enter the password you sign in with: this is another one"),
            (demo::PASSWORD, "short", "Enter a password of at least 8 characters"),
            (demo::PASSWORD, "AdaArcher", "Choose a password that is not your name, your email address, your business or the name of this product"),
            (demo::PASSWORD, demo::PASSWORD, "Choose a password that is not the one you have"),
        ] {
            browser.fill("Password you have now", old).fill("New password", new).press("Change password").await;
            assert_eq!((browser.page().status, browser.page().problems()), (422, vec![problem.to_owned()]));
            assert!(!browser.page().body.contains(new), "a password is never shown again");
        }
        assert_eq!(other.open("/account").await.status, 200);
        browser.fill("Password you have now", demo::PASSWORD).fill("New password", GOOD).press("Change password").await;
        assert_eq!(browser.page().flash().as_deref(), Some("Success: Your password was changed"));
        assert_eq!(other.open("/account").await.path(), "/sign-in");
        portal.run_due_jobs().await;
        let sent: i64 = stage
            .db
            .read("SELECT CAST(COUNT(*) AS BIGINT) FROM mails WHERE kind = 'password_changed' AND sent_at IS NOT NULL")
            .scalar()
            .await
            .unwrap();
        assert_eq!(sent, 1);
    }

    /// IDN-3, IDN-4: a person works in those businesses and buyer accounts that they belong to; any other is not found.
    #[test]
    async fn people_switch_between_what_they_belong_to(stage: Stage) {
        let portal = stage.portal().await;
        let mut browser = signed_in(&portal, "admin@initech.example").await;
        assert!(browser.open("/console/team").await.says("The people of Initech and"));
        browser.open("/account").await;
        browser.press("Switch to Initech Labs").await;
        assert!(browser.open("/console/team").await.says("The people of Initech Labs and"));
        let (acme,): (String,) = {
            let id: creditdesk::kernel::id::BusinessId =
                stage.db.read("SELECT id FROM businesses WHERE name = 'Acme Industries'").scalar().await.unwrap();
            (id.to_string(),)
        };
        for business in [acme.as_str(), "biz_00000000000000000000000000", "", "x"] {
            browser.open("/account").await;
            assert_eq!(browser.post("/console/business", &[("business", business)]).await.status, 404, "{business}");
        }
        assert!(browser.open("/console/team").await.says("The people of Initech Labs and"));
        let mut buyer = signed_in(&portal, "buyer@initech.example").await;
        buyer.open("/account").await;
        assert_eq!(buyer.page().all(BUYER_ACCOUNTS).len(), 5);
        buyer.press("Switch to Initech (payment times out)").await;
        assert_eq!(buyer.page().redirections, ["/marketplace"]);
        buyer.open("/account").await;
        let current: Vec<_> = buyer.page().all(BUYER_ACCOUNTS).into_iter().filter(|account| account.contains("Current")).collect();
        assert_eq!(current, ["Initech (payment times out)Current Purchaser, 777788880004"]);
        assert_eq!(buyer.post("/marketplace/buyer-account", &[("account", "111122223333")]).await.status, 404);
    }

    /// IDN-5: a disabled person's next request is signed out.
    #[test]
    async fn a_disabled_person_is_out_at_the_next_request(stage: Stage) {
        let portal = stage.portal().await;
        let mut browser = signed_in(&portal, "viewer@acme.example").await;
        browser.open("/password/forgot").await;
        browser.fill("Email", "viewer@acme.example").press("Send the link").await;
        let link = mailed_link(&stage, "viewer@acme.example").await;
        let vera = stage.db.read("SELECT id FROM people WHERE email_key = 'viewer@acme.example'").scalar().await.unwrap();
        creditdesk::identity::disable::disable(&stage.db, &stage.who("operator"), vera).await.unwrap();
        assert_eq!(browser.open("/account").await.path(), "/sign-in");
        assert_eq!(browser.open(&link).await.status, 404);
    }
}
