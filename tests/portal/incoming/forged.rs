//! Messages of SNS that nobody should believe (quality B7): each is refused, and none leads to a connection. And those that are
//! genuine: both versions of the signature, confirmations, replays.

use super::forgeries::{foreign_addresses, foreign_confirmations, wrong_messages};
use super::rows;
use crate::support::Stage;
use crate::support::browser::Raw;
use crate::support::portal::Portal;
use async_trait::async_trait;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{SecondsFormat, TimeDelta};
use creditdesk::config::IncomingSettings;
use creditdesk::fulfilment::incoming::sns::{Fetch, Received, Receiver, Refusal};
use creditdesk::kernel::clock::Timestamp;
use rcgen::{CertificateParams, DnType, KeyPair, PKCS_RSA_SHA256, date_time_ymd};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

pub const TOPIC: &str = "arn:aws:sns:us-east-1:287250355862:aws-mp-entitlement-notification-4wexample";
const PEM: &str = "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-7506a1e35b36ef5a444dd1a8e7cc3ed8.pem";
/// A message of version 1 with its certificate, made once with a key that was thrown away: the library verifies SHA-1 and does
/// not sign with it.
const VERSION_ONE: &str = include_str!("../golden/sns_v1.json");
const CERTIFICATE_ONE: &str = include_str!("../golden/sns_v1.pem");

/// Whoever has a key and a certificate.
pub struct Signer {
    key: RsaKeyPair,
    pem: String,
}

impl Signer {
    pub fn new(name: &str, until_year: i32) -> Self {
        let pair = KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap();
        let mut certificate = CertificateParams::new(Vec::new()).unwrap();
        certificate.distinguished_name.push(DnType::CommonName, name);
        certificate.not_before = date_time_ymd(2020, 1, 1);
        certificate.not_after = date_time_ymd(until_year, 1, 1);
        let pem = certificate.self_signed(&pair).unwrap().pem();
        Self { key: RsaKeyPair::from_pkcs8(&pair.serialize_der()).unwrap(), pem }
    }

    /// AWS, as far as these tests go.
    pub fn aws() -> &'static Self {
        static AWS: OnceLock<Signer> = OnceLock::new();
        AWS.get_or_init(|| Self::new("sns.amazonaws.com", 2036))
    }

    pub fn sign(&self, mut message: Value) -> Value {
        let members: &[&str] = match message["Type"].as_str() {
            Some("Notification") => &["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"],
            _ => &["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"],
        };
        let parts = members.iter().filter_map(|name| Some(format!("{name}\n{}\n", message.get(*name)?.as_str()?)));
        let text: String = parts.collect();
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature).unwrap();
        message["Signature"] = json!(STANDARD.encode(signature));
        message
    }
}

/// What is fetched, and how often.
#[derive(Default)]
struct Fetched {
    answers: BTreeMap<String, String>,
    asked: Mutex<Vec<String>>,
}

