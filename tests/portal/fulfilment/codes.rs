//! Activation codes at the use cases: what each answers, used once however many try, and what leaves them alone.

use super::Scene;
use crate::support::Stage;
use crate::support::fixtures;
use chrono::TimeDelta;
use creditdesk::access::{Action, Actor, BusinessRole, BusinessScope, StaffRole, StaffScope};
use creditdesk::credits::ledger::figures;
use creditdesk::db::SplitRefusal;
use creditdesk::fulfilment::code::issue::{self, IssueRefusal, Issued, Order};
use creditdesk::fulfilment::code::redeem::{Added, NotTaken, look, redeem};
use creditdesk::fulfilment::code::text::CodeText;
use creditdesk::fulfilment::code::{Offered, Worth, list};
use creditdesk::fulfilment::license::Source;
use creditdesk::fulfilment::licenses;
use creditdesk::fulfilment::report::report_activations;
use creditdesk::fulfilment::sync::apply_changes;
use creditdesk::kernel::credits::Credits;
use creditdesk::kernel::id::{BusinessId, CodeId};
use futures_util::future::join_all;
use std::sync::Arc;
use tokio::sync::Barrier;

const RIVALS: usize = 64;

fn order(scene: &Scene, size: i64, business: Option<BusinessId>) -> Order {
    let worth = Worth {
        product_code: "vision".to_owned(),
        product_name: "Trend Vision One".to_owned(),
        seller_name: "Trend Micro".to_owned(),
        credits: Credits::new(500).unwrap(),
        term_months: 12,
        order_number: "SO-77".to_owned(),
    };
    Order { worth, order_number: "SO-77".to_owned(), valid_until: scene.now() + TimeDelta::days(30), business, size }
}

async fn lead(scene: &Scene) -> Actor {
    fixtures::staff(&scene.stage, "lead@desk.example", &[StaffRole::SupportLead]).await
}

async fn issued(scene: &Scene, lead: &Actor, form: &str, order: &Order) -> Result<Issued, IssueRefusal> {
    let scope = StaffScope::of(lead, Action::IssueCodes).unwrap();
    let who = fixtures::as_staff(&scene.stage, lead);
    issue::issue(&scene.stage.db, &scene.room.products, scope, &who, (lead.person, form), order).await.refusal().unwrap()
}

fn scope(actor: &Actor) -> BusinessScope {
    BusinessScope::of(actor, Action::ManageLicenses).unwrap()
}

async fn offered(scene: &Scene, actor: &Actor, code: &CodeText) -> Result<Offered, NotTaken> {
    look(&scene.stage.db, scope(actor), code, scene.now()).await.refusal().unwrap()
}

async fn used(scene: &Scene, actor: &Actor, code: &CodeText, id: CodeId) -> Result<Added, NotTaken> {
    redeem(&scene.room, scope(actor), &scene.who(actor), actor.person, code, id).await.refusal().unwrap()
}

