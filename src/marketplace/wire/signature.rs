//! Signature Version 4, as a service checks it: what the caller claims, and whether the secret of their key makes the same
//! signature of the request that arrived. Only the Authorization header, as the SDKs send it; no signed addresses. Pure.

use super::fault::Fault;
use crate::kernel::clock::Timestamp;
use crate::kernel::hex;
use chrono::{NaiveDateTime, TimeDelta};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// The name that all services of the marketplace sign with.
pub const SIGNING_NAME: &str = "aws-marketplace";
/// The name that clients of queues sign with.
pub const QUEUE_SIGNING_NAME: &str = "sqs";
/// How far the caller's clock may be off, either way.
pub const SKEW_MAX: TimeDelta = TimeDelta::minutes(15);

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const TERMINATOR: &str = "aws4_request";
const STAMP: &str = "%Y%m%dT%H%M%SZ";

/// The request as it arrived. Header names are in lower case.
#[derive(Clone, Copy, Debug)]
pub struct Arrived<'r> {
    /// `POST`.
    pub method: &'r str,
    /// Path, percent-encoded as it was sent.
    pub path: &'r str,
    /// Query without `?`, as it was sent.
    pub query: &'r str,
    /// Names and values, in the order in which they were sent.
    pub headers: &'r [(String, String)],
    /// The body's bytes.
    pub body: &'r [u8],
}

impl<'r> Arrived<'r> {
    /// The first value of a header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&'r str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// What the Authorization header says; nothing of it is proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Whose key.
    pub key_id: String,
    scope_date: String,
    region: String,
    service: String,
    terminator: String,
    signed_headers: Vec<String>,
    signature: Vec<u8>,
    stamp: String,
    at: Timestamp,
}

/// Reads what the caller claims.
///
/// # Errors
/// The fault of a request without a signature, or with half of one.
pub fn read(request: Arrived<'_>) -> Result<Claim, Fault> {
    let incomplete = |why: &str| Fault::new("IncompleteSignatureException", why);
    let Some(authorization) = request.header("authorization") else {
        return Err(Fault::new("MissingAuthenticationTokenException", "Missing Authentication Token"));
    };
    let Some(parts) = authorization.strip_prefix(ALGORITHM).filter(|rest| rest.starts_with(' ')) else {
        return Err(incomplete("Authorization header requires the algorithm 'AWS4-HMAC-SHA256'."));
    };
    let part = |name: &str| {
        let found = parts.split(',').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='));
        found.ok_or_else(|| incomplete(&format!("Authorization header requires '{name}' parameter.")))
    };
    let (credential, headers, signature) = (part("Credential")?, part("SignedHeaders")?, part("Signature")?);
    let scope: Vec<&str> = credential.split('/').collect();
    let [key_id, scope_date, region, service, terminator] = scope[..] else {
        return Err(incomplete("Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term."));
    };
    let Some(stamp) = request.header("x-amz-date") else {
        return Err(incomplete("Authorization header requires existence of an 'X-Amz-Date' header."));
    };
    let at = (stamp.len() == 16 && stamp.is_ascii()).then(|| NaiveDateTime::parse_from_str(stamp, STAMP).ok()).flatten();
    let at = at.ok_or_else(|| incomplete("Date must be in ISO-8601 'basic format', such as 20260302T090000Z."))?.and_utc();
    let owned = str::to_owned;
    Ok(Claim {
        key_id: owned(key_id),
        scope_date: owned(scope_date),
        region: owned(region),
        service: owned(service),
        terminator: owned(terminator),
        signed_headers: headers.split(';').map(owned).collect(),
        signature: bytes_of_hex(signature).unwrap_or_default(),
        stamp: owned(stamp),
        at,
    })
}

