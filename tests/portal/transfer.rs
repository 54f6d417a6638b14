//! A contract moves to another business by two members of staff: what moves, what stays, who is told, who is refused.

mod live;
mod races;
mod refused;
mod told;

use crate::support::Stage;
use crate::support::fixtures::{self, Held, as_staff, business, member};
use crate::support::usage::allocate;
use chrono::TimeDelta;
use creditdesk::access::{Action, Actor, BusinessRole, StaffRole, StaffScope};
use creditdesk::credits::ledger::{Figures, figures};
use creditdesk::db::{Db, SplitRefusal};
use creditdesk::fulfilment::transfer::{
    self, Ask, AskRefusal, Barred, Confirmed, DecideRefusal, Immovable, LicenseRef, NotUndoable, Reason, Status, Ticket, Transfer,
};
use creditdesk::kernel::clock::Timestamp;
use creditdesk::kernel::id::{BusinessId, ContractId, LicenseId, PersonId, TransferId};

/// Two businesses, a contract in the first, and three of the staff.
pub struct Desk {
    acme: BusinessId,
    globex: BusinessId,
    held: Held,
    support: Actor,
    lead: Actor,
    other_lead: Actor,
}

impl Desk {
    async fn new(stage: &Stage) -> Self {
        let (acme, globex) = (business(stage, "Acme Industries").await, business(stage, "Globex").await);
        Self {
            acme,
            globex,
            held: fixtures::contract(stage, acme, 1_000).await,
            support: fixtures::staff(stage, "support@creditdesk.example", &[StaffRole::Support]).await,
            lead: fixtures::staff(stage, "lead@creditdesk.example", &[StaffRole::SupportLead]).await,
            other_lead: fixtures::staff(stage, "other-lead@creditdesk.example", &[StaffRole::SupportLead]).await,
        }
    }

    fn scope(&self) -> StaffScope {
        StaffScope::of(&self.lead, Action::LookUp).unwrap()
    }
}

fn ask(license: LicenseRef, to: BusinessId) -> Ask {
    Ask {
        license: Confirmed::by_typing(&license.to_string(), &license).unwrap(),
        to,
        reason: Reason::parse("Activated in the wrong business").unwrap(),
        ticket: Ticket::parse("TICKET-4711").unwrap(),
        undoes: None,
    }
}

async fn request(stage: &Stage, actor: &Actor, license: LicenseId, to: BusinessId) -> Result<TransferId, AskRefusal> {
    transfer::request(&stage.db, actor, &as_staff(stage, actor), ask(LicenseRef::License(license), to)).await.refusal().unwrap()
}

async fn approve(stage: &Stage, actor: &Actor, id: TransferId) -> Result<Transfer, DecideRefusal> {
    transfer::approve(&stage.db, actor, &as_staff(stage, actor), id).await.refusal().unwrap()
}

async fn transferred(stage: &Stage, desk: &Desk) -> TransferId {
    let id = request(stage, &desk.support, desk.held.license, desk.globex).await.unwrap();
    approve(stage, &desk.lead, id).await.unwrap();
    id
}

async fn owner(db: &Db, contract: ContractId) -> BusinessId {
    db.read("SELECT business_id FROM contracts WHERE id = $1").bind(contract).scalar().await.unwrap()
}

async fn count(db: &Db, sql: &'static str) -> i64 {
    db.read(sql).scalar().await.unwrap()
}

async fn status(stage: &Stage, desk: &Desk, id: TransferId) -> Status {
    transfer::find(&stage.db, desk.scope(), id, stage.now()).await.unwrap().unwrap().transfer.status()
}

/// Nothing has moved: owner, figures, entries of the ledger and of customers' logs, mail.
async fn assert_nothing_moved(stage: &Stage, desk: &Desk) {
    assert_eq!(owner(&stage.db, desk.held.contract).await, desk.acme);
    assert_eq!(count(&stage.db, "SELECT CAST(COUNT(*) AS BIGINT) FROM credit_entries WHERE transfer_id IS NOT NULL").await, 0);
    assert_eq!(count(&stage.db, "SELECT CAST(COUNT(*) AS BIGINT) FROM audit_entries WHERE business_id IS NOT NULL").await, 0);
    assert_eq!(count(&stage.db, "SELECT CAST(COUNT(*) AS BIGINT) FROM mails").await, 0);
}

