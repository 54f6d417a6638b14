//! One call of the API, as a handler sees it: which service, when, from where, and the body.

use super::problem::Problem;
use crate::application::Portal;
use crate::audit::{ActingAs, Who};
use crate::credits::service_keys::Caller;
use crate::kernel::clock::Timestamp;
use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use std::future::{Ready, ready};
use std::rc::Rc;
use std::sync::Arc;

/// One call. Cheap to clone.
#[derive(Clone)]
pub struct Call(pub(super) Rc<Inner>);

pub(super) struct Inner {
    pub(super) portal: Arc<Portal>,
    pub(super) caller: Caller,
    pub(super) now: Timestamp,
    pub(super) reference: String,
    pub(super) address: String,
    pub(super) business: String,
    pub(super) idempotency_key: Option<String>,
    pub(super) body: Vec<u8>,
}

impl Call {
    /// The program.
    #[must_use]
    pub fn portal(&self) -> &Portal {
        &self.0.portal
    }

    /// Whose key it is.
    #[must_use]
    pub fn caller(&self) -> &Caller {
        &self.0.caller
    }

    /// The instant of the call, read once.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.0.now
    }

    /// The business in the address, as it was written.
    #[must_use]
    pub fn business(&self) -> &str {
        &self.0.business
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.0.body
    }

    /// The caller's name for this call.
    ///
    /// # Errors
    /// The problem, when there is none or it is of no use.
    pub fn idempotency_key(&self) -> Result<&str, Problem> {
        let key = self
            .0
            .idempotency_key
            .as_deref()
            .filter(|key| (1..=255).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic()));
        key.ok_or_else(|| {
            let detail = "Send an Idempotency-Key header of 1 to 255 visible ASCII characters, a new one for each call and the same one when a call is sent again.";
            Problem::new(StatusCode::BAD_REQUEST, "idempotency-key-needed", "An idempotency key is needed", detail)
        })
    }

    /// Who acts, for use cases and the audit log.
    #[must_use]
    pub fn who(&self) -> Who {
        Who {
            person: None,
            label: self.0.caller.name.clone(),
            acting_as: ActingAs::Service,
            address: self.0.address.clone(),
            request_id: self.0.reference.clone(),
            now: self.0.now,
        }
    }
}

impl FromRequest for Call {
    type Error = Problem;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(request.extensions().get::<Self>().cloned().ok_or_else(Problem::unauthorized))
    }
}
