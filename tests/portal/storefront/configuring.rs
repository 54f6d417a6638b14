//! *Configure your Software Contract*: the form, its refusals, and who may send it.

use super::{INITECH_BUYER, charges, payer, quotes, viewer};
use crate::support::Stage;
use crate::support::people::{ACME_BUYER, ACME_MEMBER, VISION_ONE};

/// Page of the form.
const FORM: &str = "/marketplace/pp/prodview-u2in6sa3igl7c/contract";

both_engines! {
    /// MKT-3: what is no number in the limits comes back with the limits in words and as it was typed; nothing is made.
    #[test]
    async fn numbers_that_cannot_be_bought_come_back_with_the_limits(stage: Stage) {
        let portal = stage.portal().await;
        let mut browser = portal.sign_in(ACME_BUYER).await;
        for typed in ["", "99", "10,000,001", "-100", "100.5", "1.000", "1e3", "0x64", "abc", "1,00", "9999999999999999999999", "\u{202e}100"] {
            browser.open(FORM).await;
            browser.fill("Purchase order number", "PO \"7\" <b>").choose("Renewal Settings", "No");
            let page = browser.fill("Number of credits", typed).press("Create contract").await;
            assert_eq!((page.status, page.heading().as_str()), (422, "Configure your Software Contract"), "{typed}");
            let problems = page.problems();
            assert!(problems.len() == 1 && problems[0].contains("Enter a whole number of credits from 100 to 10,000,000"), "{typed}: {problems:?}");
            assert_eq!(page.value("Number of credits"), typed);
            assert_eq!(page.value("Purchase order number"), "PO \"7\" <b>");
            assert_eq!(page.chosen("Renewal Settings").as_deref(), Some("No"));
        }
        assert_eq!(quotes(&stage.db).await, 0);
    }

    /// MKT-3: grouped, spaced and full-width numbers are understood; a product in steps names its step.
    #[test]
    async fn numbers_are_understood_as_people_type_them(stage: Stage) {
        let portal = stage.portal().await;
        let mut browser = portal.sign_in(ACME_BUYER).await;
        for typed in ["1,000", "1 000", "1000", "\u{ff11}\u{ff0c}\u{ff10}\u{ff10}\u{ff10}", " 1\u{202f}000 "] {
            let page = browser.create_contract(typed).await;
            assert_eq!(page.fact("Number of credits"), "1,000 credits", "{typed}");
        }
        browser.open("/marketplace/pp/prodview-q9tz3fvk6hmsu/contract").await;
        let page = browser.fill("Number of credits", "60").press("Create contract").await;
        assert_eq!(page.problems(), ["Enter a whole number of credits from 25 to 500,000, in steps of 25"]);
    }

    /// MKT-3: all problems at once, each at its field.
    #[test]
    async fn all_problems_are_said_at_once(stage: Stage) {
        let portal = stage.portal().await;
        let mut browser = portal.sign_in(ACME_BUYER).await;
        browser.open(FORM).await;
        let long = "x".repeat(201);
        let page = browser.post(FORM, &[("credits", "1"), ("renew", "maybe"), ("purchase_order", &long)]).await;
        assert_eq!(page.status, 422);
        assert_eq!(
            page.problems(),
            [
                "Enter a whole number of credits from 100 to 10,000,000",
                "Choose whether the contract renews: Yes or No",
                "The purchase order number must be 200 characters or fewer"
            ]
        );
        assert_eq!(page.attributes(".error-summary a", "href"), ["#f-credits", "#f-renew", "#f-purchase_order"]);
        assert!(page.title().starts_with("Error: "));
        browser.open(FORM).await;
        let page = browser.post(FORM, &[("credits", "100"), ("renew", "yes"), ("purchase_order", "PO\u{7}1")]).await;
        assert_eq!(page.problems(), ["The purchase order number contains an invisible or control character. Type it again"]);
        assert_eq!(quotes(&stage.db).await, 0);
    }

    /// MKT-4: Yes is chosen at first; both answers say what happens on which date.
    #[test]
    async fn renewal_is_yes_at_first_and_both_answers_say_what_happens(stage: Stage) {
        let portal = stage.portal().await;
        let mut browser = portal.browser();
        let page = browser.open(FORM).await;
        assert_eq!(page.chosen("Renewal Settings").as_deref(), Some("Yes"));
        let answers = page.all("#f-renew .hint");
        let said = |words: &str| answers.iter().any(|answer| answer.contains(words));
        assert!(said("On 2 Mar 2027, 09:00 UTC the contract renews by itself for 12 months"), "{answers:?}");
        assert!(said("On 2 Mar 2027, 09:00 UTC the contract and its credits end"), "{answers:?}");
    }

    /// MKT-4: the button without JavaScript shows the total of the number typed and keeps everything else.
    #[test]
    async fn update_total_shows_the_total_and_keeps_what_was_typed(stage: Stage) {
        let portal = stage.portal().await;
        let mut browser = portal.browser();
        let page = browser.open(FORM).await;
        assert_eq!(page.one("output").as_deref(), Some("USD 100.00"));
        browser.fill("Number of credits", "2 500").fill("Purchase order number", "PO-7").choose("Renewal Settings", "No");
        let page = browser.press("Update total").await;
        assert_eq!(page.one("output").as_deref(), Some("USD 2,500.00"));
        assert_eq!((page.value("Number of credits").as_str(), page.value("Purchase order number").as_str()), ("2 500", "PO-7"));
        assert_eq!(page.chosen("Renewal Settings").as_deref(), Some("No"));
        let page = browser.fill("Number of credits", "99").press("Update total").await;
        assert_eq!((page.status, page.one("output").as_deref()), (422, Some("—")));
        assert_eq!(page.problems().len(), 1);
        assert_eq!(quotes(&stage.db).await, 0);
    }

    /// MKT-5: a person who is not signed in fills the form in, signs in, and finds what was typed.
    #[test]
    async fn signing_in_on_the_way_keeps_what_was_typed(stage: Stage) {
        let portal = stage.portal().await;
        let mut browser = portal.browser();
        browser.open(VISION_ONE).await;
        browser.click("View purchase options").await;
        browser.fill("Number of credits", "1,234").fill("Purchase order number", "A&B=C #1").choose("Renewal Settings", "No");
        let page = browser.press("Create contract").await;
        assert_eq!(page.path(), "/sign-in");
        browser.fill("Email", ACME_BUYER).fill("Password", creditdesk::demo::PASSWORD);
        let page = browser.press("Sign in").await;
        assert_eq!((page.path(), page.value("Number of credits").as_str()), (FORM, "1,234"));
        assert_eq!((page.value("Purchase order number").as_str(), page.chosen("Renewal Settings").as_deref()), ("A&B=C #1", Some("No")));
        let page = browser.press("Create contract").await;
        assert_eq!((page.heading().as_str(), page.fact("Purchase order number").starts_with("A&B=C #1")), ("Review and pay", true));
    }

    /// MKT-5: the price that a form carries is not looked at.
    #[test]
    async fn a_price_in_the_form_is_ignored(stage: Stage) {
        let portal = stage.portal().await;
        let mut browser = portal.sign_in(ACME_BUYER).await;
        browser.open(FORM).await;
        let forged = [("credits", "1000"), ("renew", "yes"), ("price", "0.01"), ("price_minor", "1"), ("amount_minor", "1"), ("currency", "JPY")];
        let page = browser.post(FORM, &forged).await;
        assert_eq!(page.buttons().last().map(String::as_str), Some("Pay now: USD 1,000.00"));
        browser.press("Pay now").await;
        assert_eq!(super::count(&stage.db, "SELECT amount_minor FROM charges").await, 100_000);
    }

    /// MKT-5: an offer that changed while the form was open makes no quote at a price that nobody saw.
    #[test]
    async fn a_changed_offer_is_shown_before_a_quote_is_made(stage: Stage) {
        let portal = stage.portal().await;
        let mut browser = portal.sign_in(ACME_BUYER).await;
        browser.open(FORM).await;
        let page = browser.post(FORM, &[("credits", "1000"), ("renew", "yes"), ("offer", "offer-ofyesterday")]).await;
        assert_eq!(page.status, 422);
        assert!(page.problems()[0].contains("The price changed while this page was open: it is USD 1.00 a credit now"), "{page:?}");
        assert_eq!(quotes(&stage.db).await, 0);
        assert_eq!(browser.press("Create contract").await.heading(), "Review and pay");
    }

    /// MKT-11: who has a contract for the product is pointed to Upgrade first; others are not.
    #[test]
    async fn a_running_contract_is_pointed_to_first(stage: Stage) {
        let portal = stage.portal().await;
        let mut browser = portal.sign_in(ACME_BUYER).await;
        assert!(!browser.open(FORM).await.says("You already have a contract"));
        let purchase = browser.buy("500").await;
        let page = browser.open(FORM).await;
        assert!(page.says("You already have a contract for this product"), "{page:?}");
        let page = browser.click(&format!("Upgrade current contract {}", purchase.agreement)).await;
        assert_eq!((page.path(), page.one(".tabs [aria-current]").as_deref()), (purchase.subscription().as_str(), Some("Upgrade current contract")));
        browser.open("/marketplace/pp/prodview-q9tz3fvk6hmsu/contract").await;
        assert!(!browser.page().says("You already have a contract"));
        let mut other = portal.sign_in(INITECH_BUYER).await;
        assert!(!other.open(FORM).await.says("You already have a contract"));
        assert_eq!(browser.create_contract("100").await.heading(), "Review and pay", "a second contract is possible");
    }

    /// MKT-14: a Viewer sees the terms and who can buy; a person without a buyer account is told what to do.
    #[test]
    async fn who_cannot_buy_is_told_who_can(stage: Stage) {
        let portal = stage.portal().await;
        let mut viewer = viewer(&stage, &portal).await;
        let page = viewer.open(FORM).await;
        assert!(page.says("You can look, but not buy") && page.says("A Purchaser of this buyer account"), "{page:?}");
        assert!(page.all("main form").is_empty());
        let page = viewer.post(FORM, &[("credits", "100"), ("renew", "yes")]).await;
        assert_eq!(page.status, 403);
        let mut member = portal.sign_in(ACME_MEMBER).await;
        let page = member.open(FORM).await;
        assert!(page.says("You are signed in without a buyer account") && page.all("main form").is_empty(), "{page:?}");
        assert_eq!((quotes(&stage.db).await, charges(&stage.db).await), (0, 0));
    }

    /// MKT-5: a form without this site's token makes nothing.
    #[test]
    async fn a_contract_form_from_elsewhere_is_refused(stage: Stage) {
        let portal = stage.portal().await;
        let mut browser = payer(&portal, "on account").await;
        let form = "credits=100&renew=yes".to_owned();
        for headers in [vec![("content-type", "application/x-www-form-urlencoded")], vec![("content-type", "application/x-www-form-urlencoded"), ("origin", "https://evil.example")]] {
            let raw = crate::support::browser::Raw { method: reqwest::Method::POST, path: FORM, headers: &headers, body: form.clone() };
            assert!(browser.send(raw).await.status >= 400);
        }
        assert_eq!(quotes(&stage.db).await, 0);
    }
}
