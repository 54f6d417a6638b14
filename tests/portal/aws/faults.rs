//! Ten ways in which AWS fails: each has a right page, grants nothing, and is over when AWS is back. And the circuit breaker.

use crate::support::Stage;
use crate::support::people::ACME_ADMIN;
use crate::support::portal::Portal;
use crate::support::upstream::{Fault, Upstream};
use crate::support::vendor::{Vendor, headed, settings};
use crate::support::wire::VISION_CODE;
use chrono::TimeDelta;
use creditdesk::config::AwsSettings;
use serde_json::json;

const TOKEN_EXPIRED: &str = "The security token included in the request is expired";

/// Nobody answers now.
fn outages() -> Vec<Fault> {
    vec![
        Fault::Silence,
        Fault::Status(500),
        Fault::Status(503),
        Fault::Error(400, "ThrottlingException", "Rate exceeded"),
        Fault::Error(500, "InternalServiceErrorException", "try again"),
        Fault::Error(400, "DisabledApiException", "The API is disabled in the Region."),
        Fault::Error(400, "AccessDeniedException", "not authorized to perform this"),
        Fault::Error(400, "ExpiredTokenException", TOKEN_EXPIRED),
        Fault::Garbage,
    ]
}

async fn vendor_behind(stage: &Stage) -> (Vendor, Upstream) {
    let market = stage.portal().await;
    let upstream = Upstream::before(&market.origin, &stage.clock);
    let vendor = Vendor::open_at(stage, market, &upstream.address).await;
    (vendor, upstream)
}

/// Long enough for a breaker that has opened to try again.
async fn later(stage: &Stage, vendor: &Vendor) {
    stage.clock.advance(TimeDelta::minutes(5));
    vendor.console.run_due_jobs().await;
}

