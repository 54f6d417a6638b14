//! License Information through a browser: what a row shows and does not show, filters, order, pages, file and detail.

use crate::support::Stage;
use crate::support::browser::Browser;
use crate::support::desk::Desk;
use crate::support::page::{Page, selector};
use crate::support::people::{ACME_ADMIN, ACME_AUDITOR, ACME_MEMBER, ACME_VIEWER, GLOBEX_ADMIN};
use chrono::TimeDelta;
use creditdesk::web::routes;

const CAPTION: &str = "Licenses of your business";

/// Columns of the table, by place after the product.
const STATUS: usize = 1;
const SOURCE: usize = 8;
const AGREEMENT: usize = 9;
const ACTIVATED_ON: usize = 6;
const ACTIVATED_BY: usize = 7;

async fn activated(desk: &Desk, stage: &Stage, browser: &mut Browser, number: u32, credits: i64) -> String {
    let bought = desk.market.buy(number, credits, stage.now());
    desk.set_up(browser, &bought).await;
    browser.click("Continue to activation").await;
    assert_eq!(browser.accept_and_activate().await.heading(), "Activation Successful");
    bought.agreement_id
}

fn agreements(page: &Page) -> Vec<String> {
    page.rows(CAPTION).into_iter().map(|row| row[AGREEMENT].clone()).collect()
}

