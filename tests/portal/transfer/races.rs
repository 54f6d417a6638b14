//! Transfers against each other and against everything else that touches a contract at the same moment. What counts is
//! what the database holds afterwards.

use super::{Desk, approve, ask, count, owner, pool, request};
use crate::support::Stage;
use crate::support::fixtures::{self, as_staff};
use creditdesk::credits::ledger::figures;
use creditdesk::db::SplitRefusal;
use creditdesk::fulfilment::transfer::{self, AskRefusal, Barred, DecideRefusal, LicenseRef, Reason, Status};
use creditdesk::kernel::id::BusinessId;
use futures_util::future::join_all;
use tokio::task::JoinHandle;

const ATTEMPTS: usize = 64;

/// Runs all at once on the test's threads.
async fn all<T: Send + 'static>(tasks: Vec<impl Future<Output = T> + Send + 'static>) -> Vec<T> {
    let running: Vec<JoinHandle<T>> = tasks.into_iter().map(tokio::spawn).collect();
    join_all(running).await.into_iter().map(Result::unwrap).collect()
}

const PAIRS: &str = "SELECT CAST(COUNT(*) AS BIGINT) FROM credit_entries o JOIN credit_entries i ON i.license_id = o.license_id AND i.transfer_id = o.transfer_id AND i.credits = -o.credits AND i.effective_at = o.effective_at AND i.expires_at = o.expires_at WHERE o.kind = 'transferred_out' AND i.kind = 'transferred_in'";

