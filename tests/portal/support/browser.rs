//! A person's browser without a window: keeps cookies, follows redirections, opens links and fills and sends the real
//! forms of the pages it is shown. What it does not do is run scripts: everything works without them.

use super::form::{Typed, submission};
use super::page::{Page, control, find_group, selector, text_of};
use super::{cookies::Cookies, manners};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method, redirect};
use std::collections::BTreeMap;

const REDIRECTIONS_MAX: usize = 8;

/// A browser with one open page. A clone is a second window with the same cookies, as they were.
#[derive(Clone)]
pub struct Browser {
    http: Client,
    origin: String,
    /// What the browser keeps for the portal.
    pub cookies: Cookies,
    page: Option<Page>,
    typed: BTreeMap<String, Typed>,
}

/// One request as it is, with nothing added and nothing followed.
pub struct Raw<'r> {
    pub method: Method,
    pub path: &'r str,
    pub headers: &'r [(&'r str, &'r str)],
    pub body: String,
}

impl Browser {
    /// A browser that has never been here.
    pub fn new(origin: &str) -> Self {
        let http = Client::builder().redirect(redirect::Policy::none()).no_proxy().build().expect("a client");
        Self { http, origin: origin.to_owned(), cookies: Cookies::default(), page: None, typed: BTreeMap::new() }
    }

    /// Goes on at another server of the same portal, with the same cookies.
    pub fn move_to(&mut self, origin: &str) {
        origin.clone_into(&mut self.origin);
    }

    /// The page that is open.
    pub fn page(&self) -> &Page {
        self.page.as_ref().expect("a page that was opened before")
    }

    /// Types an address, or opens a bookmark.
    pub async fn open(&mut self, address: &str) -> &Page {
        self.go(Method::GET, address.to_owned(), None, "none").await
    }

    /// Opens the link of this name.
    pub async fn click(&mut self, name: &str) -> &Page {
        let page = self.page();
        let href = page.link(name).unwrap_or_else(|| panic!("no link {name:?} in {page:?}"));
        self.go(Method::GET, href, None, "same-origin").await
    }

    /// Types into the field of this label.
    pub fn fill(&mut self, label: &str, text: &str) -> &mut Self {
        let id = self.control_id(label);
        self.typed.insert(id, Typed::Text(text.to_owned()));
        self
    }

    /// Ticks the box of this label.
    pub fn tick(&mut self, label: &str) -> &mut Self {
        let id = self.control_id(label);
        self.typed.insert(id, Typed::On);
        self
    }

    /// Chooses an answer of the group with this legend.
    pub fn choose(&mut self, group: &str, answer: &str) -> &mut Self {
        let page = self.page();
        let document = page.document();
        let found = find_group(&document, group).unwrap_or_else(|| panic!("no group {group:?} in {page:?}"));
        let labels = selector("label[for]");
        let label = found.select(&labels).find(|label| text_of(*label).starts_with(answer));
        let label = label.unwrap_or_else(|| panic!("no answer {answer:?} in {page:?}"));
        let id = label.attr("for").unwrap_or_default().to_owned();
        self.typed.insert(id, Typed::On);
        self
    }

    /// Chooses an option of the list with this label.
    pub fn select(&mut self, label: &str, option: &str) -> &mut Self {
        let page = self.page();
        let document = page.document();
        let list = control(&document, label).unwrap_or_else(|| panic!("no list {label:?} in {page:?}"));
        let options = selector("option");
        let found = list.select(&options).find(|found| text_of(*found).contains(option));
        let found = found.unwrap_or_else(|| panic!("no option {option:?} in {page:?}"));
        let (id, value) = (list.attr("id").unwrap_or_default().to_owned(), found.attr("value").unwrap_or_default().to_owned());
        self.typed.insert(id, Typed::Text(value));
        self
    }

    fn control_id(&self, label: &str) -> String {
        let page = self.page();
        let document = page.document();
        let control = control(&document, label).unwrap_or_else(|| panic!("no field {label:?} in {page:?}"));
        control.attr("id").unwrap_or_default().to_owned()
    }

    /// Presses the button of this name, which sends its form with what was typed.
    pub async fn press(&mut self, button: &str) -> &Page {
        let page = self.page();
        let form = submission(&page.document(), button, &self.typed).unwrap_or_else(|| panic!("no button {button:?} in {page:?}"));
        let action = if form.action.is_empty() { page.address.clone() } else { form.action };
        let encoded = serde_urlencoded::to_string(&form.fields).expect("fields that can be encoded");
        if form.method == "post" {
            self.go(Method::POST, action, Some(encoded), "same-origin").await
        } else {
            let path = action.split(['?', '#']).next().unwrap_or_default();
            self.go(Method::GET, format!("{path}?{encoded}"), None, "same-origin").await
        }
    }

    /// Sends fields to an address as a form of this site would, with a token out of the open page where it has one.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> &Page {
        let token = self.page.as_ref().and_then(|page| page.attributes("input[name=csrf]", "value").into_iter().next());
        let mut all: Vec<(&str, &str)> = fields.to_vec();
        if let Some(token) = &token {
            all.push(("csrf", token));
        }
        let encoded = serde_urlencoded::to_string(&all).expect("fields that can be encoded");
        self.go(Method::POST, path.to_owned(), Some(encoded), "same-origin").await
    }

    async fn go(&mut self, method: Method, address: String, body: Option<String>, site: &str) -> &Page {
        let (mut method, mut address, mut body) = (method, address, body);
        let mut redirections = Vec::new();
        loop {
            let mut headers = vec![("sec-fetch-site", site)];
            let origin = self.origin.clone();
            if method == Method::POST {
                headers.push(("origin", &origin));
                headers.push(("content-type", "application/x-www-form-urlencoded"));
            }
            let raw = Raw { method: method.clone(), path: &address, headers: &headers, body: body.take().unwrap_or_default() };
            let mut page = self.send(raw).await;
            if !(300..400).contains(&page.status) || page.header("location").is_empty() {
                page.redirections = redirections;
                self.typed.clear();
                return self.page.insert(page);
            }
            address = page.header("location").to_owned();
            redirections.push(address.clone());
            assert!(redirections.len() <= REDIRECTIONS_MAX, "sent in circles: {redirections:?}");
            method = Method::GET;
        }
    }

    /// Sends a request with the browser's cookies and nothing else; the open page stays.
    pub async fn send(&mut self, raw: Raw<'_>) -> Page {
        let path = raw.path.strip_prefix(&self.origin).unwrap_or(raw.path);
        let path = path.split('#').next().unwrap_or(path);
        assert!(path.starts_with('/'), "an address of another site: {path}");
        let cookies = self.cookies.header();
        let mut headers = HeaderMap::new();
        let sent = raw.headers.iter().copied().chain((!cookies.is_empty()).then_some(("cookie", cookies.as_str())));
        for (name, value) in sent {
            headers.insert(
                HeaderName::from_bytes(name.as_bytes()).expect("a header name"),
                HeaderValue::from_str(value).expect("a header value"),
            );
        }
        let request = self.http.request(raw.method.clone(), format!("{}{path}", self.origin)).headers(headers).body(raw.body);
        let answer = request.send().await.unwrap_or_else(|error| panic!("{} {path}: {error:?}", raw.method));
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let body = String::from_utf8_lossy(&answer.bytes().await.expect("a whole body")).into_owned();
        self.cookies.take_from(&headers);
        let page = Page { status, address: path.to_owned(), redirections: Vec::new(), headers, body };
        manners::check(&raw.method, &page);
        page
    }
}
