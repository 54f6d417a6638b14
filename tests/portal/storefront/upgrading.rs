//! *Upgrade current contract*, through the pages.

use super::viewer;
use crate::support::Stage;
use crate::support::people::{ACME_ADMIN, ACME_BUYER, GLOBEX_BUYER};
use chrono::TimeDelta;

both_engines! {
    /// UPG-1: before activation the tab says what to do first; after it, credits are added as often as wanted.
    #[test]
    async fn credits_are_added_after_activation(stage: Stage) {
        let portal = stage.portal().await;
        let mut browser = portal.sign_in(ACME_BUYER).await;
        let waiting = browser.buy("100").await;
        let page = browser.open(&format!("{}?tab=upgrade", waiting.subscription())).await;
        assert!(page.says("Activate the purchase first") && !page.buttons().contains(&"Upgrade contract".to_owned()), "{page:?}");
        let mut admin = portal.sign_in(ACME_ADMIN).await;
        let purchase = browser.buy_for("1,000", &mut admin).await;
        portal.run_due_jobs().await;
        for total in ["1,500 credits", "2,000 credits"] {
            browser.open(&purchase.subscription()).await;
            browser.click("Upgrade current contract").await;
            let page = browser.fill("Credits to add", "500").press("Upgrade contract").await;
            assert_eq!((page.heading().as_str(), page.fact("Credits to add").as_str()), ("Review and pay", "500 creditsChange Credits to add".trim_end_matches("Change Credits to add")));
            assert!(page.says("You have not been charged yet."), "{page:?}");
            let page = browser.press("Pay now").await;
            assert_eq!(page.heading(), "Your credits were added");
            assert_eq!((page.fact("Credits added").as_str(), page.fact("Credits of the contract now").as_str()), ("500 credits", total));
            assert_eq!(page.fact("End"), "2 Mar 2027, 09:00 UTC");
            browser.click("Go to the subscription").await;
            assert_eq!(browser.page().fact("Credits"), total);
        }
        assert_eq!(browser.page().rows("Charges").len(), 3);
    }

    /// UPG-2, UPG-3: the limits in words, the pro rata amount before Pay now and frozen in the quote, Change and back.
    #[test]
    async fn an_upgrade_is_priced_for_the_time_that_is_left(stage: Stage) {
        let portal = stage.portal().await;
        let mut browser = portal.sign_in(ACME_BUYER).await;
        let mut admin = portal.sign_in(ACME_ADMIN).await;
        let purchase = browser.buy_for("1,000", &mut admin).await;
        portal.run_due_jobs().await;
        stage.clock.advance(TimeDelta::days(100));
        let mut browser = portal.sign_in(ACME_BUYER).await;
        let tab = format!("{}?tab=upgrade", purchase.subscription());
        for typed in ["0", "-5", "", "1.5", "9,999,001"] {
            browser.open(&tab).await;
            let page = browser.fill("Credits to add", typed).press("Upgrade contract").await;
            assert_eq!((page.status, page.value("Credits to add").as_str()), (422, typed));
            assert!(page.problems()[0].contains("Enter a whole number of credits from 1 to 9,999,000"), "{typed}: {page:?}");
        }
        browser.open(&tab).await;
        let page = browser.fill("Credits to add", "500").fill("Purchase order number", "UP-1").press("Update total").await;
        assert_eq!((page.one("output").as_deref(), page.value("Purchase order number").as_str()), (Some("USD 363.02"), "UP-1"));
        assert!(page.says("charged for the 265 days that are left"), "{page:?}");
        let page = browser.press("Upgrade contract").await;
        assert_eq!(page.buttons().last().map(String::as_str), Some("Pay now: USD 363.02"));
        assert_eq!(page.fact("Charged for"), "265 days of the contract’s 365 days");
        browser.click("Change Credits to add").await;
        let page = browser.fill("Credits to add", "1,000").press("Upgrade contract").await;
        assert_eq!((page.buttons().last().map(String::as_str), page.fact("Purchase order number").starts_with("UP-1")), (Some("Pay now: USD 726.03"), true));
        stage.clock.advance(TimeDelta::minutes(20));
        browser.press("Pay now").await;
        assert_eq!(browser.page().fact("Charged"), "USD 726.03");
        let paid = super::count(&stage.db, "SELECT amount_minor FROM charges WHERE kind = 'upgrade'").await;
        assert_eq!(paid, 72_603);
    }

    /// UPG-1, MKT-14: a Viewer is told who can, another account finds nothing, and nothing is made for either.
    #[test]
    async fn only_the_accounts_purchasers_upgrade(stage: Stage) {
        let portal = stage.portal().await;
        let mut browser = portal.sign_in(ACME_BUYER).await;
        let mut admin = portal.sign_in(ACME_ADMIN).await;
        let purchase = browser.buy_for("1,000", &mut admin).await;
        portal.run_due_jobs().await;
        let address = format!("{}/upgrade", purchase.subscription());
        let mut stranger = portal.sign_in(GLOBEX_BUYER).await;
        stranger.open("/marketplace/subscriptions").await;
        assert_eq!(stranger.post(&address, &[("credits", "100")]).await.status, 404);
        let mut viewer = viewer(&stage, &portal).await;
        let page = viewer.open(&format!("{}?tab=upgrade", purchase.subscription())).await;
        assert!(page.says("You can look, but not upgrade") && page.says("A Purchaser can add credits"), "{page:?}");
        assert_eq!(viewer.post(&address, &[("credits", "100")]).await.status, 403);
        assert_eq!(super::count(&stage.db, "SELECT CAST(COUNT(*) AS BIGINT) FROM quotes WHERE kind = 'upgrade'").await, 0);
    }
}
