//! The billing model of one feature: what changing it would do, and the change (CRD-9). Everything that the preview showed
//! is checked again by the POST.

use super::billing_models::crumbs;
use super::pay_as_you_go::address;
use crate::access::{Action, BusinessScope};
use crate::audit::ActingAs;
use crate::credits::allocated;
use crate::credits::allocation::Changed;
use crate::credits::billing_model::{BillingModel, LastChange, SwitchRefusal, Wish, preview_return, switch};
use crate::credits::pay_as_you_go::{self, ModelOf};
use crate::db::SplitRefusal;
use crate::kernel::show;
use crate::tx;
use crate::web::form::{Form, FormView, Problems};
use crate::web::shell::{Shell, Tone};
use crate::web::{Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

/// `1,200 credits`.
pub(super) fn in_credits(credits: i64) -> String {
    show::count(credits, "credit")
}

#[derive(Template)]
#[template(path = "console/billing_model.html")]
struct Page {
    shell: Shell,
    form: FormView,
    name: String,
    solution: String,
    from: &'static str,
    to: &'static str,
    units: String,
    what: String,
    credits_before: String,
    credits_after: String,
    balance_before: String,
    balance_after: String,
    short: Option<String>,
    explanation: Vec<String>,
    /// Why it cannot change now; the button is left out then.
    blocked: Option<String>,
    to_use: bool,
    word: &'static str,
    seen: String,
    button: String,
    action: String,
    back: String,
}

struct Found<'a> {
    model: ModelOf<'a>,
    has_contract: bool,
}

async fn find(visit: &Visit, scope: BusinessScope) -> Result<Found<'_>, WebError> {
    let key = format!("{}/{}", visit.param("solution"), visit.param("feature"));
    let (contract, models) = pay_as_you_go::read(visit.db(), &visit.portal().solutions, scope).await?;
    let model = models.into_iter().find(|model| model.feature.key.as_str() == key).ok_or(WebError::NotFound)?;
    Ok(Found { model, has_contract: contract.is_some() })
}

/// `GET /console/credits/billing-model/{solution}/{feature}`.
pub async fn show(visit: Visit) -> Result<HttpResponse, WebError> {
    let scope = visit.business_scope(Action::Allocate)?;
    let found = find(&visit, scope).await?;
    page(&visit, scope, &found, FormView::new(), StatusCode::OK).await
}

/// `POST /console/credits/billing-model/{solution}/{feature}`.
pub async fn submit(visit: Visit, form: Form) -> Result<HttpResponse, WebError> {
    let scope = visit.business_scope(Action::Allocate)?;
    let found = find(&visit, scope).await?;
    let Some(to) = BillingModel::parse(form.text("to")) else {
        let mut problems = Problems::new();
        problems.push("", "Choose Annual credits or Pay-as-you-go");
        return page(&visit, scope, &found, FormView::with(&form, problems), StatusCode::UNPROCESSABLE_ENTITY).await;
    };
    let wish = Wish { business: scope.business(), feature: &found.model.feature.key, to, seen: form.text("seen").parse().ok() };
    let (solutions, who) = (&visit.portal().solutions, visit.who(ActingAs::Business));
    match tx!(visit.db(), |tx| { switch(tx, solutions, wish, &who).await }).refusal()? {
        Ok(changed) => {
            let text = format!("{} is on {} now. {}", found.model.feature.name, to.label(), moved(to, changed));
            visit.flash(Tone::Success, "Billing model changed", &text);
            Ok(visit.see_other(&paths::billing_models()))
        }
        Err(refusal) => {
            let mut problems = Problems::new();
            problems.push("", in_words(&visit, &refusal, &found.model.feature.name));
            page(&visit, scope, &found, FormView::with(&form, problems), StatusCode::CONFLICT).await
        }
    }
}

fn moved(to: BillingModel, changed: Changed) -> String {
    match to {
        BillingModel::PayAsYouGo => format!("{} returned to the balance.", in_credits(changed.before)),
        BillingModel::Annual => format!("It reserves {} again.", in_credits(changed.after)),
    }
}

