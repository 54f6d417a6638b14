//! The demonstration's people (product.md, section 5) and the first operator of an installation without them.

use super::{GOOD, Town};
use crate::support::Stage;
use creditdesk::access::{BusinessRole, BuyerRole, StaffRole};
use creditdesk::db::{Db, SplitRefusal};
use creditdesk::demo::{self, Loaded};
use creditdesk::identity::create_operator::{CreateOperatorRefusal, create_operator};
use creditdesk::identity::password::{Cost, NewPassword, PasswordHasher};
use creditdesk::identity::person::PersonName;
use creditdesk::identity::sign_in::sign_in;
use creditdesk::kernel::email::Email;

both_engines! {
    /// IDN-2, IDN-3: everybody of the table can sign in with the password and has the roles that it says.
    #[test]
    async fn everybody_of_the_demonstration_can_sign_in_and_has_their_role(stage: Stage) {
        let town = Town::on(stage).await;
        for person in demo::people() {
            let signed_in = sign_in(&town.stage.db, &town.hasher, &town.visitor("127.0.0.1"), person.email, demo::PASSWORD).await;
            assert_eq!(signed_in.unwrap(), town.person(person.email).await, "{}", person.email);
        }
        for (email, role) in [
            ("admin@acme.example", BusinessRole::Administrator),
            ("licensing@acme.example", BusinessRole::LicensingManager),
            ("viewer@acme.example", BusinessRole::BillingViewer),
            ("auditor@acme.example", BusinessRole::Auditor),
            ("member@acme.example", BusinessRole::Member),
        ] {
            let actor = town.actor(email).await.unwrap();
            assert_eq!(actor.membership().map(|membership| (membership.name.as_str(), membership.role)), Some(("Acme Industries", role)));
            assert!(actor.seats.is_empty() && actor.staff.is_empty(), "{email}");
        }
        assert_eq!(town.actor("admin@globex.example").await.unwrap().membership().unwrap().name, "Globex");
        for (email, account) in [("buyer@acme.example", "111122223333"), ("buyer@globex.example", "444455556666")] {
            let actor = town.actor(email).await.unwrap();
            assert_eq!(actor.seat().map(|seat| (seat.account.as_str(), seat.role)), Some((account, BuyerRole::Purchaser)));
            assert!(actor.memberships.is_empty() && actor.staff.is_empty(), "{email}");
        }
        for (email, role) in [
            ("support@creditdesk.example", StaffRole::Support),
            ("lead@creditdesk.example", StaffRole::SupportLead),
            ("operator@creditdesk.example", StaffRole::Operator),
        ] {
            let actor = town.actor(email).await.unwrap();
            assert_eq!(actor.staff, [role]);
            assert!(actor.memberships.is_empty() && actor.seats.is_empty(), "{email}");
        }
        for empty in ["SELECT CAST(COUNT(*) AS BIGINT) FROM licenses", "SELECT CAST(COUNT(*) AS BIGINT) FROM agreements"] {
            assert_eq!(town.count(empty).await, 0);
        }
    }

    /// Processes that start at once load it once; a later start changes nothing.
    #[test]
    async fn the_demonstration_is_loaded_once(stage: Stage) {
        let hasher = PasswordHasher::new(Cost::LEAST);
        let mut starts = tokio::task::JoinSet::new();
        for _ in 0..4 {
            let (url, hasher, clock) = (stage.url().to_owned(), hasher.clone(), stage.clock.clone());
            starts.spawn(async move {
                let db = Db::open(&url).await.unwrap();
                let loaded = demo::load(&db, &hasher, &clock).await.unwrap();
                db.close().await;
                loaded
            });
        }
        let loaded = starts.join_all().await;
        assert_eq!(loaded.iter().filter(|loaded| **loaded == Loaded::Now).count(), 1, "{loaded:?}");
        assert_eq!(loaded.iter().filter(|loaded| **loaded == Loaded::Already).count(), 3, "{loaded:?}");
        assert_eq!(demo::load(&stage.db, &hasher, &stage.clock).await.unwrap(), Loaded::Already);
        let people: i64 = stage.db.read("SELECT CAST(COUNT(*) AS BIGINT) FROM people").scalar().await.unwrap();
        assert_eq!(usize::try_from(people).unwrap(), demo::people().len());
    }

    /// Demonstration data never enters a database that already has other people.
    #[test]
    async fn a_database_with_other_people_stays_as_it_is(stage: Stage) {
        let hasher = PasswordHasher::new(Cost::LEAST);
        let (email, name) = (Email::parse("root@vendor.example").unwrap(), PersonName::parse("Ruth Root").unwrap());
        let password = || NewPassword::parse(GOOD, &[]).unwrap();
        let who = stage.who("create-operator");
        let ruth = create_operator(&stage.db, &hasher, &who, &email, &name, password()).await.unwrap();
        assert_eq!(demo::load(&stage.db, &hasher, &stage.clock).await.unwrap(), Loaded::RefusedOtherData);
        assert!(!demo::is_loaded(&stage.db).await.unwrap());
        let people: i64 = stage.db.read("SELECT CAST(COUNT(*) AS BIGINT) FROM people").scalar().await.unwrap();
        assert_eq!(people, 1);
        assert_eq!(sign_in(&stage.db, &hasher, &stage.who("x"), "root@vendor.example", GOOD).await.unwrap(), ruth);
        let again = create_operator(&stage.db, &hasher, &who, &email, &name, password()).await.refusal().unwrap();
        assert_eq!(again, Err(CreateOperatorRefusal::AddressTaken));
    }
}
