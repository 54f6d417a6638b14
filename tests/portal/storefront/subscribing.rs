//! Subscriptions as list, CSV and page; *Modify renewal*.

use super::{INITECH_BUYER, viewer};
use crate::support::Stage;
use crate::support::people::{ACME_ADMIN, ACME_BUYER, ACME_MEMBER, GLOBEX_BUYER};
use chrono::TimeDelta;

const LIST: &str = "/marketplace/subscriptions";

both_engines! {
    /// MKT-12: the list has the seven columns; what is not activated stands out with Set up product.
    #[test]
    async fn subscriptions_lists_each_agreement_and_its_set_up(stage: Stage) {
        let portal = stage.portal().await;
        let mut browser = portal.sign_in(ACME_BUYER).await;
        let page = browser.open(LIST).await;
        assert!(page.says("No subscriptions yet") && page.link("Find products").is_some(), "{page:?}");
        let mut admin = portal.sign_in(ACME_ADMIN).await;
        let activated = browser.buy_for("1,000", &mut admin).await;
        portal.run_due_jobs().await;
        stage.clock.advance(TimeDelta::minutes(1));
        let waiting = browser.buy("200").await;
        let page = browser.open(LIST).await;
        assert_eq!(page.heading(), "Subscriptions");
        assert_eq!(page.all("thead th"), ["Product", "Start date", "End date", "Vendor", "Agreement ID", "Status", "Set-up"]);
        let rows = page.rows("Subscriptions");
        let fixed = |row: &[String]| row[..6].to_vec();
        let expected = |agreement: &str| {
            ["Trend Vision One", "2 Mar 2026", "2 Mar 2027 (in 365 days)", "Trend Micro", agreement, "Active"].map(str::to_owned).to_vec()
        };
        assert_eq!((fixed(&rows[0]), rows[0][6].as_str()), (expected(&waiting.agreement), "Not set up Set up product"));
        assert_eq!((fixed(&rows[1]), rows[1][6].as_str()), (expected(&activated.agreement), "Activated"));
        assert!(page.says("1 purchase is not activated yet") && page.says("Showing 2 of 2 subscriptions"), "{page:?}");
        let page = browser.click("Show only these").await;
        assert_eq!(page.rows("Subscriptions").len(), 1);
        let page = browser.press("Set up product").await;
        assert_eq!(page.heading(), "Set up your account");
        let page = browser.open(&format!("{LIST}?status=pending")).await;
        assert!(page.says("No subscription matches") && page.link("Clear filters").is_some(), "{page:?}");
    }

    /// MKT-12, MKT-14: the CSV and the list hold the own account's agreements only; nobody else may read them.
    #[test]
    async fn each_account_sees_its_own_subscriptions(stage: Stage) {
        let portal = stage.portal().await;
        let mut acme = portal.sign_in(ACME_BUYER).await;
        let purchase = acme.buy("1,000").await;
        let csv = acme.open("/marketplace/subscriptions.csv").await;
        assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8");
        let lines: Vec<&str> = csv.body.trim_start_matches('\u{feff}').lines().collect();
        assert_eq!(lines[0], "Product,Start date,End date,Vendor,Agreement ID,Status,Set-up,Credits,Auto renew,As of");
        let id = &purchase.agreement;
        assert_eq!(lines[1], format!("Trend Vision One,2026-03-02T09:00:00Z,2027-03-02T09:00:00Z,Trend Micro,{id},Active,Not set up,1000,Yes,2026-03-02T09:00:00Z"));
        assert_eq!(lines.len(), 2);
        let mut globex = portal.sign_in(GLOBEX_BUYER).await;
        assert!(globex.open(LIST).await.says("No subscriptions yet"));
        for tab in ["", "?tab=upgrade", "?tab=renewal"] {
            assert_eq!(globex.open(&format!("{}{tab}", purchase.subscription())).await.status, 404, "{tab}");
        }
        let mut member = portal.sign_in(ACME_MEMBER).await;
        assert_ne!(member.open(LIST).await.status, 200);
        assert_eq!(portal.browser().open(LIST).await.path(), "/sign-in");
    }

    /// MKT-12: a long list pages by key with stable addresses.
    #[test]
    async fn a_long_list_goes_on_by_key(stage: Stage) {
        let portal = stage.portal().await;
        let mut browser = portal.sign_in(ACME_BUYER).await;
        let mut bought = Vec::new();
        for _ in 0..12 {
            bought.push(browser.buy("100").await.agreement);
        }
        let mut seen: Vec<String> = browser.open(&format!("{LIST}?size=10")).await.rows("Subscriptions").into_iter().map(|row| row[4].clone()).collect();
        assert!(seen.len() == 10 && browser.page().says("Showing 10 of 12 subscriptions"));
        seen.extend(browser.click("Next page").await.rows("Subscriptions").into_iter().map(|row| row[4].clone()));
        seen.sort();
        bought.sort();
        assert_eq!(seen, bought);
        assert_eq!(browser.click("First page").await.rows("Subscriptions").len(), 10);
    }

    /// MKT-4: Modify renewal says what happens at the end for either answer, saves it, and tells Viewers who can.
    #[test]
    async fn modify_renewal_switches_auto_renew(stage: Stage) {
        let portal = stage.portal().await;
        let mut browser = portal.sign_in(ACME_BUYER).await;
        let purchase = browser.buy("100").await;
        browser.open(&purchase.subscription()).await;
        let page = browser.click("Modify renewal").await;
        assert_eq!(page.chosen("Renewal Settings").as_deref(), Some("Yes"));
        let page = browser.choose("Renewal Settings", "No").press("Save changes").await;
        assert_eq!((page.flash().as_deref(), page.chosen("Renewal Settings").as_deref()), (Some("Success: The contract will end"), Some("No")));
        assert_eq!(browser.open(&purchase.subscription()).await.fact("Auto renew"), "No");
        let address = format!("{}/renewal", purchase.subscription());
        let page = browser.post(&address, &[("renew", "perhaps")]).await;
        assert_eq!((page.status, page.problems()), (422, vec!["Choose whether the contract renews: Yes or No".to_owned()]));
        let mut viewer = viewer(&stage, &portal).await;
        let page = viewer.open(&format!("{}?tab=renewal", purchase.subscription())).await;
        assert!(page.says("You are a Viewer") && !page.buttons().contains(&"Save changes".to_owned()), "{page:?}");
        assert_eq!(viewer.post(&address, &[("renew", "yes")]).await.status, 403);
        let mut stranger = portal.sign_in(INITECH_BUYER).await;
        stranger.open(LIST).await;
        assert_eq!(stranger.post(&address, &[("renew", "yes")]).await.status, 404);
    }

    /// MKT-12: an agreement that ended says so and offers to buy again; there is nothing left to set up or to change.
    #[test]
    async fn an_ended_agreement_offers_nothing_but_to_buy_again(stage: Stage) {
        let portal = stage.portal().await;
        let mut browser = portal.sign_in(ACME_BUYER).await;
        let purchase = browser.buy("100").await;
        stage.clock.advance(TimeDelta::days(365));
        let mut browser = portal.sign_in(ACME_BUYER).await;
        for tab in ["", "?tab=upgrade", "?tab=renewal"] {
            let page = browser.open(&format!("{}{tab}", purchase.subscription())).await;
            assert!(page.says("This contract has ended") && page.link("Buy again from the listing").is_some(), "{tab}: {page:?}");
            let buttons = page.buttons();
            assert!(!["Set up product", "Upgrade contract", "Save changes"].iter().any(|gone| buttons.iter().any(|button| button == gone)), "{buttons:?}");
        }
        assert_eq!(browser.open(LIST).await.rows("Subscriptions")[0][5], "Ended");
        let page = browser.post(&format!("/marketplace/agreements/{}/set-up", purchase.agreement), &[]).await;
        assert_eq!((page.status, page.path()), (200, purchase.subscription().as_str()));
    }
}
