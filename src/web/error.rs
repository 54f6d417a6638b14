//! Everything that keeps a handler from its page. Handlers return it by `?`; the guard makes it a page in one place,
//! with a reference and never with a cause.

use crate::access::Refused;
use crate::db;
use crate::kernel::clock::Timestamp;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};

/// What went wrong, seen from the browser.
#[derive(Debug, thiserror::Error)]
pub enum WebError {
    /// There is no such thing, or it is another tenant's (IDN-4).
    #[error("not found")]
    NotFound,
    /// The address exists, the method does not.
    #[error("method not allowed")]
    MethodNotAllowed,
    /// Nobody is signed in.
    #[error("sign-in needed")]
    SignIn,
    /// The person has a part in this, but not the role; the words say who can.
    #[error("needs the role {0}")]
    NeedsRole(&'static str),
    /// The person has no part in this side of the program.
    #[error("no part in this side")]
    NoPart,
    /// The business is locked, and this is not for renewing (EXP-2).
    #[error("locked")]
    Locked {
        /// When nobody will enter any more.
        closes_at: Timestamp,
    },
    /// The business is closed (EXP-2).
    #[error("closed")]
    Closed {
        /// Since when.
        since: Timestamp,
    },
    /// The form's token is not of this browser and sign-in.
    #[error("form out of date")]
    FormOutOfDate,
    /// The request came from another site.
    #[error("request from another site")]
    CrossSite,
    /// The body is no form.
    #[error("malformed request")]
    Malformed,
    /// The body is larger than any form.
    #[error("body too large")]
    TooLarge,
    /// The body did not arrive in time.
    #[error("body too slow")]
    TooSlow,
    /// Too many tries.
    #[error("too many tries")]
    TooMany {
        /// When to try again.
        retry_after_seconds: i64,
    },
    /// The database is away or full; nothing was changed.
    #[error("database unavailable")]
    Unavailable(#[source] anyhow::Error),
    /// A defect.
    #[error("internal error")]
    Internal(#[source] anyhow::Error),
}

impl WebError {
    /// The status of its page.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::SignIn => StatusCode::UNAUTHORIZED,
            Self::NeedsRole(_) | Self::NoPart | Self::Locked { .. } | Self::Closed { .. } | Self::FormOutOfDate | Self::CrossSite => {
                StatusCode::FORBIDDEN
            }
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl From<db::Error> for WebError {
    fn from(error: db::Error) -> Self {
        match error {
            db::Error::NotFound => Self::NotFound,
            db::Error::Retry(_) | db::Error::Unavailable(_) => Self::Unavailable(error.into()),
            db::Error::Unique { .. } | db::Error::RowCount { .. } | db::Error::Address | db::Error::Other(_) => {
                Self::Internal(error.into())
            }
        }
    }
}

impl From<askama::Error> for WebError {
    fn from(error: askama::Error) -> Self {
        Self::Internal(error.into())
    }
}

impl From<Refused> for WebError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::NoPart => Self::NoPart,
            Refused::NeedsRole(words) => Self::NeedsRole(words),
            Refused::Locked { closes_at } => Self::Locked { closes_at },
            Refused::Closed { since } => Self::Closed { since },
        }
    }
}

impl ResponseError for WebError {
    fn status_code(&self) -> StatusCode {
        self.status()
    }

    /// Only seen where no guard stands: the guard makes a page of it.
    fn error_response(&self) -> HttpResponse {
        HttpResponse::build(self.status()).content_type("text/plain; charset=utf-8").body(self.to_string())
    }
}
