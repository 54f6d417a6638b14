//! Requests of the marketplace's API, signed as the SDKs sign them: what a client does before each call.

use super::load::{self, Answer};
use crate::kernel::hex;
use anyhow::ensure;
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use std::net::SocketAddr;

/// A key with its secret.
#[derive(Clone, Debug)]
pub struct Key {
    /// The public half.
    pub id: String,
    /// The other.
    pub secret: String,
}

/// What is asked, in which protocol.
#[derive(Clone, Copy, Debug)]
pub enum Call<'c> {
    /// awsJson, with the version of the media type, the service and the operation.
    Json(&'c str, &'c str, &'c str),
    /// Smithy RPC v2 CBOR, with the service and the operation.
    Cbor(&'c str, &'c str),
}

impl Key {
    /// The bytes of a signed request.
    #[must_use]
    pub fn request(&self, call: Call<'_>, body: &[u8], now: DateTime<Utc>) -> Vec<u8> {
        let (path, mut headers) = match call {
            Call::Json(version, service, operation) => (
                "/".to_owned(),
                vec![("content-type", format!("application/x-amz-json-{version}")), ("x-amz-target", format!("{service}.{operation}"))],
            ),
            Call::Cbor(service, operation) => (
                format!("/service/{service}/operation/{operation}"),
                vec![("content-type", "application/cbor".to_owned()), ("smithy-protocol", "rpc-v2-cbor".to_owned())],
            ),
        };
        let stamp = now.format("%Y%m%dT%H%M%SZ").to_string();
        headers.extend([("host", "127.0.0.1".to_owned()), ("x-amz-date", stamp.clone())]);
        headers.sort();
        let names = headers.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
        let lines: String = headers.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
        let canonical = format!("POST\n{path}\n\n{lines}\n{names}\n{}", hex::of(&Sha256::digest(body)));
        let scope = format!("{}/us-east-1/aws-marketplace/aws4_request", &stamp[..8]);
        let text = format!("AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{}", hex::of(&Sha256::digest(canonical.as_bytes())));
        let key = scope.split('/').fold(format!("AWS4{}", self.secret).into_bytes(), |key, part| mac(&key, part));
        let signature = hex::of(&mac(&key, &text));
        let lines: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let id = &self.id;
        let head = format!(
            "POST {path} HTTP/1.1\r\n{lines}authorization: AWS4-HMAC-SHA256 Credential={id}/{scope}, SignedHeaders={names}, \
             Signature={signature}\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        [head.as_bytes(), body].concat()
    }

    /// One call in JSON, and what it is answered.
    ///
    /// # Errors
    /// When the answer is an error.
    pub async fn ask(
        &self,
        address: SocketAddr,
        call: Call<'_>,
        body: &serde_json::Value,
        now: DateTime<Utc>,
    ) -> anyhow::Result<serde_json::Value> {
        let Answer { head, body } = load::ask(address, &self.request(call, body.to_string().as_bytes(), now)).await?;
        ensure!(head.starts_with("HTTP/1.1 200"), "{call:?} is answered {body}");
        Ok(serde_json::from_str(&body)?)
    }
}

#[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
fn mac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}