/// Whether the claim holds: scope, time, and the signature itself, compared in constant time.
///
/// # Errors
/// The fault that says what is wrong.
pub fn check(request: Arrived<'_>, claim: &Claim, secret: &str, now: Timestamp) -> Result<(), Fault> {
    let invalid = |why: String| Err(Fault::new("InvalidSignatureException", why));
    let of_queue = request.header("x-amz-target").is_some_and(|target| target.starts_with("AmazonSQS."));
    let service = if of_queue { QUEUE_SIGNING_NAME } else { SIGNING_NAME };
    if claim.service != service {
        return invalid(format!("Credential should be scoped to correct service: '{service}'. "));
    }
    if claim.region.is_empty() || !claim.region.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-') {
        return invalid("Credential should be scoped to a valid region. ".to_owned());
    }
    if claim.terminator != TERMINATOR {
        return invalid(format!("Credential should be scoped with a valid terminator: '{TERMINATOR}'. "));
    }
    if claim.scope_date != claim.stamp[..8] {
        let (scope, sent, stamp) = (&claim.scope_date, &claim.stamp[..8], &claim.stamp);
        return invalid(format!(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{scope}' != '{sent}', from '{stamp}'."
        ));
    }
    check_time(claim, now)?;
    for name in ["host", "x-amz-date", "x-amz-target"] {
        let is_sent = request.header(name).is_some();
        if is_sent && !claim.signed_headers.iter().any(|signed| signed == name) {
            return invalid(format!("'{name}' must be a 'SignedHeader' in the AWS Authorization."));
        }
    }
    let mut mac = mac_of(&signing_key(secret, claim));
    mac.update(text_to_sign(request, claim).as_bytes());
    mac.verify_slice(&claim.signature).or_else(|_| {
        invalid(
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing \
             method. Consult the service documentation for details."
                .to_owned(),
        )
    })
}

fn check_time(claim: &Claim, now: Timestamp) -> Result<(), Fault> {
    let shown = |at: Timestamp| at.format(STAMP).to_string();
    let (stamp, server) = (&claim.stamp, shown(now));
    let (earliest, latest) = (now - SKEW_MAX, now + SKEW_MAX);
    let why = if claim.at < earliest - TimeDelta::microseconds(i64::from(earliest.timestamp_subsec_micros())) {
        format!("Signature expired: {stamp} is now earlier than {} ({server} - 15 min.)", shown(earliest))
    } else if claim.at > latest {
        format!("Signature not yet current: {stamp} is still later than {} ({server} + 15 min.)", shown(latest))
    } else {
        return Ok(());
    };
    Err(Fault::new("InvalidSignatureException", why))
}

fn text_to_sign(request: Arrived<'_>, claim: &Claim) -> String {
    let Claim { scope_date, region, service, terminator, stamp, .. } = claim;
    let hash = hex::of(&Sha256::digest(canonical(request, claim).as_bytes()));
    format!("{ALGORITHM}\n{stamp}\n{scope_date}/{region}/{service}/{terminator}\n{hash}")
}

/// The request in the one form that both sides hash. The body's hash is computed here, whatever the caller says of it.
fn canonical(request: Arrived<'_>, claim: &Claim) -> String {
    let mut text = format!("{}\n{}\n{}\n", request.method, escaped(request.path, b"/"), canonical_query(request.query));
    for name in &claim.signed_headers {
        let values: Vec<String> = request.headers.iter().filter(|(known, _)| known == name).map(|(_, value)| one_spaced(value)).collect();
        text.push_str(name);
        text.push(':');
        text.push_str(&values.join(","));
        text.push('\n');
    }
    text.push('\n');
    text.push_str(&claim.signed_headers.join(";"));
    text.push('\n');
    text.push_str(&hex::of(&Sha256::digest(request.body)));
    text
}

fn one_spaced(value: &str) -> String {
    value.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ").trim().to_owned()
}

fn canonical_query(query: &str) -> String {
    let mut pairs: Vec<String> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            // Sent escaped already; a percent sign in it is an escape, not a letter.
            format!("{}={}", escaped(name, b"%"), escaped(value, b"%"))
        })
        .collect();
    pairs.sort();
    pairs.join("&")
}

/// Everything but unreserved letters, and those in `kept`, as `%XX`.
fn escaped(text: &str, kept: &[u8]) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || kept.contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            write!(escaped, "%{byte:02X}").ok();
        }
    }
    escaped
}

fn signing_key(secret: &str, claim: &Claim) -> Vec<u8> {
    let parts = [&claim.scope_date, &claim.region, &claim.service, &claim.terminator];
    parts.iter().fold(format!("AWS4{secret}").into_bytes(), |key, part| {
        let mut mac = mac_of(&key);
        mac.update(part.as_bytes());
        mac.finalize().into_bytes().to_vec()
    })
}

#[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
fn mac_of(key: &[u8]) -> Hmac<Sha256> {
    Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length")
}

fn bytes_of_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if !digits.len().is_multiple_of(2) || digits.len() > 128 {
        return None;
    }
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

#[cfg(test)]
mod tests;
