//! What a business's people are told about its access: the banner on every page of the console during grace and lock, and
//! the pages that stand in front of a locked or closed business (EXP-2). It decides nothing; the policy does.

use super::WebError;
use super::paths;
use super::shell::{Flash, Shell, Tone};
use super::visit::Visit;
use crate::access::{Action, Membership, Phase, allows};
use crate::kernel::clock::Timestamp;
use crate::kernel::show;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

/// The banner of the business that the visitor works in.
pub(super) fn banner(visit: &Visit) -> Option<Flash> {
    let membership = visit.actor()?.membership()?;
    let day = |at| format!("{} ({})", show::date_time(at, visit.zone()), show::in_days(visit.now(), at, visit.zone()));
    let (tone, title, text) = match membership.phase {
        Phase::Active | Phase::Closed { .. } => return None,
        Phase::Grace { expired_at, locks_at } => {
            let renewing = if membership.role.has_licensing_permission() {
                "Renew or purchase before that, and activate what you purchase."
            } else {
                "An Administrator or a Licensing manager of your business can renew before that."
            };
            let expired = show::date_time(expired_at, visit.zone());
            let text = format!("The last license expired on {expired}. Everything works as before until then. {renewing}");
            (Tone::Warning, format!("{} will be locked on {}", membership.name, day(locks_at)), text)
        }
        Phase::Locked { closes_at, .. } => {
            let text =
                format!("You can only renew now. If nothing is renewed, nobody of the business can enter from {} on.", day(closes_at));
            (Tone::Danger, format!("{} is locked", membership.name), text)
        }
    };
    let link = membership.role.has_licensing_permission().then(|| ("See how to renew".to_owned(), renew_href(visit)));
    Some(Flash { tone, title, text, link })
}

/// The running subscriptions of those who buy, else the shop.
fn renew_href(visit: &Visit) -> String {
    match visit.actor().map(|actor| allows(actor, Action::SeePurchases)) {
        Some(Ok(())) => visit.shop().subscriptions.clone(),
        _ => visit.shop().marketplace.clone(),
    }
}

/// An instant for `<time>`, and how far off it is.
struct When {
    iso: String,
    text: String,
    in_days: String,
}

impl When {
    fn new(visit: &Visit, at: Timestamp) -> Self {
        Self { iso: show::iso(at), text: show::date_time(at, visit.zone()), in_days: show::in_days(visit.now(), at, visit.zone()) }
    }
}

#[derive(Template)]
#[template(path = "console/locked.html")]
struct LockedPage {
    shell: Shell,
    business: String,
    role: &'static str,
    may_renew: bool,
    expired: Option<When>,
    locked: Option<When>,
    closes: When,
    renew: String,
    marketplace: String,
    licenses: String,
    credits: String,
    activation: String,
    switch: Option<String>,
    account: String,
    support: String,
}

#[derive(Template)]
#[template(path = "console/closed.html")]
struct ClosedPage {
    shell: Shell,
    business: String,
    for_deletion: bool,
    since: When,
    switch: Option<String>,
    account: String,
    support: String,
}

/// The page in front of a locked or closed business.
pub(super) fn shut_page(visit: &Visit, error: &WebError) -> HttpResponse {
    let membership = visit.actor().and_then(|actor| actor.membership());
    let made = match error {
        WebError::Locked { closes_at } => visit.page(StatusCode::FORBIDDEN, &locked(visit, membership, *closes_at)),
        WebError::Closed { since } => visit.page(StatusCode::FORBIDDEN, &closed(visit, membership, *since)),
        _ => return HttpResponse::Forbidden().finish(),
    };
    made.unwrap_or_else(|_| HttpResponse::Forbidden().content_type("text/plain; charset=utf-8").body("This business is locked."))
}

fn locked(visit: &Visit, membership: Option<&Membership>, closes_at: Timestamp) -> LockedPage {
    let expired_at = match membership.map(|membership| membership.phase) {
        Some(Phase::Locked { expired_at, .. }) => Some(expired_at),
        _ => None,
    };
    let lengths = visit.portal().config.access_lengths;
    LockedPage {
        shell: Shell { banner: None, ..visit.shell("Locked") },
        business: name_of(membership),
        role: membership.map_or("", |membership| membership.role.label()),
        may_renew: membership.is_some_and(|membership| membership.role.has_licensing_permission()),
        expired: expired_at.map(|at| When::new(visit, at)),
        locked: expired_at.map(|at| When::new(visit, lengths.locks_at(at))),
        closes: When::new(visit, closes_at),
        renew: renew_href(visit),
        marketplace: visit.shop().marketplace.clone(),
        licenses: paths::licenses(),
        credits: paths::credits(),
        activation: paths::activation(),
        switch: switch(visit),
        account: paths::account(),
        support: visit.portal().config.support_email.clone(),
    }
}

fn closed(visit: &Visit, membership: Option<&Membership>, since: Timestamp) -> ClosedPage {
    ClosedPage {
        shell: Shell { banner: None, ..visit.shell("Closed") },
        business: name_of(membership),
        for_deletion: membership.is_some_and(|membership| matches!(membership.phase, Phase::Closed { for_deletion: true, .. })),
        since: When::new(visit, since),
        switch: switch(visit),
        account: paths::account(),
        support: visit.portal().config.support_email.clone(),
    }
}

fn name_of(membership: Option<&Membership>) -> String {
    membership.map_or_else(|| "This business".to_owned(), |membership| membership.name.clone())
}

/// Where to work in another business, for those who belong to several.
fn switch(visit: &Visit) -> Option<String> {
    visit.actor().filter(|actor| actor.memberships.len() > 1).map(|_| paths::account())
}
