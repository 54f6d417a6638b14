//! An error as AWS names it: the name that clients map, the status, the words. Pure.

use super::protocol::Service;
use super::value::{Members, Structure, Value};
use crate::db;

/// An error of an operation, or of the protocol around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The name that clients map to their types: `__type` of the body.
    pub code: &'static str,
    /// HTTP status.
    pub status: u16,
    /// For people.
    pub message: String,
    /// More of the body, by the service's model.
    pub members: Members,
    /// The code that the service's older protocol had, by which clients of it still go.
    pub query_code: Option<&'static str>,
}

impl Fault {
    /// An error of a client, status 400.
    #[must_use]
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, status: 400, message: message.into(), members: Members::new(), query_code: None }
    }

    /// With another status.
    #[must_use]
    pub const fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// With a member of the model's error shape.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.members.push((name.to_owned(), value.into()));
        self
    }

    /// There is no such operation here.
    #[must_use]
    pub fn unknown_operation() -> Self {
        Self::new("UnknownOperationException", "The operation is not known here.")
    }

    /// The body cannot be read.
    #[must_use]
    pub fn serialization(why: impl Into<String>) -> Self {
        Self::new("SerializationException", why)
    }

    /// The program failed. The cause is for the log, never for the caller.
    #[must_use]
    pub fn internal(error: &db::Error) -> Self {
        tracing::error!(?error, "an API call failed");
        Self::new("InternalFailure", "The call failed. Nothing was changed by it; send it again.").status(500)
    }

    /// A failure of the program under the name that the service's model has for it.
    #[must_use]
    pub fn of(mut self, service: Service) -> Self {
        if self.status == 500 {
            self.code = match service {
                Service::Metering | Service::Entitlement => "InternalServiceErrorException",
                Service::Agreement => "InternalServerException",
                // No modelled name: clients go by the status.
                Service::Queue => "InternalFailure",
            };
        }
        self
    }

    /// The members of the body.
    #[must_use]
    pub fn body(&self) -> Members {
        let mut body = Structure::new().with("__type", self.code).with("message", self.message.as_str()).0;
        body.extend(self.members.iter().cloned());
        body
    }
}

impl From<db::Error> for Fault {
    fn from(error: db::Error) -> Self {
        Self::internal(&error)
    }
}
