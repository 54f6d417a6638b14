//! `GET /setup`: what this browser holds and how to go on; without a registration, how one begins (SET-6, SET-7). The
//! marketplace is not asked here.

use super::deadline::Deadline;
use super::words::{self, Words};
use super::{held, waiting, words::sign_in_and_activate};
use crate::fulfilment::prepare::Refusal;
use crate::fulfilment::registration::{Held, State};
use crate::kernel::text::mask_account;
use crate::web::shell::Shell;
use crate::web::{Visit, WebError, cookies, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

#[derive(Template)]
#[template(path = "setup/start.html")]
struct Start {
    shell: Shell,
    sign_in: String,
    register: String,
    subscriptions: String,
    support: String,
}

#[derive(Template)]
#[template(path = "setup/summary.html")]
struct Summary {
    shell: Shell,
    product: String,
    seller: String,
    agreement: String,
    buyer_account: String,
    deadline: Deadline,
    /// A colleague's link shows nothing of the purchase before sign-in: it may have gone astray.
    veiled: bool,
    signed_in: Option<String>,
    activation: String,
    sign_in: String,
    sign_out: String,
    register: String,
    forget: String,
    support: String,
}

/// `GET /setup`.
pub async fn show(visit: Visit) -> Result<HttpResponse, WebError> {
    let Some(held) = held(&visit).await? else {
        return match waiting::page(&visit).await? {
            Some(page) => Ok(page),
            None => start(&visit),
        };
    };
    match held.registration.state(visit.now()) {
        State::Pending { .. } => summary(&visit, &held),
        State::Expired { .. } => words::page(&visit, Words::of_refusal(&Refusal::Expired, Some(&held.registration))),
        State::Completed { .. } if visit.actor().is_some() => Ok(visit.see_other(&paths::activation())),
        State::Completed { .. } => words::page(&visit, Words::already_activated_before_sign_in()),
    }
}

/// `POST /setup/forget`: this browser no longer holds the registration; others may.
pub async fn forget(visit: Visit) -> Result<HttpResponse, WebError> {
    visit.set_cookie(visit.jar().remove(cookies::SETUP));
    Ok(visit.see_other(&paths::setup()))
}

fn start(visit: &Visit) -> Result<HttpResponse, WebError> {
    let page = Start {
        shell: visit.shell("Set up your product"),
        sign_in: paths::with_query(&paths::sign_in(), &[("next", &paths::console())]),
        register: paths::register(),
        subscriptions: visit.shop().subscriptions.clone(),
        support: visit.portal().config.support_email.clone(),
    };
    visit.page(StatusCode::OK, &page)
}

fn summary(visit: &Visit, held: &Held) -> Result<HttpResponse, WebError> {
    let purchase = &held.registration.purchase;
    let veiled = held.bound_to.is_some() && visit.actor().is_none();
    let title = if veiled { "Activate a purchase".to_owned() } else { format!("Set up {}", purchase.product_name) };
    let page = Summary {
        shell: visit.shell(&title),
        product: purchase.product_name.clone(),
        seller: purchase.seller_name.clone(),
        agreement: purchase.agreement_id.clone(),
        buyer_account: mask_account(&purchase.buyer_account_id),
        deadline: Deadline::of(&held.registration, visit.now(), visit.zone()),
        veiled,
        signed_in: visit.actor().map(|actor| actor.email.clone()),
        activation: paths::activation(),
        sign_in: sign_in_and_activate(),
        sign_out: paths::sign_out(),
        register: paths::register(),
        forget: paths::setup_forget(),
        support: visit.portal().config.support_email.clone(),
    };
    visit.page(StatusCode::OK, &page)
}
