//! What comes of *Pay now*: paid, declined, pending and settled either way, unknown; and doing it twice.

use super::{agreements, charges, count, payer};
use crate::support::Stage;
use crate::support::people::{ACME_BUYER, GLOBEX_BUYER};
use chrono::TimeDelta;

const PAYMENTS: &str = "SELECT CAST(COUNT(*) AS BIGINT) FROM payments";

both_engines! {
    /// MKT-7, MKT-8: pressing twice, reloading, going back and pressing in a second window lead to one receipt.
    #[test]
    async fn paying_twice_leads_to_the_same_receipt(stage: Stage) {
        let portal = stage.portal().await;
        let mut browser = portal.sign_in(ACME_BUYER).await;
        let review = browser.create_contract("1,000").await.address.clone();
        let mut second_window = browser.clone();
        let receipt = browser.press("Pay now").await.address.clone();
        assert_eq!(browser.page().heading(), "Your purchase is complete");
        assert_eq!(second_window.press("Pay now").await.address, receipt);
        assert_eq!(browser.open(&review).await.address, receipt, "the review leads to the receipt");
        assert_eq!(browser.post(&format!("{review}/pay"), &[("attempt", "9")]).await.address, receipt);
        assert_eq!((agreements(&stage.db).await, charges(&stage.db).await, count(&stage.db, PAYMENTS).await), (1, 1, 1));
        stage.clock.advance(TimeDelta::days(40));
        let mut later = portal.sign_in(ACME_BUYER).await;
        let page = later.open(&receipt).await;
        assert_eq!((page.heading().as_str(), page.fact("Charged").as_str()), ("Your purchase is complete", "USD 1,000.00"));
    }

    /// MKT-8: the confirmation has the reference, what to do by when, where the mail went, and one primary button.
    #[test]
    async fn the_confirmation_says_what_to_do_next_and_by_when(stage: Stage) {
        let portal = stage.portal().await;
        let mut browser = portal.sign_in(ACME_BUYER).await;
        let purchase = browser.buy("1,000").await;
        let page = browser.page();
        assert_eq!(page.fact("Reference"), purchase.agreement);
        assert!(page.says("sign in and activate before 13:00 UTC — 4 h left"), "{page:?}");
        assert!(page.says(&format!("was sent to {ACME_BUYER}")), "{page:?}");
        assert_eq!((page.fact("Start").as_str(), page.fact("End").as_str()), ("2 Mar 2026, 09:00 UTC", "2 Mar 2027, 09:00 UTC"));
        assert_eq!(page.all("main .button-primary"), ["Set up your account"]);
        let mail = count(&stage.db, "SELECT CAST(COUNT(*) AS BIGINT) FROM mails WHERE kind = 'marketplace_purchase_paid'").await;
        assert_eq!(mail, 1);
        let mut stranger = portal.sign_in(GLOBEX_BUYER).await;
        assert_eq!(stranger.open(&purchase.confirmation()).await.status, 404);
        assert_eq!(browser.open(&format!("{}?quote=ar-nothing", purchase.confirmation())).await.status, 404);
    }

    /// MKT-9: declined: why and what to do, nothing made, and another try is another attempt.
    #[test]
    async fn a_declined_payment_says_why_and_can_be_tried_again(stage: Stage) {
        let portal = stage.portal().await;
        let mut browser = payer(&portal, "payment declined").await;
        browser.create_contract("100").await;
        let mut second_window = browser.clone();
        let page = browser.press("Pay now").await;
        assert_eq!(page.heading(), "Review and pay");
        assert!(page.says("The payment was declined") && page.says("the limit for this month is reached"), "{page:?}");
        assert!(page.says("You have not been charged yet.") && page.says("Check the account’s payment method"), "{page:?}");
        assert_eq!(page.all("main [role=alert]").len(), 1);
        second_window.press("Pay now").await;
        assert_eq!(count(&stage.db, PAYMENTS).await, 1, "the same press again is the same attempt");
        browser.press("Pay now").await;
        assert_eq!((count(&stage.db, PAYMENTS).await, agreements(&stage.db).await, charges(&stage.db).await), (2, 0, 0));
        stage.db.write("UPDATE buyer_accounts SET payment_method = 'invoice' WHERE id = '777788880001'").exec_one().await.unwrap();
        assert_eq!(browser.press("Pay now").await.heading(), "Your purchase is complete");
        assert_eq!((agreements(&stage.db).await, charges(&stage.db).await), (1, 1));
    }

    /// MKT-9: pending: every page says so, and when the money arrives every page says that.
    #[test]
    async fn a_pending_payment_is_said_on_every_page_until_it_arrives(stage: Stage) {
        let portal = stage.portal().await;
        let mut browser = payer(&portal, "payment approved later").await;
        let purchase = browser.buy("100").await;
        assert_eq!(browser.page().heading(), "Your payment is pending");
        assert!(browser.page().says("charged when the payment arrives"), "{:?}", browser.page());
        assert!(browser.open("/marketplace/subscriptions").await.says("Payment pending"));
        for tab in ["", "?tab=upgrade", "?tab=renewal"] {
            let page = browser.open(&format!("{}{tab}", purchase.subscription())).await;
            assert!(page.says("The payment is pending"), "{tab}: {page:?}");
        }
        assert_eq!((agreements(&stage.db).await, charges(&stage.db).await), (1, 0));
        stage.clock.advance(TimeDelta::minutes(15));
        portal.run_due_jobs().await;
        let page = browser.open(&purchase.confirmation()).await;
        assert_eq!((page.heading().as_str(), page.fact("Charged").as_str()), ("Your purchase is complete", "USD 100.00"));
        assert!(browser.open(&purchase.subscription()).await.says("Active"));
        assert_eq!(charges(&stage.db).await, 1);
    }

    /// MKT-9: a payment that does not arrive leaves no contract and no charge, and the way to buy again.
    #[test]
    async fn a_payment_that_does_not_arrive_says_so_and_offers_to_buy_again(stage: Stage) {
        let portal = stage.portal().await;
        let mut browser = payer(&portal, "payment declined later").await;
        let purchase = browser.buy("100").await;
        stage.clock.advance(TimeDelta::minutes(15));
        portal.run_due_jobs().await;
        let page = browser.open(&purchase.confirmation()).await;
        assert_eq!(page.heading(), "Your payment did not arrive");
        assert!(page.says("Nothing was charged") && page.says("The bank transfer did not arrive."), "{page:?}");
        assert_eq!(browser.click("Buy again").await.heading(), "Configure your Software Contract");
        assert!(browser.open(&purchase.subscription()).await.says("The payment did not arrive"));
        assert!(!browser.page().buttons().contains(&"Set up product".to_owned()));
        assert!(browser.open("/marketplace/subscriptions").await.says("Not paid"));
        assert_eq!(charges(&stage.db).await, 0);
    }

    /// MKT-7: a bank that does not answer: the page says that nobody knows, checking again charges nothing twice, and the
    /// job finishes what the buyer left.
    #[test]
    async fn an_unanswered_payment_is_checked_and_not_repeated(stage: Stage) {
        let portal = stage.portal().await;
        let mut browser = payer(&portal, "payment times out").await;
        let review = browser.create_contract("100").await.address.clone();
        let page = browser.press("Pay now").await;
        assert!(page.says("We do not know yet whether the payment went through"), "{page:?}");
        assert!(!page.says("You have not been charged yet."), "that is not known");
        assert!(page.link("Change Number of credits").is_none(), "nothing can be changed now");
        browser.press("Check the payment again").await;
        assert_eq!((count(&stage.db, PAYMENTS).await, agreements(&stage.db).await), (1, 0));
        stage.clock.advance(TimeDelta::minutes(2));
        portal.run_due_jobs().await;
        assert_eq!(browser.open(&review).await.heading(), "Your purchase is complete");
        assert_eq!((count(&stage.db, PAYMENTS).await, agreements(&stage.db).await, charges(&stage.db).await), (1, 1, 1));
    }
}
