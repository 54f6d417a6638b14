//! The tab Pay-as-you-go of Credits & Billing: the contract, the features that it charges with what they used this month and
//! last, and the same as a file (CRD-9). Nothing on it changes anything.

use super::credits::{Figure, Instant, Tab, TabLink, tabs};
use super::{billing_model, billing_models};
use crate::access::{Action, allows};
use crate::credits::billing_model::BillingModel;
use crate::credits::metering::Month;
use crate::credits::pay_as_you_go::{self, Contract, Metered, ModelOf};
use crate::credits::solutions::{MonthCredits, Unit};
use crate::kernel::clock::Timestamp;
use crate::kernel::show::{self, Zone};
use crate::web::export::{Cell, CsvFile};
use crate::web::route::{Access, Entry, get, post};
use crate::web::shell::Shell;
use crate::web::{Visit, WebError, paths};
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;

/// Months in the file.
const MONTHS: usize = 12;

/// The lines of the route table.
pub(super) fn routes() -> Vec<Entry> {
    let (see, change) = (Access::May(Action::SeeLicenses), Access::May(Action::Allocate));
    vec![
        get(paths::PAY_AS_YOU_GO_CSV, see, || web::to(csv)),
        get(paths::BILLING_MODELS, change, || web::to(billing_models::list)),
        get(paths::BILLING_MODEL, change, || web::to(billing_model::show)),
        post(paths::BILLING_MODEL, change, || web::to(billing_model::submit)),
    ]
}

/// The tab's address.
pub(super) fn address() -> String {
    paths::with_query(&paths::credits(), &[("tab", Tab::PayAsYouGo.word())])
}

/// The contract, ready to print.
pub(super) struct ContractView {
    pub product: String,
    pub seller: String,
    pub agreement: String,
    pub since: Instant,
    pub until: Instant,
    pub at_end: &'static str,
    pub told: Option<Instant>,
}

impl ContractView {
    fn new(contract: Contract, zone: Zone) -> Self {
        Self {
            since: Instant::full(contract.activated_at, zone),
            until: Instant::full(contract.expires_at, zone),
            at_end: if contract.auto_renew { "Renews by itself" } else { "Ends; its features return to annual credits" },
            told: contract.metered_through.map(|at| Instant::full(at, zone)),
            product: contract.product_name,
            seller: contract.seller_name,
            agreement: contract.agreement_id,
        }
    }
}

/// What a feature used in a month.
struct Used {
    name: String,
    key: String,
    now: String,
    hours: Figure,
    months: String,
    cost: String,
}

impl Used {
    fn new(row: &Metered<'_>, month: Month) -> Self {
        let (whole, rest) = (row.unit_hours / month.hours(), row.unit_hours % month.hours());
        Self {
            name: row.feature.map_or_else(|| format!("{} (no longer offered)", row.key), |feature| feature.name.clone()),
            key: row.key.clone(),
            now: row.feature.map_or_else(|| show::count(row.now, "unit"), |feature| begun(row.now, &feature.unit)),
            hours: Figure::of(row.unit_hours),
            months: format!("{} and {}", show::count(whole, "unit-month"), show::count(rest, "unit-hour")),
            cost: cost(row, month).map_or_else(|| "Rate on request".to_owned(), |cost| format!("{cost} credits")),
        }
    }
}

/// `5 buckets`, `7 × 500,000 scans`.
fn begun(units: i64, unit: &Unit) -> String {
    if unit.size == 1 { unit.count(units) } else { format!("{} × {}", show::group(units), unit.each()) }
}

fn cost(row: &Metered<'_>, month: Month) -> Option<MonthCredits> {
    month.cost(row.feature?.month?, row.unit_hours)
}

/// A month with every feature that was metered in it or may be.
struct MonthView {
    id: String,
    title: String,
    rows: Vec<Used>,
}