both_engines! {
    /// SET-5, rule 36 of the protocol: while AWS cannot be asked the registration is kept, sealed, and goes on by itself when
    /// AWS is back; nothing is granted meanwhile.
    #[test]
    async fn a_landing_while_aws_is_away_is_kept_and_goes_on(stage: Stage) {
        let (vendor, upstream) = vendor_behind(&stage).await;
        for fault in outages() {
            let bought = vendor.buy(500).await;
            upstream.fail("ResolveCustomer", fault.clone());
            let mut browser = vendor.console.browser();
            let answer = browser.land(&bought.token).await;
            assert_eq!((answer.status, answer.header("location")), (303, "/setup"), "{fault:?}: {answer:?}");
            let page = browser.open("/setup").await;
            assert_eq!(headed(page), (503, "The marketplace cannot be reached".to_owned()), "{fault:?}");
            assert!(page.says("Your registration is kept") && !page.header("refresh").is_empty() && !page.header("retry-after").is_empty());
            assert!(!page.body.contains(&bought.token));
            let dump = crate::support::dump::everything(&vendor.place.db).await;
            assert!(dump.iter().all(|row| !format!("{row:?}").contains(&bought.token)), "the token is sealed");
            let page = browser.press("Try again").await;
            assert_eq!(page.status, 503, "{fault:?}: it is still away");
            upstream.heal();
            later(&stage, &vendor).await;
            let page = browser.open("/setup").await;
            assert_eq!(page.heading(), "Set up Trend Vision One", "{fault:?}: {page:?}");
        }
        assert_eq!(vendor.count("SELECT CAST(COUNT(*) AS BIGINT) FROM waiting_tokens").await, 0);
        assert_eq!(vendor.count("SELECT CAST(COUNT(*) AS BIGINT) FROM licenses").await, 0);
        let bought = vendor.buy(500).await;
        upstream.fail("ResolveCustomer", Fault::Status(500));
        let mut admin = vendor.land(&bought).await;
        assert_eq!(admin.open("/console/activation").await.path(), "/setup", "the activation waits for it too");
        upstream.heal();
        admin.press("Try again").await;
        assert_eq!(admin.page().heading(), "Set up Trend Vision One");
        let page = admin.activate().await;
        assert!(page.heading().contains("Activation Successful"), "{page:?}");
        vendor.stop().await;
    }

    /// SET-5: what AWS says no to leads nowhere, and the browser holds nothing of it; so does what it says no to later.
    #[test]
    async fn tokens_that_aws_refuses_have_their_pages(stage: Stage) {
        let (vendor, upstream) = vendor_behind(&stage).await;
        let bought = vendor.buy(500).await;
        let refusals = [
            (Fault::Error(400, "InvalidTokenException", "Registration token is invalid"), 404, "The marketplace does not know this registration"),
            (Fault::Error(400, "ExpiredTokenException", "Registration token has expired"), 410, "The time to set up is over"),
            (
                Fault::Instead(json!({ "ProductCode": "somebodyelses", "LicenseArn": "arn:aws:license-manager::1:license:l-1", "CustomerAWSAccountId": "111122223333" })),
                422,
                "This product is set up somewhere else",
            ),
        ];
        for (fault, status, heading) in refusals {
            upstream.fail("ResolveCustomer", fault.clone());
            let mut browser = vendor.console.browser();
            assert_eq!(headed(&browser.land(&bought.token).await), (status, heading.to_owned()));
            assert_eq!(browser.open("/setup").await.heading(), "Set up your product", "{heading}");
            upstream.fail("ResolveCustomer", Fault::Status(503));
            assert_eq!(browser.land(&bought.token).await.status, 303);
            upstream.fail("ResolveCustomer", fault);
            vendor.pass(&stage, TimeDelta::seconds(16)).await;
            let page = browser.open("/setup").await;
            assert_eq!(headed(page), (status, heading.to_owned()), "when it was told late");
        }
        let kept = vendor.count("SELECT CAST(COUNT(*) AS BIGINT) FROM waiting_tokens WHERE sealed_token IS NOT NULL").await;
        assert_eq!((kept, vendor.count("SELECT CAST(COUNT(*) AS BIGINT) FROM registrations").await), (0, 0));
        vendor.stop().await;
    }

    /// ACT-4: an activation while AWS does not say what was bought is none; the registration stays, and the same press
    /// succeeds when AWS is back.
    #[test]
    async fn an_activation_without_an_entitlement_grants_nothing(stage: Stage) {
        let (vendor, upstream) = vendor_behind(&stage).await;
        let bought = vendor.buy(500).await;
        let mut admin = vendor.land(&bought).await;
        let mut faults = outages();
        faults.push(Fault::Circle);
        for fault in faults {
            assert_eq!(admin.open("/console/activation").await.heading(), "Activate your Trend Micro Solutions", "{fault:?}");
            upstream.fail("GetEntitlements", fault.clone());
            let page = admin.accept_and_activate().await;
            assert_eq!(headed(page), (503, "The marketplace cannot be reached".to_owned()), "{fault:?}");
            assert!(page.says("Your registration is kept, and nothing was activated"), "{fault:?}: {page:?}");
            assert_eq!(vendor.count("SELECT CAST(COUNT(*) AS BIGINT) FROM contracts").await, 0, "{fault:?}");
            upstream.heal();
            later(&stage, &vendor).await;
        }
        let held = [
            (json!({ "DoubleValue": 500.1 }), "a fraction"),
            (json!({ "BooleanValue": true }), "a flag"),
            (json!({ "StringValue": "500" }), "a text"),
        ];
        for (value, what) in held {
            let row = json!({ "ProductCode": VISION_CODE, "Dimension": "credits", "LicenseArn": bought.license_arn, "Value": value, "ExpirationDate": 1_803_978_000 });
            upstream.fail("GetEntitlements", Fault::Instead(json!({ "Entitlements": [row] })));
            let page = admin.open("/console/activation").await;
            assert_eq!(headed(page), (409, "Support has to look at this purchase".to_owned()), "{what}: {page:?}");
        }
        upstream.heal();
        admin.open("/console/activation").await;
        let page = admin.accept_and_activate().await;
        assert!(page.heading().contains("Activation Successful"), "{page:?}");
        assert_eq!(vendor.items().await, [(1, "new".to_owned(), 500)]);
        vendor.stop().await;
    }

    /// Nobody listens where AWS should be: the page says so, and a console that starts without AWS serves all the same.
    #[test]
    async fn a_refused_connection_is_a_page_too(stage: Stage) {
        let place = stage.second().await;
        let console = Portal::with_aws(&place, settings(&place, "http://127.0.0.1:9", ("AKIA0000000000000000", "x"))).await;
        let mut browser = console.browser();
        assert_eq!(browser.land("p7Qk/+anything==").await.status, 303);
        assert_eq!(headed(browser.open("/setup").await), (503, "The marketplace cannot be reached".to_owned()));
        console.run_due_jobs().await;
        assert_eq!(console.browser().open("/healthz").await.status, 200);
        assert_eq!(console.sign_in(ACME_ADMIN).await.open("/console/licenses").await.status, 200);
        console.stop().await;
    }

    /// The circuit breaker: after five failures in a row AWS is left alone and the page says when it is asked again; then one
    /// call is made, and its success closes it.
    #[test]
    async fn the_circuit_opens_tries_once_and_closes(stage: Stage) {
        let (vendor, upstream) = vendor_behind(&stage).await;
        let bought = vendor.buy(500).await;
        upstream.fail("ResolveCustomer", Fault::Status(503));
        let mut browser = vendor.console.browser();
        for _ in 0..5 {
            browser.land(&bought.token).await;
        }
        assert_eq!(upstream.calls("ResolveCustomer"), 5);
        assert_eq!(vendor.console.inside().fulfilment.marketplace.resumes_at(), Some(stage.now() + TimeDelta::seconds(30)));
        browser.land(&bought.token).await;
        let page = browser.open("/setup").await;
        assert!(page.says("It is asked again in 31 seconds, at 09:00 UTC."), "{page:?}");
        assert_eq!((page.header("retry-after"), page.header("refresh")), ("31", "31"));
        browser.press("Try again").await;
        assert_eq!(upstream.calls("ResolveCustomer"), 5, "nothing is asked while it is open");
        let metrics = vendor.console.inside().metrics.render();
        assert!(metrics.contains("creditdesk_aws_circuit{service=\"metering\"}"), "{metrics}");
        vendor.pass(&stage, TimeDelta::seconds(30)).await;
        assert_eq!(upstream.calls("ResolveCustomer"), 6, "one trial, which fails");
        assert_eq!(vendor.console.inside().fulfilment.marketplace.resumes_at(), Some(stage.now() + TimeDelta::minutes(1)));
        upstream.heal();
        vendor.pass(&stage, TimeDelta::minutes(1)).await;
        assert_eq!(vendor.console.inside().fulfilment.marketplace.resumes_at(), None);
        assert_eq!(browser.open("/setup").await.heading(), "Set up Trend Vision One");
        vendor.stop().await;
    }

    /// The SDK tries again by itself, with a pause, before anybody is told.
    #[test]
    async fn a_single_failure_is_not_noticed(stage: Stage) {
        let market = stage.portal().await;
        let upstream = Upstream::before(&market.origin, &stage.clock);
        let vendor = Vendor::open_at(&stage, market, &upstream.address).await;
        let seller = crate::support::wire::Client::of_seller(&stage, &vendor.market, crate::support::wire::TREND_MICRO).await;
        let place = stage.second().await;
        let patient = AwsSettings { aws_attempts: Some("3".to_owned()), ..settings(&place, &upstream.address, (&seller.key_id, &seller.secret)) };
        let console = Portal::with_aws(&place, patient).await;
        let bought = vendor.buy(500).await;
        upstream.fail_once("ResolveCustomer", Fault::Status(503));
        let mut browser = console.browser();
        browser.land(&bought.token).await;
        assert_eq!(browser.open("/setup").await.heading(), "Set up Trend Vision One");
        assert_eq!(upstream.calls("ResolveCustomer"), 2);
        console.stop().await;
        vendor.stop().await;
    }
}
