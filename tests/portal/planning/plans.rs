//! The planner's page and file.

use super::{PLANNER, buy, csv_of, in_use};
use crate::support::Stage;
use crate::support::dump;
use crate::support::page::Page;
use chrono::TimeDelta;

fn balances(page: &Page) -> Vec<(String, String)> {
    let rows = page.rows("Balance by the event that changes it").into_iter();
    rows.map(|row| (row[0].split(',').next().unwrap_or_default().to_owned(), row[1].clone())).collect()
}

fn pairs(rows: &[(&str, &str)]) -> Vec<(String, String)> {
    rows.iter().map(|(date, balance)| ((*date).to_owned(), (*balance).to_owned())).collect()
}

both_engines! {
    /// CRD-10: not renewed, added and grown, in one plan: the balance by date, the first negative date, what to buy when;
    /// each goes by its link, and nothing at all is changed.
    #[test]
    async fn a_plan_shows_the_balance_by_date_and_changes_nothing(stage: Stage) {
        let portal = stage.portal().await;
        let kept = buy(&stage, 3_000, 100, true).await;
        buy(&stage, 500, 200, false).await;
        in_use(&stage, "endpoint-security/xdr", 100, 2_000).await;
        let mut viewer = portal.sign_in("viewer@acme.example").await;
        let before = dump::everything(&stage.db).await;
        viewer.open("/console/credits").await;
        let page = viewer.click("Credit planner").await;
        assert!(page.says("The balance is never negative") && page.says("As of 2 Mar 2026, 09:00 UTC"), "{page:?}");
        let known = [("2 Mar 2026", "1,500"), ("10 Jun 2026", "1,500"), ("18 Sep 2026", "1,000"), ("2 Mar 2027", "1,000")];
        assert_eq!(balances(page), pairs(&known));
        let link = format!("Assume it is not renewed: Trend Vision One ({})", kept.agreement);
        let page = viewer.click(&link).await;
        assert!(page.says("First on 10 Jun 2026, 09:00 UTC, by 1,500 credits"), "{page:?}");
        viewer.fill("Credits to add", "1,700").fill("Added on", "2026-05-01").select("They count until", "Renewed every year");
        let page = viewer.press("Assume these credits").await;
        assert!(page.says("First on 18 Sep 2026, 09:00 UTC, by 300 credits"), "{page:?}");
        viewer.select("Feature", "XDR for Endpoints").fill("Units in all", "150").fill("From", "2026-06-01");
        let page = viewer.press("Assume these units").await;
        let rows = [("2 Mar 2026", "1,500"), ("1 May 2026", "3,200"), ("1 Jun 2026", "2,200"), ("10 Jun 2026", "−800"), ("18 Sep 2026", "−1,300"), ("2 Mar 2027", "−1,300")];
        assert_eq!(balances(page), pairs(&rows));
        assert_eq!(page.rows("Credits to buy").iter().map(|row| row[1].clone()).collect::<Vec<_>>(), ["800", "500"]);
        assert!(page.says("1,300 credits in all") && page.figure("Lowest balance") == -1_300, "{page:?}");
        let shared = page.address.clone();
        let page = viewer.click("Assume it: 800 credits from 10 Jun 2026, 09:00 UTC").await;
        let page = { assert!(page.says("First on 18 Sep 2026"), "{page:?}"); viewer.click("Assume it: 500 credits from 18 Sep 2026, 09:00 UTC").await };
        assert!(page.says("The balance is never negative"), "{page:?}");
        viewer.open(&shared).await;
        let page = viewer.click("Remove the assumption that XDR for Endpoints at 150 endpoints from 1 Jun 2026, 00:00 UTC").await;
        assert!(page.says("First on 18 Sep 2026, 09:00 UTC, by 300 credits"), "{page:?}");
        assert_eq!(balances(viewer.click("Remove all assumptions").await), pairs(&known));
        let changes = dump::difference(&before, &dump::everything(&stage.db).await);
        assert!(changes.is_empty(), "{changes:#?}");
    }

    /// CRD-10, CRD-4: the file has every event with the figures after it, the same as the page's.
    #[test]
    async fn the_file_of_a_plan_says_what_the_page_says(stage: Stage) {
        let portal = stage.portal().await;
        buy(&stage, 3_000, 365, true).await;
        in_use(&stage, "endpoint-security/xdr", 100, 2_000).await;
        stage.clock.advance(TimeDelta::days(1));
        let mut viewer = portal.sign_in("viewer@acme.example").await;
        viewer.open(&format!("{PLANNER}?months=36")).await;
        let rows = csv_of(viewer.click("Download CSV").await);
        assert_eq!(rows[0], ["At", "What", "Change", "Total valid credits", "Allocated credits", "Balance"]);
        assert_eq!(rows[1][2..], ["", "3000", "2000", "1000"]);
        let at: Vec<&str> = rows.iter().skip(2).step_by(2).map(|row| row[0].as_str()).collect();
        assert_eq!(at, ["2027-03-02T09:00:00Z", "2028-03-02T09:00:00Z", "2029-03-02T09:00:00Z", "2029-03-03T09:00:00Z"]);
        assert_eq!((&rows[2][2..], &rows[3][2..]), (&["-3000", "0", "2000", "-2000"].map(String::from)[..], &["3000", "3000", "2000", "1000"].map(String::from)[..]));
        let page = viewer.open(&format!("{PLANNER}?months=36")).await;
        assert_eq!(balances(page).len(), 5);
        assert_eq!(page.figure("Balance now"), 1_000);
    }

    /// CRD-10: everything wrong with what was typed is said at once with the limits, and stays; an address about somebody
    /// else's license is like one about none.
    #[test]
    async fn a_wrong_assumption_keeps_what_was_typed(stage: Stage) {
        let portal = stage.portal().await;
        let held = buy(&stage, 3_000, 100, true).await;
        let mut viewer = portal.sign_in("viewer@acme.example").await;
        viewer.open(PLANNER).await;
        let page = viewer.fill("Credits to add", "0").fill("Added on", "2026-03-01").press("Assume these credits").await;
        assert_eq!((page.status, page.problems().len()), (422, 3), "{page:?}");
        assert!(page.problems()[0].contains("from 1 to 1,000,000,000") && page.problems()[1].contains("from 2 Mar 2026 (today) to 2 Mar 2029"), "{page:?}");
        assert_eq!((page.value("Credits to add"), page.value("Added on")), ("0".to_owned(), "2026-03-01".to_owned()));
        let page = viewer.press("Assume these units").await;
        assert_eq!((page.status, page.problems().len()), (422, 3), "{page:?}");
        let (own, missing) = (held.contract.to_string(), "con_0000000000000000000000000b".to_owned());
        let mut other = portal.sign_in("admin@globex.example").await;
        let answers = [own, missing].map(|contract| format!("{PLANNER}?months=12&a=not-renewed.{contract}"));
        let mut said = Vec::new();
        for address in answers {
            let page = other.open(&address).await;
            assert_eq!(page.status, 422, "{page:?}");
            said.push((page.all("#main"), page.problems()));
        }
        assert_eq!(said[0], said[1]);
        assert!(other.page().says("No license is active") && !other.page().says("Trend Vision One"), "{:?}", other.page());
        let many = "&a=added.1.20260601T000000Z.once".repeat(21);
        assert!(viewer.open(&format!("{PLANNER}?months=12{many}")).await.problems()[0].starts_with("1 assumption"));
    }
}
