//! The route table: every address, who may use it, and its handler. A room of pages brings its own lines; together
//! they are one table, and a test compares it with who gets what answer.

use super::guard::guard;
use super::route::{Access, Entry, get};
use super::{account, admin, api, console, demonstration, help, paths, setup, sign_in, storefront, wire};
use actix_web::http::{Method, header};
use actix_web::middleware::from_fn;
use actix_web::{HttpResponse, Resource, guard as matching, web};
use std::collections::BTreeMap;

/// All lines.
#[must_use]
pub fn table() -> Vec<Entry> {
    let mut table = vec![
        get(paths::HOME, Access::Public, || web::to(help::home)),
        get(paths::HELP, Access::Public, || web::to(help::show)),
        get(paths::DEMONSTRATION_MAIL, Access::Public, || web::to(demonstration::mailbox)),
        get(paths::DEMONSTRATION_MAIL_FILE, Access::Public, || web::to(demonstration::file)),
        #[cfg(debug_assertions)]
        get(paths::STYLEGUIDE, Access::Public, || web::to(super::styleguide::show)),
    ];
    table.extend(storefront::routes());
    table.extend(setup::routes());
    table.extend(sign_in::routes());
    table.extend(account::routes());
    table.extend(console::routes());
    table.extend(admin::routes());
    table.extend(api::routes());
    table.extend(wire::routes());
    table
}

/// Puts the table into an application, with the marketplace's API or, where that has a port of its own, without; the pages of
/// the test bench are there only while it is on.
pub fn configure(config: &mut web::ServiceConfig, with_wire: bool, with_bench: bool) {
    let mut by_pattern: BTreeMap<&'static str, Vec<Entry>> = BTreeMap::new();
    let served =
        |entry: &Entry| (with_wire || entry.access != Access::Signed) && (with_bench || !entry.pattern.starts_with(paths::TEST_BENCH));
    for entry in table().into_iter().filter(served) {
        by_pattern.entry(entry.pattern).or_default().push(entry);
    }
    let mut patterns: Vec<_> = by_pattern.into_iter().collect();
    // Fixed segments before variable ones, so that /console/licenses.csv is never taken for an id.
    patterns.sort_by_key(|(pattern, _)| (pattern.matches('{').count(), *pattern));
    for (pattern, entries) in patterns {
        config.service(resource(pattern, &entries));
    }
    config.default_service(web::to(help::nowhere).wrap(from_fn(|request, next| guard(Access::Nothing, request, next))));
}

fn resource(pattern: &'static str, entries: &[Entry]) -> Resource {
    let mut resource = web::resource(pattern);
    for entry in entries {
        let access = entry.access;
        let method = match entry.http_method() {
            Method::POST => matching::Any(matching::Post()),
            _ => matching::Any(matching::Get()).or(matching::Head()),
        };
        resource = resource.route((entry.handler)().guard(method).wrap(from_fn(move |request, next| guard(access, request, next))));
    }
    let allowed = entries.iter().map(|entry| if entry.method == "GET" { "GET, HEAD" } else { entry.method }).collect::<Vec<_>>().join(", ");
    let options = web::route().method(Method::OPTIONS).to(move || {
        let allowed = allowed.clone();
        async move { HttpResponse::NoContent().insert_header((header::ALLOW, allowed)).finish() }
    });
    let otherwise = web::to(help::no_such_method).wrap(from_fn(|request, next| guard(Access::Nothing, request, next)));
    resource.route(options).default_service(otherwise)
}
