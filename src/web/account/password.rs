//! Change one's password. The old one is asked for; every other session ends.

use crate::audit::ActingAs;
use crate::db::SplitRefusal;
use crate::identity::change_password::{ChangePasswordRefusal, Own, change_password};
use crate::identity::confirm_password::ConfirmRefusal;
use crate::web::form::{Form, FormView, Problems};
use crate::web::shell::{Shell, Tone};
use crate::web::{Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

#[derive(Template)]
#[template(path = "account/password.html")]
struct Password {
    shell: Shell,
    form: FormView,
    action: String,
    email: String,
    account: String,
}

/// `GET /account/password`.
pub async fn show(visit: Visit) -> Result<HttpResponse, WebError> {
    page(&visit, FormView::new(), StatusCode::OK)
}

/// `POST /account/password`.
pub async fn submit(visit: Visit, form: Form) -> Result<HttpResponse, WebError> {
    let actor = visit.require_actor()?;
    let (old, new) = (form.text("password_now"), form.text("password"));
    let mut problems = Problems::new();
    if old.is_empty() {
        problems.push("password_now", "Enter the password you sign in with");
        return page(&visit, FormView::with(&form, problems), StatusCode::UNPROCESSABLE_ENTITY);
    }
    let own = Own { person: actor.person, session: actor.session };
    match change_password(visit.db(), &visit.portal().hasher, &visit.who(ActingAs::Person), own, old, new).await.refusal()? {
        Ok(()) => {
            visit.portal().wake.now();
            visit.renew_session();
            visit.mark_password_fresh()?;
            visit.flash(Tone::Success, "Your password was changed", "Every other session was ended.");
            Ok(visit.see_other(&paths::account()))
        }
        Err(refusal) => {
            let status = note(&mut problems, refusal);
            page(&visit, FormView::with(&form, problems), status)
        }
    }
}

/// Puts a refusal into words; the status of the page that shows it.
fn note(problems: &mut Problems, refusal: ChangePasswordRefusal) -> StatusCode {
    match refusal {
        ChangePasswordRefusal::Old(refusal) => {
            problems.push("password_now", refusal.words());
            if matches!(refusal, ConfirmRefusal::Throttled { .. }) {
                return StatusCode::TOO_MANY_REQUESTS;
            }
        }
        ChangePasswordRefusal::New(problem) => problems.push("password", problem.words()),
        ChangePasswordRefusal::Same => problems.push("password", "Choose a password that is not the one you have"),
    }
    StatusCode::UNPROCESSABLE_ENTITY
}

fn page(visit: &Visit, form: FormView, status: StatusCode) -> Result<HttpResponse, WebError> {
    let actor = visit.require_actor()?;
    let shell = visit.shell("Change your password");
    let password = Password {
        shell: if form.has_errors() { shell.with_errors() } else { shell },
        form,
        action: paths::account_password(),
        email: actor.email.clone(),
        account: paths::account(),
    };
    visit.page(status, &password)
}
