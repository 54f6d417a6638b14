//! The ways in and out, as a person walks them: sign-in, sign-out, registration, forgotten passwords, invitations.

use crate::support::Stage;
use crate::support::browser::{Browser, Raw};
use crate::support::desk::Desk;
use crate::support::page::Page;
use crate::support::portal::Portal;
use chrono::TimeDelta;
use creditdesk::demo;
use creditdesk::kernel::id::PersonId;
use reqwest::Method;

/// A password that every rule takes.
pub const GOOD: &str = "seven tall trees by the lake";
const SESSION: &str = "__Host-session";
const SETUP: &str = "__Host-setup";

/// A browser in which somebody of the demonstration is signed in.
pub async fn signed_in(portal: &Portal, email: &str) -> Browser {
    let mut browser = portal.browser();
    sign_in(&mut browser, email, demo::PASSWORD).await;
    assert!(browser.cookies.0.contains_key(SESSION), "{:?}", browser.page());
    browser
}

pub async fn sign_in<'b>(browser: &'b mut Browser, email: &str, password: &str) -> &'b Page {
    browser.open("/sign-in").await;
    browser.fill("Email", email).fill("Password", password);
    browser.press("Sign in").await
}

/// The path of the link in the newest mail to an address.
pub async fn mailed_link(stage: &Stage, recipient: &str) -> String {
    let mails: Vec<(String,)> =
        stage.db.read("SELECT body FROM mails WHERE recipient = $1 ORDER BY created_at DESC, id DESC").bind(recipient).all().await.unwrap();
    let (body,) = mails.into_iter().next().unwrap_or_else(|| panic!("no mail to {recipient}"));
    let link = body.lines().find_map(|line| line.strip_prefix("http://")).unwrap_or_else(|| panic!("no link in {body}"));
    link[link.find('/').unwrap()..].to_owned()
}

async fn person(stage: &Stage, email: &str) -> PersonId {
    stage.db.read("SELECT id FROM people WHERE email_key = $1").bind(email).scalar().await.unwrap()
}

async fn count(stage: &Stage, sql: &'static str) -> i64 {
    stage.db.read(sql).scalar().await.unwrap()
}

/// What an answer says, without what differs in every answer: tokens, reference, the address that was typed.
fn told(page: &Page, typed: &str) -> String {
    let mut body = page.body.clone();
    for token in page.attributes("input[name=csrf]", "value") {
        body = body.replace(&token, "TOKEN");
    }
    let reference = page.one(".reference").unwrap_or_default();
    body.replace(&reference, "REFERENCE")
        .replace(&reference.replace("Reference ", ""), "REFERENCE")
        .replace(&format!("value=\"{typed}\""), "TYPED")
}

