//! What stands between a console and the marketplace's API: it passes calls on as they are, and fails them as it is told. The
//! signature stays valid, because the host that was signed is passed on too.

use actix_web::http::header;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use creditdesk::kernel::clock::Clock;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::TcpListener;
use std::sync::{Arc, Mutex, MutexGuard};

/// How calls of an operation fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No answer at all for longer than anybody waits.
    Silence,
    /// A status with nothing that can be read.
    Status(u16),
    /// An error with its name, as the service writes it.
    Error(u16, &'static str, &'static str),
    /// 200 with something that is no answer.
    Garbage,
    /// Empty pages that go on for ever.
    Circle,
    /// An answer with these members instead of the marketplace's.
    Instead(Value),
    /// The answer without this member.
    Without(&'static str),
}

#[derive(Default)]
struct State {
    faults: BTreeMap<&'static str, Fault>,
    once: BTreeMap<&'static str, Fault>,
    calls: BTreeMap<String, u32>,
}

/// The place in between; clones are the same.
#[derive(Clone)]
pub struct Upstream {
    state: Arc<Mutex<State>>,
    origin: String,
    http: reqwest::Client,
    clock: Clock,
    /// Its own address.
    pub address: String,
}

impl Upstream {
    /// In front of a marketplace. Its answers are dated by the story's clock, which the SDK compares with its own.
    pub fn before(origin: &str, clock: &Clock) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = format!("http://{}", listener.local_addr().expect("its address"));
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        let made = Self { state: Arc::default(), origin: origin.to_owned(), http, clock: clock.clone(), address };
        let shared = web::Data::new(made.clone());
        let server =
            HttpServer::new(move || App::new().app_data(shared.clone()).default_service(web::to(pass))).workers(1).disable_signals();
        tokio::spawn(server.listen(listener).expect("a listener").run());
        made
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no test panics while it holds this")
    }

    /// From now on the operation fails like this.
    pub fn fail(&self, operation: &'static str, fault: Fault) {
        self.state().faults.insert(operation, fault);
    }

    /// The next call of the operation fails like this.
    pub fn fail_once(&self, operation: &'static str, fault: Fault) {
        self.state().once.insert(operation, fault);
    }

    /// Everything is as it was.
    pub fn heal(&self) {
        self.state().faults.clear();
    }

    /// How often an operation was called.
    pub fn calls(&self, operation: &str) -> u32 {
        self.state().calls.get(operation).copied().unwrap_or_default()
    }
}

fn operation(request: &HttpRequest) -> String {
    let target = request.headers().get("x-amz-target").and_then(|value| value.to_str().ok()).unwrap_or(request.path());
    target.rsplit(['.', '/']).next().unwrap_or_default().to_owned()
}

async fn pass(request: HttpRequest, body: web::Bytes, upstream: web::Data<Upstream>) -> HttpResponse {
    let operation = operation(&request);
    let fault = {
        let mut state = upstream.state();
        *state.calls.entry(operation.clone()).or_default() += 1;
        let once = state.once.remove(operation.as_str());
        once.or_else(|| state.faults.get(operation.as_str()).cloned())
    };
    let is_cbor = request.path().starts_with("/service/");
    let mut response = fail(fault, is_cbor, &request, body, &upstream).await;
    let date = upstream.clock.now().format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    response.headers_mut().insert(header::DATE, date.parse().expect("a date"));
    response
}

async fn fail(fault: Option<Fault>, is_cbor: bool, request: &HttpRequest, body: web::Bytes, upstream: &Upstream) -> HttpResponse {
    match fault {
        None => forward(request, body, upstream, |value| value).await,
        Some(Fault::Without(member)) => {
            let without = |mut value: Value| {
                value.as_object_mut().expect("an object").remove(member);
                value
            };
            forward(request, body, upstream, without).await
        }
        Some(Fault::Silence) => std::future::pending().await,
        Some(Fault::Status(status)) => HttpResponse::build(status.try_into().expect("a status")).body("<html>no</html>"),
        Some(Fault::Garbage) => answer(is_cbor, 200, b"\xff\xfe{]".to_vec()),
        Some(Fault::Error(status, name, message)) => {
            answer(is_cbor, status, encode(is_cbor, &json!({ "__type": name, "message": message })))
        }
        Some(Fault::Circle) => answer(is_cbor, 200, encode(is_cbor, &json!({ "Entitlements": [], "NextToken": "again" }))),
        Some(Fault::Instead(value)) => answer(is_cbor, 200, encode(is_cbor, &value)),
    }
}

fn answer(is_cbor: bool, status: u16, body: Vec<u8>) -> HttpResponse {
    let mut response = HttpResponse::build(status.try_into().expect("a status"));
    if is_cbor {
        response.insert_header(("content-type", "application/cbor")).insert_header(("smithy-protocol", "rpc-v2-cbor"));
    } else {
        response.insert_header(("content-type", "application/x-amz-json-1.1"));
    }
    response.body(body)
}

/// JSON, or the same as CBOR; a member that ends in `Date` or `Time` is an instant there.
fn encode(is_cbor: bool, value: &Value) -> Vec<u8> {
    if !is_cbor {
        return value.to_string().into_bytes();
    }
    let mut bytes = Vec::new();
    ciborium::into_writer(&cbor("", value), &mut bytes).expect("what can be encoded");
    bytes
}

fn cbor(name: &str, value: &Value) -> ciborium::Value {
    match value {
        Value::Object(members) => {
            ciborium::Value::Map(members.iter().map(|(name, value)| (name.as_str().into(), cbor(name, value))).collect())
        }
        Value::Array(list) => ciborium::Value::Array(list.iter().map(|value| cbor("", value)).collect()),
        Value::Number(number) if name.ends_with("Date") || name.ends_with("Time") => {
            ciborium::Value::Tag(1, Box::new(ciborium::Value::Integer(number.as_i64().expect("seconds").into())))
        }
        other => ciborium::Value::serialized(other).expect("a plain value"),
    }
}

async fn forward(request: &HttpRequest, body: web::Bytes, upstream: &Upstream, change: impl FnOnce(Value) -> Value) -> HttpResponse {
    let mut call = upstream.http.post(format!("{}{}", upstream.origin, request.path())).body(body.to_vec());
    for (name, value) in request.headers().iter().filter(|(name, _)| name.as_str() != "content-length") {
        call = call.header(name.as_str(), value.as_bytes());
    }
    let answered = call.send().await.expect("the marketplace answers");
    let status = answered.status().as_u16();
    let mut response = HttpResponse::build(status.try_into().expect("a status"));
    for (name, value) in answered.headers().iter().filter(|(name, _)| !["content-length", "transfer-encoding"].contains(&name.as_str())) {
        response.insert_header((name.as_str(), value.as_bytes()));
    }
    let is_json = answered.headers().get("content-type").is_some_and(|kind| kind.as_bytes().starts_with(b"application/x-amz-json"));
    let body = answered.bytes().await.expect("a body").to_vec();
    match serde_json::from_slice::<Value>(&body) {
        Ok(value) if is_json && status == 200 => response.body(change(value).to_string()),
        _ => response.body(body),
    }
}
