//! Stops at the support desk.

use super::{Looks, at};
use crate::support::Desk;
use crate::support::portal::Portal;
use chrono::TimeDelta;

/// What staff look up.
pub async fn look_up(desk: &Desk, looks: &mut impl Looks) {
    desk.sign_in_anew("support@creditdesk.example").await;
    for (path, name) in [
        ("/admin", "desk"),
        ("/admin/search?q=acme", "desk-search"),
        ("/admin/search?q=nothing-like-it", "desk-search-no-match"),
        ("/admin/businesses", "desk-businesses"),
        ("/admin/licenses", "desk-licenses"),
        ("/admin/transfers", "desk-transfers-empty"),
        ("/admin/reconciliation", "desk-reconciliation-empty"),
        ("/admin/events", "desk-events-empty"),
        ("/admin/buyer-accounts/111122223333", "desk-buyer-account"),
        ("/admin/audit", "desk-audit"),
    ] {
        at(desk, looks, path, name).await;
    }
    desk.open("/admin/businesses").await;
    desk.click("Acme Industries").await;
    looks.look(desk, "desk-business").await;
}

/// Keys by which programs call: those of the vendor's services, and those of the official SDKs.
pub async fn keys(desk: &Desk, looks: &mut impl Looks) {
    desk.sign_in_anew("operator@creditdesk.example").await;
    at(desk, looks, "/admin/service-keys", "desk-service-keys-empty").await;
    desk.click("Make a service key").await;
    desk.press("Make the key").await;
    desk.expect_text("There is a problem").await;
    looks.look(desk, "desk-service-key-problems").await;
    desk.fill("Name of the service", "Network sensors").await;
    desk.tick("Virtual Network Sensor").await;
    desk.choose("All businesses").await;
    desk.press("Make the key").await;
    desk.expect_text("shown here once").await;
    looks.look(desk, "desk-service-key-made").await;
    at(desk, looks, "/admin/service-keys", "desk-service-keys").await;
    desk.click("Network sensors").await;
    looks.look(desk, "desk-service-key").await;
    desk.press("Revoke the key").await;
    desk.expect_text("Revoked").await;
    at(desk, looks, "/admin/access-keys", "desk-access-keys-empty").await;
    desk.click("Make an access key").await;
    desk.press("Make the key").await;
    desk.expect_text("There is a problem").await;
    looks.look(desk, "desk-access-key-problems").await;
    desk.fill("Name of the key", "Integration of the vendor").await;
    desk.fill("Account number", "294406891311").await;
    desk.press("Make the key").await;
    desk.expect_text("Secret access key").await;
    looks.look(desk, "desk-access-key-made").await;
    at(desk, looks, "/admin/access-keys", "desk-access-keys").await;
    desk.click("Integration of the vendor").await;
    looks.look(desk, "desk-access-key").await;
    desk.press("Revoke the key").await;
    desk.expect_text("Revoked").await;
    looks.look(desk, "desk-access-key-revoked").await;
    event_targets(desk, looks).await;
}

/// A queue of a seller's events: made with a mistake on the way, seen, withdrawn.
async fn event_targets(desk: &Desk, looks: &mut impl Looks) {
    at(desk, looks, "/admin/event-targets", "desk-event-targets-empty").await;
    desk.click("Make an event target").await;
    desk.press("Make the event target").await;
    desk.expect_text("There is a problem").await;
    looks.look(desk, "desk-event-target-problems").await;
    desk.fill("Seller account", "294406891311").await;
    desk.fill("Name", "events").await;
    desk.press("Make the event target").await;
    desk.expect_text("Withdraw the target").await;
    looks.look(desk, "desk-event-target").await;
    at(desk, looks, "/admin/event-targets", "desk-event-targets").await;
    desk.click("events").await;
    desk.press("Withdraw the target").await;
    desk.expect_text("was withdrawn").await;
    looks.look(desk, "desk-event-target-withdrawn").await;
}

