//! One expiration of Credits & Billing as a calendar file (EXP-3), for those who see licenses.

use crate::access::Action;
use crate::fulfilment::expiry::{calendar, find_ending};
use crate::kernel::clock::Timestamp;
use crate::web::{Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::header;

/// Where the file of an expiration is.
pub(super) fn href(at: Timestamp) -> String {
    paths::with_query(&paths::credits_calendar(), &[("at", &at.timestamp_micros().to_string())])
}

/// `GET /console/credits/expiration.ics?at=`: the instant in microseconds. Anything but an expiration to come is not found.
pub async fn download(visit: Visit) -> Result<HttpResponse, WebError> {
    let scope = visit.business_scope(Action::SeeLicenses)?;
    let at = visit.query("at").parse().ok().and_then(Timestamp::from_timestamp_micros).ok_or(WebError::NotFound)?;
    let ending = find_ending(visit.db(), scope, at, visit.now()).await?.ok_or(WebError::NotFound)?;
    let text = calendar(&ending, &visit.portal().address_of(&paths::credits()), visit.now());
    let named = format!("attachment; filename=\"credits-{}.ics\"", at.format("%Y-%m-%d"));
    Ok(HttpResponse::Ok().content_type("text/calendar; charset=utf-8").insert_header((header::CONTENT_DISPOSITION, named)).body(text))
}
