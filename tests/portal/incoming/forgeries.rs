//! What a forger could send: addresses that look like AWS's, and everything else that can be wrong with a message.

use super::forged::{Signer, TOPIC, at, notification, with};
use chrono::TimeDelta;
use creditdesk::kernel::clock::Timestamp;
use serde_json::{Value, json};

/// Addresses of certificates that are not AWS's, or not exactly.
pub fn foreign_addresses() -> Vec<String> {
    let file = "SimpleNotificationService-7506a1e35b36ef5a444dd1a8e7cc3ed8.pem";
    let hosts = [
        "https://evil.test",
        "https://sns.us-east-1.amazonaws.com.evil.test",
        "https://evil.s3.amazonaws.com",
        "https://sns.s3.amazonaws.com",
        "https://s3.amazonaws.com/sns.us-east-1.amazonaws.com",
        "https://sns.us-east-1.amazonaws.com@evil.test",
        "https://evil@sns.us-east-1.amazonaws.com",
        "https://:@sns.us-east-1.amazonaws.com",
        "http://sns.us-east-1.amazonaws.com",
        "HTTPS://sns.us-east-1.amazonaws.com",
        "ftp://sns.us-east-1.amazonaws.com",
        "https://sns.us-east-1.amazonaws.com:443",
        "https://sns.us-east-1.amazonaws.com:8443",
        "https://127.0.0.1",
        "https://2130706433",
        "https://[::1]",
        "https://[::ffff:169.254.169.254]",
        "https://169.254.169.254",
        "https://localhost",
        "https://sns%2eus-east-1.amazonaws.com",
        "https://sns.us-east-1.amazonaws.com.",
        "https://SNS.us-east-1.amazonaws.com",
        "https://ѕns.us-east-1.amazonaws.com",
        "https://sns．us-east-1．amazonaws．com",
        "https://sns.us-east-1.amazonaws.com%00.evil.test",
        "https://sns.eu-west-1.amazonaws.com",
        "https://sqs.us-east-1.amazonaws.com",
        "https://sns.us-east-1.amazonaws.com.cn",
        "https://sns.amazonaws.com",
        "https://sns..amazonaws.com",
        "https://sns.us-east-1.amazonaws.com\\@evil.test",
        "https://evil.test\\.sns.us-east-1.amazonaws.com",
        "https://evil.test#sns.us-east-1.amazonaws.com",
        "https://evil.test?sns.us-east-1.amazonaws.com",
        " https://sns.us-east-1.amazonaws.com",
        "https:/sns.us-east-1.amazonaws.com",
        "https:///sns.us-east-1.amazonaws.com",
        "//sns.us-east-1.amazonaws.com",
        "https://sns.us-east-1\n.amazonaws.com",
        "",
    ];
    let paths = [
        "/other.pem",
        "/SimpleNotificationService-.pem",
        "/SimpleNotificationService-xyz.pem",
        "/SimpleNotificationService-ab.pem?x=1",
        "/SimpleNotificationService-ab.pem#x",
        "/x/../SimpleNotificationService-ab.pem",
        "/%53impleNotificationService-ab.pem",
        "/SimpleNotificationService-ab.pem/",
        "/SimpleNotificationService-ab%2epem",
        "/SimpleNotificationService-ab.PEM",
        "/SimpleNotificationService-ab/cd.pem",
        "//SimpleNotificationService-ab.pem",
        "?/SimpleNotificationService-ab.pem",
        "/bucket/SimpleNotificationService-ab.pem",
        "",
    ];
    let at_hosts = hosts.iter().map(|host| format!("{host}/{file}"));
    at_hosts.chain(paths.iter().map(|path| format!("https://sns.us-east-1.amazonaws.com{path}"))).collect()
}

