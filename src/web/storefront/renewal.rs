//! Saves *Modify renewal*: auto renew on or off.

use super::subscription::{self, Tab};
use crate::access::Action;
use crate::audit::ActingAs;
use crate::db::SplitRefusal;
use crate::marketplace::ids::AgreementId;
use crate::marketplace::renewal::{self, RenewalRefusal};
use crate::web::form::{FormView, Problems};
use crate::web::shell::Tone;
use crate::web::{Form, Visit, WebError, paths};
use actix_web::HttpResponse;

/// `POST /marketplace/subscriptions/{agreement}/renewal`
pub async fn change(visit: Visit, form: Form) -> Result<HttpResponse, WebError> {
    let scope = visit.buyer_scope(Action::Purchase)?;
    let id = visit.id("agreement", AgreementId::parse)?;
    let on = match form.text("renew") {
        "yes" => true,
        "no" => false,
        _ => {
            let mut problems = Problems::new();
            problems.push("renew", "Choose whether the contract renews: Yes or No");
            return subscription::page(&visit, &scope, &id, Tab::Renewal, FormView::with(&form, problems)).await;
        }
    };
    match renewal::set_auto_renew(visit.db(), &scope, &visit.who(ActingAs::Buyer), &id, on).await.refusal()? {
        Ok(_) if on => visit.flash(Tone::Success, "The contract will renew", "You can change this until the end date."),
        Ok(_) => visit.flash(Tone::Success, "The contract will end", "It will not renew. You can change this until the end date."),
        Err(RenewalRefusal::NotFound) => return Err(WebError::NotFound),
        Err(RenewalRefusal::NotNow(_)) => visit.flash(Tone::Warning, "Nothing was changed", "Only a contract in force can be changed."),
    }
    visit.portal().wake.now();
    Ok(visit.see_other(&paths::with_query(&paths::subscription(id.as_str()), &[("tab", "renewal")])))
}
