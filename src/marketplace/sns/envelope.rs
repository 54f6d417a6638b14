//! The envelope of SNS: its members, the text that is signed (version 2: RSA with SHA-256), and the headers beside it
//! (section 8.1 of the protocol). Pure.

use crate::kernel::clock::Timestamp;
use serde_json::{Map, Value};

/// Whom and what a message is for.
#[derive(Clone, Debug)]
pub(super) struct Message {
    /// The delivery's id: the same at every try, so that a repetition is recognised.
    pub id: String,
    /// Of which topic.
    pub topic_arn: String,
    /// When it was published.
    pub at: Timestamp,
    /// What kind of message it is.
    pub kind: Kind,
}

/// The two kinds of messages.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    /// Asks for a GET of an address, once.
    SubscriptionConfirmation { token: String, subscribe_url: String },
    /// Tells something to a subscription.
    Notification { text: String, subscription_arn: String, unsubscribe_url: String },
}

impl Message {
    /// The kind as it is named.
    pub(super) const fn kind(&self) -> &'static str {
        match self.kind {
            Kind::SubscriptionConfirmation { .. } => "SubscriptionConfirmation",
            Kind::Notification { .. } => "Notification",
        }
    }

    /// The members that are signed, in the order of signing, which is the alphabet's.
    fn signed(&self) -> Vec<(&'static str, String)> {
        let at = self.at.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
        let (id, topic) = (self.id.clone(), self.topic_arn.clone());
        let kind = ("Type", self.kind().to_owned());
        match &self.kind {
            Kind::SubscriptionConfirmation { token, subscribe_url } => {
                let text = format!(
                    "You have chosen to subscribe to the topic {topic}.\nTo confirm the subscription, visit the SubscribeURL included in this message."
                );
                let (url, token) = (("SubscribeURL", subscribe_url.clone()), ("Token", token.clone()));
                vec![("Message", text), ("MessageId", id), url, ("Timestamp", at), token, ("TopicArn", topic), kind]
            }
            Kind::Notification { text, .. } => {
                vec![("Message", text.clone()), ("MessageId", id), ("Timestamp", at), ("TopicArn", topic), kind]
            }
        }
    }

    /// The text whose signature the message carries: each member's name and value on a line of its own.
    pub(super) fn text_to_sign(&self) -> String {
        self.signed().into_iter().map(|(name, value)| format!("{name}\n{value}\n")).collect()
    }

    /// The body with its signature.
    pub(super) fn body(&self, signature: &str, certificate_url: &str) -> String {
        let mut members: Map<String, Value> =
            self.signed().into_iter().map(|(name, value)| (name.to_owned(), Value::String(value))).collect();
        let mut put = |name: &str, value: &str| drop(members.insert(name.to_owned(), Value::String(value.to_owned())));
        put("SignatureVersion", "2");
        put("Signature", signature);
        put("SigningCertURL", certificate_url);
        if let Kind::Notification { unsubscribe_url, .. } = &self.kind {
            put("UnsubscribeURL", unsubscribe_url);
        }
        Value::Object(members).to_string()
    }

    /// The headers that say the same without reading the body.
    pub(super) fn headers(&self) -> Vec<(&'static str, &str)> {
        let mut headers = vec![
            ("content-type", "text/plain; charset=UTF-8"),
            ("user-agent", "Amazon Simple Notification Service Agent"),
            ("x-amz-sns-message-type", self.kind()),
            ("x-amz-sns-message-id", &self.id),
            ("x-amz-sns-topic-arn", &self.topic_arn),
        ];
        if let Kind::Notification { subscription_arn, .. } = &self.kind {
            headers.push(("x-amz-sns-subscription-arn", subscription_arn));
        }
        headers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(kind: Kind) -> Message {
        let at = "2026-11-22T18:00:00Z".parse().expect("an instant");
        Message { id: "22b80b92".to_owned(), topic_arn: "arn:t".to_owned(), at, kind }
    }

    #[test]
    fn a_notification_is_signed_as_sns_signs_it() {
        let kind =
            Kind::Notification { text: "{\"a\":1}".to_owned(), subscription_arn: "arn:t:s".to_owned(), unsubscribe_url: "u".to_owned() };
        let message = message(kind);
        let expected =
            "Message\n{\"a\":1}\nMessageId\n22b80b92\nTimestamp\n2026-11-22T18:00:00.000Z\nTopicArn\narn:t\nType\nNotification\n";
        assert_eq!(message.text_to_sign(), expected);
        let body: Value = serde_json::from_str(&message.body("c2ln", "https://x/y.pem")).expect("JSON");
        assert_eq!((&body["SignatureVersion"], &body["Signature"], &body["UnsubscribeURL"]), (&"2".into(), &"c2ln".into(), &"u".into()));
        assert_eq!((&body["SigningCertURL"], body.get("Token")), (&"https://x/y.pem".into(), None));
    }

    #[test]
    fn a_confirmation_is_signed_with_its_address_and_token() {
        let message = message(Kind::SubscriptionConfirmation { token: "tok".to_owned(), subscribe_url: "https://s".to_owned() });
        let text = message.text_to_sign();
        assert!(text.starts_with("Message\nYou have chosen to subscribe to the topic arn:t.\nTo confirm"), "{text}");
        let rest = "MessageId\n22b80b92\nSubscribeURL\nhttps://s\nTimestamp\n2026-11-22T18:00:00.000Z\nToken\ntok\nTopicArn\narn:t\nType\nSubscriptionConfirmation\n";
        assert!(text.ends_with(rest), "{text}");
        assert!(message.headers().iter().all(|(name, _)| *name != "x-amz-sns-subscription-arn"));
    }
}
