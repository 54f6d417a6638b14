//! Who gets what answer: every route, every method, every kind of person, compared with a table that people review
//! (`golden/access.txt`). A route that is not in the table fails the run; `CREDITDESK_ACCEPT=1` writes the table anew.

use crate::support::Stage;
use crate::support::browser::{Browser, Raw};
use crate::support::dump;
use crate::support::page::Page;
use crate::support::people::{
    ACME_ADMIN, ACME_AUDITOR, ACME_BUYER, ACME_LICENSING, ACME_MEMBER, ACME_VIEWER, GLOBEX_ADMIN, GLOBEX_BUYER, LEAD, OPERATOR, SUPPORT,
};
use crate::support::portal::Portal;
use crate::support::world::{World, fill, missing};
use chrono::TimeDelta;
use creditdesk::identity::disable;
use creditdesk::kernel::id::PersonId;
use creditdesk::web::routes;
use reqwest::Method;
use std::fmt::Write;

const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/portal/golden/access.txt");
const DISABLED: &str = "admin@initech.example";
const BUYER_VIEWER: &str = "buyer@initech.example";

both_engines! {
    /// IDN-4: every route has an entry, and everybody gets the answer that the reviewed table says; no refusal changes
    /// anything.
    #[test]
    async fn everybody_gets_the_answer_of_the_table(stage: Stage) {
        let portal = Portal::on_bench(&stage).await;
        let mut people = people(&stage, &portal).await;
        let world = World::build(&stage, &portal).await;
        let before = dump::everything(&stage.db).await;
        let mut table = header(&people);
        for entry in routes::table() {
            write!(table, "{:4} {:52}", entry.method, entry.pattern).unwrap();
            for (_, browser) in &mut people {
                let answer = ask(browser, entry.method, &fill(entry.pattern, &world.own)).await;
                write!(table, " {answer:10}").unwrap();
            }
            table = format!("{}\n", table.trim_end());
        }
        let changes = changes(&before, &stage).await;
        assert!(changes.is_empty(), "asking changed something: {changes:#?}");
        compare(&table);
    }

    /// IDN-4: another business's ids answer like ids that do not exist, byte for byte.
    #[test]
    async fn ids_of_others_are_not_found_like_ids_that_do_not_exist(stage: Stage) {
        let portal = Portal::on_bench(&stage).await;
        let world = World::build(&stage, &portal).await;
        let nowhere = missing(&world.own);
        let before = dump::everything(&stage.db).await;
        for email in [GLOBEX_ADMIN, GLOBEX_BUYER, BUYER_VIEWER, ACME_MEMBER] {
            let mut browser = portal.sign_in(email).await;
            let before = dump::everything(&stage.db).await;
            for entry in routes::table().iter().filter(|entry| entry.pattern.contains('{') && !shows_to_everybody(entry.pattern)) {
                let (own, none) = (fill(entry.pattern, &world.own), fill(entry.pattern, &nowhere));
                if entry.pattern.contains("{person}") && email == ACME_MEMBER || own == none {
                    continue;
                }
                let token = token_of(&mut browser).await;
                let there = send(&mut browser, entry.method, &own, &token).await;
                let not_there = send(&mut browser, entry.method, &none, &token).await;
                assert_eq!(comparable(&there, &own), comparable(&not_there, &none), "{email}: {} {}", entry.method, entry.pattern);
            }
            let changes = changes(&before, &stage).await;
            assert!(changes.is_empty(), "{email} changed something: {changes:#?}");
        }
        drop(before);
    }

    /// Methods that an address does not have are refused without looking at who asks, and change nothing.
    #[test]
    async fn methods_that_an_address_does_not_have_are_refused(stage: Stage) {
        let portal = Portal::on_bench(&stage).await;
        let world = World::build(&stage, &portal).await;
        let mut admin = world.admin.clone();
        let before = dump::everything(&stage.db).await;
        for entry in routes::table() {
            let address = fill(entry.pattern, &world.own);
            for method in [Method::PUT, Method::PATCH, Method::DELETE] {
                let page = admin.send(Raw { method, path: &address, headers: &[], body: String::new() }).await;
                assert_eq!(page.status, 405, "{address}");
            }
            let page = admin.send(Raw { method: Method::OPTIONS, path: &address, headers: &[], body: String::new() }).await;
            assert_eq!(page.status, 204, "{address}");
            assert!(page.header("allow").contains(entry.method), "{address}: {}", page.header("allow"));
            if entry.method == "GET" {
                let head = admin.send(Raw { method: Method::HEAD, path: &address, headers: &[], body: String::new() }).await;
                let get = admin.send(Raw { method: Method::GET, path: &address, headers: &[], body: String::new() }).await;
                assert_eq!((head.status, head.body.as_str()), (get.status, ""), "HEAD {address}");
            }
        }
        let changes = changes(&before, &stage).await;
        assert!(changes.is_empty(), "a refused method changed something: {changes:#?}");
    }
}

/// What has changed; the inspector of the test bench keeps refused calls too, which is what it is for.
async fn changes(before: &dump::Dump, stage: &Stage) -> Vec<String> {
    let mut changes = dump::difference(before, &dump::everything(&stage.db).await);
    changes.retain(|change| !change.starts_with("+test_bench_records"));
    changes
}

