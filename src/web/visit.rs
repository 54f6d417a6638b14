//! One request, as a handler sees it: who comes, from where, when, and what goes back with the answer.

use super::cookies::{self, Jar};
use super::csrf::{self, Binding};
use super::error::WebError;
use super::frame;
use super::paths;
use super::shell::{Flash, Shell, Tone};
use super::shop::Shop;
use crate::access::{Action, Actor, BusinessScope, BuyerScope, StaffScope};
use crate::application::Portal;
use crate::audit::{ActingAs, Who};
use crate::db::Db;
use crate::identity::session::key;
use crate::kernel::clock::{Clock, Timestamp};
use crate::kernel::id::{BusinessId, PersonId};
use crate::kernel::random;
use crate::kernel::show::Zone;
use actix_session::Session;
use actix_web::cookie::Cookie;
use actix_web::dev::Payload;
use actix_web::http::{StatusCode, header};
use actix_web::{FromRequest, HttpMessage, HttpRequest, HttpResponse};
use askama::Template;
use std::cell::RefCell;
use std::future::{Ready, ready};
use std::rc::Rc;
use std::sync::Arc;

/// How long a typed password counts as fresh (SUP-4).
const FRESH_PASSWORD_SECONDS: i64 = 5 * 60;

/// One request. Cheap to clone; every clone is the same visit.
#[derive(Clone)]
pub struct Visit(Rc<Inner>);

struct Inner {
    portal: Arc<Portal>,
    request: HttpRequest,
    session: Session,
    actor: Option<Actor>,
    now: Timestamp,
    reference: String,
    query: Vec<(String, String)>,
    zone: Zone,
    binding: Binding,
    new_visit: bool,
    flash: Option<Flash>,
    out: RefCell<Vec<Cookie<'static>>>,
}

impl Visit {
    /// The visit of a request whose actor has been loaded.
    #[must_use]
    pub fn new(portal: Arc<Portal>, request: HttpRequest, session: Session, actor: Option<Actor>, now: Timestamp) -> Self {
        let jar = portal.jar();
        let read = |name: &str| request.cookie(&jar.name(name)).map(|cookie| cookie.value().to_owned());
        let visit = read(cookies::VISIT).filter(|value| value.len() == 32);
        let new_visit = visit.is_none();
        let binding = Binding { visit: visit.unwrap_or_else(random::hex::<16>), session: actor.as_ref().map(|actor| actor.session) };
        let browser_zone = request.cookie(cookies::ZONE).map(|cookie| cookie.value().replace("%2F", "/"));
        let zone = actor.as_ref().and_then(|actor| actor.time_zone.clone()).or(browser_zone);
        let zone = Zone::or_utc(zone.as_deref().unwrap_or("UTC"));
        let flash = read(cookies::FLASH).and_then(|value| frame::read_flash(&value));
        let query = url::form_urlencoded::parse(request.query_string().as_bytes()).into_owned().collect();
        let reference = random::word(10);
        let out = RefCell::new(Vec::new());
        Self(Rc::new(Inner { portal, request, session, actor, now, reference, query, zone, binding, new_visit, flash, out }))
    }

    /// The program.
    #[must_use]
    pub fn portal(&self) -> &Arc<Portal> {
        &self.0.portal
    }

    /// The database.
    #[must_use]
    pub fn db(&self) -> &Db {
        &self.0.portal.db
    }

    /// Where people buy.
    #[must_use]
    pub fn shop(&self) -> &Shop {
        &self.0.portal.shop
    }

