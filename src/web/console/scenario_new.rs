//! Keep an estimate under a name. The estimate comes from the calculator, in the address and then in the form.

use super::calculator::crumbed;
use super::estimate_view::{EstimateView, with_estimate};
use crate::access::Action;
use crate::audit::ActingAs;
use crate::credits::estimate::Estimate;
use crate::credits::scenarios::{self, ABOUT_MAX, MOST, NAME_MAX, ScenarioRefusal, Words};
use crate::db::SplitRefusal;
use crate::kernel::text::{self, TextError};
use crate::web::form::{Form, FormView, Problems};
use crate::web::shell::{Crumb, Shell, Tone};
use crate::web::{Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

#[derive(Template)]
#[template(path = "console/scenario_new.html")]
struct ScenarioNew {
    shell: Shell,
    form: FormView,
    action: String,
    back: String,
    typed: String,
    estimate: EstimateView,
}

/// `GET /console/credits/new-scenario?{estimate}`.
pub async fn show(visit: Visit) -> Result<HttpResponse, WebError> {
    visit.business_scope(Action::Allocate)?;
    match Estimate::read(&visit.query_pairs(), &visit.portal().solutions) {
        Ok(estimate) if !estimate.is_empty() => page(&visit, &estimate, FormView::new(), StatusCode::OK),
        _ => Ok(visit.see_other(&paths::calculator())),
    }
}

/// A name and a description as typed, or what is wrong with them.
pub(super) fn words(form: &Form, problems: &mut Problems) -> Option<(String, String)> {
    let name = problems.take("name", text::one_line(form.text("name"), NAME_MAX).map_err(|error| error.in_words("name")));
    let about = match text::multi_line(form.text("about"), ABOUT_MAX) {
        Err(TextError::Empty) => Ok(String::new()),
        other => other.map_err(|error| error.in_words("description")),
    };
    name.zip(problems.take("about", about))
}

/// `POST /console/credits/new-scenario`.
pub async fn submit(visit: Visit, form: Form) -> Result<HttpResponse, WebError> {
    let scope = visit.business_scope(Action::Allocate)?;
    let pairs: Vec<(String, String)> = url::form_urlencoded::parse(form.text("estimate").as_bytes()).into_owned().collect();
    let estimate = Estimate::read(&pairs, &visit.portal().solutions).ok().filter(|estimate| !estimate.is_empty());
    let Some(estimate) = estimate else { return Ok(without_estimate(&visit)) };
    let mut problems = Problems::new();
    let Some((name, about)) = words(&form, &mut problems) else {
        return page(&visit, &estimate, FormView::with(&form, problems), StatusCode::UNPROCESSABLE_ENTITY);
    };
    let words = Words { name: &name, about: &about };
    match scenarios::keep(visit.db(), &visit.who(ActingAs::Business), scope, words, &estimate).await.refusal()? {
        Ok(kept) => {
            visit.flash(Tone::Success, "The scenario was kept", "Everybody in your business who sees credits can open it.");
            Ok(visit.see_other(&paths::scenario(kept)))
        }
        Err(refusal) => {
            note(&mut problems, &refusal);
            page(&visit, &estimate, FormView::with(&form, problems), StatusCode::CONFLICT)
        }
    }
}

/// The solutions changed since the page was made, or the form is none of this page.
fn without_estimate(visit: &Visit) -> HttpResponse {
    visit.flash(Tone::Warning, "There is nothing to keep", "Estimate something first, then keep it.");
    visit.see_other(&paths::calculator())
}

/// Why it is not kept, at the field that can put it right.
pub(super) fn note(problems: &mut Problems, refusal: &ScenarioRefusal) {
    match refusal {
        ScenarioRefusal::NameTaken => problems.push("name", "Your business keeps a scenario of this name already. Choose another name"),
        ScenarioRefusal::TooMany => problems.push("", format!("Your business keeps {MOST} scenarios already. Remove one first")),
        ScenarioRefusal::ChangedMeanwhile { by, name, about, .. } => {
            let about = if about.is_empty() { "without a description".to_owned() } else { format!("described as “{about}”") };
            problems.push("", format!("{by} changed this scenario meanwhile: it is now “{name}”, {about}. Your words are kept below; send them again to replace these"));
        }
        ScenarioRefusal::NotThere => problems.push("", "This scenario was removed meanwhile"),
    }
}

fn page(visit: &Visit, estimate: &Estimate, form: FormView, status: StatusCode) -> Result<HttpResponse, WebError> {
    let mut shell = crumbed(visit, "Keep a scenario");
    shell.crumbs.push(Crumb { label: "Kept scenarios".to_owned(), href: paths::scenarios() });
    let solutions = &visit.portal().solutions;
    let page = ScenarioNew {
        shell: if form.has_errors() { shell.with_errors() } else { shell },
        form,
        action: paths::scenario_new(),
        back: with_estimate(&paths::calculator(), estimate),
        typed: estimate.text(),
        estimate: EstimateView::new(estimate, &estimate.outcome(solutions), solutions),
    };
    visit.page(status, &page)
}
