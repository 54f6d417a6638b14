//! Help, and the address of the start page.

use super::shell::Shell;
use super::sign_in::start_page;
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
        &Help {
            shell: visit.shell("Help"),
            marketplace: visit.shop().marketplace.clone(),
            subscriptions: visit.shop().subscriptions.clone(),
            support,
        },
    )
}

#[derive(Template)]
#[template(path = "help/buy_at_aws.html")]
struct BuyAtAws {
    shell: Shell,
    /// Name and page of each product; a page that is not known is empty.
    products: Vec<(String, String)>,
    marketplace: String,
    subscriptions: String,
    sign_in: String,
    register: String,
    support: String,
}

/// `GET /`: to the marketplace, where this program embeds it; else to the console, or to a page that says where to buy.
pub async fn home(visit: Visit) -> Result<HttpResponse, WebError> {
    let shop = visit.shop();
    if shop.is_embedded {
        return Ok(visit.see_other(&paths::marketplace()));
    }
    if let Some(actor) = visit.actor() {
        return Ok(visit.see_other(&start_page(actor, shop)));
    }
    let page = BuyAtAws {
        shell: visit.shell("Where to buy"),
        products: shop.products.iter().map(|(name, href)| (name.clone(), href.clone().unwrap_or_default())).collect(),
        marketplace: shop.marketplace.clone(),
        subscriptions: shop.subscriptions.clone(),
        sign_in: paths::sign_in(),
        register: paths::register(),
        support: visit.portal().config.support_email.clone(),
    };
    visit.page(StatusCode::OK, &page)
}

/// Every address that no route has.
pub async fn nowhere() -> Result<HttpResponse, WebError> {
    Err(WebError::NotFound)
}

/// Every method that an address does not have.
pub async fn no_such_method() -> Result<HttpResponse, WebError> {
    Err(WebError::MethodNotAllowed)
}
