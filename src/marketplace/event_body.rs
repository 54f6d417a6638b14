//! What an event says: the JSON of EventBridge for every event, and the messages of the older topics for listings from
//! before concurrent agreements (section 8 of the protocol). Written once, from the state of that moment. Pure.

use super::agreement::{Agreement, AgreementStatus};
use super::catalog::CustomerIdentity;
use super::event::{Event, EventKind};
use super::ids::AgreementId;
use super::wire::agreements::status;
use super::wire::customer;
use crate::kernel::clock::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

/// The end of what is charged by use: there is none.
const NO_END: &str = "9999-01-01T00:00:00Z";
/// All events come from this region.
const REGION: &str = "us-east-1";

/// What an event is told of, as it is at that moment.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct Facts {
    /// The agreement.
    #[sqlx(flatten)]
    pub agreement: Agreement,
    /// Proposer and manufacturer are the same.
    pub seller_id: String,
    /// As shown.
    pub seller_name: String,
    /// As shown.
    pub product_name: String,
    /// Its key in the entitlement API.
    pub product_code: String,
    /// Whether the older topics tell of it.
    pub customer_identity: CustomerIdentity,
    /// Price of one credit; nothing for what is charged by use.
    pub price_minor: i64,
    /// The agreement that it renewed.
    pub previous_id: Option<AgreementId>,
}

impl EventKind {
    /// As EventBridge names it, for a seller who is proposer and manufacturer (rule 53 of the protocol).
    #[must_use]
    pub const fn detail_type(self) -> &'static str {
        match self {
            Self::AgreementCreated => "Purchase Agreement Created - Proposer",
            Self::AgreementAmended => "Purchase Agreement Amended - Proposer",
            Self::AgreementEnded => "Purchase Agreement Ended - Proposer",
            Self::LicenseUpdated => "License Updated - Manufacturer",
            Self::LicenseDeprovisioned => "License Deprovisioned - Manufacturer",
        }
    }
}

fn millis(at: Timestamp) -> String {
    at.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// The event as EventBridge has it. `request` is what receivers know a repetition by (rule 50 of the protocol).
pub(super) fn of_event_bridge(event: &Event, facts: &Facts, request: Uuid) -> Value {
    let detail = match event.kind {
        EventKind::AgreementCreated => created(facts),
        EventKind::AgreementAmended => amended(facts),
        EventKind::AgreementEnded => ended(facts),
        EventKind::LicenseUpdated | EventKind::LicenseDeprovisioned => of_license(event, facts),
    };
    let mut detail = detail;
    detail["requestId"] = json!(request);
    detail["catalog"] = json!("AWSMarketplace");
    detail["acceptor"] = json!({ "accountId": facts.agreement.buyer_account_id });
    detail["proposer"]["accountId"] = json!(facts.seller_id);
    json!({
        "version": "0",
        "id": event.id.uuid(),
        "detail-type": event.kind.detail_type(),
        "source": "aws.agreement-marketplace",
        "account": facts.seller_id,
        "time": event.occurred_at.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
        "region": REGION,
        "resources": [format!("arn:aws:aws-marketplace::aws:agreement:{}", facts.agreement.id)],
        "detail": detail,
    })
}

fn is_metered(facts: &Facts) -> bool {
    facts.price_minor == 0
}

fn end(facts: &Facts) -> String {
    if is_metered(facts) { NO_END.to_owned() } else { millis(facts.agreement.ends_at) }
}

fn agreement(facts: &Facts, intent: &str) -> Value {
    let agreement = &facts.agreement;
    json!({
        "id": agreement.id.as_str(),
        "intent": intent,
        "status": status(agreement.status),
        "acceptanceTime": millis(agreement.accepted_at),
        "startTime": millis(agreement.starts_at),
        "endTime": end(facts),
    })
}

fn product(facts: &Facts) -> Value {
    json!({ "id": facts.agreement.product_id.as_str(), "title": facts.product_name })
}

fn intent(facts: &Facts) -> &'static str {
    if facts.agreement.term_number > 1 { "RENEW" } else { "NEW" }
}

fn created(facts: &Facts) -> Value {
    let mut detail = json!({
        "agreement": agreement(facts, intent(facts)),
        "resaleAuthorization": { "id": null },
        "proposer": {},
        "offer": { "id": facts.agreement.offer_id.as_str() },
    });
    if let Some(previous) = &facts.previous_id {
        detail["agreement"]["previousAgreementId"] = json!(previous.as_str());
        detail["product"] = product(facts);
        detail["proposer"]["name"] = json!(facts.seller_name);
    }
    detail
}

fn amended(facts: &Facts) -> Value {
    let mut agreement_of = agreement(facts, "AMEND");
    let renews = facts.agreement.auto_renew;
    agreement_of["autoRenewalEnabled"] = json!(renews);
    json!({
        "agreement": agreement_of,
        "resaleAuthorization": { "id": null },
        "proposer": {},
        "offer": { "id": facts.agreement.offer_id.as_str() },
        "product": product(facts),
        // A renewal can be changed until the end instant (REN-3), and only by the buyer.
        "renewalSummary": { "lockoutStartTime": end(facts), "disabledBy": if renews { None } else { Some("ACCEPTOR") } },
    })
}

fn ended(facts: &Facts) -> Value {
    json!({ "agreement": agreement(facts, intent(facts)), "resaleAuthorization": { "id": null }, "proposer": {} })
}

fn of_license(event: &Event, facts: &Facts) -> Value {
    json!({
        "agreement": { "id": facts.agreement.id.as_str() },
        "product": { "id": facts.agreement.product_id.as_str(), "code": facts.product_code },
        "license": { "arn": event.license_arn.as_str() },
        "proposer": {},
        "offer": { "id": facts.agreement.offer_id.as_str() },
    })
}

/// What the entitlement topic of an older listing is told: that something changed, whatever it was (rule 56 of the protocol).
pub(super) fn of_entitlement_topic(kind: EventKind, facts: &Facts) -> Option<Value> {
    matches!(kind, EventKind::LicenseUpdated | EventKind::LicenseDeprovisioned).then_some(())?;
    older(facts, "entitlement-updated")
}

/// What the subscription topic of an older listing is told. `was_pending`: the payment settled just now, so that a license
/// comes with it only now.
pub(super) fn of_subscription_topic(kind: EventKind, facts: &Facts, was_pending: bool) -> Option<Value> {
    let (action, names_offer) = match (kind, facts.agreement.status) {
        (EventKind::AgreementCreated, AgreementStatus::Active) => ("subscribe-success", true),
        (EventKind::LicenseUpdated, _) if was_pending => ("subscribe-success", true),
        (EventKind::AgreementEnded, AgreementStatus::RolledBack) => ("subscribe-fail", true),
        // A renewed subscription goes on.
        (EventKind::AgreementEnded, AgreementStatus::Expired | AgreementStatus::Cancelled | AgreementStatus::Terminated) => {
            ("unsubscribe-success", false)
        }
        _ => return None,
    };
    let mut message = older(facts, action)?;
    if names_offer {
        message["offer-identifier"] = json!(facts.agreement.offer_id.as_str());
        message["isFreeTrialTermPresent"] = json!("false");
    }
    Some(message)
}

fn older(facts: &Facts, action: &str) -> Option<Value> {
    let identifier = customer::identifier(&facts.agreement.buyer_account_id);
    let identifier = identifier.filter(|_| facts.customer_identity == CustomerIdentity::Legacy)?;
    Some(json!({ "action": action, "customer-identifier": identifier, "product-code": facts.product_code }))
}
