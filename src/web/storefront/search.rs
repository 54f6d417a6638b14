//! Search: what is offered, narrowed by words (MKT-1). The box with the words stands in the layout.

use super::moment::months;
use crate::kernel::page::{Cursor, PageSize};
use crate::kernel::show;
use crate::marketplace::listing::{self, Listing};
use crate::web::shell::Shell;
use crate::web::{Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

/// More of what was typed is not repeated on the page.
const QUERY_CHARS_MAX: usize = 200;

#[derive(Template)]
#[template(path = "storefront/search.html")]
struct Search {
    shell: Shell,
    query: String,
    heading: String,
    cards: Vec<Card>,
    categories: Vec<Category>,
    count: String,
    first: String,
    next: String,
    all: String,
}

struct Card {
    href: String,
    name: String,
    seller: String,
    category: String,
    summary: String,
    price: String,
    terms: String,
}

struct Category {
    name: String,
    href: String,
}

impl Card {
    fn new(listing: Listing) -> Self {
        let offer = listing.offer();
        let terms = format!("a credit for {}, from {}", months(offer.duration_months), show::count(offer.credits_min, "credit"));
        let (price, terms) = match listing.is_metered() {
            true => ("Pay-as-you-go".to_owned(), "charged by use, with nothing due at the start".to_owned()),
            false => (offer.price().to_string(), terms),
        };
        Self {
            href: paths::listing(listing.prodview.as_str()),
            price,
            terms,
            name: listing.name,
            seller: listing.seller_name,
            category: listing.category,
            summary: listing.summary,
        }
    }
}

/// `GET /marketplace?q=`
pub async fn show(visit: Visit) -> Result<HttpResponse, WebError> {
    let query: String = visit.query("q").chars().take(QUERY_CHARS_MAX).collect();
    let after = Cursor::parse(visit.query("after"));
    let page = listing::search(visit.db(), &query, after.as_ref(), PageSize::default()).await?;
    let here = |after: &str| paths::with_query(&paths::marketplace(), &[("q", &query), ("after", after)]);
    let heading = if query.is_empty() { "Products".to_owned() } else { format!("Products for “{query}”") };
    let shown = show::group_len(page.items.len());
    let view = Search {
        shell: visit.shell(&heading),
        heading,
        categories: categories(&visit).await?,
        count: format!("Showing {shown} of {}", show::count(page.total.unwrap_or_default(), "product")),
        first: if after.is_some() { here("") } else { String::new() },
        next: page.next.as_deref().map(here).unwrap_or_default(),
        all: paths::marketplace(),
        cards: page.items.into_iter().map(Card::new).collect(),
        query,
    };
    visit.page(StatusCode::OK, &view)
}

async fn categories(visit: &Visit) -> Result<Vec<Category>, WebError> {
    let names = listing::categories(visit.db()).await?;
    let link = |name: String| Category { href: paths::with_query(&paths::marketplace(), &[("q", &name)]), name };
    Ok(names.into_iter().map(link).collect())
}
