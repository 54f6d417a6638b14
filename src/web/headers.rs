//! The outermost ring: security headers on every response, whoever made it (quality D5), and a page where even the
//! session could not be read.

use crate::application::Portal;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpResponse, web};
use std::collections::BTreeSet;

const FIXED: [(HeaderName, &str); 7] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "same-origin"),
    (header::STRICT_TRANSPORT_SECURITY, "max-age=63072000; includeSubDomains"),
    (header::CROSS_ORIGIN_OPENER_POLICY, "same-origin"),
    (header::CROSS_ORIGIN_RESOURCE_POLICY, "same-origin"),
    (header::PERMISSIONS_POLICY, "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    (header::X_FRAME_OPTIONS, "DENY"),
];

/// The content security policy. Forms may go to the consoles of the products, because the marketplace hands buyers over
/// with a form (SET-1).
#[must_use]
pub fn content_security_policy(fulfilment_origins: &BTreeSet<String>) -> String {
    let consoles: String = fulfilment_origins.iter().map(|origin| format!(" {origin}")).collect();
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'{consoles}; \
         base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    )
}

const SESSION_LOST: &str = "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
<title>The service is not available at the moment - Creditdesk</title></head><body><main><h1>The service is not available at the moment</h1>\
<p>Nothing was charged or changed by this request.</p><p>It usually works again within a minute. Open the page again: it shows what was done.</p></main></body></html>";

/// Adds the headers.
///
/// # Errors
/// Only with a page: an error that comes this far means that the session store is away, and carries a 503 page.
pub async fn dress(request: ServiceRequest, next: Next<impl MessageBody + 'static>) -> Result<ServiceResponse<BoxBody>, Error> {
    // Not a clone of the request: actix routes only requests that nobody else holds.
    let portal = request.app_data::<web::Data<Portal>>().cloned();
    match next.call(request).await {
        Ok(response) => {
            let mut response = response.map_into_boxed_body();
            add_headers(response.headers_mut(), portal.as_ref().map(web::Data::get_ref));
            Ok(response)
        }
        Err(error) => {
            tracing::error!(error = ?error, "the session could not be read");
            let mut page = HttpResponse::ServiceUnavailable()
                .insert_header((header::RETRY_AFTER, "5"))
                .insert_header((header::CACHE_CONTROL, "no-store"))
                .content_type("text/html; charset=utf-8")
                .body(SESSION_LOST);
            add_headers(page.headers_mut(), portal.as_ref().map(web::Data::get_ref));
            Err(InternalError::from_response(error, page).into())
        }
    }
}

fn add_headers(headers: &mut HeaderMap, portal: Option<&Portal>) {
    for (name, value) in FIXED {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Some(policy) = portal.and_then(|portal| HeaderValue::from_str(&portal.content_security_policy).ok()) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
}
