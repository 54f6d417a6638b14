//! Search and listing, without signing in.

use crate::support::Stage;
use crate::support::people::VISION_ONE;

both_engines! {
    /// MKT-1: the vendor's name finds the product, which is opened by its name; the words stay in the box.
    #[test]
    async fn the_vendors_name_finds_the_product(stage: Stage) {
        let portal = stage.portal().await;
        let mut browser = portal.browser();
        browser.open("/marketplace").await;
        let page = browser.fill("Search products", "trend  MICRO").press("Search").await;
        assert_eq!((page.status, page.value("Search products").as_str()), (200, "trend  MICRO"));
        assert_eq!(page.all("main h2 a"), ["Trend Vision One", "Vision One Pay-as-you-go"]);
        assert!(page.says("Showing 2 of 2 products") && page.says("USD 1.00 a credit for 12 months, from 100 credits"), "{page:?}");
        let page = browser.click("Trend Vision One").await;
        assert_eq!((page.path(), page.heading().as_str()), (VISION_ONE, "Trend Vision One"));
        let page = browser.open("/marketplace?q=angstrom").await;
        assert_eq!(page.all("main h2 a"), ["\u{c5}ngstr\u{f6}m Logs"]);
        let page = browser.open("/marketplace").await;
        assert_eq!(page.all("main h2 a").len(), 7);
    }

    /// MKT-1: no match has its own state, with the words, the reason and a way on; what was typed is only text.
    #[test]
    async fn no_match_is_a_page_with_a_way_on(stage: Stage) {
        let portal = stage.portal().await;
        let mut browser = portal.browser();
        let page = browser.open("/marketplace?q=%3Cscript%3Ealert(1)%3C%2Fscript%3E%22").await;
        assert_eq!((page.status, page.all("main h2 a").len()), (200, 0));
        assert!(page.says("No product matches “<script>alert(1)</script>\"”"), "{page:?}");
        assert!(!page.body.contains("<script>alert"), "what was typed came back as markup");
        browser.click("Show all products").await;
        assert_eq!(browser.page().all("main h2 a").len(), 7);
        for odd in ["/marketplace?q=%00", "/marketplace?q=%E2%80%AE", "/marketplace?after=nonsense", "/marketplace?q=%25"] {
            assert_eq!(browser.open(odd).await.status, 200, "{odd}");
        }
    }

    /// MKT-2: price, what a credit is, length, renewal, seller, license terms, refund policy and support before any form.
    #[test]
    async fn a_listing_tells_everything_before_any_form(stage: Stage) {
        let portal = stage.portal().await;
        let mut browser = portal.browser();
        let page = browser.open(VISION_ONE).await;
        let headings = page.all("main h2");
        for heading in ["What a credit is", "Price and contract", "License terms", "Refund policy", "Support"] {
            assert!(headings.iter().any(|found| found == heading), "{heading} is not in {headings:?}");
        }
        assert_eq!(page.fact("Price"), "USD 1.00 a credit, for the whole contract");
        assert_eq!(page.fact("Contract length"), "12 months");
        assert_eq!(page.fact("Number of credits"), "100 to 10,000,000 credits");
        assert_eq!(page.fact("Sold by"), "Trend Micro");
        assert!(page.fact("Renewal").contains("Renews by itself") && page.fact("Renewal").contains("2 Mar 2027, 09:00 UTC"), "{page:?}");
        assert!(page.says("A credit is the unit") && page.says("support@trendmicro.example"), "{page:?}");
        assert!(page.all("main form").is_empty(), "a form stands on the listing");
        let page = browser.click("View purchase options").await;
        assert_eq!(page.heading(), "Configure your Software Contract");
    }

    /// MKT-1: a listing that does not exist is not found, in whatever form it is asked for.
    #[test]
    async fn a_listing_that_does_not_exist_is_not_found(stage: Stage) {
        let portal = stage.portal().await;
        let mut browser = portal.browser();
        for path in ["prodview-nothinghere77", "prod-k35yywhyj4eqg", "x", "..%2f..%2fetc", "%00", "prodview-"] {
            for end in ["", "/contract"] {
                assert_eq!(browser.open(&format!("/marketplace/pp/{path}{end}")).await.status, 404, "{path}{end}");
            }
        }
    }
}
