//! The console's start page: what needs attention, the figures, and what happened lately. Each role sees what it may.

use super::audit::{action_in_words, who_in_words};
use super::credits::{FiguresView, Instant};
use super::start_waiting::{self, Waiting};
use crate::access::{Action, Actor, BusinessScope, allows};
use crate::audit::{self, AuditFilter};
use crate::credits::attention::{self, Attention, Expiring};
use crate::credits::pool::{self, Nearness};
use crate::credits::purchase_history::{Filter, Listing, Sort, Status};
use crate::kernel::clock::Timestamp;
use crate::kernel::page::PageSize;
use crate::kernel::show::{self, Zone};
use crate::web::shell::Shell;
use crate::web::{Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

/// How many events the page tells of.
const EVENTS_SHOWN: usize = 5;

/// A message with the one thing to do about it.
struct Notice {
    tone: &'static str,
    title: String,
    text: String,
    action: &'static str,
    href: String,
}

struct Event {
    at: Instant,
    title: String,
    who: String,
    tone: &'static str,
}

/// What those see who may see licenses.
struct Overview {
    figures: FiguresView,
    no_license: bool,
    notices: Vec<Notice>,
}

#[derive(Template)]
#[template(path = "console/start.html")]
struct Start {
    shell: Shell,
    business: String,
    role: &'static str,
    waiting: Option<Waiting>,
    overview: Option<Overview>,
    may_activate: bool,
    events: Vec<Event>,
    events_href: String,
    credits: String,
    licenses: String,
    marketplace: String,
    team: String,
    account: String,
}

/// `GET /console`.
pub async fn show(visit: Visit) -> Result<HttpResponse, WebError> {
    let actor = visit.require_actor()?;
    let membership = actor.membership().ok_or(WebError::NoPart)?;
    let (events, events_href) = events(&visit, actor).await?;
    let view = Start {
        shell: visit.shell("Start"),
        business: membership.name.clone(),
        role: membership.role.label(),
        waiting: start_waiting::find(&visit, membership.business).await?,
        overview: overview(&visit, actor).await?,
        may_activate: allows(actor, Action::ManageLicenses).is_ok(),
        events,
        events_href,
        credits: paths::credits(),
        licenses: paths::licenses(),
        marketplace: visit.shop().marketplace.clone(),
        team: paths::team(),
        account: paths::account(),
    };
    visit.page(StatusCode::OK, &view)
}

async fn overview(visit: &Visit, actor: &Actor) -> Result<Option<Overview>, WebError> {
    let Ok(scope) = BusinessScope::of(actor, Action::SeeLicenses) else { return Ok(None) };
    let read = pool::read(visit.db(), scope, visit.now()).await?;
    let found = attention::facts(visit.db(), scope, read).await?.attention();
    let notices = found.iter().filter_map(|attention| notice(attention, visit.now(), visit.zone())).collect();
    Ok(Some(Overview { figures: FiguresView::new(read, visit.zone()), no_license: found.contains(&Attention::NoLicense), notices }))
}

/// The message; a business without any license has a state of its own instead.
fn notice(attention: &Attention, now: Timestamp, zone: Zone) -> Option<Notice> {
    match attention {
        Attention::NegativeBalance { short } => Some(Notice {
            tone: "warning",
            title: "Your current balance is below zero".to_owned(),
            text: format!(
                "{} more allocated than valid. Nothing is switched off. Add credits with an upgrade or purchase another license.",
                show::count(*short, "credit")
            ),
            action: "See Credits & Billing",
            href: paths::credits(),
        }),
        Attention::Expired(expired) => Some(Notice {
            tone: "warning",
            title: format!("{} expired", show::count(expired.items, "license item")),
            text: format!(
                "{} no longer count, the last since {}.",
                show::count(expired.credits, "credit"),
                show::date_time(expired.last_at, zone)
            ),
            action: "See what expired",
            href: paths::with_query(&paths::credits(), &[("status", Status::Expired.as_str())]),
        }),
        Attention::Expiring(leaving) => Some(expiring(leaving, now, zone)),
        Attention::NoLicense => None,
    }
}

fn expiring(leaving: &Expiring, now: Timestamp, zone: Zone) -> Notice {
    let left = match leaving.nearness {
        Nearness::Week => "within 7 days",
        Nearness::Month => "within 30 days",
        Nearness::Quarter | Nearness::Far => "within 90 days",
    };
    let day = |at| format!("{} ({})", show::date_time(at, zone), show::in_days(now, at, zone));
    let when = match (leaving.first_at, leaving.last_at) {
        (first, last) if first == last => format!("On {}.", day(first)),
        (first, last) => format!("The first on {}, the last on {}.", day(first), day(last)),
    };
    let balance = show::count(leaving.figures_then.balance(), "credit");
    Notice {
        tone: leaving.nearness.tone(),
        title: format!("{} expire {left}", show::count(leaving.credits, "credit")),
        text: format!("{when} If nothing is renewed or added, the balance is {balance} from then on."),
        action: "See upcoming expirations",
        href: format!("{}#expirations", paths::credits()),
    }
}

/// What happened lately: the audit log for those who read it, activated items for those who see licenses.
async fn events(visit: &Visit, actor: &Actor) -> Result<(Vec<Event>, String), WebError> {
    let (db, zone, size) = (visit.db(), visit.zone(), PageSize::MIN);
    if let Ok(scope) = BusinessScope::of(actor, Action::ReadAudit) {
        let page = audit::list_of_business(db, scope.business(), &AuditFilter::default(), None, size).await?;
        let event = |row: &audit::AuditRow| Event {
            at: Instant::full(row.recorded_at, zone),
            title: action_in_words(&row.action),
            who: who_in_words(row).0,
            tone: tone_of(&row.action),
        };
        return Ok((page.items.iter().take(EVENTS_SHOWN).map(event).collect(), paths::audit()));
    }
    let Ok(scope) = BusinessScope::of(actor, Action::SeeLicenses) else { return Ok((Vec::new(), String::new())) };
    let listing = Listing { scope, filter: Filter::default(), sort: Sort::Newest, now: visit.now() };
    let page = listing.page(db, None, size).await?;
    let events = page.items.iter().take(EVENTS_SHOWN).map(|item| Event {
        at: Instant::full(item.activated_at, zone),
        title: format!("{}: {} ({})", item.product_name, show::count(item.credits, "credit"), item.kind.label()),
        who: String::new(),
        tone: "success",
    });
    Ok((events.collect(), paths::licenses()))
}

/// Licenses stand out among what happened.
fn tone_of(action: &str) -> &'static str {
    if action.starts_with("license.") { "success" } else { "neutral" }
}
