//! One incoming event: what was read of it, its text as it came, and another try to follow it.

use super::events::{kind_label, named, state_label};
use super::rows::{Moment, crumbs, moment};
use crate::access::{Action, allows};
use crate::audit::ActingAs;
use crate::db::SplitRefusal;
use crate::fulfilment::incoming::event::{Kind, State};
use crate::fulfilment::incoming::{self, FollowRefusal, IncomingRecord};
use crate::kernel::id::EventId;
use crate::kernel::show;
use crate::web::shell::{Shell, Tone};
use crate::web::{Form, Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

#[derive(Template)]
#[template(path = "admin/event.html")]
struct EventPage {
    shell: Shell,
    kind: &'static str,
    explanation: &'static str,
    is_advisory: bool,
    state: &'static str,
    tone: &'static str,
    facts: Vec<(&'static str, String)>,
    times: Vec<(&'static str, Moment)>,
    /// Set out for reading, where it is JSON.
    readable: Option<String>,
    raw: String,
    follow: String,
    may_follow: bool,
    is_stuck: bool,
    audit: String,
}

/// `GET /admin/events/{event}`.
pub async fn show(visit: Visit) -> Result<HttpResponse, WebError> {
    let (scope, id) = (visit.staff_scope(Action::LookUp)?, visit.id("event", EventId::parse)?);
    let event = incoming::find(visit.db(), scope, id).await?.ok_or(WebError::NotFound)?;
    visit.page(StatusCode::OK, &view(&visit, event))
}

/// `POST /admin/events/{event}/follow`.
pub async fn follow(visit: Visit, _: Form) -> Result<HttpResponse, WebError> {
    let (scope, id) = (visit.staff_scope(Action::Reconcile)?, visit.id("event", EventId::parse)?);
    let (tone, title, text) = match incoming::follow_again(visit.db(), scope, id, &visit.who(ActingAs::Staff)).await.refusal()? {
        Ok(()) => {
            visit.portal().wake.now();
            (Tone::Success, "The event will be followed again", "The marketplace is read in a moment, and what differs is booked.")
        }
        Err(FollowRefusal::NotFound) => return Err(WebError::NotFound),
        Err(FollowRefusal::NamesNothing) => (Tone::Warning, "There is nothing to follow", "No purchase can be read out of this event."),
        Err(FollowRefusal::Waits) => (Tone::Info, "The event waits already", "It is followed in a moment."),
    };
    visit.flash(tone, title, text);
    Ok(visit.see_other(&paths::admin_event(id)))
}

fn view(visit: &Visit, event: IncomingRecord) -> EventPage {
    let (state, tone) = state_label(event.state);
    let mut shell = visit.shell(&format!("{} {}", kind_label(event.kind), named(&event)));
    shell.crumbs = crumbs(&[("Incoming events", paths::admin_events())]);
    let at = |label: &'static str, at: Option<_>| at.map(|at| (label, moment(visit, at)));
    let fact = |label: &'static str, value: Option<String>| value.map(|value| (label, value));
    EventPage {
        shell,
        kind: kind_label(event.kind),
        explanation: explanation(event.state),
        is_advisory: matches!(event.kind, Kind::AdvisoryIssued),
        state,
        tone,
        times: [at("Happened", event.happened_at), at("Received", Some(event.received_at)), at("Settled", event.settled_at)]
            .into_iter()
            .flatten()
            .collect(),
        facts: [
            fact("License", event.license_key),
            fact("Agreement", event.agreement_id),
            fact("Product code", event.product_code),
            fact("Customer", event.customer_id),
            fact("Came again", Some(show::count(event.duplicates, "time"))),
        ]
        .into_iter()
        .flatten()
        .collect(),
        readable: readable(&event.raw),
        raw: event.raw,
        follow: paths::admin_event_follow(event.id),
        may_follow: visit.actor().is_some_and(|actor| allows(actor, Action::Reconcile).is_ok()),
        is_stuck: matches!(event.state, State::Unmatched | State::Unreadable),
        audit: paths::with_query(&paths::admin_audit(), &[("subject", &event.id.to_string())]),
    }
}

const fn explanation(state: State) -> &'static str {
    match state {
        State::Waiting => "It is stored, and the marketplace will be read for it.",
        State::Followed => "The marketplace was read after it came. What differed is booked; an event itself never changes a figure.",
        State::Unmatched => {
            "Nobody has activated the purchase that it names. It is kept for 90 days and followed when somebody does; activating reads the marketplace anyway."
        }
        State::Ignored => "It tells of nothing that the marketplace has to be read for.",
        State::Unreadable => "No purchase could be read out of it. Nothing is lost: it is kept for 90 days as it came.",
    }
}

/// JSON with line ends and indents.
fn readable(raw: &str) -> Option<String> {
    let parsed: serde_json::Value = serde_json::from_str(raw).ok()?;
    serde_json::to_string_pretty(&parsed).ok()
}
