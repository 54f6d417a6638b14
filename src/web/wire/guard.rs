//! The ring around the API: which operation, the body within a limit and a time, then the signature of all of it. What
//! comes through is an [`Exchange`]; what does not is answered with AWS's own error.

use super::exchange::{Exchange, Said, reply};
use super::seen::Seen;
use crate::audit::{ActingAs, Who};
use crate::kernel::clock::Timestamp;
use crate::kernel::random;
use crate::marketplace::wire::access_keys::Caller;
use crate::marketplace::wire::call;
use crate::marketplace::wire::fault::Fault;
use crate::marketplace::wire::protocol::recognise;
use crate::marketplace::wire::signature::Arrived;
use crate::web::WebError;
use crate::web::guard::{collect, portal_of};
use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpRequest};
use std::time::Instant;

/// AWS's own limit of a request: less than 1 MB.
const BODY_MAX: usize = 1_000_000;

/// Stands before the API.
///
/// # Errors
/// Never: every failure becomes an answer.
pub async fn guard(mut request: ServiceRequest, next: Next<BoxBody>) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let portal = portal_of(request.request());
    let (reference, now, begun) = (random::id().to_string(), portal.present().await, Instant::now());
    tracing::Span::current().record("reference", &reference);
    let headers = headers_of(request.request());
    let body = collect(&mut request, BODY_MAX).await;
    let (method, path, query) = (request.method().to_string(), request.uri().path().to_owned(), request.query_string().to_owned());
    let bytes = body.as_ref().map(Vec::as_slice).unwrap_or_default();
    let arrived = Arrived { method: &method, path: &path, query: &query, headers: &headers, body: bytes };
    let (protocol, asked) = recognise(arrived);
    let admitted = async {
        let operation = asked?;
        body.as_ref().map_err(unreadable)?;
        let caller = call::authenticate(&portal.db, &portal.wire, arrived, &portal.clock).await?;
        let members = protocol.read(bytes)?;
        Ok((operation, caller, members))
    };
    let admitted = admitted.await;
    let seen = portal.bench.is_on().then(|| Seen::new(arrived, protocol, (&reference, now, begun)));
    match admitted {
        Ok((operation, caller, members)) => {
            let who = who(&request, &caller, &reference, now);
            request.extensions_mut().insert(Exchange { portal, protocol, operation, caller, who, members, seen });
            next.call(request).await.map(ServiceResponse::map_into_boxed_body)
        }
        Err(fault) => {
            let said = Said::of(asked_of(&path, &headers), &reference, Err(fault));
            if let Some(seen) = seen {
                portal.bench.note(seen.answered(None, said.status, &said.body)).await;
            }
            Ok(request.into_response(reply(protocol, &reference, portal.clock.unmoved().now(), said)))
        }
    }
}

/// Names in lower case, values as text.
fn headers_of(request: &HttpRequest) -> Vec<(String, String)> {
    let pairs = request.headers().iter();
    pairs.map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())).collect()
}

/// Whether the agreement service was asked, whose errors repeat the request's id.
fn asked_of(path: &str, headers: &[(String, String)]) -> bool {
    let target = headers.iter().find(|(name, _)| name == "x-amz-target").map(|(_, value)| value.as_str());
    path.contains("AWSMPCommerceService") || target.is_some_and(|target| target.contains("AWSMPCommerceService"))
}

fn unreadable(error: &WebError) -> Fault {
    match error {
        WebError::TooLarge => Fault::new("RequestEntityTooLargeException", "The request must be less than 1 MB in size.").status(413),
        WebError::TooSlow => Fault::new("RequestTimeoutException", "The body did not arrive in time.").status(408),
        _ => Fault::serialization("The body could not be read."),
    }
}

fn who(request: &ServiceRequest, caller: &Caller, reference: &str, now: Timestamp) -> Who {
    let address = request.peer_addr().map_or_else(|| "-".to_owned(), |address| address.ip().to_string());
    let (person, label, acting_as) = match &caller.buyer {
        Some(buyer) => (Some(buyer.person), format!("{} by {}", buyer.email, caller.key), ActingAs::Buyer),
        None => (None, caller.key.to_string(), ActingAs::Service),
    };
    Who { person, label, acting_as, address, request_id: reference.to_owned(), now }
}
