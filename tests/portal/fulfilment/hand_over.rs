//! A registration goes to a colleague: who can use the link, and until when.

use super::Scene;
use crate::support::Stage;
use chrono::TimeDelta;
use creditdesk::access::{Action, Actor, BusinessRole, BusinessScope};
use creditdesk::db::SplitRefusal;
use creditdesk::fulfilment::hand_over::{HandOver, HandOverRefusal, hand_over};
use creditdesk::fulfilment::prepare::Refusal;
use creditdesk::kernel::secret::Secret;

async fn handed_over(scene: &Scene, handle: &Secret, actor: &Actor) -> Result<HandOver, HandOverRefusal> {
    let scope = BusinessScope::of(actor, Action::EnterConsole).unwrap();
    hand_over(&scene.room, handle, scope, &scene.who(actor)).await.refusal().unwrap()
}

both_engines! {
    /// SET-9: a member without licensing permission hands over; the colleague's link activates in their business.
    #[test]
    async fn a_colleague_activates_by_the_link(stage: Stage) {
        let scene = Scene::new(stage);
        let acme = scene.business("Acme Industries").await;
        let member = scene.person("member@acme.example", BusinessRole::Member, acme).await;
        let licensing = scene.person("licensing@acme.example", BusinessRole::LicensingManager, acme).await;
        let bought = scene.market.buy(1, 1000, scene.now());
        let landed = scene.click(&bought).await;
        let link = handed_over(&scene, &landed.handle, &member).await.unwrap();
        assert_eq!(link.valid_until, scene.now() + TimeDelta::hours(4));
        assert_ne!(link.code.reveal(), landed.handle.reveal());
        assert_eq!(scene.made().await, [0, 0, 0, 0], "a link grants nothing");
        let hashes: Vec<(Vec<u8>,)> = scene.rows("SELECT handle_hash FROM registration_handles WHERE business_id IS NOT NULL").await;
        assert_eq!(hashes, [(link.code.hash(),)]);

        scene.activate_with(&licensing, &link.code, landed.registration, true).await.unwrap();
        assert_eq!(scene.made().await[..3], [1, 1, 1]);
        let audit = scene.words("SELECT action FROM audit_entries WHERE business_id IS NOT NULL ORDER BY recorded_at, id").await;
        assert_eq!(audit, ["registration.handed_over", "license.activated"]);
    }

    /// SET-9: the link is useless to other businesses, and says nothing of the business it is for.
    #[test]
    async fn the_link_is_useless_to_another_business(stage: Stage) {
        let scene = Scene::new(stage);
        let acme = scene.business("Acme Industries").await;
        let globex = scene.business("Globex").await;
        let member = scene.person("member@acme.example", BusinessRole::Member, acme).await;
        let stranger = scene.person("admin@globex.example", BusinessRole::Administrator, globex).await;
        let bought = scene.market.buy(1, 1000, scene.now());
        let landed = scene.click(&bought).await;
        let link = handed_over(&scene, &landed.handle, &member).await.unwrap();
        let refused = scene.activate_with(&stranger, &link.code, landed.registration, true).await;
        assert_eq!(refused, Err(Refusal::OtherBusinessLink));
        assert_eq!(handed_over(&scene, &link.code, &stranger).await.unwrap_err(), HandOverRefusal::NoRegistration);
        assert_eq!(scene.made().await, [0, 0, 0, 0]);

        let both = scene.join(stranger.person, BusinessRole::LicensingManager, acme).await;
        let in_globex = Actor { business: Some(globex), ..both.clone() };
        let refused = scene.activate_with(&in_globex, &link.code, landed.registration, true).await;
        assert_eq!(refused, Err(Refusal::OtherBusinessLink), "also for somebody who is in both");
        scene.activate_with(&both, &link.code, landed.registration, true).await.unwrap();
        assert_eq!(scene.rows::<(creditdesk::kernel::id::BusinessId,)>("SELECT business_id FROM contracts").await, [(acme,)]);
    }

    /// SET-9: the link is valid within the registration's own window and not a microsecond longer.
    #[test]
    async fn the_link_ends_with_the_registration(stage: Stage) {
        let scene = Scene::new(stage);
        let acme = scene.business("Acme Industries").await;
        let licensing = scene.person("licensing@acme.example", BusinessRole::LicensingManager, acme).await;
        let bought = scene.market.buy(1, 1000, scene.now());
        let landed = scene.click(&bought).await;
        scene.stage.clock.advance(TimeDelta::hours(3));
        let link = handed_over(&scene, &landed.handle, &licensing).await.unwrap();
        assert_eq!(link.valid_until, scene.now() + TimeDelta::hours(1));
        scene.stage.clock.advance(TimeDelta::hours(1));
        let refused = scene.activate_with(&licensing, &link.code, landed.registration, true).await;
        assert_eq!(refused, Err(Refusal::Expired));
        assert_eq!(handed_over(&scene, &landed.handle, &licensing).await.unwrap_err(), HandOverRefusal::Expired);
        assert_eq!(scene.made().await, [0, 0, 0, 0]);
    }

    #[test]
    async fn nothing_is_handed_over_without_a_registration_or_after_the_activation(stage: Stage) {
        let scene = Scene::new(stage);
        let acme = scene.business("Acme Industries").await;
        let admin = scene.person("admin@acme.example", BusinessRole::Administrator, acme).await;
        assert_eq!(handed_over(&scene, &Secret::generate(), &admin).await.unwrap_err(), HandOverRefusal::NoRegistration);
        let bought = scene.market.buy(1, 1000, scene.now());
        let landed = scene.click(&bought).await;
        scene.activate(&admin, &landed).await.unwrap();
        assert_eq!(handed_over(&scene, &landed.handle, &admin).await.unwrap_err(), HandOverRefusal::Activated);
        assert_eq!(scene.number("SELECT CAST(COUNT(*) AS BIGINT) FROM registration_handles WHERE business_id IS NOT NULL").await, 0);
    }
}
