//! The calculator, kept scenarios and the planner as people use them: by address, without changing anything, and with
//! every figure that of the pool at the moment.

mod estimates;
mod plans;
mod scenarios;

use crate::support::Stage;
use crate::support::fixtures::{Held, contract_for};
use crate::support::page::Page;
use crate::support::usage::reserve;
use chrono::TimeDelta;
use creditdesk::kernel::id::BusinessId;

pub const CALCULATOR: &str = "/console/credits/calculator";
pub const PLANNER: &str = "/console/credits/planner";
pub const SCENARIOS: &str = "/console/credits/scenarios";

/// A business of the demonstration.
pub async fn business(stage: &Stage, name: &str) -> BusinessId {
    let found = stage.db.read("SELECT id FROM businesses WHERE name = $1").bind(name.to_owned());
    found.one::<(BusinessId,)>().await.expect("a business of the demonstration").0
}

/// Credits that Acme Industries activated now, for so many days; auto renew as told.
pub async fn buy(stage: &Stage, credits: i64, days: i64, auto_renew: bool) -> Held {
    let held = contract_for(stage, business(stage, "Acme Industries").await, credits, TimeDelta::days(days)).await;
    let update = stage.db.write("UPDATE contracts SET auto_renew = $2 WHERE id = $1").bind(held.contract).bind(auto_renew);
    update.exec_one().await.unwrap();
    held
}

/// Units of a feature that Acme Industries uses from now on, with what they reserve.
pub async fn in_use(stage: &Stage, feature: &str, units: i64, credits: i64) {
    reserve(stage, business(stage, "Acme Industries").await, feature, (units, credits)).await;
}

/// The rows of a CSV with its header.
pub fn csv_of(page: &Page) -> Vec<Vec<String>> {
    assert!(page.status == 200 && page.header("content-type") == "text/csv; charset=utf-8", "{page:?}");
    let text = page.body.strip_prefix('\u{FEFF}').expect("a byte order mark for spreadsheets");
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
}
