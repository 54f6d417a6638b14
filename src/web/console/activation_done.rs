//! *Activation Successful*, at an address of its own, so that reloading it repeats nothing (ACT-8).

use super::credits::Instant;
use super::pay_as_you_go;
use crate::access::Action;
use crate::fulfilment::licenses;
use crate::fulfilment::prepare::find_existing;
use crate::kernel::id::ContractId;
use crate::kernel::show;
use crate::web::shell::{Shell, Tone};
use crate::web::{Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

#[derive(Template)]
#[template(path = "console/activation_done.html")]
struct Done {
    shell: Shell,
    product: String,
    business: String,
    credits: String,
    at: Instant,
    by: String,
    agreement: String,
    license: String,
    licenses: String,
    credits_and_billing: String,
}

/// `GET /console/activation/{contract}/done`.
pub async fn show(visit: Visit) -> Result<HttpResponse, WebError> {
    let scope = visit.business_scope(Action::SeeLicenses)?;
    let contract = visit.id("contract", ContractId::parse)?;
    let existing = find_existing(visit.db(), scope, contract).await?.ok_or(WebError::NotFound)?;
    let items = licenses::list_of_contract(visit.db(), scope, contract).await?;
    let Some(original) = items.into_iter().next() else {
        // A pay-as-you-go contract has no license; what it is stands on its tab.
        visit.flash(Tone::Success, "Activation Successful", &format!("{} was activated for your business.", existing.product_name));
        return Ok(visit.see_other(&pay_as_you_go::address()));
    };
    let business = visit.require_actor()?.membership_in(scope.business()).map(|membership| membership.name.clone());
    let page = Done {
        shell: visit.shell("Activation Successful"),
        product: existing.product_name,
        business: business.unwrap_or_default(),
        credits: show::count(original.credits.get(), "credit"),
        at: Instant::full(existing.activated_at, visit.zone()),
        by: existing.activated_by,
        agreement: original.agreement_id,
        license: paths::license(original.id),
        licenses: paths::licenses(),
        credits_and_billing: paths::credits(),
    };
    visit.page(StatusCode::OK, &page)
}
