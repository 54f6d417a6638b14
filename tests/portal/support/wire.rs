//! A client of the marketplace's API: signs as the SDKs do, by an implementation of its own, and sends what it is told to.

use super::Stage;
use super::fixtures;
use super::portal::Portal;
use ciborium::Value as Cbor;
use creditdesk::access::{Action, Actor, StaffRole, StaffScope};
use creditdesk::db::SplitRefusal;
use creditdesk::kernel::clock::{Clock, Timestamp};
use creditdesk::kernel::random;
use creditdesk::kernel::sealing::SealingKey;
use creditdesk::marketplace::wire::access_keys::{self, NewKey};
use creditdesk::marketplace::wire::products::{self, WireProduct};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// The seller of Trend Vision One.
pub const TREND_MICRO: &str = "294406891311";
/// Its product code.
pub const VISION_CODE: &str = "74az0btybm649octamy0sktos";
/// Another seller.
pub const OTHER_SELLER: &str = "518230947715";
pub const ACME: &str = "111122223333";
pub const METERING: &str = "AWSMPMeteringService";
pub const ENTITLEMENT: &str = "AWSMPEntitlementService";
pub const AGREEMENT: &str = "AWSMPCommerceService_v20200301";

/// A client with its key.
#[derive(Clone)]
pub struct Client {
    pub http: reqwest::Client,
    pub origin: String,
    pub key_id: String,
    pub secret: String,
    pub region: String,
    pub signing_name: String,
    pub clock: Clock,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub media_type: String,
    pub request_id: String,
    pub smithy_protocol: String,
    /// The older code that clients of queues go by.
    pub query_error: String,
    pub body: Vec<u8>,
}

