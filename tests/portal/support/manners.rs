//! What every single answer of the portal has to keep, whichever test asked for it: security headers, the attributes of
//! cookies, and for a page the basics that hold on all pages. A test's browser checks each answer it gets.

use super::cookies::set_cookies;
use super::page::{Page, selector, text_of};
use reqwest::Method;
use scraper::Html;
use std::collections::BTreeSet;

/// Fails when an answer forgets its manners.
pub fn check(method: &Method, page: &Page) {
    check_headers(page);
    check_cookies(page);
    if page.is_html() && method != Method::HEAD {
        check_document(page, &page.document());
    }
}

/// Quality D5, on errors, redirections and files as on pages.
fn check_headers(page: &Page) {
    let place = format!("{} {}", page.status, page.address);
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("x-frame-options", "DENY"),
    ] {
        assert_eq!(page.header(name), value, "{name} of {place}");
    }
    let policy = page.header("content-security-policy");
    for part in [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "form-action 'self'",
        "require-trusted-types-for 'script'",
    ] {
        assert!(policy.contains(part), "{part} is missing in the policy of {place}: {policy:?}");
    }
    assert!(!policy.contains("unsafe"), "{place}: {policy}");
    let year =
        page.header("strict-transport-security").strip_prefix("max-age=").and_then(|rest| rest.split(';').next()?.parse::<u64>().ok());
    assert!(year >= Some(31_536_000), "strict-transport-security of {place}");
    assert!(
        ["same-origin", "no-referrer", "strict-origin-when-cross-origin"].contains(&page.header("referrer-policy")),
        "referrer-policy of {place}"
    );
    assert!(page.header("permissions-policy").contains("camera=()"), "permissions-policy of {place}");
    for telling in ["server", "x-powered-by", "via"] {
        assert_eq!(page.header(telling), "", "{telling} of {place} tells what runs here");
    }
    if page.is_html() {
        assert_eq!(page.header("cache-control"), "no-store", "cache-control of {place}");
    }
}

/// Quality D2, on every cookie that is set.
fn check_cookies(page: &Page) {
    for line in set_cookies(&page.headers) {
        let attributes: Vec<String> = line.split(';').skip(1).map(|part| part.trim().to_lowercase()).collect();
        let has = |wanted: &str| attributes.iter().any(|attribute| attribute == wanted);
        assert!(line.starts_with("__Host-"), "{}: {line}", page.address);
        assert!(has("secure") && has("httponly") && has("samesite=lax") && has("path=/"), "{}: {line}", page.address);
        assert!(!attributes.iter().any(|attribute| attribute.starts_with("domain")), "{}: {line}", page.address);
        assert!(line.len() < 4096, "{}: a cookie of {} bytes", page.address, line.len());
    }
}

/// Points 1, 2, 19 and 22 of the pages, and the rules that keep the content security policy a constant.
fn check_document(page: &Page, document: &Html) {
    let count = |css: &str| document.select(&selector(css)).count();
    let place = format!("{} {}", page.status, page.address);
    assert_eq!(count("h1"), 1, "headings of {place}: {:?}", page.all("h1"));
    assert_eq!(count("html[lang=en]"), 1, "lang of {place}");
    assert!(page.title().ends_with("Creditdesk") && page.title().len() > "Creditdesk".len(), "title of {place}: {:?}", page.title());
    assert_eq!(count("[style], style, script:not([src])"), 0, "inline style or script on {place}");
    let duplicates = duplicate_ids(document);
    assert!(duplicates.is_empty(), "ids that stand twice on {place}: {duplicates:?}");
    for label in document.select(&selector("label")) {
        let target = label.attr("for").unwrap_or_default();
        let found = document.select(&selector("input, select, textarea")).any(|control| control.attr("id") == Some(target));
        assert!(found, "the label {:?} on {place} belongs to nothing", text_of(label));
    }
    for form in document.select(&selector("form[method=post]")) {
        let names: Vec<&str> = form.select(&selector("input")).filter_map(|input| input.attr("name")).collect();
        assert!(names.contains(&"csrf") || names.contains(&"x-amzn-marketplace-token"), "a form without a token on {place}");
    }
    let sources = selector("script[src], link[href], img[src], use[href]");
    for element in document.select(&sources) {
        let source = element.attr("src").or_else(|| element.attr("href")).unwrap_or_default();
        assert!(source.starts_with("/static/") || source.starts_with('#'), "{source} on {place}");
    }
    let says_error = page.title().starts_with("Error: ");
    // The style guide shows a summary of problems without having any.
    assert!(
        page.problems().is_empty() != says_error || page.path() == "/styleguide",
        "title and problems of {place} disagree: {:?}",
        page.title()
    );
}

fn duplicate_ids(document: &Html) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let with_id = selector("[id]");
    let all = document.select(&with_id).filter_map(|element| element.attr("id"));
    all.filter(|id| !seen.insert(*id)).map(str::to_owned).collect()
}
