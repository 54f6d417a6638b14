//! The confirmation of a purchase or an upgrade: reference, what comes next and by when, *Set up your account* (MKT-7,
//! MKT-9). It stays the same for a bookmark, and says how a pending payment ended.

use super::moment::Moment;
use crate::access::{Action, allows};
use crate::kernel::show;
use crate::marketplace::ids::{AgreementId, QuoteId};
use crate::marketplace::payment::PaymentState;
use crate::marketplace::quote::QuoteKind;
use crate::marketplace::receipt::{self, Receipt};
use crate::marketplace::token;
use crate::web::shell::Shell;
use crate::web::{Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

#[derive(Template)]
#[template(path = "storefront/confirmation.html")]
struct Confirmation {
    shell: Shell,
    outcome: Outcome,
    is_upgrade: bool,
    metered: bool,
    may_set_up: bool,
    product: String,
    seller: String,
    agreement: String,
    credits: String,
    facts: Vec<(&'static str, String)>,
    invoice: Option<(String, String)>,
    starts: Moment,
    ends: Moment,
    activated: Option<Moment>,
    deadline: Moment,
    left: String,
    mailed_to: String,
    set_up: String,
    subscription: String,
    buy_again: String,
}

/// How the payment stands.
enum Outcome {
    Paid,
    Pending,
    NotPaid(String),
}

/// `GET /marketplace/agreements/{agreement}/confirmation`
pub async fn show(visit: Visit) -> Result<HttpResponse, WebError> {
    let scope = visit.buyer_scope(Action::SeePurchases)?;
    let agreement = visit.id("agreement", AgreementId::parse)?;
    let upgrade = match visit.query("quote") {
        "" => None,
        quote => Some(QuoteId::parse(quote).ok_or(WebError::NotFound)?),
    };
    let receipt = receipt::find(visit.db(), &scope, &agreement, upgrade.as_ref()).await?.ok_or(WebError::NotFound)?;
    visit.page(StatusCode::OK, &view(&visit, receipt))
}

fn view(visit: &Visit, receipt: Receipt) -> Confirmation {
    let (zone, now, agreement) = (visit.zone(), visit.now(), receipt.agreement.id.as_str());
    let outcome = match &receipt.payment.state {
        PaymentState::SettledDeclined { reason, .. } | PaymentState::Declined { reason, .. } => Outcome::NotPaid(reason.clone()),
        PaymentState::Pending { .. } | PaymentState::Started => Outcome::Pending,
        PaymentState::Approved { .. } | PaymentState::SettledApproved { .. } => Outcome::Paid,
    };
    let is_upgrade = receipt.quote.kind == QuoteKind::Upgrade;
    Confirmation {
        shell: visit.shell(heading(&outcome, is_upgrade)).with_crumbs(&[("Subscriptions", paths::subscriptions())]),
        may_set_up: visit.actor().is_some_and(|actor| allows(actor, Action::Purchase).is_ok()),
        credits: show::count(receipt.quote.credits.get(), "credit"),
        metered: receipt.quote.is_metered(),
        facts: facts(&receipt, &outcome),
        invoice: receipt.invoice.as_ref().map(|number| (number.clone(), paths::invoice(number))),
        starts: Moment::full(receipt.agreement.starts_at, zone),
        ends: Moment::full(receipt.agreement.ends_at, zone),
        activated: receipt.activated_at.map(|at| Moment::full(at, zone)),
        deadline: Moment::clock(now + token::LIFE, zone),
        left: show::duration_left(token::LIFE.num_seconds()),
        set_up: paths::set_up(agreement),
        subscription: paths::subscription(agreement),
        buy_again: paths::contract(receipt.listing.prodview.as_str()),
        agreement: agreement.to_owned(),
        product: receipt.listing.name,
        seller: receipt.listing.seller_name,
        mailed_to: receipt.mailed_to,
        is_upgrade,
        outcome,
    }
}

fn heading(outcome: &Outcome, is_upgrade: bool) -> &'static str {
    match (outcome, is_upgrade) {
        (Outcome::Paid, false) => "Your purchase is complete",
        (Outcome::Paid, true) => "Your credits were added",
        (Outcome::Pending, _) => "Your payment is pending",
        (Outcome::NotPaid(_), _) => "Your payment did not arrive",
    }
}

fn facts(receipt: &Receipt, outcome: &Outcome) -> Vec<(&'static str, String)> {
    let (quote, agreement) = (&receipt.quote, &receipt.agreement);
    let charged = match outcome {
        Outcome::Paid if quote.is_metered() => "Nothing now; what features use is charged afterwards".to_owned(),
        Outcome::Paid => quote.amount.to_string(),
        Outcome::Pending => format!("{}, charged when the payment arrives", quote.amount),
        Outcome::NotPaid(_) => format!("Nothing ({} was not paid)", quote.amount),
    };
    let mut facts = vec![("Product", receipt.listing.name.clone()), ("Seller", receipt.listing.seller_name.clone())];
    if quote.kind == QuoteKind::Upgrade {
        facts.push(("Credits added", show::count(quote.credits.get(), "credit")));
        facts.push(("Credits of the contract now", show::count(agreement.credits.get(), "credit")));
    } else {
        if !quote.is_metered() {
            facts.push(("Number of credits", show::count(quote.credits.get(), "credit")));
        }
        facts.push(("Renewal", if agreement.auto_renew { "Renews by itself at the end" } else { "Ends at the end date" }.to_owned()));
    }
    facts.push(("Charged", charged));
    facts.push(("Payment method", receipt.payment.method.label().to_owned()));
    facts.push(("Purchase order number", quote.purchase_order.clone().unwrap_or_else(|| "None".to_owned())));
    facts.push(("Buyer account", quote.buyer_account_id.clone()));
    facts
}