    /// The clock; most callers want [`Visit::now`].
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.0.portal.clock
    }

    /// The instant of this request, read once.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.0.now
    }

    /// Who is signed in.
    #[must_use]
    pub fn actor(&self) -> Option<&Actor> {
        self.0.actor.as_ref()
    }

    /// Who is signed in.
    ///
    /// # Errors
    /// [`WebError::SignIn`] when nobody is.
    pub fn require_actor(&self) -> Result<&Actor, WebError> {
        self.actor().ok_or(WebError::SignIn)
    }

    /// The scope of the business that the actor works in.
    ///
    /// # Errors
    /// When nobody is signed in or the policy does not allow the action.
    pub fn business_scope(&self, action: Action) -> Result<BusinessScope, WebError> {
        Ok(BusinessScope::of(self.require_actor()?, action)?)
    }

    /// The scope of the buyer account that the actor works in.
    ///
    /// # Errors
    /// When nobody is signed in or the policy does not allow the action.
    pub fn buyer_scope(&self, action: Action) -> Result<BuyerScope, WebError> {
        Ok(BuyerScope::of(self.require_actor()?, action)?)
    }

    /// The scope of staff.
    ///
    /// # Errors
    /// When nobody is signed in or the policy does not allow the action.
    pub fn staff_scope(&self, action: Action) -> Result<StaffScope, WebError> {
        Ok(StaffScope::of(self.require_actor()?, action)?)
    }

    /// Who acts, for use cases and the audit log.
    #[must_use]
    pub fn who(&self, acting_as: ActingAs) -> Who {
        Who {
            person: self.actor().map(|actor| actor.person),
            label: self.actor().map_or_else(|| "not signed in".to_owned(), |actor| actor.email.clone()),
            acting_as: if self.actor().is_some() { acting_as } else { ActingAs::Anonymous },
            address: self.address(),
            request_id: self.reference().to_owned(),
            now: self.now(),
        }
    }

    /// The reference that error pages show and the log carries.
    #[must_use]
    pub fn reference(&self) -> &str {
        &self.0.reference
    }

    /// The viewer's time zone: their own choice, else the browser's, else UTC.
    #[must_use]
    pub fn zone(&self) -> Zone {
        self.0.zone
    }

    /// The method.
    #[must_use]
    pub fn method(&self) -> &actix_web::http::Method {
        self.0.request.method()
    }

    /// The pattern of the route: what the log says instead of a path, which may hold a code that works.
    #[must_use]
    pub fn route(&self) -> String {
        self.0.request.match_pattern().unwrap_or_default()
    }

    /// Path without query.
    #[must_use]
    pub fn path(&self) -> &str {
        self.0.request.path()
    }

    /// Path with query, to come back to.
    #[must_use]
    pub fn path_and_query(&self) -> String {
        self.0.request.uri().path_and_query().map_or_else(|| self.path().to_owned(), ToString::to_string)
    }

    /// The last value of a query parameter; empty when it is absent or has control characters.
    #[must_use]
    pub fn query(&self, name: &str) -> &str {
        let found = self.0.query.iter().rev().find(|(parameter, _)| parameter == name);
        found.map(|(_, value)| value.trim()).filter(|value| !value.chars().any(char::is_control)).unwrap_or("")
    }

    /// Every query parameter in its order, as typed but for control characters: those values are left out.
    #[must_use]
    pub fn query_pairs(&self) -> Vec<(String, String)> {
        self.0.query.iter().filter(|(_, value)| !value.chars().any(char::is_control)).cloned().collect()
    }

    /// A segment of the path, decoded.
    #[must_use]
    pub fn param(&self, name: &str) -> &str {
        self.0.request.match_info().get(name).unwrap_or("")
    }

    /// An id in the path. What is no id of the kind is not found, like an id that does not exist (IDN-4).
    ///
    /// # Errors
    /// [`WebError::NotFound`].
    pub fn id<T>(&self, name: &str, parse: fn(&str) -> Option<T>) -> Result<T, WebError> {
        parse(self.param(name)).ok_or(WebError::NotFound)
    }

    /// The client's network address.
    #[must_use]
    pub fn address(&self) -> String {
        self.0.request.peer_addr().map_or_else(|| "-".to_owned(), |address| address.ip().to_string())
    }

    /// The client's description of itself, shortened.
    #[must_use]
    pub fn agent(&self) -> String {
        let agent = self.0.request.headers().get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or("");
        agent.chars().filter(|letter| !letter.is_control()).take(200).collect()
    }

    /// A cookie of the program by its short name.
    #[must_use]
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.0.request.cookie(&self.jar().name(name)).map(|cookie| cookie.value().to_owned()).filter(|value| !value.is_empty())
    }

    /// How cookies are made.
    #[must_use]
    pub fn jar(&self) -> Jar {
        self.0.portal.jar()
    }

    /// A cookie that goes with the answer.
    pub fn set_cookie(&self, cookie: Cookie<'static>) {
        self.0.out.borrow_mut().push(cookie);
    }

    /// A token for the forms of this page.
    #[must_use]
    pub fn csrf(&self) -> String {
        csrf::issue(&self.0.portal.form_key, &self.0.binding)
    }

    /// Whether a submitted token is this browser's and this sign-in's.
    #[must_use]
    pub fn csrf_is_valid(&self, token: &str) -> bool {
        !self.0.new_visit && csrf::is_valid(&self.0.portal.form_key, &self.0.binding, token)
    }

    /// Says something once, on the next page.
    pub fn flash(&self, tone: Tone, title: &str, text: &str) {
        self.set_cookie(self.jar().make(cookies::FLASH, frame::write_flash(tone, title, text)));
    }

    pub(super) fn flash_shown(&self) -> Option<Flash> {
        let flash = self.0.flash.clone();
        if flash.is_some() && !self.0.out.borrow().iter().any(|cookie| cookie.name() == self.jar().name(cookies::FLASH)) {
            self.set_cookie(self.jar().remove(cookies::FLASH));
        }
        flash
    }

    /// What the page carries around its content; `title` is the page's own name.
    #[must_use]
    pub fn shell(&self, title: &str) -> Shell {
        frame::shell(self, title)
    }

    /// A page.
    ///
    /// # Errors
    /// When the template fails, which is a defect.
    pub fn page(&self, status: StatusCode, template: &impl Template) -> Result<HttpResponse, WebError> {
        Ok(HttpResponse::build(status).content_type("text/html; charset=utf-8").body(template.render()?))
    }

    /// On to another address with GET, after a POST.
    #[must_use]
    pub fn see_other(&self, path: &str) -> HttpResponse {
        HttpResponse::SeeOther().insert_header((header::LOCATION, path)).finish()
    }

    /// The cookies that go with the answer; the guard adds them.
    #[must_use]
    pub fn take_cookies(&self) -> Vec<Cookie<'static>> {
        let mut out = self.0.out.take();
        // The landing comes from another site without the cookies that the browser has: a new one would replace them, and
        // every form that is open in another tab would be out of date.
        let is_landing = self.method() == actix_web::http::Method::POST && self.path() == paths::SETUP;
        if self.0.new_visit && !is_landing && !super::api::answers(self.path()) {
            out.push(self.jar().make(cookies::VISIT, self.0.binding.visit.clone()));
        }
        out
    }

    /// Signs a person in: the session's key is a new one, so that a planted key is worth nothing (quality D1).
    ///
    /// # Errors
    /// When the session cannot take the values, which is a defect.
    pub fn sign_in(&self, person: PersonId) -> Result<(), WebError> {
        let session = &self.0.session;
        session.clear();
        session.renew();
        self.remember(key::PERSON, person.uuid())?;
        self.remember(key::ADDRESS, self.address())?;
        self.remember(key::AGENT, self.agent())?;
        self.mark_password_fresh()
    }

    /// Signs out; the session's row is removed.
    pub fn sign_out(&self) {
        self.0.session.purge();
    }

    /// Gives the session a new key, as after a change of password.
    pub fn renew_session(&self) {
        self.0.session.renew();
    }

    /// Works in another business from now on; whether the person belongs to it is checked at every request.
    ///
    /// # Errors
    /// When the session cannot take the value, which is a defect.
    pub fn choose_business(&self, business: BusinessId) -> Result<(), WebError> {
        self.remember(key::BUSINESS, business.uuid())
    }

    /// Works in another buyer account from now on.
    ///
    /// # Errors
    /// When the session cannot take the value, which is a defect.
    pub fn choose_buyer(&self, account: &str) -> Result<(), WebError> {
        self.remember(key::BUYER, account)
    }

    /// Whether the password was typed within the last five minutes.
    #[must_use]
    pub fn password_is_fresh(&self) -> bool {
        let typed_at: Option<i64> = self.0.session.get(key::PASSWORD_AT).ok().flatten();
        typed_at.is_some_and(|micros| (0..=FRESH_PASSWORD_SECONDS * 1_000_000).contains(&(self.now().timestamp_micros() - micros)))
    }

    /// The password was typed just now.
    ///
    /// # Errors
    /// When the session cannot take the value, which is a defect.
    pub fn mark_password_fresh(&self) -> Result<(), WebError> {
        self.remember(key::PASSWORD_AT, self.now().timestamp_micros())
    }

    fn remember(&self, name: &str, value: impl serde::Serialize) -> Result<(), WebError> {
        self.0.session.insert(name, value).map_err(|error| WebError::Internal(anyhow::anyhow!("{error}")))
    }
}

impl FromRequest for Visit {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let found = request.extensions().get::<Self>().cloned();
        ready(found.ok_or_else(|| WebError::Internal(anyhow::anyhow!("a handler without a guard")).into()))
    }
}
