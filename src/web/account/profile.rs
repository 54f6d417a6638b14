//! One's own account on one page: name and time zone as a form, password, sessions, businesses and buyer accounts.

use super::agent;
use crate::access::Actor;
use crate::audit::ActingAs;
use crate::identity::change_profile::change_profile;
use crate::identity::person::PersonName;
use crate::identity::session::{self, OwnSession};
use crate::kernel::show::{self, Zone};
use crate::web::form::{Form, FormView, Problems};
use crate::web::shell::{Shell, Tone};
use crate::web::{Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

#[derive(Template)]
#[template(path = "account/account.html")]
struct Account {
    shell: Shell,
    form: FormView,
    action: String,
    email: String,
    zones: Vec<(&'static str, String)>,
    password: String,
    sessions: Vec<SessionRow>,
    end_others: String,
    businesses: Vec<PlaceRow>,
    switch_business: String,
    register: String,
    accounts: Vec<PlaceRow>,
    switch_seat: String,
}

struct SessionRow {
    browser: String,
    address: String,
    since: (String, String),
    seen: (String, String),
    /// Where to end it; none for the session that shows the page.
    end: Option<String>,
}

/// A business or a buyer account that the person belongs to.
struct PlaceRow {
    name: String,
    role: &'static str,
    value: String,
    current: bool,
}

/// `GET /account`.
pub async fn show(visit: Visit) -> Result<HttpResponse, WebError> {
    let actor = visit.require_actor()?;
    let form = FormView::new().set("name", &actor.name).set("time_zone", actor.time_zone.as_deref().unwrap_or(""));
    page(&visit, form, StatusCode::OK).await
}

/// `POST /account`.
pub async fn submit(visit: Visit, form: Form) -> Result<HttpResponse, WebError> {
    let actor = visit.require_actor()?;
    let mut problems = Problems::new();
    let name = problems.take("name", PersonName::parse(form.text("name")).map_err(PersonName::problem));
    let zone = problems.take("time_zone", parse_zone(form.text("time_zone")));
    let (Some(name), Some(zone)) = (name, zone) else {
        return page(&visit, FormView::with(&form, problems), StatusCode::UNPROCESSABLE_ENTITY).await;
    };
    change_profile(visit.db(), &visit.who(ActingAs::Person), actor.person, &name, zone).await?;
    visit.flash(Tone::Success, "Your account was changed", "");
    Ok(visit.see_other(&paths::account()))
}

fn parse_zone(typed: &str) -> Result<Option<Zone>, &'static str> {
    match typed {
        "" => Ok(None),
        name => name.parse().map(Some).map_err(|_| "Choose a time zone from the list"),
    }
}

/// Zones that people live in: by area and city, and UTC.
fn zones() -> Vec<(&'static str, String)> {
    const AREAS: [&str; 9] = ["Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"];
    let mut zones: Vec<_> = Zone::all()
        .filter(|zone| zone.name().split_once('/').is_some_and(|(area, _)| AREAS.contains(&area)))
        .map(|zone| (zone.name(), zone.name().replace('_', " ")))
        .collect();
    zones.insert(0, (Zone::UTC.name(), "UTC".to_owned()));
    zones
}

async fn page(visit: &Visit, form: FormView, status: StatusCode) -> Result<HttpResponse, WebError> {
    let actor = visit.require_actor()?;
    let sessions = session::list_of_person(visit.db(), actor.person, visit.clock().unmoved().now()).await?;
    let shell = visit.shell("Your account");
    let account = Account {
        shell: if form.has_errors() { shell.with_errors() } else { shell },
        zones: with_chosen(zones(), form.value("time_zone")),
        form,
        action: paths::account(),
        email: actor.email.clone(),
        password: paths::account_password(),
        sessions: sessions.iter().map(|session| session_row(visit, actor, session)).collect(),
        end_others: paths::account_sessions_end(),
        businesses: businesses(actor),
        switch_business: paths::console_business(),
        register: paths::register(),
        accounts: accounts(actor),
        switch_seat: paths::buyer_account(),
    };
    visit.page(status, &account)
}

/// The chosen zone stands in the list even where the list leaves it out.
fn with_chosen(mut zones: Vec<(&'static str, String)>, chosen: &str) -> Vec<(&'static str, String)> {
    if let Ok(zone) = chosen.parse::<Zone>()
        && !zones.iter().any(|(name, _)| *name == zone.name())
    {
        zones.push((zone.name(), zone.name().to_owned()));
    }
    zones
}

fn session_row(visit: &Visit, actor: &Actor, session: &OwnSession) -> SessionRow {
    let time = |at| (show::iso(at), show::date_time(at, visit.zone()));
    SessionRow {
        browser: agent::in_words(&session.agent),
        address: session.address.clone(),
        since: time(session.created_at),
        seen: time(session.last_seen_at),
        end: (session.reference != actor.session).then(|| paths::account_session_end(session.reference)),
    }
}

fn businesses(actor: &Actor) -> Vec<PlaceRow> {
    let row = |membership: &crate::access::Membership| PlaceRow {
        name: membership.name.clone(),
        role: membership.role.label(),
        value: membership.business.to_string(),
        current: actor.business == Some(membership.business),
    };
    actor.memberships.iter().map(row).collect()
}

fn accounts(actor: &Actor) -> Vec<PlaceRow> {
    let row = |seat: &crate::access::BuyerSeat| PlaceRow {
        name: seat.name.clone(),
        role: seat.role.label(),
        value: seat.account.clone(),
        current: actor.buyer.as_ref() == Some(&seat.account),
    };
    actor.seats.iter().map(row).collect()
}
