//! `POST /aws/sns`: where topics of Amazon SNS that are on the list post their messages. No session, no cookie, no form: a
//! message proves itself by its signature ([`crate::fulfilment::incoming::sns`]). Without topics the address does not exist.

use super::guard::{collect, portal_of};
use super::route::{Access, Entry, post};
use super::{WebError, paths};
use crate::fulfilment::incoming::sns::{Received, Refusal};
use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{StatusCode, header};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpRequest, HttpResponse, web};

/// The most that SNS sends.
const BODY_MAX: usize = 256 * 1024;

/// A message as it was posted; nothing of it is proven.
struct Posted(String);

/// The line of the route table.
#[must_use]
pub fn routes() -> Vec<Entry> {
    vec![post(paths::AWS_SNS, Access::Topic, || web::to(take))]
}

/// Stands before the address: a body within a limit and a time, where there is a topic that may post.
///
/// # Errors
/// Never: every failure becomes an answer.
pub async fn guard(mut request: ServiceRequest, next: Next<BoxBody>) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    if portal_of(request.request()).topics.is_none() {
        return Ok(request.into_response(answer(StatusCode::NOT_FOUND, "There is nothing at this address.")));
    }
    let refused = match collect(&mut request, BODY_MAX).await {
        Ok(body) => {
            request.extensions_mut().insert(Posted(String::from_utf8_lossy(&body).into_owned()));
            return next.call(request).await.map(ServiceResponse::map_into_boxed_body);
        }
        Err(WebError::TooLarge) => answer(StatusCode::PAYLOAD_TOO_LARGE, "A message has 256 kB at most."),
        Err(WebError::TooSlow) => answer(StatusCode::REQUEST_TIMEOUT, "The message did not arrive in time."),
        Err(_) => answer(StatusCode::BAD_REQUEST, "The message could not be read."),
    };
    Ok(request.into_response(refused))
}

/// Takes the message.
async fn take(request: HttpRequest) -> HttpResponse {
    let portal = portal_of(&request);
    let posted = request.extensions_mut().remove::<Posted>();
    let (Some(topics), Some(Posted(text))) = (&portal.topics, posted) else {
        return answer(StatusCode::NOT_FOUND, "There is nothing at this address.");
    };
    match topics.receive(&portal.db, &text, portal.clock.unmoved().now()).await {
        Ok(Received::Stored) => {
            portal.wake.now();
            answer(StatusCode::OK, "The message is stored.")
        }
        Ok(Received::Again) => answer(StatusCode::OK, "The message was stored before."),
        Ok(Received::Confirmed) => answer(StatusCode::OK, "The subscription is confirmed."),
        Err(refusal) => {
            metrics::counter!("creditdesk_sns_refused_total").increment(1);
            tracing::warn!(cause = ?refusal, "a message of SNS was not taken");
            answer(status(&refusal), &format!("Not taken: {refusal}."))
        }
    }
}

/// SNS tries again after a 5xx, and not after a 4xx.
const fn status(refusal: &Refusal) -> StatusCode {
    match refusal {
        Refusal::Malformed => StatusCode::BAD_REQUEST,
        Refusal::NotNow(_) | Refusal::Storage(_) => StatusCode::SERVICE_UNAVAILABLE,
        Refusal::Topic
        | Refusal::Age
        | Refusal::CertificateAddress
        | Refusal::ConfirmationAddress
        | Refusal::Certificate
        | Refusal::Signature => StatusCode::FORBIDDEN,
    }
}

fn answer(status: StatusCode, words: &str) -> HttpResponse {
    HttpResponse::build(status)
        .insert_header((header::CONTENT_TYPE, "text/plain; charset=utf-8"))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(format!("{words}\n"))
}