both_engines! {
    /// SUP-2 SUP-4: of 64 simultaneous approvals exactly one moves the contract, with one pair of entries an item.
    #[test]
    async fn of_many_simultaneous_approvals_one_moves_the_contract(stage: Stage) {
        let desk = Desk::new(&stage).await;
        fixtures::book_upgrade(&stage.db, &desk.held, 500, stage.now()).await.unwrap();
        for round in 0..3 {
            let (from, to) = if round % 2 == 0 { (desk.acme, desk.globex) } else { (desk.globex, desk.acme) };
            let id = request(&stage, &desk.support, desk.held.license, to).await.unwrap();
            let tasks = (0..ATTEMPTS).map(|number| {
                let lead = if number % 2 == 0 { desk.lead.clone() } else { desk.other_lead.clone() };
                let (db, who) = (stage.db.clone(), as_staff(&stage, &lead));
                async move { transfer::approve(&db, &lead, &who, id).await.refusal().expect("no storage error") }
            });
            let outcomes = all(tasks.collect()).await;
            let late = Err(DecideRefusal::Barred(Barred::NotOpen(Status::Approved)));
            assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
            assert_eq!(outcomes.iter().filter(|outcome| **outcome == late).count(), ATTEMPTS - 1);
            assert_eq!(owner(&stage.db, desk.held.contract).await, to);
            assert_eq!(figures(&stage.db, from, stage.now()).await.unwrap(), pool(0, 0));
            assert_eq!(figures(&stage.db, to, stage.now()).await.unwrap(), pool(1_500, 0));
            assert_eq!(count(&stage.db, PAIRS).await, 2 * (round + 1));
            assert_eq!(count(&stage.db, "SELECT CAST(COUNT(*) AS BIGINT) FROM credit_entries WHERE transfer_id IS NOT NULL").await, 4 * (round + 1));
            assert_eq!(count(&stage.db, "SELECT CAST(COUNT(*) AS BIGINT) FROM audit_entries WHERE action = 'license.transferred_in'").await, round + 1);
        }
    }

    /// SUP-2: upgrades that are booked while the contract moves end up with its new owner, whichever comes first.
    #[test]
    async fn upgrades_booked_during_a_transfer_end_up_with_the_new_owner(stage: Stage) {
        const UPGRADES: usize = 8;
        let desk = Desk::new(&stage).await;
        for _ in 0..10 {
            let held = fixtures::contract(&stage, desk.acme, 1_000).await;
            let id = request(&stage, &desk.support, held.license, desk.globex).await.unwrap();
            let before = figures(&stage.db, desk.globex, stage.now()).await.unwrap();
            let upgrades = (0..UPGRADES).map(|_| {
                let (db, held, now) = (stage.db.clone(), held.clone(), stage.now());
                tokio::spawn(async move { fixtures::book_upgrade(&db, &held, 10, now).await.expect("a booking") })
            });
            let (first, second): (Vec<_>, Vec<_>) = upgrades.enumerate().partition(|(number, _)| number % 2 == 0);
            approve(&stage, &desk.lead, id).await.unwrap();
            for (_, upgrade) in first.into_iter().chain(second) {
                upgrade.await.unwrap();
            }
            let total = 1_000 + 10 * i64::try_from(UPGRADES).unwrap();
            let after = figures(&stage.db, desk.globex, stage.now()).await.unwrap();
            assert_eq!(after.total_valid - before.total_valid, total);
            assert_eq!(figures(&stage.db, desk.acme, stage.now()).await.unwrap(), pool(1_000, 0), "only the contract that stays");
            let strays: i64 = stage
                .db
                .read("SELECT CAST(COUNT(*) AS BIGINT) FROM licenses WHERE contract_id = $1 AND business_id <> $2")
                .bind(held.contract)
                .bind(desk.globex)
                .scalar()
                .await
                .unwrap();
            assert_eq!(strays, 0);
        }
    }

    /// SUP-4: of many simultaneous requests for one contract one is taken; the others are told which.
    #[test]
    async fn of_many_simultaneous_requests_one_is_taken(stage: Stage) {
        let desk = Desk::new(&stage).await;
        let third = fixtures::business(&stage, "Initech").await;
        let tasks = (0..ATTEMPTS).map(|number| {
            let to = if number % 2 == 0 { desk.globex } else { third };
            let (db, actor, who) = (stage.db.clone(), desk.support.clone(), as_staff(&stage, &desk.support));
            let ask = ask(LicenseRef::License(desk.held.license), to);
            async move { transfer::request(&db, &actor, &who, ask).await.refusal().expect("no storage error") }
        });
        let outcomes = all(tasks.collect()).await;
        let taken: Vec<_> = outcomes.iter().filter_map(|outcome| outcome.as_ref().ok()).copied().collect();
        assert_eq!(taken.len(), 1);
        assert_eq!(outcomes.iter().filter(|outcome| **outcome == Err(AskRefusal::AlreadyAsked(taken[0]))).count(), ATTEMPTS - 1);
        assert_eq!(count(&stage.db, "SELECT CAST(COUNT(*) AS BIGINT) FROM transfers").await, 1);
    }

    /// SUP-2: two contracts that change places at once, and many more between the same two businesses, do not wait for
    /// each other for ever, and no credit is lost or made.
    #[test]
    async fn transfers_in_opposite_directions_do_not_block_each_other(stage: Stage) {
        const EACH_WAY: usize = 10;
        let desk = Desk::new(&stage).await;
        let mut wanted: Vec<(creditdesk::kernel::id::TransferId, creditdesk::kernel::id::ContractId, BusinessId)> = Vec::new();
        for number in 0..EACH_WAY * 2 {
            let (from, to) = if number % 2 == 0 { (desk.acme, desk.globex) } else { (desk.globex, desk.acme) };
            let held = fixtures::contract(&stage, from, 100).await;
            wanted.push((request(&stage, &desk.support, held.license, to).await.unwrap(), held.contract, to));
        }
        let tasks = wanted.iter().map(|(id, ..)| {
            let (db, lead, who, id) = (stage.db.clone(), desk.lead.clone(), as_staff(&stage, &desk.lead), *id);
            async move { transfer::approve(&db, &lead, &who, id).await.refusal().expect("no storage error") }
        });
        assert!(all(tasks.collect()).await.iter().all(Result::is_ok));
        for (_, contract, to) in &wanted {
            assert_eq!(owner(&stage.db, *contract).await, *to);
        }
        let each = 100 * i64::try_from(EACH_WAY).unwrap();
        assert_eq!(figures(&stage.db, desk.acme, stage.now()).await.unwrap(), pool(1_000 + each, 0));
        assert_eq!(figures(&stage.db, desk.globex, stage.now()).await.unwrap(), pool(each, 0));
    }

    /// SUP-4: approval, rejection and withdrawal at the same moment: one of them happens.
    #[test]
    async fn of_approval_rejection_and_withdrawal_one_happens(stage: Stage) {
        let desk = Desk::new(&stage).await;
        for _ in 0..10 {
            let held = fixtures::contract(&stage, desk.acme, 100).await;
            let id = request(&stage, &desk.support, held.license, desk.globex).await.unwrap();
            let (db, lead, who) = (stage.db.clone(), desk.lead.clone(), as_staff(&stage, &desk.lead));
            let approving = tokio::spawn(async move { transfer::approve(&db, &lead, &who, id).await.refusal().expect("no storage error") });
            let (db, lead, who) = (stage.db.clone(), desk.other_lead.clone(), as_staff(&stage, &desk.other_lead));
            let note = Reason::parse("Not this one, please").unwrap();
            let rejecting = tokio::spawn(async move { transfer::reject(&db, &lead, &who, id, note).await.refusal().expect("no storage error") });
            let (db, support, who) = (stage.db.clone(), desk.support.clone(), as_staff(&stage, &desk.support));
            let withdrawing = tokio::spawn(async move { transfer::withdraw(&db, &support, &who, id).await.refusal().expect("no storage error") });
            let outcomes = [approving.await.unwrap(), rejecting.await.unwrap(), withdrawing.await.unwrap()];
            let done: Vec<Status> = outcomes.iter().filter_map(|outcome| outcome.as_ref().ok()).map(transfer::Transfer::status).collect();
            assert_eq!(done.len(), 1, "{outcomes:?}");
            assert!(outcomes.contains(&Err(DecideRefusal::Barred(Barred::NotOpen(done[0])))));
            let moved = owner(&stage.db, held.contract).await == desk.globex;
            assert_eq!(moved, done[0] == Status::Approved);
        }
    }
}
