//! One difference: what was granted, what the marketplace said and says now, since when, and a repair for it.

use super::reconciliation::{closed_label, kind_label};
use super::rows::{Link, Moment, crumbs, moment};
use crate::access::{Action, StaffScope, allows};
use crate::db::SplitRefusal;
use crate::fulfilment::difference::QuestionKind;
use crate::fulfilment::marketplace::Ending;
use crate::fulfilment::next_term::Reading;
use crate::fulfilment::reconcile::{self, Candidate, QuestionRecord};
use crate::kernel::id::QuestionId;
use crate::kernel::show;
use crate::web::form::FormView;
use crate::web::shell::Shell;
use crate::web::{Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

#[derive(Template)]
#[template(path = "admin/question.html")]
struct QuestionPage {
    shell: Shell,
    form: FormView,
    kind: &'static str,
    product: String,
    explanation: &'static str,
    business: Link,
    license: Link,
    agreement: String,
    granted: String,
    granted_now: String,
    expires: Moment,
    reported: String,
    since: Moment,
    other_arn: Option<String>,
    /// What the marketplace says at this moment; none when it cannot be asked.
    now: Option<String>,
    closed: Option<Closed>,
    may_repair: bool,
    choices: Vec<Choice>,
    repair: String,
    reread: String,
    audit: String,
}

struct Closed {
    at: Moment,
    how: &'static str,
    by: String,
    reason: String,
}

/// A repair that can be chosen.
struct Choice {
    value: String,
    label: String,
    hint: &'static str,
}

/// `GET /admin/reconciliation/{question}`.
pub async fn show(visit: Visit) -> Result<HttpResponse, WebError> {
    let id = visit.id("question", QuestionId::parse)?;
    answer(&visit, id, FormView::new(), StatusCode::OK).await
}

/// The page, also as the answer to a POST.
pub(super) async fn answer(visit: &Visit, id: QuestionId, form: FormView, status: StatusCode) -> Result<HttpResponse, WebError> {
    let scope = visit.staff_scope(Action::LookUp)?;
    let question = reconcile::find(visit.db(), scope, id).await?.ok_or(WebError::NotFound)?;
    visit.page(status, &view(visit, scope, question, form).await?)
}

async fn view(visit: &Visit, scope: StaffScope, question: QuestionRecord, form: FormView) -> Result<QuestionPage, WebError> {
    let closed = question.closed_at.map(|at| Closed {
        at: moment(visit, at),
        how: question.closed_as.map_or("Closed", closed_label),
        by: question.closed_by_name.clone().unwrap_or_else(|| "nobody: the next reading agreed".to_owned()),
        reason: question.reason.clone().unwrap_or_default(),
    });
    let now = match &closed {
        None => reconcile::look(&visit.portal().fulfilment, &question).await.refusal()?.ok().map(|reading| said(visit, &reading)),
        Some(_) => None,
    };
    let candidates = reconcile::list_candidates(visit.db(), scope, question.contract).await?;
    let mut shell = visit.shell(&format!("{} {}", kind_label(question.kind), question.product_name));
    shell.crumbs = crumbs(&[("Reconciliation", paths::admin_reconciliation())]);
    shell.has_errors = form.has_errors();
    Ok(QuestionPage {
        shell,
        kind: kind_label(question.kind),
        explanation: explanation(question.kind),
        business: Link { label: question.business_name.clone(), href: paths::admin_business(question.business) },
        license: Link { label: question.license.to_string(), href: paths::admin_license(question.license) },
        granted: show::count(question.granted, "credit"),
        granted_now: show::count(question.granted_now, "credit"),
        expires: moment(visit, question.expires_at),
        reported: show::count(question.reported, "credit"),
        since: moment(visit, question.seen_at),
        may_repair: visit.actor().is_some_and(|actor| allows(actor, Action::Reconcile).is_ok()),
        choices: choices(visit, &question, &candidates),
        repair: paths::admin_question_repair(question.id),
        reread: paths::admin_question_reread(question.id),
        audit: paths::with_query(&paths::admin_audit(), &[("subject", &question.contract.to_string())]),
        product: question.product_name,
        agreement: question.agreement_id,
        other_arn: question.license_arn,
        now,
        closed,
        form,
    })
}

/// The marketplace's present answer in a sentence.
fn said(visit: &Visit, reading: &Reading) -> String {
    let rows: Vec<String> = reading
        .rows
        .iter()
        .map(|row| format!("{} of {} until {}", show::group(row.quantity), row.dimension, show::date_time(row.expires_at, visit.zone())))
        .collect();
    let agreement = match reading.facts.as_ref().map(|facts| (facts.agreement_id.as_str(), facts.ending)) {
        None => "The agreement is not known there.".to_owned(),
        Some((id, None)) => format!("Agreement {id} has not ended."),
        Some((id, Some(ending))) => format!("Agreement {id} {}.", ending_in_words(ending)),
    };
    if rows.is_empty() { format!("Nothing is in force. {agreement}") } else { format!("{}. {agreement}", rows.join(", ")) }
}

const fn ending_in_words(ending: Ending) -> &'static str {
    match ending {
        Ending::Expired => "has expired",
        Ending::Renewed => "was renewed",
        Ending::Replaced => "was replaced",
        Ending::Cancelled => "was cancelled",
        Ending::Terminated => "was terminated",
        Ending::NotPaid => "was not paid",
    }
}

const fn explanation(kind: QuestionKind) -> &'static str {
    match kind {
        QuestionKind::LowerTotal => {
            "The marketplace reports fewer credits than were granted. Credits are never taken away without a decision."
        }
        QuestionKind::UnknownDimension => {
            "The marketplace reports something that does not mean credits, or rows that contradict each other. Nothing is granted for it."
        }
        QuestionKind::OtherExpiry => "The marketplace reports another end than the contract has. Nothing is booked until somebody decides.",
        QuestionKind::UnclearRenewal => {
            "The marketplace reports a renewal or replacement that is not surely this contract’s. Nothing is booked and nothing is taken away."
        }
    }
}

fn choices(visit: &Visit, question: &QuestionRecord, candidates: &[Candidate]) -> Vec<Choice> {
    let mut choices = Vec::new();
    match question.kind {
        QuestionKind::LowerTotal | QuestionKind::OtherExpiry => choices.push(Choice {
            value: "take_over".to_owned(),
            label: "Take over what the marketplace says".to_owned(),
            hint: "From now on. More credits become a new item; fewer are taken from the newest item back; another end moves the expiration.",
        }),
        QuestionKind::UnclearRenewal if question.license_arn.is_some() => choices.extend(candidates.iter().map(|candidate| Choice {
            value: candidate.contract.to_string(),
            label: format!(
                "Join the renewal to the contract of {}: {} until {}, agreement {}",
                candidate.business_name,
                show::count(candidate.granted, "credit"),
                show::date_time(candidate.expires_at, visit.zone()),
                candidate.agreement_id,
            ),
            hint: "Its licenses go on with the renewal’s credits and end, from their old end on.",
        })),
        QuestionKind::UnknownDimension | QuestionKind::UnclearRenewal => {}
    }
    choices.push(Choice {
        value: "keep".to_owned(),
        label: "Keep everything as it is".to_owned(),
        hint: "The difference is closed. The same difference is not asked again.",
    });
    choices
}
