//! Signatures that botocore made, checked; and what a changed byte, a clock or a scope does to them.

use super::*;

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const BODY: &[u8] = br#"{"RegistrationToken": "tok/abc+=="}"#;

fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

fn headers(changes: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut headers: Vec<(String, String)> = [
        ("host", "127.0.0.1:8765"),
        ("x-amz-target", "AWSMPMeteringService.ResolveCustomer"),
        ("content-type", "application/x-amz-json-1.1"),
        ("x-spaced", "  a   b  "),
        ("x-amz-date", "20260302T090000Z"),
        (
            "authorization",
            "AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20260302/us-east-1/aws-marketplace/aws4_request, \
             SignedHeaders=content-type;host;x-amz-date;x-amz-target;x-spaced, \
             Signature=e7548ea5ddde1f7460a2c1a4d5013bb5494052275d1ff8a56aee1f07c26d2d9d",
        ),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec();
    for (name, value) in changes {
        headers.retain(|(known, _)| known != name);
        if !value.is_empty() {
            headers.push(((*name).to_owned(), (*value).to_owned()));
        }
    }
    headers
}

fn arrived<'r>(headers: &'r [(String, String)], body: &'r [u8]) -> Arrived<'r> {
    Arrived { method: "POST", path: "/", query: "b=2&a=x%20y", headers, body }
}

fn judged(request: Arrived<'_>, secret: &str, now: &str) -> Result<(), Fault> {
    check(request, &read(request)?, secret, at(now))
}

/// The fault of a request with these headers changed; an empty value takes one away.
fn fault(changes: &[(&str, &str)]) -> Fault {
    let headers = headers(changes);
    judged(arrived(&headers, BODY), SECRET, "2026-03-02T09:00:00Z").expect_err("a fault")
}

#[test]
fn signatures_that_botocore_made_hold() {
    let headers = headers(&[]);
    let request = arrived(&headers, BODY);
    assert_eq!(read(request).map(|claim| claim.key_id), Ok("AKIAEXAMPLE".to_owned()));
    assert_eq!(judged(request, SECRET, "2026-03-02T09:00:00Z"), Ok(()));
    let headers = [
        ("host", "127.0.0.1:8765"),
        ("content-type", "application/cbor"),
        ("smithy-protocol", "rpc-v2-cbor"),
        ("x-amz-date", "20260302T090000Z"),
        (
            "authorization",
            "AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20260302/eu-central-1/aws-marketplace/aws4_request, \
             SignedHeaders=content-type;host;smithy-protocol;x-amz-date, \
             Signature=1e496b326cbcbf689ab968cbc5ef12e6219b366d57f232cf3\
             27f74e926d2995b",
        ),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let path = "/service/AWSMPCommerceService_v20200301/operation/DescribeAgreement";
    let request = Arrived { method: "POST", path, query: "", headers: &headers, body: b"\xbf\xff" };
    assert_eq!(judged(request, "secret", "2026-03-02T09:00:00Z"), Ok(()));
}

#[test]
fn a_signature_is_of_every_byte_that_was_signed() {
    let mismatch = |fault: Fault| {
        assert_eq!((fault.code, fault.status), ("InvalidSignatureException", 400), "{fault:?}");
        assert!(fault.message.starts_with("The request signature we calculated does not match"), "{fault:?}");
    };
    let now = "2026-03-02T09:00:00Z";
    let own = headers(&[]);
    mismatch(judged(arrived(&own, b"{}"), SECRET, now).expect_err("another body"));
    mismatch(judged(arrived(&own, BODY), "another secret", now).expect_err("another secret"));
    mismatch(judged(Arrived { path: "/x", ..arrived(&own, BODY) }, SECRET, now).expect_err("another path"));
    mismatch(judged(Arrived { query: "", ..arrived(&own, BODY) }, SECRET, now).expect_err("another query"));
    mismatch(fault(&[("x-amz-target", "AWSMPMeteringService.BatchMeterUsage")]));
    mismatch(fault(&[("host", "127.0.0.1:8766")]));
    let unsigned = headers(&[("user-agent", "anything")]);
    assert_eq!(judged(arrived(&unsigned, BODY), SECRET, now), Ok(()), "what is not signed may be anything");
}

/// Rule 6 of the protocol and section 2.3: each way of being wrong has AWS's own name.
#[test]
fn each_way_of_being_wrong_has_its_name() {
    let whole = headers(&[]).pop().expect("the authorization").1;
    let with = |from: &str, to: &str| fault(&[("authorization", &whole.replace(from, to))]);
    assert_eq!(fault(&[("authorization", "")]).code, "MissingAuthenticationTokenException");
    for (from, to) in [("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1"), ("Signature=", "Sig="), ("SignedHeaders=", "Headers="), ("/us-east-1", "")] {
        assert_eq!(with(from, to).code, "IncompleteSignatureException", "{to}");
    }
    assert_eq!(fault(&[("x-amz-date", "")]).code, "IncompleteSignatureException");
    assert_eq!(fault(&[("x-amz-date", "20260302T090000é")]).code, "IncompleteSignatureException");
    assert_eq!(fault(&[("x-amz-date", "2026-03-02T09:00")]).code, "IncompleteSignatureException");
    for (from, to, why) in [
        ("aws-marketplace", "execute-api", "Credential should be scoped to correct service: 'aws-marketplace'. "),
        ("/us-east-1/", "//", "Credential should be scoped to a valid region. "),
        ("aws4_request", "aws4", "Credential should be scoped with a valid terminator: 'aws4_request'. "),
        ("/20260302/", "/20260301/", "Date in Credential scope does not match YYYYMMDD"),
        ("content-type;host;", "content-type;", "'host' must be a 'SignedHeader' in the AWS Authorization."),
        ("x-amz-target;", "", "'x-amz-target' must be a 'SignedHeader' in the AWS Authorization."),
    ] {
        let fault = with(from, to);
        assert_eq!(fault.code, "InvalidSignatureException", "{to}");
        assert!(fault.message.starts_with(why), "{fault:?}");
    }
}

#[test]
fn a_clock_may_be_off_by_a_quarter_of_an_hour_and_no_more() {
    let headers = headers(&[]);
    let request = arrived(&headers, BODY);
    for now in ["2026-03-02T08:45:00Z", "2026-03-02T09:15:00Z"] {
        assert_eq!(judged(request, SECRET, now), Ok(()), "{now}");
    }
    let late = judged(request, SECRET, "2026-03-02T09:15:01Z").expect_err("too late");
    let words = "Signature expired: 20260302T090000Z is now earlier than 20260302T090001Z (20260302T091501Z - 15 min.)";
    assert_eq!((late.code, late.message.as_str()), ("InvalidSignatureException", words));
    let early = judged(request, SECRET, "2026-03-02T08:44:59Z").expect_err("too early");
    let words = "Signature not yet current: 20260302T090000Z is still later than 20260302T085959Z (20260302T084459Z + 15 min.)";
    assert_eq!((early.code, early.message.as_str()), ("InvalidSignatureException", words));
}
