//! POSTs of a difference's page: a repair with its reason, and another reading.

use super::question::answer;
use crate::access::Action;
use crate::audit::ActingAs;
use crate::db::SplitRefusal;
use crate::fulfilment::reconcile::{self, Repair, RepairRefusal};
use crate::fulfilment::transfer::{Reason, TextRefused};
use crate::kernel::id::{ContractId, QuestionId};
use crate::kernel::show;
use crate::web::form::{FormView, Problems};
use crate::web::shell::Tone;
use crate::web::{Form, Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;

/// `POST /admin/reconciliation/{question}/repair`.
pub async fn repair(visit: Visit, form: Form) -> Result<HttpResponse, WebError> {
    let (scope, id) = (visit.staff_scope(Action::Reconcile)?, visit.id("question", QuestionId::parse)?);
    let mut problems = Problems::new();
    let repair = problems.take("repair", chosen(form.text("repair")));
    let reason = problems.take("reason", reason(form.text("reason")));
    let (Some(repair), Some(reason)) = (repair, reason) else {
        return answer(&visit, id, FormView::with(&form, problems), StatusCode::UNPROCESSABLE_ENTITY).await;
    };
    let (room, who) = (&visit.portal().fulfilment, visit.who(ActingAs::Staff));
    match reconcile::repair(room, visit.require_actor()?, (scope, &who), id, repair, reason).await.refusal()? {
        Ok(()) => {
            visit.portal().wake.now();
            Ok(back(&visit, id, Tone::Success, "The difference is closed", "What was done stands in the audit log."))
        }
        Err(refusal) => refused(&visit, id, &form, refusal).await,
    }
}

/// `POST /admin/reconciliation/{question}/reread`.
pub async fn reread(visit: Visit, form: Form) -> Result<HttpResponse, WebError> {
    let (scope, id) = (visit.staff_scope(Action::Reconcile)?, visit.id("question", QuestionId::parse)?);
    match reconcile::reread(&visit.portal().fulfilment, visit.require_actor()?, scope, id).await.refusal()? {
        Ok(true) => Ok(back(&visit, id, Tone::Info, "It still differs", "The marketplace was read again just now.")),
        Ok(false) => Ok(back(&visit, id, Tone::Success, "It does not differ any more", "The difference settled itself.")),
        Err(refusal) => refused(&visit, id, &form, refusal).await,
    }
}

fn chosen(typed: &str) -> Result<Repair, &'static str> {
    match typed {
        "take_over" => Ok(Repair::TakeOver),
        "keep" => Ok(Repair::Keep),
        contract => ContractId::parse(contract).map(Repair::Join).ok_or("Choose what to do about the difference"),
    }
}

fn reason(typed: &str) -> Result<Reason, String> {
    Reason::parse(typed).map_err(|refused| match refused {
        TextRefused::Length => format!("Say why in {} to {} characters", Reason::MIN, show::group_len(Reason::MAX)),
        TextRefused::Forbidden => "The reason contains an invisible or control character. Type it again".to_owned(),
    })
}

fn back(visit: &Visit, id: QuestionId, tone: Tone, title: &str, text: &str) -> HttpResponse {
    visit.flash(tone, title, text);
    visit.see_other(&paths::admin_question(id))
}

/// Somebody who was faster is no mistake of the viewer's: the page says how it stands. Everything else is said in the form.
async fn refused(visit: &Visit, id: QuestionId, form: &Form, refusal: RepairRefusal) -> Result<HttpResponse, WebError> {
    let words = match refusal {
        RepairRefusal::NotFound => return Err(WebError::NotFound),
        RepairRefusal::Closed => return Ok(back(visit, id, Tone::Warning, "It is closed already", "Your decision changed nothing.")),
        RepairRefusal::Unreachable => "The marketplace cannot be asked now, so nothing was changed. Try again in a few minutes",
        RepairRefusal::NothingToBook => {
            "The marketplace reports nothing that could be booked. Read it again later, or keep everything as it is"
        }
        RepairRefusal::Taken => "This renewal belongs to another contract already. Choose that one, or keep everything as it is",
        RepairRefusal::Busy => "The contract is being changed at this moment. Try again",
    };
    let mut problems = Problems::new();
    problems.push("", words);
    answer(visit, id, FormView::with(form, problems), StatusCode::CONFLICT).await
}
