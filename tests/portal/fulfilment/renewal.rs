//! The console's side of a renewal: what becomes of licenses and credits when an end passes, on the use cases, with a
//! marketplace that does what it is told.

use super::Scene;
use crate::support::Stage;
use crate::support::fake_marketplace::{Bought, Call, World};
use chrono::TimeDelta;
use creditdesk::access::{Action, Actor, BusinessRole, BusinessScope};
use creditdesk::credits::history::{self, Cause};
use creditdesk::credits::ledger::{EntryKind, figures};
use creditdesk::credits::trace;
use creditdesk::fulfilment::license::Status;
use creditdesk::fulfilment::marketplace::{AgreementFacts, AgreementStanding, Ending, Entitlement};
use creditdesk::fulfilment::prepare::Refusal;
use creditdesk::fulfilment::report::report_activations;
use creditdesk::fulfilment::reread::reread_ends;
use creditdesk::fulfilment::sync::apply_changes;
use creditdesk::kernel::clock::Timestamp;
use creditdesk::kernel::id::BusinessId;

type Item = (i64, String, i64, Timestamp, bool);
const ITEMS: &str = "SELECT item_number, kind, credits, expires_at, renewed_at IS NOT NULL FROM licenses ORDER BY item_number";

pub(super) async fn acme(scene: &Scene) -> (BusinessId, Actor) {
    let acme = scene.business("Acme Industries").await;
    let admin = scene.person("admin@acme.example", BusinessRole::Administrator, acme).await;
    (acme, admin)
}

impl World {
    /// The next term of a purchase under the same license ARN, as the marketplace has it from its run on.
    pub(super) fn renews(&mut self, bought: &Bought, credits: i64) -> Bought {
        let next = Bought {
            license_arn: bought.license_arn.clone(),
            agreement_id: format!("{}next", bought.agreement_id),
            ends_at: bought.ends_at + TimeDelta::days(365),
        };
        let facts = self.facts[&bought.license_arn].clone();
        let facts = AgreementFacts {
            previous_agreement_id: Some(facts.agreement_id),
            agreement_id: next.agreement_id.clone(),
            standing: AgreementStanding::Active,
            starts_at: bought.ends_at,
            ends_at: next.ends_at,
            ..facts
        };
        self.facts.insert(next.license_arn.clone(), facts);
        self.total(&next, credits);
        next
    }

    /// The next term under a license ARN of its own; the old one has nothing in force any more.
    pub(super) fn renews_as(&mut self, bought: &Bought, arn: &str, credits: i64, tells: bool) -> Bought {
        let next = Bought {
            license_arn: arn.to_owned(),
            agreement_id: format!("{}next", bought.agreement_id),
            ends_at: bought.ends_at + TimeDelta::days(365),
        };
        let old = self.facts.get_mut(&bought.license_arn).unwrap();
        (old.standing, old.ending) = (AgreementStanding::Ended, Some(Ending::Renewed));
        old.successor = tells.then(|| arn.to_owned());
        let facts = AgreementFacts {
            previous_agreement_id: Some(old.agreement_id.clone()),
            agreement_id: next.agreement_id.clone(),
            standing: AgreementStanding::Active,
            ending: None,
            successor: None,
            starts_at: bought.ends_at,
            ends_at: next.ends_at,
            ..old.clone()
        };
        self.facts.insert(arn.to_owned(), facts);
        self.rows.remove(&bought.license_arn);
        self.total(&next, credits);
        next
    }

    pub(super) fn ends_as(&mut self, bought: &Bought, ending: Option<Ending>) {
        let facts = self.facts.get_mut(&bought.license_arn).unwrap();
        facts.ending = ending;
        facts.standing = AgreementStanding::Ended;
        self.rows.remove(&bought.license_arn);
    }
}

impl Scene {
    pub(super) fn reach(&self, at: Timestamp) {
        self.stage.clock.advance(at - self.now());
    }

    pub(super) async fn valid(&self, business: BusinessId, at: Timestamp) -> i64 {
        figures(&self.stage.db, business, at).await.unwrap().total_valid
    }

    async fn entries(&self) -> Vec<(EntryKind, i64, Timestamp, Timestamp)> {
        self.rows("SELECT kind, credits, effective_at, expires_at FROM credit_entries ORDER BY effective_at, recorded_at, id").await
    }
}

