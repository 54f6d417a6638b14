//! Help, and the address of the start page.

use super::shell::Shell;
use super::visit::Visit;
use super::{WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

#[derive(Template)]
#[template(path = "help/help.html")]
struct Help {
    shell: Shell,
    marketplace: String,
    subscriptions: String,
    support: String,
}

/// `GET /help`.
pub async fn show(visit: Visit) -> Result<HttpResponse, WebError> {
    let support = visit.portal().config.support_email.clone();
    visit.page(
        StatusCode::OK,
        &Help { shell: visit.shell("Help"), marketplace: paths::marketplace(), subscriptions: paths::subscriptions(), support },
    )
}

/// `GET /`: to the marketplace, which this program embeds.
pub async fn home(visit: Visit) -> Result<HttpResponse, WebError> {
    Ok(visit.see_other(&paths::marketplace()))
}

/// Every address that no route has.
pub async fn nowhere() -> Result<HttpResponse, WebError> {
    Err(WebError::NotFound)
}

/// Every method that an address does not have.
pub async fn no_such_method() -> Result<HttpResponse, WebError> {
    Err(WebError::MethodNotAllowed)
}
