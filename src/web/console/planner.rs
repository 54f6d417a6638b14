//! The planner (CRD-10): what if a license is not renewed, credits are added, a feature grows. Every assumption stands in
//! the address and goes by a link; nothing here changes anything, for anybody.

use super::calculator::{crumbed, with_typed};
use super::credits::Instant;
use super::planner_address::{Asked, address};
use super::planner_form::{self, Sent};
use super::planner_view::{self as view, AssumptionRow, ContractRow, Outlook, StepRow, Words};
use crate::access::{Action, BusinessScope};
use crate::credits::baseline;
use crate::credits::planner::{Baseline, Plan, Window};
use crate::credits::solutions::Solutions;
use crate::kernel::show;
use crate::web::chart::StepChart;
use crate::web::export::{Cell, CsvFile};
use crate::web::form::{FormView, Problems};
use crate::web::route::{Access, Entry, get};
use crate::web::shell::Shell;
use crate::web::{Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web;
use askama::Template;

/// The planner's lines of the route table.
pub fn routes() -> Vec<Entry> {
    vec![
        get(paths::PLANNER, Access::May(Action::SeeLicenses), || web::to(show)),
        get(paths::PLANNER_CSV, Access::May(Action::SeeLicenses), || web::to(csv)),
    ]
}

struct WindowLink {
    label: String,
    href: String,
    current: bool,
}

#[derive(Template)]
#[template(path = "console/planner.html")]
struct Planner {
    shell: Shell,
    form: FormView,
    action: String,
    as_of: Instant,
    windows: Vec<WindowLink>,
    /// Sent along by the forms.
    months: &'static str,
    words: Vec<String>,
    assumptions: Vec<AssumptionRow>,
    clear: String,
    outlook: Outlook,
    chart: StepChart,
    valid_then: String,
    allocated_then: String,
    steps: Vec<StepRow>,
    cut: Option<String>,
    contracts: Vec<ContractRow>,
    contracts_cut: Option<String>,
    ends: Vec<(String, String)>,
    features: Vec<(String, String)>,
    csv: String,
    calculator: String,
    marketplace: String,
    subscriptions: String,
}

/// `GET /console/credits/planner?months=&a=…`, and with `add=` one more assumption that was typed.
pub async fn show(visit: Visit) -> Result<HttpResponse, WebError> {
    let (asked, baseline) = read(&visit).await?;
    let mut problems = Problems::new();
    if asked.unusable > 0 {
        let many = show::count(i64::try_from(asked.unusable).unwrap_or(i64::MAX), "assumption");
        let was = if asked.unusable == 1 { "was" } else { "were" };
        problems
            .push("", format!("{many} of this address {was} left out: your business does not have what is assumed, or the plan is full"));
    }
    if let Some(sent) = Sent::parse(visit.query("add")) {
        match planner_form::read(&visit, sent, &asked, &baseline) {
            Ok(assumption) if problems.is_empty() => return Ok(visit.see_other(&asked.with(assumption))),
            Ok(_) => {}
            Err(typed) => problems.extend(typed),
        }
    }
    page(&visit, &asked, &baseline, FormView::of_query(visit.query_pairs(), problems))
}

/// What the address asks for, and what it begins from.
async fn read(visit: &Visit) -> Result<(Asked, Baseline), WebError> {
    let scope: BusinessScope = visit.business_scope(Action::SeeLicenses)?;
    let baseline = baseline::read(visit.db(), scope, visit.now()).await?;
    Ok((Asked::read(visit, &baseline), baseline))
}

fn page(visit: &Visit, asked: &Asked, baseline: &Baseline, form: FormView) -> Result<HttpResponse, WebError> {
    let (solutions, zone) = (&visit.portal().solutions, visit.zone());
    let plan = Plan::new(baseline, &asked.assumptions, asked.window);
    let words = Words { baseline, assumptions: &asked.assumptions, solutions, zone };
    let (steps, cut) = view::steps(&plan, words);
    let shell = crumbed(visit, "Credit planner");
    let status = if form.has_errors() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let held = baseline.holdings.len();
    let page = Planner {
        shell: if form.has_errors() { shell.with_errors() } else { shell },
        form,
        action: paths::planner(),
        as_of: Instant::full(baseline.as_of, zone),
        windows: windows(asked),
        months: asked.window.as_str(),
        words: asked.words(),
        assumptions: view::assumptions(asked, &plan, words),
        clear: address(&paths::planner(), asked.window, &[]),
        outlook: view::outlook(asked, &plan, zone),
        chart: view::chart(&plan, zone),
        valid_then: show::group(plan.closing().total_valid),
        allocated_then: show::group(plan.closing().allocated),
        steps,
        cut,
        contracts: view::contracts(asked, words),
        contracts_cut: (held > view::CONTRACTS_SHOWN)
            .then(|| format!("The {} of {} that end first.", view::CONTRACTS_SHOWN, show::group_len(held))),
        ends: ends(baseline, words),
        features: features(solutions),
        csv: address(&paths::planner_csv(), asked.window, &asked.assumptions),
        calculator: paths::calculator(),
        marketplace: visit.shop().marketplace.clone(),
        subscriptions: visit.shop().subscriptions.clone(),
    };
    visit.page(status, &page)
}

fn windows(asked: &Asked) -> Vec<WindowLink> {
    let link = |window: &Window| WindowLink {
        label: format!("{} months", window.months()),
        href: asked.with_window(*window),
        current: *window == asked.window,
    };
    Window::ALL.iter().map(link).collect()
}

fn ends(baseline: &Baseline, words: Words<'_>) -> Vec<(String, String)> {
    let own = [("once", "After 12 months"), ("yearly", "Renewed every year")];
    let with = baseline.holdings.iter().take(view::CONTRACTS_SHOWN);
    let with = with.map(|held| {
        let label = format!("With {} ({}), {}", held.product, held.agreement, show::date(held.ends_at, words.zone));
        (held.contract.to_string(), label)
    });
    own.into_iter().map(|(value, label)| (value.to_owned(), label.to_owned())).chain(with).collect()
}

fn features(solutions: &Solutions) -> Vec<(String, String)> {
    let allocatable = solutions.features().filter(|(_, feature)| feature.is_allocatable());
    allocatable.map(|(solution, feature)| (feature.key.to_string(), format!("{}: {}", solution.name, feature.name))).collect()
}

/// `GET /console/credits/planner.csv`: every event of the plan with the figures after it.
pub async fn csv(visit: Visit) -> Result<HttpResponse, WebError> {
    let (asked, baseline) = read(&visit).await?;
    if asked.unusable > 0 {
        // To the page that says what is wrong with the address.
        return Ok(visit.see_other(&with_typed(&visit, &paths::planner())));
    }
    let words = Words { baseline: &baseline, assumptions: &asked.assumptions, solutions: &visit.portal().solutions, zone: visit.zone() };
    write(&Plan::new(&baseline, &asked.assumptions, asked.window), words)?.download("credit-plan", visit.now())
}

fn write(plan: &Plan, words: Words<'_>) -> Result<CsvFile, WebError> {
    let mut file = CsvFile::new(&["At", "What", "Change", "Total valid credits", "Allocated credits", "Balance"])?;
    let mut figures = plan.opening();
    let mut row = |at, what: &str, change, figures: crate::credits::ledger::Figures| {
        let (valid, allocated, balance) = (figures.total_valid, figures.allocated, figures.balance());
        file.row(&[Cell::Time(at), Cell::Text(what), change, Cell::Number(valid), Cell::Number(allocated), Cell::Number(balance)])
    };
    row(plan.from(), "Today", Cell::Empty, figures)?;
    for event in plan.steps().iter().flat_map(|step| &step.events) {
        figures = figures.with(event);
        row(event.at, &words.event(event), Cell::Number(event.credits), figures)?;
    }
    row(plan.to(), "End of the window", Cell::Empty, figures)?;
    Ok(file)
}
