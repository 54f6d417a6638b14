//! Credits & Billing as people read it: figures that add up, what was bought, the history with its chart and table, the
//! files, and who may see any of it. The demonstration's people look at what their business really holds.

mod bank;

use crate::support::Stage;
use crate::support::browser::Browser;
use crate::support::fixtures::{Held, book_upgrade, contract_for};
use crate::support::page::{Page, number};
use crate::support::portal::Portal;
use crate::support::usage::allocate;
use chrono::TimeDelta;
use creditdesk::credits::ledger;
use creditdesk::kernel::id::BusinessId;

pub const CREDITS: &str = "/console/credits";

/// A business of the demonstration.
pub async fn business(stage: &Stage, name: &str) -> BusinessId {
    let found = stage.db.read("SELECT id FROM businesses WHERE name = $1").bind(name.to_owned());
    found.one::<(BusinessId,)>().await.expect("a business of the demonstration").0
}

/// Twelve months that a business of the demonstration activated now.
async fn buy(stage: &Stage, name: &str, credits: i64) -> Held {
    contract_for(stage, business(stage, name).await, credits, TimeDelta::days(365)).await
}

/// The three figures of a page in their order, as shown and as written for programs; both must say the same.
pub fn figures(page: &Page) -> (i64, i64, i64) {
    let shown = ["Total valid credits", "Allocated credits", "Current balance"].map(|name| page.figure(name));
    let plain: Vec<i64> = page.attributes("data[data-figure]", "value").iter().map(|value| value.parse().unwrap()).collect();
    assert_eq!(plain, shown, "{page:?}");
    (shown[0], shown[1], shown[2])
}

/// The cells of a CSV without its header, and the header.
fn csv_of(page: &Page) -> (Vec<String>, Vec<Vec<String>>) {
    assert!(page.status == 200 && page.header("content-type") == "text/csv; charset=utf-8", "{page:?}");
    let text = page.body.strip_prefix('\u{FEFF}').expect("a byte order mark for spreadsheets");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let rows = reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect();
    (header, rows)
}

async fn look(portal: &Portal, email: &str, address: &str) -> Page {
    let mut browser: Browser = portal.sign_in(email).await;
    browser.open(address).await.clone()
}

