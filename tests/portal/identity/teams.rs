//! Invitations, roles, and the administrator that every business keeps (IDN-2).

use super::{GOOD, Town};
use crate::support::Stage;
use chrono::TimeDelta;
use creditdesk::access::{Action, BusinessRole, allows};
use creditdesk::audit::{ActingAs, Who};
use creditdesk::db::SplitRefusal;
use creditdesk::identity::accept_invitation::{self, AcceptRefusal, accept, accept_as_new};
use creditdesk::identity::invite::{self, InviteRefusal, WithdrawRefusal, invite};
use creditdesk::identity::members::{self, MemberRefusal};
use creditdesk::identity::password::NewPassword;
use creditdesk::identity::person::PersonName;
use creditdesk::kernel::email::Email;
use creditdesk::kernel::id::{InvitationId, PersonId};
use creditdesk::kernel::page::{Cursor, PageSize};
use creditdesk::kernel::secret::Secret;
use std::collections::HashSet;

const ADA: &str = "admin@acme.example";

impl Town {
    async fn invite(&self, email: &str, role: BusinessRole) -> Result<InvitationId, InviteRefusal> {
        let inviter = (self.scope(ADA).await, self.person(ADA).await);
        let (who, email) = (self.who(ADA).await, Email::parse(email).unwrap());
        invite(&self.stage.db, &who, inviter, &email, role, |code| format!("CODE={}", code.reveal())).await.refusal().unwrap()
    }

    async fn invitation_code(&self, email: &str) -> Secret {
        let mail = self.mails(email).await.pop().unwrap();
        Secret::presented(mail.split("CODE=").nth(1).unwrap().lines().next().unwrap())
    }

    async fn accept_as(&self, email: &str, code: &Secret) -> Result<(), AcceptRefusal> {
        let done = accept(&self.stage.db, &self.who(email).await, code, self.person(email).await).await.refusal().unwrap();
        done.map(drop)
    }

    async fn join_as_new(&self, code: &Secret) -> Result<PersonId, AcceptRefusal> {
        let (name, password) = (PersonName::parse("Nora Neumann").unwrap(), NewPassword::parse(GOOD, &[]).unwrap());
        let done = accept_as_new(&self.stage.db, &self.hasher, &self.visitor("192.0.2.7"), code, &name, password).await;
        done.refusal().unwrap().map(|joined| joined.person)
    }

    async fn give(&self, email: &str, role: BusinessRole) -> Result<(), MemberRefusal> {
        let person = self.person(email).await;
        members::change_role(&self.stage.db, &self.who(ADA).await, self.scope(ADA).await, person, role).await.refusal().unwrap()
    }

    async fn role(&self, email: &str) -> Option<BusinessRole> {
        self.actor(email).await.unwrap().membership().map(|membership| membership.role)
    }
}

