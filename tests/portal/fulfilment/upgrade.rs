//! What follows an activation: more credits, fewer credits, and changes that come twice, late or not at all.

use super::Scene;
use crate::support::Stage;
use crate::support::fake_marketplace::Call;
use chrono::TimeDelta;
use creditdesk::access::{Actor, BusinessRole};
use creditdesk::credits::ledger::figures;
use creditdesk::fulfilment::marketplace::Entitlement;
use creditdesk::fulfilment::report::report_activations;
use creditdesk::fulfilment::sync::apply_changes;
use creditdesk::kernel::clock::Timestamp;
use creditdesk::kernel::id::BusinessId;

const ITEMS: &str = "SELECT item_number, kind, credits, starts_at, expires_at, activated_at FROM licenses ORDER BY item_number";
type Item = (i64, String, i64, Timestamp, Timestamp, Timestamp);

async fn acme(scene: &Scene) -> (BusinessId, Actor) {
    let acme = scene.business("Acme Industries").await;
    let admin = scene.person("admin@acme.example", BusinessRole::Administrator, acme).await;
    (acme, admin)
}

both_engines! {
    /// UPG-4: a higher total becomes a new item of the difference with the same expiration, to the microsecond; the
    /// original item does not change.
    #[test]
    async fn added_credits_are_an_item_of_their_own_with_the_same_expiration(stage: Stage) {
        let scene = Scene::new(stage);
        let (acme, admin) = acme(&scene).await;
        let (bought, _) = scene.activated(1, 1000, &admin).await;
        let started = scene.now();
        scene.stage.clock.advance(TimeDelta::days(100) + TimeDelta::microseconds(7));
        scene.market.world().total(&bought, 1600);
        assert_eq!(apply_changes(&scene.room).await.unwrap(), 1);
        let now = scene.now();
        let items: Vec<Item> = scene.rows(ITEMS).await;
        assert_eq!(
            items,
            [(1, "new".to_owned(), 1000, started, bought.ends_at, started), (2, "upgrade".to_owned(), 600, now, bought.ends_at, now)]
        );
        assert_eq!(figures(&scene.stage.db, acme, now).await.unwrap().total_valid, 1600);
        assert_eq!(figures(&scene.stage.db, acme, now - TimeDelta::microseconds(1)).await.unwrap().total_valid, 1000, "not before it was booked");
        assert_eq!(figures(&scene.stage.db, acme, bought.ends_at).await.unwrap().total_valid, 0, "they end together");
        assert_eq!(scene.words("SELECT kind FROM mails ORDER BY created_at").await, ["license_activated", "license_added"]);
        let subject = scene.words("SELECT subject FROM mails WHERE kind = 'license_added'").await;
        assert_eq!(subject, ["600 credits added: Trend Vision One"]);
        assert_eq!(scene.number("SELECT CAST(COUNT(*) AS BIGINT) FROM audit_entries WHERE action = 'license.added'").await, 1);
        assert!(scene.market.world().changes.is_empty());
    }

    /// UPG-5: the same total seen twice books nothing, whether the change came again or two changes came at once.
    #[test]
    async fn the_same_total_seen_twice_books_nothing(stage: Stage) {
        let scene = Scene::new(stage);
        let (acme, admin) = acme(&scene).await;
        let (bought, _) = scene.activated(1, 1000, &admin).await;
        scene.market.world().total(&bought, 1600);
        scene.market.world().away.insert(Call::Acknowledge);
        apply_changes(&scene.room).await.unwrap();
        scene.market.world().away.clear();
        for _ in 0..3 {
            scene.market.world().announce(&bought);
        }
        assert_eq!(apply_changes(&scene.room).await.unwrap(), 4, "the unacknowledged one came again");
        assert_eq!(scene.made().await, [1, 2, 2, 2]);
        assert_eq!(figures(&scene.stage.db, acme, scene.now()).await.unwrap().total_valid, 1600);
    }

    /// UPG-5: a lower total is not booked; staff are asked, once, and the customer keeps what was granted.
    #[test]
    async fn a_lower_total_is_put_before_staff_once(stage: Stage) {
        let scene = Scene::new(stage);
        let (acme, admin) = acme(&scene).await;
        let (bought, activated) = scene.activated(1, 1000, &admin).await;
        for _ in 0..3 {
            scene.market.world().total(&bought, 400);
            assert_eq!(apply_changes(&scene.room).await.unwrap(), 1);
        }
        assert_eq!(scene.made().await, [1, 1, 1, 1], "nothing booked, nobody mailed");
        assert_eq!(figures(&scene.stage.db, acme, scene.now()).await.unwrap().total_valid, 1000);
        let questions: Vec<(String, i64, i64)> = scene.rows("SELECT kind, granted, reported FROM contract_questions WHERE closed_at IS NULL").await;
        assert_eq!(questions, [("lower_total".to_owned(), 1000, 400)]);
        let audit = scene.words("SELECT subject FROM audit_entries WHERE action = 'contract.question_raised'").await;
        assert_eq!(audit, [activated.contract.to_string()]);
    }

    #[test]
    async fn another_end_is_put_before_staff_and_not_booked(stage: Stage) {
        let scene = Scene::new(stage);
        let (acme, admin) = acme(&scene).await;
        let (bought, _) = scene.activated(1, 1000, &admin).await;
        let later = Entitlement { dimension: "credits".to_owned(), quantity: 1600, expires_at: bought.ends_at + TimeDelta::days(1) };
        scene.market.world().rows.insert(bought.license_arn.clone(), vec![later]);
        scene.market.world().announce(&bought);
        apply_changes(&scene.room).await.unwrap();
        assert_eq!(figures(&scene.stage.db, acme, scene.now()).await.unwrap().total_valid, 1000);
        assert_eq!(scene.words("SELECT kind FROM contract_questions").await, ["other_expiry"]);
    }

    /// UPG-4: a change of a purchase that is not activated books nothing and is done with: its activation reads the truth.
    #[test]
    async fn a_change_before_the_activation_is_acknowledged_and_books_nothing(stage: Stage) {
        let scene = Scene::new(stage);
        let (acme, admin) = acme(&scene).await;
        let bought = scene.market.buy(1, 1000, scene.now());
        scene.market.world().total(&bought, 1600);
        assert_eq!(apply_changes(&scene.room).await.unwrap(), 2);
        assert_eq!(scene.made().await, [0, 0, 0, 0]);
        let landed = scene.click(&bought).await;
        scene.activate(&admin, &landed).await.unwrap();
        assert_eq!(figures(&scene.stage.db, acme, scene.now()).await.unwrap().total_valid, 1600);
    }

    /// UPG-4: an upgrade whose change came between the activation's read and its booking is not lost.
    #[test]
    async fn an_upgrade_in_the_middle_of_the_activation_is_not_lost(stage: Stage) {
        let scene = Scene::new(stage);
        let (acme, admin) = acme(&scene).await;
        let bought = scene.market.buy(1, 1000, scene.now());
        let landed = scene.click(&bought).await;
        let row = Entitlement { dimension: "credits".to_owned(), quantity: 1600, expires_at: bought.ends_at };
        let arn = bought.license_arn.clone();
        scene.market.world().meanwhile = Some(Box::new(move |world| {
            world.rows.insert(arn, vec![row]);
            // Its change was received and acknowledged while there was no contract to book it on.
            world.changes.clear();
        }));
        scene.activate(&admin, &landed).await.unwrap();
        let items: Vec<Item> = scene.rows(ITEMS).await;
        assert_eq!(items.iter().map(|item| item.2).collect::<Vec<_>>(), [1000, 600]);
        assert_eq!(figures(&scene.stage.db, acme, scene.now()).await.unwrap().total_valid, 1600);
    }

    #[test]
    async fn a_change_that_cannot_be_followed_comes_again(stage: Stage) {
        let scene = Scene::new(stage);
        let (acme, admin) = acme(&scene).await;
        let (first, _) = scene.activated(1, 1000, &admin).await;
        for call in [Call::Receive, Call::Entitlements, Call::Agreement] {
            scene.market.world().changes.clear();
            scene.market.world().total(&first, 1600);
            scene.market.world().away.insert(call);
            assert_eq!(apply_changes(&scene.room).await.unwrap(), 0, "{call:?}");
            assert_eq!(scene.market.world().changes.len(), 1, "{call:?}");
            scene.market.world().away.clear();
        }
        assert_eq!(figures(&scene.stage.db, acme, scene.now()).await.unwrap().total_valid, 1000);
        assert_eq!(apply_changes(&scene.room).await.unwrap(), 1);
        assert_eq!(figures(&scene.stage.db, acme, scene.now()).await.unwrap().total_valid, 1600);
    }

    #[test]
    async fn auto_renew_follows_the_agreement_and_is_audited(stage: Stage) {
        let scene = Scene::new(stage);
        let (_, admin) = acme(&scene).await;
        let (bought, _) = scene.activated(1, 1000, &admin).await;
        scene.market.world().facts.get_mut(&bought.license_arn).unwrap().auto_renew = false;
        for _ in 0..2 {
            scene.market.world().announce(&bought);
            apply_changes(&scene.room).await.unwrap();
        }
        assert_eq!(scene.number("SELECT CAST(COUNT(*) AS BIGINT) FROM contracts WHERE auto_renew = FALSE").await, 1);
        assert_eq!(scene.number("SELECT CAST(COUNT(*) AS BIGINT) FROM audit_entries WHERE action = 'contract.auto_renew_noted'").await, 1);
        assert_eq!(scene.made().await, [1, 1, 1, 1]);
    }

    /// TIM-3: what the marketplace says at or after the contract's end changes nothing.
    #[test]
    async fn a_change_after_the_end_books_nothing(stage: Stage) {
        let scene = Scene::new(stage);
        let (_, admin) = acme(&scene).await;
        let (bought, _) = scene.activated(1, 1000, &admin).await;
        scene.stage.clock.advance(TimeDelta::days(365));
        scene.market.world().total(&bought, 1600);
        assert_eq!(apply_changes(&scene.room).await.unwrap(), 1);
        assert_eq!(scene.made().await, [1, 1, 1, 1]);
        assert_eq!(scene.number("SELECT CAST(COUNT(*) AS BIGINT) FROM contract_questions").await, 0);
        assert_eq!(report_activations(&scene.room).await.unwrap(), 0);
    }
}
