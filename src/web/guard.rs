//! The ring around every handler: loads the visit, checks the origin, decides access before a body is read, reads the
//! body within a limit and a time, checks the form's token, and turns every error into a page.

use super::error::WebError;
use super::form::Form;
use super::route::Access;
use super::visit::Visit;
use super::{api, failure, paths, sns, wire};
use crate::access::allows;
use crate::application::Portal;
use crate::identity::actor::{self, Chosen};
use crate::identity::session::key;
use crate::kernel::clock::Timestamp;
use crate::kernel::id::{BusinessId, PersonId, SessionReference};
use actix_session::{Session, SessionExt};
use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{Method, header};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpRequest, HttpResponse, web};
use futures_util::StreamExt;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// Largest form.
const BODY_MAX: usize = 64 * 1024;
/// A body has to be here by then: actix itself has no limit for slow ones (quality F2).
const BODY_WAIT: Duration = Duration::from_secs(10);

/// Stands before one route.
///
/// # Errors
/// Never: every failure becomes a page.
pub async fn guard(access: Access, mut request: ServiceRequest, next: Next<BoxBody>) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    if access == Access::Service {
        return api::guard(request, next).await;
    }
    if access == Access::Signed {
        return wire::guard(request, next).await;
    }
    if access == Access::Topic {
        return sns::guard(request, next).await;
    }
    let portal = portal_of(request.request());
    let visit = match arrive(portal, request.request()).await {
        Ok(visit) => visit,
        Err(response) => return Ok(request.into_response(response)),
    };
    tracing::Span::current().record("reference", visit.reference());
    if let Err(error) = admit(access, &visit, &mut request).await {
        return Ok(request.into_response(finish(&visit, failure::page(&visit, error))));
    }
    request.extensions_mut().insert(visit.clone());
    let plain_request = request.request().clone();
    let response = match next.call(request).await {
        Ok(response) => response.map_into_boxed_body(),
        Err(error) => ServiceResponse::new(plain_request, HttpResponse::from_error(error)),
    };
    // The visit holds the request: without this the two would keep each other alive.
    response.request().extensions_mut().remove::<Visit>();
    let (request, response) = response.into_parts();
    if access == Access::Nothing && api::answers(visit.path()) {
        let refused = response.error().map(|error| api::nowhere(&as_web_error(error)));
        return Ok(ServiceResponse::new(request, refused.unwrap_or(response)));
    }
    // A handler's error comes as a response that carries it.
    let failed = response.error().map(|error| failure::page(&visit, as_web_error(error)));
    Ok(ServiceResponse::new(request, finish(&visit, failed.unwrap_or(response))))
}

#[expect(clippy::expect_used, reason = "the application puts it there before any route")]
pub(super) fn portal_of(request: &HttpRequest) -> Arc<Portal> {
    Arc::clone(request.app_data::<web::Data<Portal>>().expect("the application holds the portal"))
}

async fn arrive(portal: Arc<Portal>, request: &HttpRequest) -> Result<Visit, HttpResponse> {
    let session = request.get_session();
    let now = portal.present().await;
    match load_actor(&portal, &session, now).await {
        Ok(actor) => Ok(Visit::new(portal, request.clone(), session, actor, now)),
        Err(error) => {
            let visit = Visit::new(portal, request.clone(), session, None, now);
            Err(finish(&visit, failure::page(&visit, error)))
        }
    }
}

async fn load_actor(portal: &Portal, session: &Session, now: Timestamp) -> Result<Option<crate::access::Actor>, WebError> {
    let read = |name| session.get::<Uuid>(name).ok().flatten();
    let (Some(person), Some(reference)) = (read(key::PERSON), read(key::REFERENCE)) else { return Ok(None) };
    let chosen = Chosen { business: read(key::BUSINESS).map(BusinessId::from_uuid), buyer: session.get(key::BUYER).ok().flatten() };
    let at = (now, portal.config.access_lengths);
    Ok(actor::find(&portal.db, PersonId::from_uuid(person), SessionReference::from_uuid(reference), chosen, at).await?)
}

