//! One kept scenario: what it needs beside today's balance; people who may manage licenses rename and remove it.

use super::calculator::crumbed;
use super::credits::Instant;
use super::estimate_view::{EstimateView, VerdictView, with_estimate};
use super::scenario_new::{note, words};
use crate::access::{Action, BusinessScope, allows};
use crate::audit::ActingAs;
use crate::credits::scenarios::{self, Scenario, ScenarioRefusal, Words};
use crate::db::SplitRefusal;
use crate::kernel::id::ScenarioId;
use crate::web::form::{Form, FormView, Problems};
use crate::web::shell::{Crumb, Shell, Tone};
use crate::web::{Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

#[derive(Template)]
#[template(path = "console/scenario.html")]
struct ScenarioPage {
    shell: Shell,
    form: FormView,
    name: String,
    about: String,
    created: Instant,
    created_by: String,
    changed: Instant,
    changed_by: String,
    version: String,
    estimate: EstimateView,
    verdict: VerdictView,
    calculator: String,
    csv: String,
    may_manage: bool,
    action: String,
    remove: String,
    list: String,
}

/// `GET /console/credits/scenarios/{scenario}`.
pub async fn show(visit: Visit) -> Result<HttpResponse, WebError> {
    let (scope, scenario) = load(&visit, Action::SeeLicenses).await?;
    let form = FormView::new().set("name", scenario.name.clone()).set("about", scenario.about.clone());
    page(&visit, scope, &scenario, form, StatusCode::OK).await
}

async fn load(visit: &Visit, action: Action) -> Result<(BusinessScope, Scenario), WebError> {
    let scope = visit.business_scope(action)?;
    let id = visit.id("scenario", ScenarioId::parse)?;
    let scenario = scenarios::find(visit.db(), scope, id).await?.ok_or(WebError::NotFound)?;
    Ok((scope, scenario))
}

/// `POST /console/credits/scenarios/{scenario}`.
pub async fn rename(visit: Visit, form: Form) -> Result<HttpResponse, WebError> {
    let (scope, scenario) = load(&visit, Action::Allocate).await?;
    let mut problems = Problems::new();
    let Some((name, about)) = words(&form, &mut problems) else {
        return page(&visit, scope, &scenario, FormView::with(&form, problems), StatusCode::UNPROCESSABLE_ENTITY).await;
    };
    let words = Words { name: &name, about: &about };
    match scenarios::rename(visit.db(), &visit.who(ActingAs::Business), scope, (scenario.id, seen(&form)), words).await.refusal()? {
        Ok(()) => {
            visit.flash(Tone::Success, "The scenario was changed", "");
            Ok(visit.see_other(&paths::scenario(scenario.id)))
        }
        Err(refusal) => refused(&visit, scope, &form, problems, &refusal).await,
    }
}

/// `POST /console/credits/scenarios/{scenario}/remove`.
pub async fn remove(visit: Visit, form: Form) -> Result<HttpResponse, WebError> {
    let (scope, scenario) = load(&visit, Action::Allocate).await?;
    match scenarios::remove(visit.db(), &visit.who(ActingAs::Business), scope, (scenario.id, seen(&form))).await.refusal()? {
        Ok(name) => {
            visit.flash(Tone::Success, "The scenario was removed", &format!("“{name}” is not kept any more."));
            Ok(visit.see_other(&paths::scenarios()))
        }
        Err(refusal) => refused(&visit, scope, &form, Problems::new(), &refusal).await,
    }
}

/// The version that the page showed; a form without one saw none.
fn seen(form: &Form) -> i64 {
    form.text("version").parse().unwrap_or_default()
}

/// The page again as things are now, with what was typed.
async fn refused(
    visit: &Visit,
    scope: BusinessScope,
    form: &Form,
    mut problems: Problems,
    refusal: &ScenarioRefusal,
) -> Result<HttpResponse, WebError> {
    let (_, scenario) = load(visit, Action::Allocate).await?;
    note(&mut problems, refusal);
    let typed = FormView::with(form, problems);
    // The form that removes has no words of its own.
    let typed =
        if form.text("name").is_empty() { typed.set("name", scenario.name.clone()).set("about", scenario.about.clone()) } else { typed };
    page(visit, scope, &scenario, typed, StatusCode::CONFLICT).await
}

async fn page(
    visit: &Visit,
    scope: BusinessScope,
    scenario: &Scenario,
    form: FormView,
    status: StatusCode,
) -> Result<HttpResponse, WebError> {
    let (solutions, estimate) = (&visit.portal().solutions, scenario.estimate());
    let outcome = estimate.outcome(solutions);
    let mut shell = crumbed(visit, &scenario.name);
    shell.crumbs.push(Crumb { label: "Kept scenarios".to_owned(), href: paths::scenarios() });
    let page = ScenarioPage {
        shell: if form.has_errors() { shell.with_errors() } else { shell },
        form,
        name: scenario.name.clone(),
        about: scenario.about.clone(),
        created: Instant::full(scenario.created_at, visit.zone()),
        created_by: scenario.created_by.clone(),
        changed: Instant::full(scenario.changed_at, visit.zone()),
        changed_by: scenario.changed_by.clone(),
        version: scenario.version.to_string(),
        estimate: EstimateView::new(&estimate, &outcome, solutions),
        verdict: VerdictView::read(visit, scope, &estimate, &outcome).await?,
        calculator: with_estimate(&paths::calculator(), &estimate),
        csv: with_estimate(&paths::calculator_csv(), &estimate),
        may_manage: allows(visit.require_actor()?, Action::Allocate).is_ok(),
        action: paths::scenario(scenario.id),
        remove: paths::scenario_remove(scenario.id),
        list: paths::scenarios(),
    };
    visit.page(status, &page)
}
