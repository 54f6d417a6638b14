//! Webhooks in the envelope of SNS: the handshake, signatures checked with the public certificate alone, retries by the
//! clock, and what is given up.

use super::hook::{Hook, Posted, SILENT};
use super::{count, make, make_older};
use crate::support::Stage;
use crate::support::dump;
use crate::support::people::ACME_BUYER;
use crate::support::portal::Portal;
use crate::support::wire::{ACME, Client, TREND_MICRO, vision};
use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use creditdesk::marketplace::event_target::{Topic, Wanted};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;

const EVENTS: &str = "arn:aws:sns:us-east-1:294406891311:creditdesk-events";

fn wanted(hook: &Hook) -> Wanted {
    Wanted::Webhook(hook.address.parse().unwrap(), Topic::Events, None)
}

async fn get(url: &str) -> (u16, String) {
    let response = reqwest::Client::builder().no_proxy().build().unwrap().get(url).send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

/// Checks a message as a subscriber does: by the certificate that it names, and the text that its kind signs.
async fn is_genuine(posted: &Posted) -> bool {
    let body = &posted.body;
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    assert_eq!(text("SignatureVersion"), "2");
    let signed: &[&str] = match text("Type").as_str() {
        "Notification" => &["Message", "MessageId", "Timestamp", "TopicArn", "Type"],
        _ => &["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"],
    };
    let to_sign: String = signed.iter().map(|name| format!("{name}\n{}\n", text(name))).collect();
    let (status, pem) = get(&text("SigningCertURL")).await;
    assert_eq!(status, 200);
    let (_, pem) = x509_parser::pem::parse_x509_pem(pem.as_bytes()).unwrap();
    let certificate = pem.parse_x509().unwrap();
    assert_eq!(certificate.subject(), certificate.issuer(), "it signed itself");
    let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, certificate.public_key().subject_public_key.data.to_vec());
    key.verify(to_sign.as_bytes(), &STANDARD.decode(text("Signature")).unwrap()).is_ok()
}

/// A webhook that has confirmed.
async fn confirmed(stage: &Stage, portal: &Portal) -> Hook {
    let hook = Hook::open().await;
    make(stage, "hook", wanted(&hook)).await.unwrap();
    portal.run_due_jobs().await;
    let asked = hook.take().remove(0);
    assert_eq!(get(asked.body["SubscribeURL"].as_str().unwrap()).await.0, 200);
    hook
}

async fn buy(stage: &Stage, portal: &Portal) {
    let buyer = Client::of_buyer(stage, portal, ACME, ACME_BUYER).await;
    buyer.buy(&vision(stage).await, 500).await;
}

async fn settled(stage: &Stage, status: &str) -> i64 {
    let rows = stage.db.read("SELECT CAST(COUNT(*) AS BIGINT) FROM event_deliveries WHERE event_id IS NOT NULL AND status = $1");
    rows.bind(status).scalar().await.unwrap()
}

