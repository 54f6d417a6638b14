//! The team page and what stands behind it: invitations, roles, removal.

use crate::sign_in::{GOOD, mailed_link, sign_in, signed_in};
use crate::support::Stage;
use creditdesk::demo;

const LAST: &str = "A business keeps at least one Administrator. Give somebody else this role first";

both_engines! {
    /// IDN-2: an administrator invites somebody new, who sets a password and is in the team with the role.
    #[test]
    async fn a_colleague_is_invited_and_joins(stage: Stage) {
        let portal = stage.portal().await;
        let mut ada = signed_in(&portal, "admin@acme.example").await;
        ada.open("/console/team").await;
        assert!(ada.page().says("No invitation is open"));
        ada.click("Invite a colleague").await;
        ada.fill("Email", "nora").press("Send the invitation").await;
        assert_eq!(ada.page().status, 422);
        assert_eq!(ada.page().problems(), ["Enter an email address in the form name@example.com", "Choose a role"]);
        assert_eq!(ada.page().value("Email"), "nora");
        ada.fill("Email", "nora@neumann.example").choose("Role", "Auditor").press("Send the invitation").await;
        assert_eq!(ada.page().flash().as_deref(), Some("Success: Invitation sent"));
        assert_eq!(ada.page().rows("Open invitations")[0][0], "nora@neumann.example Auditor, invited by Ada Archer on 2 Mar 2026, valid until 9 Mar 2026");
        let mut nora = portal.browser();
        nora.open(&mailed_link(&stage, "nora@neumann.example").await).await;
        assert_eq!((nora.page().heading().as_str(), nora.page().fact("Your role").as_str()), ("Join Acme Industries", "Auditor"));
        nora.fill("Your name", "Nora Neumann").fill("Password", "acmeindustries").press("Join").await;
        assert_eq!((nora.page().status, nora.page().value("Your name")), (422, "Nora Neumann".to_owned()));
        nora.fill("Password", GOOD).press("Join").await;
        assert_eq!(nora.page().flash().as_deref(), Some("Success: You joined Acme Industries"));
        assert_eq!(nora.open("/console/team").await.rows("Members by name").len(), 6);
        assert_eq!(nora.open("/console/team/invitations").await.status, 403);
        assert!(ada.open("/console/team").await.says("No invitation is open"));
        ada.click("Invite a colleague").await;
        ada.fill("Email", "Nora@neumann.example").choose("Role", "Member").press("Send the invitation").await;
        assert_eq!(ada.page().problems(), ["This person is in the team already. Choose them there to change their role"]);
    }

    /// IDN-2: somebody with an account signs in and comes back to the invitation; a wrong person cannot use it.
    #[test]
    async fn somebody_with_an_account_joins_after_signing_in(stage: Stage) {
        let portal = stage.portal().await;
        let mut ada = signed_in(&portal, "admin@acme.example").await;
        ada.open("/console/team/invitations").await;
        ada.fill("Email", "buyer@globex.example").choose("Role", "Licensing manager").press("Send the invitation").await;
        let link = mailed_link(&stage, "buyer@globex.example").await;
        let mut wrong = signed_in(&portal, "admin@globex.example").await;
        assert!(wrong.open(&link).await.says("This invitation is for another address"));
        assert_eq!(wrong.post(&link, &[]).await.status, 409);
        let mut gil = portal.browser();
        gil.open(&link).await;
        gil.click("Sign in to join").await;
        gil.fill("Password", demo::PASSWORD).press("Sign in").await;
        assert_eq!(gil.page().path(), link);
        gil.press("Join").await;
        assert_eq!(gil.page().flash().as_deref(), Some("Success: You joined Acme Industries"));
        assert!(gil.open("/account").await.says("Licensing manager"));
        assert_eq!(gil.open(&link).await.status, 404);
        assert!(!wrong.open("/account").await.says("Acme Industries"));
    }

    /// IDN-5: roles given and taken, and removal, count from the person's next click.
    #[test]
    async fn a_role_counts_from_the_next_click(stage: Stage) {
        let portal = stage.portal().await;
        let mut ada = signed_in(&portal, "admin@acme.example").await;
        let mut mia = signed_in(&portal, "member@acme.example").await;
        assert_eq!(mia.open("/console/team/invitations").await.status, 403);
        assert_eq!(mia.open("/console/team").await.link("Mia Moreau: role and removal"), None);
        ada.open("/console/team").await;
        ada.click("Mia Moreau: role and removal").await;
        assert_eq!(ada.page().chosen("Role in Acme Industries").as_deref(), Some("Member"));
        ada.choose("Role in Acme Industries", "Administrator").press("Save the role").await;
        assert_eq!(ada.page().flash().as_deref(), Some("Success: The role was changed"));
        assert_eq!(mia.open("/console/team/invitations").await.status, 200);
        ada.click("Mia Moreau: role and removal").await;
        ada.press("Remove Mia Moreau").await;
        assert_eq!(ada.page().flash().as_deref(), Some("Success: Mia Moreau was removed"));
        let page = mia.post("/console/team/invitations", &[("email", "x@neumann.example"), ("role", "administrator")]).await;
        assert_eq!(page.status, 403, "{page:?}");
        assert_eq!(mia.open("/console/team").await.status, 403);
        assert_eq!(mia.open("/account").await.status, 200);
    }

    /// IDN-2: the last administrator is told why they stay.
    #[test]
    async fn the_last_administrator_is_told_why_they_stay(stage: Stage) {
        let portal = stage.portal().await;
        let mut ada = signed_in(&portal, "admin@acme.example").await;
        ada.open("/console/team").await;
        ada.click("Ada Archer: role and removal").await;
        ada.choose("Role in Acme Industries", "Member").press("Save the role").await;
        assert_eq!((ada.page().status, ada.page().problems()), (409, vec![LAST.to_owned()]));
        assert_eq!(ada.page().chosen("Role in Acme Industries").as_deref(), Some("Member"), "what was chosen is kept");
        ada.press("Leave Acme Industries").await;
        assert_eq!((ada.page().status, ada.page().problems()), (409, vec![LAST.to_owned()]));
        ada.open("/console/team").await;
        ada.click("Lin Licht: role and removal").await;
        ada.choose("Role in Acme Industries", "Administrator").press("Save the role").await;
        ada.click("Ada Archer: role and removal").await;
        ada.press("Leave Acme Industries").await;
        assert_eq!((ada.page().path(), ada.page().flash().as_deref()), ("/account", Some("Success: You left the business")));
        assert!(ada.page().says("You belong to no business"));
    }

    /// IDN-4: people, invitations and their addresses of another business are not found, like those that do not exist.
    #[test]
    async fn another_business_is_not_found(stage: Stage) {
        let portal = stage.portal().await;
        let mut ada = signed_in(&portal, "admin@acme.example").await;
        ada.open("/console/team/invitations").await;
        ada.fill("Email", "nora@neumann.example").choose("Role", "Member").press("Send the invitation").await;
        let withdraw = ada.page().attributes("form[action*='/withdraw']", "action").pop().unwrap();
        let mia = ada.page().link("Mia Moreau: role and removal").unwrap();
        let mut gwen = signed_in(&portal, "admin@globex.example").await;
        gwen.open("/console/team").await;
        for address in [mia.as_str(), "/console/team/per_00000000000000000000000000", "/console/team/x"] {
            assert_eq!(gwen.open(address).await.status, 404, "{address}");
            for act in ["role", "remove"] {
                gwen.open("/console/team").await;
                assert_eq!(gwen.post(&format!("{address}/{act}"), &[("role", "administrator")]).await.status, 404, "{address}/{act}");
            }
        }
        gwen.open("/console/team").await;
        assert_eq!(gwen.post(&withdraw, &[]).await.status, 404);
        assert!(!gwen.open("/console/team").await.says("nora@neumann.example"));
        ada.open("/console/team").await;
        assert_eq!(ada.page().rows("Members by name").len(), 5);
        ada.press("Withdraw the invitation of nora@neumann.example").await;
        assert_eq!(ada.page().flash().as_deref(), Some("Success: The invitation was withdrawn"));
        let mut nora = portal.browser();
        assert_eq!(nora.open(&mailed_link(&stage, "nora@neumann.example").await).await.status, 404);
        sign_in(&mut nora, "nora@neumann.example", GOOD).await;
        assert_eq!(nora.page().status, 422);
    }
}