both_engines! {
    /// CRD-1, CRD-4: start page, Credits & Billing and both files show the ledger's figures of the moment, which add up,
    /// and the page says when it was read and in which zone.
    #[test]
    async fn every_page_and_file_shows_the_same_figures(stage: Stage) {
        let portal = stage.portal().await;
        let held = buy(&stage, "Acme Industries", 1_000).await;
        stage.clock.advance(TimeDelta::days(1));
        book_upgrade(&stage.db, &held, 250, stage.now()).await.unwrap();
        buy(&stage, "Globex", 7_777).await;
        let acme = business(&stage, "Acme Industries").await;
        allocate(&stage, acme, 400).await;
        let mut viewer = portal.sign_in("viewer@acme.example").await;
        let read = ledger::figures(&stage.db, acme, stage.now()).await.unwrap();
        assert_eq!((read.total_valid, read.allocated), (1_250, 400));
        for address in ["/console", CREDITS] {
            let page = viewer.open(address).await;
            assert_eq!(figures(page), (1_250, 400, 850), "{address}");
            assert!(page.says("As of 3 Mar 2026, 09:00 UTC"), "{page:?}");
            assert!(page.says("850 credits can still be allocated"), "{page:?}");
            assert!(!page.says("7,777") && !page.says("Globex"), "another business's figures on {address}");
        }
        let (header, rows) = csv_of(viewer.open("/console/credits/purchases.csv").await);
        let credits = header.iter().position(|name| name == "Credits").unwrap();
        assert_eq!(rows.iter().map(|row| row[credits].parse::<i64>().unwrap()).sum::<i64>(), 1_250);
        let (header, rows) = csv_of(viewer.open("/console/credits/history.csv").await);
        assert_eq!(header[3..], ["Total valid credits", "Allocated credits", "Current balance"]);
        assert_eq!(rows.last().unwrap()[3..], ["1250", "400", "850"]);
    }

    /// CRD-2: below zero the page says why, that nothing is switched off, and offers upgrade and purchase; no page is
    /// refused for it.
    #[test]
    async fn a_negative_balance_is_explained_and_blocks_nothing(stage: Stage) {
        let portal = stage.portal().await;
        buy(&stage, "Acme Industries", 500).await;
        allocate(&stage, business(&stage, "Acme Industries").await, 1_700).await;
        let mut admin = portal.sign_in("admin@acme.example").await;
        let page = admin.open(CREDITS).await;
        assert_eq!(figures(page), (500, 1_700, -1_200));
        assert!(page.fact("Current balance").contains('\u{2212}'), "{page:?}");
        assert!(page.says("Your current balance is below zero") && page.says("1,200 credits more allocated than valid"), "{page:?}");
        assert!(page.says("Nothing is switched off"), "{page:?}");
        assert_eq!(page.link("add credits to a running contract").as_deref(), Some("/marketplace/subscriptions"));
        assert_eq!(page.link("purchase another license").as_deref(), Some("/marketplace"));
        for address in ["/console", "/console/credits?tab=pay-as-you-go", "/console/credits/purchases.csv", "/console/team"] {
            assert_eq!(admin.open(address).await.status, 200, "{address}");
        }
    }

    /// CRD-6: each item is a row of its own with all that is known about it; the upgrade's expiration is its contract's.
    #[test]
    async fn each_license_and_each_upgrade_is_a_row_of_its_own(stage: Stage) {
        let portal = stage.portal().await;
        let held = buy(&stage, "Acme Industries", 1_000).await;
        stage.clock.advance(TimeDelta::days(30));
        let added = book_upgrade(&stage.db, &held, 250, stage.now()).await.unwrap();
        let page = look(&portal, "auditor@acme.example", CREDITS).await;
        let rows = page.rows("License items, dates in UTC");
        let agreement = held.agreement.as_str();
        let (term, end) = ("2 Mar 2026", "2 Mar 2027 (in 335 days)");
        assert_eq!(
            rows,
            [
                ["Trend Vision One", "1 Apr 2026", "Upgrade", "250", "Active", end, "1 Apr 2026", "Marketplace", agreement],
                ["Trend Vision One", term, "New", "1,000", "Active", end, term, "Marketplace", agreement],
            ]
        );
        assert_eq!(page.attributes("tbody tr", "id"), [added.to_string(), held.license.to_string()]);
        assert!(page.says("Showing 2 of 2 license items"), "{page:?}");
        let (header, rows) = csv_of(&look(&portal, "auditor@acme.example", "/console/credits/purchases.csv").await);
        assert_eq!(
            header,
            ["License", "Date", "Product", "Source", "Agreement", "Type", "Credits", "Term start", "Expiration date", "Status", "As of"]
        );
        assert_eq!(rows[1][..2], [held.license.to_string(), "2026-03-02T09:00:00Z".to_owned()]);
        assert_eq!(rows[1][5..10], ["New", "1000", "2026-03-02T09:00:00Z", "2027-03-02T09:00:00Z", "Active"]);
    }

    /// CRD-6: filters and order are in the address, hold on the next page and in the file, and a filter that finds
    /// nothing says so.
    #[test]
    async fn purchase_history_is_filtered_sorted_and_paged_by_address(stage: Stage) {
        let portal = stage.portal().await;
        let mut first = None;
        for number in 0..12 {
            let held = buy(&stage, "Acme Industries", 100 + number).await;
            first.get_or_insert(held);
            stage.clock.advance(TimeDelta::hours(1));
        }
        let first = first.unwrap();
        book_upgrade(&stage.db, &first, 9, stage.now()).await.unwrap();
        let mut viewer = portal.sign_in("viewer@acme.example").await;
        let credits = |page: &Page| page.rows("License items").iter().map(|row| number(&row[3])).collect::<Vec<_>>();
        assert_eq!(credits(viewer.open(CREDITS).await)[..3], [9, 111, 110]);
        viewer.select("Rows on a page", "10").press("Apply filters").await;
        assert_eq!((credits(viewer.page()).len(), viewer.page().link("First page")), (10, None));
        assert_eq!(credits(viewer.click("Next page").await), [102, 101, 100]);
        assert!(viewer.page().says("Showing 3 of 13 license items") && viewer.page().link("Next page").is_none());
        viewer.click("First page").await;
        assert_eq!(credits(viewer.click("Date").await)[..2], [100, 101]);
        assert_eq!(viewer.page().attributes("th[aria-sort]", "aria-sort"), ["ascending"]);
        assert_eq!(credits(viewer.click("Next page").await), [110, 111, 9], "the order holds on the next page");
        viewer.open(CREDITS).await;
        viewer.fill("Product or agreement", &format!("VISION {}", first.agreement)).select("Type", "Upgrade").press("Apply filters").await;
        assert_eq!(credits(viewer.page()), [9]);
        let filtered = viewer.click("Download CSV").await;
        assert_eq!(csv_of(filtered).1.len(), 1);
        viewer.open("/console/credits?status=expired").await;
        assert!(viewer.page().says("No license item matches"), "{:?}", viewer.page());
        assert_eq!(viewer.click("Show all items").await.rows("License items").len(), 13);
        for nonsense in ["?sort=price&status=gone&type=&after=%00&size=-3", "?item=lic_nonsense&q=%25_%5c", "?after=AAAA&tab=none"] {
            assert_eq!(viewer.open(&format!("{CREDITS}{nonsense}")).await.status, 200, "{nonsense}");
        }
    }

    /// CRD-6: an address that names an item shows the page of the list that has it, under an anchor of its own.
    #[test]
    async fn an_item_named_in_the_address_is_on_the_page(stage: Stage) {
        let portal = stage.portal().await;
        let first = buy(&stage, "Acme Industries", 5).await;
        for _ in 0..30 {
            stage.clock.advance(TimeDelta::hours(1));
            buy(&stage, "Acme Industries", 100).await;
        }
        let foreign = buy(&stage, "Globex", 7_777).await;
        let mut viewer = portal.sign_in("viewer@acme.example").await;
        let ids = |page: &Page| page.attributes("tbody tr", "id");
        assert!(!ids(viewer.open(CREDITS).await).contains(&first.license.to_string()));
        assert!(ids(viewer.open(&format!("{CREDITS}?item={0}#{0}", first.license)).await).contains(&first.license.to_string()));
        let first_page = ids(viewer.open(CREDITS).await);
        assert_eq!(ids(viewer.open(&format!("{CREDITS}?item={}", foreign.license)).await), first_page, "unknown, like one that never was");
    }

    /// CRD-5: the chart has a title, a description and a table of every event; solid and dotted are classes of their own,
    /// and the file has the same events.
    #[test]
    async fn the_history_is_a_chart_a_table_and_a_file(stage: Stage) {
        let portal = stage.portal().await;
        let acme = business(&stage, "Acme Industries").await;
        let held = contract_for(&stage, acme, 1_000, TimeDelta::days(40)).await;
        stage.clock.advance(TimeDelta::days(10));
        allocate(&stage, acme, 300).await;
        stage.clock.advance(TimeDelta::days(10));
        book_upgrade(&stage.db, &held, 500, stage.now()).await.unwrap();
        stage.clock.advance(TimeDelta::days(30));
        let mut viewer = portal.sign_in("viewer@acme.example").await;
        let page = viewer.open(CREDITS).await.clone();
        assert_eq!(figures(&page), (0, 300, -300));
        assert_eq!(page.all("#history svg[role=img] > title"), ["Valid and allocated credits over one year"; 2]);
        assert!(page.all("#history svg[role=img] > desc")[0].contains("allocated credits go from 0 to 300"), "{:?}", page.all("svg desc"));
        for class in ["svg.chart-wide .chart-line-valid", "svg.chart-narrow .chart-line-allocated", "svg.chart-wide .chart-area"] {
            assert!(!page.attributes(class, "d")[0].is_empty(), "{class}");
        }
        let rows = page.rows("Valid and allocated credits by the event that changed them");
        let told: Vec<[&str; 3]> = rows.iter().map(|row| [row[1].as_str(), row[2].as_str(), row[3].as_str()]).collect();
        assert_eq!(
            told,
            [
                ["At the beginning", "0", "0"],
                ["Activated or upgraded: +1,000", "1,000", "0"],
                ["Allocation changed: +300", "1,000", "300"],
                ["Activated or upgraded: +500", "1,500", "300"],
                ["Expired: \u{2212}1,500", "0", "300"],
                ["Now", "0", "300"],
            ]
        );
        let (_, file) = csv_of(viewer.open("/console/credits/history.csv").await);
        assert_eq!(file.iter().map(|row| row[2].as_str()).collect::<Vec<_>>(), ["", "1000", "300", "500", "-1500", ""]);
        assert_eq!(file[4][..2], ["2026-04-11T09:00:00Z", "Expired"]);
    }

    /// TIM-1, TIM-3: a microsecond before its expiration the page counts a license, at it not, in whatever zone it shows
    /// the date.
    #[test]
    async fn the_page_counts_a_license_until_its_expiration_and_not_at_it(stage: Stage) {
        let portal = stage.portal().await;
        let held = buy(&stage, "Acme Industries", 1_000).await;
        stage.clock.advance(held.expires_at - stage.now() - TimeDelta::microseconds(1));
        for (valid, status) in [(1_000, "Active"), (0, "Expired")] {
            let page = look(&portal, "viewer@acme.example", CREDITS).await;
            assert_eq!((figures(&page).0, page.rows("License items")[0][4].starts_with(status)), (valid, true), "{page:?}");
            let soon = page.says("Expires soon") && page.says("Upcoming expirations");
            assert_eq!(soon, status == "Active");
            assert_eq!(page.rows("Valid and allocated credits by").last().unwrap()[2], if valid > 0 { "1,000" } else { "0" });
            stage.clock.advance(TimeDelta::microseconds(1));
        }
    }

    /// TIM-1: every time names the viewer's zone, the same instant in whichever.
    #[test]
    async fn times_are_in_the_viewers_zone_and_name_it(stage: Stage) {
        let portal = stage.portal().await;
        buy(&stage, "Acme Industries", 1_000).await;
        let mut viewer = portal.sign_in("viewer@acme.example").await;
        stage.db.write("UPDATE people SET time_zone = 'Asia/Kathmandu' WHERE email = 'viewer@acme.example'").exec_one().await.unwrap();
        let page = viewer.open(CREDITS).await;
        assert!(page.says("As of 2 Mar 2026, 14:45 UTC+05:45"), "{page:?}");
        assert!(page.rows("License items, dates in Asia/Kathmandu").len() == 1);
        assert!(page.attributes("time", "datetime").contains(&"2026-03-02T09:00:00Z".to_owned()));
    }

    /// CRD-9: without a contract the tab says so, how to get one, and why *Manage billing model* does nothing.
    #[test]
    async fn without_a_contract_the_tab_of_use_says_how_to_get_one(stage: Stage) {
        let portal = stage.portal().await;
        let mut admin = portal.sign_in("admin@acme.example").await;
        assert!(admin.open(CREDITS).await.says("No licenses yet"));
        assert_eq!(admin.page().link("Browse the marketplace").as_deref(), Some("/marketplace"));
        admin.click("Pay-as-you-go").await;
        assert_eq!((admin.page().status, admin.page().heading().as_str()), (200, "Credits & Billing"));
        assert_eq!(admin.page().all("[aria-disabled=true]"), ["Manage billing model"]);
        assert!(admin.page().says("needs a pay-as-you-go contract") && admin.page().says("No pay-as-you-go contract"));
        assert!(admin.page().link("Search the marketplace").is_some());
        assert!(admin.click("All available solutions").await.says("Showing 28 features of 10 solutions"));
        assert_eq!(admin.page().all("nav.tabs [aria-current=page]"), ["All available solutions"]);
        let titles = [admin.page().title(), admin.click("Annual credits").await.title()];
        assert_ne!(titles[0], titles[1]);
    }

    /// IDN-2, IDN-4: who may not see licenses is told which role can, on the page and on the files; others' are not there.
    #[test]
    async fn who_may_not_see_credits_is_told_which_role_can(stage: Stage) {
        let portal = stage.portal().await;
        buy(&stage, "Acme Industries", 4_321).await;
        let mut member = portal.sign_in("member@acme.example").await;
        for address in [CREDITS, "/console/credits/purchases.csv", "/console/credits/history.csv", "/console/credits?tab=solutions"] {
            let page = member.open(address).await;
            assert_eq!(page.status, 403, "{address}");
            assert!(page.says("Administrator, Licensing manager, Billing viewer or Auditor") && !page.says("4,321"), "{page:?}");
        }
        let other = look(&portal, "admin@globex.example", CREDITS).await;
        assert_eq!(figures(&other), (0, 0, 0));
        assert!(!other.says("4,321"), "{other:?}");
        let mut stranger = portal.browser();
        assert!(stranger.open(CREDITS).await.address.starts_with("/sign-in"), "{:?}", stranger.page());
    }
}
