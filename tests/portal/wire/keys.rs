//! Access keys: made and revoked by operators, shown once, kept so that the database alone gives none away, and never able
//! to do more than the person as whom they act.

use crate::support::Stage;
use crate::support::dump;
use crate::support::people::{ACME_BUYER, LEAD, OPERATOR};
use crate::support::wire::{ACME, AGREEMENT, Client, ENTITLEMENT, TREND_MICRO, VISION_CODE, vision, wanted};
use creditdesk::audit::Who;
use creditdesk::identity::disable;
use creditdesk::kernel::id::PersonId;
use serde_json::json;

both_engines! {
    /// SUP-9: the secret is shown once and is not in the database, the audit log or any later page; revoked, it is nothing.
    #[test]
    async fn a_secret_is_shown_once_and_stored_sealed(stage: Stage) {
        let portal = stage.portal().await;
        let seller = Client::of_seller(&stage, &portal, TREND_MICRO).await;
        let mut operator = portal.sign_in(OPERATOR).await;
        operator.open("/admin/access-keys").await;
        operator.click("Make an access key").await;
        operator.fill("Name of the key", "Trend's console").fill("Account number", "2944 0689 1311").press("Make the key").await;
        let page = operator.page();
        assert_eq!((page.status, page.heading().as_str()), (201, "Access key made"));
        let (id, secret) = (page.fact("Access key ID"), page.fact("Secret access key"));
        assert_eq!((id.len(), secret.len(), page.fact("Endpoint URL")), (20, 40, portal.origin.clone()));
        let client = Client { key_id: id.clone(), secret: secret.clone(), ..seller };
        let asked = json!({ "ProductCode": VISION_CODE });
        assert_eq!(client.call(ENTITLEMENT, "GetEntitlements", asked.clone()).await.status, 200);
        assert!(dump::places_of(&dump::everything(&stage.db).await, &secret).is_empty());
        let file = std::fs::read_to_string(stage.folder().join("wire.key")).unwrap();
        assert!(dump::places_of(&dump::everything(&stage.db).await, file.trim()).is_empty(), "the sealing key is not beside what it seals");
        let page = operator.open(&format!("/admin/access-keys/{id}")).await;
        assert!(page.says("Trend Micro (seller 294406891311)") && !page.says(&secret), "{page:?}");
        let page = operator.press("Revoke the key").await;
        assert_eq!(page.flash().as_deref(), Some("Success: The access key was revoked"));
        let refused = client.call(ENTITLEMENT, "GetEntitlements", asked).await;
        assert_eq!(refused.error(), (400, "UnrecognizedClientException".to_owned()));
        let audited: i64 = stage.db.read("SELECT CAST(COUNT(*) AS BIGINT) FROM audit_entries WHERE action IN ('access_key.made', 'access_key.revoked') AND subject = $1").bind(&id).scalar().await.unwrap();
        assert_eq!(audited, 2);
    }

    /// What is wrong with the form of a key is said beside the field.
    #[test]
    async fn what_is_wrong_with_a_key_is_said_at_its_field(stage: Stage) {
        let portal = stage.portal().await;
        let mut operator = portal.sign_in(OPERATOR).await;
        for (account, acts_as, problem) in [
            ("123", "", "Enter the 12 digits of a seller or buyer account"),
            ("999999999999", "", "No seller and no buyer account has this number"),
            (TREND_MICRO, ACME_BUYER, "Leave this empty: the key of a seller account acts as the account"),
            (ACME, "", "Enter the email address of a person of this buyer account"),
            (ACME, LEAD, "Enter the email address of a person of this buyer account"),
        ] {
            operator.open("/admin/access-keys/new").await;
            operator.fill("Name of the key", "x").fill("Account number", account).fill("Acts as", acts_as).press("Make the key").await;
            assert_eq!((operator.page().status, operator.page().problems()), (422, vec![problem.to_owned()]), "{account} {acts_as}");
        }
        let keys: i64 = stage.db.read("SELECT CAST(COUNT(*) AS BIGINT) FROM access_keys").scalar().await.unwrap();
        assert_eq!(keys, 0);
    }

    /// IDN-3, IDN-5: a buyer's key does what its person may at this moment, and nothing once they are disabled.
    #[test]
    async fn a_buyers_key_does_no_more_than_its_person(stage: Stage) {
        let portal = stage.portal().await;
        let client = Client::of_buyer(&stage, &portal, ACME, ACME_BUYER).await;
        let product = vision(&stage).await;
        let agreement = client.buy(&product, 500).await;
        let person: PersonId = stage.db.read("SELECT id FROM people WHERE email = $1").bind(ACME_BUYER).scalar().await.unwrap();
        let role = stage.db.write("UPDATE buyer_people SET role = 'viewer' WHERE person_id = $1");
        role.bind(person).exec_one().await.unwrap();
        let denied = (403, "AccessDeniedException".to_owned());
        assert_eq!(client.call(AGREEMENT, "CreateAgreementRequest", wanted(&product, 100)).await.error(), denied);
        let seen = client.provisioned(&agreement).await;
        assert!(seen["status"] == "PROVISIONED" && seen.get("registrationToken").is_none(), "a viewer sets nothing up: {seen}");
        disable::disable(&stage.db, &Who::system("operator", stage.now()), person).await.unwrap();
        assert_eq!(client.call(AGREEMENT, "DescribeAgreement", json!({ "agreementId": agreement })).await.error(), denied);
    }

    /// A key file that is not the one that sealed is an error of the program's, not of the caller's.
    #[test]
    async fn a_lost_key_file_lets_nobody_in(stage: Stage) {
        let portal = stage.portal().await;
        let seller = Client::of_seller(&stage, &portal, TREND_MICRO).await;
        portal.stop().await;
        std::fs::remove_file(stage.folder().join("wire.key")).unwrap();
        let db = creditdesk::db::Db::open(stage.url()).await.unwrap();
        let portal = crate::support::portal::Portal::over(&stage, db).await;
        let client = Client { origin: portal.origin.clone(), ..seller };
        let answer = client.call(ENTITLEMENT, "GetEntitlements", json!({ "ProductCode": VISION_CODE })).await;
        assert_eq!(answer.error(), (500, "InternalFailure".to_owned()));
        portal.stop().await;
    }
}