impl Fetched {
    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

#[async_trait]
impl Fetch for Fetched {
    async fn get(&self, address: &str) -> anyhow::Result<Vec<u8>> {
        self.asked.lock().unwrap().push(address.to_owned());
        match self.answers.get(address) {
            Some(answer) => Ok(answer.clone().into_bytes()),
            None => anyhow::bail!("404"),
        }
    }
}

fn receiver(answers: &[(&str, &str)]) -> (Receiver, Arc<Fetched>) {
    let answers = answers.iter().map(|(address, answer)| ((*address).to_owned(), (*answer).to_owned())).collect();
    let fetched = Arc::new(Fetched { answers, ..Fetched::default() });
    (Receiver::new(vec![TOPIC.to_owned()], Vec::new(), fetched.clone()), fetched)
}

pub fn at(now: Timestamp) -> String {
    now.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// A notification, not yet signed.
pub fn notification(id: &str, sent_at: Timestamp) -> Value {
    json!({ "Type": "Notification", "MessageId": id, "TopicArn": TOPIC, "Timestamp": at(sent_at), "SignatureVersion": "2", "SigningCertURL": PEM,
        "Message": "{\"action\":\"entitlement-updated\",\"customer-identifier\":\"ifAPi5AcF3\",\"product-code\":\"4wexample\"}" })
}

fn confirmation(id: &str, sent_at: Timestamp, address: &str) -> Value {
    json!({ "Type": "SubscriptionConfirmation", "MessageId": id, "TopicArn": TOPIC, "Timestamp": at(sent_at), "SignatureVersion": "2",
        "SigningCertURL": PEM, "Token": "2336412f37", "SubscribeURL": address, "Message": "You have chosen to subscribe to the topic." })
}

fn subscribe() -> String {
    format!("https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=2336412f37")
}

/// A copy with one member changed.
pub fn with(message: &Value, member: &str, value: Value) -> Value {
    let mut changed = message.clone();
    changed[member] = value;
    changed
}

fn word(refusal: &Refusal) -> String {
    format!("{refusal:?}").split('(').next().unwrap_or_default().to_owned()
}

async fn stored(stage: &Stage) -> Vec<(String, String, i64)> {
    rows(stage, "SELECT kind, state, duplicates FROM incoming_events ORDER BY received_at, id").await
}

both_engines! {
    /// Quality B7: more than 90 forged messages, each refused for its reason, none stored, and not one connection.
    #[test]
    async fn forged_messages_are_refused_without_a_connection(stage: Stage) {
        let (receiver, fetched) = receiver(&[(PEM, &Signer::aws().pem)]);
        let now = stage.now();
        let first = Signer::aws().sign(notification("first", now));
        assert_eq!(receiver.receive(&stage.db, &first.to_string(), now).await.unwrap(), Received::Stored);
        assert_eq!(fetched.asked(), [PEM]);
        let addresses = foreign_addresses();
        let good = Signer::aws().sign(notification("good", now));
        let mut forged: Vec<(&str, Value)> = addresses.iter().map(|address| ("CertificateAddress", with(&good, "SigningCertURL", json!(address)))).collect();
        forged.extend(foreign_confirmations().iter().map(|address| ("ConfirmationAddress", Signer::aws().sign(confirmation("c", now, address)))));
        forged.extend(wrong_messages(now));
        assert!(forged.len() >= 90, "{}", forged.len());
        for (reason, message) in &forged {
            let refusal = receiver.receive(&stage.db, &message.to_string(), now).await.unwrap_err();
            assert_eq!(word(&refusal), *reason, "{message}");
        }
        assert_eq!(fetched.asked().len(), 1, "a forged message led to a connection");
        assert_eq!(stored(&stage).await, [("entitlement_updated".to_owned(), "waiting".to_owned(), 0)]);
    }

    /// Protocol, section 8.1: genuine messages of both versions are stored; sent again they are known, and the certificate is
    /// fetched once.
    #[test]
    async fn genuine_messages_of_both_versions_are_stored_once(stage: Stage) {
        let now = stage.now();
        let (old, asked_old) = receiver(&[(PEM, CERTIFICATE_ONE)]);
        assert_eq!(old.receive(&stage.db, VERSION_ONE, now).await.unwrap(), Received::Stored);
        let changed = VERSION_ONE.replace("ifAPi5AcF3", "ifAPi5AcF4");
        assert_eq!(word(&old.receive(&stage.db, &changed, now).await.unwrap_err()), "Signature");
        let (new, asked_new) = receiver(&[(PEM, &Signer::aws().pem)]);
        let messages = [
            Signer::aws().sign(notification("a", now)),
            Signer::aws().sign(with(&notification("b", now - TimeDelta::minutes(60)), "Subject", json!("A subject"))),
            Signer::aws().sign(notification("c", now + TimeDelta::minutes(15))),
        ];
        for message in &messages {
            assert_eq!(new.receive(&stage.db, &message.to_string(), now).await.unwrap(), Received::Stored, "{message}");
        }
        for message in &messages {
            assert_eq!(new.receive(&stage.db, &message.to_string(), now).await.unwrap(), Received::Again, "{message}");
        }
        assert_eq!(old.receive(&stage.db, VERSION_ONE, now).await.unwrap(), Received::Again);
        assert_eq!((asked_old.asked().len(), asked_new.asked().len()), (1, 1));
        assert_eq!(stored(&stage).await, vec![("entitlement_updated".to_owned(), "waiting".to_owned(), 1); 4]);
    }

    /// A subscription is confirmed at AWS's own address, once; one that cannot be fetched is tried again by SNS.
    #[test]
    async fn a_subscription_is_confirmed_once(stage: Stage) {
        let now = stage.now();
        let message = Signer::aws().sign(confirmation("c", now, &subscribe())).to_string();
        let (away, asked) = receiver(&[(PEM, &Signer::aws().pem)]);
        assert_eq!(word(&away.receive(&stage.db, &message, now).await.unwrap_err()), "NotNow");
        assert_eq!((asked.asked().len(), stored(&stage).await.len()), (2, 0));
        let (receiver, asked) = receiver(&[(PEM, &Signer::aws().pem), (&subscribe(), "<ConfirmSubscriptionResponse/>")]);
        assert_eq!(receiver.receive(&stage.db, &message, now).await.unwrap(), Received::Confirmed);
        assert_eq!(receiver.receive(&stage.db, &message, now).await.unwrap(), Received::Again);
        assert_eq!(asked.asked(), [PEM, &subscribe()]);
        let stop = Signer::aws().sign(with(&confirmation("u", now, &subscribe()), "Type", json!("UnsubscribeConfirmation"))).to_string();
        assert_eq!(receiver.receive(&stage.db, &stop, now).await.unwrap(), Received::Stored);
        assert_eq!(asked.asked().len(), 2, "a topic that stops is not subscribed to again");
        assert!(stored(&stage).await.iter().all(|(kind, state, _)| kind == "subscribing" && state == "ignored"));
    }

    /// A certificate has to be in force and the signer's own; whoever names ever new ones at AWS's host is not followed.
    #[test]
    async fn a_certificate_has_to_be_the_signers_and_in_force(stage: Stage) {
        let now = stage.now();
        for (signer, reason) in [(Signer::new("sns.amazonaws.com", 2025), "Certificate"), (Signer::new("evil.test", 2036), "Certificate")] {
            let (receiver, _) = receiver(&[(PEM, &signer.pem)]);
            let message = signer.sign(notification("x", now)).to_string();
            assert_eq!(word(&receiver.receive(&stage.db, &message, now).await.unwrap_err()), reason);
        }
        for nonsense in ["", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "<html>"] {
            let (receiver, _) = receiver(&[(PEM, nonsense)]);
            let message = Signer::aws().sign(notification("x", now)).to_string();
            assert_eq!(word(&receiver.receive(&stage.db, &message, now).await.unwrap_err()), "Certificate");
        }
        let (receiver, asked) = receiver(&[(PEM, &Signer::aws().pem)]);
        let good = Signer::aws().sign(notification("x", now));
        for number in 0..50 {
            let address = format!("https://sns.us-east-1.amazonaws.com/SimpleNotificationService-{number:x}.pem");
            let refusal = receiver.receive(&stage.db, &with(&good, "SigningCertURL", json!(address)).to_string(), now).await.unwrap_err();
            assert_eq!(word(&refusal), "NotNow");
        }
        assert_eq!(asked.asked().len(), 5);
        assert_eq!(receiver.receive(&stage.db, &good.to_string(), now + TimeDelta::minutes(1)).await.unwrap(), Received::Stored);
        assert_eq!(stored(&stage).await.len(), 1);
    }

    /// The address itself: it does not exist without topics; with one it takes a genuine message of an emulator, refuses the
    /// rest, large bodies unread, and follows no redirection.
    #[test]
    async fn the_address_takes_what_is_genuine(stage: Stage) {
        let emulator = Emulator::start().await;
        let host = emulator.host.clone();
        let settings = IncomingSettings { aws_sns_topics: Some(TOPIC.to_owned()), aws_sns_cert_hosts: Some(host.clone()), ..IncomingSettings::default() };
        let portal = Portal::with_incoming(&stage, settings).await;
        let mut sender = portal.browser();
        let mut post = async |body: String| {
            let headers = [("content-type", "text/plain; charset=UTF-8"), ("x-amz-sns-message-type", "Notification")];
            let answer = sender.send(Raw { method: Method::POST, path: "/aws/sns", headers: &headers, body }).await;
            (answer.status, answer.body.trim().to_owned())
        };
        let sent = |id: &str, path: &str| {
            let message = with(&notification(id, stage.now()), "SigningCertURL", json!(format!("http://{host}{path}")));
            Signer::aws().sign(message)
        };
        let good = sent("a", "/SimpleNotificationService-ab.pem");
        assert_eq!(post(with(&good, "SigningCertURL", json!("https://evil.test/x.pem")).to_string()).await.0, 403);
        assert_eq!(post("nonsense".to_owned()).await.0, 400);
        assert_eq!(post("x".repeat(1_000_000)).await.0, 413);
        assert_eq!(emulator.hits(), 0);
        assert_eq!(post(good.to_string()).await, (200, "The message is stored.".to_owned()));
        assert_eq!(post(good.to_string()).await, (200, "The message was stored before.".to_owned()));
        assert_eq!(post(with(&good, "Message", json!("{}")).to_string()).await.0, 403);
        assert_eq!(emulator.hits(), 1);
        assert_eq!(post(sent("b", "/elsewhere.pem").to_string()).await.0, 503);
        assert_eq!(emulator.hits(), 2, "the redirection was not followed");
        assert_eq!(stored(&stage).await.len(), 1);
        let plain = stage.portal().await;
        let answer = plain.browser().send(Raw { method: Method::POST, path: "/aws/sns", headers: &[("content-type", "text/plain")], body: good.to_string() }).await;
        assert_eq!(answer.status, 404);
        assert_eq!(stored(&stage).await.len(), 1);
    }
}

/// Serves a certificate on loopback, sends whoever asks for something else to it, and counts.
struct Emulator {
    host: String,
    hits: Arc<AtomicUsize>,
}

impl Emulator {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let hits = Arc::new(AtomicUsize::new(0));
        let counted = hits.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                let mut asked = [0; 4_096];
                let length = stream.read(&mut asked).await.unwrap_or(0);
                let pem = &Signer::aws().pem;
                let answer = if asked[..length].starts_with(b"GET /Simple") {
                    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{pem}", pem.len())
                } else {
                    "HTTP/1.1 302 Found\r\nlocation: /SimpleNotificationService-ab.pem\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
                        .to_owned()
                };
                stream.write_all(answer.as_bytes()).await.ok();
            }
        });
        Self { host, hits }
    }

    fn hits(&self) -> usize {
        self.hits.load(Ordering::SeqCst)
    }
}
