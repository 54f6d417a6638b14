//! One activation at a time: what it books, when it is refused, and that a refusal leaves nothing behind.

use super::Scene;
use crate::support::Stage;
use crate::support::fake_marketplace::Call;
use chrono::TimeDelta;
use creditdesk::access::{Actor, BusinessRole};
use creditdesk::credits::ledger::{Figures, figures};
use creditdesk::db::Failed;
use creditdesk::fulfilment::marketplace::{AgreementStanding, Entitlement};
use creditdesk::fulfilment::prepare::Refusal;
use creditdesk::fulfilment::report::report_activations;
use creditdesk::kernel::clock::Timestamp;
use creditdesk::kernel::id::{BusinessId, PersonId};

async fn acme(scene: &Scene) -> (BusinessId, Actor) {
    let acme = scene.business("Acme Industries").await;
    let admin = scene.person("admin@acme.example", BusinessRole::Administrator, acme).await;
    (acme, admin)
}

both_engines! {
    /// ACT-5: license, credits, audit entry and outgoing mail are there together, with what the entitlement said.
    #[test]
    async fn an_activation_books_license_credits_audit_and_mail(stage: Stage) {
        let scene = Scene::new(stage);
        let (acme, admin) = acme(&scene).await;
        let bought = scene.market.buy(1, 1000, scene.now());
        scene.stage.clock.advance(TimeDelta::hours(1));
        let landed = scene.click(&bought).await;
        let activated = scene.activate(&admin, &landed).await.unwrap();

        let now = scene.now();
        let contracts: Vec<(BusinessId, String, i64, Timestamp, Timestamp, PersonId, bool)> =
            scene.rows("SELECT business_id, license_arn, granted, expires_at, activated_at, activated_by, auto_renew FROM contracts").await;
        assert_eq!(contracts, [(acme, bought.license_arn.clone(), 1000, bought.ends_at, now, admin.person, true)]);
        let licenses: Vec<(BusinessId, i64, String, i64, Timestamp, Timestamp)> =
            scene.rows("SELECT business_id, item_number, kind, credits, starts_at, expires_at FROM licenses").await;
        assert_eq!(licenses, [(acme, 1, "new".to_owned(), 1000, bought.ends_at - TimeDelta::days(365), bought.ends_at)]);
        let entries: Vec<(BusinessId, String, i64, Timestamp, Timestamp)> =
            scene.rows("SELECT business_id, kind, credits, effective_at, expires_at FROM credit_entries").await;
        assert_eq!(entries, [(acme, "granted".to_owned(), 1000, now, bought.ends_at)]);
        let audit: Vec<(String, String, Timestamp)> =
            scene.rows("SELECT subject, person_label, recorded_at FROM audit_entries WHERE action = 'license.activated'").await;
        assert_eq!(audit, [(activated.license.unwrap().to_string(), "admin@acme.example".to_owned(), now)]);
        assert_eq!(figures(&scene.stage.db, acme, now).await.unwrap(), Figures { total_valid: 1000, allocated: 0 });
        assert_eq!(scene.market.world().reported, [(bought.license_arn, now)]);
    }

    /// ACT-5: when the mail cannot be written, nothing of the activation is; afterwards the same attempt succeeds.
    #[test]
    async fn an_activation_is_all_or_nothing(stage: Stage) {
        let scene = Scene::new(stage);
        let (acme, admin) = acme(&scene).await;
        let bought = scene.market.buy(1, 1000, scene.now());
        let landed = scene.click(&bought).await;
        let audit_before = scene.number("SELECT CAST(COUNT(*) AS BIGINT) FROM audit_entries").await;
        scene.stage.db.write("ALTER TABLE mails RENAME TO mails_away").exec().await.unwrap();
        let failed = scene.try_activate(&admin, &landed.handle, landed.registration, true).await;
        assert!(matches!(failed, Err(Failed::Storage(_))), "{failed:?}");
        scene.stage.db.write("ALTER TABLE mails_away RENAME TO mails").exec().await.unwrap();
        assert_eq!(scene.made().await, [0, 0, 0, 0]);
        assert_eq!(scene.number("SELECT CAST(COUNT(*) AS BIGINT) FROM audit_entries").await, audit_before);
        assert_eq!(scene.number("SELECT CAST(COUNT(*) AS BIGINT) FROM registrations WHERE completed_at IS NOT NULL").await, 0);
        assert_eq!(scene.market.world().reported, []);

        scene.activate(&admin, &landed).await.unwrap();
        assert_eq!(scene.made().await, [1, 1, 1, 1]);
        assert_eq!(figures(&scene.stage.db, acme, scene.now()).await.unwrap().total_valid, 1000);
    }

    /// ACT-8: the person and everybody with licensing permission in the business get a mail; nobody else does.
    #[test]
    async fn those_with_licensing_permission_are_mailed_and_nobody_else(stage: Stage) {
        let scene = Scene::new(stage);
        let (acme, admin) = acme(&scene).await;
        for (email, role) in [
            ("licensing@acme.example", BusinessRole::LicensingManager),
            ("viewer@acme.example", BusinessRole::BillingViewer),
            ("auditor@acme.example", BusinessRole::Auditor),
            ("member@acme.example", BusinessRole::Member),
            ("gone@acme.example", BusinessRole::Administrator),
        ] {
            scene.person(email, role, acme).await;
        }
        let globex = scene.business("Globex").await;
        scene.person("admin@globex.example", BusinessRole::Administrator, globex).await;
        let disable = scene.stage.db.write("UPDATE people SET disabled_at = $1 WHERE email = 'gone@acme.example'");
        disable.bind(scene.now()).exec_one().await.unwrap();
        scene.activated(1, 1000, &admin).await;
        assert_eq!(scene.words("SELECT recipient FROM mails ORDER BY recipient").await, ["admin@acme.example", "licensing@acme.example"]);
        let subjects = scene.words("SELECT DISTINCT subject FROM mails").await;
        assert_eq!(subjects, ["Activation Successful: Trend Vision One"]);
        for body in scene.words("SELECT body FROM mails").await {
            for part in ["Acme Industries", "1,000", "2 Mar 2027, 09:00 UTC", "•••• •••• 3333", "https://desk.example/console/licenses", "https://desk.example/console/credits"] {
                assert!(body.contains(part), "{part} in {body}");
            }
            assert!(!body.contains("11112222") && !body.contains("Globex"));
        }
    }

    /// ACT-4: the credits are those of the entitlement at the moment of the activation, not those of the review.
    #[test]
    async fn what_is_granted_is_what_the_entitlement_says_at_that_moment(stage: Stage) {
        let scene = Scene::new(stage);
        let (acme, admin) = acme(&scene).await;
        let bought = scene.market.buy(1, 1000, scene.now());
        let landed = scene.click(&bought).await;
        scene.market.world().total(&bought, 1750);
        scene.activate(&admin, &landed).await.unwrap();
        assert_eq!(scene.numbers("SELECT granted FROM contracts").await, [1750]);
        assert_eq!(scene.numbers("SELECT credits FROM licenses").await, [1750]);
        assert_eq!(figures(&scene.stage.db, acme, scene.now()).await.unwrap().total_valid, 1750);
    }

    /// SET-4: the deadline is checked again by the activation itself, to the microsecond.
    #[test]
    async fn the_window_closes_at_the_deadline_and_not_before(stage: Stage) {
        let scene = Scene::new(stage);
        let (_, admin) = acme(&scene).await;
        let first = scene.market.buy(1, 1000, scene.now());
        let second = scene.market.buy(2, 500, scene.now());
        let (in_time, late) = (scene.click(&first).await, scene.click(&second).await);
        scene.stage.clock.advance(TimeDelta::hours(4) - TimeDelta::microseconds(1));
        scene.activate(&admin, &in_time).await.unwrap();
        scene.stage.clock.advance(TimeDelta::microseconds(1));
        assert_eq!(scene.activate(&admin, &late).await, Err(Refusal::Expired));
        assert_eq!(scene.numbers("SELECT granted FROM contracts").await, [1000]);
        // The way out is another click.
        let again = scene.click(&second).await;
        scene.activate(&admin, &again).await.unwrap();
    }

    /// SET-4: an activation that the marketplace held up beyond the deadline is too late.
    #[test]
    async fn an_answer_that_comes_after_the_deadline_is_too_late(stage: Stage) {
        let scene = Scene::new(stage);
        let (_, admin) = acme(&scene).await;
        let bought = scene.market.buy(1, 1000, scene.now());
        let landed = scene.click(&bought).await;
        scene.stage.clock.advance(TimeDelta::hours(4) - TimeDelta::seconds(1));
        let clock = scene.stage.clock.clone();
        scene.market.world().meanwhile = Some(Box::new(move |_| clock.advance(TimeDelta::seconds(1))));
        assert_eq!(scene.activate(&admin, &landed).await, Err(Refusal::Expired));
        assert_eq!(scene.made().await, [0, 0, 0, 0]);
    }

    /// SET-5: pending, ended, unclear and unreachable are told apart; the registration outlives each of them.
    #[test]
    async fn a_purchase_that_cannot_be_granted_now_keeps_its_registration(stage: Stage) {
        let scene = Scene::new(stage);
        let (_, admin) = acme(&scene).await;
        let bought = scene.market.buy(1, 1000, scene.now());
        let landed = scene.click(&bought).await;
        let arn = bought.license_arn.clone();
        let paid = scene.market.world().rows.remove(&arn).unwrap();
        for (standing, refusal) in [(AgreementStanding::Pending, Refusal::Pending), (AgreementStanding::Ended, Refusal::Ended)] {
            scene.market.world().facts.get_mut(&arn).unwrap().standing = standing;
            assert_eq!(scene.activate(&admin, &landed).await, Err(refusal));
        }
        scene.market.world().facts.get_mut(&arn).unwrap().standing = AgreementStanding::Active;
        let seats = Entitlement { dimension: "seats".to_owned(), quantity: 5, expires_at: bought.ends_at };
        scene.market.world().rows.insert(arn.clone(), vec![seats]);
        assert_eq!(scene.activate(&admin, &landed).await, Err(Refusal::Unclear));
        for call in [Call::Entitlements, Call::Agreement] {
            scene.market.world().away.insert(call);
            assert_eq!(scene.activate(&admin, &landed).await, Err(Refusal::Unreachable));
            scene.market.world().away.clear();
        }
        assert_eq!(scene.made().await, [0, 0, 0, 0]);
        scene.market.world().rows.insert(arn, paid);
        scene.activate(&admin, &landed).await.unwrap();
    }

    /// ACT-2: without the terms, or without the permission at the moment of the booking, nothing is activated.
    #[test]
    async fn activation_needs_the_terms_and_the_permission(stage: Stage) {
        let scene = Scene::new(stage);
        let (acme, admin) = acme(&scene).await;
        let bought = scene.market.buy(1, 1000, scene.now());
        let landed = scene.click(&bought).await;
        assert_eq!(scene.activate_with(&admin, &landed.handle, landed.registration, false).await, Err(Refusal::TermsNotAccepted));
        for role in [BusinessRole::BillingViewer, BusinessRole::Auditor, BusinessRole::Member] {
            let demote = scene.stage.db.write("UPDATE memberships SET role = $1 WHERE person_id = $2 AND business_id = $3");
            demote.bind(role).bind(admin.person).bind(acme).exec_one().await.unwrap();
            // The actor was loaded before the role was taken away.
            assert_eq!(scene.activate(&admin, &landed).await, Err(Refusal::NoLicensingPermission), "{role}");
        }
        let disable = scene.stage.db.write("UPDATE people SET disabled_at = $1 WHERE id = $2");
        disable.bind(scene.now()).bind(admin.person).exec_one().await.unwrap();
        assert_eq!(scene.activate(&admin, &landed).await, Err(Refusal::NoLicensingPermission));
        assert_eq!(scene.made().await, [0, 0, 0, 0]);
    }

    /// ACT-7: a repeat by the same business shows when and by whom; another business learns nothing of either.
    #[test]
    async fn a_repeat_shows_the_existing_result_to_its_own_business_only(stage: Stage) {
        let scene = Scene::new(stage);
        let (acme, admin) = acme(&scene).await;
        let globex = scene.business("Globex").await;
        let rival = scene.person("admin@globex.example", BusinessRole::Administrator, globex).await;
        let bought = scene.market.buy(1, 1000, scene.now());
        let landed = scene.click(&bought).await;
        let activated = scene.activate(&admin, &landed).await.unwrap();
        let when = scene.now();
        scene.stage.clock.advance(TimeDelta::hours(9));
        let Err(Refusal::ActivatedHere(existing)) = scene.activate(&admin, &landed).await else { panic!("the existing result") };
        assert_eq!((existing.contract, existing.business, existing.activated_at), (activated.contract, acme, when));
        assert_eq!((existing.activated_by.as_str(), existing.product_name.as_str()), ("admin", "Trend Vision One"));
        assert_eq!(scene.activate(&rival, &landed).await, Err(Refusal::ActivatedElsewhere));
        let clicked_again = scene.click(&bought).await;
        assert_eq!(scene.activate(&rival, &clicked_again).await, Err(Refusal::ActivatedElsewhere));
        assert_eq!(scene.made().await, [1, 1, 1, 1]);
    }

    /// SET-10: the first activation closes every registration of the purchase, and none of another.
    #[test]
    async fn the_first_activation_closes_all_registrations_of_the_purchase(stage: Stage) {
        let scene = Scene::new(stage);
        let (_, admin) = acme(&scene).await;
        let bought = scene.market.buy(1, 1000, scene.now());
        let other = scene.market.buy(2, 500, scene.now());
        let (first, second, untouched) = (scene.click(&bought).await, scene.click(&bought).await, scene.click(&other).await);
        scene.activate(&admin, &second).await.unwrap();
        let completed: Vec<(Option<Timestamp>,)> = scene.rows("SELECT completed_at FROM registrations ORDER BY agreement_id, id").await;
        assert_eq!(completed, [(Some(scene.now()),), (Some(scene.now()),), (None,)]);
        assert!(matches!(scene.activate(&admin, &first).await, Err(Refusal::ActivatedHere(_))));
        scene.activate(&admin, &untouched).await.unwrap();
    }

    /// ACT-9: landing first, entitlement later; and an agreement that the marketplace does not tell of yet.
    #[test]
    async fn it_works_whichever_comes_first(stage: Stage) {
        let scene = Scene::new(stage);
        let (_, admin) = acme(&scene).await;
        let bought = scene.market.buy(1, 1000, scene.now());
        let arn = bought.license_arn.clone();
        let facts = scene.market.world().facts.remove(&arn).unwrap();
        let rows = scene.market.world().rows.remove(&arn).unwrap();
        // The change event comes before anything is known of the purchase.
        assert_eq!(creditdesk::fulfilment::sync::apply_changes(&scene.room).await.unwrap(), 1);
        let landed = scene.click(&bought).await;
        assert_eq!(scene.activate(&admin, &landed).await, Err(Refusal::Pending));
        // The entitlement comes before the agreement.
        scene.market.world().rows.insert(arn.clone(), rows);
        scene.activate(&admin, &landed).await.unwrap();
        assert_eq!(scene.words("SELECT initial_agreement_id FROM contracts WHERE auto_renew = FALSE").await, std::slice::from_ref(&bought.agreement_id));
        scene.market.world().facts.insert(arn, facts);
        scene.market.world().announce(&bought);
        creditdesk::fulfilment::sync::apply_changes(&scene.room).await.unwrap();
        assert_eq!(scene.numbers("SELECT granted FROM contracts WHERE auto_renew = TRUE").await, [1000]);
    }

    /// ACT-3: a person in several businesses activates in the one that was chosen, in no other.
    #[test]
    async fn the_license_belongs_to_the_chosen_business(stage: Stage) {
        let scene = Scene::new(stage);
        let (acme, admin) = acme(&scene).await;
        let globex = scene.business("Globex").await;
        let both = scene.join(admin.person, BusinessRole::LicensingManager, globex).await;
        scene.activated(1, 1000, &both).await;
        assert_eq!(figures(&scene.stage.db, globex, scene.now()).await.unwrap().total_valid, 1000);
        assert_eq!(figures(&scene.stage.db, acme, scene.now()).await.unwrap().total_valid, 0);
    }

    #[test]
    async fn what_was_reviewed_in_another_tab_is_not_activated(stage: Stage) {
        let scene = Scene::new(stage);
        let (_, admin) = acme(&scene).await;
        let (first, second) = (scene.market.buy(1, 1000, scene.now()), scene.market.buy(2, 500, scene.now()));
        let (reviewed, held) = (scene.click(&first).await, scene.click(&second).await);
        let refused = scene.activate_with(&admin, &held.handle, reviewed.registration, true).await;
        assert_eq!(refused, Err(Refusal::OtherRegistration));
        assert_eq!(scene.made().await, [0, 0, 0, 0]);
    }

    #[test]
    async fn a_dimension_that_nobody_knows_is_put_before_staff_and_grants_nothing(stage: Stage) {
        let scene = Scene::new(stage);
        let (_, admin) = acme(&scene).await;
        let bought = scene.market.buy(1, 1000, scene.now());
        let landed = scene.click(&bought).await;
        let seats = Entitlement { dimension: "seats".to_owned(), quantity: 5, expires_at: bought.ends_at };
        scene.market.world().rows.get_mut(&bought.license_arn).unwrap().push(seats);
        scene.activate(&admin, &landed).await.unwrap();
        assert_eq!(scene.numbers("SELECT credits FROM credit_entries").await, [1000]);
        let questions: Vec<(String, i64)> = scene.rows("SELECT kind, reported FROM contract_questions").await;
        assert_eq!(questions, [("unknown_dimension".to_owned(), 5)]);
    }

    #[test]
    async fn an_activation_that_could_not_be_reported_is_reported_later_and_once(stage: Stage) {
        let scene = Scene::new(stage);
        let (_, admin) = acme(&scene).await;
        let bought = scene.market.buy(1, 1000, scene.now());
        let landed = scene.click(&bought).await;
        scene.market.world().away.insert(Call::Report);
        scene.activate(&admin, &landed).await.unwrap();
        let when = scene.now();
        assert_eq!(report_activations(&scene.room).await.unwrap(), 0);
        scene.market.world().away.clear();
        scene.stage.clock.advance(TimeDelta::minutes(5));
        assert_eq!(report_activations(&scene.room).await.unwrap(), 1);
        assert_eq!(report_activations(&scene.room).await.unwrap(), 0);
        assert_eq!(scene.market.world().reported, [(bought.license_arn, when)], "with the time of the activation");
    }
}
