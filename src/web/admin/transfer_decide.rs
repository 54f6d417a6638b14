//! POSTs of a transfer's page: approve, reject, withdraw. Each answers by going back to that page, which says how the
//! transfer stands now.

use super::fresh_password;
use super::transfer::answer;
use crate::audit::ActingAs;
use crate::db::SplitRefusal;
use crate::fulfilment::transfer::{self, Barred, DecideRefusal, Reason, Status, TextRefused};
use crate::kernel::id::TransferId;
use crate::kernel::show;
use crate::web::form::{FormView, Problems};
use crate::web::shell::Tone;
use crate::web::{Form, Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;

/// `POST /admin/transfers/{transfer}/approve`.
pub async fn approve(visit: Visit, form: Form) -> Result<HttpResponse, WebError> {
    let id = visit.id("transfer", TransferId::parse)?;
    let mut problems = Problems::new();
    fresh_password::check(&visit, &form, &mut problems).await?;
    if !problems.is_empty() {
        return answer(&visit, id, FormView::with(&form, problems), StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    let approved = transfer::approve(visit.db(), visit.require_actor()?, &visit.who(ActingAs::Staff), id).await;
    match approved.refusal()? {
        Ok(_) => {
            visit.portal().wake.now();
            let text = "Both pools have changed and both businesses' licensing administrators are being mailed.";
            Ok(done(&visit, id, "Transfer approved", text))
        }
        Err(refusal) => refused(&visit, id, &form, refusal).await,
    }
}

/// `POST /admin/transfers/{transfer}/reject`.
pub async fn reject(visit: Visit, form: Form) -> Result<HttpResponse, WebError> {
    let id = visit.id("transfer", TransferId::parse)?;
    let mut problems = Problems::new();
    let note = Reason::parse(form.text("note")).map_err(|refused| match refused {
        TextRefused::Length => format!("Say why not in {} to {} characters", Reason::MIN, show::group_len(Reason::MAX)),
        TextRefused::Forbidden => "The note contains an invisible or control character. Type it again".to_owned(),
    });
    let Some(note) = problems.take("note", note) else {
        return answer(&visit, id, FormView::with(&form, problems), StatusCode::UNPROCESSABLE_ENTITY).await;
    };
    let rejected = transfer::reject(visit.db(), visit.require_actor()?, &visit.who(ActingAs::Staff), id, note).await;
    match rejected.refusal()? {
        Ok(_) => Ok(done(&visit, id, "Transfer rejected", "Nothing has moved.")),
        Err(refusal) => refused(&visit, id, &form, refusal).await,
    }
}

/// `POST /admin/transfers/{transfer}/withdraw`.
pub async fn withdraw(visit: Visit, form: Form) -> Result<HttpResponse, WebError> {
    let id = visit.id("transfer", TransferId::parse)?;
    let withdrawn = transfer::withdraw(visit.db(), visit.require_actor()?, &visit.who(ActingAs::Staff), id).await;
    match withdrawn.refusal()? {
        Ok(_) => Ok(done(&visit, id, "Request withdrawn", "Nothing has moved.")),
        Err(refusal) => refused(&visit, id, &form, refusal).await,
    }
}

fn done(visit: &Visit, id: TransferId, title: &str, text: &str) -> HttpResponse {
    visit.flash(Tone::Success, title, text);
    visit.see_other(&paths::admin_transfer(id))
}

/// Somebody who was faster is no mistake of the viewer's: the page says how it stands. Everything else is said in the form.
async fn refused(visit: &Visit, id: TransferId, form: &Form, refusal: DecideRefusal) -> Result<HttpResponse, WebError> {
    let words = match refusal {
        DecideRefusal::NotAllowed | DecideRefusal::NoSuchTransfer => return Err(WebError::NotFound),
        DecideRefusal::Barred(Barred::NotOpen(status)) => {
            visit.flash(Tone::Warning, &already(status), "Your decision changed nothing.");
            return Ok(visit.see_other(&paths::admin_transfer(id)));
        }
        DecideRefusal::Barred(Barred::OwnRequest) => "You asked for this transfer. Another Support lead has to decide about it",
        DecideRefusal::Barred(Barred::NotRequester | Barred::NotDue) => "Only the person who asked for this transfer can withdraw it",
        DecideRefusal::OwnerChanged => "The license has another owner than when this was asked for. Reject this request and ask again",
        DecideRefusal::Immovable(reason) => reason.in_words(),
    };
    let mut problems = Problems::new();
    problems.push("", words);
    answer(visit, id, FormView::with(form, problems), StatusCode::CONFLICT).await
}

fn already(status: Status) -> String {
    match status {
        Status::Requested => "This transfer is still open".to_owned(),
        Status::Approved | Status::Rejected | Status::Withdrawn | Status::Lapsed => {
            format!("This transfer is {} already", status.label().to_lowercase())
        }
    }
}
