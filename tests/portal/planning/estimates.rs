//! The calculator's page and file.

use super::{CALCULATOR, buy, csv_of, in_use};
use crate::support::Stage;
use crate::support::dump;

both_engines! {
    /// CRD-8, CRD-4: units and years give needed, current and remaining balance of the moment, what to buy where that
    /// does not suffice, and nothing at all is changed.
    #[test]
    async fn an_estimate_shows_needed_current_and_remaining_and_changes_nothing(stage: Stage) {
        let portal = stage.portal().await;
        buy(&stage, 10_000, 365, true).await;
        in_use(&stage, "endpoint-security/xdr", 100, 2_000).await;
        let mut viewer = portal.sign_in("viewer@acme.example").await;
        let before = dump::everything(&stage.db).await;
        viewer.open("/console/credits").await;
        let page = viewer.click("Credit calculator").await;
        assert!(page.says("Nothing is estimated yet") && page.says("What you leave empty does not count"), "{page:?}");
        let page = viewer.fill("Number of years", "3").fill("Endpoint Security Core", "1,000").press("Calculate").await;
        assert_eq!(page.address.split_once(CALCULATOR).unwrap().1, "?years=3&endpoint-security_core=1000");
        assert_eq!(["Needed in a year", "Current balance", "Remaining balance"].map(|name| page.figure(name)), [45_000, 8_000, -37_000]);
        assert!(page.says("135,000 over 3 years") && page.says("As of 2 Mar 2026, 09:00 UTC"), "{page:?}");
        assert!(page.says("37,000 credits more would have to be valid") && page.says("Nothing is switched off"), "{page:?}");
        assert_eq!(page.link("Add credits to a running contract").as_deref(), Some("/marketplace/subscriptions"));
        assert_eq!(page.link("purchase another license").as_deref(), Some("/marketplace"));
        assert!(page.link("Keep as a scenario").is_none(), "a Billing viewer keeps nothing");
        let rows = page.rows("Credits needed by feature");
        let how = "1,000 endpoints: 1,000 × 45 credits = 45,000 credits";
        assert_eq!(rows, [["Endpoint Security Core Endpoint Security", "45,000", "135,000", "1,000 endpoints", how]]);
        let rows = csv_of(viewer.click("Download CSV").await);
        assert_eq!(rows[1][..6], ["Endpoint Security", "Endpoint Security Core", "1000", "45000", "3", "135000"]);
        assert_eq!(rows[2][3..], ["45000", "3", "135000", "", "8000", "-37000", "2026-03-02T09:00:00Z"]);
        viewer.open(&format!("{CALCULATOR}?years=1&endpoint-security_xdr=10")).await;
        assert!(viewer.page().says("The balance suffices"), "{:?}", viewer.page());
        let page = viewer.click("Reset").await;
        assert!(page.says("Nothing is estimated yet") && page.value("Number of years") == "1", "{page:?}");
        let changes = dump::difference(&before, &dump::everything(&stage.db).await);
        assert!(changes.is_empty(), "{changes:#?}");
    }

    /// CRD-7: Core of which some use Pro is charged as Pro for these, what uses nothing costs nothing, and the page says so.
    #[test]
    async fn an_estimate_charges_by_the_features_used_and_explains_it(stage: Stage) {
        let portal = stage.portal().await;
        let mut viewer = portal.sign_in("auditor@acme.example").await;
        viewer.open(CALCULATOR).await;
        viewer.fill("Endpoint Security Core", "100").fill("Endpoint Security Core: endpoints that use Endpoint Security Pro", "10");
        viewer.fill("Endpoint Security Core: endpoints that use Endpoint Security Core", "60");
        viewer.fill("Endpoint Security Pro", "7").fill("Endpoint Security Pro: endpoints that use Endpoint Security Pro", "0");
        let page = viewer.press("Calculate").await;
        assert_eq!(page.figure("Needed in a year"), 60 * 45 + 10 * 300);
        for words in [
            "10 endpoints are charged as Endpoint Security Pro, by the features used: 10 × 300 credits = 3,000 credits",
            "30 endpoints use nothing and cost 0 credits",
            "7 endpoints use nothing and cost 0 credits",
        ] {
            assert!(page.says(words), "{words}: {page:?}");
        }
        let again = page.address.clone();
        assert_eq!(viewer.open(&again).await.figure("Needed in a year"), 5_700);
    }

    /// CRD-8: everything that is wrong is said at once with the limits, and what was typed stays.
    #[test]
    async fn a_wrong_estimate_keeps_what_was_typed_and_says_every_problem(stage: Stage) {
        let portal = stage.portal().await;
        let mut viewer = portal.sign_in("viewer@acme.example").await;
        viewer.open(CALCULATOR).await;
        viewer.fill("Number of years", "6").fill("Endpoint Security Core", "a few").fill("XDR for Endpoints", "2");
        viewer.fill("Endpoint Security Pro", "1").fill("Endpoint Security Pro: endpoints that use Endpoint Security Pro", "2");
        let page = viewer.press("Calculate").await;
        assert_eq!((page.status, page.problems().len()), (422, 3), "{page:?}");
        assert!(page.problems()[0].contains("from 1 to 5") && page.problems()[1].contains("from 0 to 1,000,000,000"), "{page:?}");
        for (label, typed) in [("Number of years", "6"), ("Endpoint Security Core", "a few"), ("XDR for Endpoints", "2")] {
            assert_eq!(page.value(label), typed);
        }
        assert!(!page.says("Remaining balance"), "no figures of half an estimate");
        let page = viewer.open(&format!("{CALCULATOR}.csv?years=9&endpoint-security_core=1")).await;
        assert_eq!((page.status, page.problems().len()), (422, 1), "{page:?}");
        let page = viewer.open(&format!("{CALCULATOR}?endpoint-security_gone=1")).await;
        assert!(page.status == 422 && page.problems()[0].contains("endpoint-security/gone"), "{page:?}");
    }

    /// CRD-8: from current use the units are those of the allocation, and what is allocated is not counted twice.
    #[test]
    async fn an_estimate_from_current_use_begins_with_its_units(stage: Stage) {
        let portal = stage.portal().await;
        let mut viewer = portal.sign_in("viewer@acme.example").await;
        assert!(viewer.open(CALCULATOR).await.link("Start from current use").is_none(), "nothing is in use");
        buy(&stage, 10_000, 365, true).await;
        in_use(&stage, "endpoint-security/xdr", 100, 2_000).await;
        in_use(&stage, "gone/feature", 5, 50).await;
        viewer.open(CALCULATOR).await;
        let page = viewer.click("Start from current use").await;
        assert_eq!((page.value("XDR for Endpoints"), page.chosen("What the units are")), ("100".to_owned(), Some("Everything".to_owned())));
        assert_eq!(["Needed in a year", "Current balance", "Remaining balance"].map(|name| page.figure(name)), [2_000, 7_950, 8_000]);
    }

    /// CRD-8: who sees no credits sees no estimate.
    #[test]
    async fn a_member_is_told_who_can_see_credits(stage: Stage) {
        let portal = stage.portal().await;
        let mut member = portal.sign_in("member@acme.example").await;
        for address in [CALCULATOR, super::PLANNER, super::SCENARIOS] {
            let page = member.open(address).await;
            assert!(page.status == 403 && page.says("Billing viewer"), "{page:?}");
        }
    }
}
