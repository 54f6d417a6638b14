//! The activation through a browser: what the review shows, what the act needs, and what everybody else sees.

use crate::support::Stage;
use crate::support::browser::Browser;
use crate::support::desk::Desk;
use crate::support::people::{ACME_ADMIN, ACME_AUDITOR, ACME_LICENSING, ACME_MEMBER, ACME_VIEWER, GLOBEX_ADMIN};
use futures_util::future::join_all;

const INITECH_ADMIN: &str = "admin@initech.example";
const TERMS: &str = "I accept the license terms of Trend Vision One for this business";

async fn contracts(stage: &Stage) -> i64 {
    stage.db.read("SELECT CAST(COUNT(*) AS BIGINT) FROM contracts").scalar().await.unwrap()
}

/// The fields that the open activation page would send.
fn fields(browser: &Browser) -> Vec<(String, String)> {
    let value = |name: &str| browser.page().attributes(&format!("input[name={name}]"), "value").into_iter().next().unwrap_or_default();
    let named = ["registration", "business"].map(|name| (name.to_owned(), value(name)));
    named.into_iter().chain([("terms".to_owned(), "yes".to_owned())]).collect()
}

async fn send(browser: &mut Browser, fields: &[(String, String)]) -> u16 {
    let borrowed: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    browser.post("/console/activation", &borrowed).await.status
}