/// So many credits at each instant around the boundary.
async fn around(scene: &Scene, business: BusinessId, end: Timestamp) -> [i64; 3] {
    let tick = TimeDelta::microseconds(1);
    [scene.valid(business, end - tick).await, scene.valid(business, end).await, scene.valid(business, end + tick).await]
}

pub(super) const ARN: &str = "arn:aws:license-manager::294406891311:license:l-ffffffffffffffffffffffffffffffff";

both_engines! {
    /// REN-1, CRD-11: each item keeps its identity and its expiration moves; the ledger gets entries from the old to the
    /// new expiration and nothing in it is edited; booked two days late, the history has no gap and no overlap.
    #[test]
    async fn a_renewal_moves_the_expiration_of_each_item(stage: Stage) {
        let scene = Scene::new(stage);
        let (acme, admin) = acme(&scene).await;
        let (bought, _) = scene.activated(1, 1_000, &admin).await;
        scene.stage.clock.advance(TimeDelta::days(100));
        scene.market.world().total(&bought, 1_600);
        apply_changes(&scene.room).await.unwrap();
        let ids = scene.rows::<(uuid::Uuid,)>("SELECT id FROM licenses ORDER BY item_number").await;
        let before = scene.entries().await;
        scene.reach(bought.ends_at + TimeDelta::days(2));
        assert_eq!(scene.valid(acme, scene.now()).await, 0, "until it is booked the pages are honest");
        let next = scene.market.world().renews(&bought, 1_600);
        apply_changes(&scene.room).await.unwrap();
        assert_eq!(scene.rows::<(uuid::Uuid,)>("SELECT id FROM licenses ORDER BY item_number").await, ids);
        let items: Vec<Item> = scene.rows(ITEMS).await;
        assert_eq!(items, [(1, "new".to_owned(), 1_000, next.ends_at, true), (2, "upgrade".to_owned(), 600, next.ends_at, true)]);
        let entries = scene.entries().await;
        assert_eq!(entries[..2], before);
        let renewed = |credits| (EntryKind::Renewed, credits, bought.ends_at, next.ends_at);
        assert_eq!(entries[2..], [renewed(1_000), renewed(600)]);
        assert_eq!(around(&scene, acme, bought.ends_at).await, [1_600, 1_600, 1_600]);
        assert_eq!(around(&scene, acme, next.ends_at).await, [1_600, 0, 0]);
        let scope = BusinessScope::of(&admin, Action::SeeLicenses).unwrap();
        let line = history::read(&scene.stage.db, scope, bought.ends_at - TimeDelta::days(1), scene.now()).await.unwrap();
        assert_eq!((line.opening().total_valid, line.at(bought.ends_at).total_valid, line.closing().total_valid), (1_600, 1_600, 1_600));
        let causes: Vec<_> = line.steps().iter().flat_map(|step| &step.changes).map(|change| (change.cause, change.credits)).collect();
        assert_eq!(causes, [(Cause::Renewed, 1_600), (Cause::Expired, -1_600)]);
        let traced = trace::of_agreement(&scene.stage.db, scope, &bought.agreement_id).await.unwrap();
        assert_eq!(traced.iter().map(|entry| entry.kind).collect::<Vec<_>>(), [EntryKind::Granted, EntryKind::Granted, EntryKind::Renewed, EntryKind::Renewed]);
        assert_eq!(scene.words("SELECT agreement_id FROM contracts").await, [next.agreement_id]);
        assert_eq!(scene.number("SELECT CAST(COUNT(*) AS BIGINT) FROM mails WHERE kind = 'license_renewed'").await, 1);
        assert_eq!(scene.number("SELECT CAST(COUNT(*) AS BIGINT) FROM audit_entries WHERE action = 'contract.renewed'").await, 1);
    }

    /// REN-1: fewer credits shrink the items from the newest back, more are a new item of the kind renewal with the same
    /// expiration; the pool is right at every instant around the boundary.
    #[test]
    async fn another_total_shrinks_the_newest_item_or_adds_one(stage: Stage) {
        let scene = Scene::new(stage);
        let (acme, admin) = acme(&scene).await;
        let (bought, _) = scene.activated(1, 1_000, &admin).await;
        for total in [1_600, 1_650] {
            scene.stage.clock.advance(TimeDelta::days(10));
            scene.market.world().total(&bought, total);
            apply_changes(&scene.room).await.unwrap();
        }
        scene.reach(bought.ends_at);
        let second = scene.market.world().renews(&bought, 1_200);
        apply_changes(&scene.room).await.unwrap();
        let items: Vec<Item> = scene.rows(ITEMS).await;
        let item = |number, kind: &str, credits, end, renewed| (number, kind.to_owned(), credits, end, renewed);
        assert_eq!(
            items,
            [
                item(1, "new", 1_000, second.ends_at, true),
                item(2, "upgrade", 200, second.ends_at, true),
                item(3, "upgrade", 50, bought.ends_at, false),
            ]
        );
        assert_eq!(around(&scene, acme, bought.ends_at).await, [1_650, 1_200, 1_200]);
        scene.reach(second.ends_at);
        let third = scene.market.world().renews(&second, 2_000);
        apply_changes(&scene.room).await.unwrap();
        let items: Vec<Item> = scene.rows(ITEMS).await;
        assert_eq!(
            items,
            [
                item(1, "new", 1_000, third.ends_at, true),
                item(2, "upgrade", 200, third.ends_at, true),
                item(3, "upgrade", 50, bought.ends_at, false),
                item(4, "renewal", 800, third.ends_at, false),
            ]
        );
        assert_eq!(around(&scene, acme, second.ends_at).await, [1_200, 2_000, 2_000]);
        assert_eq!(scene.numbers("SELECT granted FROM contracts").await, [2_000]);
    }

    /// REN-1, UPG-5: the same renewal seen many times, at once and again, is booked once; credits that are added in the new
    /// term come on top.
    #[test]
    async fn a_renewal_seen_many_times_is_booked_once(stage: Stage) {
        let scene = Scene::new(stage);
        let (acme, admin) = acme(&scene).await;
        let (bought, _) = scene.activated(1, 1_000, &admin).await;
        scene.reach(bought.ends_at);
        let next = scene.market.world().renews(&bought, 1_000);
        let workers = (0..8).map(|number| {
            let room = scene.room.clone();
            tokio::spawn(async move { if number % 2 == 0 { apply_changes(&room).await } else { reread_ends(&room).await } })
        });
        for done in futures_util::future::join_all(workers).await {
            done.unwrap().unwrap();
        }
        scene.market.world().announce(&next);
        apply_changes(&scene.room).await.unwrap();
        assert_eq!((scene.entries().await.len(), scene.valid(acme, scene.now()).await), (2, 1_000));
        scene.market.world().total(&next, 1_300);
        apply_changes(&scene.room).await.unwrap();
        assert_eq!(scene.valid(acme, scene.now()).await, 1_300);
        assert_eq!(scene.valid(acme, next.ends_at).await, 0);
    }

    /// REN-4: an end that passes is read again without any event, and a failed read is never taken for zero: nothing is
    /// settled until the marketplace has answered.
    #[test]
    async fn an_end_that_passes_is_read_again_before_anything_is_settled(stage: Stage) {
        let scene = Scene::new(stage);
        let (acme, admin) = acme(&scene).await;
        let (bought, _) = scene.activated(1, 1_000, &admin).await;
        assert_eq!(reread_ends(&scene.room).await.unwrap(), 0);
        scene.reach(bought.ends_at);
        for call in [Call::Entitlements, Call::Agreement] {
            scene.market.world().away.insert(call);
            assert_eq!(reread_ends(&scene.room).await.unwrap(), 0, "{call:?}");
            scene.market.world().away.clear();
            scene.stage.clock.advance(TimeDelta::minutes(2));
        }
        scene.market.world().ends_as(&bought, None);
        assert_eq!(reread_ends(&scene.room).await.unwrap(), 1, "in flight: nothing is decided");
        assert_eq!(reread_ends(&scene.room).await.unwrap(), 0, "and it is not asked again at once");
        assert_eq!(scene.number("SELECT CAST(COUNT(*) AS BIGINT) FROM contracts WHERE ended_at IS NULL").await, 1);
        scene.market.world().renews(&bought, 1_000);
        scene.market.world().changes.clear();
        scene.stage.clock.advance(TimeDelta::minutes(2));
        assert_eq!(reread_ends(&scene.room).await.unwrap(), 1);
        assert_eq!(scene.valid(acme, scene.now()).await, 1_000);
        assert_eq!(around(&scene, acme, bought.ends_at).await, [1_000; 3], "late, and yet exact");
        assert_eq!(reread_ends(&scene.room).await.unwrap(), 0);
    }

    /// REN-4: RENEWED and REPLACED are not revocations; only what is over ends, and then it is read no more.
    #[test]
    async fn only_what_is_over_is_settled_as_ended(stage: Stage) {
        let scene = Scene::new(stage);
        let (_, admin) = acme(&scene).await;
        let endings = [None, Some(Ending::Renewed), Some(Ending::Replaced), Some(Ending::Expired), Some(Ending::Cancelled), Some(Ending::Terminated)];
        let mut bought = Vec::new();
        for (number, _) in (1..).zip(endings) {
            bought.push(scene.activated(number, 1_000, &admin).await.0);
        }
        scene.reach(bought[0].ends_at);
        for (bought, ending) in bought.iter().zip(endings) {
            scene.market.world().ends_as(bought, ending);
        }
        assert_eq!(reread_ends(&scene.room).await.unwrap(), 6);
        let ended = scene.words("SELECT license_arn FROM contracts WHERE ended_at IS NOT NULL ORDER BY license_arn").await;
        assert_eq!(ended, bought[3..].iter().map(|bought| bought.license_arn.clone()).collect::<Vec<_>>());
        assert_eq!(scene.number("SELECT CAST(COUNT(*) AS BIGINT) FROM licenses WHERE revoked_at IS NOT NULL").await, 0);
        assert_eq!(scene.number("SELECT CAST(COUNT(*) AS BIGINT) FROM contract_questions").await, 0);
        scene.stage.clock.advance(TimeDelta::days(2));
        assert_eq!(reread_ends(&scene.room).await.unwrap(), 3);
        assert_eq!(scene.words("SELECT kind FROM contract_questions").await, ["unclear_renewal", "unclear_renewal"], "renewed as what?");
    }

    /// REN-4: a new license ARN joins its chain by the initial agreement, whether its own event, the end or a landing comes
    /// first; lookups by either find the contract, and a landing of it says already activated.
    #[test]
    async fn a_new_license_arn_joins_its_contract(stage: Stage) {
        let scene = Scene::new(stage);
        let (acme, admin) = acme(&scene).await;
        let ways = ["event", "end", "landing"];
        for (number, way) in (1..).zip(ways) {
            let (bought, activated) = scene.activated(number, 1_000, &admin).await;
            scene.reach(bought.ends_at);
            let arn = format!("{}{number}", &ARN[..ARN.len() - 1]);
            let next = scene.market.world().renews_as(&bought, &arn, 1_200, way == "end");
            match way {
                "event" => drop(apply_changes(&scene.room).await.unwrap()),
                "end" => {
                    scene.market.world().changes.clear();
                    assert_eq!(reread_ends(&scene.room).await.unwrap(), 1);
                }
                _ => {}
            }
            scene.market.world().changes.clear();
            let landed = scene.click(&next).await;
            let Err(Refusal::ActivatedHere(existing)) = scene.activate(&admin, &landed).await else { panic!("{way}: activated twice") };
            assert_eq!(existing.contract, activated.contract, "{way}");
            assert_eq!(scene.valid(acme, scene.now()).await, 1_200, "{way}");
            scene.market.world().announce(&bought);
            assert_eq!(apply_changes(&scene.room).await.unwrap(), 1, "an event of the old license ARN finds the contract");
            assert_eq!(scene.valid(acme, scene.now()).await, 1_200, "{way}");
            report_activations(&scene.room).await.unwrap();
            assert!(scene.market.world().reported.iter().any(|(reported, _)| *reported == arn), "{way}: the marketplace knows it as activated");
            scene.reach(next.ends_at);
            scene.market.world().ends_as(&next, Some(Ending::Expired));
            reread_ends(&scene.room).await.unwrap();
        }
        assert_eq!(scene.number("SELECT CAST(COUNT(*) AS BIGINT) FROM contracts").await, 3);
        assert_eq!(scene.number("SELECT CAST(COUNT(*) AS BIGINT) FROM contract_arns").await, 3);
    }

    /// REN-4: where it is ambiguous nothing is booked and staff are asked, once: two contracts of the chain, an unknown
    /// chain, and two license ARNs in force at the same time.
    #[test]
    async fn an_ambiguous_renewal_is_put_before_staff(stage: Stage) {
        let scene = Scene::new(stage);
        let (acme, admin) = acme(&scene).await;
        let (one, _) = scene.activated(1, 1_000, &admin).await;
        let (other, _) = scene.activated(2, 500, &admin).await;
        let (third, _) = scene.activated(3, 200, &admin).await;
        let same_chain = scene.stage.db.write("UPDATE contracts SET initial_agreement_id = $1 WHERE license_arn = $2");
        same_chain.bind(&one.agreement_id).bind(&other.license_arn).exec_one().await.unwrap();
        scene.reach(one.ends_at);
        scene.market.world().renews_as(&one, ARN, 900, true);
        let unknown = format!("{}e", &ARN[..ARN.len() - 1]);
        scene.market.world().renews_as(&third, &unknown, 200, false);
        scene.market.world().facts.get_mut(&unknown).unwrap().initial_agreement_id = "agmt-nobody".to_owned();
        for _ in 0..2 {
            apply_changes(&scene.room).await.unwrap();
            for bought in [&one, &third] {
                scene.market.world().announce(bought);
            }
        }
        assert_eq!(scene.valid(acme, scene.now()).await, 0, "nothing is booked");
        let questions: Vec<(String, i64, Option<String>)> =
            scene.rows("SELECT kind, reported, license_arn FROM contract_questions WHERE closed_at IS NULL ORDER BY reported DESC").await;
        assert!(questions.iter().all(|question| question.0 == "unclear_renewal"), "{questions:?}");
        assert!(questions.contains(&("unclear_renewal".to_owned(), 900, Some(ARN.to_owned()))), "{questions:?}");
        assert!(questions.contains(&("unclear_renewal".to_owned(), 200, Some(unknown))), "{questions:?}");
    }

    /// REN-1, TIM-3: news of the next term that comes before the end by this console's clock waits for it.
    #[test]
    async fn a_renewal_that_is_told_early_is_booked_at_the_end(stage: Stage) {
        let scene = Scene::new(stage);
        let (acme, admin) = acme(&scene).await;
        let (bought, _) = scene.activated(1, 1_000, &admin).await;
        scene.reach(bought.ends_at - TimeDelta::seconds(1));
        scene.market.world().renews(&bought, 800);
        apply_changes(&scene.room).await.unwrap();
        assert_eq!((scene.valid(acme, scene.now()).await, scene.entries().await.len()), (1_000, 1));
        assert_eq!(scene.number("SELECT CAST(COUNT(*) AS BIGINT) FROM contract_questions").await, 0);
        scene.reach(bought.ends_at);
        reread_ends(&scene.room).await.unwrap();
        assert_eq!(around(&scene, acme, bought.ends_at).await, [1_000, 800, 800]);
    }

    /// REN-1, UPG-4: credits that were added at the very end and were not booked yet are not lost: they are part of the
    /// total that renews.
    #[test]
    async fn a_grant_at_the_reset_instant_is_not_lost(stage: Stage) {
        let scene = Scene::new(stage);
        let (acme, admin) = acme(&scene).await;
        let (bought, _) = scene.activated(1, 1_000, &admin).await;
        scene.reach(bought.ends_at - TimeDelta::microseconds(1));
        let row = Entitlement { dimension: "credits".to_owned(), quantity: 1_500, expires_at: bought.ends_at };
        scene.market.world().rows.insert(bought.license_arn.clone(), vec![row]);
        scene.reach(bought.ends_at);
        scene.market.world().renews(&bought, 1_500);
        apply_changes(&scene.room).await.unwrap();
        assert_eq!(around(&scene, acme, bought.ends_at).await, [1_000, 1_500, 1_500]);
        let items: Vec<Item> = scene.rows(ITEMS).await;
        assert_eq!(items.iter().map(|item| (item.1.as_str(), item.2)).collect::<Vec<_>>(), [("new", 1_000), ("renewal", 500)]);
        let expired = Status::of(None, items[0].3, scene.now());
        assert_eq!(expired, Status::Active);
    }
}
