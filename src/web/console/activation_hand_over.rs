//! `POST /console/activation/hand-over`: a link for a colleague who has licensing permission (SET-9). The answer is the
//! page itself and no redirect: the link is shown this once, because only its hash is stored.

use super::activation_stopped::{Stopped, problem, stop};
use crate::access::{Action, Actor, BusinessScope};
use crate::audit::ActingAs;
use crate::db::SplitRefusal;
use crate::fulfilment::hand_over::{HandOver, HandOverRefusal, hand_over};
use crate::fulfilment::prepare::Refusal;
use crate::kernel::id::BusinessId;
use crate::kernel::show;
use crate::web::setup::{self, Words};
use crate::web::shell::Shell;
use crate::web::{Form, Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

#[derive(Template)]
#[template(path = "console/activation_handed_over.html")]
struct HandedOver {
    shell: Shell,
    link: String,
    business: String,
    until_iso: String,
    until: String,
    left: String,
    activation: String,
}

/// `POST /console/activation/hand-over`.
pub async fn make(visit: Visit, form: Form) -> Result<HttpResponse, WebError> {
    let actor = visit.require_actor()?;
    let Some(handle) = setup::handle(&visit) else {
        return stop(&visit, actor, Stopped::by(Refusal::NoRegistration, None), StatusCode::CONFLICT);
    };
    let scope = chosen(actor, form.text("business"))?;
    match hand_over(&visit.portal().fulfilment, &handle, scope, &visit.who(ActingAs::Business)).await.refusal()? {
        Ok(made) => page(&visit, actor, scope, &made),
        Err(refusal) => {
            let refusal = match refusal {
                HandOverRefusal::NoRegistration => Refusal::NoRegistration,
                HandOverRefusal::Activated => Refusal::ActivatedElsewhere,
                HandOverRefusal::Expired => Refusal::Expired,
            };
            let words = Words::of_refusal(&refusal, None);
            let status = if words.status == StatusCode::OK { StatusCode::CONFLICT } else { words.status };
            problem(&visit, words.answering(status))
        }
    }
}

/// The business that the link is for: one of the person's own, the one they work in unless they chose another.
fn chosen(actor: &Actor, typed: &str) -> Result<BusinessScope, WebError> {
    if typed.is_empty() {
        return Ok(BusinessScope::of(actor, Action::EnterConsole)?);
    }
    let business = BusinessId::parse(typed).ok_or(WebError::NotFound)?;
    BusinessScope::of(&actor.working_in(business), Action::EnterConsole).map_err(|_| WebError::NotFound)
}

fn page(visit: &Visit, actor: &Actor, scope: BusinessScope, made: &HandOver) -> Result<HttpResponse, WebError> {
    let page = HandedOver {
        shell: visit.shell("Hand-over link"),
        link: visit.portal().address_of(&paths::setup_hand_over(made.code.reveal())),
        business: actor.membership_in(scope.business()).map(|membership| membership.name.clone()).unwrap_or_default(),
        until_iso: show::iso(made.valid_until),
        until: show::date_time(made.valid_until, visit.zone()),
        left: show::duration_left((made.valid_until - visit.now()).num_seconds()),
        activation: paths::activation(),
    };
    visit.page(StatusCode::OK, &page)
}
