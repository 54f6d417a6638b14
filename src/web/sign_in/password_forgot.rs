//! A forgotten password: asks for the address and answers the same, whether it has an account or not (IDN-1).

use super::register::CheckMail;
use super::sign_in::{seconds_until, with_retry_after};
use crate::audit::ActingAs;
use crate::db::SplitRefusal;
use crate::identity::reset::{AskRefusal, ask};
use crate::kernel::email::Email;
use crate::kernel::secret::Secret;
use crate::kernel::show;
use crate::web::form::{Form, FormView, Problems};
use crate::web::shell::Shell;
use crate::web::{Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

#[derive(Template)]
#[template(path = "sign_in/password_forgot.html")]
struct PasswordForgot {
    shell: Shell,
    form: FormView,
    action: String,
    sign_in: String,
}

/// `GET /password/forgot`.
pub async fn show(visit: Visit) -> Result<HttpResponse, WebError> {
    page(&visit, FormView::new(), StatusCode::OK)
}

/// `POST /password/forgot`.
pub async fn submit(visit: Visit, form: Form) -> Result<HttpResponse, WebError> {
    let mut problems = Problems::new();
    let Some(email) = problems.take("email", Email::parse(form.text("email")).map_err(|error| error.to_string())) else {
        return page(&visit, FormView::with(&form, problems), StatusCode::UNPROCESSABLE_ENTITY);
    };
    let link = |code: &Secret| visit.portal().address_of(&paths::password_reset(code.reveal()));
    match ask(visit.db(), &visit.who(ActingAs::Anonymous), &email, link).await.refusal()? {
        Ok(()) => {
            visit.portal().wake.now();
            Ok(visit.see_other(&paths::password_sent()))
        }
        Err(AskRefusal::Throttled { until }) => {
            let left = show::duration_left(seconds_until(&visit, until));
            problems.push("", format!("Too many requests from your network. Try again in {left}"));
            let answer = page(&visit, FormView::with(&form, problems), StatusCode::TOO_MANY_REQUESTS)?;
            Ok(with_retry_after(answer, &visit, until))
        }
    }
}

/// `GET /password/forgot/check-mail`.
pub async fn sent(visit: Visit) -> Result<HttpResponse, WebError> {
    let page = CheckMail {
        shell: visit.shell("Check your mail for a link"),
        heading: "Check your mail",
        sentences: vec![
            "If the address you typed has an account, a mail is on its way to it. Open its link to choose a new password: it works once, for 1 hour.",
            "If no mail comes, look into the spam folder, or check that this is the address you sign in with.",
        ],
        sign_in: paths::sign_in(),
        mailbox: CheckMail::mailbox(&visit),
    };
    visit.page(StatusCode::OK, &page)
}

fn page(visit: &Visit, form: FormView, status: StatusCode) -> Result<HttpResponse, WebError> {
    let shell = visit.shell("Set a new password");
    let page = PasswordForgot {
        shell: if form.has_errors() { shell.with_errors() } else { shell },
        form,
        action: paths::password_forgot(),
        sign_in: paths::sign_in(),
    };
    visit.page(status, &page)
}
