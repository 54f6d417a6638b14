//! Error pages: plain words, what happened to the person's answers, a way on, and a reference for support.

use super::error::WebError;
use super::expiry;
use super::guard::sign_in_address;
use super::paths;
use super::shell::Shell;
use super::visit::Visit;
use crate::kernel::show::duration_left;
use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
use askama::Template;

#[derive(Template)]
#[template(path = "errors/error.html")]
struct ErrorPage {
    shell: Shell,
    heading: &'static str,
    sentences: Vec<String>,
    actions: Vec<(&'static str, String)>,
    reference: String,
    support: String,
}

/// The page of an error; a redirect to the sign-in where that is what is missing.
#[must_use]
pub fn page(visit: &Visit, error: WebError) -> HttpResponse {
    let status = error.status();
    if status.is_server_error() {
        tracing::error!(error = ?error, reference = visit.reference(), route = visit.route(), "request failed");
    }
    if matches!(error, WebError::SignIn) {
        return visit.see_other(&sign_in_address(visit, visit.method()));
    }
    // Staff pages do not exist for people who are no staff.
    let error = if matches!(error, WebError::NoPart) && visit.path().starts_with(paths::ADMIN) { WebError::NotFound } else { error };
    let status = if matches!(error, WebError::NotFound) { StatusCode::NOT_FOUND } else { status };
    if let WebError::Locked { .. } | WebError::Closed { .. } = error {
        return expiry::shut_page(visit, &error);
    }
    let (heading, sentences, actions) = words(visit, &error);
    let page = ErrorPage {
        shell: visit.shell(heading),
        heading,
        sentences,
        actions,
        reference: visit.reference().to_owned(),
        support: visit.portal().config.support_email.clone(),
    };
    let mut response =
        visit.page(status, &page).unwrap_or_else(|_| HttpResponse::build(status).content_type("text/plain; charset=utf-8").body(heading));
    let mut wait = |seconds: i64| {
        response.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from(seconds));
    };
    match error {
        WebError::TooMany { retry_after_seconds } => wait(retry_after_seconds),
        WebError::Unavailable(_) => wait(5),
        _ => {}
    }
    response
}

type Words = (&'static str, Vec<String>, Vec<(&'static str, String)>);

const NOTHING_CHANGED: &str = "Nothing was charged or changed.";

fn words(visit: &Visit, error: &WebError) -> Words {
    match error {
        WebError::NotFound
        | WebError::MethodNotAllowed
        | WebError::SignIn
        | WebError::NeedsRole(_)
        | WebError::NoPart
        | WebError::Locked { .. }
        | WebError::Closed { .. } => place_words(visit, error),
        WebError::FormOutOfDate | WebError::CrossSite | WebError::Malformed | WebError::TooLarge | WebError::TooSlow => {
            request_words(visit, error)
        }
        WebError::TooMany { .. } | WebError::Unavailable(_) | WebError::Internal(_) => service_words(visit, error),
    }
}

/// There is nothing here for this person.
fn place_words(visit: &Visit, error: &WebError) -> Words {
    let home = ("Go to the start page", paths::home());
    match error {
        WebError::MethodNotAllowed => (
            "This address cannot be used that way",
            lines(&["The page behind this address is opened in another way.", NOTHING_CHANGED]),
            vec![home],
        ),
        WebError::NeedsRole(who) => (
            "You do not have permission",
            vec![
                format!("This needs the role {who}."),
                "Ask an administrator to give you the role, or sign in as somebody who has it.".to_owned(),
                NOTHING_CHANGED.to_owned(),
            ],
            vec![home],
        ),
        WebError::NoPart if visit.path().starts_with(paths::CONSOLE) => (
            "You do not belong to a business yet",
            lines(&[
                "The console shows the licenses of a registered business, and your account belongs to none.",
                "Ask an administrator of your business to invite you, or register the business.",
            ]),
            vec![("Register a business", paths::register())],
        ),
        WebError::NoPart => (
            "You do not belong to a buyer account",
            lines(&[
                "Purchases are made for a buyer account, and your account belongs to none.",
                "Sign in as somebody who may purchase, or go on to the console.",
            ]),
            vec![("Go to the console", paths::console())],
        ),
        _ => (
            "Page not found",
            lines(&[
                "There is no page at this address, or it belongs to somebody else.",
                "If you typed the address, check it. If you followed a link, it may be out of date.",
            ]),
            vec![home],
        ),
    }
}

/// What arrived cannot be taken.
fn request_words(visit: &Visit, error: &WebError) -> Words {
    let again = ("Try again", visit.path_and_query());
    match error {
        WebError::FormOutOfDate => (
            "This form is out of date",
            lines(&[
                "You signed in or out in another window, or the page is very old.",
                NOTHING_CHANGED,
                "Open the page again and send the form once more.",
            ]),
            vec![again],
        ),
        WebError::CrossSite => (
            "This request came from another site",
            lines(&["Forms of this program are only taken from its own pages.", NOTHING_CHANGED]),
            vec![("Go to the start page", paths::home())],
        ),
        WebError::TooLarge => (
            "That is too much at once",
            lines(&["The form is larger than 64 kB.", NOTHING_CHANGED, "Shorten what you typed and send it again."]),
            vec![again],
        ),
        WebError::TooSlow => {
            ("The form did not arrive in time", lines(&["The connection was too slow or was interrupted.", NOTHING_CHANGED]), vec![again])
        }
        _ => (
            "The request could not be read",
            lines(&["What arrived is not a form that this program knows.", NOTHING_CHANGED]),
            vec![("Go to the start page", paths::home())],
        ),
    }
}

/// The program cannot do it now.
fn service_words(visit: &Visit, error: &WebError) -> Words {
    let again = ("Try again", visit.path_and_query());
    match error {
        WebError::TooMany { retry_after_seconds } => (
            "Too many tries",
            vec![format!("Wait {} and try again.", duration_left(*retry_after_seconds)), NOTHING_CHANGED.to_owned()],
            vec![again],
        ),
        WebError::Unavailable(_) => (
            "The service is not available at the moment",
            lines(&[
                "Nothing was charged or changed by this request.",
                "It usually works again within a minute. If you were paying or activating, open the page again: it shows what was done.",
            ]),
            vec![again],
        ),
        _ => (
            "Something went wrong on our side",
            lines(&[
                "The problem has been recorded. What you sent was not carried out.",
                "Try again, and write to support with the reference below if it happens again.",
            ]),
            vec![again, ("Go to the start page", paths::home())],
        ),
    }
}

fn lines(sentences: &[&str]) -> Vec<String> {
    sentences.iter().map(|&sentence| sentence.to_owned()).collect()
}
