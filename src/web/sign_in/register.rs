//! Register a business. Somebody new confirms their address by mail first; somebody who is signed in does it at once.
//! The answer does not tell whether an address has an account (IDN-1); a purchase that waits is not lost (SET-7).

use super::destination::waiting_activation;
use super::sign_in::{seconds_until, with_retry_after};
use crate::audit::ActingAs;
use crate::db::SplitRefusal;
use crate::identity::business::BusinessName;
use crate::identity::person::PersonName;
use crate::identity::register::{AskRefusal, Registration, ask, register_business};
use crate::kernel::email::Email;
use crate::kernel::id::PersonId;
use crate::kernel::secret::Secret;
use crate::kernel::show;
use crate::notices::port::MailPort;
use crate::web::form::{Form, FormView, Problems};
use crate::web::shell::{Shell, Tone};
use crate::web::{Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

#[derive(Template)]
#[template(path = "sign_in/register.html")]
struct Register {
    shell: Shell,
    form: FormView,
    action: String,
    sign_in: String,
    setting_up: bool,
    /// Address of whoever is signed in: only the business's name is asked for.
    signed_in: Option<String>,
}

#[derive(Template)]
#[template(path = "sign_in/check_mail.html")]
pub(super) struct CheckMail {
    pub shell: Shell,
    pub heading: &'static str,
    pub sentences: Vec<&'static str>,
    pub sign_in: String,
    /// Where the demonstration's mail is read.
    pub mailbox: Option<String>,
}

impl CheckMail {
    /// Where mail is read when it goes nowhere else.
    pub fn mailbox(visit: &Visit) -> Option<String> {
        matches!(visit.portal().mail, MailPort::Files { delivered: Some(_), .. }).then(paths::demonstration_mail)
    }
}

/// `GET /register`.
pub async fn show(visit: Visit) -> Result<HttpResponse, WebError> {
    page(&visit, FormView::new(), StatusCode::OK).await
}

/// `POST /register`.
pub async fn submit(visit: Visit, form: Form) -> Result<HttpResponse, WebError> {
    let mut problems = Problems::new();
    let business =
        problems.take("business", BusinessName::parse(form.text("business")).map_err(|error| error.in_words("name of the business")));
    if let Some(actor) = visit.actor() {
        let Some(business) = business else {
            return page(&visit, FormView::with(&form, problems), StatusCode::UNPROCESSABLE_ENTITY).await;
        };
        return register_another(&visit, actor.person, &business).await;
    }
    let name = problems.take("name", PersonName::parse(form.text("name")).map_err(PersonName::problem));
    let email = problems.take("email", Email::parse(form.text("email")).map_err(|error| error.to_string()));
    let (Some(business), Some(name), Some(email)) = (business, name, email) else {
        return page(&visit, FormView::with(&form, problems), StatusCode::UNPROCESSABLE_ENTITY).await;
    };
    match send(&visit, &Registration { email, name, business }).await? {
        Ok(()) => Ok(visit.see_other(&paths::register_sent())),
        Err(AskRefusal::Throttled { until }) => {
            let left = show::duration_left(seconds_until(&visit, until));
            problems.push("", format!("Too many registrations from your network. Try again in {left}"));
            let answer = page(&visit, FormView::with(&form, problems), StatusCode::TOO_MANY_REQUESTS).await?;
            Ok(with_retry_after(answer, &visit, until))
        }
    }
}

async fn send(visit: &Visit, typed: &Registration) -> Result<Result<(), AskRefusal>, WebError> {
    let portal = visit.portal();
    let link = |code: &Secret| portal.address_of(&paths::register_finish(code.reveal()));
    let asked = ask(visit.db(), &visit.who(ActingAs::Anonymous), typed, link, &portal.address_of(&paths::sign_in())).await.refusal()?;
    portal.wake.now();
    Ok(asked)
}

async fn register_another(visit: &Visit, person: PersonId, name: &BusinessName) -> Result<HttpResponse, WebError> {
    let business = register_business(visit.db(), &visit.who(ActingAs::Business), person, name).await?;
    visit.choose_business(business)?;
    visit.renew_session();
    visit.flash(Tone::Success, "The business is registered", "You are its Administrator and work in it now.");
    Ok(visit.see_other(&waiting_activation(visit).await?.unwrap_or_else(paths::console)))
}

/// `GET /register/check-mail`.
pub async fn sent(visit: Visit) -> Result<HttpResponse, WebError> {
    let page = CheckMail {
        shell: visit.shell("Check your mail"),
        heading: "Check your mail",
        sentences: vec![
            "A mail is on its way to the address you typed. Open its link to choose a password and finish: it works once, for 4 hours.",
            "If the address has an account already, the mail says so: sign in instead, then register the business.",
            "Open the link in this browser, and a purchase that you are setting up goes on where it was.",
        ],
        sign_in: paths::sign_in(),
        mailbox: CheckMail::mailbox(&visit),
    };
    visit.page(StatusCode::OK, &page)
}

async fn page(visit: &Visit, form: FormView, status: StatusCode) -> Result<HttpResponse, WebError> {
    let shell = visit.shell("Register a business");
    let register = Register {
        shell: if form.has_errors() { shell.with_errors() } else { shell },
        form,
        action: paths::register(),
        sign_in: paths::sign_in(),
        setting_up: waiting_activation(visit).await?.is_some(),
        signed_in: visit.actor().map(|actor| actor.email.clone()),
    };
    visit.page(status, &register)
}
