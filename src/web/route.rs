//! What a line of the route table says: method, address, who may, and the handler.

use crate::access::Action;
use actix_web::Route;
use actix_web::http::Method;

/// Who may use a route. There is no default: a route cannot be written without it (IDN-4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anybody.
    Public,
    /// Anybody signed in.
    SignedIn,
    /// Whoever the policy allows.
    May(Action),
    /// The fulfilment address: a form from another site, without cookies and without a form token.
    Landing,
    /// One of the vendor's services, by its key; no session, no cookie, no form.
    Service,
    /// A client of the marketplace's API, by the signature of an access key; no session, no cookie, no form.
    Signed,
    /// A topic of Amazon SNS, by the signature of its message; no session, no cookie, no form.
    Topic,
    /// There is no handler: whatever is sent, nothing of it is read and the answer is an error page.
    Nothing,
}

/// One line of the table.
#[derive(Clone, Copy)]
pub struct Entry {
    /// GET stands for HEAD too.
    pub method: &'static str,
    /// A pattern of `web::paths`.
    pub pattern: &'static str,
    /// Who may.
    pub access: Access,
    /// Makes the handler.
    pub handler: fn() -> Route,
}

impl Entry {
    /// The method as actix knows it.
    #[must_use]
    pub fn http_method(&self) -> Method {
        if self.method == "POST" { Method::POST } else { Method::GET }
    }
}

/// A page.
#[must_use]
pub const fn get(pattern: &'static str, access: Access, handler: fn() -> Route) -> Entry {
    Entry { method: "GET", pattern, access, handler }
}

/// A change.
#[must_use]
pub const fn post(pattern: &'static str, access: Access, handler: fn() -> Route) -> Entry {
    Entry { method: "POST", pattern, access, handler }
}