/// Addresses that confirm no subscription to the topic.
pub fn foreign_confirmations() -> Vec<String> {
    let query = format!("?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=2336412f37");
    let hosts = [
        "http://169.254.169.254/latest/meta-data/",
        "https://169.254.169.254/",
        "http://127.0.0.1:8080/",
        "https://localhost/",
        "https://[::1]/",
        "https://evil.test/",
        "https://sns.us-east-1.amazonaws.com.evil.test/",
        "https://sns.us-east-1.amazonaws.com@evil.test/",
        "http://sns.us-east-1.amazonaws.com/",
        "https://sns.us-east-1.amazonaws.com:8443/",
        "https://sns.eu-west-1.amazonaws.com/",
        "https://sns.us-east-1.amazonaws.com./",
        "https://sns.us-east-1.amazonaws.com/x",
    ];
    let queries = [
        format!("?Action=Unsubscribe&TopicArn={TOPIC}&Token=1"),
        format!("?Action=ConfirmSubscription&Action=Publish&TopicArn={TOPIC}"),
        "?Action=ConfirmSubscription&TopicArn=arn:aws:sns:us-east-1:1:other".to_owned(),
        "?Action=ConfirmSubscription".to_owned(),
        String::new(),
        format!("?Action=ConfirmSubscription&TopicArn={TOPIC}#@evil.test/"),
        format!("?Action=ConfirmSubscription&TopicArn={TOPIC}&x=\n"),
    ];
    let at_hosts = hosts.iter().map(|host| format!("{host}{query}"));
    at_hosts.chain(queries.iter().map(|query| format!("https://sns.us-east-1.amazonaws.com/{query}"))).collect()
}

/// Everything else that is wrong with a message, by what it is refused for.
pub fn wrong_messages(now: Timestamp) -> Vec<(&'static str, Value)> {
    let (aws, own) = (Signer::aws(), Signer::new("sns.amazonaws.com", 2036));
    let sign = |message| aws.sign(message);
    let good = sign(notification("good", now));
    let aged = |by: TimeDelta| sign(notification("aged", now - by));
    let mut half = good.clone();
    half["Signature"] = json!(&good["Signature"].as_str().unwrap()[..344 / 2]);
    let mut none = good.clone();
    none.as_object_mut().unwrap().remove("SignatureVersion");
    let mut without_message = good.clone();
    without_message.as_object_mut().unwrap().remove("Message");
    vec![
        ("Topic", sign(with(&good, "TopicArn", json!("arn:aws:sns:us-east-1:111122223333:aws-mp-entitlement-notification-4wexample")))),
        ("Topic", sign(with(&good, "TopicArn", json!(format!("{TOPIC}x"))))),
        ("Topic", sign(with(&good, "TopicArn", json!(TOPIC.to_uppercase())))),
        ("Malformed", sign(with(&good, "TopicArn", json!([TOPIC])))),
        ("Age", aged(TimeDelta::minutes(60) + TimeDelta::seconds(1))),
        ("Age", aged(TimeDelta::days(365))),
        ("Age", aged(-TimeDelta::minutes(15) - TimeDelta::seconds(1))),
        ("Malformed", sign(with(&good, "Timestamp", json!("yesterday")))),
        ("Malformed", none),
        ("Malformed", with(&good, "SignatureVersion", json!("3"))),
        ("Malformed", with(&good, "SignatureVersion", json!(2))),
        ("Malformed", with(&good, "SignatureVersion", json!(""))),
        ("Signature", with(&good, "SignatureVersion", json!("1"))),
        (
            "Signature",
            with(
                &good,
                "Message",
                json!("{\"action\":\"entitlement-updated\",\"customer-identifier\":\"other\",\"product-code\":\"4wexample\"}"),
            ),
        ),
        ("Signature", with(&good, "MessageId", json!("another"))),
        ("Signature", with(&good, "Timestamp", json!(at(now - TimeDelta::minutes(1))))),
        ("Signature", with(&good, "Subject", json!("added"))),
        ("Malformed", with(&good, "Message", json!({ "action": "entitlement-updated" }))),
        ("Malformed", without_message),
        ("Signature", own.sign(good.clone())),
        ("Malformed", with(&good, "Signature", json!(""))),
        ("Malformed", with(&good, "Signature", json!("!!!"))),
        ("Malformed", half),
        ("ConfirmationAddress", with(&good, "Type", json!("SubscriptionConfirmation"))),
        ("Malformed", with(&good, "Type", json!("notification"))),
        ("Malformed", with(&good, "MessageId", json!("a b"))),
        ("Malformed", with(&good, "MessageId", json!("a".repeat(101)))),
        ("Malformed", json!([good])),
        ("Malformed", json!("text")),
    ]
}
