//! Closing a business for deletion when its lock is over, and taking that back (EXP-2). Nothing is erased by it.

use super::rows::{AccessRow, crumbs};
use crate::access::{Action, Phase, phase_of_business};
use crate::audit::ActingAs;
use crate::db::SplitRefusal;
use crate::identity::close_business::{self, CloseRefusal, Closing, ClosingReason};
use crate::identity::look_up::{self, BusinessRecord};
use crate::kernel::id::BusinessId;
use crate::kernel::show;
use crate::web::form::{FormView, Problems};
use crate::web::shell::{Shell, Tone};
use crate::web::{Form, Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

#[derive(Template)]
#[template(path = "admin/closing.html")]
struct Page {
    shell: Shell,
    form: FormView,
    business: String,
    business_href: String,
    people: String,
    access: AccessRow,
    may_close: bool,
    may_reopen: bool,
    action: String,
    reopen: String,
}

/// `GET /admin/businesses/{business}/closing`.
pub async fn show(visit: Visit) -> Result<HttpResponse, WebError> {
    answer(&visit, FormView::new(), StatusCode::OK).await
}

/// `POST /admin/businesses/{business}/closing`.
pub async fn submit(visit: Visit, form: Form) -> Result<HttpResponse, WebError> {
    let scope = visit.staff_scope(Action::CloseBusiness)?;
    let business = visit.id("business", BusinessId::parse)?;
    let mut problems = Problems::new();
    let reason = ClosingReason::parse(form.text("reason")).map_err(|error| error.in_words("reason"));
    let Some(reason) = problems.take("reason", reason) else {
        return answer(&visit, FormView::with(&form, problems), StatusCode::UNPROCESSABLE_ENTITY).await;
    };
    let config = &visit.portal().config;
    let (person, lengths, support) = (visit.require_actor()?.person, config.access_lengths, config.support_email.as_str());
    let closing = Closing { business, person, reason: &reason, lengths, support };
    match close_business::close(visit.db(), scope, &visit.who(ActingAs::Staff), &closing).await.refusal()? {
        Ok(told) => {
            visit.portal().wake.now();
            let text = format!("{} will be told by mail. Nothing was deleted.", show::count(i64::try_from(told).unwrap_or(0), "member"));
            visit.flash(Tone::Success, "Closed for deletion", &text);
            Ok(visit.see_other(&paths::admin_business(business)))
        }
        Err(refusal) => refused(&visit, business, (&form, problems), refusal).await,
    }
}

async fn refused(visit: &Visit, business: BusinessId, typed: (&Form, Problems), refusal: CloseRefusal) -> Result<HttpResponse, WebError> {
    let (form, mut problems) = typed;
    match refusal {
        CloseRefusal::NotFound => Err(WebError::NotFound),
        CloseRefusal::Already | CloseRefusal::NotClosed => {
            visit.flash(Tone::Warning, "It is closed for deletion already", "You changed nothing.");
            Ok(visit.see_other(&paths::admin_business(business)))
        }
        CloseRefusal::NotYet(_) => {
            problems.push("", "This business can still be renewed. Close it when its lock is over");
            answer(visit, FormView::with(form, problems), StatusCode::CONFLICT).await
        }
    }
}

/// `POST /admin/businesses/{business}/reopen`.
pub async fn reopen(visit: Visit) -> Result<HttpResponse, WebError> {
    let scope = visit.staff_scope(Action::CloseBusiness)?;
    let business = visit.id("business", BusinessId::parse)?;
    match close_business::reopen(visit.db(), scope, &visit.who(ActingAs::Staff), business).await.refusal()? {
        Ok(()) => {
            let text = "It is again what its licenses make it: without a valid one its people enter when a license moves into it.";
            visit.flash(Tone::Success, "Closing taken back", text);
        }
        Err(CloseRefusal::NotFound) => return Err(WebError::NotFound),
        Err(_) => visit.flash(Tone::Warning, "Staff have not closed it", "You changed nothing."),
    }
    Ok(visit.see_other(&paths::admin_business(business)))
}

async fn answer(visit: &Visit, form: FormView, status: StatusCode) -> Result<HttpResponse, WebError> {
    let scope = visit.staff_scope(Action::CloseBusiness)?;
    let id = visit.id("business", BusinessId::parse)?;
    let business: BusinessRecord = look_up::find_business(visit.db(), scope, id).await?.ok_or(WebError::NotFound)?;
    let lengths = visit.portal().config.access_lengths;
    let phase = phase_of_business(visit.db(), id, visit.now(), lengths).await?.ok_or(WebError::NotFound)?;
    let mut shell = visit.shell(&format!("Close {}", business.name));
    shell.crumbs = crumbs(&[("Businesses", paths::admin_businesses()), (&business.name, paths::admin_business(id))]);
    shell.has_errors = form.has_errors();
    let page = Page {
        shell,
        form,
        business_href: paths::admin_business(id),
        people: show::count(business.people, "member"),
        access: AccessRow::new(visit, phase),
        may_close: matches!(phase, Phase::Closed { for_deletion: false, .. }),
        may_reopen: matches!(phase, Phase::Closed { for_deletion: true, .. }),
        action: paths::admin_closing(id),
        reopen: paths::admin_reopen(id),
        business: business.name,
    };
    visit.page(status, &page)
}
