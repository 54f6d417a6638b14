//! The calculator (CRD-8): units and years in, credits out. The whole estimate stands in the address, so it can be kept,
//! shared and printed; nothing here changes anything, for anybody.

use super::estimate_view::{EstimateView, VerdictView, explain, named, with_estimate};
use crate::access::{Action, BusinessScope, allows};
use crate::credits::estimate::{Estimate, Wrong, edition_field, field};
use crate::credits::in_use;
use crate::credits::pool;
use crate::credits::solutions::{Basis, Feature, FeatureKey, Solution, Solutions};
use crate::web::export::{Cell, CsvFile};
use crate::web::form::{FormView, Problems};
use crate::web::route::{Access, Entry, get};
use crate::web::shell::{Crumb, Shell};
use crate::web::{Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web;
use askama::Template;

/// The calculator's lines of the route table.
pub fn routes() -> Vec<Entry> {
    vec![
        get(paths::CALCULATOR, Access::May(Action::SeeLicenses), || web::to(show)),
        get(paths::CALCULATOR_CSV, Access::May(Action::SeeLicenses), || web::to(csv)),
    ]
}

/// A field for the units of a feature.
struct UnitsField {
    name: String,
    label: String,
    hint: String,
    unit: String,
    /// Fields by the features used, where it has editions.
    editions: Vec<EditionField>,
    editions_open: bool,
}

struct EditionField {
    name: String,
    label: String,
}

struct SolutionFields {
    key: String,
    name: String,
    fields: Vec<UnitsField>,
    /// Features that need nothing, or whose rate is not published.
    without: Vec<String>,
}

struct ResultView {
    estimate: EstimateView,
    verdict: VerdictView,
    csv: String,
    /// None for people who may not keep one.
    keep: Option<String>,
}

#[derive(Template)]
#[template(path = "console/calculator.html")]
struct Calculator {
    shell: Shell,
    form: FormView,
    action: String,
    /// None where nothing is in use.
    from_use: Option<String>,
    solutions: Vec<SolutionFields>,
    result: Option<ResultView>,
    scenarios: String,
    planner: String,
}

/// `GET /console/credits/calculator?years=&against=&{solution}_{feature}=`.
pub async fn show(visit: Visit) -> Result<HttpResponse, WebError> {
    let scope = visit.business_scope(Action::SeeLicenses)?;
    let pairs = visit.query_pairs();
    match Estimate::read(&pairs, &visit.portal().solutions) {
        Err(wrong) => page(&visit, scope, FormView::of_query(pairs, problems(wrong)), None).await,
        // One address for one estimate: without the empty fields that a form sends along.
        Ok(estimate) if !pairs.is_empty() && pairs != estimate.pairs() => {
            Ok(visit.see_other(&with_estimate(&paths::calculator(), &estimate)))
        }
        Ok(estimate) => {
            let form = FormView::of_query(estimate.pairs(), Problems::new()).set("against", estimate.against.as_str());
            page(&visit, scope, form, (!estimate.is_empty()).then_some(estimate)).await
        }
    }
}

fn problems(wrong: Vec<Wrong>) -> Problems {
    let mut problems = Problems::new();
    for wrong in wrong {
        problems.push(&wrong.field, wrong.words);
    }
    problems
}

async fn page(visit: &Visit, scope: BusinessScope, form: FormView, estimate: Option<Estimate>) -> Result<HttpResponse, WebError> {
    let solutions = &visit.portal().solutions;
    let shell = crumbed(visit, "Credit calculator");
    let status = if form.has_errors() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let result = match estimate {
        Some(estimate) => Some(result(visit, scope, &estimate).await?),
        None => None,
    };
    let page = Calculator {
        shell: if form.has_errors() { shell.with_errors() } else { shell },
        action: paths::calculator(),
        from_use: from_use(visit, scope).await?,
        solutions: solutions.all().iter().map(|solution| fields(solution, solutions, &form)).collect(),
        form,
        result,
        scenarios: paths::scenarios(),
        planner: paths::planner(),
    };
    visit.page(status, &page)
}

/// A page below Credits & Billing.
pub(super) fn crumbed(visit: &Visit, title: &str) -> Shell {
    let crumbs = vec![Crumb { label: "Credits & Billing".to_owned(), href: paths::credits() }];
    Shell { crumbs, ..visit.shell(title) }
}

async fn result(visit: &Visit, scope: BusinessScope, estimate: &Estimate) -> Result<ResultView, WebError> {
    let solutions = &visit.portal().solutions;
    let outcome = estimate.outcome(solutions);
    let may_keep = allows(visit.require_actor()?, Action::Allocate).is_ok();
    Ok(ResultView {
        estimate: EstimateView::new(estimate, &outcome, solutions),
        verdict: VerdictView::read(visit, scope, estimate, &outcome).await?,
        csv: with_estimate(&paths::calculator_csv(), estimate),
        keep: may_keep.then(|| with_estimate(&paths::scenario_new(), estimate)),
    })
}

/// The address of an estimate of what is in use now; features that cannot be estimated are left out of it.
async fn from_use(visit: &Visit, scope: BusinessScope) -> Result<Option<String>, WebError> {
    let known = |key: &str| {
        let (_, feature) = visit.portal().solutions.find(key)?;
        feature.is_allocatable().then(|| FeatureKey::parse(key))?
    };
    let in_use = in_use::read(visit.db(), scope).await?;
    let units = in_use.into_iter().filter_map(|used| Some((known(&used.feature)?, used.units))).collect();
    let estimate = Estimate::of_use(units);
    Ok((!estimate.is_empty()).then(|| with_estimate(&paths::calculator(), &estimate)))
}

fn fields(solution: &Solution, solutions: &Solutions, form: &FormView) -> SolutionFields {
    let without = |feature: &&Feature| !feature.is_allocatable();
    let reason = |feature: &Feature| match feature.basis {
        Basis::NotCounted => format!("{}: nothing is counted, 0 credits", feature.name),
        _ => format!("{}: contact us for its rate", feature.name),
    };
    SolutionFields {
        key: solution.key.clone(),
        name: solution.name.clone(),
        fields: solution
            .features
            .iter()
            .filter(|feature| feature.is_allocatable())
            .map(|feature| units(feature, solutions, form))
            .collect(),
        without: solution.features.iter().filter(without).map(reason).collect(),
    }
}

fn units(feature: &Feature, solutions: &Solutions, form: &FormView) -> UnitsField {
    let edition = |key: &FeatureKey| {
        let (_, edition) = solutions.find(key.as_str())?;
        let label = format!("{}: {} that use {}", feature.name, feature.unit.many, edition.name);
        Some(EditionField { name: edition_field(&feature.key, key), label })
    };
    let editions: Vec<EditionField> = feature.editions.iter().filter_map(edition).collect();
    UnitsField {
        name: field(&feature.key),
        label: feature.name.clone(),
        hint: format!("{}. {}.", feature.rate_in_words(), feature.counted),
        unit: feature.unit.many.clone(),
        editions_open: editions.iter().any(|edition| !form.value(&edition.name).is_empty()),
        editions,
    }
}

/// An address with this visit's query.
pub(super) fn with_typed(visit: &Visit, path: &str) -> String {
    let pairs = visit.query_pairs();
    let typed: Vec<(&str, &str)> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    paths::with_query(path, &typed)
}

/// `GET /console/credits/calculator.csv`: the result by feature, and all together with the balance. An address with
/// problems leads to the page that says them.
pub async fn csv(visit: Visit) -> Result<HttpResponse, WebError> {
    let scope = visit.business_scope(Action::SeeLicenses)?;
    let pairs = visit.query_pairs();
    let solutions = &visit.portal().solutions;
    let Ok(estimate) = Estimate::read(&pairs, solutions) else {
        return Ok(visit.see_other(&with_typed(&visit, &paths::calculator())));
    };
    let read = pool::read(visit.db(), scope, visit.now()).await?;
    write(&estimate, solutions, read)?.download("credit-estimate", visit.now())
}

fn write(estimate: &Estimate, solutions: &Solutions, read: pool::Pool) -> Result<CsvFile, WebError> {
    let outcome = estimate.outcome(solutions);
    let verdict = outcome.beside(read.figures, estimate.against);
    let mut file = CsvFile::new(&[
        "Solution",
        "Feature",
        "Units",
        "Credits a year",
        "Years",
        "Credits over the term",
        "How it is counted",
        "Current balance",
        "Remaining balance",
        "As of",
    ])?;
    let years = Cell::Number(estimate.years);
    for line in &outcome.lines {
        let ((solution, feature, _), how) = (named(line, solutions), explain(line, solutions).join("; "));
        let (units, per_year, over_term) = (line.units.total(), line.per_year(), line.over_term);
        file.row(&[
            Cell::Text(&solution),
            Cell::Text(&feature),
            Cell::Number(units),
            Cell::Number(per_year),
            years,
            Cell::Number(over_term),
            Cell::Text(&how),
            Cell::Empty,
            Cell::Empty,
            Cell::Time(read.as_of),
        ])?;
    }
    let (per_year, over_term) = (Cell::Number(outcome.per_year), Cell::Number(outcome.over_term));
    let (current, remaining) = (Cell::Number(verdict.current), Cell::Number(verdict.remaining));
    file.row(&[
        Cell::Text("All together"),
        Cell::Empty,
        Cell::Empty,
        per_year,
        years,
        over_term,
        Cell::Empty,
        current,
        remaining,
        Cell::Time(read.as_of),
    ])?;
    Ok(file)
}
