//! Differences that staff decide: each repair books exactly, once, with its reason, and tells those it concerns.

use super::Scene;
use crate::support::Stage;
use crate::support::fake_marketplace::{Bought, Call};
use crate::support::fixtures;
use chrono::TimeDelta;
use creditdesk::access::{Action, Actor, BusinessRole, StaffRole, StaffScope};
use creditdesk::credits::ledger::{EntryKind, figures};
use creditdesk::db::SplitRefusal;
use creditdesk::fulfilment::marketplace::{AgreementFacts, AgreementStanding, Ending, Entitlement};
use creditdesk::fulfilment::reconcile::{self, Repair, RepairRefusal};
use creditdesk::fulfilment::sync::apply_changes;
use creditdesk::fulfilment::transfer::{self, Reason};
use creditdesk::kernel::clock::Timestamp;
use creditdesk::kernel::id::{BusinessId, ContractId, QuestionId, TransferId};

struct Desk {
    scene: Scene,
    acme: BusinessId,
    admin: Actor,
    lead: Actor,
    scope: StaffScope,
}

impl Desk {
    async fn open(stage: Stage) -> Self {
        let lead = fixtures::staff(&stage, "lead@creditdesk.example", &[StaffRole::SupportLead]).await;
        let scope = StaffScope::of(&lead, Action::Reconcile).unwrap();
        let scene = Scene::new(stage);
        let acme = scene.business("Acme Industries").await;
        let admin = scene.person("admin@acme.example", BusinessRole::Administrator, acme).await;
        Self { scene, acme, admin, lead, scope }
    }

    async fn repair(&self, id: QuestionId, repair: Repair) -> Result<(), RepairRefusal> {
        let reason = Reason::parse("Agreed with the buyer on the phone").unwrap();
        let who = fixtures::as_staff(&self.scene.stage, &self.lead);
        reconcile::repair(&self.scene.room, &self.lead, (self.scope, &who), id, repair, reason).await.refusal().unwrap()
    }

    /// The one question that is open.
    async fn question(&self) -> QuestionId {
        let open = self.scene.rows::<(QuestionId,)>("SELECT id FROM contract_questions WHERE closed_at IS NULL").await;
        assert_eq!(open.len(), 1);
        open[0].0
    }

    async fn valid(&self, at: Timestamp) -> i64 {
        figures(&self.scene.stage.db, self.acme, at).await.unwrap().total_valid
    }

    /// The marketplace now says this of a purchase, and tells.
    async fn says(&self, bought: &Bought, quantity: i64, expires_at: Timestamp) {
        let row = Entitlement { dimension: "credits".to_owned(), quantity, expires_at };
        self.scene.market.world().rows.insert(bought.license_arn.clone(), vec![row]);
        self.scene.market.world().announce(bought);
        apply_changes(&self.scene.room).await.unwrap();
    }

    async fn open_questions(&self) -> i64 {
        self.scene.number("SELECT CAST(COUNT(*) AS BIGINT) FROM contract_questions WHERE closed_at IS NULL").await
    }

    /// Moves the whole contract to another business.
    async fn transfer(&self, contract: ContractId, to: BusinessId) {
        let support = fixtures::staff(&self.scene.stage, "support@creditdesk.example", &[StaffRole::Support]).await;
        let license = self.scene.rows::<(creditdesk::kernel::id::LicenseId,)>("SELECT id FROM licenses WHERE item_number = 1").await[0].0;
        let insert = self.scene.stage.db.write("INSERT INTO transfers (id, contract_id, from_business_id, to_business_id, reason, ticket, status, requested_by, requested_at, lapses_at) VALUES ($1, $2, $3, $4, 'Bought by the wrong part', 'T-1', 'requested', $5, $6, $7)");
        let (id, now) = (TransferId::generate(), self.scene.now());
        insert
            .bind(id)
            .bind(contract)
            .bind(self.acme)
            .bind(to)
            .bind(support.person)
            .bind(now)
            .bind(now + TimeDelta::hours(72))
            .exec_one()
            .await
            .unwrap();
        let moved = transfer::approve(&self.scene.stage.db, &self.lead, &fixtures::as_staff(&self.scene.stage, &self.lead), id).await;
        moved.refusal().unwrap().unwrap_or_else(|refusal| panic!("{license} does not move: {refusal:?}"));
    }
}