both_engines! {
    /// IDN-1: everybody signs in with their password and stands at the start page of their side; after signing out they do not.
    #[test]
    async fn people_sign_in_and_out(stage: Stage) {
        let portal = stage.portal().await;
        for (email, start) in [
            ("admin@acme.example", "/console"),
            ("member@acme.example", "/console"),
            ("buyer@acme.example", "/marketplace"),
            ("support@creditdesk.example", "/admin"),
        ] {
            let mut browser = portal.browser();
            sign_in(&mut browser, email, demo::PASSWORD).await;
            assert_eq!(browser.page().redirections.first().map(String::as_str), Some(start), "{email}");
            assert_eq!(browser.open("/account").await.heading(), "Your account");
            let key = browser.cookies.0[SESSION].clone();
            browser.press("Sign out").await;
            assert_eq!(browser.page().flash().as_deref(), Some("Success: You are signed out"));
            assert_eq!(browser.page().path(), "/sign-in");
            browser.cookies.0.insert(SESSION.to_owned(), key);
            assert_eq!(browser.open("/account").await.path(), "/sign-in", "the old key is worth nothing");
        }
        assert_eq!(count(&stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM sessions").await, 0);
    }

    /// IDN-1: unknown person, wrong password and disabled person get the same page to the byte, with the address kept
    /// and the password not.
    #[test]
    async fn one_answer_for_everything_that_could_be_wrong(stage: Stage) {
        let portal = stage.portal().await;
        creditdesk::identity::disable::disable(&stage.db, &stage.who("x"), person(&stage, "viewer@acme.example").await).await.unwrap();
        let mut answers = Vec::new();
        for (email, password) in
            [("admin@acme.example", GOOD), ("nobody@acme.example", GOOD), ("viewer@acme.example", demo::PASSWORD), ("nonsense", GOOD)]
        {
            let mut browser = portal.browser();
            sign_in(&mut browser, email, password).await;
            let page = browser.page();
            assert_eq!((page.status, page.value("Email"), page.value("Password")), (422, email.to_owned(), String::new()));
            assert_eq!(page.problems(), ["The email address or the password is not right. Check both and try again"]);
            assert!(!browser.cookies.0.contains_key(SESSION));
            answers.push(told(browser.page(), email));
        }
        answers.dedup();
        assert_eq!(answers.len(), 1, "the pages differ");
        let mut browser = portal.browser();
        sign_in(&mut browser, "", "").await;
        assert_eq!(browser.page().problems(), ["Enter your email address", "Enter your password"]);
    }

    /// IDN-1: after too many tries the page says when to try again; the person who is signed in stays so, and a reset helps.
    #[test]
    async fn too_many_tries_are_told_with_a_time(stage: Stage) {
        let portal = stage.portal().await;
        let mut owner = signed_in(&portal, "admin@acme.example").await;
        let mut browser = portal.browser();
        for _ in 0..5 {
            assert_eq!(sign_in(&mut browser, "admin@acme.example", GOOD).await.status, 422);
        }
        stage.clock.advance(TimeDelta::seconds(15));
        let page = sign_in(&mut browser, "admin@acme.example", demo::PASSWORD).await;
        assert_eq!((page.status, page.header("retry-after")), (429, "45"));
        assert_eq!(page.problems(), ["Too many tries. Try again after 09:01 UTC (less than a minute from now), or set a new password"]);
        assert_eq!(page.value("Email"), "admin@acme.example");
        assert_eq!(owner.open("/account").await.status, 200);
        browser.click("Forgot your password?").await;
        browser.fill("Email", "admin@acme.example").press("Send the link").await;
        browser.open(&mailed_link(&stage, "admin@acme.example").await).await;
        browser.fill("New password", GOOD).press("Set the password").await;
        sign_in(&mut browser, "admin@acme.example", GOOD).await;
        assert_eq!(browser.page().redirections, ["/console"]);
        assert_eq!(owner.open("/account").await.path(), "/sign-in", "the reset signed everybody out");
    }

    /// IDN-1: a planted session key never becomes a signed-in one, and the key changes with every change of privilege.
    #[test]
    async fn the_session_key_changes_whenever_privileges_do(stage: Stage) {
        let portal = stage.portal().await;
        let mut browser = portal.browser();
        browser.cookies.0.insert(SESSION.to_owned(), "planted".repeat(12));
        sign_in(&mut browser, "admin@initech.example", demo::PASSWORD).await;
        let mut keys = vec![browser.cookies.0[SESSION].clone()];
        assert!(!keys[0].contains("planted"));
        sign_in(&mut browser, "admin@initech.example", demo::PASSWORD).await;
        keys.push(browser.cookies.0[SESSION].clone());
        browser.open("/account").await;
        browser.press("Switch to Initech Labs").await;
        assert_eq!(browser.page().flash().as_deref(), Some("Success: You work in Initech Labs now"));
        keys.push(browser.cookies.0[SESSION].clone());
        browser.open("/account/password").await;
        browser.fill("Password you have now", demo::PASSWORD).fill("New password", GOOD).press("Change password").await;
        assert_eq!(browser.page().flash().as_deref(), Some("Success: Your password was changed"));
        keys.push(browser.cookies.0[SESSION].clone());
        let last = keys.pop().unwrap();
        for old in keys {
            assert_ne!(old, last);
            let mut thief = portal.browser();
            thief.cookies.0.insert(SESSION.to_owned(), old);
            assert_eq!(thief.open("/account").await.path(), "/sign-in");
        }
        assert_eq!(browser.open("/account").await.status, 200);
    }

    /// IDN-1: after sign-in a person stands where they were going, if that is a page of this program.
    #[test]
    async fn sign_in_goes_on_to_where_the_person_was_going_and_nowhere_else(stage: Stage) {
        let portal = stage.portal().await;
        let mut browser = portal.browser();
        assert_eq!(browser.open("/console/team?after=x").await.address, "/sign-in?next=%2Fconsole%2Fteam%3Fafter%3Dx");
        browser.fill("Email", "admin@acme.example").fill("Password", "wrong").press("Sign in").await;
        browser.fill("Password", demo::PASSWORD).press("Sign in").await;
        assert_eq!(browser.page().address, "/console/team?after=x");
        for evil in ["//evil.example", "https://evil.example", "/\\evil.example", "/%5Cevil.example", "/console\r\nX: y", "/sign-out"] {
            let mut browser = portal.browser();
            let encoded: String = url::form_urlencoded::byte_serialize(evil.as_bytes()).collect();
            browser.open(&format!("/sign-in?next={encoded}")).await;
            let fields = [("email", "admin@acme.example"), ("password", demo::PASSWORD), ("next", evil)];
            browser.post("/sign-in", &fields).await;
            assert_eq!(browser.page().redirections, ["/console"], "{evil:?}");
        }
    }

    /// The demonstration's people are offered; one click fills them in.
    #[test]
    async fn the_people_of_the_demonstration_are_offered(stage: Stage) {
        let portal = stage.portal().await;
        let mut browser = portal.browser();
        browser.open("/sign-in").await;
        for person in demo::people() {
            assert!(browser.page().link(person.email).is_some(), "{}", person.email);
        }
        browser.click("lead@creditdesk.example").await;
        browser.press("Sign in").await;
        assert_eq!(browser.page().redirections.first().map(String::as_str), Some("/admin"));
        let filled = browser.open("/sign-in?email=somebody%40else.example").await;
        assert_eq!((filled.value("Email").as_str(), filled.value("Password").as_str()), ("somebody@else.example", ""));
        assert!(filled.says("You are signed in as lead@creditdesk.example"));
    }

    /// SET-8: a registration that the browser holds survives a wrong password, signing in, signing out and signing in as
    /// somebody else, and after sign-in the person stands on the Activate page.
    #[test]
    async fn a_purchase_that_is_set_up_comes_first_after_sign_in(stage: Stage) {
        let desk = Desk::open(&stage).await;
        let mut browser = desk.portal.browser();
        let bought = desk.market.buy(1, 1000, stage.now());
        desk.set_up(&mut browser, &bought).await;
        let handle = browser.cookies.0.get(SETUP).cloned().unwrap();
        assert!(browser.open("/sign-in?next=/console/team").await.says("Your purchase waits to be activated"));
        browser.fill("Email", "buyer@acme.example").fill("Password", "wrong").press("Sign in").await;
        assert_eq!(browser.page().status, 422);
        browser.fill("Password", demo::PASSWORD).press("Sign in").await;
        assert_eq!(browser.page().redirections.first().map(String::as_str), Some("/console/activation"));
        browser.open("/account").await;
        browser.press("Sign out").await;
        sign_in(&mut browser, "licensing@acme.example", demo::PASSWORD).await;
        assert_eq!(browser.page().redirections.first().map(String::as_str), Some("/console/activation"));
        assert_eq!(browser.cookies.0.get(SETUP), Some(&handle));
    }

    /// SET-7: somebody new registers a business from the landing without losing the registration.
    #[test]
    async fn a_business_is_registered_without_losing_the_purchase(stage: Stage) {
        let desk = Desk::open(&stage).await;
        let mut browser = desk.portal.browser();
        let bought = desk.market.buy(1, 1000, stage.now());
        desk.set_up(&mut browser, &bought).await;
        let handle = browser.cookies.0.get(SETUP).cloned().unwrap();
        browser.open("/sign-in").await;
        browser.click("Register a business").await;
        assert!(browser.page().says("Your purchase is kept"));
        browser.fill("Name of the business", " ").fill("Your name", "Nora\u{202e} Neumann").fill("Email", "nora at neumann").press("Send the link").await;
        assert_eq!((browser.page().status, browser.page().problems().len()), (422, 3));
        assert_eq!(browser.page().value("Email"), "nora at neumann");
        browser.fill("Name of the business", "Neumann & Söhne").fill("Your name", "Nora Neumann").fill("Email", "nora@neumann.example");
        browser.press("Send the link").await;
        assert_eq!(browser.page().heading(), "Check your mail");
        let link = mailed_link(&stage, "nora@neumann.example").await;
        let before = count(&stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM people").await;
        browser.open(&link).await;
        assert_eq!(browser.page().fact("Business"), "Neumann & Söhne");
        browser.fill("Password", "Neumann2026").press("Register the business").await;
        assert_eq!(browser.page().status, 422);
        assert_eq!(count(&stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM people").await, before, "nothing was made yet");
        browser.fill("Password", GOOD).press("Register the business").await;
        assert_eq!(browser.page().redirections.first().map(String::as_str), Some("/console/activation"));
        assert_eq!(browser.cookies.0.get(SETUP), Some(&handle));
        assert!(browser.open("/console/team").await.says("Neumann & Söhne"));
        assert_eq!(browser.page().rows("Members by name").len(), 1);
        assert_eq!(browser.open(&link).await.status, 404, "the link works once");
        browser.open("/register").await;
        browser.fill("Name of the business", "Neumann Labs").press("Register the business").await;
        assert_eq!(browser.page().redirections.first().map(String::as_str), Some("/console/activation"));
        assert!(browser.open("/account").await.says("Neumann Labs"));
    }

    /// IDN-1: registering with, and asking to reset, a known and an unknown address have the same answer to the byte.
    #[test]
    async fn no_answer_tells_whether_an_address_has_an_account(stage: Stage) {
        let portal = stage.portal().await;
        let (mut registered, mut reset) = (Vec::new(), Vec::new());
        for email in ["admin@acme.example", "nobody@acme.example"] {
            let mut browser = portal.browser();
            browser.open("/register").await;
            browser.fill("Name of the business", "Acme").fill("Your name", "Ada").fill("Email", email).press("Send the link").await;
            registered.push((browser.page().redirections.clone(), told(browser.page(), email)));
            browser.open("/password/forgot").await;
            browser.fill("Email", email).press("Send the link").await;
            reset.push((browser.page().redirections.clone(), told(browser.page(), email)));
        }
        assert_eq!(registered[0], registered[1]);
        assert_eq!(reset[0], reset[1]);
        assert_eq!(mailed_link(&stage, "admin@acme.example").await.split('/').nth(1), Some("password"));
        assert_eq!(mailed_link(&stage, "nobody@acme.example").await.split('/').nth(1), Some("register"));
        assert_eq!(count(&stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM mails WHERE recipient = 'nobody@acme.example'").await, 1);
    }

    /// IDN-1: opening the link of a mail, as programs that look through mail do, uses nothing up.
    #[test]
    async fn opening_a_mailed_link_changes_nothing(stage: Stage) {
        let portal = stage.portal().await;
        let mut browser = portal.browser();
        browser.open("/password/forgot").await;
        browser.fill("Email", "admin@acme.example").press("Send the link").await;
        let link = mailed_link(&stage, "admin@acme.example").await;
        for method in [Method::GET, Method::HEAD, Method::GET] {
            let page = portal.browser().send(Raw { method, path: &link, headers: &[], body: String::new() }).await;
            assert_eq!(page.status, 200);
        }
        browser.open(&link).await;
        browser.fill("New password", "creditdesk").press("Set the password").await;
        assert_eq!(browser.page().status, 422);
        assert_eq!(browser.page().value("New password"), "");
        browser.fill("New password", GOOD).press("Set the password").await;
        assert_eq!(browser.page().flash().as_deref(), Some("Success: Your password was changed"));
        for made_up in [link.as_str(), "/password/reset/x", "/register/finish/x", "/invitations/x"] {
            let page = browser.open(made_up).await;
            assert_eq!((page.status, page.heading().as_str()), (404, "This link does not work any more"), "{made_up}");
        }
    }
}
