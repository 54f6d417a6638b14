//! Sessions, redirections after sign-in, and what the database keeps of secrets.

use crate::support::Stage;
use crate::support::browser::Raw;
use crate::support::dump;
use crate::support::people::{ACME_ADMIN, ACME_BUYER, ACME_LICENSING};
use chrono::TimeDelta;
use creditdesk::demo::PASSWORD;
use reqwest::Method;

both_engines! {
    /// A key that was planted before sign-in is worth nothing afterwards, and the key changes at sign-in and ends at
    /// sign-out, however often it is sent again (quality D1).
    #[test]
    async fn a_session_has_a_new_key_at_sign_in_and_none_after_sign_out(stage: Stage) {
        let portal = stage.portal().await;
        let mut browser = portal.browser();
        browser.cookies.0.insert("__Host-session".to_owned(), "planted".to_owned());
        browser.sign_in(ACME_ADMIN).await;
        let first = browser.cookies.0["__Host-session"].clone();
        assert_ne!(first, "planted");
        let mut attacker = portal.browser();
        attacker.cookies.0.insert("__Host-session".to_owned(), "planted".to_owned());
        assert!(attacker.open("/account").await.address.starts_with("/sign-in"));
        browser.sign_in(ACME_LICENSING).await;
        let second = browser.cookies.0["__Host-session"].clone();
        assert_ne!(first, second);
        browser.press("Sign out").await;
        for old in [first, second] {
            for _ in 0..10 {
                attacker.cookies.0.insert("__Host-session".to_owned(), old.clone());
                assert!(attacker.open("/account").await.address.starts_with("/sign-in"));
            }
        }
        let left: i64 = stage.db.read("SELECT CAST(COUNT(*) AS BIGINT) FROM sessions").scalar().await.unwrap();
        assert_eq!(left, 0, "signing in as somebody else ended the session before");
    }

    /// A session ends half an hour after the last request and eight hours after sign-in, by the portal's clock
    /// (quality D3).
    #[test]
    async fn a_session_ends_when_idle_and_after_eight_hours(stage: Stage) {
        let portal = stage.portal().await;
        let mut idle = portal.sign_in(ACME_ADMIN).await;
        stage.clock.advance(TimeDelta::minutes(30));
        assert!(idle.open("/account").await.address.starts_with("/sign-in"));
        let mut busy = portal.sign_in(ACME_ADMIN).await;
        for _ in 0..23 {
            stage.clock.advance(TimeDelta::minutes(20));
            assert_eq!(busy.open("/account").await.address, "/account", "{}", stage.now());
        }
        stage.clock.advance(TimeDelta::minutes(20));
        assert!(busy.open("/account").await.address.starts_with("/sign-in"));
    }

    /// After sign-in people go where they wanted, but only to a page of this program (quality D10).
    #[test]
    async fn after_sign_in_nobody_is_sent_to_another_site(stage: Stage) {
        let portal = stage.portal().await;
        for wanted in [
            "//attacker.example", "///attacker.example", "/\\attacker.example", "\\\\attacker.example", "https://attacker.example", "https:attacker.example",
            "http:/attacker.example", "HTTPS://attacker.example/", "javascript:alert(1)", "data:text/html,x", "/\t/attacker.example", "\t//attacker.example",
            "/%09/attacker.example", "%2f%2fattacker.example", "/%2fattacker.example", "/%5cattacker.example", "//attacker.example/%2f..",
            "/.//attacker.example", "/..//attacker.example", "/console/..//attacker.example", "//127.0.0.1@attacker.example", "@attacker.example",
            ".attacker.example", "/\r\nLocation: https://attacker.example", "/%0d%0aLocation:%20https://attacker.example", "/ /attacker.example",
            "\u{2028}//attacker.example", "//attacker%E3%80%82example", "/\u{ff0f}attacker.example", "mailto:x@attacker.example", "//", "///", "\\", "?x=//a", "#//a", "",
            "/sign-in", "/sign-out", "console", "./console", "../console",
        ] {
            let mut browser = portal.browser();
            let query = serde_urlencoded::to_string([("next", wanted)]).unwrap();
            browser.open(&format!("/sign-in?{query}")).await;
            let token = browser.page().attributes("input[name=csrf]", "value").pop().unwrap();
            let body = serde_urlencoded::to_string([("csrf", token.as_str()), ("next", wanted), ("email", ACME_ADMIN), ("password", PASSWORD)]).unwrap();
            let headers = [("content-type", "application/x-www-form-urlencoded")];
            let answer = browser.send(Raw { method: Method::POST, path: "/sign-in", headers: &headers, body }).await;
            let location = answer.header("location").to_owned();
            assert_eq!(answer.status, 303, "{wanted:?}: {answer:?}");
            let resolved = url::Url::parse(&portal.origin).unwrap().join(&location).unwrap();
            assert_eq!(resolved.origin().ascii_serialization(), portal.origin, "{wanted:?} leads to {location:?}");
            assert!(location.starts_with('/') && !location.starts_with("//") && !location.contains('\\'), "{wanted:?} leads to {location:?}");
        }
        let mut browser = portal.browser();
        browser.open("/console/team?after=x").await;
        assert!(browser.page().address.starts_with("/sign-in"));
        browser.fill("Email", ACME_ADMIN).fill("Password", PASSWORD).press("Sign in").await;
        assert_eq!(browser.page().address, "/console/team?after=x");
    }

    /// SET-2: no token, key, code or password is in the database in a form that could be used, nor in any page, address
    /// or mail file after it was handed over (quality D9).
    #[test]
    async fn the_database_keeps_no_secret_that_could_be_used(stage: Stage) {
        let portal = stage.portal().await;
        let mut buyer = portal.sign_in(ACME_BUYER).await;
        let purchase = buyer.buy("1,000").await;
        buyer.open(&purchase.confirmation()).await;
        let page = buyer.press("Set up your account").await.clone();
        let token = page.attributes("input[name=x-amzn-marketplace-token]", "value").pop().unwrap();
        assert!(token.len() >= 22, "at least 128 bits: {token}");
        let forward = page.buttons().into_iter().next_back().unwrap();
        let landed = buyer.press(&forward).await.clone();
        assert!(!landed.body.contains(&token) && !landed.address.contains(&token) && landed.redirections.iter().all(|step| !step.contains(&token)));
        let mut admin = portal.sign_in(ACME_ADMIN).await;
        admin.take_registration_of(&buyer);
        admin.activate().await;
        let mut secrets = vec![token, PASSWORD.to_owned()];
        for browser in [&buyer, &admin] {
            let kept = ["__Host-session", "__Host-setup", "__Host-visit"].into_iter().filter_map(|name| browser.cookies.0.get(name));
            secrets.extend(kept.cloned());
        }
        // A signed cookie is the signature and the session's key.
        let keys: Vec<String> = secrets.iter().filter_map(|secret| secret.split_once('=').map(|(_, key)| key.to_owned())).collect();
        secrets.extend(keys);
        let dump = dump::everything(&stage.db).await;
        for secret in secrets.iter().filter(|secret| secret.len() >= 8) {
            assert_eq!(dump::places_of(&dump, secret), Vec::<String>::new(), "{secret} is kept");
        }
        portal.run_due_jobs().await;
        for page in ["/console/audit", "/console", "/account"] {
            let body = admin.open(page).await.body.clone();
            assert!(!secrets.iter().any(|secret| body.contains(secret.as_str())), "{page}");
        }
    }
}
