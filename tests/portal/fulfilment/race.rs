//! Many attempts at one purchase at the same time.

use super::Scene;
use crate::support::Stage;
use creditdesk::access::BusinessRole;
use creditdesk::credits::ledger::figures;
use creditdesk::fulfilment::prepare::Refusal;
use creditdesk::fulfilment::sync::apply_changes;
use futures_util::future::join_all;
use std::sync::Arc;
use tokio::sync::Barrier;

const RIVALS: u32 = 64;
const ROUNDS: u32 = 10;

both_engines! {
    /// ACT-6: of 64 simultaneous attempts by two businesses exactly one succeeds; the others see *Products Already
    /// Activated*, and nothing is there twice.
    #[test]
    async fn of_many_simultaneous_activations_exactly_one_succeeds(stage: Stage) {
        let scene = Arc::new(Scene::new(stage));
        let (acme, globex) = (scene.business("Acme Industries").await, scene.business("Globex").await);
        let one = scene.person("admin@acme.example", BusinessRole::Administrator, acme).await;
        let other = scene.person("admin@globex.example", BusinessRole::Administrator, globex).await;
        for round in 1..=ROUNDS {
            let bought = scene.market.buy(round, 1000, scene.now());
            let landed = [Arc::new(scene.click(&bought).await), Arc::new(scene.click(&bought).await)];
            let start = Arc::new(Barrier::new(RIVALS as usize));
            let attempts = (0..RIVALS).map(|rival| {
                let (scene, start) = (scene.clone(), start.clone());
                let (actor, landed) = if rival % 2 == 0 { (one.clone(), landed[0].clone()) } else { (other.clone(), landed[1].clone()) };
                tokio::spawn(async move {
                    start.wait().await;
                    scene.activate(&actor, &landed).await.map(|_| actor.business)
                })
            });
            let outcomes: Vec<_> = join_all(attempts).await.into_iter().map(|joined| joined.expect("no attempt panics")).collect();
            let winners: Vec<_> = outcomes.iter().filter_map(|outcome| outcome.as_ref().ok()).collect();
            assert_eq!(winners.len(), 1, "round {round}");
            let here = outcomes.iter().filter(|outcome| matches!(outcome, Err(Refusal::ActivatedHere(_)))).count();
            let elsewhere = outcomes.iter().filter(|outcome| matches!(outcome, Err(Refusal::ActivatedElsewhere))).count();
            assert_eq!((here, elsewhere), (31, 32), "round {round}");
            let rows = i64::from(round);
            assert_eq!(scene.made().await, [rows, rows, rows, rows], "round {round}");
        }
        let totals = [figures(&scene.stage.db, acme, scene.now()).await.unwrap(), figures(&scene.stage.db, globex, scene.now()).await.unwrap()];
        assert_eq!(totals[0].total_valid + totals[1].total_valid, i64::from(ROUNDS) * 1000);
        assert_eq!(scene.number("SELECT CAST(COUNT(*) AS BIGINT) FROM registrations WHERE completed_at IS NULL").await, 0);
        let audited = scene.number("SELECT CAST(COUNT(*) AS BIGINT) FROM audit_entries WHERE action = 'license.activated'").await;
        assert_eq!(audited, i64::from(ROUNDS));
    }

    /// UPG-5: several workers that follow the same changes at the same time book each difference once.
    #[test]
    async fn many_workers_book_an_upgrade_once(stage: Stage) {
        let scene = Arc::new(Scene::new(stage));
        let acme = scene.business("Acme Industries").await;
        let admin = scene.person("admin@acme.example", BusinessRole::Administrator, acme).await;
        let (bought, _) = scene.activated(1, 1000, &admin).await;
        for round in 1..=10 {
            scene.market.world().total(&bought, 1000 + round * 100);
            let workers = (0..8).map(|_| {
                let scene = scene.clone();
                tokio::spawn(async move { apply_changes(&scene.room).await.unwrap() })
            });
            join_all(workers).await;
            // Whoever gave way to another worker comes again.
            apply_changes(&scene.room).await.unwrap();
            assert_eq!(figures(&scene.stage.db, acme, scene.now()).await.unwrap().total_valid, 1000 + round * 100);
        }
        assert_eq!(scene.numbers("SELECT item_number FROM licenses ORDER BY item_number").await, (1..=11).collect::<Vec<_>>());
        assert_eq!(scene.number("SELECT CAST(COUNT(*) AS BIGINT) FROM contract_questions").await, 0);
    }
}
