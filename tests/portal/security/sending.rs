//! Bodies that are too large, too slow or no forms, and requests below what a browser would send.

use crate::support::browser::{Browser, Raw};
use crate::support::people::ACME_ADMIN;
use crate::support::{Stage, play};
use creditdesk::db::Engine;
use reqwest::Method;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

both_engines! {
    /// A form larger than any form is refused with a page, signed in or not.
    #[test]
    async fn a_body_that_is_too_large_is_refused(stage: Stage) {
        let portal = stage.portal().await;
        for mut browser in [portal.browser(), portal.sign_in(ACME_ADMIN).await] {
            let body = format!("email={}", "x".repeat(70 * 1024));
            let page = browser.send(Raw { method: Method::POST, path: "/sign-in", headers: &[FORM], body }).await;
            assert_eq!((page.status, page.heading().as_str()), (413, "That is too much at once"));
        }
    }

    /// Everything that is no form is a page with a 4xx, never a 5xx.
    #[test]
    async fn what_is_no_form_is_refused_in_words(stage: Stage) {
        let portal = stage.portal().await;
        let mut browser = portal.browser();
        let token = browser.open("/sign-in").await.attributes("input[name=csrf]", "value").pop().unwrap();
        let fields = [
            "email=%00&password=%00".to_owned(),
            "email=%ff%fe&password=%c3".to_owned(),
            "email=a&email=b&email=c@d.example&password=x".to_owned(),
            "email[]=a&password[x]=b".to_owned(),
            "=&&&==&%&%%&email".to_owned(),
            format!("email={}&password=x", "%E2%80%AE".repeat(200)),
            format!("email=x%40y.example&password={}", "p".repeat(60_000)),
            "email=x%40y.example%0d%0aSet-Cookie:a=b&password=x".to_owned(),
        ];
        for field in fields {
            let body = format!("csrf={token}&{field}");
            let page = browser.send(Raw { method: Method::POST, path: "/sign-in", headers: &[FORM], body }).await;
            assert!((400..500).contains(&page.status), "{field:.60}: {page:?}");
        }
    }

    /// Addresses that try to climb, to break lines or to break the parser are answered with a page and no redirection.
    #[test]
    async fn crooked_addresses_are_not_found(stage: Stage) {
        let portal = stage.portal().await;
        let mut browser = portal.sign_in(ACME_ADMIN).await;
        for address in [
            "/console/licenses/..%2f..%2fadmin", "/console/licenses/%00", "/console/licenses/%0d%0aLocation:%20x", "/static/../Cargo.toml",
            "/static/..%2fCargo.toml", "/%2e%2e/%2e%2e/etc/passwd", "//attacker.example/console", "/console//licenses", "/CONSOLE/LICENSES",
            "/console/licenses/lic_'%20OR%201=1", "/marketplace/pp/%F0%9F%A6%80", "/console/licenses/%ff",
        ] {
            let page = browser.send(Raw { method: Method::GET, path: address, headers: &[], body: String::new() }).await;
            assert_eq!(page.status, 404, "{address}: {page:?}");
        }
    }

    /// A forged Host or X-Forwarded-Host changes no link and no redirection (quality D10).
    #[test]
    async fn a_forged_host_changes_no_address(stage: Stage) {
        let portal = stage.portal().await;
        let mut browser = portal.browser();
        let forged = [("x-forwarded-host", "attacker.example"), ("x-forwarded-proto", "https"), ("forwarded", "host=attacker.example"), ("host", "attacker.example")];
        for address in ["/", "/sign-in", "/console", "/no/such/page", "/password/forgot"] {
            let page = browser.send(Raw { method: Method::GET, path: address, headers: &forged, body: String::new() }).await;
            assert!(!page.body.contains("attacker.example") && !page.header("location").contains("attacker.example"), "{address}: {page:?}");
            assert!(!page.header("content-security-policy").contains("attacker.example"));
        }
    }
}

/// A body that drips is cut after ten seconds: actix itself would wait for ever (quality F2). One engine is enough, no
/// database is asked.
#[test]
fn a_body_that_drips_is_cut() {
    play(Engine::Sqlite, |stage: Stage| async move {
        let portal = stage.portal().await;
        let drips = (0..20).map(|_| tokio::spawn(drip(portal.origin.clone())));
        for (answer, waited) in futures_util::future::join_all(drips).await.into_iter().map(Result::unwrap) {
            assert!(answer.starts_with("HTTP/1.1 408"), "{answer:.200}");
            assert!(answer.contains("content-security-policy"), "{answer:.600}");
            assert!((Duration::from_secs(5)..Duration::from_secs(15)).contains(&waited), "cut after {waited:?}");
        }
        let page = portal.browser().open("/sign-in").await.clone();
        assert_eq!(page.status, 200, "the portal serves others meanwhile and afterwards");
    });
}

/// Sends a byte of the body every half second until the server has enough of it.
async fn drip(origin: String) -> (String, Duration) {
    let address = origin.trim_start_matches("http://").to_owned();
    let mut stream = TcpStream::connect(&address).await.unwrap();
    let head = format!(
        "POST /sign-in HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let started = Instant::now();
    let mut answer = Vec::new();
    let mut pace = tokio::time::interval(Duration::from_millis(500));
    while started.elapsed() < Duration::from_secs(30) {
        let mut part = [0; 4096];
        tokio::select! {
            _ = pace.tick() => drop(stream.write_all(b"x").await),
            read = stream.read(&mut part) => match read {
                Ok(size) if size > 0 => {
                    answer.extend_from_slice(&part[..size]);
                    if answer.windows(7).any(|end| end == b"</html>") { break }
                }
                _ => break,
            },
        }
    }
    (String::from_utf8_lossy(&answer).into_owned(), started.elapsed())
}

/// Requests that proxies and servers read differently are refused outright (quality 1, smuggling).
#[test]
fn requests_that_can_be_read_two_ways_are_refused() {
    play(Engine::Sqlite, |stage: Stage| async move {
        let portal = stage.portal().await;
        let address = portal.origin.trim_start_matches("http://").to_owned();
        for head in [
            "POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcd",
            "POST /sign-in HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n",
        ] {
            let mut stream = TcpStream::connect(&address).await.unwrap();
            stream.write_all(head.as_bytes()).await.unwrap();
            stream.shutdown().await.unwrap();
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).await.ok();
            let answer = String::from_utf8_lossy(&answer).into_owned();
            assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{head:?}: {answer:.100}");
        }
        let mut browser: Browser = portal.browser();
        assert_eq!(browser.open("/sign-in").await.status, 200);
    });
}