both_engines! {
    /// LIC-5, LIC-1: a code makes contract, license, credits, audit entry and mail at once; the license says where it
    /// comes from, and its term counts from that moment.
    #[test]
    async fn a_code_becomes_a_license_of_the_business(stage: Stage) {
        let scene = Scene::new(stage);
        let acme = scene.business("Acme Industries").await;
        let admin = scene.person("admin@acme.example", BusinessRole::Administrator, acme).await;
        let lead = lead(&scene).await;
        let codes = issued(&scene, &lead, "form", &order(&scene, 2, None)).await.unwrap().codes;
        let offer = offered(&scene, &admin, &codes[0]).await.unwrap();
        assert_eq!((offer.worth.credits.get(), offer.worth.order_number.as_str()), (500, "SO-77"));
        assert_eq!(scene.number("SELECT CAST(COUNT(*) AS BIGINT) FROM contracts").await, 0, "looking adds nothing");
        let mails = scene.number("SELECT CAST(COUNT(*) AS BIGINT) FROM mails").await;
        let added = used(&scene, &admin, &codes[0], offer.id).await.unwrap();
        let license = licenses::find(&scene.stage.db, scope(&admin), added.license).await.unwrap().unwrap();
        assert_eq!((license.source, license.agreement_id.as_str(), license.code()), (Source::Code, "SO-77", Some(offer.masked.clone())));
        assert_eq!((license.starts_at, license.expires_at), (scene.now(), "2027-03-02T09:00:00Z".parse().unwrap()));
        assert_eq!(figures(&scene.stage.db, acme, scene.now()).await.unwrap().total_valid, 500);
        assert_eq!(scene.number("SELECT CAST(COUNT(*) AS BIGINT) FROM mails").await, mails + 1);
        assert_eq!(scene.number("SELECT CAST(COUNT(*) AS BIGINT) FROM audit_entries WHERE action = 'license.added_by_code'").await, 1);
        let stored: Vec<(String,)> = scene.stage.db.read("SELECT after FROM audit_entries WHERE after IS NOT NULL UNION ALL SELECT body FROM mails").all().await.unwrap();
        let secret = codes[0].reveal();
        assert!(stored.iter().all(|(text,)| !text.contains(&secret) && !text.contains(&secret.replace('-', ""))), "the code is written down");
    }

    /// LIC-5: unknown, used here, used elsewhere, expired, withdrawn, and for another business each answer for themselves,
    /// and none changes anything.
    #[test]
    async fn each_code_that_is_not_taken_says_why(stage: Stage) {
        let scene = Scene::new(stage);
        let (acme, globex) = (scene.business("Acme Industries").await, scene.business("Globex").await);
        let admin = scene.person("admin@acme.example", BusinessRole::Administrator, acme).await;
        let other = scene.person("admin@globex.example", BusinessRole::Administrator, globex).await;
        let lead = lead(&scene).await;
        let batch = issued(&scene, &lead, "one", &order(&scene, 3, None)).await.unwrap();
        let reserved = issued(&scene, &lead, "two", &order(&scene, 1, Some(globex))).await.unwrap().codes.remove(0);
        assert_eq!(offered(&scene, &admin, &CodeText::generate()).await.unwrap_err(), NotTaken::Unknown);
        assert_eq!(offered(&scene, &admin, &reserved).await.unwrap_err(), NotTaken::Unknown, "another business's code is not told of");
        assert!(offered(&scene, &other, &reserved).await.is_ok());
        let first = offered(&scene, &admin, &batch.codes[0]).await.unwrap();
        let added = used(&scene, &admin, &batch.codes[0], first.id).await.unwrap();
        let here = NotTaken::UsedHere { at: scene.now(), by: "admin".to_owned(), contract: Some(added.contract) };
        assert_eq!(offered(&scene, &admin, &batch.codes[0]).await.unwrap_err(), here);
        assert_eq!(used(&scene, &admin, &batch.codes[0], first.id).await.unwrap_err(), here);
        assert_eq!(offered(&scene, &other, &batch.codes[0]).await.unwrap_err(), NotTaken::UsedElsewhere);
        let second = offered(&scene, &admin, &batch.codes[1]).await.unwrap();
        assert_eq!(used(&scene, &admin, &batch.codes[2], second.id).await.unwrap_err(), NotTaken::Unknown, "another code's review is a guess");
        let (scope, who) = (StaffScope::of(&lead, Action::IssueCodes).unwrap(), fixtures::as_staff(&scene.stage, &lead));
        let withdraw = |code| issue::withdraw(&scene.stage.db, scope, &who, lead.person, batch.batch, code);
        assert_eq!((withdraw(Some(second.id)).await.unwrap(), withdraw(Some(second.id)).await.unwrap(), withdraw(Some(first.id)).await.unwrap()), (1, 0, 0));
        assert_eq!(used(&scene, &admin, &batch.codes[1], second.id).await.unwrap_err(), NotTaken::Withdrawn);
        scene.stage.clock.advance(TimeDelta::days(30) - TimeDelta::microseconds(1));
        assert!(offered(&scene, &admin, &batch.codes[2]).await.is_ok());
        scene.stage.clock.advance(TimeDelta::microseconds(1));
        assert!(matches!(offered(&scene, &admin, &batch.codes[2]).await.unwrap_err(), NotTaken::Expired(_)));
        assert_eq!(scene.number("SELECT CAST(COUNT(*) AS BIGINT) FROM licenses").await, 1);
    }

    /// LIC-5: of 64 simultaneous attempts by two businesses, and a withdrawal among them, exactly one takes the code.
    #[test]
    async fn of_many_simultaneous_attempts_one_takes_the_code(stage: Stage) {
        let scene = Arc::new(Scene::new(stage));
        let (acme, globex) = (scene.business("Acme Industries").await, scene.business("Globex").await);
        let one = scene.person("admin@acme.example", BusinessRole::Administrator, acme).await;
        let other = scene.person("admin@globex.example", BusinessRole::Administrator, globex).await;
        let lead = lead(&scene).await;
        let batch = issued(&scene, &lead, "form", &order(&scene, 10, None)).await.unwrap();
        for (round, code) in (1..).zip(&batch.codes) {
            let id = offered(&scene, &one, code).await.unwrap().id;
            let start = Arc::new(Barrier::new(RIVALS));
            let attempts = (0..RIVALS).map(|rival| {
                let (scene, start, code) = (scene.clone(), start.clone(), code.clone());
                let actor = if rival % 2 == 0 { one.clone() } else { other.clone() };
                tokio::spawn(async move {
                    start.wait().await;
                    used(&scene, &actor, &code, id).await
                })
            });
            let outcomes: Vec<_> = join_all(attempts).await.into_iter().map(|joined| joined.expect("no attempt panics")).collect();
            assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "round {round}");
            let here = outcomes.iter().filter(|outcome| matches!(outcome, Err(NotTaken::UsedHere { .. }))).count();
            let elsewhere = outcomes.iter().filter(|outcome| matches!(outcome, Err(NotTaken::UsedElsewhere))).count();
            assert_eq!((here, elsewhere), (31, 32), "round {round}");
            let made = [
                scene.number("SELECT CAST(COUNT(*) AS BIGINT) FROM contracts").await,
                scene.number("SELECT CAST(COUNT(*) AS BIGINT) FROM licenses").await,
                scene.number("SELECT CAST(COUNT(*) AS BIGINT) FROM credit_entries").await,
                scene.number("SELECT CAST(COUNT(*) AS BIGINT) FROM activation_codes WHERE used_at IS NOT NULL").await,
            ];
            assert_eq!(made, [round; 4], "round {round}");
        }
    }

    /// LIC-5: a license of a code has no marketplace: what follows changes and reports activations leaves it alone.
    #[test]
    async fn what_follows_a_marketplace_leaves_codes_alone(stage: Stage) {
        let scene = Scene::new(stage);
        let acme = scene.business("Acme Industries").await;
        let admin = scene.person("admin@acme.example", BusinessRole::Administrator, acme).await;
        let lead = lead(&scene).await;
        let code = issued(&scene, &lead, "form", &order(&scene, 1, None)).await.unwrap().codes.remove(0);
        let id = offered(&scene, &admin, &code).await.unwrap().id;
        used(&scene, &admin, &code, id).await.unwrap();
        assert_eq!(report_activations(&scene.room).await.unwrap(), 0);
        apply_changes(&scene.room).await.unwrap();
        assert_eq!(figures(&scene.stage.db, acme, scene.now()).await.unwrap().total_valid, 500);
        assert_eq!(scene.number("SELECT CAST(COUNT(*) AS BIGINT) FROM contract_questions").await, 0);
        scene.stage.clock.advance(TimeDelta::days(365));
        assert_eq!(figures(&scene.stage.db, acme, scene.now()).await.unwrap().total_valid, 0, "it expires like any other");
    }

    /// LIC-5: a form issues once, at most a thousand codes, and keeps none of them readable.
    #[test]
    async fn a_thousand_codes_are_issued_once_and_kept_as_hashes(stage: Stage) {
        let scene = Scene::new(stage);
        let lead = lead(&scene).await;
        let batch = issued(&scene, &lead, "form", &order(&scene, 1_000, None)).await.unwrap();
        assert_eq!(issued(&scene, &lead, "form", &order(&scene, 5, None)).await.unwrap_err(), IssueRefusal::AlreadyIssued(batch.batch));
        assert_eq!(issued(&scene, &lead, "other", &order(&scene, 1, Some(BusinessId::generate()))).await.unwrap_err(), IssueRefusal::NoSuchBusiness);
        let over = Order { valid_until: scene.now(), ..order(&scene, 1, None) };
        assert_eq!(issued(&scene, &lead, "third", &over).await.unwrap_err(), IssueRefusal::Over);
        let stored: Vec<(Vec<u8>, String)> = scene.stage.db.read("SELECT code_hash, last_group FROM activation_codes ORDER BY place").all().await.unwrap();
        assert_eq!(stored.len(), 1_000);
        assert!(stored.iter().zip(&batch.codes).all(|((hash, group), code)| *hash == code.hash() && code.reveal().ends_with(group)));
        let record = list::batch(&scene.stage.db, StaffScope::of(&lead, Action::LookUp).unwrap(), batch.batch).await.unwrap().unwrap();
        assert_eq!((record.size, record.open(scene.now()), record.used), (1_000, 1_000, 0));
    }
}
