//! The shapes in which AWS tells: as the protocol's section 8 prints them, loosely where AWS is loose, and never a crash.

use creditdesk::fulfilment::incoming::event::{Event, Kind, State};
use creditdesk::fulfilment::incoming::parse::parse;
use proptest::prelude::*;
use serde_json::{Value, json};

const ARN: &str = "arn:aws:license-manager::294406891311:license:l-9d01d15f86334a8894365cd7350556ff";

fn license_updated() -> Value {
    json!({"version":"0","id":"6c53798d-327e-b2e5-c20e-52fec89bc174","detail-type":"License Updated - Manufacturer",
     "source":"aws.agreement-marketplace","account":"294406891311","time":"2026-08-20T14:24:23Z","region":"us-east-1",
     "resources":["arn:aws:aws-marketplace::aws:agreement:agmt-2nehijlqfz9g7f2v6imgyjhmu"],
     "detail":{"requestId":"9838714e-d760-5508-8269-4738858dce43","catalog":"AWSMarketplace",
      "agreement":{"id":"agmt-2nehijlqfz9g7f2v6imgyjhmu"},
      "product":{"id":"prod-k35yywhyj4eqg","code":"74az0btybm649octamy0sktos"},
      "license":{"arn":ARN},
      "acceptor":{"accountId":"111122223333"},"proposer":{"accountId":"294406891311"},"offer":{"id":"offer-uovnpk2f6jq7s"}}})
}

fn read(value: &Value) -> Event {
    parse(&value.to_string(), None)
}

/// Protocol, section 8.2: the event of August 2026, member by member.
#[test]
fn a_real_event_is_understood() {
    let event = read(&license_updated());
    assert_eq!((event.kind, event.state), (Kind::LicenseUpdated, State::Waiting));
    assert_eq!(event.keys.event.as_deref(), Some("6c53798d-327e-b2e5-c20e-52fec89bc174"));
    assert!(event.keys.request.as_deref().unwrap().starts_with("9838714e-d760-5508-8269-4738858dce43 license updated l-9d01"));
    assert_eq!(event.keys.message, None);
    let about = event.about;
    assert_eq!(about.license_key.as_deref(), Some("l-9d01d15f86334a8894365cd7350556ff"));
    assert_eq!(about.license_arn.as_deref(), Some(ARN));
    assert_eq!(about.agreement.as_deref(), Some("agmt-2nehijlqfz9g7f2v6imgyjhmu"));
    assert_eq!(about.product.as_deref(), Some("74az0btybm649octamy0sktos"));
    assert_eq!(about.customer.as_deref(), Some("111122223333"));
    assert_eq!(event.happened_at.unwrap().to_rfc3339(), "2026-08-20T14:24:23+00:00");
}

/// Protocol, section 8.2 and rule 53: every detail type, with any party, without the dash, in any case.
#[test]
fn detail_types_are_matched_by_their_beginning() {
    for (detail_type, kind) in [
        ("Purchase Agreement Created - Proposer", Kind::AgreementCreated),
        ("Purchase Agreement Amended - Manufacturer", Kind::AgreementAmended),
        ("Purchase Agreement Amended Acceptor", Kind::AgreementAmended),
        ("Purchase Agreement Ended - Acceptor", Kind::AgreementEnded),
        ("Purchase Agreement Ending - Proposer", Kind::AgreementEnding),
        ("Purchase Agreement Renewal Terms Finalized - Proposer", Kind::RenewalAnnounced),
        ("Purchase Agreement Renewal Upcoming - Proposer", Kind::RenewalAnnounced),
        ("Purchase Agreement Advisory Issued - Manufacturer", Kind::AdvisoryIssued),
        ("Purchase Agreement Advisory Resolved - Manufacturer", Kind::AdvisoryResolved),
        ("License Updated", Kind::LicenseUpdated),
        ("license  UPDATED–proposer", Kind::LicenseUpdated),
        ("License Deprovisioned - Manufacturer", Kind::LicenseDeprovisioned),
        ("Agreement Cancellation Request Pending Approval - Proposer", Kind::CancellationRequest),
        ("Agreement Cancellation Request Validation Failed - Proposer", Kind::CancellationRequest),
        ("Purchase Agreement Billing Adjustment Completed - Proposer", Kind::BillingAdjustment),
        ("Spend Threshold Reached - Proposer", Kind::Other),
        ("Something of next year", Kind::Other),
    ] {
        let mut event = license_updated();
        event["detail-type"] = json!(detail_type);
        let event = read(&event);
        assert_eq!((event.kind, event.state), (kind, State::Waiting), "{detail_type}");
    }
}

/// Protocol, section 1.1: license ARNs are compared by their last part; the documents print a short form.
#[test]
fn a_license_is_named_by_its_last_part() {
    for (arn, key, full) in [
        (ARN, true, true),
        ("aws:license-manager:us-east-1:123456789012:l-9d01d15f86334a8894365cd7350556ff", true, false),
        ("l-9D01D15F86334A8894365CD7350556FF", true, false),
        ("arn:aws:license-manager::294406891311:license:l-9d01", false, false),
        ("arn:aws:license-manager::294406891311:license:l-9d01d15f86334a8894365cd7350556fg", false, false),
        ("", false, false),
    ] {
        let mut event = license_updated();
        event["detail"]["license"]["arn"] = json!(arn);
        let about = read(&event).about;
        assert_eq!(about.license_key.as_deref() == Some("l-9d01d15f86334a8894365cd7350556ff"), key, "{arn}");
        assert_eq!(about.license_arn.is_some(), full, "{arn}");
    }
}

