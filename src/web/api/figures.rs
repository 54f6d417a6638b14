//! `GET /api/v1/businesses/{business}/credits`: the figures that the console's pages show, at one instant (CRD-4).

use super::call::Call;
use super::problem::Problem;
use crate::credits::allocated::{self, Allocated, State};
use crate::credits::solutions::Solutions;
use crate::kernel::id::BusinessId;
use crate::kernel::show;
use actix_web::HttpResponse;
use serde_json::{Value, json};

/// `GET /api/v1/businesses/{business}/credits`.
///
/// # Errors
/// The problem.
pub async fn show(call: Call) -> Result<HttpResponse, Problem> {
    let business = BusinessId::parse(call.business()).ok_or_else(Problem::not_found)?;
    let portal = call.portal();
    let read = allocated::read_for(&portal.db, call.caller(), business, call.now()).await?.ok_or_else(Problem::not_found)?;
    let body = body(business, &read, &portal.solutions);
    Ok(HttpResponse::Ok().content_type("application/json").body(body.to_string()))
}

fn body(business: BusinessId, read: &Allocated, solutions: &Solutions) -> Value {
    json!({
        "business": business.to_string(),
        "as_of": show::iso(read.as_of),
        "total_valid_credits": read.figures.total_valid,
        "allocated_credits": read.figures.allocated,
        "current_balance": read.figures.balance(),
        "features": read.states.iter().map(|state| feature(state, solutions)).collect::<Vec<_>>(),
    })
}

fn feature(state: &State, solutions: &Solutions) -> Value {
    let found = solutions.find(&state.account);
    let in_use = state
        .units
        .in_use()
        .map(|in_use| in_use.iter().map(|(key, units)| (key.to_string(), json!(units))).collect::<serde_json::Map<_, _>>());
    json!({
        "feature": state.account,
        "name": found.map(|(_, feature)| feature.name.clone()),
        "solution": found.map(|(solution, _)| solution.name.clone()),
        "units": state.units.total(),
        "in_use": in_use,
        "credits": state.credits,
        "changed_at": show::iso(state.changed_at),
        "reported_at": state.reporter.as_ref().map(|reporter| show::iso(reporter.reported_at)),
        "observed_at": state.reporter.as_ref().map(|reporter| show::iso(reporter.observed_at)),
    })
}
