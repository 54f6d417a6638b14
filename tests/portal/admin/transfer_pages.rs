//! The transfer from page to page: what is asked, what is shown before it is confirmed, what a form does not get away with.

use super::{acme_contract, ask_for_transfer, count, demo_business, flash};
use crate::support::Stage;
use crate::support::fixtures;
use crate::support::people::{LEAD, SUPPORT};
use crate::support::usage;
use chrono::TimeDelta;
use creditdesk::access::StaffRole;
use creditdesk::demo::PASSWORD;
use creditdesk::kernel::id::BusinessId;

const TRANSFERS: &str = "SELECT CAST(COUNT(*) AS BIGINT) FROM transfers";
const REASON: &str = "Activated in the wrong business";

async fn owner(stage: &Stage) -> BusinessId {
    stage.db.read("SELECT business_id FROM contracts").scalar().await.unwrap()
}

both_engines! {
    /// SUP-3 SUP-4: the whole way: preview with both businesses' figures and who is told, request, approval by a second person.
    #[test]
    async fn a_license_moves_by_two_people_who_both_read_what_will_happen(stage: Stage) {
        let portal = stage.portal().await;
        let held = acme_contract(&stage, 1_000).await;
        let (acme, globex) = (demo_business(&stage, "Acme Industries").await, demo_business(&stage, "Globex").await);
        usage::allocate(&stage, acme, 700).await;
        let mut support = portal.sign_in(SUPPORT).await;
        support.open(&format!("/admin/licenses/{}", held.license)).await;
        support.click("Transfer license").await;
        assert_eq!(support.page().heading(), "Transfer license");
        support.fill("Destination business", "globex").fill("Reason", REASON).fill("Ticket number", "T-1");
        support.press("Preview transfer").await;

        let expected = [("Total valid credits", "1,000", "0"), ("Allocated credits", "700", "700"), ("Current balance", "300", "−700 Below zero"),
            ("Total valid credits", "0", "1,000"), ("Allocated credits", "0", "0"), ("Current balance", "0", "1,000")];
        let figures = |rows: Vec<Vec<String>>| rows.into_iter().map(|row| row[row.len() - 3..].join("|")).collect::<Vec<_>>();
        let expected: Vec<String> = expected.map(|(name, now, after)| format!("{name}|{now}|{after}")).to_vec();
        let page = support.page();
        assert_eq!((page.status, figures(page.rows("Credits of both"))), (200, expected.clone()));
        for told in ["admin@acme.example", "licensing@acme.example", "admin@globex.example", "below zero", "Nothing moves yet"] {
            assert!(page.says(told), "{told}: {page:?}");
        }
        for untold in ["viewer@acme.example", "member@acme.example"] {
            assert!(!page.says(untold), "{untold}");
        }
        assert_eq!((page.value("Destination business").as_str(), page.value("Reason").as_str(), page.value("Ticket number").as_str()), ("globex", REASON, "T-1"));
        assert_eq!(count(&stage, TRANSFERS).await, 0);
        support.fill("License id", &held.license.to_string()).press("Request transfer").await;
        let page = support.page();
        assert_eq!((page.status, flash(page).as_str()), (200, "Transfer requested"), "{page:?}");
        let address = page.path().to_owned();
        assert_eq!(page.buttons().iter().filter(|button| !button.starts_with("Sign out")).collect::<Vec<_>>(), ["Withdraw request"]);
        assert!(support.open(&format!("/admin/licenses/{}/transfer", held.license)).await.says("waits for approval"));
        assert_eq!(owner(&stage).await, acme);

        let mut lead = portal.sign_in(LEAD).await;
        lead.open("/admin").await;
        assert_eq!(lead.page().rows("Open requests").len(), 1);
        let page = lead.open(&address).await;
        assert_eq!(figures(page.rows("Credits of both")), expected);
        assert_eq!((page.fact("Reason").as_str(), page.fact("Ticket number").as_str()), (REASON, "T-1"));
        lead.press("Approve transfer").await;
        let page = lead.page();
        assert_eq!((page.status, page.path(), flash(page).as_str()), (200, address.as_str(), "Transfer approved"), "{page:?}");
        assert_eq!(page.fact("Moved"), "1,000 credits");
        assert_eq!(owner(&stage).await, globex);
        portal.run_due_jobs().await;
        let page = lead.open(&format!("/admin/licenses/{}", held.license)).await;
        assert_eq!(page.fact("Business"), "Globex");
        assert!(page.says("held until 2 Mar 2026, 09:00 UTC") && page.says("Came by transfer"), "{page:?}");
        assert_eq!(lead.open("/admin").await.rows("Approved transfers").len(), 1);
    }

    /// SUP-5: the page of an approved transfer leads to its undoing, which needs everything that a transfer needs and a
    /// second person, and is gone after 72 hours.
    #[test]
    async fn an_approved_transfer_is_undone_from_its_page(stage: Stage) {
        let portal = stage.portal().await;
        let held = acme_contract(&stage, 1_000).await;
        let acme = demo_business(&stage, "Acme Industries").await;
        let (mut support, mut lead) = (portal.sign_in(SUPPORT).await, portal.sign_in(LEAD).await);
        let there = ask_for_transfer(&mut support, &held).await;
        assert!(support.open(&there).await.link("Undo transfer").is_none(), "nothing has moved yet");
        lead.open(&there).await;
        lead.press("Approve transfer").await;
        support.open(&there).await;
        assert!(support.click("Undo transfer").await.says("This takes a transfer back"), "{:?}", support.page());
        assert_eq!(support.page().value("Destination business"), acme.to_string());
        support.fill("Reason", "It was the wrong business after all").fill("Ticket number", "T-2");
        support.fill("License id", &held.license.to_string()).press("Request transfer").await;
        let back = support.page().path().to_owned();
        assert!(there.ends_with(&support.page().fact("Undoes")), "{:?}", support.page());
        lead.open(&back).await;
        lead.press("Approve transfer").await;
        assert_eq!(owner(&stage).await, acme);
        assert!(support.open(&there).await.link("Undo transfer").is_none(), "it was undone");
        stage.clock.advance(TimeDelta::hours(72));
        let mut support = portal.sign_in(SUPPORT).await;
        assert!(support.open(&back).await.link("Undo transfer").is_none(), "the time is over");
    }

    /// SUP-4: everything that is wrong is said at once, what was typed is kept, and nothing is written.
    #[test]
    async fn all_problems_of_a_request_are_said_at_once(stage: Stage) {
        let portal = stage.portal().await;
        let held = acme_contract(&stage, 1_000).await;
        let mut desk = portal.sign_in(SUPPORT).await;
        let address = format!("/admin/licenses/{}/transfer", held.license);
        desk.open(&address).await;
        desk.press("Preview transfer").await;
        let page = desk.page();
        assert_eq!((page.status, page.problems().len()), (422, 3), "{page:?}");
        desk.fill("Destination business", "No such business").fill("Reason", "too short").fill("Ticket number", &"9".repeat(61));
        desk.press("Preview transfer").await;
        let page = desk.page();
        assert_eq!(page.problems(), [
            "No registered business has this id or name. Check it, or look the business up",
            "Enter the reason in 10 to 1,000 characters",
            "Enter the ticket number in 1 to 60 characters",
        ]);
        assert_eq!((page.value("Destination business").as_str(), page.value("Reason").as_str()), ("No such business", "too short"));
        desk.fill("Destination business", "Acme Industries").fill("Reason", REASON).fill("Ticket number", "T-1").press("Preview transfer").await;
        assert_eq!(desk.page().problems(), ["The license already belongs to this business. Choose another one"]);
        desk.fill("Destination business", "Globex").press("Preview transfer").await;
        for typed in ["", "lic_", &held.contract.to_string()] {
            desk.fill("License id", typed).press("Request transfer").await;
            let page = desk.page();
            assert_eq!((page.status, page.problems()), (422, vec![format!("Enter the license id {} to confirm which license moves", held.license)]));
            assert!(!page.rows("Credits of both").is_empty() && page.value("Reason") == REASON);
        }
        assert_eq!(count(&stage, TRANSFERS).await, 0);
        assert_eq!(count(&stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM audit_entries WHERE action LIKE 'transfer.%'").await, 0);
    }

    /// SUP-3: what is confirmed is what was shown: another destination needs another preview.
    #[test]
    async fn another_destination_needs_another_preview(stage: Stage) {
        let portal = stage.portal().await;
        let held = acme_contract(&stage, 1_000).await;
        let initech = demo_business(&stage, "Initech").await;
        let mut desk = portal.sign_in(SUPPORT).await;
        desk.open(&format!("/admin/licenses/{}/transfer?destination=Globex", held.license)).await;
        assert!(!desk.page().rows("Credits of both").is_empty(), "the preview has an address of its own");
        desk.fill("Destination business", &initech.to_string()).fill("Reason", REASON).fill("Ticket number", "T-1");
        desk.fill("License id", &held.license.to_string()).press("Request transfer").await;
        let page = desk.page();
        assert_eq!(page.status, 422);
        assert_eq!(page.problems(), ["This is another business than the one you were shown. Read what will happen, then confirm"]);
        assert!(page.rows("Credits of both")[3][0].starts_with("Initech"), "{page:?}");
        assert_eq!(count(&stage, TRANSFERS).await, 0);
        desk.fill("License id", &held.license.to_string()).press("Request transfer").await;
        assert_eq!(desk.page().fact("New owner"), "Initech");
    }

    /// SUP-4: of several businesses of one name somebody chooses; the choice alone asks for nothing.
    #[test]
    async fn of_several_businesses_of_one_name_one_is_chosen(stage: Stage) {
        let portal = stage.portal().await;
        let held = acme_contract(&stage, 1_000).await;
        let twins = [fixtures::business(&stage, "Umbrella").await, fixtures::business(&stage, "umbrella").await];
        let mut desk = portal.sign_in(SUPPORT).await;
        desk.open(&format!("/admin/licenses/{}/transfer", held.license)).await;
        desk.fill("Destination business", "UMBRELLA").fill("Reason", REASON).fill("Ticket number", "T-1").press("Preview transfer").await;
        assert_eq!(desk.page().problems(), ["Several businesses match. Choose one"]);
        desk.choose("Which business", &format!("umbrella ({})", twins[1])).press("Preview transfer").await;
        let page = desk.page();
        assert_eq!((page.status, page.value("Destination business")), (200, twins[1].to_string()), "{page:?}");
        assert_eq!(count(&stage, TRANSFERS).await, 0);
        desk.fill("License id", &held.license.to_string()).press("Request transfer").await;
        let to: BusinessId = stage.db.read("SELECT to_business_id FROM transfers").scalar().await.unwrap();
        assert_eq!(to, twins[1]);
    }

    /// SUP-4: request and approval need a password not older than five minutes, to the second; a wrong one moves nothing.
    #[test]
    async fn request_and_approval_need_a_fresh_password(stage: Stage) {
        let portal = stage.portal().await;
        let held = acme_contract(&stage, 1_000).await;
        let address = format!("/admin/licenses/{}/transfer?destination=Globex", held.license);
        let (mut support, mut lead) = (portal.sign_in(SUPPORT).await, portal.sign_in(LEAD).await);
        stage.clock.advance(TimeDelta::minutes(5));
        assert!(!support.open(&address).await.says("Password"));
        stage.clock.advance(TimeDelta::microseconds(1));
        for (password, words) in [("", "you last typed it more than five minutes ago"), ("wrong", "this is another one")] {
            support.open(&address).await;
            support.fill("Reason", REASON).fill("Ticket number", "T-1").fill("License id", &held.license.to_string());
            support.fill("Password", password).press("Request transfer").await;
            let page = support.page();
            assert!(page.status == 422 && page.problems().len() == 1 && page.problems()[0].contains(words), "{page:?}");
            assert!(!page.body.contains("value=\"wrong\""));
            assert_eq!(count(&stage, TRANSFERS).await, 0);
        }
        support.fill("License id", &held.license.to_string()).fill("Password", PASSWORD).press("Request transfer").await;
        let address = support.page().path().to_owned();
        assert_eq!(count(&stage, TRANSFERS).await, 1, "{:?}", support.page());

        for password in ["", "wrong"] {
            lead.open(&address).await;
            lead.fill("Password", password).press("Approve transfer").await;
            assert_eq!((lead.page().status, lead.page().problems().len()), (422, 1), "{:?}", lead.page());
            assert_eq!(owner(&stage).await, demo_business(&stage, "Acme Industries").await);
        }
        let path = format!("{address}/approve");
        assert_eq!(lead.post(&path, &[]).await.status, 422, "leaving the field out is no way around it");
        lead.fill("Password", PASSWORD).press("Approve transfer").await;
        assert_eq!(flash(lead.page()), "Transfer approved", "{:?}", lead.page());
        assert_eq!(owner(&stage).await, demo_business(&stage, "Globex").await);
    }

    /// SUP-4: a lead who asked sees who can decide; their own approval is refused whatever they send.
    #[test]
    async fn a_lead_cannot_approve_what_they_asked_for(stage: Stage) {
        let portal = stage.portal().await;
        let held = acme_contract(&stage, 1_000).await;
        let mut lead = portal.sign_in(LEAD).await;
        let address = ask_for_transfer(&mut lead, &held).await;
        assert!(lead.page().says("You asked for this transfer, so somebody else decides"));
        for act in ["approve", "reject"] {
            let page = lead.post(&format!("{address}/{act}"), &[("note", "A note that is long enough")]).await;
            assert_eq!((page.status, page.problems()), (409, vec!["You asked for this transfer. Another Support lead has to decide about it".to_owned()]));
        }
        let mut support = portal.sign_in(SUPPORT).await;
        assert!(support.open(&address).await.says("Your role cannot approve or reject a transfer"));
        assert_eq!(support.post(&format!("{address}/withdraw"), &[]).await.status, 409);
        assert_eq!(count(&stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM transfers WHERE status = 'requested'").await, 1);
        lead.open(&address).await;
        lead.press("Withdraw request").await;
        assert_eq!((flash(lead.page()).as_str(), lead.page().fact("New owner").as_str()), ("Request withdrawn", "Globex"));
        assert_eq!(count(&stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM transfers WHERE status = 'withdrawn'").await, 1);
    }

    /// SUP-4: a rejection says why not, and needs to.
    #[test]
    async fn a_rejection_needs_a_note_and_shows_it(stage: Stage) {
        let portal = stage.portal().await;
        let held = acme_contract(&stage, 1_000).await;
        let mut support = portal.sign_in(SUPPORT).await;
        let address = ask_for_transfer(&mut support, &held).await;
        let mut lead = portal.sign_in(LEAD).await;
        lead.open(&address).await;
        lead.fill("Note", "no").press("Reject transfer").await;
        assert_eq!((lead.page().status, lead.page().value("Note").as_str()), (422, "no"));
        lead.fill("Note", "Globex says it is not theirs").press("Reject transfer").await;
        assert_eq!(flash(lead.page()), "Transfer rejected", "{:?}", lead.page());
        assert_eq!(support.open(&address).await.fact("Note"), "Globex says it is not theirs");
        let page = lead.post(&format!("{address}/approve"), &[]).await;
        assert_eq!(flash(page), "This transfer is rejected already");
        assert_eq!(owner(&stage).await, demo_business(&stage, "Acme Industries").await);
    }

    /// SUP-6: the page of a license that cannot move says why and has no form; a form sent all the same is refused.
    #[test]
    async fn a_license_that_cannot_move_says_why(stage: Stage) {
        let portal = stage.portal().await;
        let acme = demo_business(&stage, "Acme Industries").await;
        let held = fixtures::contract_for(&stage, acme, 10, TimeDelta::minutes(4)).await;
        let mut support = portal.sign_in(SUPPORT).await;
        let address = format!("/admin/licenses/{}/transfer", held.license);
        support.open(&format!("{address}?destination=Globex")).await;
        support.fill("Reason", REASON).fill("Ticket number", "T-1").fill("License id", &held.license.to_string());
        stage.clock.advance(TimeDelta::minutes(4));
        support.press("Request transfer").await;
        let page = support.page();
        assert_eq!((page.status, page.problems()), (409, vec!["This license has expired. There is nothing left to transfer".to_owned()]));
        let page = support.open(&address).await;
        assert!(page.status == 200 && page.says("This license cannot be transferred") && page.says("has expired"), "{page:?}");
        assert!(!page.buttons().iter().any(|button| button.contains("transfer")));
        assert!(support.open(&format!("/admin/licenses/{}", held.license)).await.link("Transfer license").is_none());
        assert_eq!(count(&stage, TRANSFERS).await, 0);
    }

    /// SUP-4: what expired or lapsed while it waited cannot be approved, and the page says so before anybody tries.
    #[test]
    async fn a_request_that_cannot_be_approved_any_more_says_so(stage: Stage) {
        let portal = stage.portal().await;
        let acme = demo_business(&stage, "Acme Industries").await;
        let short = fixtures::contract_for(&stage, acme, 10, TimeDelta::minutes(4)).await;
        let mut support = portal.sign_in(SUPPORT).await;
        let address = ask_for_transfer(&mut support, &short).await;
        stage.clock.advance(TimeDelta::minutes(4));
        fixtures::staff(&stage, "third@creditdesk.example", &[StaffRole::SupportLead]).await;
        let mut lead = portal.sign_in(LEAD).await;
        let page = lead.open(&address).await;
        assert!(page.says("It cannot be approved at this moment") && !page.buttons().contains(&"Approve transfer".to_owned()), "{page:?}");
        assert_eq!(lead.post(&format!("{address}/approve"), &[]).await.status, 409);
        stage.clock.advance(TimeDelta::hours(72));
        portal.run_due_jobs().await;
        let mut lead = portal.sign_in(LEAD).await;
        let page = lead.open(&address).await;
        assert!(page.says("Lapsed") && !page.says("Decision"), "{page:?}");
        let page = lead.post(&format!("{address}/approve"), &[]).await;
        assert_eq!(flash(page), "This transfer is lapsed already");
        assert_eq!(owner(&stage).await, acme);
    }
}
