//! Walking through everything that can be opened: reading changes nothing, and nobody reads what is another's.

use crate::support::Stage;
use crate::support::browser::Browser;
use crate::support::dump;
use crate::support::people::{ACME_MEMBER, GLOBEX_ADMIN, GLOBEX_BUYER, LEAD, OPERATOR};
use crate::support::world::{World, fill};
use creditdesk::web::{paths, routes};
use std::collections::BTreeSet;

both_engines! {
    /// Every page that links lead to, and every page of the route table, opened by everybody: the database is the same
    /// afterwards (quality D4).
    #[test]
    async fn reading_changes_nothing(stage: Stage) {
        let portal = stage.portal().await;
        let world = World::build(&stage, &portal).await;
        let others = [portal.browser(), portal.sign_in(GLOBEX_ADMIN).await, portal.sign_in(LEAD).await, portal.sign_in(OPERATOR).await];
        let before = dump::everything(&stage.db).await;
        let mut opened = 0;
        for browser in [&world.buyer, &world.admin, &world.support].into_iter().chain(&others) {
            opened += crawl(&mut browser.clone(), &addresses(&world)).await.len();
        }
        assert!(opened > 100, "only {opened} pages were opened");
        let changes = dump::difference(&before, &dump::everything(&stage.db).await);
        assert!(changes.is_empty(), "reading changed something: {changes:#?}");
    }

    /// Words that stand only in one business's data are found nowhere by people of another one, nor in their files,
    /// nor in mail to them (quality C3).
    #[test]
    async fn nobody_reads_what_is_another_businesss(stage: Stage) {
        let portal = stage.portal().await;
        let world = World::build(&stage, &portal).await;
        let mut canaries: Vec<String> = world.own.iter().filter(|(name, _)| !["prodview", "code", "solution", "feature"].contains(name)).map(|(_, value)| value.clone()).collect();
        canaries.extend(["Acme Industries", "acme.example", "newcomer@", "Bought by the wrong part", "T-1001", "1,237"].map(str::to_owned));
        canaries.push(world.waiting.agreement.clone());
        let seen_by_owner = crawl(&mut world.admin.clone(), &addresses(&world)).await.concat();
        assert!(seen_by_owner.contains("Acme Industries") && seen_by_owner.contains("newcomer@"), "the owner sees them");
        for email in [GLOBEX_ADMIN, GLOBEX_BUYER] {
            let mut browser = portal.sign_in(email).await;
            for (text, address) in crawl_with_addresses(&mut browser, &addresses(&world)).await {
                // The demonstration offers its people on the sign-in page, and an address that was asked for is shown again.
                let text = if address.starts_with("/sign-in") { String::new() } else { text.replace(&address, "") };
                let found: Vec<&String> = canaries.iter().filter(|canary| text.contains(canary.as_str()) && !address.contains(canary.as_str())).collect();
                assert!(found.is_empty(), "{email} finds {found:?} on {address}");
            }
        }
        let mails: Vec<(String, String)> = stage.db.read("SELECT recipient, body FROM mails").all().await.unwrap();
        for (recipient, body) in mails.iter().filter(|(recipient, _)| recipient.contains("globex")) {
            assert!(!canaries.iter().any(|canary| body.contains(canary)), "{recipient}: {body}");
        }
    }

    /// IDN-2: a member of the same business sees neither its licenses nor its credits, wherever they look.
    #[test]
    async fn a_member_finds_no_license_and_no_figure(stage: Stage) {
        let portal = stage.portal().await;
        let world = World::build(&stage, &portal).await;
        let mut member = portal.sign_in(ACME_MEMBER).await;
        let seen = crawl(&mut member, &addresses(&world)).await.concat();
        for hidden in [world.activated.agreement.as_str(), &world.own["license"], "1,237"] {
            let shown_anyway = seen.matches(hidden).count();
            let asked_for = addresses(&world).iter().filter(|address| address.contains(hidden)).count();
            assert!(shown_anyway <= 2 * asked_for, "{hidden} stands {shown_anyway} times in what a member can open");
        }
    }
}

/// Every GET of the route table, with the world's own things; the style guide has invented ones and is left out.
fn addresses(world: &World) -> Vec<String> {
    routes::table()
        .iter()
        .filter(|entry| entry.method == "GET" && entry.pattern != paths::STYLEGUIDE)
        .map(|entry| fill(entry.pattern, &world.own))
        .collect()
}

async fn crawl(browser: &mut Browser, from: &[String]) -> Vec<String> {
    crawl_with_addresses(browser, from).await.into_iter().map(|(text, _)| text).collect()
}

/// Opens these addresses and every link of this site on them, each once; texts with the address asked for.
async fn crawl_with_addresses(browser: &mut Browser, from: &[String]) -> Vec<(String, String)> {
    const PAGES_MAX: usize = 150;
    let mut waiting: Vec<String> = from.to_vec();
    let mut known: BTreeSet<String> = waiting.iter().cloned().collect();
    let mut texts = Vec::new();
    while let Some(address) = waiting.pop() {
        let page = browser.open(&address).await;
        assert!(page.status < 500, "{address}: {page:?}");
        let links = page.attributes("a[href]", "href");
        texts.push((page.body.clone(), address));
        for link in links.iter().filter_map(|link| link.split('#').next()).filter(|link| link.starts_with('/')) {
            if known.len() < PAGES_MAX && known.insert(link.to_owned()) {
                waiting.push(link.to_owned());
            }
        }
    }
    texts
}