/// Protocol, section 8.1: envelopes around a legacy notice and around an event, with the message as text or as an object,
/// and the notice alone.
#[test]
fn an_envelope_is_opened() {
    let notice = json!({"action":"entitlement-updated","customer-identifier":"ifAPi5AcF3","product-code":"4wexample"});
    let wrap =
        |message: Value| json!({"Type":"Notification","MessageId":"22b80b92","Timestamp":"2026-11-22T18:00:00.000Z","Message":message});
    for message in [json!(notice.to_string()), notice.clone()] {
        let event = read(&wrap(message));
        assert_eq!((event.kind, event.state), (Kind::EntitlementUpdated, State::Waiting));
        assert_eq!(event.keys.message.as_deref(), Some("sns:22b80b92"));
        assert_eq!((event.about.product.as_deref(), event.about.customer.as_deref()), (Some("4wexample"), Some("ifAPi5AcF3")));
        assert!(event.happened_at.is_some());
    }
    for message in [json!(license_updated().to_string()), license_updated()] {
        let event = read(&wrap(message));
        assert_eq!(
            (event.kind, event.about, event.keys.event),
            (Kind::LicenseUpdated, read(&license_updated()).about, read(&license_updated()).keys.event)
        );
    }
    let alone = parse(&notice.to_string(), Some("queue-id"));
    assert_eq!((alone.kind, alone.keys.message.as_deref()), (Kind::EntitlementUpdated, Some("queue:queue-id")));
    for action in ["subscribe-success", "subscribe-fail", "unsubscribe-pending", "unsubscribe-success"] {
        let mut notice = notice.clone();
        notice["action"] = json!(action);
        assert_eq!(read(&notice).kind, Kind::SubscriptionChanged);
    }
    let nested = read(&wrap(wrap(notice)));
    assert_eq!((nested.kind, nested.state), (Kind::Unreadable, State::Unreadable));
}

/// Other services' events and a topic's own questions have nothing to read; an event without a purchase is not readable.
#[test]
fn what_names_no_purchase_is_not_followed() {
    let mut other = license_updated();
    other["source"] = json!("aws.marketplacecatalog");
    assert_eq!((read(&other).kind, read(&other).state), (Kind::Other, State::Ignored));
    let mut empty = license_updated();
    empty["detail"] = json!({});
    assert_eq!((read(&empty).kind, read(&empty).state), (Kind::LicenseUpdated, State::Unreadable));
    let question = json!({"Type":"SubscriptionConfirmation","MessageId":"1","Message":"You have chosen to subscribe"});
    assert_eq!((read(&question).kind, read(&question).state), (Kind::Subscribing, State::Ignored));
    let notice = json!({"action":"entitlement-updated","product-code":"4wexample"});
    assert_eq!(read(&notice).state, State::Unreadable);
}

/// Any JSON, shallow or deep.
fn any_json() -> impl Strategy<Value = Value> {
    let names = prop::sample::select(vec![
        "Type",
        "Message",
        "MessageId",
        "Timestamp",
        "detail-type",
        "detail",
        "source",
        "id",
        "time",
        "action",
        "customer-identifier",
        "product-code",
        "agreement",
        "license",
        "arn",
        "accountId",
        "acceptor",
        "requestId",
        "previousAgreementId",
        "product",
        "code",
        "x",
    ]);
    let words = prop::sample::select(vec![
        "Notification",
        "aws.agreement-marketplace",
        "License Updated - Manufacturer",
        "entitlement-updated",
        "2026-03-02T09:00:00Z",
        "+999999-01-01T00:00:00Z",
        "0000-01-01T00:00:00Z",
        ARN,
        "",
        "\u{0}",
        "{}",
        "l-",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,300}".prop_map(Value::from),
        words.prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 64, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(names.clone().prop_map(str::to_owned), inner.clone(), 0..10)
                .prop_map(|map| Value::from(serde_json::Map::from_iter(map))),
            inner.prop_map(|value| Value::from(value.to_string())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    /// Quality E4: every text is an event; what is kept of it fits into both databases, and what waits names a purchase.
    #[test]
    fn every_text_is_an_event(value in any_json(), text in ".{0,200}", cut in any::<prop::sample::Index>()) {
        let whole = value.to_string();
        let part: String = whole.chars().take(cut.index(whole.chars().count() + 1)).collect();
        for text in [whole.as_str(), part.as_str(), text.as_str()] {
            let event = parse(text, Some(text));
            let (keys, about) = (&event.keys, &event.about);
            for kept in [&keys.event, &keys.request, &keys.message, &about.license_key, &about.license_arn, &about.agreement, &about.previous_agreement, &about.product, &about.customer] {
                prop_assert!(kept.iter().all(|kept| !kept.is_empty() && kept.len() <= 600 && kept.bytes().all(|byte| (b' '..=b'~').contains(&byte))), "{kept:?} of {text:?}");
            }
            prop_assert!(event.state != State::Waiting || about.names_a_purchase());
            prop_assert_eq!(event, parse(text, Some(text)));
        }
    }
}
