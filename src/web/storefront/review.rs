//! *Review and pay*: a quote with every detail once, a Change link for each that the buyer chose, and *Pay now* (MKT-5 to
//! MKT-7). Also how a quote stands that was declined, is still unknown, lapsed or was changed.

use super::moment::{Moment, months};
use crate::access::{Action, allows};
use crate::kernel::show;
use crate::marketplace::buyer;
use crate::marketplace::ids::QuoteId;
use crate::marketplace::payment::PaymentState;
use crate::marketplace::quote::{Quote, QuoteState, Standing};
use crate::marketplace::receipt::{self, Review};
use crate::marketplace::upgrade::Remaining;
use crate::web::shell::Shell;
use crate::web::{Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

#[derive(Template)]
#[template(path = "storefront/review.html")]
struct ReviewPage {
    shell: Shell,
    state: State,
    is_upgrade: bool,
    metered: bool,
    may_pay: bool,
    account: String,
    action: String,
    attempt: i64,
    amount: String,
    button: String,
    choices: Vec<Choice>,
    facts: Vec<(&'static str, String)>,
    lapses: Moment,
    again: String,
}

/// What the page has to say first.
enum State {
    /// Nothing was tried yet.
    Open,
    /// The last attempt was declined.
    Declined(String),
    /// The last attempt has no answer yet.
    Unknown,
    /// Too late.
    Lapsed,
    /// Changed; the one that counts is here.
    Replaced(String),
}

/// Something that the buyer chose.
struct Choice {
    label: &'static str,
    value: String,
    change: String,
}

/// `GET /marketplace/quotes/{quote}`
pub async fn show(visit: Visit) -> Result<HttpResponse, WebError> {
    let scope = visit.buyer_scope(Action::SeePurchases)?;
    let id = visit.id("quote", QuoteId::parse)?;
    let review = receipt::review(visit.db(), &scope, &id).await?.ok_or(WebError::NotFound)?;
    if let QuoteState::Accepted { .. } = review.quote.state {
        let agreement = receipt::find_agreement(visit.db(), &scope, &review.quote).await?.ok_or(WebError::NotFound)?;
        return Ok(visit.see_other(&receipt_address(agreement.as_str(), &review)));
    }
    let account = buyer::get(visit.db(), &scope).await?;
    let view = view(&visit, review, account);
    visit.page(StatusCode::OK, &view)
}

/// The confirmation of a purchase, or of this upgrade.
fn receipt_address(agreement: &str, review: &Review) -> String {
    let quote = review.agreement.as_ref().map_or("", |_| review.quote.id.as_str());
    paths::with_query(&paths::confirmation(agreement), &[("quote", quote)])
}

fn view(visit: &Visit, review: Review, account: buyer::BuyerAccount) -> ReviewPage {
    let quote = &review.quote;
    let state = state(visit, &review);
    let heading = match &state {
        State::Open | State::Declined(_) | State::Unknown => "Review and pay",
        State::Lapsed => "This quote has lapsed",
        State::Replaced(_) => "This quote was changed",
    };
    let act = if matches!(state, State::Unknown) { "Check the payment again" } else { "Pay now" };
    ReviewPage {
        shell: visit.shell(heading).with_crumbs(&crumbs(&review)),
        is_upgrade: review.agreement.is_some(),
        metered: quote.is_metered(),
        may_pay: visit.actor().is_some_and(|actor| allows(actor, Action::Purchase).is_ok()),
        action: paths::quote_pay(quote.id.as_str()),
        attempt: review.attempt,
        amount: quote.amount.to_string(),
        button: format!("{act}: {}", quote.amount),
        choices: choices(visit, &review),
        facts: facts(visit, &review, &account),
        lapses: Moment::full(quote.lapses_at, visit.zone()),
        again: again(&review),
        account: account.name,
        state,
    }
}

fn state(visit: &Visit, review: &Review) -> State {
    match (review.payments.last().map(|payment| &payment.state), &review.quote.state) {
        (_, QuoteState::Replaced { by }) => State::Replaced(paths::quote(by.as_str())),
        (Some(PaymentState::Started), _) => State::Unknown,
        _ if review.quote.standing(visit.now()) == Standing::Lapsed => State::Lapsed,
        (Some(PaymentState::Declined { reason, .. }), _) => State::Declined(reason.clone()),
        _ => State::Open,
    }
}

fn crumbs(review: &Review) -> [(&str, String); 2] {
    match &review.agreement {
        Some(agreement) => [("Subscriptions", paths::subscriptions()), (&review.listing.name, paths::subscription(agreement.id.as_str()))],
        None => [("Products", paths::marketplace()), (&review.listing.name, paths::listing(review.listing.prodview.as_str()))],
    }
}

/// Where the form of these choices stands.
fn form_address(review: &Review, pairs: &[(&str, &str)], field: &str) -> String {
    let path = match &review.agreement {
        Some(agreement) => paths::with_query(&paths::subscription(agreement.id.as_str()), &[&[("tab", "upgrade")], pairs].concat()),
        None => paths::with_query(&paths::contract(review.listing.prodview.as_str()), pairs),
    };
    if field.is_empty() { path } else { format!("{path}#f-{field}") }
}

/// The same choices in a fresh form, for a quote that lapsed.
fn again(review: &Review) -> String {
    let (quote, credits) = (&review.quote, show::group(review.quote.credits.get()));
    let renew = if quote.auto_renew { "yes" } else { "no" };
    let purchase_order = quote.purchase_order.as_deref().unwrap_or_default();
    form_address(review, &[("credits", &credits), ("renew", renew), ("purchase_order", purchase_order)], "")
}

fn choices(visit: &Visit, review: &Review) -> Vec<Choice> {
    let quote = &review.quote;
    let change = |field: &str| form_address(review, &[("quote", quote.id.as_str())], field);
    let number = if review.agreement.is_some() { "Credits to add" } else { "Number of credits" };
    let mut choices = Vec::new();
    if !quote.is_metered() {
        choices.push(Choice { label: number, value: show::count(quote.credits.get(), "credit"), change: change("credits") });
    }
    if review.agreement.is_none() {
        let end = review.offer.first_term(visit.now()).map(|term| Moment::full(term.ends_at(), visit.zone()).text).unwrap_or_default();
        let renewal =
            if quote.auto_renew { format!("Yes, renews on {end} if you pay now") } else { format!("No, ends on {end} if you pay now") };
        choices.push(Choice { label: "Renewal Settings", value: renewal, change: change("renew") });
    }
    let purchase_order = quote.purchase_order.clone().unwrap_or_else(|| "None".to_owned());
    choices.push(Choice { label: "Purchase order number", value: purchase_order, change: change("purchase_order") });
    choices
}

/// What follows from the choices and from the account: nothing of it can be chosen here.
fn facts(visit: &Visit, review: &Review, account: &buyer::BuyerAccount) -> Vec<(&'static str, String)> {
    let quote = &review.quote;
    let mut facts = vec![("Product", review.listing.name.clone()), ("Seller", review.listing.seller_name.clone())];
    facts.push(("Price", price(quote)));
    match &review.agreement {
        Some(agreement) => {
            let left = Remaining::of(agreement, quote.created_at);
            facts.push(("Charged for", format!("{} of the contract’s {}", days(left.seconds), days(left.of_seconds))));
            facts.push(("Agreement", agreement.id.to_string()));
            facts.push(("Credits expire", Moment::full(agreement.ends_at, visit.zone()).text));
        }
        None => facts.push(("Start", "When you pay".to_owned())),
    }
    facts.push(("Payment method", account.payment_method.label().to_owned()));
    facts.push(("Buyer account", format!("{}, {}", account.name, account.id)));
    facts.push(("Billing address", account.billing_address.lines().collect::<Vec<_>>().join(", ")));
    facts
}

fn price(quote: &Quote) -> String {
    if quote.is_metered() {
        return format!("Nothing now; for {} what features use is charged afterwards", months(quote.duration_months));
    }
    format!("{} a credit for {}", quote.price, months(quote.duration_months))
}

/// A stretch of time in days and hours, rounded down; the amount itself is computed by the second.
fn days(seconds: i64) -> String {
    show::duration_left(seconds)
}
