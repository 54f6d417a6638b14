//! Bodies and headers that no service should send: each is refused as a problem with what is wrong, and changes nothing.

use super::AT;
use crate::support::Stage;
use crate::support::dump;
use crate::support::fixtures::business;
use crate::support::service::{Service, report};
use crate::support::usage::XDR;
use reqwest::Method;
use serde_json::{Value, json};

/// Whole bodies with the status that they get.
fn bodies(good: &Value) -> Vec<(String, u16)> {
    let text = |value: Value| value.to_string();
    let broken = [
        "",
        " ",
        "{",
        "}",
        "[",
        "null",
        "true",
        "0",
        "\"reports\"",
        "[]",
        "{}",
        "{\"reports\"}",
        "{\"reports\":}",
        "{'reports':[]}",
        "{\"reports\":[,]}",
        "{\"reports\":[]}x",
        "\u{FEFF}{\"reports\":[]}",
        "reports=1",
        "<reports/>",
        "{\"reports\":NaN}",
        "{\"reports\":[1e999]}",
        "\u{0}",
    ];
    let mut all: Vec<(String, u16)> =
        broken.iter().map(|body| ((*body).to_owned(), if body.parse::<Value>().is_ok() { 422 } else { 400 })).collect();
    all.push(("[".repeat(10_000), 400));
    for reports in
        [json!(null), json!(1), json!("x"), json!({}), json!([]), json!([null]), json!([1]), json!(["x"]), json!([[]]), json!([{}])]
    {
        all.push((text(json!({ "reports": reports })), 422));
    }
    all.push((text(json!({ "reports": vec![good; 501] })), 422));
    all.push((text(json!({ "reports": [good], "more": 1 })), 422));
    all
}

