//! *All available solutions*: every solution and feature with its rate, what is counted, whether it can be charged by use,
//! and what the business uses; searched by GET. A tab of Credits & Billing.

use super::allocation_view::{self, SolutionView};
use super::credits::{Instant, Tab, TabLink, tabs};
use crate::access::Action;
use crate::credits::allocated;
use crate::kernel::show;
use crate::kernel::text::{search_key, search_words};
use crate::web::shell::Shell;
use crate::web::{Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

#[derive(Template)]
#[template(path = "console/credits_solutions.html")]
struct AvailableSolutions {
    shell: Shell,
    tabs: Vec<TabLink>,
    tab: &'static str,
    as_of: Instant,
    words: String,
    solutions: Vec<SolutionView>,
    count: String,
    path: String,
    clear: String,
}

/// The tab `?tab=solutions&q=`.
pub(super) async fn show(visit: &Visit, shell: Shell) -> Result<HttpResponse, WebError> {
    let scope = visit.business_scope(Action::SeeLicenses)?;
    let read = allocated::read(visit.db(), scope.business(), visit.now()).await?;
    let words = search_words(visit.query("q"));
    let solutions = allocation_view::all(&visit.portal().solutions, &read.states, visit.zone(), |solution, feature| {
        let text = search_key(&format!("{} {} {}", solution.name, feature.name, feature.unit.many));
        words.iter().all(|word| text.contains(word))
    });
    let features: usize = solutions.iter().map(|solution| solution.features.len()).sum();
    let view = AvailableSolutions {
        shell,
        tabs: tabs(Tab::Solutions),
        tab: Tab::Solutions.word(),
        as_of: Instant::full(read.as_of, visit.zone()),
        count: format!(
            "Showing {} of {}",
            show::count(i64::try_from(features).unwrap_or(i64::MAX), "feature"),
            show::count(i64::try_from(solutions.len()).unwrap_or(i64::MAX), "solution")
        ),
        solutions,
        clear: if words.is_empty() { String::new() } else { paths::with_query(&paths::credits(), &[("tab", Tab::Solutions.word())]) },
        words: visit.query("q").to_owned(),
        path: paths::credits(),
    };
    visit.page(StatusCode::OK, &view)
}
