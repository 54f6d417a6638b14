//! Problems as RFC 9457 has them: `application/problem+json` with a type that programs compare and words for people.

use crate::db;
use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use serde_json::json;

/// What is wrong with one part of a body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PartProblem {
    /// Where: a JSON pointer.
    pub pointer: String,
    /// What, for programs.
    pub code: &'static str,
    /// What, for people.
    pub detail: String,
}

/// Why a call was not carried out; nothing was changed by it.
#[derive(Debug)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    title: &'static str,
    detail: String,
    errors: Vec<PartProblem>,
    retry_after_seconds: Option<u32>,
    cause: Option<Box<db::Error>>,
}

impl Problem {
    /// A problem of this status; `code` ends its type.
    #[must_use]
    pub fn new(status: StatusCode, code: &'static str, title: &'static str, detail: impl Into<String>) -> Self {
        Self { status, code, title, detail: detail.into(), errors: Vec::new(), retry_after_seconds: None, cause: None }
    }

    /// The same with what is wrong part by part.
    #[must_use]
    pub fn with_errors(mut self, errors: Vec<PartProblem>) -> Self {
        self.errors = errors;
        self
    }

    /// No key, or none that works: the two are one answer.
    #[must_use]
    pub fn unauthorized() -> Self {
        let detail = "Send a working service key as \"Authorization: Bearer ck_…\". An Operator makes one on the admin pages.";
        Self::new(StatusCode::UNAUTHORIZED, "service-key-needed", "A service key is needed", detail)
    }

    /// There is nothing here, or nothing for this key.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "Not found", "There is nothing at this address for this service key.")
    }

    /// Called too often.
    #[must_use]
    pub fn too_many(retry_after_seconds: i64) -> Self {
        let detail = format!("Wait {retry_after_seconds} seconds, and put several reports into one call.");
        let problem = Self::new(StatusCode::TOO_MANY_REQUESTS, "too-many-calls", "Too many calls", detail);
        Self { retry_after_seconds: Some(u32::try_from(retry_after_seconds).unwrap_or(60)), ..problem }
    }
}

impl From<db::Error> for Problem {
    fn from(cause: db::Error) -> Self {
        let problem = match cause {
            db::Error::Retry(_) | db::Error::Unavailable(_) => Self {
                retry_after_seconds: Some(5),
                ..Self::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "unavailable",
                    "Not available at the moment",
                    "Nothing was changed. Call again with the same Idempotency-Key.",
                )
            },
            _ => Self::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                "Something went wrong on our side",
                "The problem has been recorded. Nothing was changed. Call again with the same Idempotency-Key.",
            ),
        };
        Self { cause: Some(Box::new(cause)), ..problem }
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        if let Some(cause) = &self.cause {
            tracing::error!(error = ?cause, "a call of the API failed");
        }
        let mut body = json!({
            "type": format!("urn:creditdesk:problem:{}", self.code),
            "title": self.title,
            "status": self.status.as_u16(),
            "detail": self.detail,
        });
        if !self.errors.is_empty() {
            body["errors"] = json!(self.errors);
        }
        let mut response = HttpResponse::build(self.status);
        response.content_type("application/problem+json").insert_header((header::CACHE_CONTROL, "no-store"));
        if let Some(seconds) = self.retry_after_seconds {
            response.insert_header((header::RETRY_AFTER, seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            response.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
        }
        response.body(body.to_string())
    }
}
