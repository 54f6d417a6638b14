//! Saves *Modify renewal*: auto renew on or off, and the credits of the next term (REN-3).

use super::renewal_form;
use super::subscription::{self, Tab};
use crate::access::{Action, BuyerScope};
use crate::audit::ActingAs;
use crate::db::SplitRefusal;
use crate::kernel::show;
use crate::marketplace::agreement::Standing;
use crate::marketplace::ids::AgreementId;
use crate::marketplace::offer::Offer;
use crate::marketplace::renewal::{self, Chosen, RenewalRefusal};
use crate::marketplace::subscriptions;
use crate::web::form::{FormView, Problems};
use crate::web::shell::Tone;
use crate::web::{Form, Visit, WebError, paths};
use actix_web::HttpResponse;

/// `POST /marketplace/subscriptions/{agreement}/renewal`
pub async fn change(visit: Visit, form: Form) -> Result<HttpResponse, WebError> {
    let scope = visit.buyer_scope(Action::Purchase)?;
    let id = visit.id("agreement", AgreementId::parse)?;
    let agreement = subscriptions::find(visit.db(), &scope, &id).await?.ok_or(WebError::NotFound)?.agreement;
    let offer = renewal::terms_today(visit.db(), &agreement, visit.now()).await?;
    let mut problems = Problems::new();
    let Some(chosen) = renewal_form::read(&form, &offer, &mut problems) else {
        return again(&visit, &scope, &id, &form, problems).await;
    };
    match renewal::change(visit.db(), &scope, &visit.who(ActingAs::Buyer), &id, chosen).await.refusal()? {
        Ok(_) => said(&visit, chosen),
        Err(RenewalRefusal::NotFound) => return Err(WebError::NotFound),
        Err(RenewalRefusal::NotNow(not_now)) => visit.flash(Tone::Warning, "Nothing was changed", too_late(not_now.0)),
        Err(RenewalRefusal::OutOfRange(_)) => {
            problems.push("next_credits", limits(&offer));
            return again(&visit, &scope, &id, &form, problems).await;
        }
    }
    visit.portal().wake.now();
    Ok(visit.see_other(&paths::with_query(&paths::subscription(id.as_str()), &[("tab", "renewal")])))
}

/// The tab again, with what was typed.
async fn again(visit: &Visit, scope: &BuyerScope, id: &AgreementId, form: &Form, problems: Problems) -> Result<HttpResponse, WebError> {
    subscription::page(visit, scope, id, Tab::Renewal, FormView::with(form, problems)).await
}

fn limits(offer: &Offer) -> String {
    offer.limits().in_words("credits")
}

fn said(visit: &Visit, chosen: Chosen) {
    match chosen {
        Chosen { auto_renew: false, .. } => {
            visit.flash(Tone::Success, "The contract will end", "It will not renew. You can change this until the end date.");
        }
        Chosen { next_credits: None, .. } => {
            visit.flash(
                Tone::Success,
                "The contract will renew",
                "With the credits then in force. You can change this until the end date.",
            );
        }
        Chosen { next_credits: Some(credits), .. } => {
            let text = format!("With {}. You can change this until the end date.", show::count(credits.get(), "credit"));
            visit.flash(Tone::Success, "The contract will renew", &text);
        }
    }
}

/// Why nothing can be changed.
const fn too_late(standing: Standing) -> &'static str {
    match standing {
        Standing::Pending => "The payment of the purchase is pending. The renewal can be changed when it has arrived.",
        Standing::RolledBack => "The purchase was not paid, so there is nothing to renew.",
        Standing::Ended | Standing::Active => "The end date has passed, so it is too late to change what happens then.",
    }
}
