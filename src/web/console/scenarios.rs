//! Kept scenarios: a list by name, with what each needs a year, and the choice of two to compare.

use super::calculator::crumbed;
use super::credits::Instant;
use super::{scenario, scenario_compare, scenario_new};
use crate::access::Action;
use crate::credits::scenarios::{self, Scenario};
use crate::kernel::page::{Cursor, PageSize};
use crate::kernel::show;
use crate::web::form::FormView;
use crate::web::route::{Access, Entry, get, post};
use crate::web::shell::Shell;
use crate::web::{Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web;
use askama::Template;

/// The scenarios' lines of the route table.
pub fn routes() -> Vec<Entry> {
    let (see, manage) = (Access::May(Action::SeeLicenses), Access::May(Action::Allocate));
    vec![
        get(paths::SCENARIOS, see, || web::to(list)),
        get(paths::SCENARIO_COMPARE, see, || web::to(scenario_compare::show)),
        get(paths::SCENARIO_NEW, manage, || web::to(scenario_new::show)),
        post(paths::SCENARIO_NEW, manage, || web::to(scenario_new::submit)),
        get(paths::SCENARIO, see, || web::to(scenario::show)),
        post(paths::SCENARIO, manage, || web::to(scenario::rename)),
        post(paths::SCENARIO_REMOVE, manage, || web::to(scenario::remove)),
    ]
}

struct Row {
    href: String,
    name: String,
    about: String,
    years: String,
    per_year: String,
    changed: Instant,
    changed_by: String,
}

#[derive(Template)]
#[template(path = "console/scenarios.html")]
struct Scenarios {
    shell: Shell,
    form: FormView,
    rows: Vec<Row>,
    count: String,
    first: String,
    next: String,
    calculator: String,
    compare: String,
    /// What can be compared; empty with fewer than two.
    choices: Vec<(String, String)>,
}

/// `GET /console/credits/scenarios?after=`.
pub async fn list(visit: Visit) -> Result<HttpResponse, WebError> {
    let scope = visit.business_scope(Action::SeeLicenses)?;
    let after = Cursor::parse(visit.query("after"));
    let paged = scenarios::list(visit.db(), scope, after.as_ref(), PageSize::default()).await?;
    let choices = choices(&scenarios::all(visit.db(), scope).await?);
    let total = paged.total.unwrap_or_default();
    let page = Scenarios {
        shell: crumbed(&visit, "Kept scenarios"),
        form: FormView::new(),
        count: format!("Showing {} of {}", show::group_len(paged.items.len()), show::count(total, "scenario")),
        first: if visit.query("after").is_empty() { String::new() } else { paths::scenarios() },
        next: paged.next.as_ref().map_or_else(String::new, |next| paths::with_query(&paths::scenarios(), &[("after", next)])),
        rows: paged.items.iter().map(|scenario| row(&visit, scenario)).collect(),
        calculator: paths::calculator(),
        compare: paths::scenario_compare(),
        choices: if choices.len() < 2 { Vec::new() } else { choices },
    };
    visit.page(StatusCode::OK, &page)
}

fn row(visit: &Visit, scenario: &Scenario) -> Row {
    let estimate = scenario.estimate();
    Row {
        href: paths::scenario(scenario.id),
        name: scenario.name.clone(),
        about: scenario.about.clone(),
        years: show::group(estimate.years),
        per_year: show::group(estimate.outcome(&visit.portal().solutions).per_year),
        changed: Instant::date(scenario.changed_at, visit.zone()),
        changed_by: scenario.changed_by.clone(),
    }
}

/// Ids and names for a field that chooses one.
pub(super) fn choices(all: &[Scenario]) -> Vec<(String, String)> {
    all.iter().map(|scenario| (scenario.id.to_string(), scenario.name.clone())).collect()
}
