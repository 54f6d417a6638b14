//! What a console shows that does not sell itself, and how it is set up.

use crate::support::Stage;
use crate::support::people::{ACME_ADMIN, ACME_BUYER, OPERATOR};
use crate::support::vendor::{Vendor, settings};
use creditdesk::config::{Config, Settings};
use creditdesk::doctor;

both_engines! {
    /// The storefront is off: its addresses are as missing as any other, nothing leads there, and home says where to buy.
    #[test]
    async fn without_the_storefront_everything_leads_to_the_console_and_to_aws(stage: Stage) {
        let vendor = Vendor::open(&stage).await;
        let mut browser = vendor.console.browser();
        let page = browser.open("/").await;
        assert_eq!((page.status, page.heading().as_str()), (200, "Licenses from AWS Marketplace"));
        assert!(page.says("Trend Vision One") && page.link("Sign in").is_some(), "{page:?}");
        assert_eq!(page.link("AWS Marketplace").as_deref(), Some("https://aws.amazon.com/marketplace"));
        assert!(page.link("Marketplace").is_none(), "no crossing to a storefront");
        for gone in ["/marketplace", "/marketplace/subscriptions", "/marketplace/invoices", "/marketplace/pp/prodview-u2in6sa3igl7c"] {
            assert_eq!(browser.open(gone).await.status, 404, "{gone}");
        }
        let mut admin = vendor.console.sign_in(ACME_ADMIN).await;
        assert_eq!(admin.page().path(), "/console");
        for address in ["/console", "/console/licenses", "/console/credits", "/console/credits/planner", "/setup", "/help"] {
            let page = admin.open(address).await;
            let local = page.attributes("a", "href").into_iter().find(|href| href.starts_with("/marketplace"));
            assert_eq!((page.status, local), (200, None), "{address}");
        }
        let page = admin.open("/help").await;
        assert!(page.attributes("main a", "href").iter().any(|href| href.starts_with("https://console.aws.amazon.com/marketplace")), "{page:?}");
        assert_eq!(admin.open("/").await.path(), "/console");
        let mut buyer = vendor.console.sign_in(ACME_BUYER).await;
        assert!(!buyer.page().path().starts_with("/marketplace"), "{:?}", buyer.page());
        assert_eq!(buyer.open("/marketplace/subscriptions").await.status, 404);
        let mut operator = vendor.console.sign_in(OPERATOR).await;
        for gone in ["/admin/access-keys", "/admin/unclaimed"] {
            assert_eq!(operator.open(gone).await.status, 404, "{gone}");
        }
        assert_eq!(vendor.count("SELECT CAST(COUNT(*) AS BIGINT) FROM offers").await, 0, "no catalog");
        let answer = reqwest::Client::new().post(&vendor.console.origin).header("x-amz-target", "AWSMPMeteringService.ResolveCustomer");
        let answer = answer.header("content-type", "application/x-amz-json-1.1").body("{}").send().await.unwrap();
        assert!(answer.status().is_client_error() && !answer.headers().contains_key("x-amzn-requestid"), "the API is off: {answer:?}");
        vendor.stop().await;
    }

    /// `creditdesk doctor` asks AWS once for each product and says what is wrong.
    #[test]
    async fn the_doctor_finds_out_whether_aws_answers(stage: Stage) {
        let vendor = Vendor::open(&stage).await;
        let place = stage.second().await;
        let look = async |key: (&str, &str)| {
            let aws = settings(&place, &vendor.market.origin, key);
            let config = Settings {
                marketplace: Some("aws".to_owned()),
                data: Some(place.folder().to_owned()),
                database_url: Some(place.url().to_owned()),
                aws,
                ..Settings::default()
            };
            let findings = doctor::examine(&Config::from_settings(config).unwrap(), &stage.clock).await;
            findings.into_iter().find(|finding| finding.what == "AWS Marketplace").unwrap()
        };
        let wrong = look(("AKIA0000000000000000", "nobody-knows-this-secret")).await;
        assert!(wrong.advice.is_some() && wrong.seen.contains("UnrecognizedClientException"), "{wrong:?}");
        let seller = crate::support::wire::Client::of_seller(&stage, &vendor.market, crate::support::wire::TREND_MICRO).await;
        let good = look((&seller.key_id, &seller.secret)).await;
        assert_eq!((good.advice.as_deref(), good.seen.as_str()), (None, "answers in us-east-1 for 1 product"));
        vendor.stop().await;
    }
}
