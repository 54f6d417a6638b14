//! Works in another business or buyer account from now on, of those that the person belongs to. Any other is not found.

use crate::kernel::id::BusinessId;
use crate::web::shell::Tone;
use crate::web::{Form, Visit, WebError, paths};
use actix_web::HttpResponse;

/// `POST /console/business`.
pub async fn business(visit: Visit, form: Form) -> Result<HttpResponse, WebError> {
    let business = BusinessId::parse(form.text("business")).ok_or(WebError::NotFound)?;
    let membership = visit.require_actor()?.membership_in(business).ok_or(WebError::NotFound)?;
    visit.choose_business(business)?;
    visit.renew_session();
    visit.flash(Tone::Success, &format!("You work in {} now", membership.name), "");
    Ok(visit.see_other(&paths::console()))
}

/// `POST /marketplace/buyer-account`.
pub async fn buyer_account(visit: Visit, form: Form) -> Result<HttpResponse, WebError> {
    let account = form.text("account");
    let seat = visit.require_actor()?.seats.iter().find(|seat| seat.account == account).ok_or(WebError::NotFound)?;
    visit.choose_buyer(&seat.account)?;
    visit.renew_session();
    visit.flash(Tone::Success, &format!("You buy for {} now", seat.name), "");
    Ok(visit.see_other(&paths::marketplace()))
}
