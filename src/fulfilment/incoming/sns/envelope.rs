//! The envelope of a message of SNS: what has to be in it, and the text that is signed. Pure.

use crate::kernel::clock::Timestamp;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, SubsecRound};
use serde_json::{Map, Value};

/// What a message is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// It brings an event.
    Notification,
    /// The topic asks whether it may send.
    SubscriptionConfirmation,
    /// The topic says that it stops.
    UnsubscribeConfirmation,
}

/// With which digest a message is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// SHA-1, the default of topics.
    One,
    /// SHA-256.
    Two,
}

/// An envelope whose members are all there. Nothing of it is proven.
#[derive(Clone, Debug)]
pub struct Envelope {
    pub purpose: Purpose,
    pub version: Version,
    pub message_id: String,
    pub topic: String,
    pub sent_at: Timestamp,
    pub signature: Vec<u8>,
    pub certificate: String,
    /// Of a confirmation.
    pub confirm_at: Option<String>,
    /// What the signature is of.
    pub signed: String,
}

/// Members that are signed, in their order; what is not there is left out.
const OF_NOTIFICATION: &[&str] = &["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"];
const OF_CONFIRMATION: &[&str] = &["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"];
/// Members without which nothing is signed.
const NEEDED: &[&str] = &["Message", "MessageId", "Timestamp", "TopicArn", "Type"];

impl Envelope {
    /// Opens a posted text; `None` when it is no envelope of a known kind and version with everything in it.
    pub fn open(text: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(text).ok()?;
        let object = value.as_object()?;
        let (purpose, members) = match member(object, "Type")? {
            "Notification" => (Purpose::Notification, OF_NOTIFICATION),
            "SubscriptionConfirmation" => (Purpose::SubscriptionConfirmation, OF_CONFIRMATION),
            "UnsubscribeConfirmation" => (Purpose::UnsubscribeConfirmation, OF_CONFIRMATION),
            _ => return None,
        };
        let version = match member(object, "SignatureVersion")? {
            "1" => Version::One,
            "2" => Version::Two,
            _ => return None,
        };
        let message_id = member(object, "MessageId")?;
        let is_id = (1..=100).contains(&message_id.len()) && message_id.bytes().all(|byte| byte.is_ascii_graphic());
        Some(Self {
            purpose,
            version,
            message_id: is_id.then(|| message_id.to_owned())?,
            topic: member(object, "TopicArn")?.to_owned(),
            sent_at: DateTime::parse_from_rfc3339(member(object, "Timestamp")?).ok()?.to_utc().trunc_subsecs(6),
            signature: STANDARD.decode(member(object, "Signature")?).ok().filter(|bytes| (256..=1024).contains(&bytes.len()))?,
            certificate: member(object, "SigningCertURL")?.to_owned(),
            confirm_at: member(object, "SubscribeURL").map(str::to_owned),
            signed: signed(object, members)?,
        })
    }
}

fn member<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    object.get(name)?.as_str()
}

/// Name and value of each member, each with a line end.
fn signed(object: &Map<String, Value>, members: &[&str]) -> Option<String> {
    let mut text = String::new();
    for name in members {
        match object.get(*name) {
            Some(Value::String(value)) => text.extend([name, "\n", value.as_str(), "\n"]),
            None | Some(Value::Null) if !NEEDED.contains(name) => {}
            _ => return None,
        }
    }
    Some(text)
}