both_engines! {
    /// SUP-8, UPG-5: a lower total is taken over by shrinking from the newest item, with entries of their own from now on;
    /// the business's licensing administrators are told, and the reason is for staff only.
    #[test]
    async fn a_lower_total_is_taken_over_from_the_newest_item_back(stage: Stage) {
        let desk = Desk::open(stage).await;
        let (bought, _) = desk.scene.activated(1, 1_000, &desk.admin).await;
        desk.says(&bought, 1_600, bought.ends_at).await;
        desk.scene.stage.clock.advance(TimeDelta::days(30));
        desk.says(&bought, 900, bought.ends_at).await;
        assert_eq!(desk.valid(desk.scene.now()).await, 1_600, "nothing is taken away without a decision");
        let question = desk.question().await;
        assert_eq!(desk.repair(question, Repair::TakeOver).await, Ok(()));
        let now = desk.scene.now();
        assert_eq!([desk.valid(now - TimeDelta::microseconds(1)).await, desk.valid(now).await], [1_600, 900]);
        let items = desk.scene.rows::<(i64, i64, bool)>("SELECT item_number, credits, revoked_at IS NOT NULL FROM licenses ORDER BY item_number").await;
        assert_eq!(items, [(1, 900, false), (2, 600, true)]);
        let taken = desk.scene.rows::<(EntryKind, i64)>("SELECT kind, credits FROM credit_entries WHERE credits < 0 ORDER BY credits").await;
        assert_eq!(taken, [(EntryKind::Corrected, -600), (EntryKind::Corrected, -100)]);
        assert_eq!(desk.scene.numbers("SELECT granted FROM contracts").await, [900]);
        assert_eq!(desk.scene.number("SELECT CAST(COUNT(*) AS BIGINT) FROM mails WHERE kind = 'license_corrected'").await, 1);
        let told = desk.scene.number("SELECT CAST(COUNT(*) AS BIGINT) FROM audit_entries WHERE business_id IS NOT NULL AND after LIKE '%on the phone%'").await;
        let kept = desk.scene.number("SELECT CAST(COUNT(*) AS BIGINT) FROM audit_entries WHERE action = 'contract.question_closed' AND after LIKE '%on the phone%'").await;
        assert_eq!((told, kept), (0, 1));
        desk.says(&bought, 900, bought.ends_at).await;
        assert_eq!(desk.open_questions().await, 0);
        desk.says(&bought, 1_000, bought.ends_at).await;
        assert_eq!(desk.valid(desk.scene.now()).await, 1_000, "later credits come on top");
    }

    /// SUP-8: an entitlement that is gone in the middle of the term is taken over as nothing, and the contract is over.
    #[test]
    async fn nothing_left_is_taken_over_as_the_end(stage: Stage) {
        let desk = Desk::open(stage).await;
        let (bought, _) = desk.scene.activated(1, 1_000, &desk.admin).await;
        desk.scene.market.world().rows.remove(&bought.license_arn);
        desk.scene.market.world().announce(&bought);
        apply_changes(&desk.scene.room).await.unwrap();
        assert_eq!(desk.repair(desk.question().await, Repair::TakeOver).await, Ok(()));
        assert_eq!(desk.valid(desk.scene.now()).await, 0);
        assert_eq!(desk.scene.number("SELECT CAST(COUNT(*) AS BIGINT) FROM contracts WHERE ended_at IS NOT NULL").await, 1);
    }

    /// SUP-8: another end and a higher total are taken over together: every item moves, more credits are a new item from
    /// now on; a transfer afterwards moves exactly what is there, at every instant.
    #[test]
    async fn another_end_is_taken_over_and_a_transfer_afterwards_is_exact(stage: Stage) {
        let desk = Desk::open(stage).await;
        let (bought, activated) = desk.scene.activated(1, 1_000, &desk.admin).await;
        let later = bought.ends_at + TimeDelta::days(40);
        desk.says(&bought, 1_500, later).await;
        assert_eq!(desk.repair(desk.question().await, Repair::TakeOver).await, Ok(()));
        let (now, tick) = (desk.scene.now(), TimeDelta::microseconds(1));
        let at = [now, bought.ends_at - tick, bought.ends_at, later - tick, later];
        let mut seen = Vec::new();
        for at in at {
            seen.push(desk.valid(at).await);
        }
        assert_eq!(seen, [1_500, 1_500, 1_500, 1_500, 0]);
        desk.says(&bought, 1_500, later).await;
        assert_eq!(desk.open_questions().await, 0);
        let sooner = bought.ends_at - TimeDelta::days(100);
        desk.says(&bought, 1_200, sooner).await;
        desk.scene.stage.clock.advance(TimeDelta::days(1));
        assert_eq!(desk.repair(desk.question().await, Repair::TakeOver).await, Ok(()));
        assert_eq!([desk.valid(desk.scene.now()).await, desk.valid(sooner - tick).await, desk.valid(sooner).await], [1_200, 1_200, 0]);
        desk.scene.stage.clock.advance(TimeDelta::days(1));
        let globex = desk.scene.business("Globex").await;
        desk.transfer(activated.contract, globex).await;
        for at in [desk.scene.now(), sooner - tick, sooner, later - tick] {
            let other = figures(&desk.scene.stage.db, globex, at).await.unwrap().total_valid;
            let moved = if at < sooner { 1_200 } else { 0 };
            assert_eq!((desk.valid(at).await, other), (0, moved), "{at}");
        }
    }

    /// SUP-8: what is kept stays as it is and is not asked again; another difference is.
    #[test]
    async fn what_is_kept_is_not_asked_again(stage: Stage) {
        let desk = Desk::open(stage).await;
        let (bought, _) = desk.scene.activated(1, 1_000, &desk.admin).await;
        desk.says(&bought, 900, bought.ends_at).await;
        let question = desk.question().await;
        assert_eq!(desk.repair(question, Repair::Keep).await, Ok(()));
        assert_eq!(desk.repair(question, Repair::TakeOver).await, Err(RepairRefusal::Closed));
        desk.says(&bought, 900, bought.ends_at).await;
        assert_eq!((desk.valid(desk.scene.now()).await, desk.open_questions().await), (1_000, 0));
        desk.says(&bought, 800, bought.ends_at).await;
        assert_eq!(desk.open_questions().await, 1);
        desk.says(&bought, 1_000, bought.ends_at).await;
        assert_eq!(desk.scene.words("SELECT closed_as FROM contract_questions ORDER BY seen_at, closed_at").await, ["kept", "vanished"]);
    }

    /// SUP-8: many repairs of one difference at the same moment: one is made.
    #[test]
    async fn of_many_repairs_at_once_one_is_made(stage: Stage) {
        let desk = Desk::open(stage).await;
        let (bought, _) = desk.scene.activated(1, 1_000, &desk.admin).await;
        desk.says(&bought, 900, bought.ends_at).await;
        let question = desk.question().await;
        let presses = (0..16).map(|number| desk.repair(question, if number % 2 == 0 { Repair::TakeOver } else { Repair::Keep }));
        let outcomes = futures_util::future::join_all(presses).await;
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
        assert!(outcomes.iter().all(|outcome| matches!(outcome, Ok(()) | Err(RepairRefusal::Closed))), "{outcomes:?}");
        let taken = desk.scene.number("SELECT CAST(COUNT(*) AS BIGINT) FROM credit_entries WHERE kind = 'corrected'").await;
        assert_eq!(desk.valid(desk.scene.now()).await, 1_000 - 100 * taken);
        assert_eq!(desk.scene.number("SELECT CAST(COUNT(*) AS BIGINT) FROM audit_entries WHERE action = 'contract.question_closed'").await, 1);
    }

    /// SUP-8: a marketplace that cannot be asked changes nothing; a reading that agrees again closes the difference.
    #[test]
    async fn a_repair_needs_an_answer_of_the_marketplace(stage: Stage) {
        let desk = Desk::open(stage).await;
        let (bought, _) = desk.scene.activated(1, 1_000, &desk.admin).await;
        desk.says(&bought, 900, bought.ends_at).await;
        let question = desk.question().await;
        for call in [Call::Entitlements, Call::Agreement] {
            desk.scene.market.world().away.insert(call);
            assert_eq!(desk.repair(question, Repair::TakeOver).await, Err(RepairRefusal::Unreachable));
            desk.scene.market.world().away.clear();
        }
        let reread = async || reconcile::reread(&desk.scene.room, &desk.lead, desk.scope, question).await.refusal().unwrap();
        assert_eq!(reread().await, Ok(true));
        let row = Entitlement { dimension: "credits".to_owned(), quantity: 1_000, expires_at: bought.ends_at };
        desk.scene.market.world().rows.insert(bought.license_arn.clone(), vec![row]);
        assert_eq!(reread().await, Ok(false));
        assert_eq!(desk.repair(question, Repair::TakeOver).await, Err(RepairRefusal::Closed));
        let support = fixtures::staff(&desk.scene.stage, "support@creditdesk.example", &[StaffRole::Support]).await;
        assert_eq!(reconcile::reread(&desk.scene.room, &support, desk.scope, question).await.refusal().unwrap(), Err(RepairRefusal::NotFound));
        assert_eq!(desk.valid(desk.scene.now()).await, 1_000);
    }

    /// REN-4: an unclear renewal joins the contract that staff choose, from its old end on; it cannot join a second one.
    #[test]
    async fn an_unclear_renewal_joins_the_contract_that_staff_choose(stage: Stage) {
        let desk = Desk::open(stage).await;
        let (one, first) = desk.scene.activated(1, 1_000, &desk.admin).await;
        let (other, second) = desk.scene.activated(2, 500, &desk.admin).await;
        let same_chain = desk.scene.stage.db.write("UPDATE contracts SET initial_agreement_id = $1 WHERE license_arn = $2");
        same_chain.bind(&one.agreement_id).bind(&other.license_arn).exec_one().await.unwrap();
        let end = one.ends_at;
        desk.scene.stage.clock.advance(end - desk.scene.now() + TimeDelta::days(1));
        let arn = "arn:aws:license-manager::294406891311:license:l-ffffffffffffffffffffffffffffffff";
        let next = Bought { license_arn: arn.to_owned(), agreement_id: "agmt-next".to_owned(), ends_at: end + TimeDelta::days(365) };
        {
            let mut world = desk.scene.market.world();
            for old in [&one, &other] {
                let facts = world.facts.get_mut(&old.license_arn).unwrap();
                (facts.standing, facts.ending) = (AgreementStanding::Ended, Some(Ending::Renewed));
                world.rows.remove(&old.license_arn);
            }
            let facts = world.facts[&one.license_arn].clone();
            let facts = AgreementFacts { agreement_id: next.agreement_id.clone(), previous_agreement_id: Some(facts.agreement_id.clone()), standing: AgreementStanding::Active, ending: None, starts_at: end, ends_at: next.ends_at, ..facts };
            world.facts.insert(arn.to_owned(), facts);
            world.total(&next, 700);
        }
        apply_changes(&desk.scene.room).await.unwrap();
        assert_eq!(desk.valid(desk.scene.now()).await, 0);
        let question = desk.question().await;
        let candidates = reconcile::list_candidates(&desk.scene.stage.db, desk.scope, first.contract).await.unwrap();
        assert_eq!(candidates.len(), 2);
        assert_eq!(desk.repair(question, Repair::Join(second.contract)).await, Ok(()));
        assert_eq!(desk.valid(end).await, 700);
        assert_eq!(desk.valid(next.ends_at).await, 0);
        let holder = desk.scene.rows::<(ContractId,)>("SELECT contract_id FROM contract_arns").await[0].0;
        assert_eq!(holder, second.contract);
        desk.scene.market.world().announce(&next);
        apply_changes(&desk.scene.room).await.unwrap();
        assert_eq!((desk.valid(desk.scene.now()).await, desk.open_questions().await), (700, 0));
    }
}
