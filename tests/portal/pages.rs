//! What holds on every page: its frame, its errors, its way on. Each answer that any test gets is checked in
//! `support/manners.rs`; here are the pages that nobody else visits.

use crate::support::Stage;
use crate::support::browser::Raw;
use reqwest::Method;

both_engines! {
    /// An address that does not exist is a page with a way on and a reference.
    #[test]
    async fn a_missing_address_is_a_page_with_a_way_on(stage: Stage) {
        let portal = stage.portal().await;
        let mut browser = portal.browser();
        let page = browser.open("/no/such/address").await;
        assert_eq!(page.status, 404);
        assert!(page.says("Reference"), "{page:?}");
        browser.click("Help").await;
        assert_eq!(browser.page().status, 200);
        let page = browser.send(Raw { method: Method::PUT, path: "/help", headers: &[], body: String::new() }).await;
        assert_eq!(page.status, 405);
    }
}
