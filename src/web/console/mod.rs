//! The console: what a business's people see of their licenses and credits. One file a page.

mod activation;
mod activation_done;
mod activation_hand_over;
mod activation_stopped;
mod allocation;
mod allocation_entries;
mod allocation_feature;
mod allocation_view;
mod audit;
mod audit_csv;
mod billing_model;
mod billing_models;
mod calculator;
pub(crate) mod credits;
mod credits_calendar;
mod credits_history;
mod credits_need;
mod credits_purchases;
mod credits_solutions;
mod estimate_view;
mod history_window;
mod license_add;
mod license_trace;
pub(crate) mod licenses;
mod licenses_address;
mod licenses_csv;
mod licenses_detail;
mod pay_as_you_go;
mod planner;
mod planner_address;
mod planner_form;
mod planner_view;
mod scenario;
mod scenario_compare;
mod scenario_new;
mod scenarios;
mod start;
mod start_waiting;
mod team;
mod team_invite;
mod team_member;

use super::paths;
use super::route::{Access, Entry, get};
use crate::access::Action;
use actix_web::web;

/// The console's lines of the route table.
#[must_use]
pub fn routes() -> Vec<Entry> {
    let mut lines = vec![
        get(paths::CONSOLE, Access::May(Action::EnterConsole), || web::to(start::show)),
        get(paths::CREDITS, Access::May(Action::SeeLicenses), || web::to(credits::show)),
        get(paths::CREDITS_PURCHASES_CSV, Access::May(Action::SeeLicenses), || web::to(credits_purchases::file)),
        get(paths::CREDITS_PURCHASES_XLSX, Access::May(Action::SeeLicenses), || web::to(credits_purchases::file)),
        get(paths::CREDITS_HISTORY_CSV, Access::May(Action::SeeLicenses), || web::to(credits_history::file)),
        get(paths::CREDITS_HISTORY_XLSX, Access::May(Action::SeeLicenses), || web::to(credits_history::file)),
        get(paths::CREDITS_CALENDAR, Access::May(Action::SeeLicenses), || web::to(credits_calendar::download)),
        get(paths::LICENSE_TRACE, Access::May(Action::SeeLicenses), || web::to(license_trace::show)),
        get(paths::LICENSE_TRACE_CSV, Access::May(Action::SeeLicenses), || web::to(license_trace::csv)),
        get(paths::AUDIT, Access::May(Action::ReadAudit), || web::to(audit::list)),
        get(paths::AUDIT_CSV, Access::May(Action::ReadAudit), || web::to(audit_csv::download)),
    ];
    lines.extend(allocation::routes());
    lines.extend(pay_as_you_go::routes());
    lines.extend(activation::routes());
    lines.extend(calculator::routes());
    lines.extend(planner::routes());
    lines.extend(scenarios::routes());
    lines.extend(licenses::routes());
    lines.extend(team::routes());
    lines
}