both_engines! {
    /// LIC-2: a row shows status, product, type, source, agreement, activated on and by; credits and expiration date are
    /// links to the exact row of Credits & Billing and stand nowhere here.
    #[test]
    async fn a_row_leads_to_the_exact_row_of_credits_and_billing(stage: Stage) {
        let desk = Desk::open(&stage).await;
        let mut browser = desk.portal.sign_in(ACME_ADMIN).await;
        let agreement = activated(&desk, &stage, &mut browser, 1, 12_321).await;
        let page = browser.open("/console/licenses").await;
        assert_eq!((page.status, page.heading().as_str()), (200, "License Information"));
        let rows = page.rows(CAPTION);
        let [row] = rows.as_slice() else { panic!("one row: {page:?}") };
        assert_eq!(row[..4], ["Trend Vision One", "Active", "Credits", "New"]);
        assert_eq!((row[SOURCE].as_str(), row[AGREEMENT].as_str()), ("Marketplace", agreement.as_str()));
        assert_eq!((row[ACTIVATED_ON].as_str(), row[ACTIVATED_BY].as_str()), ("2 Mar 2026, 09:00 UTC", "Ada Archer"));
        assert!(!page.says("12,321") && !page.says("12321") && !page.says("2027"), "{page:?}");
        let links = page.attributes("td a[href^='/console/credits']", "href");
        assert_eq!(links.len(), 2);
        assert!(links.iter().all(|link| link == &links[0]) && links[0].contains("#lic_"));
        let anchor = links[0].split_once('#').unwrap().1.to_owned();
        let page = browser.open(&links[0]).await;
        assert_eq!(page.status, 200);
        assert_eq!(page.document().select(&selector(&format!("#{anchor}"))).count(), 1, "the row is on the page");
        assert!(page.says("12,321"));
    }

    /// LIC-1: an upgrade is a row of its own, and its page and the original's lead to each other.
    #[test]
    async fn an_upgrade_is_a_row_of_its_own(stage: Stage) {
        let desk = Desk::open(&stage).await;
        let mut browser = desk.portal.sign_in(ACME_ADMIN).await;
        let bought = desk.market.buy(1, 1000, stage.now());
        desk.set_up(&mut browser, &bought).await;
        browser.click("Continue to activation").await;
        browser.accept_and_activate().await;
        stage.clock.advance(TimeDelta::hours(1));
        desk.market.world().total(&bought, 1500);
        desk.portal.run_due_jobs().await;
        browser.sign_in(ACME_ADMIN).await;
        let page = browser.open("/console/licenses").await;
        let kinds: Vec<_> = page.rows(CAPTION).into_iter().map(|row| (row[3].clone(), row[ACTIVATED_BY].clone())).collect();
        assert_eq!(kinds, [("Upgrade".to_owned(), "Added by an upgrade".to_owned()), ("New".to_owned(), "Ada Archer".to_owned())]);
        let page = browser.click("Trend Vision One").await;
        assert_eq!((page.fact("Type").as_str(), page.fact("Status").as_str()), ("Upgrade", "Active"));
        assert_eq!(page.fact("Buyer account"), "•••• •••• 3333");
        let page = browser.click("New").await;
        assert_eq!(page.fact("Type"), "New");
        assert_eq!(page.fact("Activated by"), "Ada Archer");
        assert!(!page.says("1,000") && !page.says("1,500"), "credits stand in Credits & Billing only");
    }

    /// LIC-3: Not activated, Active with the badge, Expired and Revoked, each as a word.
    #[test]
    async fn every_status_is_shown_in_words(stage: Stage) {
        let desk = Desk::open(&stage).await;
        let mut browser = desk.portal.sign_in(ACME_ADMIN).await;
        activated(&desk, &stage, &mut browser, 1, 100).await;
        stage.clock.advance(TimeDelta::days(336));
        browser.sign_in(ACME_ADMIN).await;
        activated(&desk, &stage, &mut browser, 2, 200).await;
        let waiting = desk.market.buy(3, 300, stage.now());
        desk.set_up(&mut browser, &waiting).await;
        let statuses = |page: &Page| page.rows(CAPTION).into_iter().map(|row| row[STATUS].clone()).collect::<Vec<_>>();
        let page = browser.open("/console/licenses").await;
        assert_eq!(statuses(page), ["Not activated", "Active", "Active Expires soon"]);
        assert!(page.says("To be activated before 1 Feb 2027, 13:00 UTC, 4 h left"), "{page:?}");
        browser.click("Trend Vision One: activate").await;
        assert_eq!(browser.page().heading(), "Activate your Trend Micro Solutions");
        stage.clock.advance(TimeDelta::days(29));
        browser.sign_in(ACME_ADMIN).await;
        let revoke = stage.db.write("UPDATE licenses SET revoked_at = $1 WHERE credits = 200");
        revoke.bind(stage.now()).exec_one().await.unwrap();
        assert_eq!(statuses(browser.open("/console/licenses").await), ["Revoked", "Expired"], "the registration is over as well");
    }

    /// LIC-6: filter and order are addresses; what matches nothing says so and leads back.
    #[test]
    async fn the_list_is_narrowed_and_sorted_by_its_address(stage: Stage) {
        let desk = Desk::open(&stage).await;
        let mut browser = desk.portal.sign_in(ACME_ADMIN).await;
        let first = activated(&desk, &stage, &mut browser, 1, 100).await;
        stage.clock.advance(TimeDelta::minutes(10));
        let second = activated(&desk, &stage, &mut browser, 2, 200).await;
        let newest_first = [second.clone(), first.clone()];
        assert_eq!(agreements(browser.open("/console/licenses").await), newest_first);
        browser.click("Activated on").await;
        assert_eq!(agreements(browser.page()), [first.clone(), second.clone()]);
        assert_eq!(browser.page().attributes("th[aria-sort]", "aria-sort"), ["ascending"]);
        browser.open("/console/licenses").await;
        browser.fill("Product or agreement", &format!("trend {first}")).press("Apply filters").await;
        assert_eq!(agreements(browser.page()), std::slice::from_ref(&first));
        assert!(browser.page().says("Showing 1 of 1 license"));
        browser.click("Clear filters").await;
        browser.select("Status", "Expired").press("Apply filters").await;
        assert!(browser.page().says("No license matches") && !browser.page().says(&first));
        browser.click("Show all licenses").await;
        assert_eq!(agreements(browser.page()), newest_first);
        // Nonsense in the address is as if it were not there.
        let nonsense = "/console/licenses?status=x&sort=y&order=z&size=999999&after=%00%FF&q=";
        assert_eq!(agreements(browser.open(nonsense).await), newest_first);
    }

    /// LIC-6: pages go on by key, so that a license that comes in between shifts none.
    #[test]
    async fn pages_go_on_where_they_ended(stage: Stage) {
        let desk = Desk::open(&stage).await;
        let mut browser = desk.portal.sign_in(ACME_ADMIN).await;
        let mut bought = Vec::new();
        for number in 1..=12 {
            bought.push(activated(&desk, &stage, &mut browser, number, 100).await);
            stage.clock.advance(TimeDelta::seconds(1));
        }
        bought.reverse();
        browser.open("/console/licenses?size=10").await;
        assert_eq!(agreements(browser.page()), bought[..10]);
        assert!(browser.page().says("Showing 10 of 12 licenses"));
        let mut other = desk.portal.sign_in(ACME_ADMIN).await;
        activated(&desk, &stage, &mut other, 13, 100).await;
        browser.click("Next page").await;
        assert_eq!(agreements(browser.page()), bought[10..]);
        assert_eq!(browser.page().link("Next page"), None);
        browser.click("First page").await;
        assert_eq!(agreements(browser.page()).len(), 10);
    }

    /// LIC-6: the file has every row of the filter, and like the page neither credits nor expiration dates.
    #[test]
    async fn the_file_has_every_row(stage: Stage) {
        let desk = Desk::open(&stage).await;
        let mut browser = desk.portal.sign_in(ACME_ADMIN).await;
        let agreement = activated(&desk, &stage, &mut browser, 1, 12_321).await;
        activated(&desk, &stage, &mut browser, 2, 200).await;
        browser.open(&format!("/console/licenses?q={agreement}")).await;
        let file = browser.click("Download CSV").await;
        assert_eq!((file.status, file.header("content-type")), (200, "text/csv; charset=utf-8"));
        assert!(file.header("content-disposition").contains("license-information-2026-03-02.csv"));
        let lines: Vec<_> = file.body.lines().collect();
        assert_eq!(lines.len(), 2, "{}", file.body);
        assert!(lines[1].contains(&format!("Trend Vision One,Active,Credits,New,Marketplace,,{agreement},2026-03-02T09:00:00Z,Ada Archer")));
        assert!(!file.body.contains("12321") && !file.body.contains("2027"));
        assert_eq!(browser.open("/console/licenses.csv").await.body.lines().count(), 3);
        assert_eq!(browser.open("/console/licenses.csv?status=not_activated").await.body.lines().count(), 1);
    }

    /// LIC-6: a business without licenses reads what to do; those who cannot activate read who can.
    #[test]
    async fn the_empty_list_says_what_to_do(stage: Stage) {
        let desk = Desk::open(&stage).await;
        let mut admin = desk.portal.sign_in(ACME_ADMIN).await;
        let page = admin.open("/console/licenses").await;
        assert!(page.says("No licenses yet") && page.link("Open Subscriptions").is_some());
        let mut viewer = desk.portal.sign_in(ACME_VIEWER).await;
        let page = viewer.open("/console/licenses").await;
        assert!(page.says("No licenses yet") && page.says("Licensing manager") && page.link("Open Subscriptions").is_none());
    }

    /// LIC-4: the console has no address, form or field that moves a license.
    #[test]
    async fn nothing_in_the_console_moves_a_license(stage: Stage) {
        let desk = Desk::open(&stage).await;
        let mut browser = desk.portal.sign_in(ACME_ADMIN).await;
        activated(&desk, &stage, &mut browser, 1, 100).await;
        let changing = routes::table().into_iter().filter(|entry| entry.method != "GET" && entry.pattern.starts_with("/console"));
        // Add license takes an activation code: it makes a license and moves none.
        for entry in changing.filter(|entry| entry.pattern != "/console/licenses/add") {
            assert!(!entry.pattern.contains("licen") && !entry.pattern.contains("transfer") && !entry.pattern.contains("/move"), "{}", entry.pattern);
        }
        browser.open("/console/licenses").await;
        let page = browser.click("Trend Vision One").await;
        assert_eq!(page.document().select(&selector("main form")).count(), 0, "{page:?}");
        let address = page.path().to_owned();
        let owner = "SELECT b.name FROM licenses l JOIN businesses b ON b.id = l.business_id";
        for path in [address.clone(), format!("{address}/transfer"), format!("{address}/move")] {
            let status = browser.post(&path, &[("business", "Globex"), ("destination", "Globex")]).await.status;
            assert!([404, 405].contains(&status), "{path}: {status}");
            browser.open("/console/licenses").await;
        }
        assert_eq!(stage.db.read(owner).scalar::<String>().await.unwrap(), "Acme Industries");
    }

    /// LIC-2: who may see licenses sees them; others are refused, and another business's license does not exist.
    #[test]
    async fn others_see_nothing_of_a_license(stage: Stage) {
        let desk = Desk::open(&stage).await;
        let mut admin = desk.portal.sign_in(ACME_ADMIN).await;
        activated(&desk, &stage, &mut admin, 1, 100).await;
        admin.open("/console/licenses").await;
        let address = admin.click("Trend Vision One").await.path().to_owned();
        for (email, status) in [(ACME_VIEWER, 200), (ACME_AUDITOR, 200), (ACME_MEMBER, 403), (GLOBEX_ADMIN, 404)] {
            assert_eq!(desk.portal.sign_in(email).await.open(&address).await.status, status, "{email}");
        }
        let mut globex = desk.portal.sign_in(GLOBEX_ADMIN).await;
        assert!(globex.open("/console/licenses").await.says("No licenses yet"));
    }
}
