//! `ResolveCustomer`: for whom a token resolves, how long, and how customers are named.

use crate::support::Stage;
use crate::support::people::ACME_BUYER;
use crate::support::portal::Portal;
use crate::support::wire::{ACME, Answer, Client, METERING, OTHER_SELLER, TREND_MICRO, VISION_CODE, vision};
use chrono::TimeDelta;
use creditdesk::config::WireSettings;
use creditdesk::kernel::clock::Timestamp;
use creditdesk::marketplace::wire::customer;
use serde_json::{Value, json};

async fn resolve(client: &Client, token: &Value) -> Answer {
    client.call(METERING, "ResolveCustomer", json!({ "RegistrationToken": token })).await
}

both_engines! {
    /// Rules 4, 20 to 22: one token, one answer, as often as it is asked for 30 minutes; a concurrent product has no
    /// customer identifier.
    #[test]
    async fn a_token_resolves_the_same_until_it_expires(stage: Stage) {
        let portal = stage.portal().await;
        let buyer = Client::of_buyer(&stage, &portal, ACME, ACME_BUYER).await;
        let seller = Client::of_seller(&stage, &portal, TREND_MICRO).await;
        let agreement = buyer.buy(&vision(&stage).await, 500).await;
        let provisioned = buyer.provisioned(&agreement).await;
        let expected = json!({
            "CustomerAWSAccountId": ACME,
            "ProductCode": VISION_CODE,
            "LicenseArn": provisioned["licenseArn"],
            "Metadata": { "AgreementId": agreement },
        });
        let token = &provisioned["registrationToken"];
        assert_eq!(resolve(&seller, token).await.ok(), expected);
        stage.clock.advance(TimeDelta::minutes(30) - TimeDelta::microseconds(1));
        assert_eq!(resolve(&seller, token).await.ok(), expected);
        let again = buyer.provisioned(&agreement).await["registrationToken"].clone();
        stage.clock.advance(TimeDelta::microseconds(1));
        assert_eq!(resolve(&seller, token).await.error(), (400, "ExpiredTokenException".to_owned()));
        assert_eq!(resolve(&seller, &again).await.ok(), expected, "rule 23: each has its own time");
    }

    /// Rule 8: only the account that published the product resolves its tokens; to others they are no tokens.
    #[test]
    async fn a_token_of_another_sellers_product_is_none(stage: Stage) {
        let portal = stage.portal().await;
        let buyer = Client::of_buyer(&stage, &portal, ACME, ACME_BUYER).await;
        let agreement = buyer.buy(&vision(&stage).await, 500).await;
        let token = buyer.provisioned(&agreement).await["registrationToken"].clone();
        let other = Client::of_seller(&stage, &portal, OTHER_SELLER).await;
        let of_another = resolve(&other, &token).await;
        let unknown = resolve(&other, &json!("nobody/was+given=this")).await;
        assert_eq!((of_another.error(), of_another.body), (unknown.error(), unknown.body));
        assert_eq!(of_another.status, 400);
        assert_eq!(resolve(&other, &json!("x")).await.error().1, "InvalidTokenException");
        assert_eq!(resolve(&other, &json!("x".repeat(5_000))).await.error().1, "InvalidTokenException");
        for nothing in [Value::Null, json!("")] {
            assert_eq!(resolve(&other, &nothing).await.error().1, "ValidationException");
        }
        assert_eq!(resolve(&buyer, &token).await.error(), (400, "AccessDeniedException".to_owned()), "a buyer's key");
    }

    /// UPG-1, SUP-8: what the seller's own systems have resolved counts as activated; what somebody else tried does not.
    #[test]
    async fn a_resolved_purchase_is_in_the_sellers_hands(stage: Stage) {
        let portal = stage.portal().await;
        let buyer = Client::of_buyer(&stage, &portal, ACME, ACME_BUYER).await;
        let agreement = buyer.buy(&vision(&stage).await, 500).await;
        let token = buyer.provisioned(&agreement).await["registrationToken"].clone();
        let activated = || stage.db.read("SELECT activated_at FROM license_arns").scalar::<Option<Timestamp>>();
        let other = Client::of_seller(&stage, &portal, OTHER_SELLER).await;
        assert_eq!((resolve(&other, &token).await.status, activated().await.unwrap()), (400, None));
        let seller = Client::of_seller(&stage, &portal, TREND_MICRO).await;
        let first = stage.now();
        resolve(&seller, &token).await.ok();
        stage.clock.advance(TimeDelta::minutes(1));
        resolve(&seller, &token).await.ok();
        assert_eq!(activated().await.unwrap(), Some(first), "once");
    }

    /// Rule 4: a product from before concurrent agreements also names its customers by an identifier.
    #[test]
    async fn a_legacy_product_has_a_customer_identifier(stage: Stage) {
        let portal = stage.portal().await;
        let legacy = stage.db.write("UPDATE products SET customer_identity = 'legacy' WHERE product_code = $1");
        legacy.bind(VISION_CODE).exec_one().await.unwrap();
        let buyer = Client::of_buyer(&stage, &portal, ACME, ACME_BUYER).await;
        let seller = Client::of_seller(&stage, &portal, TREND_MICRO).await;
        let agreement = buyer.buy(&vision(&stage).await, 500).await;
        let token = buyer.provisioned(&agreement).await["registrationToken"].clone();
        let resolved = resolve(&seller, &token).await.ok();
        assert_eq!(resolved["CustomerIdentifier"].as_str(), customer::identifier(ACME).as_deref());
        assert_eq!(resolved["CustomerAWSAccountId"], ACME);
        assert!(resolved["LicenseArn"].is_string(), "{resolved}");
    }

    /// Rule 71: the API can be switched off, as in a region where AWS does not have it.
    #[test]
    async fn a_disabled_api_says_so(stage: Stage) {
        let wire = WireSettings { wire_switches: Some("disabled-api".to_owned()), ..WireSettings::default() };
        let portal = Portal::with_wire(&stage, wire).await;
        let seller = Client::of_seller(&stage, &portal, TREND_MICRO).await;
        assert_eq!(resolve(&seller, &json!("x")).await.error(), (400, "DisabledApiException".to_owned()));
    }
}
