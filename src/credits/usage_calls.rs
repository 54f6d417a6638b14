//! A call of the usage API: many reports at once, all or none, once for each idempotency key. What it was answered is kept
//! for two days, so that the same call again gets the same answer and changes nothing.

use super::allocation::{self, Observation, Reported, Usage};
use super::rates::{NotChargeable, Units};
use super::service_keys::Caller;
use super::solutions::{FeatureKey, Solutions};
use super::store::metered;
use super::store::service_keys as store;
use crate::audit::Who;
use crate::db::{Db, Error, Failed, Tx, refuse};
use crate::kernel::clock::Timestamp;
use crate::kernel::id::BusinessId;
use crate::kernel::show;
use crate::tx;
use chrono::{SecondsFormat, TimeDelta};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// How long an answer is kept.
const KEPT: TimeDelta = TimeDelta::hours(48);
/// How far ahead of this program's clock a service's may be. Further, and a wrong clock would outrank every later report.
const AHEAD_MAX: TimeDelta = TimeDelta::minutes(5);

/// One report of a call.
#[derive(Clone, Debug)]
pub struct Report {
    /// Whose usage; `None` when what was sent is no id, which is answered like one that does not exist.
    pub business: Option<BusinessId>,
    /// Of what; `None` likewise.
    pub feature: Option<FeatureKey>,
    /// How much.
    pub units: Units,
    /// When it was counted.
    pub observed_at: Timestamp,
}

/// What is wrong with a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReportProblem {
    /// There is no such business, or it is not one of this key's.
    UnknownBusiness,
    /// There is no such feature, or it is not one of this key's.
    UnknownFeature,
    /// Counted in the future.
    ObservedInFuture,
    /// The units cannot be charged.
    NotChargeable(NotChargeable),
}

/// Why nothing of a call is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallRefusal {
    /// The idempotency key was used for another body.
    OtherBody,
    /// These reports, by their place in the call, have problems.
    Reports(Vec<(usize, ReportProblem)>),
}

/// A call.
#[derive(Clone, Debug)]
pub struct Call<'a> {
    /// Who calls.
    pub caller: &'a Caller,
    /// The caller's name for this call.
    pub idempotency_key: &'a str,
    /// SHA-256 of the body.
    pub body_hash: Vec<u8>,
    /// What is reported, in the order of the body.
    pub reports: Vec<Report>,
}

/// What a call is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// JSON.
    pub body: String,
    /// Whether the call had been made before.
    pub replayed: bool,
}

/// Does what a call says, or answers what it was answered before.
///
/// # Errors
/// The refusal, or any storage error; nothing is changed then.
pub async fn take(db: &Db, solutions: &Solutions, call: &Call<'_>, who: &Who) -> Result<Answer, Failed<CallRefusal>> {
    let key = call.caller.key;
    tx!(db, |tx| {
        if !store::begin_call(tx, key, call.idempotency_key, call.body_hash.clone(), who.now).await? {
            let (hash, body) = store::get_call(tx, key, call.idempotency_key).await?;
            if hash != call.body_hash {
                return refuse(CallRefusal::OtherBody);
            }
            return Ok(Answer { body, replayed: true });
        }
        let known = lock_all(tx, call).await?;
        let usages = match checked(solutions, call, &known, who.now) {
            Ok(usages) => usages,
            Err(problems) => return refuse(CallRefusal::Reports(problems)),
        };
        let mut results = Vec::with_capacity(usages.len());
        for (usage, observed_at) in usages {
            let observation = Observation { key, observed_at };
            let reported = allocation::report(tx, solutions, &usage, observation, who).await.map_err(|failed| match failed {
                Failed::Refused(reason) => {
                    Failed::Refused(CallRefusal::Reports(vec![(results.len(), ReportProblem::NotChargeable(reason))]))
                }
                Failed::Storage(error) => Failed::Storage(error),
            })?;
            results.push(outcome(&usage, observed_at, reported));
        }
        let body = json!({ "recorded_at": show::iso(who.now), "results": results }).to_string();
        store::save_answer(tx, key, call.idempotency_key, &body).await?;
        Ok(Answer { body, replayed: false })
    })
}

