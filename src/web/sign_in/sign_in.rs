//! Sign in. One answer for everything that could be wrong, and where too many tries were made, when to try again
//! (IDN-1). With demonstration data its people are offered.

use super::destination::{after_sign_in, start_page, waiting_activation};
use super::next::NextPath;
use crate::audit::ActingAs;
use crate::db::SplitRefusal;
use crate::identity::sign_in::{SignInRefusal, sign_in};
use crate::kernel::clock::Timestamp;
use crate::kernel::show;
use crate::web::form::{Form, FormView, Problems};
use crate::web::shell::Shell;
use crate::web::{Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
use askama::Template;

const NOT_RECOGNISED: &str = "The email address or the password is not right. Check both and try again";

#[derive(Template)]
#[template(path = "sign_in/sign_in.html")]
struct SignIn {
    shell: Shell,
    form: FormView,
    action: String,
    next: String,
    forgot: String,
    register: String,
    /// The browser holds a registration that waits for a sign-in.
    setting_up: bool,
    /// Address of whoever is signed in already, and their start page.
    signed_in: Option<(String, String)>,
    people: Vec<Offered>,
}

/// Somebody of the demonstration.
struct Offered {
    email: &'static str,
    password: &'static str,
    what: &'static str,
    href: String,
}

/// `GET /sign-in?next=&email=`.
pub async fn show(visit: Visit) -> Result<HttpResponse, WebError> {
    let email = visit.query("email");
    let mut form = FormView::new().set("email", email);
    if let Some(person) = visit.portal().offered_people().iter().find(|person| person.email == email) {
        // Known to everybody who reads the documentation; it is never a person's own password.
        form = form.set("password", person.password());
    }
    let next = NextPath::parse(visit.query("next"));
    page(&visit, form, next.as_ref(), StatusCode::OK).await
}

/// `POST /sign-in`.
pub async fn submit(visit: Visit, form: Form) -> Result<HttpResponse, WebError> {
    let (email, password) = (form.text("email"), form.text("password"));
    let next = NextPath::parse(form.text("next"));
    let mut problems = what_is_missing(email, password);
    if !problems.is_empty() {
        return page(&visit, FormView::with(&form, problems), next.as_ref(), StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    match sign_in(visit.db(), &visit.portal().hasher, &visit.who(ActingAs::Anonymous), email, password).await.refusal()? {
        Ok(person) => {
            visit.sign_in(person)?;
            Ok(visit.see_other(&after_sign_in(&visit, person, next).await?))
        }
        Err(SignInRefusal::NotRecognised) => {
            problems.push("email", NOT_RECOGNISED);
            page(&visit, FormView::with(&form, problems), next.as_ref(), StatusCode::UNPROCESSABLE_ENTITY).await
        }
        Err(SignInRefusal::Throttled { until }) => {
            problems.push("email", too_many_tries(&visit, until));
            let answer = page(&visit, FormView::with(&form, problems), next.as_ref(), StatusCode::TOO_MANY_REQUESTS).await?;
            Ok(with_retry_after(answer, &visit, until))
        }
    }
}

fn what_is_missing(email: &str, password: &str) -> Problems {
    let mut problems = Problems::new();
    if email.trim().is_empty() {
        problems.push("email", "Enter your email address");
    }
    if password.is_empty() {
        problems.push("password", "Enter your password");
    }
    problems
}

fn too_many_tries(visit: &Visit, until: Timestamp) -> String {
    let left = show::duration_left(seconds_until(visit, until));
    format!("Too many tries. Try again after {} ({left} from now), or set a new password", show::clock_time(until, visit.zone()))
}

/// Whole seconds, rounded up, so that the next try is not a moment early.
pub(super) fn seconds_until(visit: &Visit, until: Timestamp) -> i64 {
    let left = until - visit.now();
    left.num_seconds() + i64::from(left.subsec_nanos() > 0)
}

/// The answer with the header that says when to come back.
pub(super) fn with_retry_after(mut answer: HttpResponse, visit: &Visit, until: Timestamp) -> HttpResponse {
    answer.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from(seconds_until(visit, until)));
    answer
}

async fn page(visit: &Visit, form: FormView, next: Option<&NextPath>, status: StatusCode) -> Result<HttpResponse, WebError> {
    let next = next.map_or("", NextPath::as_str);
    let shell = visit.shell("Sign in");
    let shell = if form.has_errors() { shell.with_errors() } else { shell };
    let people = visit.portal().offered_people().iter().map(|person| Offered {
        email: person.email,
        password: person.password(),
        what: person.what,
        href: paths::with_query(&paths::sign_in(), &[("email", person.email), ("next", next)]),
    });
    let sign_in = SignIn {
        shell,
        form,
        action: paths::sign_in(),
        next: next.to_owned(),
        forgot: paths::password_forgot(),
        register: paths::register(),
        setting_up: waiting_activation(visit).await?.is_some(),
        signed_in: visit.actor().map(|actor| (actor.email.clone(), start_page(actor, visit.shop()))),
        people: people.collect(),
    };
    visit.page(status, &sign_in)
}
