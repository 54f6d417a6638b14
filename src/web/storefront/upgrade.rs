//! *Upgrade contract*: makes the quote for more credits, or changes one that is not paid yet, and leads to its review.

use super::contract_form::read_purchase_order;
use super::subscription::{self, Tab};
use super::upgrade_form::{self, UpgradeForm, UpgradeTab};
use crate::access::{Action, BuyerScope};
use crate::audit::ActingAs;
use crate::db::SplitRefusal;
use crate::marketplace::ids::{AgreementId, QuoteId};
use crate::marketplace::offer;
use crate::marketplace::quoting::{self, ChangeRefusal, Wanted};
use crate::marketplace::upgrade::{self, Room, UpgradeRefusal};
use crate::web::form::{FormView, Problems};
use crate::web::shell::Tone;
use crate::web::{Form, Visit, WebError, paths};
use actix_web::HttpResponse;

/// `POST /marketplace/subscriptions/{agreement}/upgrade`
pub async fn create(visit: Visit, form: Form) -> Result<HttpResponse, WebError> {
    let scope = visit.buyer_scope(Action::Purchase)?;
    let id = visit.id("agreement", AgreementId::parse)?;
    let room = match upgrade::room(visit.db(), &scope, &id, visit.now()).await.refusal()? {
        Ok(room) => room,
        Err(refusal) => return nothing_made(&visit, &id, refusal),
    };
    let mut problems = Problems::new();
    let credits = offer::read(room.limits, form.text("credits")).map_err(|unfit| room.limits.problem(unfit, "credits"));
    let credits = problems.take("credits", credits);
    if form.text("act") == "total" && credits.is_some() {
        return Ok(visit.see_other(&again(&id, &form)));
    }
    let purchase_order = problems.take("purchase_order", read_purchase_order(&form));
    let (Some(credits), Some(purchase_order)) = (credits, purchase_order) else {
        return page(&visit, &scope, &room, &form, problems).await;
    };
    let wanted = Wanted { credits, auto_renew: room.agreement.auto_renew, purchase_order };
    match QuoteId::parse(form.text("quote")) {
        None => new_quote(&visit, &scope, &id, wanted).await,
        Some(quote) => changed_quote(&visit, &scope, &id, &quote, &wanted).await,
    }
}

/// The tab's address with what was typed.
fn again(id: &AgreementId, form: &Form) -> String {
    let short = |name: &str| form.text(name).trim().chars().take(300).collect::<String>();
    let (credits, order, quote) = (short("credits"), short("purchase_order"), short("quote"));
    let pairs = [("tab", "upgrade"), ("credits", credits.as_str()), ("purchase_order", order.as_str()), ("quote", quote.as_str())];
    format!("{}#f-credits", paths::with_query(&paths::subscription(id.as_str()), &pairs))
}

async fn new_quote(visit: &Visit, scope: &BuyerScope, id: &AgreementId, wanted: Wanted) -> Result<HttpResponse, WebError> {
    let made = upgrade::create(visit.db(), scope, &visit.who(ActingAs::Buyer), id, wanted.credits, wanted.purchase_order).await;
    match made.refusal()? {
        Ok(quote) => Ok(visit.see_other(&paths::quote(quote.as_str()))),
        Err(refusal) => nothing_made(visit, id, refusal),
    }
}

async fn changed_quote(
    visit: &Visit,
    scope: &BuyerScope,
    id: &AgreementId,
    quote: &QuoteId,
    wanted: &Wanted,
) -> Result<HttpResponse, WebError> {
    // A quote of another agreement is none of this form's.
    upgrade_form::open_quote(visit, scope, id, quote.as_str()).await?;
    let changed = quoting::change(visit.db(), scope, &visit.who(ActingAs::Buyer), quote, wanted).await;
    match changed.refusal()? {
        Ok(quote) => Ok(visit.see_other(&paths::quote(quote.as_str()))),
        Err(ChangeRefusal::NotFound) => Err(WebError::NotFound),
        Err(ChangeRefusal::Upgrade(refusal)) => nothing_made(visit, id, refusal),
        Err(ChangeRefusal::OutOfRange(out_of_range)) => nothing_made(visit, id, out_of_range.into()),
        Err(ChangeRefusal::Closed(_) | ChangeRefusal::PaymentUnderWay) => {
            visit.flash(Tone::Warning, "Nothing was changed", "The upgrade can no longer be changed. This page shows how it stands.");
            Ok(visit.see_other(&paths::quote(quote.as_str())))
        }
    }
}

fn nothing_made(visit: &Visit, id: &AgreementId, refusal: UpgradeRefusal) -> Result<HttpResponse, WebError> {
    visit.flash(Tone::Warning, "Nothing was charged or changed", &upgrade_form::explanation(refusal)?);
    Ok(visit.see_other(&paths::with_query(&paths::subscription(id.as_str()), &[("tab", "upgrade")])))
}

async fn page(visit: &Visit, scope: &BuyerScope, room: &Room, form: &Form, problems: Problems) -> Result<HttpResponse, WebError> {
    let view = FormView::with(form, problems);
    let tab = UpgradeForm::new(visit, room, &view, form.text("quote"));
    subscription::page(visit, scope, &room.agreement.id, Tab::Upgrade(UpgradeTab::Form(Box::new(tab))), view).await
}
