//! `POST /api/v1/usage`: a service says how much of its features businesses use. All reports of a call, or none.

use super::call::Call;
use super::problem::{PartProblem, Problem};
use super::reports;
use crate::credits::rates::NotChargeable;
use crate::credits::usage_calls::{self, CallRefusal, ReportProblem};
use crate::db::SplitRefusal;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use sha2::{Digest, Sha256};

/// `POST /api/v1/usage`.
///
/// # Errors
/// The problem; nothing was changed then.
pub async fn take(call: Call) -> Result<HttpResponse, Problem> {
    let idempotency_key = call.idempotency_key()?;
    let reports = reports::read(call.body())?;
    let body_hash = Sha256::digest(call.body()).to_vec();
    let asked = usage_calls::Call { caller: call.caller(), idempotency_key, body_hash, reports };
    match usage_calls::take(&call.portal().db, &call.portal().solutions, &asked, &call.who()).await.refusal()? {
        Ok(answer) => {
            let replayed = if answer.replayed { "true" } else { "false" };
            Ok(HttpResponse::Ok().content_type("application/json").insert_header(("idempotency-replayed", replayed)).body(answer.body))
        }
        Err(refusal) => Err(problem(refusal)),
    }
}

fn problem(refusal: CallRefusal) -> Problem {
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    match refusal {
        CallRefusal::OtherBody => {
            let detail = "This Idempotency-Key was used for another body. Nothing was changed. Use a new one for a new call.";
            Problem::new(status, "idempotency-key-reused", "The idempotency key was used before", detail)
        }
        CallRefusal::Reports(problems) => {
            let errors = problems.into_iter().map(|(index, problem)| part(index, &problem)).collect();
            let detail = "Nothing of this call was carried out. Mend every report that is named and call again.";
            Problem::new(status, "reports-refused", "Some reports cannot be taken", detail).with_errors(errors)
        }
    }
}

fn part(index: usize, problem: &ReportProblem) -> PartProblem {
    let (member, code, detail) = match problem {
        ReportProblem::UnknownBusiness => ("business", "unknown-business", "There is no such business for this service key."),
        ReportProblem::UnknownFeature => ("feature", "unknown-feature", "There is no such feature for this service key."),
        ReportProblem::ObservedInFuture => {
            ("observed_at", "observed-in-future", "It is more than five minutes ahead of this program's clock.")
        }
        ReportProblem::NotChargeable(reason) => not_chargeable(reason),
    };
    PartProblem { pointer: format!("/reports/{index}/{member}"), code, detail: detail.to_owned() }
}

const fn not_chargeable(reason: &NotChargeable) -> (&'static str, &'static str, &'static str) {
    match reason {
        NotChargeable::UnknownFeature => ("feature", "unknown-feature", "There is no such feature for this service key."),
        NotChargeable::OnRequest => {
            ("feature", "no-published-rate", "The vendor publishes no rate for this feature; it cannot be allocated.")
        }
        NotChargeable::NotCounted => ("feature", "not-counted", "Nothing is counted for this feature."),
        NotChargeable::NotANumberOfUnits => ("units", "too-many-units", "So many units reserve more credits than can be counted."),
        NotChargeable::NoSuchEdition(_) => {
            ("in_use", "no-such-edition", "The units of this feature cannot be charged as one that is named.")
        }
        NotChargeable::MoreInUseThanUnits => ("in_use", "more-in-use-than-units", "More units are in use than there are."),
    }
}
