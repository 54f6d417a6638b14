//! Changing a password and resetting a forgotten one.

use super::{GOOD, Town};
use crate::support::Stage;
use chrono::TimeDelta;
use creditdesk::db::SplitRefusal;
use creditdesk::identity::change_password::{ChangePasswordRefusal, Own, change_password};
use creditdesk::identity::confirm_password::ConfirmRefusal;
use creditdesk::identity::disable::disable;
use creditdesk::identity::password::{NewPassword, PasswordProblem};
use creditdesk::identity::reset::{self, AskRefusal, ResetRefusal};
use creditdesk::identity::sign_in::sign_in;
use creditdesk::kernel::email::Email;
use creditdesk::kernel::secret::Secret;

const RIGHT: &str = creditdesk::demo::PASSWORD;

impl Town {
    async fn ask_reset(&self, email: &str) -> Result<(), AskRefusal> {
        let (email, who) = (Email::parse(email).unwrap(), self.visitor("192.0.2.7"));
        reset::ask(&self.stage.db, &who, &email, |code| format!("CODE={}", code.reveal())).await.refusal().unwrap()
    }

    /// The code of the newest reset mail.
    async fn reset_code(&self, email: &str) -> Secret {
        let mail = self.mails(email).await.into_iter().rev().find(|mail| mail.contains("CODE=")).unwrap();
        Secret::presented(mail.split("CODE=").nth(1).unwrap().lines().next().unwrap())
    }

    async fn reset_with(&self, code: &Secret, password: &str) -> Result<(), ResetRefusal> {
        let password = NewPassword::parse(password, &[]).unwrap();
        let done = reset::reset(&self.stage.db, &self.hasher, &self.visitor("192.0.2.7"), code, password).await.refusal().unwrap();
        done.map(drop)
    }

    async fn can_sign_in(&self, email: &str, password: &str) -> bool {
        sign_in(&self.stage.db, &self.hasher, &self.visitor("192.0.2.7"), email, password).await.is_ok()
    }
}

