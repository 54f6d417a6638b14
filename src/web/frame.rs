//! Builds what surrounds every page: face, navigation, place, crossings, flash.

use super::assets;
use super::expiry;
use super::paths;
use super::shell::{Crumb, Face, Flash, NavGroup, NavItem, Person, Place, Shell, Tone};
use super::visit::Visit;
use crate::access::{Action, Actor, allows};
use crate::identity::session::IDLE;
use crate::kernel::show;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The program's name.
pub const PRODUCT: &str = "Creditdesk";

fn face_of(path: &str) -> Face {
    match path.split('/').nth(1) {
        Some("marketplace") => Face::Storefront,
        Some("console") => Face::Console,
        Some("admin") => Face::Admin,
        _ => Face::Plain,
    }
}

fn may(visit: &Visit, action: Action) -> bool {
    visit.actor().is_some_and(|actor| allows(actor, action).is_ok())
}

/// The frame of a page.
#[must_use]
pub fn shell(visit: &Visit, title: &str) -> Shell {
    let face = face_of(visit.path());
    let section = face.word();
    let title = if section.is_empty() { format!("{title} - {PRODUCT}") } else { format!("{title} - {section} - {PRODUCT}") };
    Shell {
        face,
        title,
        has_errors: false,
        nav: navigation(visit, face),
        crumbs: Vec::new(),
        person: visit.actor().map(|actor| Person { name: actor.name.clone(), email: actor.email.clone() }),
        place: visit.actor().and_then(|actor| place(actor, face)),
        csrf: visit.csrf(),
        flash: visit.flash_shown(),
        banner: if face == Face::Console { expiry::banner(visit) } else { None },
        test_bench: visit.portal().bench.is_on().then(|| show::date_time(visit.now(), visit.zone())),
        zone: visit.zone().name().to_owned(),
        path: visit.path().to_owned(),
        help_href: paths::help(),
        sign_in_href: sign_in_href(visit),
        sign_out_href: paths::sign_out(),
        account_href: paths::account(),
        crossings: crossings(visit, face),
        session_seconds: visit.actor().map(|_| IDLE.num_seconds()),
        stylesheet: assets::APP_CSS,
        script: assets::APP_JS,
        icons: assets::ICONS_SVG,
        favicon: assets::FAVICON_SVG,
        reference: visit.reference().to_owned(),
        product_name: PRODUCT,
    }
}

fn sign_in_href(visit: &Visit) -> String {
    match face_of(visit.path()) {
        Face::Plain => paths::sign_in(),
        Face::Storefront | Face::Console | Face::Admin => paths::with_query(&paths::sign_in(), &[("next", &visit.path_and_query())]),
    }
}

