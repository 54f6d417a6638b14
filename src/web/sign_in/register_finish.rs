//! The link of the registration mail: choose a password, and the business is there (SET-7). Opening the page changes
//! nothing, because programs that look through mail open links too.

use super::destination::waiting_activation;
use crate::audit::ActingAs;
use crate::db::SplitRefusal;
use crate::identity::password::{NewPassword, PasswordProblem};
use crate::identity::register::{self, FinishRefusal, PendingRegistration};
use crate::kernel::secret::Secret;
use crate::web::form::{Form, FormView, Problems};
use crate::web::shell::{Shell, Tone};
use crate::web::{Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

#[derive(Template)]
#[template(path = "sign_in/register_finish.html")]
struct RegisterFinish {
    shell: Shell,
    form: FormView,
    action: String,
    pending: PendingRegistration,
    setting_up: bool,
}

/// A link from a mail that works no more, or never did.
#[derive(Template)]
#[template(path = "sign_in/link_over.html")]
pub(super) struct LinkOver {
    pub shell: Shell,
    pub sentences: Vec<&'static str>,
    pub actions: Vec<(&'static str, String)>,
}

/// `GET /register/finish/{code}`.
pub async fn show(visit: Visit) -> Result<HttpResponse, WebError> {
    let code = Secret::presented(visit.param("code"));
    match register::find(visit.db(), &code, visit.now()).await? {
        Some(pending) => page(&visit, pending, FormView::new(), StatusCode::OK).await,
        None => over(&visit),
    }
}

/// `POST /register/finish/{code}`.
pub async fn submit(visit: Visit, form: Form) -> Result<HttpResponse, WebError> {
    let code = Secret::presented(visit.param("code"));
    let Some(pending) = register::find(visit.db(), &code, visit.now()).await? else { return over(&visit) };
    let mut problems = Problems::new();
    let about = [pending.email.as_str(), pending.name.as_str(), pending.business.as_str()];
    let parsed = NewPassword::parse(form.text("password"), &about).map_err(PasswordProblem::words);
    let Some(password) = problems.take("password", parsed) else {
        return page(&visit, pending, FormView::with(&form, problems), StatusCode::UNPROCESSABLE_ENTITY).await;
    };
    let done = register::finish(visit.db(), &visit.portal().hasher, &visit.who(ActingAs::Anonymous), &code, password).await.refusal()?;
    match done {
        Ok(made) => {
            visit.portal().wake.now();
            visit.sign_in(made.person)?;
            visit.choose_business(made.business)?;
            visit.flash(Tone::Success, "Your business is registered", "You are its Administrator and signed in.");
            Ok(visit.see_other(&waiting_activation(&visit).await?.unwrap_or_else(paths::console)))
        }
        Err(FinishRefusal::CodeUnusable) => over(&visit),
        Err(FinishRefusal::AlreadyRegistered) => {
            visit.flash(Tone::Info, "This address has an account already", "Sign in with it, then register the business.");
            Ok(visit.see_other(&paths::with_query(&paths::sign_in(), &[("next", paths::REGISTER)])))
        }
    }
}

fn over(visit: &Visit) -> Result<HttpResponse, WebError> {
    let page = LinkOver {
        shell: visit.shell("This link does not work any more"),
        sentences: vec![
            "It works once, for 4 hours after the mail was sent. It may have been used already: then sign in with the password that was chosen.",
            "Nothing was registered by opening it.",
        ],
        actions: vec![("Sign in", paths::sign_in()), ("Register a business", paths::register())],
    };
    visit.page(StatusCode::NOT_FOUND, &page)
}

async fn page(visit: &Visit, pending: PendingRegistration, form: FormView, status: StatusCode) -> Result<HttpResponse, WebError> {
    let shell = visit.shell("Finish your registration");
    let page = RegisterFinish {
        shell: if form.has_errors() { shell.with_errors() } else { shell },
        form,
        action: paths::register_finish(visit.param("code")),
        pending,
        setting_up: waiting_activation(visit).await?.is_some(),
    };
    visit.page(status, &page)
}
