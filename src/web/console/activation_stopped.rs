//! The pages instead of the review: already activated, no permission, no business, and everything else that keeps a
//! purchase from being activated now (SET-5, SET-9, ACT-7).

use super::credits::Instant;
use crate::access::Actor;
use crate::fulfilment::choices::Choice;
use crate::fulfilment::prepare::{Existing, Refusal};
use crate::fulfilment::registration::Held;
use crate::web::form::FormView;
use crate::web::setup::{self, Deadline, Words};
use crate::web::shell::Shell;
use crate::web::{Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

/// Why there is no review.
pub(super) enum Stopped {
    /// A rule of the purchase or of the registration.
    Refused(Refusal, Option<Held>),
    /// The person belongs to no business yet.
    NoBusiness(Held),
    /// The person may not activate in any of their businesses.
    NoPermission(Held, Vec<Choice>),
}

impl Stopped {
    pub(super) fn by(refusal: Refusal, held: Option<Held>) -> Self {
        Self::Refused(refusal, held)
    }
}

#[derive(Template)]
#[template(path = "console/activation_problem.html")]
struct Problem {
    shell: Shell,
    words: Words,
    support: String,
}

#[derive(Template)]
#[template(path = "console/activation_existing.html")]
struct AlreadyActivated {
    shell: Shell,
    product: String,
    business: String,
    at: Instant,
    by: String,
    licenses: String,
    credits: String,
    support: String,
}

#[derive(Template)]
#[template(path = "console/activation_no_permission.html")]
struct NoPermission {
    shell: Shell,
    form: FormView,
    product: String,
    deadline: Deadline,
    roles: Vec<(String, String)>,
    businesses: Vec<(String, String)>,
    hand_over: String,
    sign_out: String,
    signed_in: String,
}

#[derive(Template)]
#[template(path = "console/activation_no_business.html")]
struct NoBusiness {
    shell: Shell,
    product: String,
    deadline: Deadline,
    register: String,
    sign_out: String,
    signed_in: String,
}

/// The page. `otherwise` is its status where the words themselves are no error: 200 for a look, 409 for an act.
pub(super) fn stop(visit: &Visit, actor: &Actor, stopped: Stopped, otherwise: StatusCode) -> Result<HttpResponse, WebError> {
    match stopped {
        Stopped::Refused(Refusal::ActivatedHere(existing), _) => already_activated(visit, actor, existing, otherwise),
        Stopped::Refused(refusal, held) => {
            let words = Words::of_refusal(&refusal, held.as_ref().map(|held| &held.registration));
            let status = if words.status == StatusCode::OK { otherwise } else { words.status };
            problem(visit, words.answering(status))
        }
        Stopped::NoBusiness(held) => no_business(visit, actor, &held),
        Stopped::NoPermission(held, choices) => no_permission(visit, actor, &held, &choices),
    }
}

pub(super) fn problem(visit: &Visit, words: Words) -> Result<HttpResponse, WebError> {
    let support = visit.portal().config.support_email.clone();
    let words = words.seen_by(visit);
    let response = visit.page(words.status, &Problem { shell: visit.shell(words.heading), words: words.clone(), support })?;
    Ok(setup::with_headers(response, &words))
}

fn already_activated(visit: &Visit, actor: &Actor, existing: Existing, status: StatusCode) -> Result<HttpResponse, WebError> {
    let page = AlreadyActivated {
        shell: visit.shell("Products Already Activated"),
        product: existing.product_name,
        business: actor.membership_in(existing.business).map(|membership| membership.name.clone()).unwrap_or_default(),
        at: Instant::full(existing.activated_at, visit.zone()),
        by: existing.activated_by,
        licenses: paths::licenses(),
        credits: paths::credits(),
        support: visit.portal().config.support_email.clone(),
    };
    visit.page(status, &page)
}

fn no_permission(visit: &Visit, actor: &Actor, held: &Held, choices: &[Choice]) -> Result<HttpResponse, WebError> {
    // Only a business that the held link is for can be handed anything.
    let served = |business| held.serves(business);
    let role = |choice: &Choice| actor.membership_in(choice.business).map(|membership| membership.role.label().to_owned());
    let working_in = actor.business.filter(|business| served(*business)).map(|business| business.to_string());
    let page = NoPermission {
        shell: visit.shell("You need licensing permission"),
        form: FormView::new().set("business", working_in.unwrap_or_default()),
        product: held.registration.purchase.product_name.clone(),
        deadline: Deadline::of(&held.registration, visit.now(), visit.zone()),
        roles: choices.iter().filter_map(|choice| Some((choice.name.clone(), role(choice)?))).collect(),
        businesses: choices
            .iter()
            .filter(|choice| served(choice.business))
            .map(|choice| (choice.business.to_string(), choice.name.clone()))
            .collect(),
        hand_over: paths::activation_hand_over(),
        sign_out: paths::sign_out(),
        signed_in: actor.email.clone(),
    };
    visit.page(StatusCode::FORBIDDEN, &page)
}

fn no_business(visit: &Visit, actor: &Actor, held: &Held) -> Result<HttpResponse, WebError> {
    let page = NoBusiness {
        shell: visit.shell("Register your business first"),
        product: held.registration.purchase.product_name.clone(),
        deadline: Deadline::of(&held.registration, visit.now(), visit.zone()),
        register: paths::register(),
        sign_out: paths::sign_out(),
        signed_in: actor.email.clone(),
    };
    visit.page(StatusCode::FORBIDDEN, &page)
}
