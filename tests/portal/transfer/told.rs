//! Who learns of a transfer: both businesses by mail and in their logs, staff in theirs.

use super::{Desk, approve, assert_nothing_moved, request, status, transferred};
use crate::support::Stage;
use crate::support::fixtures::{self, as_staff, member};
use crate::support::usage::allocate;
use creditdesk::access::BusinessRole;
use creditdesk::db::SplitRefusal;
use creditdesk::fulfilment::transfer::{self, Status};

both_engines! {
    /// SUP-7: both sides are told by mail and in their audit log; neither learns the other's name, id, people or figures,
    /// nor the reason and the ticket, which may hold them.
    #[test]
    async fn both_sides_are_told_and_neither_learns_of_the_other(stage: Stage) {
        let desk = Desk::new(&stage).await;
        allocate(&stage, desk.acme, 321).await;
        allocate(&stage, desk.globex, 654).await;
        fixtures::contract(&stage, desk.globex, 77_777).await;
        fixtures::contract(&stage, desk.acme, 55_555).await;
        for (business, host) in [(desk.acme, "acme"), (desk.globex, "globex")] {
            for (name, role) in [("admin", BusinessRole::Administrator), ("licensing", BusinessRole::LicensingManager), ("member", BusinessRole::Member), ("auditor", BusinessRole::Auditor)] {
                member(&stage, business, &format!("{name}@{host}.example"), role).await;
            }
        }
        let id = transferred(&stage, &desk).await;
        for (own, other, host, stranger, hidden) in [
            (desk.acme, desk.globex, "acme", "globex", ["77,777", "77777", "78,777", "78777", "654", "78,123", "78123"]),
            (desk.globex, desk.acme, "globex", "acme", ["55,555", "55555", "56,555", "56555", "321", "55,234", "55234"]),
        ] {
            let mails: Vec<(String, String, String)> =
                stage.db.read("SELECT recipient, subject, body FROM mails ORDER BY recipient").all().await.unwrap();
            let mails: Vec<_> = mails.into_iter().filter(|(recipient, ..)| recipient.ends_with(&format!("@{host}.example"))).collect();
            let recipients: Vec<_> = mails.iter().map(|(recipient, ..)| recipient.split('@').next().unwrap()).collect();
            assert_eq!(recipients, ["admin", "licensing"]);
            let entries: Vec<(String, Option<String>, Option<String>)> =
                stage.db.read("SELECT action, before, after FROM audit_entries WHERE business_id = $1").bind(own).all().await.unwrap();
            assert_eq!(entries.len(), 1, "{entries:?}");
            let told: Vec<String> = mails.iter().map(|mail| format!("{mail:?}")).chain([format!("{entries:?}")]).collect();
            for text in told {
                assert!(text.contains("1,000 credits") || text.contains("1000"), "{text}");
                assert!(text.contains(&id.to_string()) && text.contains(&desk.held.license.to_string()), "{text}");
                let text = text.to_lowercase();
                for word in [stranger, &other.to_string(), "wrong business", "ticket-4711"].into_iter().chain(hidden) {
                    assert!(!text.contains(word), "{host} must not read {word}: {text}");
                }
            }
        }
    }

    /// AUD-1: every step of a transfer has its entry, with who, from where, before and after; a step that is refused has none.
    #[test]
    async fn every_step_of_a_transfer_is_in_the_audit_log(stage: Stage) {
        let desk = Desk::new(&stage).await;
        allocate(&stage, desk.acme, 300).await;
        let id = request(&stage, &desk.support, desk.held.license, desk.globex).await.unwrap();
        approve(&stage, &desk.support, id).await.unwrap_err();
        approve(&stage, &desk.lead, id).await.unwrap();
        approve(&stage, &desk.other_lead, id).await.unwrap_err();
        type Row = (String, String, String, String, String, Option<String>, Option<String>);
        let rows: Vec<Row> = stage
            .db
            .read("SELECT action, subject, person_label, acting_as, address, before, after FROM audit_entries ORDER BY id")
            .all()
            .await
            .unwrap();
        let told: Vec<(&str, &str, &str)> = rows.iter().map(|row| (row.0.as_str(), row.2.as_str(), row.3.as_str())).collect();
        assert_eq!(told, [
            ("transfer.requested", "support@creditdesk.example", "staff"),
            ("transfer.approved", "lead@creditdesk.example", "staff"),
            ("license.transferred_out", "lead@creditdesk.example", "staff"),
            ("license.transferred_in", "lead@creditdesk.example", "staff"),
        ]);
        assert!(rows.iter().all(|row| row.4 == "192.0.2.1"));
        assert_eq!((rows[0].1.clone(), rows[1].1.clone()), (id.to_string(), id.to_string()));
        let asked: serde_json::Value = serde_json::from_str(rows[0].6.as_deref().unwrap()).unwrap();
        assert_eq!((asked["reason"].as_str(), asked["ticket"].as_str()), (Some("Activated in the wrong business"), Some("TICKET-4711")));
        assert_eq!((asked["from"]["name"].as_str(), asked["to"]["name"].as_str()), (Some("Acme Industries"), Some("Globex")));
        let read = |text: &Option<String>| serde_json::from_str::<serde_json::Value>(text.as_deref().unwrap()).unwrap();
        let (before, after) = (read(&rows[1].5), read(&rows[1].6));
        let balances = |state: &serde_json::Value| (state["from"]["figures"]["balance"].as_i64(), state["to"]["figures"]["balance"].as_i64());
        assert_eq!((balances(&before), balances(&after)), ((Some(700), Some(0)), (Some(-300), Some(1_000))));
        assert_eq!((before["owner"].as_str(), after["owner"].as_str()), (Some(desk.acme.to_string().as_str()), Some(desk.globex.to_string().as_str())));
    }

    /// AUD-1: where the entry cannot be written, nothing moves either.
    #[test]
    async fn without_its_audit_entry_nothing_moves(stage: Stage) {
        let desk = Desk::new(&stage).await;
        member(&stage, desk.acme, "admin@acme.example", BusinessRole::Administrator).await;
        let id = request(&stage, &desk.support, desk.held.license, desk.globex).await.unwrap();
        stage.db.write("ALTER TABLE audit_entries RENAME TO audit_entries_away").exec().await.unwrap();
        assert!(transfer::approve(&stage.db, &desk.lead, &as_staff(&stage, &desk.lead), id).await.refusal().is_err());
        stage.db.write("ALTER TABLE audit_entries_away RENAME TO audit_entries").exec().await.unwrap();
        assert_eq!(status(&stage, &desk, id).await, Status::Requested);
        assert_nothing_moved(&stage, &desk).await;
        approve(&stage, &desk.lead, id).await.unwrap();
    }
}
