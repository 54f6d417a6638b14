//! Registering a business: with a confirmed address by somebody new, at once by somebody signed in.

use super::{GOOD, Town};
use crate::support::Stage;
use chrono::TimeDelta;
use creditdesk::access::BusinessRole;
use creditdesk::db::SplitRefusal;
use creditdesk::identity::business::BusinessName;
use creditdesk::identity::password::NewPassword;
use creditdesk::identity::person::PersonName;
use creditdesk::identity::register::{self, AskRefusal, FinishRefusal, Registered, Registration};
use creditdesk::identity::sign_in::sign_in;
use creditdesk::kernel::email::Email;
use creditdesk::kernel::secret::Secret;

fn typed(email: &str) -> Registration {
    Registration {
        email: Email::parse(email).unwrap(),
        name: PersonName::parse("Nora Neumann").unwrap(),
        business: BusinessName::parse("Neumann & Söhne").unwrap(),
    }
}

impl Town {
    async fn ask_to_register(&self, email: &str) -> Result<(), AskRefusal> {
        let link = |code: &Secret| format!("CODE={}", code.reveal());
        register::ask(&self.stage.db, &self.visitor("192.0.2.7"), &typed(email), link, "SIGN-IN").await.refusal().unwrap()
    }

    async fn code(&self, email: &str) -> Secret {
        let mail = self.mails(email).await.pop().unwrap();
        Secret::presented(mail.split("CODE=").nth(1).unwrap().lines().next().unwrap())
    }

    async fn finish(&self, code: &Secret) -> Result<Registered, FinishRefusal> {
        let password = NewPassword::parse(GOOD, &[]).unwrap();
        register::finish(&self.stage.db, &self.hasher, &self.visitor("192.0.2.7"), code, password).await.refusal().unwrap()
    }

    async fn people_and_businesses(&self) -> (i64, i64) {
        (
            self.count("SELECT CAST(COUNT(*) AS BIGINT) FROM people").await,
            self.count("SELECT CAST(COUNT(*) AS BIGINT) FROM businesses").await,
        )
    }
}

