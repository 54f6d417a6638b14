//! The link of the reset mail: choose a new password. It signs out everywhere and signs nobody in.

use super::register_finish::LinkOver;
use crate::audit::ActingAs;
use crate::db::SplitRefusal;
use crate::identity::password::{NewPassword, PasswordProblem};
use crate::identity::reset::{self, ResetRefusal};
use crate::kernel::secret::Secret;
use crate::web::form::{Form, FormView, Problems};
use crate::web::shell::{Shell, Tone};
use crate::web::{Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

#[derive(Template)]
#[template(path = "sign_in/password_reset.html")]
struct PasswordReset {
    shell: Shell,
    form: FormView,
    action: String,
    email: String,
}

/// `GET /password/reset/{code}`.
pub async fn show(visit: Visit) -> Result<HttpResponse, WebError> {
    let code = Secret::presented(visit.param("code"));
    match reset::find(visit.db(), &code, visit.now()).await? {
        Some(person) => page(&visit, person.email, FormView::new(), StatusCode::OK),
        None => over(&visit),
    }
}

/// `POST /password/reset/{code}`.
pub async fn submit(visit: Visit, form: Form) -> Result<HttpResponse, WebError> {
    let code = Secret::presented(visit.param("code"));
    let Some(person) = reset::find(visit.db(), &code, visit.now()).await? else { return over(&visit) };
    let mut problems = Problems::new();
    let parsed = NewPassword::parse(form.text("password"), &[&person.email, &person.name]).map_err(PasswordProblem::words);
    let Some(password) = problems.take("password", parsed) else {
        return page(&visit, person.email, FormView::with(&form, problems), StatusCode::UNPROCESSABLE_ENTITY);
    };
    match reset::reset(visit.db(), &visit.portal().hasher, &visit.who(ActingAs::Anonymous), &code, password).await.refusal()? {
        Ok(person) => {
            visit.portal().wake.now();
            // Their session in this browser is over as well; somebody else's stays.
            if visit.actor().is_some_and(|actor| actor.person == person) {
                visit.sign_out();
            }
            visit.flash(Tone::Success, "Your password was changed", "You were signed out everywhere. Sign in with the new password.");
            Ok(visit.see_other(&paths::sign_in()))
        }
        Err(ResetRefusal::CodeUnusable) => over(&visit),
    }
}

fn over(visit: &Visit) -> Result<HttpResponse, WebError> {
    let page = LinkOver {
        shell: visit.shell("This link does not work any more"),
        sentences: vec!["It works once, for 1 hour after the mail was sent.", "Your password was not changed by opening it."],
        actions: vec![("Send another link", paths::password_forgot()), ("Sign in", paths::sign_in())],
    };
    visit.page(StatusCode::NOT_FOUND, &page)
}

fn page(visit: &Visit, email: String, form: FormView, status: StatusCode) -> Result<HttpResponse, WebError> {
    let shell = visit.shell("Choose a new password");
    let page = PasswordReset {
        shell: if form.has_errors() { shell.with_errors() } else { shell },
        form,
        action: paths::password_reset(visit.param("code")),
        email,
    };
    visit.page(status, &page)
}
