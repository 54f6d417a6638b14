//! Stops where time runs out: a window that is missed, licenses that end, a business that is locked and closed.

use super::{Looks, at, contract};
use crate::journey::continue_to_console;
use crate::support::Desk;
use crate::support::portal::Portal;
use chrono::TimeDelta;

pub async fn too_late(portal: &Portal, desk: &Desk, looks: &mut impl Looks) {
    desk.sign_in_anew("buyer@acme.example").await;
    contract(desk, "500").await;
    desk.press("Pay now").await;
    desk.expect_heading("Your purchase is complete").await;
    desk.press("Set up your account").await;
    continue_to_console(desk).await;
    portal.clock.advance(TimeDelta::hours(4));
    at(desk, looks, "/setup", "setup-expired").await;
    desk.sign_in_anew("admin@acme.example").await;
    at(desk, looks, "/console/activation", "activation-expired").await;
    desk.sign_in_anew("buyer@acme.example").await;
    at(desk, looks, "/marketplace/subscriptions", "subscriptions-unclaimed").await;
    desk.sign_in_anew("support@creditdesk.example").await;
    at(desk, looks, "/admin/outlook", "desk-outlook-empty").await;
    portal.clock.advance(TimeDelta::days(260));
    portal.run_due_jobs().await;
    desk.sign_in_anew("support@creditdesk.example").await;
    at(desk, looks, "/admin/unclaimed", "desk-unclaimed").await;
    at(desk, looks, "/admin/unclaimed?q=nothing", "desk-unclaimed-no-match").await;
    at(desk, looks, "/admin/outlook", "desk-outlook").await;
    at(desk, looks, "/demonstration/mail", "demonstration-mail-with-a-file").await;
    portal.clock.advance(TimeDelta::days(40));
    desk.sign_in_anew("admin@globex.example").await;
    at(desk, looks, "/console", "console-expired").await;
    at(desk, looks, "/console/credits", "credits-expired").await;
    at(desk, looks, "/console/licenses", "licenses-expired").await;
    portal.run_due_jobs().await;
    at(desk, looks, "/console/credits", "credits-renewed").await;
    desk.sign_in_anew("buyer@acme.example").await;
    desk.open("/marketplace/subscriptions").await;
    let renewed = desk.attribute_of("//tr[contains(normalize-space(), '2 Mar 2028')]//a[contains(@href, '/agmt-')]", "href").await;
    at(desk, looks, &renewed, "subscription-renewed").await;
}

pub async fn ending(portal: &Portal, desk: &Desk, looks: &mut impl Looks) {
    desk.tab("Modify renewal").await;
    desk.choose("No").await;
    desk.press("Save changes").await;
    desk.expect_text("the contract and its credits end, and nothing more is charged").await;
    looks.look(desk, "subscription-ends").await;
    portal.clock.advance(TimeDelta::days(365));
    portal.run_due_jobs().await;
    desk.sign_in_anew("admin@globex.example").await;
    at(desk, looks, "/console/team", "console-grace").await;
    desk.expect_text("Everything works as before until then").await;
    portal.clock.advance(TimeDelta::days(30));
    desk.sign_in_anew("admin@globex.example").await;
    at(desk, looks, "/console", "locked").await;
    desk.expect_heading("is locked").await;
    at(desk, looks, "/console/credits", "credits-locked").await;
    desk.sign_in_anew("lead@creditdesk.example").await;
    at(desk, looks, "/admin/outlook/businesses", "desk-lapsed").await;
    portal.clock.advance(TimeDelta::days(30));
    desk.sign_in_anew("admin@globex.example").await;
    at(desk, looks, "/console", "closed").await;
    desk.expect_heading("is closed").await;
    desk.sign_in_anew("lead@creditdesk.example").await;
    desk.open("/admin/businesses?q=globex").await;
    desk.click("Globex").await;
    looks.look(desk, "desk-business-closed").await;
    desk.click("Close for deletion, or open again").await;
    looks.look(desk, "desk-closing").await;
    desk.press("Close for deletion").await;
    desk.expect_text("There is a problem").await;
    looks.look(desk, "desk-closing-problem").await;
    desk.fill("Reason", "No answer since the lock").await;
    desk.press("Close for deletion").await;
    desk.expect_text("Nothing was deleted").await;
    desk.sign_in_anew("admin@globex.example").await;
    at(desk, looks, "/console", "closed-for-deletion").await;
}
