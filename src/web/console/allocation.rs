//! Allocation: every feature by solution with what it reserves, for those who may change it with the way to do so; and the
//! same as a file (CRD-3, CRD-5).

use super::allocation_view::{self, SolutionView};
use super::credits::FiguresView;
use super::{allocation_entries, allocation_feature};
use crate::access::{Action, allows};
use crate::credits::allocated::{self, Allocated, State};
use crate::credits::pool::Pool;
use crate::credits::solutions::{Feature, Solutions};
use crate::web::export::{Cell, TableFile};
use crate::web::route::{Access, Entry, get, post};
use crate::web::shell::{Crumb, Shell};
use crate::web::{Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web;
use askama::Template;

/// The lines of the route table.
pub(super) fn routes() -> Vec<Entry> {
    let see = Access::May(Action::SeeLicenses);
    vec![
        get(paths::ALLOCATION, see, || web::to(list)),
        get(paths::ALLOCATION_CSV, see, || web::to(file)),
        get(paths::ALLOCATION_XLSX, see, || web::to(file)),
        get(paths::ALLOCATION_FEATURE, see, || web::to(allocation_feature::show)),
        post(paths::ALLOCATION_FEATURE, Access::May(Action::Allocate), || web::to(allocation_feature::submit)),
        get(paths::ALLOCATION_ENTRIES, see, || web::to(allocation_entries::list)),
        get(paths::ALLOCATION_ENTRIES_CSV, see, || web::to(allocation_entries::csv)),
    ]
}

/// The trail above the pages of allocation.
pub(super) fn crumbs(more: bool) -> Vec<Crumb> {
    let credits = Crumb { label: "Credits & Billing".to_owned(), href: paths::credits() };
    let allocation = Crumb { label: "Allocation".to_owned(), href: paths::allocation() };
    if more { vec![credits, allocation] } else { vec![credits] }
}

#[derive(Template)]
#[template(path = "console/allocation.html")]
struct Allocation {
    shell: Shell,
    figures: FiguresView,
    may_change: bool,
    solutions: Vec<SolutionView>,
    csv: String,
    xlsx: String,
    subscriptions: String,
    marketplace: String,
}

/// `GET /console/credits/allocation`.
pub async fn list(visit: Visit) -> Result<HttpResponse, WebError> {
    let scope = visit.business_scope(Action::SeeLicenses)?;
    let read = allocated::read(visit.db(), scope.business(), visit.now()).await?;
    let mut shell = visit.shell("Allocation");
    shell.crumbs = crumbs(false);
    let view = Allocation {
        shell,
        figures: FiguresView::new(Pool { as_of: read.as_of, figures: read.figures }, visit.zone()),
        may_change: allows(visit.require_actor()?, Action::Allocate).is_ok(),
        solutions: allocation_view::all(&visit.portal().solutions, &read.states, visit.zone(), |_, _| true),
        csv: paths::allocation_csv(),
        xlsx: paths::allocation_xlsx(),
        subscriptions: visit.shop().subscriptions.clone(),
        marketplace: visit.shop().marketplace.clone(),
    };
    visit.page(StatusCode::OK, &view)
}

/// `GET /console/credits/allocation.csv` and `.xlsx`: every feature that ever reserved something.
pub async fn file(visit: Visit) -> Result<HttpResponse, WebError> {
    let scope = visit.business_scope(Action::SeeLicenses)?;
    let read = allocated::read(visit.db(), scope.business(), visit.now()).await?;
    let file = table(visit.path(), &visit.portal().solutions, &read)?;
    file.download("allocation", visit.now())
}

fn table(path: &str, solutions: &Solutions, read: &Allocated) -> Result<TableFile, WebError> {
    let columns = [
        "Solution",
        "Feature",
        "Key",
        "Units",
        "Unit",
        "Rate",
        "Allocated credits",
        "How",
        "Last change",
        "Changed by",
        "Reported by",
        "As of",
    ];
    let mut file = TableFile::new(path, &columns)?;
    for share in allocated::shares(solutions, &read.states) {
        for (feature, state) in &share.features {
            let State { account, units, credits, explanation, changed_at, changed_by, reporter, .. } = state;
            file.row(&[
                Cell::Text(share.solution.map_or("No longer offered", |solution| &solution.name)),
                Cell::Text(feature.map_or(account, |feature| &feature.name)),
                Cell::Text(account),
                Cell::Number(units.total()),
                Cell::Text(feature.map_or("units", |feature| &feature.unit.many)),
                Cell::Text(&feature.map_or_else(String::new, Feature::rate_in_words)),
                Cell::Number(*credits),
                Cell::Text(&explanation.replace('\n', "; ")),
                Cell::Time(*changed_at),
                Cell::Text(changed_by),
                Cell::Text(reporter.as_ref().map_or("", |reporter| &reporter.name)),
                Cell::Time(read.as_of),
            ])?;
        }
    }
    Ok(file)
}