/// Locks every pool of the call in the order of ids; those that exist and are the caller's.
async fn lock_all(tx: &mut Tx, call: &Call<'_>) -> Result<Known, Error> {
    let named: BTreeSet<BusinessId> = call.reports.iter().filter_map(|report| report.business).collect();
    let mut known = Known::new();
    for business in named.into_iter().filter(|business| call.caller.may_see(*business)) {
        if store::lock_if_there(tx, business).await? {
            known.insert(business, metered::list_features(tx, business).await?.into_iter().collect());
        }
    }
    Ok(known)
}

/// Businesses that the caller may report for, each with its features that are charged by use.
type Known = BTreeMap<BusinessId, BTreeSet<String>>;

/// Usage and when it was counted.
type Counted<'a> = (Usage<'a>, Timestamp);

/// Every report that can be done, or everything that is wrong.
fn checked<'a>(
    solutions: &Solutions,
    call: &'a Call<'_>,
    known: &Known,
    now: Timestamp,
) -> Result<Vec<Counted<'a>>, Vec<(usize, ReportProblem)>> {
    let (mut usages, mut problems) = (Vec::new(), Vec::new());
    for (index, report) in call.reports.iter().enumerate() {
        match check(solutions, call.caller, report, known, now) {
            Ok(usage) => usages.push((usage, report.observed_at)),
            Err(found) => problems.extend(found.into_iter().map(|problem| (index, problem))),
        }
    }
    if problems.is_empty() { Ok(usages) } else { Err(problems) }
}

fn check<'a>(
    solutions: &Solutions,
    caller: &Caller,
    report: &'a Report,
    known: &Known,
    now: Timestamp,
) -> Result<Usage<'a>, Vec<ReportProblem>> {
    let mut problems = Vec::new();
    let business = report.business.filter(|business| known.contains_key(business));
    if business.is_none() {
        problems.push(ReportProblem::UnknownBusiness);
    }
    let feature = report.feature.as_ref().filter(|feature| caller.may_report(feature.as_str()));
    let is_metered = |feature: &FeatureKey| {
        business.is_some_and(|business| known.get(&business).is_some_and(|metered| metered.contains(feature.as_str())))
    };
    match feature.map(|feature| allocation::check_units(solutions, feature, &report.units, is_metered(feature))) {
        None | Some(Err(NotChargeable::UnknownFeature)) => problems.push(ReportProblem::UnknownFeature),
        Some(Err(reason)) => problems.push(ReportProblem::NotChargeable(reason)),
        Some(Ok(())) => {}
    }
    if report.observed_at - now > AHEAD_MAX {
        problems.push(ReportProblem::ObservedInFuture);
    }
    match (business, feature) {
        (Some(business), Some(feature)) if problems.is_empty() => Ok(Usage { business, feature, units: report.units.clone() }),
        _ => Err(problems),
    }
}

fn outcome(usage: &Usage<'_>, observed_at: Timestamp, reported: Reported) -> Value {
    let mut outcome = json!({
        "business": usage.business.to_string(),
        "feature": usage.feature.to_string(),
        "units": usage.units.total(),
        "observed_at": exact(observed_at),
    });
    match reported {
        Reported::InForce(changed) => {
            outcome["status"] = "in_force".into();
            outcome["credits_before"] = changed.before.into();
            outcome["credits"] = changed.after.into();
        }
        Reported::Metered(begun) => {
            outcome["status"] = "metered".into();
            outcome["metered_units"] = begun.into();
        }
        Reported::OlderThan(last) => {
            outcome["status"] = "older_than_in_force".into();
            outcome["in_force_observed_at"] = exact(last).into();
        }
    }
    outcome
}

/// To the microsecond, because it decides which report is in force.
fn exact(at: Timestamp) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// Forgets answers that are older than they have to be kept.
///
/// # Errors
/// Any storage error.
pub async fn sweep(db: &Db, now: Timestamp) -> Result<u64, Error> {
    store::delete_calls_before(db, now - KEPT).await
}
