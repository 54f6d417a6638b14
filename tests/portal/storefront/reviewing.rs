//! *Review and pay*: every detail once, changes that come back, and how a quote stands that cannot be paid any more.

use super::{agreements, charges, quotes, viewer};
use crate::support::Stage;
use crate::support::people::{ACME_BUYER, GLOBEX_BUYER};
use chrono::TimeDelta;

both_engines! {
    /// MKT-5, MKT-6: the review shows every detail once, says that nothing was charged, and names the amount.
    #[test]
    async fn the_review_shows_every_detail_once(stage: Stage) {
        let portal = stage.portal().await;
        let mut browser = portal.sign_in(ACME_BUYER).await;
        let page = browser.create_contract("1,000").await;
        assert_eq!(page.title(), "Review and pay - Marketplace - Creditdesk");
        assert!(page.says("You have not been charged yet."), "{page:?}");
        let mut labels = page.all("main dt");
        assert_eq!(
            labels,
            [
                "Number of credits", "Renewal Settings", "Purchase order number", "Product", "Seller", "Price", "Start",
                "Payment method", "Buyer account", "Billing address"
            ]
        );
        labels.sort();
        labels.dedup();
        assert_eq!(labels.len(), 10);
        assert_eq!(page.fact("Renewal Settings"), "Yes, renews on 2 Mar 2027, 09:00 UTC if you pay now");
        assert_eq!(page.fact("Buyer account"), "Acme Industries, 111122223333");
        assert_eq!(page.buttons().last().map(String::as_str), Some("Pay now: USD 1,000.00"));
        assert_eq!((agreements(&stage.db).await, charges(&stage.db).await), (0, 0));
    }

    /// MKT-6: each Change opens the form with its values and leads back to the review in one step.
    #[test]
    async fn change_returns_to_the_review(stage: Stage) {
        let portal = stage.portal().await;
        let mut browser = portal.sign_in(ACME_BUYER).await;
        browser.create_contract("1,000").await;
        let page = browser.click("Change Purchase order number").await;
        assert_eq!((page.heading().as_str(), page.value("Number of credits").as_str()), ("Configure your Software Contract", "1,000"));
        let page = browser.fill("Purchase order number", "PO-1").press("Save and return to review").await;
        assert_eq!((page.heading().as_str(), page.fact("Purchase order number").as_str()), ("Review and pay", "PO-1"));
        browser.click("Change Renewal Settings").await;
        let page = browser.choose("Renewal Settings", "No").press("Save and return to review").await;
        assert!(page.fact("Renewal Settings").starts_with("No, ends on 2 Mar 2027"), "{page:?}");
        browser.click("Change Number of credits").await;
        let page = browser.fill("Number of credits", "5").press("Save and return to review").await;
        assert_eq!((page.status, page.value("Purchase order number").as_str()), (422, "PO-1"));
        let page = browser.fill("Number of credits", "250").press("Save and return to review").await;
        assert_eq!(page.buttons().last().map(String::as_str), Some("Pay now: USD 250.00"));
        assert_eq!((page.fact("Purchase order number").as_str(), quotes(&stage.db).await), ("PO-1", 4));
        let page = browser.click("Change Number of credits").await;
        assert_eq!(page.chosen("Renewal Settings").as_deref(), Some("No"));
        assert_eq!(browser.click("Return without changes").await.heading(), "Review and pay");
    }

    /// MKT-6: a quote that was changed points to the one that counts and cannot be paid.
    #[test]
    async fn a_changed_quote_points_to_the_current_one(stage: Stage) {
        let portal = stage.portal().await;
        let mut browser = portal.sign_in(ACME_BUYER).await;
        browser.create_contract("1,000").await;
        let mut second_window = browser.clone();
        let old = browser.page().address.clone();
        browser.click("Change Number of credits").await;
        browser.fill("Number of credits", "2,000").press("Save and return to review").await;
        let current = browser.page().address.clone();
        let page = second_window.press("Pay now").await;
        assert_eq!((page.address.as_str(), page.heading().as_str()), (old.as_str(), "This quote was changed"));
        assert!(!page.buttons().iter().any(|button| button.starts_with("Pay now")), "{page:?}");
        assert_eq!(agreements(&stage.db).await, 0);
        assert_eq!(second_window.click("Go to the current quote").await.address, current);
    }

    /// MKT-5: a quote that lapsed charges nothing, says until when it could be paid, and starts again with its details.
    #[test]
    async fn a_lapsed_quote_starts_again_with_its_details(stage: Stage) {
        let portal = stage.portal().await;
        let mut browser = portal.sign_in(ACME_BUYER).await;
        browser.create_contract("1,000").await;
        browser.click("Change Purchase order number").await;
        browser.fill("Purchase order number", "PO-9").choose("Renewal Settings", "No").press("Save and return to review").await;
        let (mut late, address) = (browser.clone(), browser.page().address.clone());
        stage.clock.advance(TimeDelta::hours(24) - TimeDelta::minutes(1));
        let mut browser = portal.sign_in(ACME_BUYER).await;
        browser.open(&address).await;
        stage.clock.advance(TimeDelta::minutes(1));
        let page = browser.press("Pay now").await;
        assert_eq!((page.status, page.heading().as_str()), (200, "This quote has lapsed"));
        assert!(page.says("could be paid until 3 Mar 2026, 09:00 UTC") && page.says("Nothing was charged"), "{page:?}");
        assert_eq!((agreements(&stage.db).await, charges(&stage.db).await), (0, 0));
        let page = browser.click("Start again with these details").await;
        assert_eq!((page.value("Number of credits").as_str(), page.value("Purchase order number").as_str()), ("1,000", "PO-9"));
        assert_eq!(page.chosen("Renewal Settings").as_deref(), Some("No"));
        assert_eq!(late.open(&address).await.path(), "/sign-in", "the other session ended long ago");
    }

    /// MKT-14: another account's quote answers like one that does not exist; a Viewer sees it and may not pay.
    #[test]
    async fn a_quote_is_its_own_accounts_only(stage: Stage) {
        let portal = stage.portal().await;
        let mut owner = portal.sign_in(ACME_BUYER).await;
        let address = owner.create_contract("1,000").await.path().to_owned();
        let quote = address.rsplit('/').next().unwrap().to_owned();
        let mut stranger = portal.sign_in(GLOBEX_BUYER).await;
        for path in [address.clone(), format!("/marketplace/pp/prodview-u2in6sa3igl7c/contract?quote={quote}")] {
            assert_eq!(stranger.open(&path).await.status, 404, "{path}");
        }
        stranger.open("/marketplace/subscriptions").await;
        assert_eq!(stranger.post(&format!("{address}/pay"), &[("attempt", "1")]).await.status, 404);
        let mut viewer = viewer(&stage, &portal).await;
        let page = viewer.open(&address).await;
        assert!(page.status == 200 && page.says("You can look, but not pay"), "{page:?}");
        assert!(!page.buttons().iter().any(|button| button.starts_with("Pay now")) && page.link("Change Number of credits").is_none());
        assert_eq!(viewer.post(&format!("{address}/pay"), &[("attempt", "1")]).await.status, 403);
        assert_eq!(agreements(&stage.db).await, 0);
    }
}
