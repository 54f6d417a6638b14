//! A token arrives: what is kept, for how long, and what is refused.

use super::Scene;
use crate::support::Stage;
use crate::support::fake_marketplace::Call;
use chrono::TimeDelta;
use creditdesk::db::SplitRefusal;
use creditdesk::fulfilment::land::{LandingRefusal, forget_handles, land};
use creditdesk::fulfilment::prepare::{Refusal, Viewer, check, find_held};
use creditdesk::fulfilment::products::Products;
use creditdesk::kernel::clock::Timestamp;
use std::collections::BTreeMap;

const REGISTRATIONS: &str = "SELECT CAST(COUNT(*) AS BIGINT) FROM registrations";
const HANDLES: &str = "SELECT CAST(COUNT(*) AS BIGINT) FROM registration_handles";

both_engines! {
    /// SET-3: a landing resolves at once, keeps a registration with the license ARN and grants nothing.
    #[test]
    async fn a_landing_keeps_a_registration_and_grants_nothing(stage: Stage) {
        let scene = Scene::new(stage);
        let bought = scene.market.buy(1, 1000, scene.now());
        let landed = scene.click(&bought).await;
        assert_eq!(scene.market.world().calls, [Call::Resolve]);
        assert_eq!(scene.words("SELECT license_arn FROM registrations").await, [bought.license_arn]);
        assert_eq!(scene.words("SELECT action FROM audit_entries").await, ["registration.landed"]);
        assert!(scene.holds(&landed.handle).await);
        assert_eq!(scene.made().await, [0, 0, 0, 0]);
    }

    /// SET-2: neither the token nor the browser's handle is stored; only their hashes are.
    #[test]
    async fn neither_token_nor_handle_is_stored(stage: Stage) {
        let scene = Scene::new(stage);
        let bought = scene.market.buy(1, 1000, scene.now());
        let token = scene.market.click(&bought, None);
        let landed = scene.land(&token).await;
        let hashes: Vec<(Vec<u8>, Vec<u8>)> =
            scene.rows("SELECT r.token_hash, h.handle_hash FROM registrations r JOIN registration_handles h ON h.registration_id = r.id").await;
        let [(token_hash, handle_hash)] = hashes.as_slice() else { panic!("one registration, one handle") };
        assert_eq!((token_hash.len(), handle_hash.len()), (32, 32));
        assert_eq!(*handle_hash, landed.handle.hash());
        let texts = scene.words("SELECT COALESCE(after, '') || subject || action || request_id FROM audit_entries").await.join(" ");
        assert!(!texts.contains(&token) && !texts.contains(landed.handle.reveal()));
        assert!(!format!("{landed:?}").contains(landed.handle.reveal()));
    }

    /// SET-3: the same token is the same registration and keeps its first deadline, however often it is presented.
    #[test]
    async fn a_token_presented_again_is_the_same_registration(stage: Stage) {
        let scene = Scene::new(stage);
        let bought = scene.market.buy(1, 1000, scene.now());
        let token = scene.market.click(&bought, None);
        let first = scene.land(&token).await;
        scene.stage.clock.advance(TimeDelta::hours(3));
        let again = scene.land(&token).await;
        assert_eq!(again.registration, first.registration);
        assert_ne!(again.handle.reveal(), first.handle.reveal());
        assert!(scene.holds(&first.handle).await && scene.holds(&again.handle).await);
        assert_eq!(scene.number(REGISTRATIONS).await, 1);
        let deadlines: Vec<(Timestamp,)> = scene.rows("SELECT expires_at FROM registrations").await;
        assert_eq!(deadlines, [(scene.now() + TimeDelta::hours(1),)]);
        assert_eq!(scene.words("SELECT action FROM audit_entries ORDER BY recorded_at").await, ["registration.landed", "registration.presented_again"]);
    }

    /// SET-1: each click is a registration of its own with its own time; a later one does not touch an earlier one.
    #[test]
    async fn every_click_has_its_own_deadline(stage: Stage) {
        let scene = Scene::new(stage);
        let start = scene.now();
        let bought = scene.market.buy(1, 1000, start);
        let first = scene.click(&bought).await;
        scene.stage.clock.advance(TimeDelta::hours(1));
        let second = scene.click(&bought).await;
        let deadlines: Vec<(Timestamp,)> = scene.rows("SELECT expires_at FROM registrations ORDER BY landed_at").await;
        assert_eq!(deadlines, [(start + TimeDelta::hours(4),), (start + TimeDelta::hours(5),)]);
        scene.stage.clock.advance(TimeDelta::hours(3));
        assert_eq!(check(&scene.room, &first.handle, &Viewer::default(), scene.now()).await.refusal().unwrap(), Err(Refusal::Expired));
        assert!(check(&scene.room, &second.handle, &Viewer::default(), scene.now()).await.refusal().unwrap().is_ok());
    }

    /// SET-4: where the marketplace tells when its token ends, that is the deadline, also when the landing was late.
    #[test]
    async fn the_deadline_is_counted_from_the_click_where_the_marketplace_tells_it(stage: Stage) {
        let scene = Scene::new(stage);
        let clicked = scene.now();
        let bought = scene.market.buy(1, 1000, clicked);
        let token = scene.market.click(&bought, Some(clicked + TimeDelta::hours(4)));
        scene.stage.clock.advance(TimeDelta::minutes(90));
        let landed = scene.land(&token).await;
        let held = find_held(&scene.room, &landed.handle, scene.now()).await.unwrap().unwrap();
        assert_eq!(held.registration.expires_at, clicked + TimeDelta::hours(4));
    }

    /// SET-5: each token that leads nowhere is told apart, and nothing is kept of it.
    #[test]
    async fn a_token_that_leads_nowhere_says_why_and_keeps_nothing(stage: Stage) {
        let mut scene = Scene::new(stage);
        let bought = scene.market.buy(1, 1000, scene.now());
        let token = scene.market.click(&bought, None);
        let too_old = scene.market.click(&bought, None);
        scene.market.world().expired_tokens.insert(too_old.clone());
        let refused = async |scene: &Scene, token: &str| land(&scene.room, token, &scene.anonymous()).await.refusal().unwrap().unwrap_err();

        assert_eq!(refused(&scene, "").await, LandingRefusal::Missing);
        for malformed in ["two words", "tab\t", "line\n", "nul\0", "ünïcode", &"x".repeat(4097)] {
            assert_eq!(refused(&scene, malformed).await, LandingRefusal::Malformed);
        }
        assert_eq!(scene.market.world().calls, [], "nobody asks the marketplace about what cannot be a token");
        assert_eq!(refused(&scene, "nobody-issued-this").await, LandingRefusal::Unknown);
        assert_eq!(refused(&scene, &too_old).await, LandingRefusal::Expired);
        scene.room.products = Products::Only(BTreeMap::from([("another-product".to_owned(), "credits".to_owned())]));
        assert_eq!(refused(&scene, &token).await, LandingRefusal::WrongProduct);
        scene.market.world().away.insert(Call::Resolve);
        assert_eq!(refused(&scene, &token).await, LandingRefusal::Unreachable);
        assert_eq!((scene.number(REGISTRATIONS).await, scene.number(HANDLES).await), (0, 0));
        assert_eq!(scene.number("SELECT CAST(COUNT(*) AS BIGINT) FROM audit_entries").await, 0);
    }

    /// SET-4: a token that the marketplace still takes is refused when the registration's own four hours are over.
    #[test]
    async fn presenting_a_token_again_does_not_open_the_window_again(stage: Stage) {
        let scene = Scene::new(stage);
        let bought = scene.market.buy(1, 1000, scene.now());
        let token = scene.market.click(&bought, None);
        scene.land(&token).await;
        scene.stage.clock.advance(TimeDelta::hours(4) - TimeDelta::microseconds(1));
        scene.land(&token).await;
        scene.stage.clock.advance(TimeDelta::microseconds(1));
        let refused = land(&scene.room, &token, &scene.anonymous()).await.refusal().unwrap();
        assert_eq!(refused.unwrap_err(), LandingRefusal::Expired);
        assert_eq!(scene.number(HANDLES).await, 2, "the refused landing left no handle");
    }

    /// SET-5: a late visitor reads *expired* for a day; then the browser's handle is forgotten, the registration is not.
    #[test]
    async fn handles_are_forgotten_after_a_day_and_registrations_are_kept(stage: Stage) {
        let scene = Scene::new(stage);
        let bought = scene.market.buy(1, 1000, scene.now());
        let landed = scene.click(&bought).await;
        scene.stage.clock.advance(TimeDelta::hours(24) - TimeDelta::microseconds(1));
        assert_eq!(forget_handles(&scene.room).await.unwrap(), 0);
        assert_eq!(check(&scene.room, &landed.handle, &Viewer::default(), scene.now()).await.refusal().unwrap(), Err(Refusal::Expired));
        scene.stage.clock.advance(TimeDelta::microseconds(1));
        assert_eq!(check(&scene.room, &landed.handle, &Viewer::default(), scene.now()).await.refusal().unwrap(), Err(Refusal::NoRegistration));
        assert_eq!(forget_handles(&scene.room).await.unwrap(), 1);
        assert_eq!((scene.number(REGISTRATIONS).await, scene.number(HANDLES).await), (1, 0));
    }
}
