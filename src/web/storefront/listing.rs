//! A listing: everything a person reads before any form (MKT-2).

use super::moment::{Moment, months, paragraphs};
use crate::kernel::show;
use crate::marketplace::ids::Prodview;
use crate::marketplace::listing;
use crate::web::shell::Shell;
use crate::web::{Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

#[derive(Template)]
#[template(path = "storefront/listing.html")]
struct ListingPage {
    shell: Shell,
    name: String,
    seller: String,
    summary: String,
    options: String,
    by_seller: String,
    price: String,
    length: String,
    limits: String,
    minimum_total: String,
    description: Vec<String>,
    highlights: Vec<String>,
    credit_meaning: Vec<String>,
    license_terms: Vec<String>,
    refund_policy: Vec<String>,
    support_email: String,
    support_url: String,
    ends: Moment,
    /// Charged by use.
    metered: bool,
}

/// `GET /marketplace/pp/{prodview}`
pub async fn show(visit: Visit) -> Result<HttpResponse, WebError> {
    visit.page(StatusCode::OK, &view(&visit).await?)
}

/// The page itself, for its handler and for the benchmark.
pub(crate) async fn view(visit: &Visit) -> Result<impl Template + use<>, WebError> {
    let prodview = visit.id("prodview", Prodview::parse)?;
    let found = listing::find(visit.db(), &prodview).await?.ok_or(WebError::NotFound)?;
    in_words(visit, found)
}

fn in_words(visit: &Visit, listing: listing::Listing) -> Result<ListingPage, WebError> {
    let offer = listing.offer();
    let smallest = crate::kernel::credits::Credits::new(offer.credits_min).map_err(|error| WebError::Internal(error.into()))?;
    let minimum_total = offer.amount(smallest).map_err(|error| WebError::Internal(error.into()))?;
    let term = offer.first_term(visit.now()).map_err(|error| WebError::Internal(error.into()))?;
    let steps = if offer.credits_step > 1 { format!(", in steps of {}", show::group(offer.credits_step)) } else { String::new() };
    let category = paths::with_query(&paths::marketplace(), &[("q", &listing.category)]);
    Ok(ListingPage {
        metered: listing.is_metered(),
        shell: visit.shell(&listing.name).with_crumbs(&[("Products", paths::marketplace()), (&listing.category, category)]),
        options: paths::contract(listing.prodview.as_str()),
        by_seller: paths::with_query(&paths::marketplace(), &[("q", &listing.seller_name)]),
        price: offer.price().to_string(),
        length: months(offer.duration_months),
        limits: format!("{} to {}{steps}", show::group(offer.credits_min), show::count(offer.credits_max, "credit")),
        minimum_total: format!("{minimum_total} for {}", show::count(offer.credits_min, "credit")),
        description: paragraphs(&listing.description),
        highlights: listing.highlights.lines().map(str::to_owned).collect(),
        credit_meaning: paragraphs(&listing.credit_meaning),
        license_terms: paragraphs(&listing.license_terms),
        refund_policy: paragraphs(&listing.refund_policy),
        support_email: listing.support_email,
        support_url: listing.support_url,
        ends: Moment::full(term.ends_at(), visit.zone()),
        name: listing.name,
        seller: listing.seller_name,
        summary: listing.summary,
    })
}
