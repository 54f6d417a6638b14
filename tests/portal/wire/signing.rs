//! Signatures over HTTP: each way of not being let in, by AWS's own name, and that nothing happens then.

use crate::support::Stage;
use crate::support::dump;
use crate::support::wire::{Client, ENTITLEMENT, TREND_MICRO, VISION_CODE};
use chrono::TimeDelta;
use serde_json::json;

const HEADERS: [(&str, &str); 2] =
    [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", "AWSMPEntitlementService.GetEntitlements")];

fn body() -> Vec<u8> {
    json!({ "ProductCode": VISION_CODE }).to_string().into_bytes()
}

both_engines! {
    /// Rule 6 and section 2.3: unknown key, wrong secret, wrong scope, no signature: each has its own name.
    #[test]
    async fn who_is_not_let_in_is_told_why_by_its_name(stage: Stage) {
        let portal = stage.portal().await;
        let seller = Client::of_seller(&stage, &portal, TREND_MICRO).await;
        assert_eq!(seller.send("/", &HEADERS, body()).await.status, 200);
        let before = dump::everything(&stage.db).await;
        let name = |name: &str| (400, name.to_owned());
        let unsigned = seller.post("/", &HEADERS, body()).await;
        assert_eq!(unsigned.error(), name("MissingAuthenticationTokenException"));
        let half = [HEADERS[0], HEADERS[1], ("authorization", "AWS4-HMAC-SHA256 Credential=x")];
        assert_eq!(seller.post("/", &half, body()).await.error(), name("IncompleteSignatureException"));
        for key_id in ["AKIAAAAAAAAAAAAAAAAA", "AKIAEXAMPLE", "x' OR 1 = 1"] {
            let client = Client { key_id: key_id.to_owned(), ..seller.clone() };
            assert_eq!(client.send("/", &HEADERS, body()).await.error(), name("UnrecognizedClientException"), "{key_id}");
        }
        let stranger = Client { secret: "wrong".to_owned(), ..seller.clone() };
        assert_eq!(stranger.send("/", &HEADERS, body()).await.error(), name("InvalidSignatureException"));
        let elsewhere = Client { signing_name: "execute-api".to_owned(), ..seller.clone() };
        let answer = elsewhere.send("/", &HEADERS, body()).await;
        assert_eq!(answer.error(), name("InvalidSignatureException"));
        assert_eq!(answer.json()["message"], "Credential should be scoped to correct service: 'aws-marketplace'. ");
        let session = [HEADERS[0], HEADERS[1], ("x-amz-security-token", "of a session")];
        assert_eq!(seller.send("/", &session, body()).await.error(), name("UnrecognizedClientException"));
        let in_cbor = stranger.cbor(ENTITLEMENT, "GetEntitlements", vec![0xa0]).await;
        assert_eq!((in_cbor.error(), in_cbor.media_type.as_str()), (name("InvalidSignatureException"), "application/cbor"));
        let changes = dump::difference(&before, &dump::everything(&stage.db).await);
        assert!(changes.is_empty(), "{changes:#?}");
    }

    /// The body is part of what is signed, and a clock may be off by 15 minutes; every region is this one.
    #[test]
    async fn the_body_and_the_time_are_signed(stage: Stage) {
        let portal = stage.portal().await;
        let seller = Client::of_seller(&stage, &portal, TREND_MICRO).await;
        let stamp = stage.now().format("%Y%m%dT%H%M%SZ").to_string();
        let authorization = seller.authorization("/", &HEADERS, &body(), &stamp);
        let signed = [HEADERS[0], HEADERS[1], ("x-amz-date", stamp.as_str()), ("authorization", authorization.as_str())];
        assert_eq!(seller.post("/", &signed, body()).await.status, 200);
        let other = json!({ "ProductCode": "another" }).to_string().into_bytes();
        let answer = seller.post("/", &signed, other).await;
        assert!(answer.json()["message"].as_str().unwrap().starts_with("The request signature we calculated does not match"), "{answer:?}");
        stage.clock.advance(TimeDelta::minutes(15));
        assert_eq!(seller.post("/", &signed, body()).await.status, 200);
        stage.clock.advance(TimeDelta::seconds(1));
        let answer = seller.post("/", &signed, body()).await;
        assert_eq!(answer.error(), (400, "InvalidSignatureException".to_owned()));
        assert!(answer.json()["message"].as_str().unwrap().starts_with("Signature expired: 20260302T090000Z is now earlier than"));
        let elsewhere = Client { region: "eu-central-1".to_owned(), ..seller };
        assert_eq!(elsewhere.send("/", &HEADERS, body()).await.status, 200);
    }
}
