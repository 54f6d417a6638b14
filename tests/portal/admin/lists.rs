//! The desk's lists: every row once, page after page, and filters that leave what they say.

use super::{acme_contract, ask_for_transfer, demo_business, flash};
use crate::support::Stage;
use crate::support::browser::Browser;
use crate::support::fixtures;
use crate::support::people::{ACME_ADMIN, LEAD, SUPPORT};
use chrono::TimeDelta;
use std::collections::BTreeSet;

/// The first cells of all pages of a list.
async fn walk(browser: &mut Browser, address: &str, caption: &str) -> Vec<String> {
    browser.open(address).await;
    let mut rows = Vec::new();
    for _ in 0..20 {
        let page = browser.page();
        assert_eq!(page.status, 200, "{page:?}");
        rows.extend(page.rows(caption).into_iter().map(|row| row[0].clone()));
        if page.link("Next page").is_none() {
            return rows;
        }
        browser.click("Next page").await;
    }
    panic!("{address} has no end: {rows:?}");
}

both_engines! {
    /// SUP-1: lists page by key: every row once, in order, also when rows come while somebody pages.
    #[test]
    async fn every_row_is_on_exactly_one_page(stage: Stage) {
        let portal = stage.portal().await;
        for number in 0..60 {
            fixtures::business(&stage, &format!("Umbrella {number:02}")).await;
            if number % 2 == 0 {
                acme_contract(&stage, 100 + number).await;
            }
            stage.clock.advance(TimeDelta::milliseconds(1));
        }
        let mut desk = portal.sign_in(SUPPORT).await;
        let names = walk(&mut desk, "/admin/businesses?q=umbrella", "Businesses").await;
        let expected: Vec<String> = (0..60).map(|number| format!("Umbrella {number:02}")).collect();
        assert_eq!(names, expected);
        assert!(desk.page().says("Showing 10 of 60 businesses"), "{:?}", desk.page());
        let licenses = walk(&mut desk, "/admin/licenses", "Licenses").await;
        assert_eq!((licenses.len(), licenses.iter().collect::<BTreeSet<_>>().len()), (30, 30));
        desk.open("/admin/businesses?q=umbrella").await;
        fixtures::business(&stage, "Umbrella 00 new").await;
        desk.click("Next page").await;
        assert_eq!(desk.page().rows("Businesses")[0][0], "Umbrella 25");
        for damaged in ["x", "AAAA", "%00", "AXQAAAAAAAAAAA"] {
            assert_eq!(desk.open(&format!("/admin/businesses?after={damaged}")).await.status, 200);
        }
    }

    /// SUP-1: licenses are narrowed by status, by owner and by every identifier; an empty list says what to do.
    #[test]
    async fn licenses_are_narrowed_by_status_owner_and_identifier(stage: Stage) {
        let portal = stage.portal().await;
        let active = acme_contract(&stage, 100).await;
        let globex = demo_business(&stage, "Globex").await;
        let short = fixtures::contract_for(&stage, globex, 200, TimeDelta::hours(1)).await;
        let revoked = fixtures::contract(&stage, globex, 300).await;
        fixtures::revoke(&stage, &revoked).await;
        stage.clock.advance(TimeDelta::hours(1));
        let mut desk = portal.sign_in(SUPPORT).await;
        for (query, found) in [
            ("", vec![&active, &short, &revoked]),
            ("status=active", vec![&active]),
            ("status=expired", vec![&short]),
            ("status=revoked", vec![&revoked]),
            ("status=anything", vec![&active, &short, &revoked]),
            (&format!("business={globex}"), vec![&short, &revoked]),
            (&format!("business={globex}&status=expired"), vec![&short]),
            (&format!("q={globex}"), vec![&short, &revoked]),
            ("q=globex+trend", vec![&short, &revoked]),
            (&format!("q={}", short.license), vec![&short]),
            (&format!("q={}", short.contract), vec![&short]),
            (&format!("q={}", short.key()), vec![&short]),
            (&format!("q={}", short.agreement), vec![&short]),
            ("q=111122223333&status=active", vec![&active]),
        ] {
            let page = desk.open(&format!("/admin/licenses?{query}")).await;
            let shown: BTreeSet<String> = page.rows("Licenses").iter().map(|row| row[0].split_whitespace().last().unwrap().to_owned()).collect();
            let expected: BTreeSet<String> = found.iter().map(|held| held.license.to_string()).collect();
            assert!(expected.iter().all(|id| shown.iter().any(|cell| cell.ends_with(id.as_str()))) && shown.len() == expected.len(), "{query}: {shown:?}");
        }
        let page = desk.open("/admin/licenses?q=nothing+like+it").await;
        assert!(page.says("No license matches"));
        desk.click("Show all licenses").await;
        assert_eq!(desk.page().rows("Licenses").len(), 3);
    }

    /// AUD-3: staff read everybody's entries, narrowed by action and subject, page by page.
    #[test]
    async fn staff_read_the_whole_log(stage: Stage) {
        let portal = stage.portal().await;
        let held = acme_contract(&stage, 100).await;
        for _ in 0..30 {
            portal.sign_in(ACME_ADMIN).await;
        }
        let mut desk = portal.sign_in(SUPPORT).await;
        let address = ask_for_transfer(&mut desk, &held).await;
        let transfer = address.rsplit('/').next().unwrap();
        let mut lead = portal.sign_in(LEAD).await;
        lead.open(&format!("/admin/transfers/{transfer}")).await;
        lead.press("Approve transfer").await;
        assert_eq!(flash(lead.page()), "Transfer approved", "{:?}", lead.page());

        let all = walk(&mut lead, "/admin/audit", "Entries").await;
        let written: i64 = stage.db.read("SELECT CAST(COUNT(*) AS BIGINT) FROM audit_entries").scalar().await.unwrap();
        assert_eq!(i64::try_from(all.len()).unwrap(), written);
        let signed_in = walk(&mut lead, "/admin/audit?action=person.signed_in", "Entries").await;
        assert_eq!(signed_in.len(), 32);
        let page = lead.open(&format!("/admin/audit?subject={transfer}")).await;
        let what: Vec<String> = page.rows("Entries").iter().map(|row| row[1].clone()).collect();
        assert!(what.len() == 2 && what[0].starts_with("Transfer approved") && what[1].starts_with("Transfer requested"), "{what:?}");
        assert!(page.says("From, figures, balance: 100 → 0"), "{page:?}");
        assert!(page.says("Ticket: T-1001"), "{page:?}");
        assert!(lead.open("/admin/audit?subject=nothing").await.says("No entry matches"));
    }
}