/// A transfer that waits, and is approved.
pub async fn transfer(portal: &Portal, desk: &Desk, looks: &mut impl Looks) {
    desk.open("/admin/licenses").await;
    let license = desk.attribute_of("//a[contains(@href, '/admin/licenses/lic_')]", "href").await;
    let license = license.split('/').next_back().unwrap_or_default().to_owned();
    at(desk, looks, &format!("/admin/licenses/{license}"), "desk-license").await;
    at(desk, looks, &format!("/admin/licenses/{license}/transfer"), "transfer").await;
    desk.press("Preview transfer").await;
    desk.expect_text("There is a problem").await;
    looks.look(desk, "transfer-problems").await;
    desk.fill("Destination business", "Globex").await;
    desk.fill("Reason", "Bought by the wrong part of the group").await;
    desk.fill("Ticket number", "T-1001").await;
    desk.press("Preview transfer").await;
    desk.expect_text("What will happen").await;
    looks.look(desk, "transfer-preview").await;
    portal.clock.advance(TimeDelta::minutes(6));
    desk.fill("License id", &license).await;
    desk.press("Request transfer").await;
    desk.expect_text("Enter your password").await;
    desk.fill("License id", &license).await;
    desk.fill("Password", creditdesk::demo::PASSWORD).await;
    looks.look(desk, "transfer-fresh-password").await;
    desk.press("Request transfer").await;
    desk.expect_heading("Transfer of Trend Vision One").await;
    looks.look(desk, "transfer-requested").await;
    let request = desk.address().await;
    desk.sign_in_anew("lead@creditdesk.example").await;
    at(desk, looks, &request, "transfer-to-decide").await;
    desk.press("Approve transfer").await;
    desk.expect_text("Transfer approved").await;
    looks.look(desk, "transfer-approved").await;
    at(desk, looks, "/admin/transfers", "desk-transfers").await;
}

/// A question, a credit note.
pub async fn decisions(portal: &Portal, desk: &Desk, looks: &mut impl Looks) {
    portal.ask_staff().await;
    at(desk, looks, "/admin/reconciliation", "desk-reconciliation").await;
    desk.click("Fewer credits: Trend Vision One").await;
    looks.look(desk, "desk-difference").await;
    desk.press("Close the difference").await;
    desk.expect_text("There is a problem").await;
    looks.look(desk, "desk-difference-problems").await;
    at(desk, looks, "/admin/invoices/TM-2026-000001", "desk-invoice").await;
    desk.press("Issue credit note").await;
    desk.expect_text("There is a problem").await;
    looks.look(desk, "desk-invoice-problem").await;
    at(desk, looks, "/admin/buyer-accounts/111122223333/invoices", "desk-invoices").await;
}

/// A code that staff issue and a licensing manager takes, and who may not issue any.
pub async fn add_license(desk: &Desk, looks: &mut impl Looks) {
    let code = codes(desk, looks).await;
    desk.sign_in_anew("licensing@acme.example").await;
    at(desk, looks, "/console/licenses/add", "add-license").await;
    desk.fill("Activation code", "AB-CDEF").await;
    desk.press("Continue").await;
    desk.expect_text("There is a problem").await;
    looks.look(desk, "add-license-problem").await;
    desk.fill("Activation code", &code).await;
    desk.press("Continue").await;
    desk.expect_heading("Review the license").await;
    looks.look(desk, "add-license-review").await;
    desk.sign_in_anew("operator@creditdesk.example").await;
    at(desk, looks, "/admin/businesses", "desk-no-permission").await;
}

async fn codes(desk: &Desk, looks: &mut impl Looks) -> String {
    at(desk, looks, "/admin/codes", "desk-codes-empty").await;
    at(desk, looks, "/admin/codes/new", "desk-codes-new").await;
    for (label, value) in [
        ("Product code", "vision"),
        ("Product name", "Trend Vision One"),
        ("Seller", "Trend Micro"),
        ("Credits of each code", "500"),
        ("Order number", "SO-77"),
    ] {
        desk.fill(label, value).await;
    }
    desk.press("Issue and show").await;
    desk.expect_text("There is a problem").await;
    looks.look(desk, "desk-codes-problem").await;
    desk.fill("Last day of use", "12312099").await;
    desk.press("Issue and show").await;
    desk.expect_heading("1 activation code issued").await;
    looks.look(desk, "desk-codes-issued").await;
    let code = desk.text_of("//main//td/code").await;
    desk.click("Go to the batch").await;
    looks.look(desk, "desk-code-batch").await;
    at(desk, looks, "/admin/codes", "desk-codes").await;
    code
}
