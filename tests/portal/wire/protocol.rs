//! Which protocol is spoken, and what AWS says to what it cannot read.

use crate::support::Stage;
use crate::support::dump;
use crate::support::people::{ACME_BUYER, VISION_ONE};
use crate::support::portal::Portal;
use crate::support::wire::{ACME, AGREEMENT, Client, ENTITLEMENT, METERING, TREND_MICRO, VISION_CODE, instant, vision};
use creditdesk::config::WireSettings;
use serde_json::json;

both_engines! {
    /// Rules 1 and 2: every answer is in the protocol that was asked in, with an id of the request.
    #[test]
    async fn an_answer_is_in_the_protocol_that_was_asked_in(stage: Stage) {
        let portal = stage.portal().await;
        let seller = Client::of_seller(&stage, &portal, TREND_MICRO).await;
        let asked = json!({ "ProductCode": VISION_CODE, "Member": "that no model has", "Filter": null });
        for version in ["application/x-amz-json-1.1", "application/x-amz-json-1.0"] {
            let headers = [("content-type", version), ("x-amz-target", "AWSMPEntitlementService.GetEntitlements")];
            let answer = seller.send("/", &headers, asked.to_string().into_bytes()).await;
            assert_eq!((answer.ok(), answer.media_type.as_str()), (json!({ "Entitlements": [] }), version));
            assert_eq!((answer.request_id.len(), answer.smithy_protocol.as_str()), (36, ""));
        }
        let definite = [b"\xa1\x6bProductCode\x78\x19".as_slice(), VISION_CODE.as_bytes()].concat();
        let indefinite = [b"\xbf\x6bProductCode\x7f\x78\x19".as_slice(), VISION_CODE.as_bytes(), b"\xff\xff"].concat();
        for body in [definite, indefinite] {
            let answer = seller.cbor(ENTITLEMENT, "GetEntitlements", body).await;
            assert_eq!((answer.ok(), answer.media_type.as_str()), (json!({ "Entitlements": [] }), "application/cbor"));
            assert_eq!((answer.request_id.len(), answer.smithy_protocol.as_str()), (36, "rpc-v2-cbor"));
        }
    }

    /// Rule 3: instants are numbers of seconds in JSON and tagged numbers in CBOR; rule 4: nothing is null.
    #[test]
    async fn an_instant_is_the_same_in_both_protocols(stage: Stage) {
        let portal = stage.portal().await;
        let buyer = Client::of_buyer(&stage, &portal, ACME, ACME_BUYER).await;
        let agreement = buyer.buy(&vision(&stage).await, 1_000).await;
        let in_json = buyer.call(AGREEMENT, "DescribeAgreement", json!({ "agreementId": agreement })).await;
        let body = [b"\xbf\x6bagreementId\x78\x1e".as_slice(), agreement.as_bytes(), b"\xff"].concat();
        let in_cbor = buyer.cbor(AGREEMENT, "DescribeAgreement", body).await;
        assert_eq!((instant(&in_json.ok()["startTime"]), instant(&in_cbor.ok()["startTime"])), (stage.now(), stage.now()));
        let tagged = b"\x69startTime\xc1".as_slice();
        assert!(in_cbor.body.windows(tagged.len()).any(|part| part == tagged), "tag 1 is around the number");
        assert!(!String::from_utf8_lossy(&in_json.body).contains("null"));
    }

    /// Rule 2: what is not known or cannot be read has AWS's own name, in the body, in the protocol that was asked in.
    #[test]
    async fn what_cannot_be_read_has_its_own_name(stage: Stage) {
        let portal = stage.portal().await;
        let seller = Client::of_seller(&stage, &portal, TREND_MICRO).await;
        let before = dump::everything(&stage.db).await;
        for (service, operation) in [(METERING, "MeterUsage"), (ENTITLEMENT, "ResolveCustomer"), ("AmazonSQS", "X"), ("", "")] {
            let answer = seller.call(service, operation, json!({})).await;
            assert_eq!(answer.error(), (400, "UnknownOperationException".to_owned()), "{service} {operation}");
        }
        for (service, operation) in [(METERING, "ResolveCustomer"), (ENTITLEMENT, "X")] {
            let answer = seller.cbor(service, operation, vec![0xa0]).await;
            assert_eq!(answer.error(), (400, "UnknownOperationException".to_owned()), "{service} {operation}");
            assert_eq!(answer.smithy_protocol, "rpc-v2-cbor");
        }
        let target = ("x-amz-target", "AWSMPEntitlementService.GetEntitlements");
        for body in ["{", "[]", "\"x\"", "{\"ProductCode\": 1}", "{\"ProductCode\": \"x\", \"Filter\": {\"DIMENSION\": \"credits\"}}"] {
            let answer = seller.send("/", &[("content-type", "application/x-amz-json-1.1"), target], body.into()).await;
            assert_eq!(answer.error(), (400, "SerializationException".to_owned()), "{body}");
        }
        let answer = seller.send("/", &[("content-type", "application/x-www-form-urlencoded"), target], b"a=b".to_vec()).await;
        assert_eq!(answer.error(), (400, "SerializationException".to_owned()));
        let answer = seller.cbor(ENTITLEMENT, "GetEntitlements", vec![0x9f; 100]).await;
        assert_eq!((answer.error(), answer.media_type.as_str()), ((400, "SerializationException".to_owned()), "application/cbor"));
        let answer = seller.send("/", &[("content-type", "application/x-amz-json-1.1"), target], vec![b' '; 1_000_001]).await;
        assert_eq!(answer.error(), (413, "RequestEntityTooLargeException".to_owned()));
        let changes = dump::difference(&before, &dump::everything(&stage.db).await);
        assert!(changes.iter().all(|change| change.contains("access_keys")), "only the key's last use is noted: {changes:#?}");
    }

    /// The API lives beside the pages: they neither lose their address nor does it get their cookies.
    #[test]
    async fn pages_and_the_api_share_a_port(stage: Stage) {
        let portal = stage.portal().await;
        let mut browser = portal.browser();
        assert_eq!(browser.open("/").await.path(), "/marketplace");
        assert_eq!(browser.open(VISION_ONE).await.status, 200);
        let seller = Client::of_seller(&stage, &portal, TREND_MICRO).await;
        assert_eq!(seller.call(ENTITLEMENT, "GetEntitlements", json!({ "ProductCode": VISION_CODE })).await.status, 200);
    }

    /// With a port of its own, the API is there and not on the portal's; switched off, it is nowhere.
    #[test]
    async fn the_api_may_have_a_port_of_its_own_or_none(stage: Stage) {
        let own = WireSettings { wire_listen: Some("127.0.0.1:0".to_owned()), ..WireSettings::default() };
        let portal = Portal::with_wire(&stage, own).await;
        let on_the_portal = Client::of_seller(&stage, &portal, TREND_MICRO).await;
        let client = Client { origin: portal.own_wire_origin().unwrap(), ..on_the_portal.clone() };
        let asked = json!({ "ProductCode": VISION_CODE });
        assert_eq!(client.call(ENTITLEMENT, "GetEntitlements", asked.clone()).await.ok(), json!({ "Entitlements": [] }));
        assert_eq!(client.post("/marketplace", &[], Vec::new()).await.error(), (400, "UnknownOperationException".to_owned()));
        assert_eq!(on_the_portal.call(ENTITLEMENT, "GetEntitlements", asked.clone()).await.status, 405);
        let off = WireSettings { wire_listen: Some("off".to_owned()), ..WireSettings::default() };
        let portal = Portal::with_wire(&stage, off).await;
        let client = Client { origin: portal.origin.clone(), ..on_the_portal };
        assert_eq!(client.call(ENTITLEMENT, "GetEntitlements", asked).await.status, 405);
        assert_eq!(portal.own_wire_origin(), None);
    }
}
