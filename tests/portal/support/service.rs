//! One of the vendor's services: holds a key and calls the usage API as its own program would, without cookies.

use super::{Stage, fixtures};
use creditdesk::access::{Action, StaffRole, StaffScope};
use creditdesk::credits::service_keys::{self, NewKey};
use creditdesk::db::SplitRefusal;
use creditdesk::kernel::id::{BusinessId, ServiceKeyId};
use creditdesk::kernel::random;
use reqwest::Method;
use serde_json::{Value, json};

/// A service with its key.
#[derive(Clone)]
pub struct Service {
    http: reqwest::Client,
    origin: String,
    pub id: ServiceKeyId,
    /// What it shows as its key.
    pub key: String,
}

/// What it was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub media_type: String,
    pub replayed: String,
    pub text: String,
}

impl Answer {
    /// The body.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    /// The problem's type, which must be one.
    pub fn problem(&self) -> String {
        assert_eq!(self.media_type, "application/problem+json", "{self:?}");
        let body = self.json();
        assert_eq!(body["status"], self.status, "{self:?}");
        assert!(body["title"].is_string() && body["detail"].is_string(), "{self:?}");
        body["type"].as_str().unwrap().strip_prefix("urn:creditdesk:problem:").unwrap().to_owned()
    }

    /// Pointer and code of each part that is wrong.
    pub fn errors(&self) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        self.json()["errors"].as_array().unwrap().iter().map(|error| (text(&error["pointer"]), text(&error["code"]))).collect()
    }
}

impl Service {
    /// A service of the vendor with a fresh key for these features, for all businesses or only these.
    pub async fn new(stage: &Stage, origin: &str, features: &[&str], businesses: Option<&[BusinessId]>) -> Self {
        let operator = fixtures::staff(stage, &format!("{}@vendor.example", random::word(8)), &[StaffRole::Operator]).await;
        let scope = StaffScope::of(&operator, Action::ManageServiceKeys).unwrap();
        let features = features.iter().map(|key| super::usage::key(key)).collect();
        let new = NewKey { name: "Sensor cloud".to_owned(), features, businesses: businesses.map(|list| list.iter().copied().collect()) };
        let who = fixtures::as_staff(stage, &operator);
        let (id, secret) = service_keys::make(&stage.db, scope, operator.person, &who, &new).await.refusal().unwrap().unwrap();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { http, origin: origin.to_owned(), id, key: secret.reveal().to_owned() }
    }

    /// The same service with another key, or none.
    pub fn showing(&self, key: &str) -> Self {
        Self { key: key.to_owned(), ..self.clone() }
    }

    /// Any call with these headers besides the key.
    pub async fn call(&self, method: Method, path: &str, headers: &[(&str, &str)], body: String) -> Answer {
        let mut request = self.http.request(method, format!("{}{path}", self.origin)).body(body);
        if !self.key.is_empty() {
            request = request.header("authorization", format!("Bearer {}", self.key));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await.expect("an answer");
        let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
        assert!(response.headers().get("set-cookie").is_none(), "the API sets no cookie");
        assert_eq!(header("x-content-type-options"), "nosniff");
        let (status, media_type, replayed) = (response.status().as_u16(), header("content-type"), header("idempotency-replayed"));
        Answer { status, media_type, replayed, text: response.text().await.expect("a body") }
    }

    /// `POST /api/v1/usage` with a body of its own.
    pub async fn post(&self, idempotency_key: &str, body: String) -> Answer {
        let headers = [("content-type", "application/json"), ("idempotency-key", idempotency_key)];
        self.call(Method::POST, "/api/v1/usage", &headers, body).await
    }

    /// Reports, each made by [`report`].
    pub async fn report(&self, idempotency_key: &str, reports: &[Value]) -> Answer {
        self.post(idempotency_key, json!({ "reports": reports }).to_string()).await
    }

    /// The figures of a business.
    pub async fn figures(&self, business: &str) -> Answer {
        self.call(Method::GET, &format!("/api/v1/businesses/{business}/credits"), &[], String::new()).await
    }
}

/// One report.
pub fn report(business: BusinessId, feature: &str, units: i64, observed_at: &str) -> Value {
    json!({ "business": business.to_string(), "feature": feature, "units": units, "observed_at": observed_at })
}