fn in_words(visit: &Visit, refusal: &SwitchRefusal, name: &str) -> String {
    match refusal {
        SwitchRefusal::UnknownFeature => format!("{name} is no longer offered"),
        SwitchRefusal::NotSupported => format!("{name} cannot be charged by use"),
        SwitchRefusal::NoContract => {
            "Your business has no pay-as-you-go contract that runs. Every feature is charged from annual credits".to_owned()
        }
        SwitchRefusal::Already => "The feature has this billing model already. Somebody may have changed it just now".to_owned(),
        SwitchRefusal::TooSoon { until } => {
            format!(
                "A feature may change its billing model once in 30 days. {name} may change again from {}",
                show::date_time(*until, visit.zone())
            )
        }
        SwitchRefusal::ChangedMeanwhile => {
            "The figures of this feature changed since you looked. Look at the figures below and try again".to_owned()
        }
    }
}

/// Why it cannot change now, before anybody presses anything.
fn blocked(visit: &Visit, found: &Found<'_>) -> Option<SwitchRefusal> {
    let until = found.model.last.as_ref().and_then(LastChange::next_at).filter(|until| visit.now() < *until);
    if !found.has_contract {
        Some(SwitchRefusal::NoContract)
    } else if found.model.model == BillingModel::Annual && !found.model.feature.can_be_metered() {
        Some(SwitchRefusal::NotSupported)
    } else {
        until.map(|until| SwitchRefusal::TooSoon { until })
    }
}

/// Units, credits and how they come about after a change.
async fn after(visit: &Visit, scope: BusinessScope, found: &Found<'_>) -> Result<(i64, i64, Vec<String>), WebError> {
    let (model, solutions) = (&found.model, &visit.portal().solutions);
    if model.model == BillingModel::Annual {
        return Ok((model.units, 0, Vec::new()));
    }
    let mut snapshot = visit.db().snapshot().await?;
    let (units, charge) = preview_return(&mut snapshot, solutions, scope.business(), &model.feature.key).await?;
    snapshot.rollback().await?;
    Ok((units.total(), charge.credits.get(), charge.explain(solutions, model.feature)))
}

async fn page(
    visit: &Visit,
    scope: BusinessScope,
    found: &Found<'_>,
    form: FormView,
    status: StatusCode,
) -> Result<HttpResponse, WebError> {
    let (model, feature) = (&found.model, found.model.feature);
    let balance = allocated::read(visit.db(), scope.business(), visit.now()).await?.figures.balance();
    let (units, credits_after, explanation) = after(visit, scope, found).await?;
    let balance_after = balance + model.credits - credits_after;
    let to_use = model.model == BillingModel::Annual;
    let mut shell = visit.shell(&format!("Billing model of {}", feature.name));
    shell.crumbs = crumbs(true);
    let page = Page {
        shell: if form.has_errors() { shell.with_errors() } else { shell },
        name: feature.name.clone(),
        solution: model.solution.name.clone(),
        from: model.model.label(),
        to: model.model.other().label(),
        units: feature.unit.count(units),
        what: match (to_use, credits_after) {
            (true, _) => {
                format!("{} return to the balance at once. What services report from then on is metered.", in_credits(model.credits))
            }
            (false, 0) => "Metering ends. No credits are reserved: nothing was reported, or the rate for a year is on request.".to_owned(),
            (false, taken) => format!("Metering ends, and the units that were last reported reserve {} again.", in_credits(taken)),
        },
        credits_before: show::group(model.credits),
        credits_after: show::group(credits_after),
        balance_before: show::group(balance),
        balance_after: show::group(balance_after),
        short: (balance_after < 0).then(|| in_credits(-balance_after)),
        explanation,
        blocked: blocked(visit, found).map(|refusal| in_words(visit, &refusal, &feature.name)),
        to_use,
        word: model.model.other().as_str(),
        seen: model.number.to_string(),
        button: if to_use { "Change to pay-as-you-go".to_owned() } else { "Change to annual credits".to_owned() },
        action: paths::billing_model(feature.key.solution(), feature.key.feature()),
        back: if found.has_contract { paths::billing_models() } else { address() },
        form,
    };
    visit.page(status, &page)
}
