//! What became of a call that did not succeed: nobody answered, or the service said no. Only the first counts against the
//! service.

use crate::fulfilment::marketplace::Unreachable;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::display::DisplayErrorContext;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use std::error::Error;

/// A call that did not succeed.
#[derive(Debug)]
pub enum Failure {
    /// No answer, one that cannot be read, or one that says *not now*.
    Down(anyhow::Error),
    /// An answer that says no.
    Refused {
        /// The error's name, such as `InvalidTokenException`.
        code: String,
        /// What the service said about it.
        message: String,
    },
}

/// Names of errors that say *not now*, as far as they go.
const NOT_NOW: [&str; 7] =
    ["Throttl", "TooManyRequests", "InternalService", "InternalServer", "ServiceUnavailable", "RequestTimeout", "ServiceQuota"];

/// Errors that an operator has to mend: keys, rights, or a service that is not switched on in the region.
const OF_THE_SETUP: [&str; 11] = [
    "AccessDenied",
    "UnrecognizedClient",
    "InvalidClientTokenId",
    "InvalidSignature",
    "SignatureDoesNotMatch",
    "IncompleteSignature",
    "MissingAuthenticationToken",
    "ExpiredToken",
    "RequestExpired",
    "OptInRequired",
    "DisabledApi",
];

impl Failure {
    /// Of an SDK's error.
    pub fn of<E>(error: SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        let status = error.raw_response().map_or(0, |response| response.status().as_u16());
        let SdkError::ServiceError(context) = &error else { return Self::down(&error) };
        match context.err().code() {
            Some(code) if status < 500 && !NOT_NOW.iter().any(|name| code.starts_with(name)) => {
                Self::Refused { code: code.to_owned(), message: context.err().message().unwrap_or_default().to_owned() }
            }
            Some(_) | None => Self::down(&error),
        }
    }

    fn down(error: &(impl Error + 'static)) -> Self {
        Self::Down(anyhow::anyhow!("{}", DisplayErrorContext(error)))
    }

    /// Whether the error has this name.
    pub fn is(&self, name: &str) -> bool {
        matches!(self, Self::Refused { code, .. } if code == name)
    }

    /// Whether the session of the console's own credentials has expired: AWS has one name for that and for a registration
    /// token that is too old.
    pub fn is_about_credentials(&self) -> bool {
        matches!(self, Self::Refused { message, .. } if message.to_lowercase().contains("security token"))
    }
}

impl From<Failure> for Unreachable {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Down(cause) => Self(cause),
            Failure::Refused { code, message } => {
                if OF_THE_SETUP.iter().any(|name| code.starts_with(name)) {
                    tracing::error!(code, message, "AWS refuses the console: check credentials, rights and region");
                }
                Self(anyhow::anyhow!("{code}: {message}"))
            }
        }
    }
}