both_engines! {
    /// Section 8.1 of the protocol: a webhook is asked to confirm first and gets nothing before it has; then every event,
    /// signed so that the public certificate alone proves it.
    #[test]
    async fn a_webhook_confirms_and_then_gets_signed_events(stage: Stage) {
        let portal = stage.portal().await;
        let hook = Hook::open().await;
        make(&stage, "hook", wanted(&hook)).await.unwrap();
        portal.run_due_jobs().await;
        buy(&stage, &portal).await;
        portal.run_due_jobs().await;
        let posted = hook.take();
        let [asked] = &posted[..] else { panic!("{posted:#?}") };
        assert_eq!((&asked.body["Type"], &asked.body["TopicArn"]), (&json!("SubscriptionConfirmation"), &json!(EVENTS)));
        assert_eq!((asked.headers["x-amz-sns-message-type"].to_str().unwrap(), asked.headers["content-type"].to_str().unwrap()), ("SubscriptionConfirmation", "text/plain; charset=UTF-8"));
        assert!(is_genuine(asked).await);
        let url = asked.body["SubscribeURL"].as_str().unwrap();
        let token = asked.body["Token"].as_str().unwrap();
        assert!(url.starts_with(&format!("{}/sns?Action=ConfirmSubscription&", portal.origin)) && url.ends_with(token), "{url}");
        assert!(dump::places_of(&dump::everything(&stage.db).await, token).is_empty(), "the token is not stored in the clear");
        assert_eq!(get(&url.replace(token, "another")).await.0, 404);
        let (status, answer) = get(url).await;
        assert!(status == 200 && answer.contains(&format!("<SubscriptionArn>{EVENTS}:")), "{answer}");
        assert_eq!(get(url).await.0, 200, "confirmed again, nothing changes");
        buy(&stage, &portal).await;
        portal.run_due_jobs().await;
        let posted = hook.take();
        assert_eq!(posted.len(), 2);
        for one in &posted {
            assert!(is_genuine(one).await);
            assert!(one.headers["x-amz-sns-subscription-arn"].to_str().unwrap().starts_with(EVENTS));
            assert_eq!(one.headers["x-amz-sns-message-id"].to_str().unwrap(), one.body["MessageId"]);
            let event: Value = serde_json::from_str(one.body["Message"].as_str().unwrap()).unwrap();
            assert_eq!((&event["source"], &event["account"]), (&json!("aws.agreement-marketplace"), &json!(TREND_MICRO)));
            let mut forged = one.clone();
            forged.body["Message"] = json!(event.to_string().replace(ACME, "444455556666"));
            assert!(!is_genuine(&forged).await, "another word breaks the signature");
        }
        assert_eq!(settled(&stage, "delivered").await, 2);
        assert_eq!(count(&stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM signing_certificates").await, 1, "made once");
    }

    /// A token is good for two days, as with SNS.
    #[test]
    async fn a_webhook_that_confirms_too_late_gets_nothing(stage: Stage) {
        let portal = stage.portal().await;
        let hook = Hook::open().await;
        make(&stage, "hook", wanted(&hook)).await.unwrap();
        portal.run_due_jobs().await;
        let url = hook.take().remove(0).body["SubscribeURL"].as_str().unwrap().to_owned();
        stage.clock.advance(TimeDelta::days(2) + TimeDelta::microseconds(1));
        assert_eq!(get(&url).await.0, 404);
        assert_eq!(count(&stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM event_targets WHERE confirmed_at IS NOT NULL").await, 0);
    }

    /// What is not taken comes again, each time after twice as long, under the same id; after nine tries it is given up.
    /// Redirects are not followed.
    #[test]
    async fn what_a_webhook_does_not_take_comes_again_and_is_given_up(stage: Stage) {
        let portal = stage.portal().await;
        let hook = confirmed(&stage, &portal).await;
        buy(&stage, &portal).await;
        hook.answers(503);
        portal.run_due_jobs().await;
        let first = hook.take();
        assert_eq!((first.len(), settled(&stage, "waiting").await), (2, 2));
        stage.clock.advance(TimeDelta::milliseconds(9_999));
        portal.run_due_jobs().await;
        assert!(hook.take().is_empty(), "not yet");
        stage.clock.advance(TimeDelta::milliseconds(1));
        hook.answers(302);
        portal.run_due_jobs().await;
        let again = hook.take();
        let known = |posted: &[Posted]| -> BTreeSet<(String, String)> {
            posted.iter().map(|one| (one.body["MessageId"].to_string(), one.body["Timestamp"].to_string())).collect()
        };
        assert_eq!((again.len(), known(&again)), (2, known(&first)), "the same messages, as old as they are");
        hook.answers(500);
        for wait in [20, 40, 80, 160, 320, 640, 1_280] {
            stage.clock.advance(TimeDelta::seconds(wait));
            portal.run_due_jobs().await;
            assert_eq!(hook.take().len(), 2, "after {wait} s");
        }
        assert_eq!((settled(&stage, "waiting").await, settled(&stage, "failed").await), (0, 2));
        stage.clock.advance(TimeDelta::days(1));
        hook.answers(200);
        portal.run_due_jobs().await;
        assert!(hook.take().is_empty(), "given up");
        let answers: Vec<(String,)> = stage.db.read("SELECT last_answer FROM event_deliveries WHERE status = 'failed'").all().await.unwrap();
        assert_eq!(answers[0].0, "500 Internal Server Error: why");
        buy(&stage, &portal).await;
        portal.run_due_jobs().await;
        assert_eq!((hook.take().len(), settled(&stage, "delivered").await), (2, 2), "the next event goes through");
    }

    /// A process that dies between taking and telling leaves the event to be sent again.
    #[test]
    async fn an_event_survives_the_death_of_who_sends_it(stage: Stage) {
        let portal = Arc::new(stage.portal().await);
        let hook = confirmed(&stage, &portal).await;
        buy(&stage, &portal).await;
        hook.answers(SILENT);
        let dying = Arc::clone(&portal);
        let job = tokio::spawn(async move { dying.run_due_jobs().await });
        hook.reached(2).await;
        job.abort();
        assert!(job.await.is_err());
        assert_eq!(settled(&stage, "waiting").await, 2);
        hook.take();
        hook.answers(200);
        portal.run_due_jobs().await;
        assert!(hook.take().is_empty(), "they are still taken");
        stage.clock.advance(TimeDelta::seconds(10));
        portal.run_due_jobs().await;
        assert_eq!((hook.take().len(), settled(&stage, "delivered").await), (2, 2));
    }

    /// Section 8.1 of the protocol: an older listing's message comes under the ARN of its topic.
    #[test]
    async fn an_older_listings_webhook_gets_its_topic(stage: Stage) {
        let portal = stage.portal().await;
        make_older(&stage).await;
        let product = vision(&stage).await.id;
        let hook = Hook::open().await;
        make(&stage, "older", Wanted::Webhook(hook.address.parse().unwrap(), Topic::Entitlement, Some(product))).await.unwrap();
        portal.run_due_jobs().await;
        let asked = hook.take().remove(0);
        let arn = "arn:aws:sns:us-east-1:294406891311:aws-mp-entitlement-notification-74az0btybm649octamy0sktos";
        assert_eq!(asked.body["TopicArn"], arn);
        get(asked.body["SubscribeURL"].as_str().unwrap()).await;
        buy(&stage, &portal).await;
        portal.run_due_jobs().await;
        let posted = hook.take();
        assert_eq!((posted.len(), &posted[0].body["TopicArn"]), (1, &json!(arn)));
        assert!(is_genuine(&posted[0]).await);
        let message: Value = serde_json::from_str(posted[0].body["Message"].as_str().unwrap()).unwrap();
        assert_eq!(message["action"], "entitlement-updated");
    }
}