both_engines! {
    /// SET-7: a new business comes with its first administrator, when the address is confirmed and not before.
    #[test]
    async fn a_confirmed_registration_makes_a_business_with_its_administrator(stage: Stage) {
        let town = Town::on(stage).await;
        let before = town.people_and_businesses().await;
        town.ask_to_register("Nora@neumann.example").await.unwrap();
        assert_eq!(town.people_and_businesses().await, before);
        let code = town.code("Nora@neumann.example").await;
        let pending = register::find(&town.stage.db, &code, town.stage.now()).await.unwrap().unwrap();
        assert_eq!((pending.email.as_str(), pending.name.as_str(), pending.business.as_str()), ("Nora@neumann.example", "Nora Neumann", "Neumann & Söhne"));
        let made = town.finish(&code).await.unwrap();
        assert_eq!(town.people_and_businesses().await, (before.0 + 1, before.1 + 1));
        let nora = town.actor("nora@neumann.example").await.unwrap();
        let membership = nora.membership().unwrap();
        assert_eq!((nora.person, membership.business, membership.role), (made.person, made.business, BusinessRole::Administrator));
        assert_eq!((nora.name.as_str(), membership.name.as_str()), ("Nora Neumann", "Neumann & Söhne"));
        assert_eq!(sign_in(&town.stage.db, &town.hasher, &town.visitor("192.0.2.7"), "nora@neumann.example", GOOD).await.unwrap(), made.person);
        assert!(town.mails("Nora@neumann.example").await.last().unwrap().starts_with("Welcome to Creditdesk"));
        assert_eq!(town.finish(&code).await, Err(FinishRefusal::CodeUnusable), "once");
    }

    /// IDN-1: registering an address that is somebody's has the same answer; they are told by mail, and nothing changes.
    #[test]
    async fn registering_a_known_address_tells_only_its_owner(stage: Stage) {
        let town = Town::on(stage).await;
        let before = town.people_and_businesses().await;
        assert_eq!(town.ask_to_register("Admin@acme.example").await, Ok(()));
        let mails = town.mails("admin@acme.example").await;
        assert_eq!(mails.len(), 1);
        assert!(mails[0].contains("SIGN-IN") && !mails[0].contains("CODE="), "{}", mails[0]);
        assert_eq!(town.count("SELECT CAST(COUNT(*) AS BIGINT) FROM sign_ups").await, 0);
        assert_eq!(town.people_and_businesses().await, before);
    }

    /// TIM-3: a code works while less than four hours have passed.
    #[test]
    async fn a_registration_code_lives_for_four_hours(stage: Stage) {
        let town = Town::on(stage).await;
        town.ask_to_register("late@neumann.example").await.unwrap();
        let late = town.code("late@neumann.example").await;
        town.stage.clock.advance(TimeDelta::microseconds(1));
        town.ask_to_register("nora@neumann.example").await.unwrap();
        let in_time = town.code("nora@neumann.example").await;
        town.stage.clock.advance(TimeDelta::hours(4) - TimeDelta::microseconds(1));
        assert_eq!(town.finish(&late).await, Err(FinishRefusal::CodeUnusable));
        assert!(town.finish(&in_time).await.is_ok());
        assert_eq!(town.finish(&Secret::generate()).await, Err(FinishRefusal::CodeUnusable), "a made-up code");
        assert_eq!(town.finish(&Secret::presented("")).await, Err(FinishRefusal::CodeUnusable));
    }

    /// SET-7: one code presented many times at once makes one business; two codes of one address make one person.
    #[test]
    async fn registrations_at_once_make_one_person_and_one_business(stage: Stage) {
        let town = Town::on(stage).await;
        let before = town.people_and_businesses().await;
        town.ask_to_register("nora@neumann.example").await.unwrap();
        let first = town.code("nora@neumann.example").await;
        town.ask_to_register("nora@neumann.example").await.unwrap();
        let second = town.code("nora@neumann.example").await;
        let mut tries = tokio::task::JoinSet::new();
        for number in 0..16 {
            let (db, hasher, who) = (town.stage.db.clone(), town.hasher.clone(), town.visitor("192.0.2.7"));
            let code = if number % 2 == 0 { first.clone() } else { second.clone() };
            let password = NewPassword::parse(GOOD, &[]).unwrap();
            tries.spawn(async move { register::finish(&db, &hasher, &who, &code, password).await.refusal().unwrap() });
        }
        assert_eq!(tries.join_all().await.iter().filter(|answer| answer.is_ok()).count(), 1);
        assert_eq!(town.people_and_businesses().await, (before.0 + 1, before.1 + 1));
        let mut rest = [town.finish(&first).await, town.finish(&second).await];
        rest.sort_by_key(|answer| *answer == Err(FinishRefusal::AlreadyRegistered));
        assert_eq!(rest, [Err(FinishRefusal::CodeUnusable), Err(FinishRefusal::AlreadyRegistered)], "one was used, the other came too late");
    }

    /// SET-7: somebody who is signed in registers another business without leaving.
    #[test]
    async fn a_signed_in_person_registers_another_business(stage: Stage) {
        let town = Town::on(stage).await;
        let (who, person) = (town.who("buyer@acme.example").await, town.person("buyer@acme.example").await);
        let name = BusinessName::parse("Acme Anvils").unwrap();
        let business = register::register_business(&town.stage.db, &who, person, &name).await.unwrap();
        let actor = town.actor("buyer@acme.example").await.unwrap();
        assert_eq!(actor.membership_in(business).map(|membership| membership.role), Some(BusinessRole::Administrator));
        assert_eq!(actor.seats.len(), 1, "what they were before they still are");
    }

    /// IDN-1: nobody floods a mailbox with registrations.
    #[test]
    async fn registrations_are_limited_for_a_mailbox_and_an_address(stage: Stage) {
        let town = Town::on(stage).await;
        for _ in 0..5 {
            assert_eq!(town.ask_to_register("nora@neumann.example").await, Ok(()));
        }
        assert_eq!(town.mails("nora@neumann.example").await.len(), 3);
        for number in 0..15 {
            assert_eq!(town.ask_to_register(&format!("person{number}@neumann.example")).await, Ok(()));
        }
        let until = town.stage.now() + TimeDelta::hours(1);
        assert_eq!(town.ask_to_register("last@neumann.example").await, Err(AskRefusal::Throttled { until }));
        assert_eq!(town.mails("last@neumann.example").await.len(), 0);
    }
}
