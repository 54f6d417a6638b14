//! The ring around the API's handlers: the key before anything else is read, then the pace, then the body within a limit
//! and a time. Cookies are neither read nor set, so no browser can be made to call it with somebody's sign-in.

use super::call::{Call, Inner};
use super::pace::{CALLS_OF_KEY, FAILURES_OF_ADDRESS};
use super::problem::Problem;
use crate::application::Portal;
use crate::credits::service_keys::{self, Caller};
use crate::kernel::clock::Timestamp;
use crate::kernel::random;
use crate::kernel::secret::Secret;
use crate::web::WebError;
use crate::web::guard::{collect, portal_of};
use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{Method, StatusCode, header};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpResponse, ResponseError};
use std::rc::Rc;
use std::sync::Arc;

/// Largest body: 500 reports with room to spare.
const BODY_MAX: usize = 512 * 1024;
const PREFIX: &str = "/api/";

/// Whether an address answers in JSON.
#[must_use]
pub fn answers(path: &str) -> bool {
    path.starts_with(PREFIX)
}

/// The answer for an address or a method that the API does not have.
#[must_use]
pub fn nowhere(error: &WebError) -> HttpResponse {
    let problem = match error {
        WebError::MethodNotAllowed => Problem::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method-not-allowed",
            "Method not allowed",
            "The Allow header of OPTIONS says which are.",
        ),
        _ => Problem::not_found(),
    };
    problem.error_response()
}

/// Stands before one route of the API.
///
/// # Errors
/// Never: every failure becomes a problem.
pub async fn guard(mut request: ServiceRequest, next: Next<BoxBody>) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let portal = portal_of(request.request());
    let reference = random::word(10);
    tracing::Span::current().record("reference", &reference);
    let call = match admit(portal, &mut request, reference).await {
        Ok(call) => call,
        Err(problem) => return Ok(request.into_response(problem.error_response())),
    };
    request.extensions_mut().insert(call);
    let plain_request = request.request().clone();
    let mut response = match next.call(request).await {
        Ok(response) => response.map_into_boxed_body(),
        Err(error) => ServiceResponse::new(plain_request, error.error_response()),
    };
    response.headers_mut().insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    Ok(response)
}

async fn admit(portal: Arc<Portal>, request: &mut ServiceRequest, reference: String) -> Result<Call, Problem> {
    let now = portal.present().await;
    let address = request.peer_addr().map_or_else(|| "-".to_owned(), |address| address.ip().to_string());
    let caller = identify(&portal, request, &address, now).await?;
    let body = if *request.method() == Method::POST { read_body(request).await? } else { Vec::new() };
    let text = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let business = request.match_info().get("business").unwrap_or_default().to_owned();
    let idempotency_key = text("idempotency-key");
    Ok(Call(Rc::new(Inner { portal, caller, now, reference, address, business, idempotency_key, body })))
}

async fn identify(portal: &Portal, request: &ServiceRequest, address: &str, now: Timestamp) -> Result<Caller, Problem> {
    let pace = &portal.pace;
    let failures = format!("address {address}");
    pace.look(&failures, FAILURES_OF_ADDRESS, now).map_err(Problem::too_many)?;
    let authorization = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (scheme, shown) = authorization.split_once(' ').unwrap_or_default();
    let found = match scheme.eq_ignore_ascii_case("bearer") {
        true => service_keys::authenticate(&portal.db, &Secret::presented(shown.trim()), now).await?,
        false => None,
    };
    let Some(caller) = found else {
        pace.count(&failures, FAILURES_OF_ADDRESS, now).map_err(Problem::too_many)?;
        return Err(Problem::unauthorized());
    };
    pace.count(&format!("key {}", caller.key), CALLS_OF_KEY, now).map_err(Problem::too_many)?;
    Ok(caller)
}

async fn read_body(request: &mut ServiceRequest) -> Result<Vec<u8>, Problem> {
    let is_json = request.content_type().eq_ignore_ascii_case("application/json");
    if !is_json || request.headers().contains_key(header::CONTENT_ENCODING) {
        let detail = "Send the body as application/json, not compressed.";
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "json-needed", "JSON is needed", detail));
    }
    collect(request, BODY_MAX).await.map_err(|error| match error {
        WebError::TooLarge => Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "body-too-large",
            "The body is too large",
            "A call may have 512 kB and 500 reports.",
        ),
        WebError::TooSlow => {
            Problem::new(StatusCode::REQUEST_TIMEOUT, "body-too-slow", "The body did not arrive in time", "Nothing was changed.")
        }
        _ => Problem::new(StatusCode::BAD_REQUEST, "malformed", "The body could not be read", "Nothing was changed."),
    })
}
