//! A call as the test bench's inspector keeps it: bodies as JSON whatever protocol they were in, a few headers, and no
//! signature. What cannot be read as members is not kept at all, because nobody could take secrets out of it.

use crate::kernel::clock::Timestamp;
use crate::marketplace::wire::access_keys::Caller;
use crate::marketplace::wire::json;
use crate::marketplace::wire::protocol::{Operation, Protocol};
use crate::marketplace::wire::signature::Arrived;
use crate::marketplace::wire::value::Members;
use crate::test_bench::inspect::{Kind, Note, unsigned};
use actix_web::http::StatusCode;
use serde_json::{Map, Value, json};
use std::time::Instant;

/// Headers that tell something; the signature is taken out of the last one.
const HEADERS: [&str; 8] = [
    "content-type",
    "x-amz-target",
    "smithy-protocol",
    "user-agent",
    "amz-sdk-invocation-id",
    "amz-sdk-request",
    "x-amz-date",
    "authorization",
];
/// The longest that a path or a header is kept, in characters.
const LINE_MAX: usize = 600;

/// A call that has arrived.
#[derive(Clone)]
pub(super) struct Seen {
    protocol: Protocol,
    request_id: String,
    at: Timestamp,
    begun: Instant,
    asked: String,
    key_id: String,
    request: Value,
}

fn line(text: &str) -> String {
    text.chars().take(LINE_MAX).collect()
}

fn readable(members: Members) -> Value {
    serde_json::from_slice(&json::write(members)).unwrap_or(Value::Null)
}

impl Seen {
    pub(super) fn new(arrived: Arrived<'_>, protocol: Protocol, (request_id, at, begun): (&str, Timestamp, Instant)) -> Self {
        let kept = HEADERS.iter().filter_map(|name| arrived.header(name).map(|value| (*name, value)));
        let headers: Map<String, Value> = kept
            .map(|(name, value)| match name {
                // Under another name than its own, which stands for a secret.
                "authorization" => ("signed-by".to_owned(), line(&unsigned(value)).into()),
                _ => (name.to_owned(), line(value).into()),
            })
            .collect();
        let body = match protocol.read(arrived.body) {
            Ok(members) => readable(members),
            Err(_) => json!(format!("(not readable, {} bytes)", arrived.body.len())),
        };
        let credential = arrived.header("authorization").and_then(|header| header.split("Credential=").nth(1));
        let key_id = credential.and_then(|credential| credential.split('/').next()).unwrap_or_default();
        let asked = match arrived.path.split_once("/operation/") {
            Some((_, operation)) => operation,
            None => arrived.header("x-amz-target").and_then(|target| target.rsplit('.').next()).unwrap_or_default(),
        };
        Self {
            protocol,
            request_id: request_id.to_owned(),
            at,
            begun,
            asked: asked.chars().take(80).collect(),
            key_id: key_id.chars().take(40).collect(),
            request: json!({ "method": arrived.method, "path": line(arrived.path), "headers": headers, "body": body }),
        }
    }

    /// With what was answered, and who asked for what, where that is known.
    pub(super) fn answered(self, by: Option<(Operation, &Caller)>, status: StatusCode, body: &Members) -> Note {
        Note {
            kind: Kind::Call,
            at: self.at,
            operation: by.map_or(self.asked, |(operation, _)| operation.to_string()),
            account: by.map(|(_, caller)| caller.account.clone()).unwrap_or_default(),
            key_id: self.key_id,
            protocol: self.protocol.media_type().to_owned(),
            status: status.as_u16(),
            took: self.begun.elapsed(),
            request_id: self.request_id,
            request: self.request,
            answer: readable(body.clone()),
        }
    }
}
