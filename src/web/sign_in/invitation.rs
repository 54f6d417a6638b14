//! The link of an invitation: the signed-in person joins, or a new one sets name and password and joins (IDN-2).

use super::destination::waiting_activation;
use super::register_finish::LinkOver;
use crate::access::Actor;
use crate::audit::ActingAs;
use crate::db::SplitRefusal;
use crate::identity::accept_invitation::{AcceptRefusal, Joined, Offer, accept, accept_as_new, find, is_registered};
use crate::identity::password::{NewPassword, PasswordProblem};
use crate::identity::person::PersonName;
use crate::kernel::secret::Secret;
use crate::kernel::show;
use crate::web::form::{Form, FormView, Problems};
use crate::web::shell::{Shell, Tone};
use crate::web::{Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

#[derive(Template)]
#[template(path = "sign_in/invitation.html")]
struct Invitation {
    shell: Shell,
    form: FormView,
    action: String,
    offer: Offer,
    role: &'static str,
    until: (String, String),
    way: Way,
}

/// What the reader of the link can do.
enum Way {
    /// They are signed in as the invited person.
    Accept,
    /// They are signed in as somebody else, whose address this is.
    SomebodyElse(String),
    /// The invited person has an account: this is where they sign in.
    SignIn(String),
    /// The invited person is new.
    Join,
}

/// `GET /invitations/{code}`.
pub async fn show(visit: Visit) -> Result<HttpResponse, WebError> {
    match find(visit.db(), &Secret::presented(visit.param("code")), visit.now()).await? {
        Some(offer) => page(&visit, offer, FormView::new(), StatusCode::OK).await,
        None => over(&visit),
    }
}

/// `POST /invitations/{code}`.
pub async fn submit(visit: Visit, form: Form) -> Result<HttpResponse, WebError> {
    let code = Secret::presented(visit.param("code"));
    let Some(offer) = find(visit.db(), &code, visit.now()).await? else { return over(&visit) };
    let joined = match visit.actor() {
        Some(actor) => accept(visit.db(), &visit.who(ActingAs::Business), &code, actor.person).await.refusal()?,
        None => {
            let mut problems = Problems::new();
            let name = problems.take("name", PersonName::parse(form.text("name")).map_err(PersonName::problem));
            let about = [offer.email.as_str(), offer.business_name.as_str(), form.text("name")];
            let password = problems.take("password", NewPassword::parse(form.text("password"), &about).map_err(PasswordProblem::words));
            let (Some(name), Some(password)) = (name, password) else {
                return page(&visit, offer, FormView::with(&form, problems), StatusCode::UNPROCESSABLE_ENTITY).await;
            };
            let (db, hasher, who) = (visit.db(), &visit.portal().hasher, visit.who(ActingAs::Anonymous));
            accept_as_new(db, hasher, &who, &code, &name, password).await.refusal()?
        }
    };
    answer(&visit, offer, joined).await
}

async fn answer(visit: &Visit, offer: Offer, joined: Result<Joined, AcceptRefusal>) -> Result<HttpResponse, WebError> {
    match joined {
        Ok(joined) => {
            if visit.actor().is_none() {
                visit.sign_in(joined.person)?;
            } else {
                visit.renew_session();
            }
            visit.choose_business(joined.business)?;
            visit.flash(Tone::Success, &format!("You joined {}", offer.business_name), &format!("Your role is {}.", offer.role.label()));
            Ok(visit.see_other(&waiting_activation(visit).await?.unwrap_or_else(paths::console)))
        }
        Err(AcceptRefusal::CodeUnusable) => over(visit),
        Err(AcceptRefusal::AlreadyMember) => {
            visit.flash(Tone::Info, &format!("You are a member of {} already", offer.business_name), "");
            Ok(visit.see_other(&paths::console()))
        }
        // The page itself says which address it is for, and how to sign in with it.
        Err(AcceptRefusal::AnotherPerson | AcceptRefusal::AlreadyRegistered) => {
            page(visit, offer, FormView::new(), StatusCode::CONFLICT).await
        }
    }
}

fn over(visit: &Visit) -> Result<HttpResponse, WebError> {
    let page = LinkOver {
        shell: visit.shell("This link does not work any more"),
        sentences: vec![
            "An invitation works once, for 7 days, unless it is withdrawn.",
            "If you have joined already, sign in. Otherwise ask an Administrator of the business for another invitation.",
        ],
        actions: vec![("Sign in", paths::sign_in())],
    };
    visit.page(StatusCode::NOT_FOUND, &page)
}

async fn page(visit: &Visit, offer: Offer, form: FormView, status: StatusCode) -> Result<HttpResponse, WebError> {
    let own_path = paths::invitation(visit.param("code"));
    let is_invited = |actor: &&Actor| actor.email.eq_ignore_ascii_case(&offer.email);
    let way = match visit.actor() {
        Some(actor) if is_invited(&actor) => Way::Accept,
        Some(actor) => Way::SomebodyElse(actor.email.clone()),
        None if is_registered(visit.db(), &offer).await? => {
            Way::SignIn(paths::with_query(&paths::sign_in(), &[("next", &own_path), ("email", &offer.email)]))
        }
        None => Way::Join,
    };
    let shell = visit.shell("Join a business");
    let page = Invitation {
        shell: if form.has_errors() { shell.with_errors() } else { shell },
        form,
        action: own_path,
        role: offer.role.label(),
        until: (show::iso(offer.expires_at), show::date_time(offer.expires_at, visit.zone())),
        offer,
        way,
    };
    visit.page(status, &page)
}
