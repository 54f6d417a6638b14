//! Kept scenarios: kept, opened, compared, renamed, removed, and never lost to somebody else's change.

use super::{CALCULATOR, SCENARIOS, buy, csv_of};
use crate::support::Stage;
use crate::support::browser::Browser;
use creditdesk::access::{Action, BusinessScope, Lengths};
use creditdesk::credits::ledger;
use creditdesk::credits::scenarios::{self, ScenarioRefusal, Words};
use creditdesk::db::SplitRefusal;
use creditdesk::identity::actor::{self, Chosen};
use creditdesk::kernel::id::{PersonId, ScenarioId, SessionReference};
use tokio::task::JoinSet;

/// Keeps an estimate through the pages; where it is kept.
async fn keep(browser: &mut Browser, name: &str, estimate: &str) -> String {
    browser.open(&format!("{CALCULATOR}?{estimate}")).await;
    browser.click("Keep as a scenario").await;
    let page = browser.fill("Name", name).fill("What it is", "For next year").press("Keep the scenario").await;
    assert_eq!(page.heading(), name, "{page:?}");
    page.path().to_owned()
}

both_engines! {
    /// CRD-8: a kept estimate is listed, opened by everybody who sees credits, compared with another, and moves no credit.
    #[test]
    async fn two_estimates_are_kept_and_compared(stage: Stage) {
        let portal = stage.portal().await;
        buy(&stage, 10_000, 365, true).await;
        let acme = super::business(&stage, "Acme Industries").await;
        let before = ledger::figures(&stage.db, acme, stage.now()).await.unwrap();
        let mut licensing = portal.sign_in("licensing@acme.example").await;
        keep(&mut licensing, "Small", "years=1&endpoint-security_core=100&endpoint-security_xdr=100").await;
        let large = keep(&mut licensing, "Large", "years=3&endpoint-security_core=1000&endpoint-security_pro=10").await;
        let mut viewer = portal.sign_in("viewer@acme.example").await;
        let page = viewer.open(SCENARIOS).await;
        let listed: Vec<_> = page.rows("Kept scenarios").into_iter().map(|row| row[..3].to_vec()).collect();
        assert_eq!(listed, [["Large", "48,000", "3"], ["Small", "6,500", "1"]]);
        let page = viewer.select("First scenario", "Small").select("Second scenario", "Large").press("Compare").await;
        let rows = page.rows("Credits of the first and of the second scenario");
        assert_eq!(
            rows,
            [
                ["XDR for Endpoints (Endpoint Security)", "2,000", "0", "−2,000"],
                ["Endpoint Security Core (Endpoint Security)", "4,500", "45,000", "+40,500"],
                ["Endpoint Security Pro (Endpoint Security)", "0", "3,000", "+3,000"],
            ]
        );
        assert_eq!(page.all("tfoot tr"), ["All together, a year6,50048,000+41,500", "Years13+2", "All together, over the years6,500144,000+137,500"]);
        let page = viewer.click("Large").await;
        assert!(page.says("For next year") && page.buttons().iter().all(|button| button == "Sign out"), "a Billing viewer changes none: {page:?}");
        assert_eq!(page.figure("Remaining balance"), -38_000);
        assert_eq!(csv_of(viewer.click("Download CSV").await).len(), 4);
        viewer.open(&large).await;
        assert_eq!(viewer.click("Open in the calculator").await.value("Endpoint Security Core"), "1000");
        assert_eq!(ledger::figures(&stage.db, acme, stage.now()).await.unwrap(), before);
        let same = format!("/console/credits/compare?a={0}&b={0}", large.rsplit('/').next().unwrap());
        assert_eq!(viewer.open(&same).await.problems(), ["Choose another scenario than the first"]);
        let mut auditor = portal.sign_in("auditor@acme.example").await;
        assert!(auditor.open("/console/audit").await.says("Scenario kept"), "{:?}", auditor.page());
    }

    /// CRD-8: a change against a version that is gone is refused with who did what; what was typed stays and can be sent again.
    #[test]
    async fn a_change_meanwhile_is_not_lost_and_what_was_typed_stays(stage: Stage) {
        let portal = stage.portal().await;
        let mut ada = portal.sign_in("licensing@acme.example").await;
        let mut bob = portal.sign_in("admin@acme.example").await;
        let kept = keep(&mut ada, "Rollout", "years=1&endpoint-security_core=100").await;
        keep(&mut ada, "Other", "years=1&endpoint-security_core=1").await;
        ada.open(&kept).await;
        bob.open(&kept).await;
        bob.fill("Name", "Rollout, north").press("Save").await;
        assert_eq!(bob.page().heading(), "Rollout, north");
        let page = ada.fill("Name", "Rollout, south").fill("What it is", "").press("Save").await;
        assert_eq!((page.status, page.heading(), page.value("Name")), (409, "Rollout, north".to_owned(), "Rollout, south".to_owned()));
        assert!(page.problems()[0].contains("admin@acme.example changed this scenario meanwhile: it is now “Rollout, north”"), "{page:?}");
        let page = ada.press("Save").await;
        assert_eq!((page.heading(), page.value("What it is")), ("Rollout, south".to_owned(), String::new()), "{page:?}");
        let page = bob.press("Remove this scenario").await;
        assert!(page.status == 409 && page.problems()[0].contains("Rollout, south"), "{page:?}");
        ada.open(&kept).await;
        let page = ada.fill("Name", "other").press("Save").await;
        assert_eq!((page.status, page.problems().len(), page.value("Name")), (409, 1, "other".to_owned()), "{page:?}");
        let page = ada.fill("Name", " ").fill("What it is", &"x".repeat(501)).press("Save").await;
        assert_eq!((page.status, page.problems().len()), (422, 2), "{page:?}");
        ada.open(&kept).await;
        let page = ada.press("Remove this scenario").await;
        assert_eq!((page.path(), page.rows("Kept scenarios").len()), (SCENARIOS, 1), "{page:?}");
        assert_eq!(ada.open(&kept).await.status, 404);
    }

    /// CRD-8, IDN-4: another business's scenario is not found, by page, by comparison and by change.
    #[test]
    async fn a_scenario_of_another_business_is_not_found(stage: Stage) {
        let portal = stage.portal().await;
        let mut ada = portal.sign_in("licensing@acme.example").await;
        let kept = keep(&mut ada, "Rollout", "years=1&endpoint-security_core=100").await;
        let mut other = portal.sign_in("admin@globex.example").await;
        let page = other.open(SCENARIOS).await;
        assert!(page.says("No scenario is kept yet") && !page.says("Rollout"), "{page:?}");
        let id = kept.rsplit('/').next().unwrap().to_owned();
        assert_eq!(other.open(&kept).await.status, 404);
        assert_eq!(other.open(&format!("/console/credits/compare?a={id}&b={id}")).await.status, 404);
        other.open(SCENARIOS).await;
        assert_eq!(other.post(&format!("{kept}/remove"), &[("version", "1")]).await.status, 404);
        other.open(SCENARIOS).await;
        assert_eq!(other.post(&kept, &[("version", "1"), ("name", "Mine")]).await.status, 404);
        assert_eq!(ada.open(&kept).await.heading(), "Rollout");
        let mut member = portal.sign_in("member@acme.example").await;
        assert_eq!(member.open(&kept).await.status, 403);
    }

    /// CRD-8: of many changes of one version exactly one is made; the others are told.
    #[test]
    async fn of_simultaneous_changes_one_is_made(stage: Stage) {
        let portal = stage.portal().await;
        let mut ada = portal.sign_in("licensing@acme.example").await;
        let kept = keep(&mut ada, "Rollout", "years=1&endpoint-security_core=100").await;
        let id = ScenarioId::parse(kept.rsplit('/').next().unwrap()).unwrap();
        let person: PersonId = stage.db.read("SELECT id FROM people WHERE email = 'licensing@acme.example'").scalar().await.unwrap();
        let actor = actor::find(&stage.db, person, SessionReference::generate(), Chosen::default(), (stage.now(), Lengths::default())).await.unwrap().unwrap();
        let scope = BusinessScope::of(&actor, Action::ManageLicenses).unwrap();
        let mut changes = JoinSet::new();
        for number in 0..16 {
            let (db, who) = (stage.db.clone(), stage.who("ada"));
            changes.spawn(async move {
                let name = format!("Rollout {number}");
                scenarios::rename(&db, &who, scope, (id, 1), Words { name: &name, about: "" }).await.refusal().unwrap()
            });
        }
        let answers = changes.join_all().await;
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1, "{answers:?}");
        let told = answers.iter().filter(|answer| matches!(answer, Err(ScenarioRefusal::ChangedMeanwhile { version: 2, .. })));
        assert_eq!(told.count(), 15, "{answers:?}");
        assert_eq!(scenarios::find(&stage.db, scope, id).await.unwrap().unwrap().version, 2);
    }
}
