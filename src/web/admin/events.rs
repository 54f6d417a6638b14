//! Incoming events: what AWS told the console, the newest first, and what became of it.

use super::rows::{Moment, crumbs, moment, showing};
use crate::access::Action;
use crate::fulfilment::incoming::event::{Kind, State};
use crate::fulfilment::incoming::{self, IncomingRecord};
use crate::kernel::page::{Cursor, PageSize};
use crate::kernel::show;
use crate::web::shell::Shell;
use crate::web::{Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

#[derive(Template)]
#[template(path = "admin/events.html")]
struct Events {
    shell: Shell,
    path: String,
    state: &'static str,
    states: Vec<(&'static str, &'static str)>,
    clear: String,
    rows: Vec<Row>,
    count: String,
    first: String,
    next: String,
}

struct Row {
    href: String,
    kind: &'static str,
    tone: &'static str,
    state: &'static str,
    about: String,
    received: Moment,
    again: String,
}

/// What an event tells of, in a few words.
pub(super) const fn kind_label(kind: Kind) -> &'static str {
    match kind {
        Kind::AgreementCreated => "Agreement created",
        Kind::AgreementAmended => "Agreement amended",
        Kind::AgreementEnded => "Agreement ended",
        Kind::AgreementEnding => "Agreement ends soon",
        Kind::RenewalAnnounced => "Renewal announced",
        Kind::AdvisoryIssued => "Advisory issued",
        Kind::AdvisoryResolved => "Advisory resolved",
        Kind::LicenseUpdated => "License updated",
        Kind::LicenseDeprovisioned => "License deprovisioned",
        Kind::CancellationRequest => "Cancellation request",
        Kind::BillingAdjustment => "Billing adjustment",
        Kind::EntitlementUpdated => "Entitlement updated",
        Kind::SubscriptionChanged => "Subscription changed",
        Kind::Subscribing => "Topic subscription",
        Kind::Other => "Another event",
        Kind::Unreadable => "Not readable",
    }
}

/// What became of an event, in a word, and its tone.
pub(super) const fn state_label(state: State) -> (&'static str, &'static str) {
    match state {
        State::Waiting => ("Waiting", "pending"),
        State::Followed => ("Followed", "success"),
        State::Unmatched => ("Unmatched", "info"),
        State::Ignored => ("Ignored", "neutral"),
        State::Unreadable => ("Unreadable", "warning"),
    }
}

/// Which purchase an event names, in its own words.
pub(super) fn named(event: &IncomingRecord) -> String {
    let customer = || Some(format!("{} of {}", event.customer_id.as_ref()?, event.product_code.as_ref()?));
    let named = event.agreement_id.clone().or_else(|| event.license_key.clone()).or_else(customer);
    named.unwrap_or_else(|| "–".to_owned())
}

impl Row {
    fn new(visit: &Visit, event: &IncomingRecord) -> Self {
        let (state, tone) = state_label(event.state);
        Self {
            href: paths::admin_event(event.id),
            kind: kind_label(event.kind),
            tone,
            state,
            about: named(event),
            received: moment(visit, event.received_at),
            again: show::group(event.duplicates),
        }
    }
}

/// `GET /admin/events?state=&after=`.
pub async fn list(visit: Visit) -> Result<HttpResponse, WebError> {
    let scope = visit.staff_scope(Action::LookUp)?;
    let (db, state, after) = (visit.db(), State::parse(visit.query("state")), Cursor::parse(visit.query("after")));
    let page = incoming::list(db, scope, state, after.as_ref(), PageSize::default()).await?;
    let total = incoming::count(db, scope, state).await?;
    let word = state.map_or("", State::as_str);
    let href = |after: &str| paths::with_query(&paths::admin_events(), &[("state", word), ("after", after)]);
    let mut shell = visit.shell("Incoming events");
    shell.crumbs = crumbs(&[]);
    let view = Events {
        shell,
        path: paths::admin_events(),
        state: word,
        states: State::ALL.iter().map(|state| (state.as_str(), state_label(*state).0)).collect(),
        clear: if state.is_none() { String::new() } else { paths::admin_events() },
        count: showing(page.items.len(), total, ("event", "events")),
        first: after.map(|_| href("")).unwrap_or_default(),
        next: page.next.as_deref().map(href).unwrap_or_default(),
        rows: page.items.iter().map(|event| Row::new(&visit, event)).collect(),
    };
    visit.page(StatusCode::OK, &view)
}
