//! *Set up your account* and *Set up product*: the page that hands the token over.

use super::viewer;
use crate::support::Stage;
use crate::support::browser::Raw;
use crate::support::dump;
use crate::support::people::{ACME_BUYER, GLOBEX_BUYER};
use chrono::TimeDelta;

both_engines! {
    /// SET-1, SET-2: the answer is a page whose form posts the token to the fulfilment address; the token is in that form
    /// and nowhere else, and each click makes another.
    #[test]
    async fn the_token_stands_in_the_hand_over_form_and_nowhere_else(stage: Stage) {
        let portal = stage.portal().await;
        let mut browser = portal.sign_in(ACME_BUYER).await;
        let purchase = browser.buy("100").await;
        let mut tokens = Vec::new();
        for _ in 0..2 {
            browser.open(&purchase.confirmation()).await;
            let page = browser.press("Set up your account").await;
            assert_eq!((page.status, page.header("cache-control")), (200, "no-store"));
            assert_eq!(page.attributes("form[data-auto-submit]", "action"), [format!("{}/setup", portal.origin)]);
            let token = page.attributes("input[name=x-amzn-marketplace-token]", "value").remove(0);
            assert!(token.len() >= 43, "{token}");
            let hint = |name: &str| page.attributes(&format!("input[name=x-amzn-marketplace-{name}-id]"), "value");
            assert!(hint("agreement")[0].starts_with("agmt-") && hint("product") == ["prod-k35yywhyj4eqg"]);
            assert_eq!(page.body.matches(&token).count(), 1);
            assert!(!page.address.contains(&token) && !page.redirections.iter().any(|address| address.contains(&token)));
            assert!(!browser.cookies.header().contains(&token));
            assert!(page_says_the_deadline(browser.page()), "{:?}", browser.page());
            tokens.push(token);
        }
        assert_ne!(tokens[0], tokens[1]);
        let rows = dump::everything(&stage.db).await;
        for token in &tokens {
            assert!(!rows.values().flatten().any(|row| row.contains(token.as_str())), "a token is stored as it is");
        }
        let page = browser.press("Continue to the console").await;
        assert_eq!(page.status, 200);
        assert!(!page.body.contains(&tokens[1]) && !page.address.contains(&tokens[1]), "{page:?}");
    }

    /// SET-1: after four hours Set up product on the subscription starts again with another token.
    #[test]
    async fn set_up_product_starts_again(stage: Stage) {
        let portal = stage.portal().await;
        let mut browser = portal.sign_in(ACME_BUYER).await;
        let purchase = browser.buy("100").await;
        browser.press("Set up your account").await;
        stage.clock.advance(TimeDelta::hours(5));
        let mut browser = portal.sign_in(ACME_BUYER).await;
        let page = browser.open(&purchase.subscription()).await;
        assert!(page.says("Set-up started") && page.says("Not activated yet"), "{page:?}");
        let page = browser.press("Set up product").await;
        assert!(page.says("Sign in and activate before 18:00 UTC — 4 h left"), "{page:?}");
        assert_eq!(browser.open(&purchase.confirmation()).await.all("main .button-primary"), ["Set up your account"]);
    }

    /// SET-1, MKT-14: no token for another account, for a Viewer, or by GET.
    #[test]
    async fn nobody_else_gets_a_token(stage: Stage) {
        let portal = stage.portal().await;
        let mut owner = portal.sign_in(ACME_BUYER).await;
        let purchase = owner.buy("100").await;
        let address = format!("/marketplace/agreements/{}/set-up", purchase.agreement);
        let mut stranger = portal.sign_in(GLOBEX_BUYER).await;
        stranger.open("/marketplace/subscriptions").await;
        assert_eq!(stranger.post(&address, &[]).await.status, 404);
        let raw = Raw { method: reqwest::Method::GET, path: &address, headers: &[], body: String::new() };
        assert_eq!(owner.send(raw).await.status, 405);
        let mut viewer = viewer(&stage, &portal).await;
        let page = viewer.open(&purchase.subscription()).await;
        assert!(page.says("You are a Viewer") && !page.buttons().contains(&"Set up product".to_owned()), "{page:?}");
        assert_eq!(viewer.post(&address, &[]).await.status, 403);
        assert_eq!(super::count(&stage.db, "SELECT CAST(COUNT(*) AS BIGINT) FROM registration_tokens").await, 0);
    }
}

fn page_says_the_deadline(page: &crate::support::page::Page) -> bool {
    page.says("Sign in and activate before 13:00 UTC — 4 h left")
}