both_engines! {
    /// IDN-2: somebody new is invited, sets name and password, and has the role; the code works once.
    #[test]
    async fn an_invitation_makes_a_new_person_a_member(stage: Stage) {
        let town = Town::on(stage).await;
        town.invite("nora@neumann.example", BusinessRole::Auditor).await.unwrap();
        let code = town.invitation_code("nora@neumann.example").await;
        let offer = accept_invitation::find(&town.stage.db, &code, town.stage.now()).await.unwrap().unwrap();
        assert_eq!((offer.business_name.as_str(), offer.role, offer.invited_by.as_str()), ("Acme Industries", BusinessRole::Auditor, "Ada Archer"));
        assert!(!accept_invitation::is_registered(&town.stage.db, &offer).await.unwrap());
        town.join_as_new(&code).await.unwrap();
        assert_eq!(town.role("nora@neumann.example").await, Some(BusinessRole::Auditor));
        assert_eq!(town.join_as_new(&code).await, Err(AcceptRefusal::CodeUnusable));
        assert_eq!(town.invite("nora@neumann.example", BusinessRole::Member).await, Err(InviteRefusal::AlreadyMember));
    }

    /// IDN-2: an invitation is for the person it was sent to, and nobody else, whoever holds the link.
    #[test]
    async fn an_invitation_is_accepted_only_by_whom_it_was_sent_to(stage: Stage) {
        let town = Town::on(stage).await;
        town.invite("buyer@globex.example", BusinessRole::BillingViewer).await.unwrap();
        let code = town.invitation_code("buyer@globex.example").await;
        assert_eq!(town.accept_as("admin@globex.example", &code).await, Err(AcceptRefusal::AnotherPerson));
        assert_eq!(town.join_as_new(&code).await, Err(AcceptRefusal::AlreadyRegistered));
        assert_eq!(town.accept_as("buyer@globex.example", &code).await, Ok(()));
        assert_eq!(town.role("buyer@globex.example").await, Some(BusinessRole::BillingViewer));
        assert_eq!(town.actor("admin@globex.example").await.unwrap().memberships.len(), 1);
        assert_eq!(town.accept_as("buyer@globex.example", &code).await, Err(AcceptRefusal::CodeUnusable));
    }

    /// IDN-2, TIM-3: a withdrawn, replaced or expired invitation is worth nothing.
    #[test]
    async fn an_invitation_ends_by_withdrawal_by_another_one_and_by_time(stage: Stage) {
        let town = Town::on(stage).await;
        let (who, scope) = (town.who(ADA).await, town.scope(ADA).await);
        let first = town.invite("nora@neumann.example", BusinessRole::Administrator).await.unwrap();
        let replaced = town.invitation_code("nora@neumann.example").await;
        let second = town.invite("nora@neumann.example", BusinessRole::Member).await.unwrap();
        let withdrawn = town.invitation_code("nora@neumann.example").await;
        assert_eq!(town.join_as_new(&replaced).await, Err(AcceptRefusal::CodeUnusable));
        let take_back = async |id| invite::withdraw(&town.stage.db, &who, scope, id).await.refusal().unwrap();
        assert_eq!(take_back(first).await, Err(WithdrawRefusal::NotOpen));
        assert_eq!(take_back(second).await, Ok(()));
        assert_eq!(town.join_as_new(&withdrawn).await, Err(AcceptRefusal::CodeUnusable));
        town.invite("nora@neumann.example", BusinessRole::Member).await.unwrap();
        let expired = town.invitation_code("nora@neumann.example").await;
        town.stage.clock.advance(invite::VALID);
        assert_eq!(town.join_as_new(&expired).await, Err(AcceptRefusal::CodeUnusable));
        town.invite("nora@neumann.example", BusinessRole::Member).await.unwrap();
        let in_time = town.invitation_code("nora@neumann.example").await;
        town.stage.clock.advance(invite::VALID - TimeDelta::microseconds(1));
        assert!(town.join_as_new(&in_time).await.is_ok());
        assert_eq!(town.role("nora@neumann.example").await, Some(BusinessRole::Member));
    }

    /// IDN-5: a role that is given or taken away counts from the next request.
    #[test]
    async fn a_changed_role_counts_from_the_next_request(stage: Stage) {
        let town = Town::on(stage).await;
        let may = async |action| town.actor("licensing@acme.example").await.map(|actor| allows(&actor, action).is_ok());
        assert_eq!(may(Action::ManageLicenses).await, Some(true));
        town.give("licensing@acme.example", BusinessRole::Member).await.unwrap();
        assert_eq!(may(Action::ManageLicenses).await, Some(false));
        assert_eq!(may(Action::EnterConsole).await, Some(true));
        let person = town.person("licensing@acme.example").await;
        members::remove(&town.stage.db, &town.who(ADA).await, town.scope(ADA).await, person).await.unwrap();
        assert_eq!(may(Action::EnterConsole).await, Some(false));
        assert_eq!(may(Action::UseAccount).await, Some(true), "the person stays");
    }

    /// IDN-2: the only administrator is neither removed nor given another role; a disabled one does not count as another.
    #[test]
    async fn the_last_administrator_stays(stage: Stage) {
        let town = Town::on(stage).await;
        let (who, scope, ada) = (town.who(ADA).await, town.scope(ADA).await, town.person(ADA).await);
        let remove_ada = async || members::remove(&town.stage.db, &who, scope, ada).await.refusal().unwrap();
        assert_eq!(town.give(ADA, BusinessRole::Member).await, Err(MemberRefusal::LastAdministrator));
        assert_eq!(remove_ada().await, Err(MemberRefusal::LastAdministrator));
        assert_eq!(town.give(ADA, BusinessRole::Administrator).await, Ok(()), "the same role is no change");
        town.give("viewer@acme.example", BusinessRole::Administrator).await.unwrap();
        creditdesk::identity::disable::disable(&town.stage.db, &who, town.person("viewer@acme.example").await).await.unwrap();
        assert_eq!(remove_ada().await, Err(MemberRefusal::LastAdministrator));
        town.give("auditor@acme.example", BusinessRole::Administrator).await.unwrap();
        assert_eq!(remove_ada().await, Ok(()));
        assert!(town.actor(ADA).await.unwrap().memberships.is_empty());
    }

    /// IDN-2: two administrators who remove each other at the same moment leave one.
    #[test]
    async fn administrators_who_remove_each_other_leave_one(stage: Stage) {
        let town = Town::on(stage).await;
        let (scope, ada) = (town.scope(ADA).await, town.person(ADA).await);
        let others = ["licensing@acme.example", "viewer@acme.example", "auditor@acme.example", "member@acme.example"];
        for email in others {
            town.give(email, BusinessRole::Administrator).await.unwrap();
        }
        let mut all = vec![ada];
        for email in others {
            all.push(town.person(email).await);
        }
        let mut attempts = tokio::task::JoinSet::new();
        for (number, person) in all.iter().cycle().take(40).enumerate() {
            let (db, person) = (town.stage.db.clone(), *person);
            let who = Who { acting_as: ActingAs::Business, ..town.stage.who("somebody") };
            attempts.spawn(async move {
                match number % 2 {
                    0 => members::remove(&db, &who, scope, person).await.refusal().unwrap(),
                    _ => members::change_role(&db, &who, scope, person, BusinessRole::Member).await.refusal().unwrap(),
                }
            });
        }
        attempts.join_all().await;
        let left: i64 = town
            .stage
            .db
            .read("SELECT CAST(COUNT(*) AS BIGINT) FROM memberships WHERE business_id = $1 AND role = 'administrator'")
            .bind(scope.business())
            .scalar()
            .await
            .unwrap();
        assert_eq!(left, 1);
    }

    /// IDN-4: people and invitations of another business are not found, the same as those that do not exist.
    #[test]
    async fn an_administrator_reaches_only_their_own_business(stage: Stage) {
        let town = Town::on(stage).await;
        let invitation = town.invite("nora@neumann.example", BusinessRole::Member).await.unwrap();
        let (who, globex) = (town.who("admin@globex.example").await, town.scope("admin@globex.example").await);
        for person in [town.person("member@acme.example").await, PersonId::generate()] {
            let changed = members::change_role(&town.stage.db, &who, globex, person, BusinessRole::Administrator).await;
            assert_eq!(changed.refusal().unwrap(), Err(MemberRefusal::NotAMember));
            assert_eq!(members::remove(&town.stage.db, &who, globex, person).await.refusal().unwrap(), Err(MemberRefusal::NotAMember));
            assert!(members::find(&town.stage.db, globex, person).await.unwrap().is_none());
        }
        for id in [invitation, InvitationId::generate()] {
            assert_eq!(invite::withdraw(&town.stage.db, &who, globex, id).await.refusal().unwrap(), Err(WithdrawRefusal::NotOpen));
        }
        assert_eq!(town.role("member@acme.example").await, Some(BusinessRole::Member));
        let code = town.invitation_code("nora@neumann.example").await;
        assert!(town.join_as_new(&code).await.is_ok(), "still open");
        assert!(invite::list(&town.stage.db, globex, None, PageSize::default()).await.unwrap().is_empty());
    }

    /// LIC-6 for the team: lists page by key, every row once.
    #[test]
    async fn members_and_invitations_page_by_key(stage: Stage) {
        let town = Town::on(stage).await;
        for number in 0..23 {
            town.invite(&format!("person{number}@neumann.example"), BusinessRole::Member).await.unwrap();
            if number % 2 == 0 {
                let code = town.invitation_code(&format!("person{number}@neumann.example")).await;
                town.join_as_new(&code).await.unwrap();
            }
            town.stage.clock.advance(TimeDelta::seconds(1));
        }
        let (scope, size) = (town.scope(ADA).await, PageSize::MIN);
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = members::list(&town.stage.db, scope, after.as_ref(), size).await.unwrap();
            assert_eq!(page.total, Some(17));
            seen.extend(page.items.into_iter().map(|member| (member.name, member.person)));
            let Some(next) = page.next else { break };
            after = Cursor::parse(&next);
        }
        assert!(seen.is_sorted_by_key(|(name, _)| name.clone()), "by name: {seen:?}");
        let people: HashSet<PersonId> = seen.iter().map(|(_, person)| *person).collect();
        assert_eq!((seen.len(), people.len()), (17, 17), "each once");
        let first = invite::list(&town.stage.db, scope, None, size).await.unwrap();
        let next = Cursor::parse(&first.next.unwrap());
        let second = invite::list(&town.stage.db, scope, next.as_ref(), size).await.unwrap();
        assert_eq!((first.items.len(), second.items.len(), second.next), (10, 1, None));
        assert_eq!(second.items[0].email, "person1@neumann.example", "newest first");
    }
}
