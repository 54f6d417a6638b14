//! **Activate your … Solutions**: the review of what a purchase grants and where it will belong, and the act itself
//! (ACT-1 to ACT-3). Everything that the page showed is checked again by the POST.

use super::activation_stopped::{Stopped, stop};
use super::credits::Instant;
use super::{activation_done, activation_hand_over};
use crate::access::{Action, Actor, BusinessScope, Refused, allows};
use crate::audit::ActingAs;
use crate::db::SplitRefusal;
use crate::fulfilment::activate::{Activated, Activation, activate as book};
use crate::fulfilment::choices::{CannotTake, Choice, choices};
use crate::fulfilment::prepare::{Ready, Refusal, Viewer, ask, bar_second, check};
use crate::fulfilment::registration::Held;
use crate::kernel::id::{BusinessId, RegistrationId};
use crate::kernel::show;
use crate::kernel::text::mask_account;
use crate::web::form::{FormView, Problems};
use crate::web::route::{Access, Entry, get, post};
use crate::web::setup::{self, Deadline};
use crate::web::shell::Shell;
use crate::web::{Form, Visit, WebError, paths};
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;

const OTHER_PURCHASE: &str =
    "Another purchase was opened in this browser meanwhile, and this page shows it now. Review it before you activate it";

/// The activation's lines of the route table. Whoever is signed in may come: the page itself says who can activate (SET-9).
pub(super) fn routes() -> Vec<Entry> {
    vec![
        get(paths::ACTIVATION, Access::SignedIn, || web::to(show)),
        post(paths::ACTIVATION, Access::SignedIn, || web::to(activate)),
        post(paths::ACTIVATION_HAND_OVER, Access::May(Action::EnterConsole), || web::to(activation_hand_over::make)),
        get(paths::ACTIVATION_DONE, Access::May(Action::SeeLicenses), || web::to(activation_done::show)),
    ]
}

/// A business that cannot take the license, with the reason.
struct Unfit {
    name: String,
    reason: String,
}

#[derive(Template)]
#[template(path = "console/activation.html")]
struct Page {
    shell: Shell,
    form: FormView,
    heading: String,
    action: String,
    registration: String,
    product: String,
    seller: String,
    credits: String,
    metered: bool,
    starts: Instant,
    ends: Instant,
    auto_renew: &'static str,
    buyer_account: String,
    agreement: String,
    deadline: Deadline,
    businesses: Vec<(String, String)>,
    unfit: Vec<Unfit>,
    sign_out: String,
    signed_in: String,
}

/// A purchase that can be activated by this person.
struct Review {
    ready: Ready,
    choices: Vec<Choice>,
}

impl Review {
    fn fit(&self) -> impl Iterator<Item = &Choice> {
        self.choices.iter().filter(|choice| choice.cannot.is_none())
    }

    /// The business that the person works in, where it can take the license; else the only one that can.
    fn suggested(&self, actor: &Actor) -> Option<BusinessId> {
        let working_in = self.fit().find(|choice| Some(choice.business) == actor.business);
        let mut fit = self.fit();
        let only = fit.next().filter(|_| fit.next().is_none());
        working_in.or(only).map(|choice| choice.business)
    }
}

/// `GET /console/activation`.
pub async fn show(visit: Visit) -> Result<HttpResponse, WebError> {
    let actor = visit.require_actor()?;
    if setup::is_waiting(&visit).await? {
        return Ok(visit.see_other(&paths::setup()));
    }
    match look(&visit, actor).await? {
        Ok(review) => {
            let form = FormView::new().set("business", review.suggested(actor).map(|business| business.to_string()).unwrap_or_default());
            page(&visit, actor, &review, form, StatusCode::OK)
        }
        Err(stopped) => stop(&visit, actor, stopped, StatusCode::OK),
    }
}

/// `POST /console/activation`.
pub async fn activate(visit: Visit, form: Form) -> Result<HttpResponse, WebError> {
    let actor = visit.require_actor()?;
    let mut problems = Problems::new();
    let scope = problems.take("business", chosen(actor, form.text("business")));
    if !form.checked("terms") {
        problems.push("terms", "Accept the license terms to activate");
    }
    let (Some(scope), true) = (scope, problems.is_empty()) else { return again(&visit, actor, &form, problems).await };
    match attempt(&visit, actor, scope, form.text("registration")).await? {
        Ok(activated) => {
            visit.choose_business(scope.business())?;
            visit.portal().wake.now();
            Ok(visit.see_other(&paths::activation_done(activated.contract)))
        }
        Err(Refusal::OtherRegistration) => {
            problems.push("", OTHER_PURCHASE);
            again(&visit, actor, &form, problems).await
        }
        Err(refusal) => stop(&visit, actor, Stopped::by(refusal, setup::held(&visit).await?), StatusCode::CONFLICT),
    }
}

/// Activates what this browser holds, if it is what was reviewed.
async fn attempt(visit: &Visit, actor: &Actor, scope: BusinessScope, reviewed: &str) -> Result<Result<Activated, Refusal>, WebError> {
    let Some(handle) = setup::handle(visit) else { return Ok(Err(Refusal::NoRegistration)) };
    // What is no id at all was not reviewed either.
    let reviewed = RegistrationId::parse(reviewed).unwrap_or_else(RegistrationId::generate);
    let viewer = Viewer::of(actor);
    let wish = Activation { handle: &handle, reviewed, scope, viewer: &viewer, person: actor.person, terms_accepted: true };
    Ok(book(&visit.portal().fulfilment, &wish, &visit.who(ActingAs::Business)).await.refusal()?)
}

