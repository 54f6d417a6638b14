//! Two kept scenarios side by side: what each feature needs in one and the other, and the difference.

use super::calculator::crumbed;
use super::credits::Instant;
use super::estimate_view::named;
use super::scenarios::choices;
use crate::access::{Action, BusinessScope};
use crate::credits::estimate::{Line, Outcome};
use crate::credits::scenarios::{self, Scenario};
use crate::kernel::id::ScenarioId;
use crate::kernel::show;
use crate::web::form::{FormView, Problems};
use crate::web::shell::{Crumb, Shell};
use crate::web::{Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

/// One figure of both, and what the second has more or less.
struct Compared {
    label: String,
    first: String,
    second: String,
    difference: String,
}

impl Compared {
    fn new(label: impl Into<String>, first: i64, second: i64) -> Self {
        Self { label: label.into(), first: show::group(first), second: show::group(second), difference: signed(second - first) }
    }
}

struct Comparison {
    first: (String, String),
    second: (String, String),
    features: Vec<Compared>,
    totals: Vec<Compared>,
    as_of: Instant,
}

#[derive(Template)]
#[template(path = "console/scenario_compare.html")]
struct ScenarioCompare {
    shell: Shell,
    form: FormView,
    action: String,
    choices: Vec<(String, String)>,
    comparison: Option<Comparison>,
    calculator: String,
}

/// `GET /console/credits/compare?a=&b=`.
pub async fn show(visit: Visit) -> Result<HttpResponse, WebError> {
    let scope = visit.business_scope(Action::SeeLicenses)?;
    let chosen = (chosen(&visit, scope, "a").await?, chosen(&visit, scope, "b").await?);
    let form = FormView::of_query(visit.query_pairs(), problems(&visit, &chosen));
    let mut shell = crumbed(&visit, "Compare two scenarios");
    shell.crumbs.push(Crumb { label: "Kept scenarios".to_owned(), href: paths::scenarios() });
    let status = if form.has_errors() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = ScenarioCompare {
        shell: if form.has_errors() { shell.with_errors() } else { shell },
        action: paths::scenario_compare(),
        choices: choices(&scenarios::all(visit.db(), scope).await?),
        comparison: (!form.has_errors()).then(|| chosen.0.as_ref().zip(chosen.1.as_ref())).flatten().map(|pair| compare(&visit, pair)),
        form,
        calculator: paths::calculator(),
    };
    visit.page(status, &page)
}

/// A scenario by its id in the address; one of another business is not found, like one that does not exist (IDN-4).
async fn chosen(visit: &Visit, scope: BusinessScope, name: &str) -> Result<Option<Scenario>, WebError> {
    match visit.query(name) {
        "" => Ok(None),
        id => {
            let id = ScenarioId::parse(id).ok_or(WebError::NotFound)?;
            scenarios::find(visit.db(), scope, id).await?.ok_or(WebError::NotFound).map(Some)
        }
    }
}

/// Nothing is wrong with an address that does not ask yet.
fn problems(visit: &Visit, (first, second): &(Option<Scenario>, Option<Scenario>)) -> Problems {
    let mut problems = Problems::new();
    if visit.query_pairs().is_empty() {
        return problems;
    }
    if first.is_none() {
        problems.push("a", "Choose the first scenario");
    }
    if second.is_none() {
        problems.push("b", "Choose the second scenario");
    }
    if first.as_ref().zip(second.as_ref()).is_some_and(|(first, second)| first.id == second.id) {
        problems.push("b", "Choose another scenario than the first");
    }
    problems
}

fn compare(visit: &Visit, (first, second): (&Scenario, &Scenario)) -> Comparison {
    let solutions = &visit.portal().solutions;
    let estimates = (first.estimate(), second.estimate());
    let outcomes = (estimates.0.outcome(solutions), estimates.1.outcome(solutions));
    let feature = |line: &Line| {
        let (solution, feature, _) = named(line, solutions);
        let of = |outcome: &Outcome| outcome.lines.iter().find(|other| other.key == line.key).map_or(0, Line::per_year);
        Compared::new(format!("{feature} ({solution})"), of(&outcomes.0), of(&outcomes.1))
    };
    let only_in_second = outcomes.1.lines.iter().filter(|line| outcomes.0.lines.iter().all(|other| other.key != line.key));
    Comparison {
        first: (first.name.clone(), paths::scenario(first.id)),
        second: (second.name.clone(), paths::scenario(second.id)),
        features: outcomes.0.lines.iter().chain(only_in_second).map(feature).collect(),
        totals: vec![
            Compared::new("All together, a year", outcomes.0.per_year, outcomes.1.per_year),
            Compared::new("Years", estimates.0.years, estimates.1.years),
            Compared::new("All together, over the years", outcomes.0.over_term, outcomes.1.over_term),
        ],
        as_of: Instant::full(visit.now(), visit.zone()),
    }
}

fn signed(number: i64) -> String {
    if number > 0 { format!("+{}", show::group(number)) } else { show::group(number) }
}
