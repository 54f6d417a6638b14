//! The support desk's pages: what staff find, what they never see, who is kept out, and the transfer from page to page.

mod lists;
mod transfer_pages;
mod transfer_races;

use crate::marketplace::market::Market;
use crate::support::Stage;
use crate::support::browser::{Browser, Raw};
use crate::support::fixtures::{self, Held};
use crate::support::page::Page;
use crate::support::people::{ACME_ADMIN, LEAD, OPERATOR, SUPPORT};
use crate::support::usage;
use creditdesk::kernel::id::{BusinessId, PersonId};
use creditdesk::marketplace::payment::PaymentMethod;
use reqwest::Method;

/// A business of the demonstration.
async fn demo_business(stage: &Stage, name: &str) -> BusinessId {
    stage.db.read("SELECT id FROM businesses WHERE name = $1").bind(name.to_owned()).scalar().await.unwrap()
}

async fn demo_person(stage: &Stage, email: &str) -> PersonId {
    stage.db.read("SELECT id FROM people WHERE email = $1").bind(email.to_owned()).scalar().await.unwrap()
}

async fn count(stage: &Stage, sql: &'static str) -> i64 {
    stage.db.read(sql).scalar().await.unwrap()
}

/// Types it into the search box; where the results lead.
async fn search(browser: &mut Browser, text: &str) -> Vec<String> {
    browser.open("/admin").await;
    browser.fill("Look up", text).press("Search").await;
    let page = browser.page();
    assert_eq!((page.status, page.heading().as_str()), (200, "Search"), "{page:?}");
    assert_eq!(page.value("Look up"), text.trim());
    page.attributes("main li a", "href")
}

