//! *Configure your Software Contract*: the form that makes a quote (MKT-3 to MKT-5), or changes one that is not paid yet
//! and leads back to its review (MKT-6). Open to everybody; signing in comes with *Create contract*.

use super::contract_form::{self, Consequences, Priced};
use super::moment::Moment;
use crate::access::{Action, BuyerScope, Refused, allows};
use crate::audit::ActingAs;
use crate::db::SplitRefusal;
use crate::marketplace::ids::{OfferId, Prodview, QuoteId};
use crate::marketplace::listing::{self, Listing};
use crate::marketplace::offer::Offer;
use crate::marketplace::one_at_a_time;
use crate::marketplace::quote::{Quote, Standing};
use crate::marketplace::quoting::{self, ChangeRefusal, QuoteRefusal, Wanted};
use crate::marketplace::{receipt, subscriptions};
use crate::web::form::{FormView, Problems};
use crate::web::shell::{Shell, Tone};
use crate::web::{Form, Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

#[derive(Template)]
#[template(path = "storefront/contract.html")]
struct Contract {
    shell: Shell,
    form: FormView,
    product: String,
    seller: String,
    action: String,
    offer: String,
    quote: String,
    back: String,
    priced: Priced,
    renewal: Consequences,
    buyer: Buyer,
    signed_out: bool,
    in_force: Vec<InForce>,
}

/// Who looks at the form, and so what it can do.
enum Buyer {
    /// Fills the form in; signing in may come first.
    MayFill,
    Viewer(String),
    NoAccount,
}

/// A contract for the same product that could be upgraded instead (MKT-11).
struct InForce {
    href: String,
    agreement: String,
    ends: Moment,
}

/// What a visit to the form is about.
struct Asked {
    listing: Listing,
    offer: Offer,
    change: Option<Quote>,
}

impl Asked {
    /// The listing with its offer in force; for the change of a quote, the offer that is frozen in it.
    async fn load(visit: &Visit, quote: &str) -> Result<Self, WebError> {
        let prodview = visit.id("prodview", Prodview::parse)?;
        if quote.is_empty() {
            let listing = listing::find(visit.db(), &prodview).await?.ok_or(WebError::NotFound)?;
            return Ok(Self { offer: listing.offer(), listing, change: None });
        }
        let (scope, id) = (visit.buyer_scope(Action::Purchase)?, QuoteId::parse(quote).ok_or(WebError::NotFound)?);
        let review = receipt::review(visit.db(), &scope, &id).await?;
        let review = review.filter(|review| review.listing.prodview == prodview && review.agreement.is_none()).ok_or(WebError::NotFound)?;
        Ok(Self { listing: review.listing, offer: review.offer, change: Some(review.quote) })
    }
}

/// `GET /marketplace/pp/{prodview}/contract`
pub async fn show(visit: Visit) -> Result<HttpResponse, WebError> {
    let asked = Asked::load(&visit, visit.query("quote")).await?;
    if let Some(quote) = asked.change.as_ref().filter(|quote| quote.standing(visit.now()) != Standing::Open) {
        return Ok(visit.see_other(&paths::quote(quote.id.as_str())));
    }
    let form = contract_form::begin(&visit, &asked.offer, asked.change.as_ref());
    page(&visit, asked, form, StatusCode::OK).await
}

/// `POST /marketplace/pp/{prodview}/contract`
pub async fn create(visit: Visit, form: Form) -> Result<HttpResponse, WebError> {
    let asked = Asked::load(&visit, form.text("quote")).await?;
    if form.text("act") == "total" {
        return total(&visit, asked, &form).await;
    }
    if visit.actor().is_none() {
        let next = again(&asked, &form);
        return Ok(visit.see_other(&paths::with_query(&paths::sign_in(), &[("next", &next)])));
    }
    let scope = visit.buyer_scope(Action::Purchase)?;
    let mut problems = Problems::new();
    let Some(wanted) = contract_form::read(&form, &asked.offer, &mut problems) else {
        return page(&visit, asked, FormView::with(&form, problems), StatusCode::UNPROCESSABLE_ENTITY).await;
    };
    match &asked.change {
        None => new_quote(&visit, &scope, asked, &form, &wanted).await,
        Some(quote) => changed_quote(&visit, &scope, quote.id.clone(), asked, &form, &wanted).await,
    }
}

/// *Update total*: the same form with the total of the number typed; nothing else is judged yet.
async fn total(visit: &Visit, asked: Asked, form: &Form) -> Result<HttpResponse, WebError> {
    match asked.offer.read_credits(form.text("credits")) {
        Ok(_) => Ok(visit.see_other(&format!("{}#f-credits", again(&asked, form)))),
        Err(unfit) => {
            let mut problems = Problems::new();
            problems.push("credits", asked.offer.limits().problem(unfit, "credits"));
            page(visit, asked, FormView::with(form, problems), StatusCode::UNPROCESSABLE_ENTITY).await
        }
    }
}

/// The form's address with what was typed.
fn again(asked: &Asked, form: &Form) -> String {
    let carried = contract_form::carried(form);
    let mut pairs: Vec<(&str, &str)> = carried.iter().map(|(name, value)| (*name, value.as_str())).collect();
    pairs.push(("quote", asked.change.as_ref().map_or("", |quote| quote.id.as_str())));
    paths::with_query(&paths::contract(asked.listing.prodview.as_str()), &pairs)
}

async fn new_quote(visit: &Visit, scope: &BuyerScope, asked: Asked, form: &Form, wanted: &Wanted) -> Result<HttpResponse, WebError> {
    let seen = OfferId::parse(form.text("offer")).unwrap_or_else(|| asked.offer.id.clone());
    let made = quoting::create(visit.db(), scope, &visit.who(ActingAs::Buyer), &asked.listing.prodview, &seen, wanted).await;
    let words = match made.refusal()? {
        Ok(quote) => return Ok(visit.see_other(&paths::quote(quote.as_str()))),
        Err(QuoteRefusal::NotFound) => return Err(WebError::NotFound),
        Err(QuoteRefusal::OutOfRange(out_of_range)) => asked.offer.limits().problem(out_of_range.into(), "credits"),
        Err(QuoteRefusal::OneAtATime) => one_at_a_time::WORDS.to_owned(),
        Err(QuoteRefusal::OfferChanged) => {
            format!(
                "The price changed while this page was open: it is {} a credit now. Check the total and create the contract again",
                asked.offer.price()
            )
        }
    };
    let mut problems = Problems::new();
    problems.push("credits", words);
    page(visit, asked, FormView::with(form, problems), StatusCode::UNPROCESSABLE_ENTITY).await
}

async fn changed_quote(
    visit: &Visit,
    scope: &BuyerScope,
    quote: QuoteId,
    asked: Asked,
    form: &Form,
    wanted: &Wanted,
) -> Result<HttpResponse, WebError> {
    let changed = quoting::change(visit.db(), scope, &visit.who(ActingAs::Buyer), &quote, wanted).await;
    match changed.refusal()? {
        Ok(quote) => Ok(visit.see_other(&paths::quote(quote.as_str()))),
        Err(ChangeRefusal::NotFound) => Err(WebError::NotFound),
        Err(ChangeRefusal::OutOfRange(out_of_range)) => {
            let mut problems = Problems::new();
            problems.push("credits", asked.offer.limits().problem(out_of_range.into(), "credits"));
            page(visit, asked, FormView::with(form, problems), StatusCode::UNPROCESSABLE_ENTITY).await
        }
        Err(ChangeRefusal::Closed(_) | ChangeRefusal::PaymentUnderWay | ChangeRefusal::Upgrade(_)) => {
            visit.flash(
                Tone::Warning,
                "Nothing was changed",
                "The contract details can no longer be changed. This page shows how they stand.",
            );
            Ok(visit.see_other(&paths::quote(quote.as_str())))
        }
    }
}

async fn page(visit: &Visit, asked: Asked, form: FormView, status: StatusCode) -> Result<HttpResponse, WebError> {
    let prodview = asked.listing.prodview.as_str();
    let shell = visit.shell("Configure your Software Contract");
    let shell = shell.with_crumbs(&[("Products", paths::marketplace()), (&asked.listing.name, paths::listing(prodview))]);
    let quote = asked.change.as_ref().map_or("", |quote| quote.id.as_str());
    let view = Contract {
        shell: if form.has_errors() { shell.with_errors() } else { shell },
        action: paths::contract(prodview),
        offer: asked.offer.id.to_string(),
        quote: quote.to_owned(),
        back: if quote.is_empty() { paths::listing(prodview) } else { paths::quote(quote) },
        priced: Priced::new(&asked.offer, &form),
        renewal: Consequences::if_paid_now(&asked.offer, visit)?,
        buyer: buyer(visit),
        signed_out: visit.actor().is_none(),
        in_force: in_force(visit, &asked).await?,
        product: asked.listing.name,
        seller: asked.listing.seller_name,
        form,
    };
    visit.page(status, &view)
}

fn buyer(visit: &Visit) -> Buyer {
    let Some(actor) = visit.actor() else { return Buyer::MayFill };
    match allows(actor, Action::Purchase) {
        Ok(()) => Buyer::MayFill,
        Err(Refused::NeedsRole(_)) => Buyer::Viewer(actor.seat().map(|seat| seat.name.clone()).unwrap_or_default()),
        Err(Refused::NoPart | Refused::Locked { .. } | Refused::Closed { .. }) => Buyer::NoAccount,
    }
}

/// Contracts in force for the same product, unless a quote is being changed (MKT-11).
async fn in_force(visit: &Visit, asked: &Asked) -> Result<Vec<InForce>, WebError> {
    let scope = visit.buyer_scope(Action::SeePurchases).ok().filter(|_| asked.change.is_none());
    let Some(scope) = scope else { return Ok(Vec::new()) };
    let agreements = subscriptions::in_force(visit.db(), &scope, &asked.listing.id, visit.now()).await?;
    let tab = if asked.offer.is_metered() { "" } else { "upgrade" };
    let link = |agreement: crate::marketplace::agreement::Agreement| InForce {
        href: paths::with_query(&paths::subscription(agreement.id.as_str()), &[("tab", tab)]),
        agreement: agreement.id.to_string(),
        ends: Moment::date(agreement.ends_at, visit.zone()),
    };
    Ok(agreements.into_iter().map(link).collect())
}
