//! The route table: every address, who may use it, and its handler. A room of pages brings its own lines; together
//! they are one table, and a test compares it with who gets what answer.

use super::guard::guard;
use super::route::{Access, Entry, get};
use super::{account, admin, api, console, demonstration, help, paths, setup, sign_in, sns, storefront, wire};
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
    table.extend(wire::topics::routes());
    table.extend(sns::routes());
    table
}

/// Which parts of the table an application has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offered {
    /// The embedded marketplace: its storefront, and what staff do with it.
    pub shop: bool,
    /// Its API on the portal's own port.
    pub wire: bool,
    /// The pages of the test bench.
    pub bench: bool,
}

/// Pages of staff that are about the embedded marketplace alone.
const OF_THE_SHOP: [&str; 8] = [
    "/admin/invoices",
    "/admin/unclaimed",
    "/admin/access-keys",
    "/admin/event-targets",
    "/admin/purchases/{purchase}/remind",
    "/admin/buyer-accounts",
    paths::SNS_CERTIFICATE,
    paths::SNS_CONFIRM,
];

fn is_offered(entry: &Entry, offered: Offered) -> bool {
    if entry.access == Access::Signed {
        return offered.wire;
    }
    let begins = |part: &str| entry.pattern.strip_prefix(part).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '.']));
    let of_shop = begins("/marketplace") || OF_THE_SHOP.into_iter().any(begins);
    (offered.shop || !of_shop) && (offered.bench || !begins(paths::TEST_BENCH))
}

/// Puts the offered lines of the table into an application.
pub fn configure(config: &mut web::ServiceConfig, offered: Offered) {
    let mut by_pattern: BTreeMap<&'static str, Vec<Entry>> = BTreeMap::new();
    for entry in table().into_iter().filter(|entry| is_offered(entry, offered)) {
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
