//! What the test bench's inspector keeps of redirects: the form that the marketplace gave to a browser, and the one that
//! arrived at the fulfilment address. Fields are kept by name, and a token's value never.

use super::{Form, Visit, paths};
use crate::test_bench::inspect::{Kind, Note, REMOVED};
use actix_web::http::StatusCode;
use serde_json::{Map, Value, json};
use std::time::Duration;

/// The most fields of a landing that are kept.
const FIELDS_MAX: usize = 20;
/// The longest value of a field that is kept, in characters.
const VALUE_MAX: usize = 200;

fn note(visit: &Visit, operation: &str, to: &str, status: StatusCode) -> Note {
    Note {
        kind: Kind::Redirect,
        at: visit.now(),
        operation: operation.to_owned(),
        account: String::new(),
        key_id: String::new(),
        protocol: to.chars().take(VALUE_MAX).collect(),
        status: status.as_u16(),
        took: Duration::ZERO,
        request_id: visit.reference().to_owned(),
        request: Value::Null,
        answer: Value::Null,
    }
}

/// The marketplace gave a browser a token and the form that posts it.
pub(super) async fn note_hand_over(visit: &Visit, agreement: &str, account: &str, to: &str) {
    if !visit.portal().bench.is_on() {
        return;
    }
    let fields = json!({ "x-amzn-marketplace-token": REMOVED });
    let request = json!({ "method": "POST", "to": to, "fields": fields, "agreement": agreement });
    let note = Note { account: account.to_owned(), request, ..note(visit, "Set up your account", to, StatusCode::OK) };
    visit.portal().bench.note(note).await;
}

/// A browser brought that form, or another, to the fulfilment address.
pub(super) async fn note_landing(visit: &Visit, form: &Form, status: StatusCode) {
    if !visit.portal().bench.is_on() {
        return;
    }
    let kept = form.pairs().iter().take(FIELDS_MAX);
    // Only the fields that the protocol knows are kept: in any other, and in its name, a token could stand by mistake.
    let fields: Map<String, Value> = kept
        .map(|(name, value)| match name.as_str() {
            "x-amzn-marketplace-agreement-id" | "x-amzn-marketplace-product-id" | "x-amzn-marketplace-offer-type" => {
                (name.clone(), value.chars().take(VALUE_MAX).collect::<String>().into())
            }
            "x-amzn-marketplace-token" => (name.clone(), REMOVED.into()),
            _ => ("another field".to_owned(), REMOVED.into()),
        })
        .collect();
    let request = json!({ "method": "POST", "to": paths::setup(), "fields": fields });
    let note = Note { request, answer: json!({ "status": status.as_u16() }), ..note(visit, "Landing", &paths::setup(), status) };
    visit.portal().bench.note(note).await;
}