/// Everything that is decided before the handler runs, in this order.
async fn admit(access: Access, visit: &Visit, request: &mut ServiceRequest) -> Result<(), WebError> {
    if access == Access::Nothing {
        return Ok(());
    }
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if changes && access != Access::Landing && is_from_another_site(visit, request.request()) {
        return Err(WebError::CrossSite);
    }
    match access {
        Access::Public | Access::Landing | Access::Service | Access::Signed | Access::Topic | Access::Nothing => {}
        Access::SignedIn => drop(visit.require_actor()?),
        Access::May(action) => allows(visit.require_actor()?, action)?,
    }
    if changes {
        let form = Form::parse(&read_body(request).await?)?;
        if access != Access::Landing && !visit.csrf_is_valid(form.text("csrf")) {
            return Err(WebError::FormOutOfDate);
        }
        request.extensions_mut().insert(form);
    }
    Ok(())
}

/// By what the browser says of itself: `Sec-Fetch-Site`, else `Origin`. A client that says neither is no browser and
/// still needs the form's token.
fn is_from_another_site(visit: &Visit, request: &HttpRequest) -> bool {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    if let Some(origin) = header("origin") {
        return origin != visit.portal().origin();
    }
    header("sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none")
}

async fn read_body(request: &mut ServiceRequest) -> Result<Vec<u8>, WebError> {
    let declared = declared_length(request);
    let has_body = declared.is_some_and(|length| length > 0) || request.headers().contains_key(header::TRANSFER_ENCODING);
    let is_small = declared.is_none_or(|length| length <= BODY_MAX);
    if is_small && has_body && !request.content_type().eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(WebError::Malformed);
    }
    collect(request, BODY_MAX).await
}

fn declared_length(request: &ServiceRequest) -> Option<usize> {
    request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok())
}

/// A body of so many bytes at most, within the time that bodies have.
pub(super) async fn collect(request: &mut ServiceRequest, most: usize) -> Result<Vec<u8>, WebError> {
    if declared_length(request).is_some_and(|length| length > most) {
        return Err(WebError::TooLarge);
    }
    let mut payload = request.take_payload();
    let reading = async {
        let mut body = Vec::new();
        while let Some(chunk) = payload.next().await {
            let chunk = chunk.map_err(|_| WebError::Malformed)?;
            if body.len() + chunk.len() > most {
                return Err(WebError::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    };
    tokio::time::timeout(BODY_WAIT, reading).await.map_err(|_| WebError::TooSlow)?
}

fn as_web_error(error: &actix_web::Error) -> WebError {
    match error.as_error::<WebError>() {
        // The cause of an actix error cannot be taken out of it, so the variants that carry one are told apart by status.
        Some(WebError::NotFound) => WebError::NotFound,
        Some(WebError::MethodNotAllowed) => WebError::MethodNotAllowed,
        Some(WebError::SignIn) => WebError::SignIn,
        Some(WebError::NeedsRole(words)) => WebError::NeedsRole(words),
        Some(WebError::NoPart) => WebError::NoPart,
        Some(WebError::Locked { closes_at }) => WebError::Locked { closes_at: *closes_at },
        Some(WebError::Closed { since }) => WebError::Closed { since: *since },
        Some(WebError::FormOutOfDate) => WebError::FormOutOfDate,
        Some(WebError::CrossSite) => WebError::CrossSite,
        Some(WebError::Malformed) => WebError::Malformed,
        Some(WebError::TooLarge) => WebError::TooLarge,
        Some(WebError::TooSlow) => WebError::TooSlow,
        Some(WebError::TooMany { retry_after_seconds }) => WebError::TooMany { retry_after_seconds: *retry_after_seconds },
        Some(WebError::Unavailable(cause)) => WebError::Unavailable(anyhow::anyhow!("{cause:?}")),
        Some(WebError::Internal(cause)) => WebError::Internal(anyhow::anyhow!("{cause:?}")),
        None => WebError::Internal(anyhow::anyhow!("{error:?}")),
    }
}

/// Cookies of the visit, and nothing of a signed-in person's pages in any cache.
fn finish(visit: &Visit, mut response: HttpResponse) -> HttpResponse {
    for cookie in visit.take_cookies() {
        if let Err(error) = response.add_cookie(&cookie) {
            tracing::error!(%error, "a cookie could not be set");
        }
    }
    let headers = response.headers_mut();
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    }
    response
}

/// Where somebody who is not signed in is sent: to the sign-in page and back to what they wanted, if that was a page.
#[must_use]
pub fn sign_in_address(visit: &Visit, method: &Method) -> String {
    let next = if matches!(*method, Method::GET | Method::HEAD) { visit.path_and_query() } else { String::new() };
    paths::with_query(&paths::sign_in(), &[("next", &next)])
}