/// Values that a member of a report must not have.
fn members() -> Vec<(&'static str, Value)> {
    let mut all: Vec<(&'static str, Value)> = Vec::new();
    for units in [
        json!(-1),
        json!(1.5),
        json!(60.0),
        json!("60"),
        json!(null),
        json!(true),
        json!([1]),
        json!({}),
        json!(1_000_000_000_000_001_i64),
        json!(1e30),
        json!(i64::MIN),
        json!(u64::MAX),
    ] {
        all.push(("units", units));
    }
    let instants = [
        "",
        "now",
        "2026-03-02",
        "2026-03-02T09:00:00",
        "2026-13-02T09:00:00Z",
        "2026-02-30T09:00:00Z",
        "2026-03-02T25:00:00Z",
        "1999-12-31T23:59:59Z",
        "0000-00-00T00:00:00Z",
        "-2026-03-02T09:00:00Z",
        "2026-03-02T09:00:00+99:00",
        "٢٠٢٦-03-02T09:00:00Z",
    ];
    all.extend(instants.iter().map(|instant| ("observed_at", json!(instant))));
    all.extend([json!(null), json!(1_700_000_000), json!({})].map(|instant| ("observed_at", instant)));
    all.push(("unit", json!(1)));
    all.push(("credits", json!(1)));
    all.extend(names());
    all
}

/// Businesses, features and editions that are none.
fn names() -> Vec<(&'static str, Value)> {
    let mut all: Vec<(&'static str, Value)> = Vec::new();
    for business in [
        json!(null),
        json!(7),
        json!(""),
        json!("biz_"),
        json!("biz_zzzzzzzzzzzzzzzzzzzzzzzzzz"),
        json!("lic_00000000000000000000000000"),
        json!("'; DROP TABLE businesses; --"),
    ] {
        all.push(("business", business));
    }
    for feature in [
        json!(null),
        json!(7),
        json!(""),
        json!("xdr"),
        json!("Endpoint-Security/XDR"),
        json!("endpoint-security/xdr/"),
        json!("a/\u{0}"),
        json!("=cmd|'/C calc'!A0"),
    ] {
        all.push(("feature", feature));
    }
    for in_use in [
        json!(null),
        json!(1),
        json!([]),
        json!({ "core": 1 }),
        json!({ "endpoint-security/xdr": 1 }),
        json!({ "endpoint-security/core": -1 }),
        json!({ "endpoint-security/core": "1" }),
    ] {
        all.push(("in_use", in_use));
    }
    all
}

both_engines! {
    /// CRD-3: whatever is sent, what is not a report is refused with its place, never with a 5xx, and nothing is changed.
    #[test]
    async fn what_is_no_report_is_refused_and_changes_nothing(stage: Stage) {
        let portal = stage.portal().await;
        let acme = business(&stage, "Acme").await;
        let service = Service::new(&stage, &portal.origin, &[XDR], None).await;
        service.figures(&acme.to_string()).await;
        let good = report(acme, XDR, 60, AT);
        let before = dump::everything(&stage.db).await;
        let (bodies, members) = (bodies(&good), members());
        assert!(bodies.len() + members.len() >= 60, "{} and {}", bodies.len(), members.len());
        for (body, status) in bodies {
            let answer = service.post("bad", body.clone()).await;
            assert_eq!(answer.status, status, "{body:.80}: {answer:?}");
            assert!(["malformed", "invalid-body"].contains(&answer.problem().as_str()), "{body:.80}: {answer:?}");
        }
        for (name, value) in members {
            let mut wrong = good.clone();
            wrong[name] = value.clone();
            let answer = service.report("bad", &[good.clone(), wrong]).await;
            assert_eq!(answer.status, 422, "{name} {value}: {answer:?}");
            assert!(answer.errors().iter().all(|(pointer, _)| pointer.starts_with(&format!("/reports/1/{name}"))), "{name} {value}: {answer:?}");
        }
        let changes = dump::difference(&before, &dump::everything(&stage.db).await);
        assert!(changes.is_empty(), "{changes:#?}");
        portal.stop().await;
    }

    /// CRD-3: too large, of another kind, compressed, or by a method or to an address that there is none: a problem each.
    #[test]
    async fn other_kinds_sizes_methods_and_addresses_are_problems_too(stage: Stage) {
        let portal = stage.portal().await;
        let acme = business(&stage, "Acme").await;
        let service = Service::new(&stage, &portal.origin, &[XDR], None).await;
        let body = json!({ "reports": [report(acme, XDR, 60, AT)] }).to_string();
        let json = ("content-type", "application/json");
        let key = ("idempotency-key", "k");
        for (headers, sent, status, problem) in [
            (vec![key], body.clone(), 415, "json-needed"),
            (vec![key, ("content-type", "text/plain")], body.clone(), 415, "json-needed"),
            (vec![key, ("content-type", "application/x-www-form-urlencoded")], body.clone(), 415, "json-needed"),
            (vec![key, json, ("content-encoding", "gzip")], body.clone(), 415, "json-needed"),
            (vec![key, json], " ".repeat(600 * 1024), 413, "body-too-large"),
            (vec![json, ("idempotency-key", "two words")], body.clone(), 400, "idempotency-key-needed"),
        ] {
            let answer = service.call(Method::POST, "/api/v1/usage", &headers, sent).await;
            assert_eq!((answer.status, answer.problem().as_str()), (status, problem), "{headers:?}");
        }
        for (method, path, status) in [
            (Method::GET, "/api/v1/usage", 405),
            (Method::DELETE, "/api/v1/usage", 405),
            (Method::POST, "/api/v1/businesses/biz_x/credits", 405),
            (Method::GET, "/api/v1/businesses", 404),
            (Method::GET, "/api/v2/usage", 404),
        ] {
            let answer = service.call(method.clone(), path, &[], String::new()).await;
            let problem = if status == 405 { "method-not-allowed" } else { "not-found" };
            assert_eq!((answer.status, answer.problem().as_str()), (status, problem), "{method} {path}");
        }
        let long = "k".repeat(255);
        assert_eq!(service.post(&long, body).await.status, 200, "the longest name that there may be");
        portal.stop().await;
    }
}