both_engines! {
    /// SUP-1: a business, a person, a license, an agreement, an invoice and a buyer account are each found by any of their identifiers.
    #[test]
    async fn everything_is_found_by_any_of_its_identifiers(stage: Stage) {
        let portal = stage.portal().await;
        let (acme, admin) = (demo_business(&stage, "Acme Industries").await, demo_person(&stage, ACME_ADMIN).await);
        let held = fixtures::contract(&stage, acme, 1_000).await;
        let market = Market::open(&stage).await;
        let buyer = market.buyer("777788889999", PaymentMethod::Invoice).await;
        let agreement = market.buy(&buyer, 500).await;
        let key = agreement.license_arn.as_str().rsplit(':').next().unwrap().to_owned();
        let mut desk = portal.sign_in(SUPPORT).await;

        let business = format!("/admin/businesses/{acme}");
        let person = format!("/admin/people/{admin}");
        let license = format!("/admin/licenses/{}", held.license);
        let purchase = format!("/admin/purchases/{key}");
        let account = "/admin/buyer-accounts/777788889999".to_owned();
        let invoice = "/admin/invoices/TM-2026-000001".to_owned();
        for (typed, found) in [
            (acme.to_string(), &business),
            (format!("  {} ", acme.to_string().to_uppercase()), &business),
            ("Acme Industries".to_owned(), &business),
            ("ÁCME".to_owned(), &business),
            ("industries".to_owned(), &business),
            (admin.to_string(), &person),
            (ACME_ADMIN.to_owned(), &person),
            (ACME_ADMIN.to_uppercase(), &person),
            ("archer ada".to_owned(), &person),
            (held.license.to_string(), &license),
            (held.contract.to_string(), &license),
            (held.license_arn.clone(), &license),
            (held.key().to_owned(), &license),
            (held.agreement.clone(), &license),
            ("trend vision".to_owned(), &license),
            (agreement.id.as_str().to_owned(), &purchase),
            (agreement.license_arn.as_str().to_owned(), &purchase),
            (key, &purchase),
            ("tm-2026-000001".to_owned(), &invoice),
            ("777788889999".to_owned(), &account),
            ("7777-8888-9999".to_owned(), &account),
        ] {
            let results = search(&mut desk, &typed).await;
            assert!(results.contains(found), "{typed:?} leads to {results:?}");
            let page = desk.open(found).await;
            assert_eq!((page.status, page.path()), (200, found.as_str()));
        }
        for unknown in ["nobody at all", "agmt-zzzzzzzzzzzz", "000000000000", "TM-2026-000002", "nobody@nowhere.example", &BusinessId::generate().to_string()] {
            assert!(search(&mut desk, unknown).await.is_empty(), "{unknown}");
            assert!(desk.page().says("Nothing found"));
        }
        desk.open("/admin/search").await;
        assert!(desk.page().says("What are you looking for?"));
    }

    /// SUP-1: the pages of what was found lead to each other.
    #[test]
    async fn what_was_found_leads_to_what_belongs_to_it(stage: Stage) {
        let portal = stage.portal().await;
        let acme = demo_business(&stage, "Acme Industries").await;
        let held = fixtures::contract(&stage, acme, 1_000).await;
        fixtures::book_upgrade(&stage.db, &held, 250, stage.now()).await.unwrap();
        usage::allocate(&stage, acme, 2_000).await;
        let mut desk = portal.sign_in(SUPPORT).await;
        desk.open(&format!("/admin/businesses/{acme}")).await;
        let page = desk.page();
        assert_eq!((page.figure("Total valid credits"), page.figure("Allocated credits"), page.figure("Current balance")), (1_250, 2_000, -750));
        assert_eq!(page.rows("Licenses").len(), 2);
        assert!(page.rows("People").iter().any(|row| row[1] == ACME_ADMIN && row[2] == "Administrator"), "{page:?}");
        let page = desk.open(&format!("/admin/licenses/{}", held.license)).await;
        assert_eq!(page.fact("Business"), "Acme Industries");
        assert_eq!(page.fact("Agreement ID"), held.agreement);
        assert_eq!(page.fact("License ARN"), held.license_arn);
        assert_eq!(page.rows("Original and upgrades").len(), 2);
        assert_eq!(page.link("Transfer license").unwrap(), format!("/admin/licenses/{}/transfer", held.license));
        desk.click("Acme Industries").await;
        desk.click("Ada Archer").await;
        assert_eq!(desk.page().fact("Email"), ACME_ADMIN);
        let page = desk.open("/admin/buyer-accounts/111122223333").await;
        assert!(page.rows("People").iter().any(|row| row[1] == "buyer@acme.example" && row[2] == "Purchaser"), "{page:?}");
    }

    /// SUP-6: a purchase that nobody has activated is found, but there is nothing to transfer, and the page says why.
    #[test]
    async fn a_purchase_that_is_not_activated_says_why_it_cannot_be_transferred(stage: Stage) {
        let portal = stage.portal().await;
        let mut desk = portal.sign_in(SUPPORT).await;
        let key = fixtures::landed(&stage).await;
        desk.open(&format!("/admin/purchases/{key}")).await;
        let page = desk.page();
        assert_eq!((page.status, page.fact("Status")), (200, "Not activated".to_owned()));
        assert!(page.says("is not activated, so it belongs to no business yet"), "{page:?}");
        assert_eq!(page.link("Transfer license"), None);
        assert_eq!(page.rows("Registrations")[0][3], "Open");
        stage.clock.advance(chrono::TimeDelta::hours(4));
        let mut desk = portal.sign_in(SUPPORT).await;
        assert_eq!(desk.open(&format!("/admin/purchases/{key}")).await.rows("Registrations")[0][3], "Expired");
        let held = fixtures::contract(&stage, demo_business(&stage, "Globex").await, 10).await;
        let page = desk.open(&format!("/admin/purchases/{}", held.key())).await;
        assert_eq!(page.path(), format!("/admin/licenses/{}", held.license));
        assert_eq!(desk.open(&format!("/admin/purchases/l-{}", "0".repeat(32))).await.status, 404);
    }

    /// SUP-9: no page of the desk shows a password, a token, a code or a session, in any form that it is stored in.
    #[test]
    async fn staff_never_see_passwords_tokens_or_sessions(stage: Stage) {
        let portal = stage.portal().await;
        let held = fixtures::contract(&stage, demo_business(&stage, "Acme Industries").await, 1_000).await;
        let key = fixtures::landed(&stage).await;
        portal.sign_in(ACME_ADMIN).await;
        let mut desk = portal.sign_in(SUPPORT).await;
        ask_for_transfer(&mut desk, &held).await;
        let pages = crawl(&mut desk, &["/admin", "/admin/search?q=a", &format!("/admin/purchases/{key}")]).await;
        assert!(pages.len() > 25, "{}", pages.len());
        let hex = |bytes: &[u8]| bytes.iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
        let hashes: Vec<(String,)> = stage.db.read("SELECT password_hash FROM people WHERE password_hash IS NOT NULL").all().await.unwrap();
        let sessions: Vec<(Vec<u8>, creditdesk::kernel::id::SessionReference)> = stage.db.read("SELECT key_hash, reference FROM sessions").all().await.unwrap();
        let tokens: Vec<(Vec<u8>,)> = stage.db.read("SELECT token_hash FROM registrations").all().await.unwrap();
        assert!(hashes.len() > 10 && sessions.len() == 2 && tokens.len() == 1);
        let mut secrets: Vec<String> = hashes.into_iter().map(|(hash,)| hash).chain(["$argon2".to_owned()]).collect();
        secrets.extend(sessions.iter().flat_map(|(hash, reference)| [hex(hash), reference.to_string()]));
        secrets.extend(tokens.iter().map(|(hash,)| hex(hash)));
        secrets.extend(desk.cookies.0.iter().filter(|(name, _)| name.contains("session")).map(|(_, value)| value.clone()));
        for (address, body) in &pages {
            for secret in &secrets {
                assert!(!body.contains(secret.as_str()), "{address} shows {secret}");
            }
        }
    }

    /// SUP-9: staff have no part in a customer's console or purchases by their role, and no page of the desk offers to act in
    /// somebody's name.
    #[test]
    async fn staff_cannot_act_as_a_customer(stage: Stage) {
        let portal = stage.portal().await;
        for email in [SUPPORT, LEAD, OPERATOR] {
            let mut desk = portal.sign_in(email).await;
            for address in ["/console", "/console/credits", "/console/audit"] {
                let page = desk.open(address).await;
                assert!([403, 404].contains(&page.status), "{email} at {address}: {page:?}");
            }
            for (address, body) in crawl(&mut desk, &["/admin"]).await {
                let posts = scraper::Html::parse_document(&body);
                let forms = scraper::Selector::parse("form[method=post]").unwrap();
                for form in posts.select(&forms) {
                    let action = form.attr("action").unwrap_or_default();
                    assert!(action.starts_with("/admin/") || action == "/sign-out", "{address} posts to {action}");
                }
            }
        }
    }

    /// IDN-4: the desk is not there for customers; an operator reads the log and nothing else; only a lead's form is taken.
    #[test]
    async fn the_desk_is_for_staff_with_the_role(stage: Stage) {
        let portal = stage.portal().await;
        let held = fixtures::contract(&stage, demo_business(&stage, "Acme Industries").await, 1_000).await;
        let mut anybody = portal.browser();
        assert!(anybody.open("/admin/licenses").await.path().starts_with("/sign-in"));
        let mut customer = portal.sign_in(ACME_ADMIN).await;
        let mut operator = portal.sign_in(OPERATOR).await;
        for address in ["/admin/search?q=acme", "/admin/businesses", "/admin/licenses", &format!("/admin/licenses/{}/transfer", held.license), "/admin/transfers"] {
            assert!([403, 404].contains(&customer.open(address).await.status), "{address}");
            let page = operator.open(address).await;
            assert!(page.status == 403 && page.says("Support"), "{address}: {page:?}");
        }
        for address in ["/admin", "/admin/audit"] {
            assert!([403, 404].contains(&customer.open(address).await.status), "{address}");
            assert_eq!(operator.open(address).await.status, 200, "{address}");
        }
        assert!(operator.open("/admin").await.says("You can read the audit log"));
        let mut desk = portal.sign_in(SUPPORT).await;
        let path = format!("{}/approve", ask_for_transfer(&mut desk, &held).await);
        let page = desk.post(&path, &[]).await;
        assert!(page.status == 403 && page.says("Support lead"), "{page:?}");
        assert_eq!(count(&stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM transfers WHERE status = 'requested'").await, 1);
    }
}

/// Follows every link of the desk from some pages, without posting anything; addresses and bodies.
async fn crawl(browser: &mut Browser, from: &[&str]) -> Vec<(String, String)> {
    let mut waiting: Vec<String> = from.iter().map(|address| (*address).to_owned()).collect();
    let mut seen: Vec<(String, String)> = Vec::new();
    while let Some(address) = waiting.pop() {
        let kind = address.split("after=").next().unwrap_or_default().to_owned();
        if seen.iter().any(|(known, _)| *known == address) || seen.iter().filter(|(known, _)| known.starts_with(&kind)).count() > 3 {
            continue;
        }
        let page = browser.send(Raw { method: Method::GET, path: &address, headers: &[], body: String::new() }).await;
        assert!([200, 303].contains(&page.status), "{page:?}");
        let links = page
            .attributes("main a[href], nav a[href]", "href")
            .into_iter()
            .map(|href| href.split('#').next().unwrap_or_default().to_owned());
        waiting.extend(links.filter(|href| href.starts_with("/admin")));
        seen.push((address, page.body));
    }
    seen
}

/// Asks for a transfer, preview and confirmation; ends on the request's page, whose address it gives.
async fn ask_for_transfer(desk: &mut Browser, held: &Held) -> String {
    desk.open(&format!("/admin/licenses/{}/transfer", held.license)).await;
    desk.fill("Destination business", "Globex").fill("Reason", "Activated in the wrong business").fill("Ticket number", "T-1001");
    desk.press("Preview transfer").await;
    desk.fill("License id", &held.license.to_string()).press("Request transfer").await;
    assert_eq!(flash(desk.page()), "Transfer requested", "{:?}", desk.page());
    desk.page().path().to_owned()
}

/// The outcome of the request before, without the word that says how it is meant.
fn flash(page: &Page) -> String {
    page.flash().map(|title| title.split(": ").last().unwrap_or_default().to_owned()).unwrap_or_default()
}

/// A contract of the demonstration's Acme Industries.
async fn acme_contract(stage: &Stage, credits: i64) -> Held {
    fixtures::contract(stage, demo_business(stage, "Acme Industries").await, credits).await
}
