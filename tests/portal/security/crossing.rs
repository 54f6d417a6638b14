//! Requests that another site, another person or another time made: none of them changes anything.

use crate::support::Stage;
use crate::support::browser::{Browser, Raw};
use crate::support::dump;
use crate::support::page::Page;
use crate::support::people::{ACME_ADMIN, ACME_BUYER, GLOBEX_ADMIN, LEAD};
use crate::support::world::{World, fill};
use creditdesk::web::route::Access;
use creditdesk::web::routes;
use reqwest::Method;

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

both_engines! {
    /// Every route that changes something, with every wrong token and every sign of another site: refused, and nothing
    /// changed (quality D4). The fulfilment address and the topics' address are the exemptions, by name.
    #[test]
    async fn no_form_is_taken_that_is_not_the_persons_own(stage: Stage) {
        let portal = stage.portal().await;
        let world = World::build(&stage, &portal).await;
        let mut people = vec![world.buyer.clone(), world.admin.clone(), world.support.clone(), portal.sign_in(LEAD).await, portal.browser()];
        let mut stranger = portal.sign_in(GLOBEX_ADMIN).await;
        let foreign = token(&mut stranger, "/account").await;
        let mut second = portal.sign_in(ACME_ADMIN).await;
        let second_session = token(&mut second, "/account").await;
        let mut nobody = portal.browser();
        let before_sign_in = token(&mut nobody, "/sign-in").await;
        let before = dump::everything(&stage.db).await;
        for entry in routes::table().into_iter().filter(|entry| entry.method == "POST" && !matches!(entry.access, Access::Landing | Access::Service | Access::Topic)) {
            let address = fill(entry.pattern, &world.own);
            for browser in &mut people {
                for wrong in ["", "x", &foreign, &second_session, &before_sign_in] {
                    let answer = post(browser, &address, wrong, &[FORM]).await;
                    refused(&answer, &format!("{address} with token {wrong:?}"));
                }
                let own = token(browser, "/sign-in").await;
                let origin = portal.origin.clone();
                let other_port = format!("{origin}0");
                for headers in [
                    vec![FORM, ("sec-fetch-site", "cross-site")],
                    vec![FORM, ("sec-fetch-site", "same-site")],
                    vec![FORM, ("origin", "https://attacker.example")],
                    vec![FORM, ("origin", "null")],
                    vec![FORM, ("origin", other_port.as_str())],
                    vec![FORM, ("origin", "https://attacker.example"), ("sec-fetch-site", "same-origin")],
                    vec![("content-type", "text/plain")],
                    vec![("content-type", "application/json")],
                    vec![("content-type", "multipart/form-data; boundary=x")],
                ] {
                    let answer = post(browser, &address, &own, &headers).await;
                    refused(&answer, &format!("{address} with {headers:?}"));
                }
            }
        }
        let changes = dump::difference(&before, &dump::everything(&stage.db).await);
        assert!(changes.is_empty(), "a forged form changed something: {changes:#?}");
    }

    /// A token of a sign-in that is over is worth nothing, also in the next sign-in of the same person.
    #[test]
    async fn a_token_ends_with_its_sign_in(stage: Stage) {
        let portal = stage.portal().await;
        let mut browser = portal.sign_in(ACME_ADMIN).await;
        let old = token(&mut browser, "/account").await;
        browser.press("Sign out").await;
        browser.sign_in(ACME_ADMIN).await;
        let before = dump::everything(&stage.db).await;
        let answer = post(&mut browser, "/account/sessions/end-others", &old, &[FORM]).await;
        assert_eq!((answer.status, answer.heading().as_str()), (403, "This form is out of date"));
        assert!(dump::difference(&before, &dump::everything(&stage.db).await).is_empty());
    }

    /// SET-3: the landing is the one form that another site may send, and without a known token it leads nowhere.
    #[test]
    async fn only_the_landing_may_come_from_another_site(stage: Stage) {
        let exempt: Vec<&str> = routes::table().iter().filter(|entry| entry.access == Access::Landing).map(|entry| entry.pattern).collect();
        assert_eq!(exempt, ["/setup"]);
        let signed: Vec<&str> = routes::table().iter().filter(|entry| entry.access == Access::Topic).map(|entry| entry.pattern).collect();
        assert_eq!(signed, ["/aws/sns"]);
        let portal = stage.portal().await;
        let mut browser = portal.browser();
        let before = dump::everything(&stage.db).await;
        let body = "x-amzn-marketplace-token=forged".to_owned();
        let headers = [FORM, ("sec-fetch-site", "cross-site"), ("origin", "https://attacker.example")];
        let answer = browser.send(Raw { method: Method::POST, path: "/setup", headers: &headers, body }).await;
        assert!((400..500).contains(&answer.status), "{answer:?}");
        assert!(browser.cookies.0.keys().all(|name| name != "__Host-setup"), "{:?}", browser.cookies);
        assert!(dump::difference(&before, &dump::everything(&stage.db).await).is_empty());
    }

    /// An attacker's page plants the attacker's purchase in a signed-in victim's browser: without the review page and its
    /// button nothing is activated (quality B3).
    #[test]
    async fn a_planted_purchase_activates_nothing_by_itself(stage: Stage) {
        let portal = stage.portal().await;
        let mut attacker = portal.sign_in(ACME_BUYER).await;
        let purchase = attacker.buy("1,000").await;
        attacker.open(&purchase.confirmation()).await;
        let handed_over = attacker.press("Set up your account").await.clone();
        let planted = handed_over.attributes("input[name=x-amzn-marketplace-token]", "value").pop().unwrap();
        let mut victim = portal.sign_in(GLOBEX_ADMIN).await;
        let body = serde_urlencoded::to_string([("x-amzn-marketplace-token", planted)]).unwrap();
        let lax = std::mem::take(&mut victim.cookies);
        let headers = [FORM, ("sec-fetch-site", "cross-site"), ("origin", "https://attacker.example")];
        let landed = victim.send(Raw { method: Method::POST, path: "/setup", headers: &headers, body }).await;
        assert_eq!(landed.status, 303, "{landed:?}");
        victim.cookies.0.extend(lax.0);
        let page = victim.open(landed.header("location")).await;
        assert_eq!(page.status, 200);
        let review = victim.open("/console/activation").await;
        assert!(review.says("Globex") && review.says("1,000"), "the review names business and credits: {review:?}");
        let contracts: i64 = stage.db.read("SELECT CAST(COUNT(*) AS BIGINT) FROM contracts").scalar().await.unwrap();
        assert_eq!(contracts, 0);
    }
}

async fn token(browser: &mut Browser, address: &str) -> String {
    browser.open(address).await.attributes("input[name=csrf]", "value").pop().unwrap_or_else(|| panic!("no form on {address}"))
}

async fn post(browser: &mut Browser, address: &str, token: &str, headers: &[(&str, &str)]) -> Page {
    let body = serde_urlencoded::to_string([("csrf", token)]).unwrap();
    browser.send(Raw { method: Method::POST, path: address, headers, body }).await
}

/// Refused as a form, or before that as a person or a service.
fn refused(answer: &Page, what: &str) {
    let to_sign_in = answer.status == 303 && answer.header("location").starts_with("/sign-in");
    assert!(to_sign_in || [400, 401, 403, 404, 415].contains(&answer.status), "{what}: {answer:?}");
}
