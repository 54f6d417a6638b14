//! The fulfilment address through a browser: the landing, what survives on the way to the activation, hand-over links,
//! and a page of its own for everything that can be wrong with a registration.

use crate::support::Stage;
use crate::support::desk::Desk;
use crate::support::fake_marketplace::Call;
use crate::support::page::Page;
use crate::support::people::{ACME_ADMIN, ACME_BUYER, ACME_LICENSING, ACME_MEMBER, GLOBEX_ADMIN};
use chrono::TimeDelta;
use creditdesk::demo::PASSWORD;
use creditdesk::fulfilment::marketplace::AgreementStanding;
use creditdesk::fulfilment::products::Products;
use std::collections::BTreeMap;

/// Says *Subscriptions*, the product and *Set up product*, in this order.
fn tells_how_to_restart(page: &Page, product: &str) -> bool {
    let steps = page.all("main ol li").join(" ");
    let places = ["Subscriptions", product, "Set up product"].map(|words| steps.find(words));
    places.iter().all(Option::is_some) && places.is_sorted()
}

both_engines! {
    /// SET-3: the marketplace's form comes cross-site without cookies; the answer is a 303 with an opaque handle, and no
    /// token is in its cookie, its address or the page that follows (SET-2).
    #[test]
    async fn a_landing_from_another_site_leaves_an_opaque_handle(stage: Stage) {
        let desk = Desk::open(&stage).await;
        let bought = desk.market.buy(1, 1000, stage.now());
        let token = desk.market.click(&bought, None);
        let mut browser = desk.portal.browser();
        let answer = browser.land(&token).await;
        assert_eq!((answer.status, answer.header("location")), (303, "/setup"));
        let held = browser.cookies.0.get("__Host-setup").unwrap().clone();
        assert!(held.len() >= 43 && held != token);
        let page = browser.open("/setup").await;
        assert_eq!(page.status, 200);
        for hidden in [&token, &held] {
            assert!(!page.body.contains(hidden.as_str()) && !page.address.contains(hidden.as_str()));
        }
        for told in ["Trend Vision One", "Trend Micro", &bought.agreement_id, "•••• •••• 3333", "2 Mar 2026, 13:00 UTC", "4 h left"] {
            assert!(page.says(told), "{told}: {page:?}");
        }
        assert!(!page.says("111122223333"));
        let dump = crate::support::dump::everything(&stage.db).await;
        assert!(dump.iter().all(|row| !format!("{row:?}").contains(&token) && !format!("{row:?}").contains(&held)));
    }

    /// SET-3: the landing does not sign anybody out and leaves forms that are open in other tabs valid.
    #[test]
    async fn a_landing_leaves_the_rest_of_the_browser_alone(stage: Stage) {
        let desk = Desk::open(&stage).await;
        let bought = desk.market.buy(1, 1000, stage.now());
        let mut browser = desk.portal.sign_in(ACME_ADMIN).await;
        let before = browser.cookies.clone();
        browser.open("/console").await;
        let token = desk.market.click(&bought, None);
        assert_eq!(browser.land(&token).await.status, 303);
        let kept = before.0.iter().all(|(name, value)| browser.cookies.0.get(name) == Some(value));
        assert!(kept, "{:?}", browser.cookies);
        let page = browser.press("Sign out").await;
        assert_eq!((page.status, page.path()), (200, "/sign-in"), "the form of the other tab was taken: {page:?}");
    }

    /// SET-6: opening the fulfilment address is no error: sign in, register, support.
    #[test]
    async fn opening_the_address_shows_how_a_set_up_begins(stage: Stage) {
        let desk = Desk::open(&stage).await;
        let mut browser = desk.portal.browser();
        let page = browser.open("/setup").await;
        assert_eq!((page.status, page.heading().as_str()), (200, "Set up your product"));
        assert_eq!(page.link("Register a business").as_deref(), Some("/register"));
        assert!(page.link("Subscriptions").is_some());
        assert!(page.attributes("main a", "href").iter().any(|href| href.starts_with("mailto:")));
        browser.click("Sign in").await;
        assert_eq!(browser.page().path(), "/sign-in");
    }

    /// SET-5: every token that leads nowhere has a page of its own with the way out, and the browser holds nothing.
    #[test]
    async fn every_token_that_leads_nowhere_has_its_own_page(stage: Stage) {
        let desk = Desk::open_for(&stage, Products::Only(BTreeMap::from([("another".to_owned(), "credits".to_owned())]))).await;
        let bought = desk.market.buy(1, 1000, stage.now());
        let (foreign, expired) = (desk.market.click(&bought, None), desk.market.click(&bought, None));
        desk.market.world().expired_tokens.insert(expired.clone());
        let mut browser = desk.portal.browser();
        let mut headings = Vec::new();
        for (body, status) in [
            (String::new(), 400),
            ("x-amzn-marketplace-token=".to_owned(), 400),
            ("x-amzn-marketplace-token=two+words".to_owned(), 400),
            ("x-amzn-marketplace-token=nobody-issued-this".to_owned(), 404),
            (serde_urlencoded::to_string([("x-amzn-marketplace-token", &expired)]).unwrap(), 410),
            (serde_urlencoded::to_string([("x-amzn-marketplace-token", &foreign)]).unwrap(), 422),
        ] {
            let page = browser.land_with(body.clone()).await;
            assert_eq!(page.status, status, "{body}: {page:?}");
            assert!(page.link("Open Subscriptions").is_some(), "{body}: {page:?}");
            assert!(!page.body.contains(&expired) && !page.body.contains(&foreign), "a token on the page");
            assert!(status == 422 || tells_how_to_restart(&page, "product"), "{body}: {page:?}");
            headings.push(page.heading());
        }
        headings.dedup();
        assert_eq!(headings.len(), 5, "missing, malformed, unknown, expired, wrong product: {headings:?}");
        desk.market.world().away.insert(Call::Resolve);
        assert_eq!(browser.land(&foreign).await.status, 303, "it is kept for a retry");
        let page = browser.open("/setup").await;
        assert_eq!((page.status, page.heading().as_str()), (503, "The marketplace cannot be reached"));
        assert!(!page.header("retry-after").is_empty() && !page.body.contains(&foreign));
        assert_ne!(browser.cookies.0["__Host-setup"], foreign);
        browser.press("Forget this purchase in this browser").await;
        assert_eq!(browser.open("/setup").await.heading(), "Set up your product");
    }

    /// SET-5: the missed window says Subscriptions, the product, Set up product; restarting works.
    #[test]
    async fn the_missed_window_says_how_to_restart(stage: Stage) {
        let desk = Desk::open(&stage).await;
        let bought = desk.market.buy(1, 1000, stage.now());
        let mut browser = desk.ready(ACME_ADMIN, &bought).await;
        stage.clock.advance(TimeDelta::hours(4) - TimeDelta::seconds(1));
        browser.sign_in(ACME_ADMIN).await;
        assert_eq!(browser.page().heading(), "Activate your Trend Micro Solutions");
        stage.clock.advance(TimeDelta::seconds(1));
        let page = browser.accept_and_activate().await;
        assert_eq!((page.status, page.heading().as_str()), (410, "The time to set up is over"));
        assert!(tells_how_to_restart(page, "Trend Vision One"), "{page:?}");
        for address in ["/setup", "/console/activation"] {
            let page = browser.open(address).await;
            assert!(page.status == 410 && tells_how_to_restart(page, "Trend Vision One"), "{address}: {page:?}");
        }
        desk.set_up(&mut browser, &bought).await;
        browser.click("Continue to activation").await;
        assert_eq!(browser.accept_and_activate().await.heading(), "Activation Successful");
    }

    /// SET-8: the registration survives a wrong password, sign-in, sign-out and the back button; after sign-in the person
    /// stands on the Activate page.
    #[test]
    async fn the_registration_survives_the_way_through_sign_in(stage: Stage) {
        let desk = Desk::open(&stage).await;
        let bought = desk.market.buy(1, 1000, stage.now());
        let mut browser = desk.portal.browser();
        desk.set_up(&mut browser, &bought).await;
        let held = browser.cookies.0.get("__Host-setup").cloned();
        browser.click("Sign in").await;
        browser.fill("Email", ACME_LICENSING).fill("Password", "not the password").press("Sign in").await;
        assert_eq!(browser.page().status, 422);
        browser.fill("Password", PASSWORD).press("Sign in").await;
        assert_eq!((browser.page().path(), browser.page().heading().as_str()), ("/console/activation", "Activate your Trend Micro Solutions"));
        browser.open("/setup").await;
        assert!(browser.page().says("Trend Vision One") && browser.page().says(ACME_LICENSING), "{:?}", browser.page());
        browser.click("Continue to activation").await;
        browser.press("Sign in as somebody else").await;
        browser.sign_in(ACME_ADMIN).await;
        assert_eq!(browser.page().path(), "/console/activation");
        assert_eq!(browser.cookies.0.get("__Host-setup").cloned(), held);
        assert_eq!(browser.accept_and_activate().await.heading(), "Activation Successful");
        // Once it is activated, sign-in leads where it always does.
        browser.sign_in(ACME_ADMIN).await;
        assert_eq!(browser.page().path(), "/console");
    }

    /// SET-7: somebody without a business registers one from the landing and comes back to the Activate page.
    #[test]
    async fn a_business_is_registered_without_losing_the_registration(stage: Stage) {
        let desk = Desk::open(&stage).await;
        let bought = desk.market.buy(1, 1000, stage.now());
        let mut browser = desk.portal.browser();
        desk.set_up(&mut browser, &bought).await;
        browser.click("Sign in").await;
        browser.fill("Email", ACME_BUYER).fill("Password", PASSWORD).press("Sign in").await;
        assert_eq!((browser.page().status, browser.page().heading().as_str()), (403, "Register your business first"));
        browser.click("Register a business").await;
        let fields = browser.page().all("form label");
        let business = fields.iter().find(|label| label.contains("usiness")).unwrap_or_else(|| panic!("{:?}", browser.page())).clone();
        browser.fill(&business, "Acme Purchasing").press("Register").await;
        assert_eq!((browser.page().path(), browser.page().status), ("/console/activation", 200), "{:?}", browser.page());
        assert_eq!(browser.page().fact("Business"), "Acme Purchasing");
        assert_eq!(browser.accept_and_activate().await.heading(), "Activation Successful");
    }

    /// SET-9: a member is told which role can do it, makes a link, and a colleague activates by it; the code leaves the
    /// address bar at once.
    #[test]
    async fn a_member_hands_over_and_a_colleague_activates(stage: Stage) {
        let desk = Desk::open(&stage).await;
        let bought = desk.market.buy(1, 1000, stage.now());
        let mut member = desk.ready(ACME_MEMBER, &bought).await;
        let page = member.page();
        assert_eq!((page.status, page.heading().as_str()), (403, "You need licensing permission"));
        assert!(page.says("Administrator") && page.says("Licensing manager") && page.says("Member"));
        assert!(page.buttons().contains(&"Sign in as somebody else".to_owned()), "{page:?}");
        assert!(!page.buttons().contains(&"Activate".to_owned()));
        let page = member.press("Make a hand-over link").await;
        let link = page.one("main code").unwrap();
        assert!(page.says("2 Mar 2026, 13:00 UTC") && page.says("Acme Industries"), "{page:?}");

        let mut colleague = desk.portal.browser();
        let page = colleague.open(&link).await;
        assert_eq!((page.path(), page.redirections.len()), ("/setup", 1), "the code is not in the address any more");
        assert!(!page.says("Trend Vision One") && !page.says(&bought.agreement_id), "nothing of the purchase before sign-in: {page:?}");
        colleague.click("Sign in").await;
        colleague.fill("Email", ACME_LICENSING).fill("Password", PASSWORD).press("Sign in").await;
        assert_eq!(colleague.page().path(), "/console/activation");
        assert_eq!(colleague.accept_and_activate().await.heading(), "Activation Successful");
    }

    /// SET-9: the link is useless to another business and names none; a link that nobody made does not work.
    #[test]
    async fn a_hand_over_link_is_useless_to_other_businesses(stage: Stage) {
        let desk = Desk::open(&stage).await;
        let bought = desk.market.buy(1, 1000, stage.now());
        let mut member = desk.ready(ACME_MEMBER, &bought).await;
        let link = member.press("Make a hand-over link").await.one("main code").unwrap();
        let mut stranger = desk.portal.sign_in(GLOBEX_ADMIN).await;
        stranger.open(&link).await;
        let page = stranger.open("/console/activation").await;
        assert_eq!((page.status, page.heading().as_str()), (403, "This link is for another business"));
        assert!(!page.says("Acme"), "{page:?}");
        let held = stranger.cookies.0.get("__Host-setup").unwrap().clone();
        let page = stranger.open("/setup/hand-over/nobody-made-this").await;
        assert_eq!((page.status, page.heading().as_str()), (404, "This link does not work"));
        assert_eq!(stranger.cookies.0.get("__Host-setup"), Some(&held), "what the browser held stays");
        // A handle that was not made as a link is none.
        let own = member.cookies.0.get("__Host-setup").unwrap().clone();
        assert_eq!(stranger.open(&format!("/setup/hand-over/{own}")).await.status, 404);
    }

    /// SET-5: pending, ended and unreachable have pages of their own, and the registration outlives what is not final.
    #[test]
    async fn a_purchase_that_is_not_ready_has_its_own_page(stage: Stage) {
        let desk = Desk::open(&stage).await;
        let bought = desk.market.buy(1, 1000, stage.now());
        let paid = desk.market.world().rows.remove(&bought.license_arn).unwrap();
        let standing = |standing| desk.market.world().facts.get_mut(&bought.license_arn).unwrap().standing = standing;
        standing(AgreementStanding::Pending);
        let mut browser = desk.ready(ACME_ADMIN, &bought).await;
        let page = browser.page();
        assert_eq!((page.status, page.heading().as_str()), (200, "Your purchase is not ready yet"));
        assert!(!page.header("refresh").is_empty() && page.link("Check again").as_deref() == Some("/console/activation"));
        standing(AgreementStanding::Ended);
        let page = browser.open("/console/activation").await;
        assert_eq!((page.status, page.heading().as_str()), (410, "The agreement has ended"));
        assert!(page.header("refresh").is_empty());
        standing(AgreementStanding::Active);
        desk.market.world().away.insert(Call::Entitlements);
        let page = browser.open("/console/activation").await;
        assert_eq!((page.status, page.heading().as_str()), (503, "The marketplace cannot be reached"));
        desk.market.world().away.clear();
        desk.market.world().rows.insert(bought.license_arn.clone(), paid);
        browser.click("Try again").await;
        assert_eq!(browser.accept_and_activate().await.heading(), "Activation Successful");
    }

    /// SET-5: an activated purchase shows its own business when and by whom, and another business nothing of either.
    #[test]
    async fn an_activated_purchase_names_no_other_business(stage: Stage) {
        let desk = Desk::open(&stage).await;
        let bought = desk.market.buy(1, 1000, stage.now());
        desk.ready(ACME_ADMIN, &bought).await.accept_and_activate().await;
        let mut anonymous = desk.portal.browser();
        let page = desk.set_up(&mut anonymous, &bought).await;
        assert_eq!(page.heading(), "Products Already Activated");
        assert!(!page.says("Acme") && !page.says("Ada"), "{page:?}");
        let rival = desk.ready(GLOBEX_ADMIN, &bought).await;
        assert_eq!(rival.page().heading(), "Products Already Activated");
        assert!(!rival.page().says("Acme") && !rival.page().says("Ada"), "{:?}", rival.page());
        let own = desk.ready(ACME_LICENSING, &bought).await;
        assert_eq!(own.page().heading(), "Products Already Activated");
        assert_eq!((own.page().fact("Business"), own.page().fact("Activated by")), ("Acme Industries".to_owned(), "Ada Archer".to_owned()));
    }

    #[test]
    async fn a_browser_forgets_a_registration_when_it_is_told_to(stage: Stage) {
        let desk = Desk::open(&stage).await;
        let bought = desk.market.buy(1, 1000, stage.now());
        let mut browser = desk.portal.browser();
        desk.set_up(&mut browser, &bought).await;
        let page = browser.press("Forget it in this browser").await;
        assert_eq!((page.path(), page.heading().as_str()), ("/setup", "Set up your product"));
        assert!(!browser.cookies.0.contains_key("__Host-setup"));
        let kept = stage.db.read("SELECT CAST(COUNT(*) AS BIGINT) FROM registrations").scalar::<i64>().await.unwrap();
        assert_eq!(kept, 1);
    }
}