both_engines! {
    /// ACT-1: the review shows everything that is about to be activated, for whom, until when, and that it is final.
    #[test]
    async fn the_review_shows_everything_before_anything_happens(stage: Stage) {
        let desk = Desk::open(&stage).await;
        let bought = desk.market.buy(1, 12_500, stage.now());
        let browser = desk.ready(ACME_LICENSING, &bought).await;
        let page = browser.page();
        assert_eq!((page.status, page.heading().as_str()), (200, "Activate your Trend Micro Solutions"));
        for (name, value) in [
            ("Product", "Trend Vision One"),
            ("License type", "Credits"),
            ("Number of credits", "12,500 credits"),
            ("Start", "2 Mar 2026, 09:00 UTC"),
            ("End", "2 Mar 2027, 09:00 UTC"),
            ("Auto renew", "Yes"),
            ("Buyer account", "•••• •••• 3333"),
            ("Agreement ID", bought.agreement_id.as_str()),
            ("Business", "Acme Industries"),
        ] {
            assert_eq!(page.fact(name), value, "{name}");
        }
        for told in ["2 Mar 2026, 13:00 UTC", "4 h left", "can be activated once", "cannot be moved to another business", "except by support"] {
            assert!(page.says(told), "{told}: {page:?}");
        }
        assert!(!page.says("111122223333"));
        assert_eq!(page.buttons().iter().filter(|button| *button == "Activate").count(), 1);
        assert_eq!(contracts(&stage).await, 0);
    }

    /// ACT-2: without the terms the page comes again with the problem, the choice kept, and nothing is activated.
    #[test]
    async fn without_the_terms_nothing_is_activated(stage: Stage) {
        let desk = Desk::open(&stage).await;
        let bought = desk.market.buy(1, 1000, stage.now());
        let mut browser = desk.ready(INITECH_ADMIN, &bought).await;
        browser.choose("Business that the license will belong to", "Initech Labs");
        let page = browser.press("Activate").await;
        assert_eq!((page.status, page.problems()), (422, vec!["Accept the license terms to activate".to_owned()]));
        assert!(page.title().starts_with("Error: "));
        assert_eq!(page.chosen("Business that the license will belong to").as_deref(), Some("Initech Labs"));
        assert_eq!(contracts(&stage).await, 0);
        assert_eq!(browser.tick(TERMS).press("Activate").await.heading(), "Activation Successful");
        assert_eq!(browser.page().fact("Business"), "Initech Labs");
    }

    /// ACT-2: nobody without a session or without licensing permission activates, whatever they send.
    #[test]
    async fn only_somebody_with_licensing_permission_activates(stage: Stage) {
        let desk = Desk::open(&stage).await;
        let bought = desk.market.buy(1, 1000, stage.now());
        let admin = desk.ready(ACME_ADMIN, &bought).await;
        let sent = fields(&admin);
        for email in [ACME_VIEWER, ACME_AUDITOR, ACME_MEMBER, GLOBEX_ADMIN] {
            let mut browser = desk.ready(email, &bought).await;
            let status = send(&mut browser, &sent).await;
            assert!([403, 422].contains(&status), "{email}: {status}");
        }
        let mut anonymous = desk.portal.browser();
        desk.set_up(&mut anonymous, &bought).await;
        send(&mut anonymous, &sent).await;
        assert_eq!(anonymous.page().path(), "/sign-in");
        assert_eq!(contracts(&stage).await, 0);
    }

    /// ACT-3: somebody in several businesses picks one; one that they are not in cannot be chosen.
    #[test]
    async fn the_business_is_chosen_among_ones_own(stage: Stage) {
        let desk = Desk::open(&stage).await;
        let (first, second) = (desk.market.buy(1, 1000, stage.now()), desk.market.buy(2, 500, stage.now()));
        let mut browser = desk.ready(INITECH_ADMIN, &first).await;
        let mut sent = fields(&browser);
        sent[1].1 = fields(&desk.ready(ACME_ADMIN, &second).await)[1].1.clone();
        assert_eq!(send(&mut browser, &sent).await, 422);
        sent[1].1 = String::new();
        assert_eq!(send(&mut browser, &sent).await, 422);
        assert_eq!(browser.page().problems(), ["Choose the business that the license will belong to"]);
        browser.choose("Business that the license will belong to", "Initech Labs").tick(TERMS);
        browser.press("Activate").await;
        assert_eq!(browser.page().fact("Business"), "Initech Labs");
        let owners: Vec<(String,)> =
            stage.db.read("SELECT b.name FROM contracts c JOIN businesses b ON b.id = c.business_id").all().await.unwrap();
        assert_eq!(owners, [("Initech Labs".to_owned(),)]);
    }

    /// ACT-3: a business that cannot take it is listed with the reason.
    #[test]
    async fn a_business_that_cannot_take_it_is_listed_with_the_reason(stage: Stage) {
        let desk = Desk::open(&stage).await;
        let bought = desk.market.buy(1, 1000, stage.now());
        let demote = stage.db.write("UPDATE memberships SET role = 'auditor' WHERE business_id = (SELECT id FROM businesses WHERE name = 'Initech')");
        demote.exec().await.unwrap();
        let mut browser = desk.ready(INITECH_ADMIN, &bought).await;
        let page = browser.page();
        assert_eq!(page.fact("Business"), "Initech Labs");
        let unfit = page.all("main li").into_iter().find(|line| line.starts_with("Initech:")).unwrap();
        assert!(unfit.contains("Your role there is Auditor"), "{unfit}");
        assert_eq!(browser.accept_and_activate().await.fact("Business"), "Initech Labs");
    }

    /// ACT-8: success stands at an address of its own, links both pages by name, and repeats nothing when reloaded.
    #[test]
    async fn success_leads_on_to_licenses_and_credits(stage: Stage) {
        let desk = Desk::open(&stage).await;
        let bought = desk.market.buy(1, 1000, stage.now());
        let mut browser = desk.ready(ACME_ADMIN, &bought).await;
        let page = browser.accept_and_activate().await;
        assert_eq!((page.status, page.heading().as_str()), (200, "Activation Successful"));
        assert!(page.path().starts_with("/console/activation/con_") && page.path().ends_with("/done"));
        let done = page.path().to_owned();
        for (name, address) in [("License Information", "/console/licenses"), ("Credits & Billing", "/console/credits")] {
            assert!(page.document().select(&crate::support::page::selector("main a")).any(|link| {
                crate::support::page::text_of(link) == name && link.attr("href") == Some(address)
            }));
        }
        assert_eq!(browser.open(&done).await.status, 200);
        assert_eq!(contracts(&stage).await, 1);
        desk.portal.run_due_jobs().await;
        let mailed = std::fs::read_dir(stage.folder().join("mail")).unwrap().filter(|mail| {
            mail.as_ref().unwrap().file_name().to_string_lossy().contains("license_activated")
        });
        assert_eq!(mailed.count(), 2, "the administrator who did it and the licensing manager");
        for (email, status) in [(GLOBEX_ADMIN, 404), (ACME_MEMBER, 403)] {
            assert_eq!(desk.portal.sign_in(email).await.open(&done).await.status, status, "{email}");
        }
    }

    /// ACT-7: repeating it, by the same form or by the back button, shows when and by whom it was done.
    #[test]
    async fn a_repeat_shows_what_was_done(stage: Stage) {
        let desk = Desk::open(&stage).await;
        let bought = desk.market.buy(1, 1000, stage.now());
        let mut browser = desk.ready(ACME_ADMIN, &bought).await;
        let mut second = browser.clone();
        browser.accept_and_activate().await;
        let page = second.accept_and_activate().await;
        assert_eq!((page.status, page.heading().as_str()), (409, "Products Already Activated"));
        assert_eq!((page.fact("Activated on").as_str(), page.fact("Activated by").as_str()), ("2 Mar 2026, 09:00 UTC", "Ada Archer"));
        let page = second.open("/console/activation").await;
        assert_eq!((page.status, page.heading().as_str()), (200, "Products Already Activated"));
        assert_eq!(contracts(&stage).await, 1);
    }

    /// ACT-6: of many Activate posts of two businesses one succeeds; all others read *Products Already Activated*.
    #[test]
    async fn of_many_simultaneous_posts_one_succeeds(stage: Stage) {
        let desk = Desk::open(&stage).await;
        let bought = desk.market.buy(1, 1000, stage.now());
        let (one, other) = (desk.ready(ACME_ADMIN, &bought).await, desk.ready(GLOBEX_ADMIN, &bought).await);
        let rivals = (0..24).map(|rival| if rival % 2 == 0 { one.clone() } else { other.clone() });
        let attempts = rivals.map(|mut rival| {
            tokio::spawn(async move {
                let page = rival.accept_and_activate().await;
                (page.status, page.heading(), page.says("Acme") && page.says("Globex"))
            })
        });
        let outcomes: Vec<_> = join_all(attempts).await.into_iter().map(|joined| joined.expect("no attempt panics")).collect();
        let successes = outcomes.iter().filter(|(status, heading, _)| (*status, heading.as_str()) == (200, "Activation Successful")).count();
        let refusals = outcomes.iter().filter(|(status, heading, _)| (*status, heading.as_str()) == (409, "Products Already Activated")).count();
        assert_eq!((successes, refusals), (1, 23), "{outcomes:?}");
        assert!(outcomes.iter().all(|(_, _, names_both)| !names_both), "a page names another business");
        assert_eq!(contracts(&stage).await, 1);
    }

    /// SET-8: a page that reviewed another purchase than the browser now holds activates neither.
    #[test]
    async fn a_review_in_an_old_tab_activates_nothing(stage: Stage) {
        let desk = Desk::open(&stage).await;
        let (first, second) = (desk.market.buy(1, 1000, stage.now()), desk.market.buy(2, 500, stage.now()));
        let mut tab = desk.ready(ACME_ADMIN, &first).await;
        let mut other_tab = tab.clone();
        desk.set_up(&mut other_tab, &second).await;
        tab.cookies = other_tab.cookies.clone();
        let page = tab.accept_and_activate().await;
        assert_eq!(page.status, 422);
        assert!(page.problems()[0].starts_with("Another purchase was opened"), "{page:?}");
        assert_eq!(page.fact("Number of credits"), "500 credits");
        assert_eq!(contracts(&stage).await, 0);
        assert_eq!(tab.accept_and_activate().await.heading(), "Activation Successful");
    }

    /// SET-4: the deadline is shown in the viewer's zone, by name, with the time left.
    #[test]
    async fn the_deadline_is_a_clock_time_with_its_zone(stage: Stage) {
        let desk = Desk::open(&stage).await;
        let bought = desk.market.buy(1, 1000, stage.now());
        let mut browser = desk.ready(ACME_ADMIN, &bought).await;
        browser.cookies.0.insert("tz".to_owned(), "Europe%2FBerlin".to_owned());
        stage.clock.advance(chrono::TimeDelta::minutes(20));
        let page = browser.open("/console/activation").await;
        assert!(page.says("2 Mar 2026, 14:00 CET — 3 h 40 min left"), "{page:?}");
    }

    #[test]
    async fn the_activation_page_without_a_purchase_says_how_one_comes(stage: Stage) {
        let desk = Desk::open(&stage).await;
        let mut browser = desk.portal.sign_in(ACME_ADMIN).await;
        let page = browser.open("/console/activation").await;
        assert_eq!((page.status, page.heading().as_str()), (200, "No purchase waits in this browser"));
        assert!(page.says("Set up your account") && page.link("Open Subscriptions").is_some());
    }
}
