//! Works in another buyer account, for people who belong to several.

use crate::web::shell::Tone;
use crate::web::{Form, Visit, WebError, paths};
use actix_web::HttpResponse;

/// `POST /marketplace/buyer-account`
pub async fn choose(visit: Visit, form: Form) -> Result<HttpResponse, WebError> {
    let actor = visit.require_actor()?;
    let seat = actor.seats.iter().find(|seat| seat.account == form.text("account")).ok_or(WebError::NotFound)?;
    visit.choose_buyer(&seat.account)?;
    visit.flash(Tone::Success, "Buyer account changed", &format!("You now work in {}, {}.", seat.name, seat.account));
    Ok(visit.see_other(&paths::subscriptions()))
}