/// The scope of the business that was chosen, if the person may manage licenses there (ACT-2).
fn chosen(actor: &Actor, typed: &str) -> Result<BusinessScope, &'static str> {
    if typed.is_empty() {
        return Err("Choose the business that the license will belong to");
    }
    let business = BusinessId::parse(typed).ok_or("Choose one of your businesses")?;
    BusinessScope::of(&actor.working_in(business), Action::ManageLicenses)
        .map_err(|_| "Choose a business in which you have licensing permission")
}

/// Everything between this browser's handle and the review, in the order of its refusals.
async fn look(visit: &Visit, actor: &Actor) -> Result<Result<Review, Stopped>, WebError> {
    let room = &visit.portal().fulfilment;
    let (Some(handle), Some(held)) = (setup::handle(visit), setup::held(visit).await?) else {
        return Ok(Err(Stopped::by(Refusal::NoRegistration, None)));
    };
    let viewer = Viewer::of(actor);
    let registration = match check(room, &handle, &viewer, visit.now()).await.refusal()? {
        Ok(registration) => registration,
        Err(_) if actor.memberships.is_empty() && is_open(&held, visit) => return Ok(Err(Stopped::NoBusiness(held))),
        Err(refusal) => return Ok(Err(Stopped::by(refusal, Some(held)))),
    };
    let mut choices = choices(actor, &held);
    if choices.is_empty() {
        return Ok(Err(Stopped::NoBusiness(held)));
    }
    if choices.iter().all(|choice| choice.cannot.is_some()) {
        // A colleague's role is no help where nobody with this one may enter (EXP-2).
        if let Err(shut @ (Refused::Locked { .. } | Refused::Closed { .. })) = allows(actor, Action::ManageLicenses) {
            return Err(shut.into());
        }
        return Ok(Err(Stopped::NoPermission(held, choices)));
    }
    let ready = match ask(room, registration, &viewer).await.refusal()? {
        Ok(ready) => ready,
        Err(refusal) => return Ok(Err(Stopped::by(refusal, Some(held)))),
    };
    bar_second(visit.db(), &ready, &mut choices).await?;
    if choices.iter().all(|choice| choice.cannot.is_some()) {
        return Ok(Err(Stopped::by(Refusal::HasPayAsYouGo, Some(held))));
    }
    Ok(Ok(Review { ready, choices }))
}

fn is_open(held: &Held, visit: &Visit) -> bool {
    matches!(held.registration.state(visit.now()), crate::fulfilment::registration::State::Pending { .. })
}

/// The review again, with every problem at once and what was chosen kept.
async fn again(visit: &Visit, actor: &Actor, form: &Form, problems: Problems) -> Result<HttpResponse, WebError> {
    match look(visit, actor).await? {
        Ok(review) => page(visit, actor, &review, FormView::with(form, problems), StatusCode::UNPROCESSABLE_ENTITY),
        Err(stopped) => stop(visit, actor, stopped, StatusCode::CONFLICT),
    }
}

fn page(visit: &Visit, actor: &Actor, review: &Review, form: FormView, status: StatusCode) -> Result<HttpResponse, WebError> {
    let (ready, zone) = (&review.ready, visit.zone());
    let purchase = &ready.registration.purchase;
    let heading = format!("Activate your {} Solutions", purchase.seller_name);
    let mut shell = visit.shell(&heading);
    shell.has_errors = form.has_errors();
    let page = Page {
        shell,
        heading,
        action: paths::activation(),
        registration: ready.registration.id.to_string(),
        product: purchase.product_name.clone(),
        seller: purchase.seller_name.clone(),
        credits: show::count(ready.credits.get(), "credit"),
        metered: ready.is_pay_as_you_go(),
        starts: Instant::full(ready.starts_at, zone),
        ends: Instant::full(ready.expires_at, zone),
        auto_renew: ready.auto_renew.map_or("Not known yet", |renews| if renews { "Yes" } else { "No" }),
        buyer_account: mask_account(&purchase.buyer_account_id),
        agreement: ready.agreement_id.clone(),
        deadline: Deadline::of(&ready.registration, visit.now(), zone),
        businesses: review.fit().map(|choice| (choice.business.to_string(), choice.name.clone())).collect(),
        unfit: review.choices.iter().filter_map(unfit).collect(),
        sign_out: paths::sign_out(),
        signed_in: actor.email.clone(),
        form,
    };
    visit.page(status, &page)
}

fn unfit(choice: &Choice) -> Option<Unfit> {
    let reason = match choice.cannot? {
        CannotTake::Role(role) => format!("Your role there is {}; an Administrator or a Licensing manager can activate", role.label()),
        CannotTake::Closed => "It is closed; support can open it again".to_owned(),
        CannotTake::HasPayAsYouGo => "It has a pay-as-you-go contract, and a business can have one at a time".to_owned(),
        CannotTake::OtherLink => "The link that you opened was made for another business".to_owned(),
    };
    Some(Unfit { name: choice.name.clone(), reason })
}