impl Answer {
    /// The body, whatever protocol it is in. A timestamp in CBOR stands as its number.
    pub fn json(&self) -> Value {
        if self.media_type == "application/cbor" {
            let value: Cbor = ciborium::from_reader(self.body.as_slice()).unwrap_or_else(|_| panic!("no CBOR: {self:?}"));
            return json_of(value);
        }
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    /// The body of a success.
    pub fn ok(&self) -> Value {
        assert_eq!(self.status, 200, "{:?}", String::from_utf8_lossy(&self.body));
        self.json()
    }

    /// Status and name of an error.
    pub fn error(&self) -> (u16, String) {
        assert_ne!(self.status, 200, "{:?}", String::from_utf8_lossy(&self.body));
        let body = self.json();
        assert!(body["message"].is_string(), "{body}");
        (self.status, body["__type"].as_str().expect("a type").to_owned())
    }

    /// Reason of a `ValidationException`.
    pub fn reason(&self) -> String {
        assert_eq!(self.error(), (400, "ValidationException".to_owned()), "{:?}", self.json());
        self.json()["reason"].as_str().expect("a reason").to_owned()
    }
}

fn json_of(value: Cbor) -> Value {
    match value {
        Cbor::Text(text) => Value::String(text),
        Cbor::Bool(flag) => Value::Bool(flag),
        Cbor::Integer(number) => Value::from(i64::try_from(number).expect("a small number")),
        Cbor::Float(number) => Value::from(number),
        Cbor::Array(list) => list.into_iter().map(json_of).collect(),
        Cbor::Map(members) => members.into_iter().map(|(name, value)| (name.into_text().expect("a name"), json_of(value))).collect(),
        Cbor::Tag(1, seconds) => json_of(*seconds),
        other => panic!("nothing of this kind is sent: {other:?}"),
    }
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An operator of the vendor and their scope.
pub async fn operator(stage: &Stage) -> (Actor, StaffScope) {
    let actor = fixtures::staff(stage, &format!("{}@vendor.example", random::word(8)), &[StaffRole::Operator]).await;
    let scope = StaffScope::of(&actor, Action::ManageAccessKeys).expect("an operator");
    (actor, scope)
}

/// What an engineer is told of Trend Vision One.
pub async fn vision(stage: &Stage) -> WireProduct {
    let (_, scope) = operator(stage).await;
    let all = products::list(&stage.db, scope).await.expect("products");
    all.into_iter().find(|product| product.product_code == VISION_CODE).expect("Trend Vision One")
}

impl Client {
    /// With a fresh key of a seller account.
    pub async fn of_seller(stage: &Stage, portal: &Portal, account: &str) -> Self {
        Self::with_key(stage, portal, account, None).await
    }

    /// With a fresh key of a buyer account that acts as a person of it.
    pub async fn of_buyer(stage: &Stage, portal: &Portal, account: &str, email: &str) -> Self {
        Self::with_key(stage, portal, account, Some(email)).await
    }

    async fn with_key(stage: &Stage, portal: &Portal, account: &str, acts_as: Option<&str>) -> Self {
        let (actor, scope) = operator(stage).await;
        let file = std::fs::read_to_string(stage.folder().join("wire.key")).expect("the key file");
        let sealing = SealingKey::parse(&file).expect("a sealing key");
        let acts_as = acts_as.map(|email| email.parse().expect("an address"));
        let new = NewKey { name: "Test".to_owned(), account: account.to_owned(), acts_as };
        let who = fixtures::as_staff(stage, &actor);
        let made = access_keys::make(&stage.db, scope, &sealing, (actor.person, &who), &new).await.refusal().unwrap();
        let (id, secret) = made.expect("a key");
        Self {
            http: reqwest::Client::builder().no_proxy().build().expect("a client"),
            origin: portal.origin.clone(),
            key_id: id.to_string(),
            secret: secret.reveal().to_owned(),
            region: "us-east-1".to_owned(),
            signing_name: "aws-marketplace".to_owned(),
            clock: stage.clock.clone(),
        }
    }

    /// An operation in JSON: 1.0 for agreements, 1.1 for the others, as their models say.
    pub async fn call(&self, service: &str, operation: &str, body: Value) -> Answer {
        let version = if service == AGREEMENT { "application/x-amz-json-1.0" } else { "application/x-amz-json-1.1" };
        let target = format!("{service}.{operation}");
        self.send("/", &[("content-type", version), ("x-amz-target", &target)], body.to_string().into_bytes()).await
    }

    /// An operation in CBOR.
    pub async fn cbor(&self, service: &str, operation: &str, body: Vec<u8>) -> Answer {
        let path = format!("/service/{service}/operation/{operation}");
        self.send(&path, &[("content-type", "application/cbor"), ("smithy-protocol", "rpc-v2-cbor")], body).await
    }

    /// Anything, signed.
    pub async fn send(&self, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Answer {
        let stamp = self.clock.now().format("%Y%m%dT%H%M%SZ").to_string();
        let authorization = self.authorization(path, headers, &body, &stamp);
        let mut headers = headers.to_vec();
        headers.extend([("x-amz-date", stamp.as_str()), ("authorization", authorization.as_str())]);
        self.post(path, &headers, body).await
    }

    /// The Authorization header for a request at an instant.
    pub fn authorization(&self, path: &str, headers: &[(&str, &str)], body: &[u8], stamp: &str) -> String {
        let host = self.origin.trim_start_matches("http://");
        let mut all: Vec<(&str, &str)> = headers.to_vec();
        all.extend([("host", host), ("x-amz-date", stamp)]);
        all.sort_unstable();
        let names = all.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
        let lines: String = all.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
        let canonical = format!("POST\n{path}\n\n{lines}\n{names}\n{}", hex(&Sha256::digest(body)));
        let scope = format!("{}/{}/{}/aws4_request", &stamp[..8], self.region, self.signing_name);
        let text = format!("AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{}", hex(&Sha256::digest(canonical.as_bytes())));
        let start = format!("AWS4{}", self.secret).into_bytes();
        let key = scope.split('/').fold(start, |key, part| mac(&key, part));
        let signature = hex(&mac(&key, &text));
        format!("AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={signature}", self.key_id)
    }

    /// Anything, as it is.
    pub async fn post(&self, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Answer {
        let mut request = self.http.post(format!("{}{path}", self.origin)).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await.expect("an answer");
        let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
        let sets_cookie = response.headers().contains_key("set-cookie");
        assert!(!sets_cookie || header("x-amzn-requestid").is_empty(), "the API sets no cookie");
        assert_eq!(header("x-content-type-options"), "nosniff");
        Answer {
            status: response.status().as_u16(),
            media_type: header("content-type"),
            request_id: header("x-amzn-requestid"),
            smithy_protocol: header("smithy-protocol"),
            query_error: header("x-amzn-query-error"),
            body: response.bytes().await.expect("a body").to_vec(),
        }
    }

    /// Buys so many credits of Trend Vision One by program; the agreement's id.
    pub async fn buy(&self, product: &WireProduct, credits: i64) -> String {
        let request = self.call(AGREEMENT, "CreateAgreementRequest", wanted(product, credits)).await.ok();
        let accept = serde_json::json!({ "agreementRequestId": request["agreementRequestId"] });
        let accepted = self.call(AGREEMENT, "AcceptAgreementRequest", accept).await.ok();
        accepted["agreementId"].as_str().expect("an agreement").to_owned()
    }

    /// What `GetAgreementEntitlements` says of the one entitlement.
    pub async fn provisioned(&self, agreement: &str) -> Value {
        let body = serde_json::json!({ "agreementId": agreement });
        self.call(AGREEMENT, "GetAgreementEntitlements", body).await.ok()["agreementEntitlements"][0].clone()
    }
}

/// A request for a new agreement that renews.
pub fn wanted(product: &WireProduct, credits: i64) -> Value {
    let [legal, support, pricing, renewal] = &product.terms()[..] else { panic!("four terms") };
    let dimension = serde_json::json!({ "dimensionKey": product.dimension, "dimensionValue": credits });
    let pricing_configuration = serde_json::json!({ "selectorValue": "P12M", "dimensions": [dimension] });
    serde_json::json!({
        "intent": "NEW",
        "agreementProposalIdentifier": product.proposal(),
        "requestedTerms": [
            { "id": legal.1 },
            { "id": support.1 },
            { "id": pricing.1, "configuration": { "configurableUpfrontPricingTermConfiguration": pricing_configuration } },
            { "id": renewal.1, "configuration": { "renewalTermConfiguration": { "enableAutoRenew": true } } },
        ],
    })
}

/// An instant of an answer: seconds since the epoch, to the millisecond.
pub fn instant(value: &Value) -> Timestamp {
    let (seconds, fraction) = match value.to_string().split_once('.') {
        Some((seconds, fraction)) => (seconds.to_owned(), format!("{fraction:0<3}")),
        None => (value.to_string(), "000".to_owned()),
    };
    let millis = format!("{seconds}{}", &fraction[..3]).parse().unwrap_or_else(|_| panic!("no number: {value}"));
    chrono::DateTime::from_timestamp_millis(millis).expect("an instant")
}