const fn pool(total_valid: i64, allocated: i64) -> Figures {
    Figures { total_valid, allocated }
}

both_engines! {
    /// SUP-2: original and upgrades move with what is left of the term, both pools change at the same instant, allocations
    /// stay, and how it was activated does not change.
    #[test]
    async fn a_transfer_moves_the_contract_and_leaves_allocations_and_activation_alone(stage: Stage) {
        let desk = Desk::new(&stage).await;
        let kept = fixtures::contract(&stage, desk.acme, 200).await;
        let upgrade = fixtures::book_upgrade(&stage.db, &desk.held, 500, stage.now()).await.unwrap();
        allocate(&stage, desk.acme, 900).await;
        allocate(&stage, desk.globex, 10).await;
        let activation = "SELECT CAST(COUNT(*) AS BIGINT) FROM contracts c WHERE c.activated_at = (SELECT MIN(x.activated_at) FROM contracts x) AND c.granted IN (1500, 200) AND c.reported_at IS NULL";
        assert_eq!(count(&stage.db, activation).await, 2);
        stage.clock.advance(TimeDelta::days(10));
        let id = request(&stage, &desk.support, upgrade, desk.globex).await.unwrap();
        assert_nothing_moved(&stage, &desk).await;
        stage.clock.advance(TimeDelta::hours(2));
        let now = stage.now();
        assert!(matches!(approve(&stage, &desk.lead, id).await.unwrap(), Transfer::Approved { at, by, .. } if at == now && by == desk.lead.person));

        let at = async |business, instant: Timestamp| figures(&stage.db, business, instant).await.unwrap();
        let before = now - TimeDelta::microseconds(1);
        assert_eq!((at(desk.acme, before).await, at(desk.globex, before).await), (pool(1_700, 900), pool(0, 10)));
        assert_eq!((at(desk.acme, now).await, at(desk.globex, now).await), (pool(200, 900), pool(1_500, 10)));
        assert_eq!(at(desk.acme, now).await.balance(), -700);
        let end = desk.held.expires_at;
        assert_eq!(at(desk.globex, end - TimeDelta::microseconds(1)).await, pool(1_500, 10));
        assert_eq!((at(desk.acme, end).await, at(desk.globex, end).await), (pool(0, 900), pool(0, 10)));

        let owners: Vec<(LicenseId, BusinessId)> = stage.db.read("SELECT id, business_id FROM licenses ORDER BY id").all().await.unwrap();
        let mut expected = vec![(desk.held.license, desk.globex), (upgrade, desk.globex), (kept.license, desk.acme)];
        expected.sort();
        assert_eq!(owners, expected);
        assert_eq!(count(&stage.db, activation).await, 2);
        let activated_by: PersonId = stage.db.read("SELECT activated_by FROM contracts WHERE id = $1").bind(desk.held.contract).scalar().await.unwrap();
        assert_eq!(activated_by, desk.held.activated_by);
        assert_eq!(count(&stage.db, "SELECT CAST(COUNT(*) AS BIGINT) FROM credit_entries WHERE kind = 'granted'").await, 3);
        assert_eq!(count(&stage.db, "SELECT CAST(COUNT(*) AS BIGINT) FROM credit_entries WHERE transfer_id IS NOT NULL").await, 4);
    }

    /// SUP-2: what is added to the contract later belongs to its new owner.
    #[test]
    async fn upgrades_follow_the_contract_to_its_new_owner(stage: Stage) {
        let desk = Desk::new(&stage).await;
        transferred(&stage, &desk).await;
        stage.clock.advance(TimeDelta::days(1));
        fixtures::book_upgrade(&stage.db, &desk.held, 250, stage.now()).await.unwrap();
        assert_eq!(figures(&stage.db, desk.globex, stage.now()).await.unwrap(), pool(1_250, 0));
        assert_eq!(figures(&stage.db, desk.acme, stage.now()).await.unwrap(), pool(0, 0));
    }

    /// SUP-2: where the clock of the process that approves is behind, the transfer counts from the newest entry of the contract,
    /// so that at no instant a pool lacks credits that it only gave away later.
    #[test]
    async fn a_clock_that_is_behind_moves_no_credits_before_they_were_booked(stage: Stage) {
        let desk = Desk::new(&stage).await;
        let id = request(&stage, &desk.support, desk.held.license, desk.globex).await.unwrap();
        let booked = stage.now() + TimeDelta::seconds(3);
        fixtures::book_upgrade(&stage.db, &desk.held, 500, booked).await.unwrap();
        assert!(matches!(approve(&stage, &desk.lead, id).await.unwrap(), Transfer::Approved { at, .. } if at == booked));
        for (instant, acme, globex) in [(stage.now(), 1_000, 0), (booked - TimeDelta::microseconds(1), 1_000, 0), (booked, 0, 1_500)] {
            assert_eq!(figures(&stage.db, desk.acme, instant).await.unwrap(), pool(acme, 0));
            assert_eq!(figures(&stage.db, desk.globex, instant).await.unwrap(), pool(globex, 0));
        }
    }

    /// SUP-3: the preview says what then happens, and who will be told.
    #[test]
    async fn the_preview_is_what_happens(stage: Stage) {
        let desk = Desk::new(&stage).await;
        allocate(&stage, desk.acme, 300).await;
        fixtures::contract(&stage, desk.globex, 50).await;
        member(&stage, desk.acme, "admin@acme.example", BusinessRole::Administrator).await;
        member(&stage, desk.acme, "viewer@acme.example", BusinessRole::BillingViewer).await;
        member(&stage, desk.globex, "licensing@globex.example", BusinessRole::LicensingManager).await;
        let gone = member(&stage, desk.globex, "gone@globex.example", BusinessRole::Administrator).await;
        stage.db.write("UPDATE people SET disabled_at = $2 WHERE id = $1").bind(gone).bind(stage.now()).exec_one().await.unwrap();
        let id = request(&stage, &desk.support, desk.held.license, desk.globex).await.unwrap();

        let seen = transfer::preview(&stage.db, desk.scope(), desk.held.contract, desk.globex, stage.now()).await.unwrap().unwrap();
        assert_eq!((seen.from.before, seen.to.before), (pool(1_000, 300), pool(50, 0)));
        assert_eq!((seen.from.after, seen.to.after), (pool(0, 300), pool(1_050, 0)));
        assert_eq!((seen.credits, seen.barred, seen.from.after.balance()), (1_000, None, -300));
        let told = |side: &transfer::Side| side.told.iter().map(|told| told.email.clone()).collect::<Vec<_>>();
        assert_eq!((told(&seen.from), told(&seen.to)), (vec!["admin@acme.example".to_owned()], vec!["licensing@globex.example".to_owned()]));
        assert_nothing_moved(&stage, &desk).await;

        approve(&stage, &desk.lead, id).await.unwrap();
        assert_eq!(figures(&stage.db, desk.acme, stage.now()).await.unwrap(), seen.from.after);
        assert_eq!(figures(&stage.db, desk.globex, stage.now()).await.unwrap(), seen.to.after);
        let mailed: Vec<(String,)> = stage.db.read("SELECT recipient FROM mails ORDER BY recipient").all().await.unwrap();
        assert_eq!(mailed, [("admin@acme.example".to_owned(),), ("licensing@globex.example".to_owned(),)]);
        let there = transfer::preview(&stage.db, desk.scope(), desk.held.contract, desk.globex, stage.now()).await.unwrap().unwrap();
        assert_eq!((there.barred, there.credits), (Some(Immovable::SameBusiness), 0));
    }

    /// SUP-5: the chain of owners names every one with the time it held the contract and the transfer it came by.
    #[test]
    async fn the_chain_of_owners_is_complete(stage: Stage) {
        let desk = Desk::new(&stage).await;
        let activated = stage.now();
        stage.clock.advance(TimeDelta::hours(1));
        let (there, first) = (transferred(&stage, &desk).await, stage.now());
        stage.clock.advance(TimeDelta::hours(1));
        let never = request(&stage, &desk.support, desk.held.license, desk.acme).await.unwrap();
        transfer::withdraw(&stage.db, &desk.support, &as_staff(&stage, &desk.support), never).await.refusal().unwrap().unwrap();
        let back = request(&stage, &desk.support, desk.held.license, desk.acme).await.unwrap();
        approve(&stage, &desk.lead, back).await.unwrap();
        let second = stage.now();
        let chain = transfer::owners(&stage.db, desk.scope(), desk.held.contract, stage.now()).await.unwrap();
        let links: Vec<_> = chain.iter().map(|link| (link.name.as_str(), link.since, link.until, link.by)).collect();
        assert_eq!(links, [
            ("Acme Industries", activated, Some(first), None),
            ("Globex", first, Some(second), Some(there)),
            ("Acme Industries", second, None, Some(back)),
        ]);
        assert_eq!(figures(&stage.db, desk.acme, stage.now()).await.unwrap(), pool(1_000, 0));
        assert_eq!(figures(&stage.db, desk.globex, stage.now()).await.unwrap(), pool(0, 0));
    }

    /// SUP-5: a transfer is undone by the same two-person way, once, while 72 hours last; everything is as it was before,
    /// and the chain tells of both.
    #[test]
    async fn a_transfer_is_undone_once_by_two_people_within_72_hours(stage: Stage) {
        let desk = Desk::new(&stage).await;
        let there = transferred(&stage, &desk).await;
        let undo = async |actor: &Actor| {
            let ask = Ask { undoes: Some(there), ..ask(LicenseRef::License(desk.held.license), desk.acme) };
            transfer::request(&stage.db, actor, &as_staff(&stage, actor), ask).await.refusal().unwrap()
        };
        stage.clock.advance(TimeDelta::hours(72) - TimeDelta::seconds(1));
        let back = undo(&desk.lead).await.unwrap();
        assert_eq!(approve(&stage, &desk.lead, back).await, Err(DecideRefusal::Barred(Barred::OwnRequest)));
        assert_eq!(owner(&stage.db, desk.held.contract).await, desk.globex, "asking moves nothing");
        stage.clock.advance(TimeDelta::seconds(1));
        assert_eq!(approve(&stage, &desk.other_lead, back).await, Err(DecideRefusal::Barred(Barred::NotOpen(Status::Lapsed))));
        assert_eq!(undo(&desk.support).await, Err(AskRefusal::NotUndoable(NotUndoable::TooLate)));
    }

    /// SUP-5: what was undone stands as it did before; neither the same transfer nor one whose contract went on is undone.
    #[test]
    async fn what_was_undone_is_as_before_and_is_not_undone_again(stage: Stage) {
        let desk = Desk::new(&stage).await;
        let there = transferred(&stage, &desk).await;
        let undo = async || {
            let ask = Ask { undoes: Some(there), ..ask(LicenseRef::License(desk.held.license), desk.acme) };
            transfer::request(&stage.db, &desk.support, &as_staff(&stage, &desk.support), ask).await.refusal().unwrap()
        };
        stage.clock.advance(TimeDelta::hours(1));
        let back = undo().await.unwrap();
        approve(&stage, &desk.lead, back).await.unwrap();
        assert_eq!(owner(&stage.db, desk.held.contract).await, desk.acme);
        assert_eq!(figures(&stage.db, desk.acme, stage.now()).await.unwrap(), pool(1_000, 0));
        assert_eq!(figures(&stage.db, desk.globex, stage.now()).await.unwrap(), pool(0, 0));
        let chain = transfer::owners(&stage.db, desk.scope(), desk.held.contract, stage.now()).await.unwrap();
        assert_eq!(chain.iter().map(|link| link.by).collect::<Vec<_>>(), [None, Some(there), Some(back)]);
        let undone = transfer::find(&stage.db, desk.scope(), back, stage.now()).await.unwrap().unwrap();
        assert_eq!(undone.transfer.request().undoes, Some(there));
        assert_eq!(undo().await, Err(AskRefusal::NotUndoable(NotUndoable::OwnerChanged)));
        let foreign = Ask { undoes: Some(TransferId::generate()), ..ask(LicenseRef::License(desk.held.license), desk.globex) };
        let refused = transfer::request(&stage.db, &desk.support, &as_staff(&stage, &desk.support), foreign).await.refusal().unwrap();
        assert_eq!(refused, Err(AskRefusal::NotUndoable(NotUndoable::NotApproved)));
    }
}