fn navigation(visit: &Visit, face: Face) -> Vec<NavGroup> {
    let item = |label, href: String, icon| NavItem { current: is_current(visit.path(), &href), label, href, icon, count: None };
    let group = |label, items| NavGroup { label, items };
    match face {
        Face::Storefront => {
            let mut items = vec![item("Products", paths::marketplace(), "shop")];
            if may(visit, Action::SeePurchases) {
                items.push(item("Subscriptions", paths::subscriptions(), "subscription"));
                items.push(item("Invoices", paths::invoices(), "credits"));
            }
            vec![group(None, items)]
        }
        Face::Console => {
            let mut own = vec![item("Start", paths::console(), "home")];
            let mut people = Vec::new();
            if may(visit, Action::SeeLicenses) {
                own.push(item("License Information", paths::licenses(), "license"));
                own.push(item("Credits & Billing", paths::credits(), "credits"));
            }
            if may(visit, Action::SeeTeam) {
                people.push(item("Team", paths::team(), "people"));
            }
            if may(visit, Action::ReadAudit) {
                people.push(item("Audit log", paths::audit(), "history"));
            }
            vec![group(None, own), group(Some("Business"), people)]
        }
        Face::Admin => {
            let mut items = vec![item("Support desk", paths::admin(), "support")];
            if may(visit, Action::LookUp) {
                items.push(item("Businesses", paths::admin_businesses(), "business"));
                items.push(item("Licenses", paths::admin_licenses(), "license"));
                items.push(item("Transfers", paths::admin_transfers(), "transfer"));
                items.push(item("Reconciliation", paths::admin_reconciliation(), "compare"));
                if !visit.shop().is_embedded || visit.portal().topics.is_some() {
                    items.push(item("Incoming events", paths::admin_events(), "renew"));
                }
                if visit.shop().is_embedded {
                    items.push(item("Unclaimed", paths::admin_unclaimed(), "pending"));
                }
                items.push(item("Outlook", paths::admin_outlook(), "calendar"));
                items.push(item("Activation codes", paths::admin_codes(), "tag"));
            }
            if may(visit, Action::ManageServiceKeys) {
                items.push(item("Service keys", paths::service_keys(), "key"));
            }
            if may(visit, Action::ManageAccessKeys) && visit.shop().is_embedded {
                items.push(item("Access keys", paths::access_keys(), "key"));
                items.push(item("Event targets", paths::event_targets(), "transfer"));
            }
            if visit.portal().bench.is_on() && may(visit, Action::UseTestBench) {
                items.push(item("Test bench", paths::test_bench(), "settings"));
            }
            items.push(item("Audit log", paths::admin_audit(), "history"));
            vec![group(None, items)]
        }
        Face::Plain => Vec::new(),
    }
}

/// The item whose page or part of it this is. Start pages are current only on themselves.
fn is_current(path: &str, href: &str) -> bool {
    let starts = [paths::console(), paths::admin()];
    if href == paths::marketplace() {
        return path == href || path.starts_with("/marketplace/pp/");
    }
    path == href || (!starts.contains(&href.to_owned()) && path.strip_prefix(href).is_some_and(|rest| rest.starts_with('/')))
}

fn place(actor: &Actor, face: Face) -> Option<Place> {
    match face {
        Face::Storefront => actor.seat().map(|seat| Place {
            label: "Buyer account",
            name: seat.name.clone(),
            detail: format!("{} · {}", seat.account, seat.role.label()),
            switch_href: (actor.seats.len() > 1).then(paths::account),
        }),
        Face::Console => actor.membership().map(|membership| Place {
            label: "Business",
            name: membership.name.clone(),
            detail: membership.role.label().to_owned(),
            switch_href: (actor.memberships.len() > 1).then(paths::account),
        }),
        Face::Admin => (!actor.staff.is_empty()).then(|| Place {
            label: "Staff",
            name: actor.name.clone(),
            detail: actor.staff.iter().map(|role| role.label()).collect::<Vec<_>>().join(", "),
            switch_href: None,
        }),
        Face::Plain => None,
    }
}

fn crossings(visit: &Visit, face: Face) -> Vec<Crumb> {
    let has_console = visit.actor().is_some_and(|actor| !actor.memberships.is_empty());
    let has_admin = visit.actor().is_some_and(|actor| !actor.staff.is_empty());
    let all = [
        (Face::Storefront, "Marketplace", paths::marketplace(), visit.shop().is_embedded),
        (Face::Console, "Console", paths::console(), has_console || visit.actor().is_none()),
        (Face::Admin, "Admin", paths::admin(), has_admin),
    ];
    let others = all.into_iter().filter(|(other, _, _, shown)| *shown && *other != face);
    others.map(|(_, label, href, _)| Crumb { label: label.to_owned(), href }).collect()
}

/// A flash as the cookie carries it.
#[must_use]
pub fn write_flash(tone: Tone, title: &str, text: &str) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::json!([tone.icon(), title, text]).to_string())
}

/// A flash out of the cookie; anything else is none.
#[must_use]
pub fn read_flash(value: &str) -> Option<Flash> {
    let (tone, title, text): (String, String, String) = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(value).ok()?).ok()?;
    let tone = [Tone::Info, Tone::Success, Tone::Warning, Tone::Danger].into_iter().find(|known| known.icon() == tone)?;
    Some(Flash { tone, title, text, link: None })
}