both_engines! {
    /// IDN-5: another password ends every other session, keeps this one, and is told by mail.
    #[test]
    async fn changing_a_password_ends_the_other_sessions(stage: Stage) {
        let town = Town::on(stage).await;
        let (ada, who) = (town.person("admin@acme.example").await, town.who("admin@acme.example").await);
        let (own, reference) = town.session("admin@acme.example").await;
        let (other, _) = town.session("admin@acme.example").await;
        let (strangers, _) = town.session("viewer@acme.example").await;
        town.ask_reset("admin@acme.example").await.unwrap();
        let code = town.reset_code("admin@acme.example").await;
        let own_account = Own { person: ada, session: reference };
        change_password(&town.stage.db, &town.hasher, &who, own_account, RIGHT, GOOD).await.unwrap();
        assert!(town.is_alive(&own).await);
        assert!(!town.is_alive(&other).await);
        assert!(town.is_alive(&strangers).await, "nobody else's");
        assert!(town.can_sign_in("admin@acme.example", GOOD).await);
        assert!(!town.can_sign_in("admin@acme.example", RIGHT).await);
        assert!(town.mails("admin@acme.example").await.last().unwrap().starts_with("Your Creditdesk password was changed"));
        assert_eq!(town.reset_with(&code, "another seven trees").await, Err(ResetRefusal::CodeUnusable), "open codes are useless");
    }

    /// IDN-1: the old password is asked for, the new one must be a good and another one; otherwise nothing changes.
    #[test]
    async fn a_refused_change_changes_nothing(stage: Stage) {
        let town = Town::on(stage).await;
        let (ada, who) = (town.person("admin@acme.example").await, town.who("admin@acme.example").await);
        let (_, reference) = town.session("admin@acme.example").await;
        let (other, _) = town.session("admin@acme.example").await;
        let entries = town.entries().await;
        for (old, new, refusal) in [
            (GOOD, "another seven trees", ChangePasswordRefusal::Old(ConfirmRefusal::Wrong)),
            (RIGHT, "short", ChangePasswordRefusal::New(PasswordProblem::TooShort)),
            (RIGHT, "password1", ChangePasswordRefusal::New(PasswordProblem::Common)),
            (RIGHT, "admin@acme.example", ChangePasswordRefusal::New(PasswordProblem::AboutYou)),
            (RIGHT, RIGHT, ChangePasswordRefusal::Same),
        ] {
            let own = Own { person: ada, session: reference };
            let done = change_password(&town.stage.db, &town.hasher, &who, own, old, new).await.refusal().unwrap();
            assert_eq!(done, Err(refusal));
        }
        assert!(town.can_sign_in("admin@acme.example", RIGHT).await);
        assert!(town.is_alive(&other).await);
        assert_eq!(town.mails("admin@acme.example").await.len(), 0);
        assert_eq!(town.entries_since(entries).await.iter().map(|(action, _)| action.as_str()).collect::<Vec<_>>(), ["person.signed_in"]);
    }

    /// IDN-1: a reset by mail works once, ends all sessions and forgets wrong guesses.
    #[test]
    async fn a_reset_sets_the_password_once_and_signs_out_everywhere(stage: Stage) {
        let town = Town::on(stage).await;
        let (session, _) = town.session("admin@acme.example").await;
        for _ in 0..5 {
            assert!(!town.can_sign_in("admin@acme.example", GOOD).await);
        }
        assert!(!town.can_sign_in("admin@acme.example", RIGHT).await, "the account waits");
        town.ask_reset("Admin@acme.example").await.unwrap();
        let first = town.reset_code("admin@acme.example").await;
        town.ask_reset("admin@acme.example").await.unwrap();
        let second = town.reset_code("admin@acme.example").await;
        assert_ne!(first.reveal(), second.reveal());
        assert_eq!(town.reset_with(&first, GOOD).await, Ok(()), "an earlier code keeps its own time");
        assert!(!town.is_alive(&session).await);
        assert!(town.can_sign_in("admin@acme.example", GOOD).await, "the owner does not wait");
        for used in [&first, &second] {
            assert_eq!(town.reset_with(used, "another seven trees").await, Err(ResetRefusal::CodeUnusable));
        }
        assert!(town.can_sign_in("admin@acme.example", GOOD).await);
        assert!(town.mails("admin@acme.example").await.last().unwrap().starts_with("Your Creditdesk password was changed"));
    }

    /// TIM-3: a code works while less than an hour has passed.
    #[test]
    async fn a_reset_code_lives_for_an_hour_and_not_a_microsecond_longer(stage: Stage) {
        let town = Town::on(stage).await;
        town.ask_reset("admin@acme.example").await.unwrap();
        let late = town.reset_code("admin@acme.example").await;
        town.stage.clock.advance(TimeDelta::seconds(1));
        town.ask_reset("admin@acme.example").await.unwrap();
        let in_time = town.reset_code("admin@acme.example").await;
        town.stage.clock.advance(TimeDelta::hours(1) - TimeDelta::seconds(1));
        assert!(reset::find(&town.stage.db, &late, town.stage.now()).await.unwrap().is_none());
        assert_eq!(town.reset_with(&late, GOOD).await, Err(ResetRefusal::CodeUnusable));
        town.stage.clock.advance(TimeDelta::seconds(1) - TimeDelta::microseconds(1));
        assert_eq!(reset::find(&town.stage.db, &in_time, town.stage.now()).await.unwrap().unwrap().email, "admin@acme.example");
        assert_eq!(town.reset_with(&in_time, GOOD).await, Ok(()));
    }

    /// IDN-1: the answer is the same for unknown and disabled people, who get no mail; a mailbox is not flooded.
    #[test]
    async fn asking_for_a_reset_tells_nothing_and_floods_nobody(stage: Stage) {
        let town = Town::on(stage).await;
        town.ask_reset("viewer@acme.example").await.unwrap();
        let code = town.reset_code("viewer@acme.example").await;
        disable(&town.stage.db, &town.stage.who("operator"), town.person("viewer@acme.example").await).await.unwrap();
        assert_eq!(town.reset_with(&code, GOOD).await, Err(ResetRefusal::CodeUnusable), "a disabled person is not let in by an old code");
        for email in ["nobody@acme.example", "viewer@acme.example"] {
            assert_eq!(town.ask_reset(email).await, Ok(()));
        }
        for _ in 0..5 {
            assert_eq!(town.ask_reset("admin@acme.example").await, Ok(()));
        }
        assert_eq!(town.mails("nobody@acme.example").await.len(), 0);
        assert_eq!(town.mails("viewer@acme.example").await.len(), 1);
        assert_eq!(town.mails("admin@acme.example").await.len(), 3, "three an hour");
        for _ in 0..12 {
            assert_eq!(town.ask_reset("somebody@acme.example").await, Ok(()));
        }
        let until = town.stage.now() + TimeDelta::hours(1);
        assert_eq!(town.ask_reset("somebody@acme.example").await, Err(AskRefusal::Throttled { until }), "twenty an hour from one address");
    }

    /// IDN-1: one code presented many times at once sets one password.
    #[test]
    async fn one_reset_code_presented_at_once_is_used_once(stage: Stage) {
        let town = Town::on(stage).await;
        town.ask_reset("admin@acme.example").await.unwrap();
        let code = town.reset_code("admin@acme.example").await;
        let mut tries = tokio::task::JoinSet::new();
        for number in 0..16 {
            let (db, hasher, who, code) = (town.stage.db.clone(), town.hasher.clone(), town.visitor("192.0.2.7"), code.clone());
            let password = NewPassword::parse(&format!("{number} tall trees by the lake"), &[]).unwrap();
            tries.spawn(async move { reset::reset(&db, &hasher, &who, &code, password).await.refusal().unwrap() });
        }
        assert_eq!(tries.join_all().await.iter().filter(|answer| answer.is_ok()).count(), 1);
        assert_eq!(town.count("SELECT CAST(COUNT(*) AS BIGINT) FROM audit_entries WHERE action = 'person.password_reset'").await, 1);
    }
}
