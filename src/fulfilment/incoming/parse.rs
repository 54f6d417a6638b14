//! Reads what came: an event of EventBridge, a legacy notice, either of them in an envelope of SNS, or none of these. Total:
//! every text is an event, at worst an unreadable one. Pure.

use super::event::{Event, Keys, Kind, Reference, State};
use crate::kernel::clock::Timestamp;
use chrono::{DateTime, Datelike, SubsecRound};
use serde_json::{Map, Value};

/// The service whose events are followed.
const SOURCE: &str = "aws.agreement-marketplace";
/// Longer names are not AWS's.
const NAME_MAX: usize = 200;
/// `l-` and 32 digits.
const LICENSE_KEY_LENGTH: usize = 34;

/// Beginnings of detail types, lower case with single blanks; the party at the end is left out (rule 53).
const DETAIL_TYPES: [(&str, Kind); 11] = [
    ("purchase agreement created", Kind::AgreementCreated),
    ("purchase agreement amended", Kind::AgreementAmended),
    ("purchase agreement ended", Kind::AgreementEnded),
    ("purchase agreement ending", Kind::AgreementEnding),
    ("purchase agreement renewal", Kind::RenewalAnnounced),
    ("purchase agreement advisory issued", Kind::AdvisoryIssued),
    ("purchase agreement advisory resolved", Kind::AdvisoryResolved),
    ("license updated", Kind::LicenseUpdated),
    ("license deprovisioned", Kind::LicenseDeprovisioned),
    ("agreement cancellation request", Kind::CancellationRequest),
    ("purchase agreement billing adjustment", Kind::BillingAdjustment),
];

/// Reads one message. `carrier` is the id of the queue's message that brought it, where there was one.
#[must_use]
pub fn parse(raw: &str, carrier: Option<&str>) -> Event {
    let mut event = serde_json::from_str(raw).ok().as_ref().and_then(Value::as_object).and_then(outer).unwrap_or_else(unreadable);
    event.keys.message = event.keys.message.take().or_else(|| carrier.and_then(word).map(|id| format!("queue:{id}")));
    event
}

fn unreadable() -> Event {
    let (keys, about) = (Keys::default(), Reference::default());
    Event { kind: Kind::Unreadable, keys, about, happened_at: None, state: State::Unreadable }
}

/// With or without an envelope.
fn outer(object: &Map<String, Value>) -> Option<Event> {
    let Some(kind) = object.get("Type").and_then(Value::as_str) else { return inner(object) };
    let mut event = match (kind, object.get("Message")) {
        ("Notification", Some(Value::String(text))) => {
            serde_json::from_str(text).ok().as_ref().and_then(Value::as_object).and_then(inner).unwrap_or_else(unreadable)
        }
        ("Notification", Some(Value::Object(message))) => inner(message).unwrap_or_else(unreadable),
        ("SubscriptionConfirmation" | "UnsubscribeConfirmation", _) => {
            Event { kind: Kind::Subscribing, state: State::Ignored, ..unreadable() }
        }
        _ => unreadable(),
    };
    event.keys.message = name(object, "MessageId").map(|id| message_key(&id));
    event.happened_at = event.happened_at.or_else(|| time(object, "Timestamp"));
    Some(event)
}

/// The key of a message of SNS, however it came.
#[must_use]
pub fn message_key(message_id: &str) -> String {
    format!("sns:{message_id}")
}

fn inner(object: &Map<String, Value>) -> Option<Event> {
    match (object.get("detail-type"), object.get("action")) {
        (Some(Value::String(detail_type)), _) => Some(bridged(object, detail_type)),
        (_, Some(Value::String(action))) => Some(legacy(object, action)),
        _ => None,
    }
}

/// An event of EventBridge.
fn bridged(event: &Map<String, Value>, detail_type: &str) -> Event {
    let empty = Map::new();
    let detail = event.get("detail").and_then(Value::as_object).unwrap_or(&empty);
    let part = |name: &str| detail.get(name).and_then(Value::as_object).unwrap_or(&empty);
    let arn = name(part("license"), "arn");
    let about = Reference {
        license_key: arn.as_deref().and_then(license_key),
        license_arn: arn.filter(|arn| arn.starts_with("arn:") && license_key(arn).is_some()),
        agreement: name(part("agreement"), "id"),
        previous_agreement: name(part("agreement"), "previousAgreementId"),
        product: name(part("product"), "code"),
        customer: name(part("acceptor"), "accountId"),
    };
    let told = plain(detail_type);
    let kind = DETAIL_TYPES.iter().find(|(beginning, _)| told.starts_with(beginning)).map_or(Kind::Other, |(_, kind)| *kind);
    let subject = about.license_key.as_ref().or(about.agreement.as_ref()).map_or("", String::as_str);
    let keys = Keys {
        event: name(event, "id"),
        request: name(detail, "requestId").map(|id| shortened(&format!("{id} {told} {subject}"))),
        message: None,
    };
    let is_ours = event.get("source").and_then(Value::as_str) == Some(SOURCE);
    let state = match (is_ours, about.names_a_purchase(), kind) {
        (false, _, _) | (true, false, Kind::Other) => State::Ignored,
        (true, true, _) => State::Waiting,
        (true, false, _) => State::Unreadable,
    };
    Event { kind: if is_ours { kind } else { Kind::Other }, keys, about, happened_at: time(event, "time"), state }
}

/// A notice of the topics of old.
fn legacy(notice: &Map<String, Value>, action: &str) -> Event {
    let about = Reference {
        product: name(notice, "product-code"),
        customer: name(notice, "customer-identifier").or_else(|| name(notice, "customer-aws-account-id")),
        ..Reference::default()
    };
    let kind = match action {
        "entitlement-updated" => Kind::EntitlementUpdated,
        "subscribe-success" | "subscribe-fail" | "unsubscribe-pending" | "unsubscribe-success" => Kind::SubscriptionChanged,
        _ => return unreadable(),
    };
    let state = if about.names_a_purchase() { State::Waiting } else { State::Unreadable };
    Event { kind, keys: Keys::default(), about, happened_at: None, state }
}

/// The part that all forms of a license ARN share.
#[must_use]
pub fn license_key(arn: &str) -> Option<String> {
    let last = arn.rsplit([':', '/']).next()?.to_ascii_lowercase();
    let digits = last.strip_prefix("l-")?;
    (last.len() == LICENSE_KEY_LENGTH && digits.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(last)
}

/// Lower case, single blanks, nothing but letters and digits, and without the party at the end.
fn plain(detail_type: &str) -> String {
    let lower = detail_type.chars().take(NAME_MAX).collect::<String>().to_ascii_lowercase();
    let mut words: Vec<&str> = lower.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    if matches!(words.last(), Some(&("proposer" | "manufacturer" | "acceptor"))) {
        words.pop();
    }
    words.join(" ")
}

fn name(object: &Map<String, Value>, member: &str) -> Option<String> {
    object.get(member).and_then(Value::as_str).and_then(word)
}

fn word(text: &str) -> Option<String> {
    let is_word = !text.is_empty() && text.len() <= NAME_MAX && text.bytes().all(|byte| byte.is_ascii_graphic());
    is_word.then(|| text.to_owned())
}

fn shortened(text: &str) -> String {
    text.chars().take(3 * NAME_MAX).collect()
}

/// An instant that both engines can keep.
fn time(object: &Map<String, Value>, member: &str) -> Option<Timestamp> {
    let instant = DateTime::parse_from_rfc3339(object.get(member)?.as_str()?).ok()?.to_utc().trunc_subsecs(6);
    (1970..=2999).contains(&instant.year()).then_some(instant)
}
