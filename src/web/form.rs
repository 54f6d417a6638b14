//! Forms: what was typed, the problems found in it, and the view that shows both again.

use super::error::WebError;
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use std::future::{Ready, ready};
use std::rc::Rc;

/// Most fields that a form may have; no form of the program has nearly as many.
const FIELDS_MAX: usize = 200;

/// The fields of a POST, exactly as typed. The guard has read the body, and checked its size, origin and token, before
/// a handler can ask for it.
#[derive(Clone, Debug, Default)]
pub struct Form(Rc<Vec<(String, String)>>);

impl Form {
    /// Reads `application/x-www-form-urlencoded`.
    ///
    /// # Errors
    /// [`WebError::Malformed`] when it is not UTF-8 or has more fields than any form.
    pub fn parse(body: &[u8]) -> Result<Self, WebError> {
        let fields: Vec<(String, String)> = url::form_urlencoded::parse(body).into_owned().take(FIELDS_MAX + 1).collect();
        let broken = |text: &str| text.contains(['\0', '\u{FFFD}']);
        if fields.len() > FIELDS_MAX || fields.iter().any(|(name, value)| broken(name) || broken(value)) {
            return Err(WebError::Malformed);
        }
        Ok(Self(Rc::new(fields)))
    }

    /// Of fields that came by GET.
    #[must_use]
    pub fn of(fields: Vec<(String, String)>) -> Self {
        Self(Rc::new(fields))
    }

    /// Every field with its value, in order.
    #[must_use]
    pub fn pairs(&self) -> &[(String, String)] {
        &self.0
    }

    /// The last value of a field; empty when it is absent.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.0.iter().rev().find(|(field, _)| field == name).map_or("", |(_, value)| value)
    }

    /// Every value of a field.
    #[must_use]
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.0.iter().filter(|(field, _)| field == name).map(|(_, value)| value.as_str()).collect()
    }

    /// Whether a tick box was ticked.
    #[must_use]
    pub fn checked(&self, name: &str) -> bool {
        !self.text(name).is_empty()
    }
}

impl FromRequest for Form {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(request.extensions().get::<Self>().cloned().unwrap_or_default()))
    }
}

/// One thing that is wrong, in words that tell how to put it right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// Name of the field; empty for a problem of the form as a whole.
    pub field: String,
    /// The words.
    pub message: String,
}

/// Collects everything that is wrong with a form, so that all of it is said at once.
#[derive(Clone, Debug, Default)]
pub struct Problems(Vec<FieldError>);

impl Problems {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// One more.
    pub fn push(&mut self, field: &str, message: impl Into<String>) {
        self.0.push(FieldError { field: field.to_owned(), message: message.into() });
    }

    /// Those of another check too.
    pub fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// The value, or its problem noted.
    pub fn take<T>(&mut self, field: &str, parsed: Result<T, impl Into<String>>) -> Option<T> {
        match parsed {
            Ok(value) => Some(value),
            Err(message) => {
                self.push(field, message);
                None
            }
        }
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// What a template shows of a form: values and problems.
#[derive(Clone, Debug, Default)]
pub struct FormView {
    values: Vec<(String, String)>,
    errors: Vec<FieldError>,
}

impl FormView {
    /// An empty form.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A form as it was typed, with what is wrong. Passwords are never shown again.
    #[must_use]
    pub fn with(form: &Form, problems: Problems) -> Self {
        let shown = |name: &str| !name.contains("password") && name != "csrf";
        let values = form.0.iter().filter(|(name, _)| shown(name)).cloned().collect();
        Self { values, errors: problems.0 }
    }

    /// A form that is sent by GET: what its address says, with what is wrong.
    #[must_use]
    pub fn of_query(values: Vec<(String, String)>, problems: Problems) -> Self {
        Self { values, errors: problems.0 }
    }

    /// A value to begin with.
    #[must_use]
    pub fn set(mut self, name: &str, value: impl Into<String>) -> Self {
        self.values.retain(|(field, _)| field != name);
        self.values.push((name.to_owned(), value.into()));
        self
    }

    /// The value of a field.
    #[must_use]
    pub fn value(&self, name: &str) -> &str {
        self.values.iter().rev().find(|(field, _)| field == name).map_or("", |(_, value)| value)
    }

    /// Whether a box or radio with this value is chosen.
    #[must_use]
    pub fn checked(&self, name: &str, value: &str) -> bool {
        self.values.iter().any(|(field, typed)| field == name && typed == value)
    }

    /// The problem of a field.
    #[must_use]
    pub fn error(&self, name: &str) -> Option<&str> {
        self.errors.iter().find(|error| error.field == name).map(|error| error.message.as_str())
    }

    /// Whether anything is wrong.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        !self.errors.is_empty()
    }

    /// Everything that is wrong, in the order of the form.
    #[must_use]
    pub fn errors(&self) -> &[FieldError] {
        &self.errors
    }
}