impl MonthView {
    fn new(month: Month, title: &str, rows: &[Metered<'_>]) -> Self {
        Self {
            id: format!("month-{}", month.word()),
            title: format!("{title}: {}", month.in_words()),
            rows: rows.iter().map(|row| Used::new(row, month)).collect(),
        }
    }
}

#[derive(Template)]
#[template(path = "console/credits_pay_as_you_go.html")]
struct PayAsYouGo {
    shell: Shell,
    tabs: Vec<TabLink>,
    contract: Option<ContractView>,
    on_use: Vec<(String, String)>,
    months: Vec<MonthView>,
    was_metered: bool,
    may_change: bool,
    supported: Vec<String>,
    marketplace: String,
    models: String,
    csv: String,
}

/// The tab.
pub(super) async fn show(visit: &Visit, shell: Shell) -> Result<HttpResponse, WebError> {
    let scope = visit.business_scope(Action::SeeLicenses)?;
    let (db, solutions, now) = (visit.db(), &visit.portal().solutions, visit.now());
    let (contract, models) = pay_as_you_go::read(db, solutions, scope).await?;
    let (this, last) = (Month::of(now), Month::of(now).before());
    let mut months = Vec::new();
    for (month, title) in [(this, "This month so far"), (last, "Last month")] {
        months.push(MonthView::new(month, title, &pay_as_you_go::month(db, solutions, scope, month, now).await?));
    }
    let view = PayAsYouGo {
        shell,
        tabs: tabs(Tab::PayAsYouGo),
        contract: contract.map(|contract| ContractView::new(contract, visit.zone())),
        on_use: models.iter().filter(|model| model.model == BillingModel::PayAsYouGo).map(named).collect(),
        was_metered: months.iter().any(|month| !month.rows.is_empty()),
        months,
        may_change: allows(visit.require_actor()?, Action::Allocate).is_ok(),
        supported: models.iter().filter(|model| model.feature.can_be_metered()).map(|model| named(model).1).collect(),
        marketplace: visit.shop().search("pay-as-you-go"),
        models: paths::billing_models(),
        csv: paths::pay_as_you_go_csv(),
    };
    visit.page(StatusCode::OK, &view)
}

fn named(model: &ModelOf<'_>) -> (String, String) {
    let key = &model.feature.key;
    (paths::allocation_feature(key.solution(), key.feature()), format!("{}: {}", model.solution.name, model.feature.name))
}

const COLUMNS: [&str; 9] =
    ["Month (UTC)", "Feature", "Key", "Unit", "Unit-hours", "Hours of the month", "Rate a month (credits)", "Cost (credits)", "As of"];

/// `GET /console/credits/pay-as-you-go.csv`: what each feature used in each of the last twelve months, newest first.
pub async fn csv(visit: Visit) -> Result<HttpResponse, WebError> {
    let scope = visit.business_scope(Action::SeeLicenses)?;
    let (db, solutions, now) = (visit.db(), &visit.portal().solutions, visit.now());
    let mut file = CsvFile::new(&COLUMNS)?;
    let months = std::iter::successors(Some(Month::of(now)), |month| Some(month.before())).take(MONTHS);
    for month in months {
        for row in pay_as_you_go::month(db, solutions, scope, month, now).await? {
            line(&mut file, month, &row, now)?;
        }
    }
    file.download("pay-as-you-go", now)
}

fn line(file: &mut CsvFile, month: Month, row: &Metered<'_>, now: Timestamp) -> Result<(), WebError> {
    let rate = row.feature.and_then(|feature| feature.month);
    file.row(&[
        Cell::Text(&month.word()),
        Cell::Text(row.feature.map_or(row.key.as_str(), |feature| &feature.name)),
        Cell::Text(&row.key),
        Cell::Text(&row.feature.map_or_else(|| "unit".to_owned(), |feature| feature.unit.each())),
        Cell::Number(row.unit_hours),
        Cell::Number(month.hours()),
        Cell::Text(&rate.map(|rate| rate.to_string()).unwrap_or_default()),
        Cell::Text(&cost(row, month).map(|cost| cost.to_string()).unwrap_or_default()),
        Cell::Time(now),
    ])
}