/// One browser for each kind of person, those who are shut out included.
async fn people(stage: &Stage, portal: &Portal) -> Vec<(&'static str, Browser)> {
    let expired = portal.sign_in(ACME_ADMIN).await;
    stage.clock.advance(TimeDelta::minutes(31));
    let disabled = portal.sign_in(DISABLED).await;
    let id: PersonId = stage.db.read("SELECT id FROM people WHERE email = $1").bind(DISABLED).scalar().await.unwrap();
    disable::disable(&stage.db, &stage.who("operator"), id).await.unwrap();
    make_viewer(stage).await;
    let mut people = vec![("nobody", portal.browser()), ("expired", expired), ("disabled", disabled)];
    for (name, email) in [
        ("member", ACME_MEMBER),
        ("viewer", ACME_VIEWER),
        ("auditor", ACME_AUDITOR),
        ("licensing", ACME_LICENSING),
        ("admin", ACME_ADMIN),
        ("otheradmin", GLOBEX_ADMIN),
        ("buyer", ACME_BUYER),
        ("buyviewer", BUYER_VIEWER),
        ("otherbuyer", GLOBEX_BUYER),
        ("support", SUPPORT),
        ("lead", LEAD),
        ("operator", OPERATOR),
    ] {
        people.push((name, portal.sign_in(email).await));
    }
    people
}

/// The demonstration has no Viewer of a buyer account: one person of it becomes one of Acme's.
async fn make_viewer(stage: &Stage) {
    let person: PersonId = stage.db.read("SELECT id FROM people WHERE email = $1").bind(BUYER_VIEWER).scalar().await.unwrap();
    stage.db.write("DELETE FROM buyer_people WHERE person_id = $1").bind(person).exec().await.unwrap();
    let seat =
        stage.db.write("INSERT INTO buyer_people (account_id, person_id, role, created_at) VALUES ('111122223333', $1, 'viewer', $2)");
    seat.bind(person).bind(stage.now()).exec_one().await.unwrap();
}

fn header(people: &[(&'static str, Browser)]) -> String {
    let mut line = format!("{:57}", "# what each gets");
    for (name, _) in people {
        write!(line, " {name:10}").unwrap();
    }
    format!("{}\n", line.trim_end())
}

/// A page for a GET. A POST is sent without a form token, so that it goes as far as access and no further.
async fn ask(browser: &mut Browser, method: &str, address: &str) -> &'static str {
    let page = send(browser, method, address, "").await;
    match (page.status, page.header("location"), page.heading().as_str()) {
        (200, ..) => "page",
        (303, location, _) if location.starts_with("/sign-in") => "sign-in",
        (303, ..) => "elsewhere",
        (403, _, "This form is out of date") => "may",
        (403, ..) => "forbidden",
        (404, ..) => "missing",
        (401, ..) => "key",
        (400, ..) if !page.header("x-amzn-requestid").is_empty() => "signature",
        (400..=499, ..) if address == "/setup" => "may",
        (status, ..) => panic!("{method} {address}: {status} {page:?}"),
    }
}

async fn send(browser: &mut Browser, method: &str, address: &str, token: &str) -> Page {
    let raw = if method == "POST" {
        let body =
            serde_urlencoded::to_string([("csrf", token), ("role", "auditor"), ("credits", "1000"), ("renew", "yes"), ("note", "x")])
                .unwrap();
        Raw {
            method: Method::POST,
            path: address,
            headers: &[("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "same-origin")],
            body,
        }
    } else {
        Raw { method: Method::GET, path: address, headers: &[], body: String::new() }
    };
    browser.send(raw).await
}

async fn token_of(browser: &mut Browser) -> String {
    let page = browser.open("/account").await;
    page.attributes("input[name=csrf]", "value").pop().unwrap()
}

/// Products, features and operations are the same for all, and codes are secrets that stand for themselves.
fn shows_to_everybody(pattern: &str) -> bool {
    pattern.contains("{prodview}") || pattern.contains("{code}") || pattern.contains("{feature}") || pattern.contains("{operation}")
}

/// Status, place and text, without the address that was asked for, the request's reference and the form tokens.
fn comparable(page: &Page, address: &str) -> (u16, String, String) {
    let escaped = address.replace('/', "%2F");
    let id = address.split('/').max_by_key(|part| part.len()).unwrap_or_default();
    let reference = page.one(".reference").unwrap_or_default().replace("Reference ", "");
    let mut body = page.body.clone();
    let tokens = page.attributes("input[name=csrf]", "value");
    for varying in tokens.iter().map(String::as_str).chain([reference.as_str(), address, &escaped, id]).filter(|text| !text.is_empty()) {
        body = body.replace(varying, "…");
    }
    (page.status, page.header("location").replace(&escaped, "…").replace(id, "…"), body)
}

fn compare(table: &str) {
    if std::env::var_os("CREDITDESK_ACCEPT").is_some() {
        std::fs::write(TABLE, table).unwrap();
    }
    let accepted = std::fs::read_to_string(TABLE).unwrap_or_default();
    let differing: Vec<&str> = table.lines().filter(|line| !accepted.lines().any(|known| known == *line)).collect();
    let gone: Vec<&str> = accepted.lines().filter(|line| !table.lines().any(|known| known == *line)).collect();
    assert!(table == accepted, "tests/portal/golden/access.txt differs.\nnow:\n{}\naccepted:\n{}", differing.join("\n"), gone.join("\n"));
}
