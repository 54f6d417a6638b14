//! Where the browser stops to look at a page: every page of the program in every state that a person can meet, with a
//! name for its picture. One purchase is activated, one waits, one window is missed, a transfer waits for approval.

use crate::journey::continue_to_console;
use crate::support::portal::Portal;
use crate::support::{Desk, Hands};
use chrono::TimeDelta;

/// What is done at each stop.
pub trait Looks {
    async fn look(&mut self, desk: &Desk, name: &str);
}

const LISTING: &str = "/marketplace/pp/prodview-u2in6sa3igl7c";

/// Walks through everything.
pub async fn walk(portal: &Portal, looks: &mut impl Looks) {
    let desk = Desk::open_at(portal, Hands::Mouse).await;
    outside(&desk, looks).await;
    buying(&desk, looks).await;
    setting_up(portal, &desk, looks).await;
    console(portal, &desk, looks).await;
    support(portal, &desk, looks).await;
    too_late(portal, &desk, looks).await;
    desk.chromium.close().await;
}

async fn at(desk: &Desk, looks: &mut impl Looks, path: &str, name: &str) {
    desk.open(path).await;
    looks.look(desk, name).await;
}

/// Before anybody signs in.
async fn outside(desk: &Desk, looks: &mut impl Looks) {
    for (path, name) in [
        ("/marketplace", "search"),
        ("/marketplace?q=trend", "search-result"),
        ("/marketplace?q=no+such+thing", "search-no-match"),
        (LISTING, "listing"),
        ("/marketplace/pp/prodview-u2in6sa3igl7c/contract", "contract-signed-out"),
        ("/setup", "setup-without-purchase"),
        ("/sign-in", "sign-in"),
        ("/register", "register"),
        ("/register/check-mail", "register-check-mail"),
        ("/password/forgot", "password-forgot"),
        ("/password/forgot/check-mail", "password-check-mail"),
        ("/password/reset/unknown", "password-link-over"),
        ("/invitations/unknown", "invitation-link-over"),
        ("/help", "help"),
        ("/demonstration/mail", "demonstration-mail"),
        ("/styleguide", "styleguide"),
        ("/no/such/page", "not-found"),
    ] {
        at(desk, looks, path, name).await;
    }
    desk.open("/sign-in").await;
    desk.fill("Email", "nobody@acme.example").await;
    desk.fill("Password", "wrong").await;
    desk.press("Sign in").await;
    desk.expect_text("There is a problem").await;
    looks.look(desk, "sign-in-problem").await;
    desk.open("/register").await;
    desk.press("Send the link").await;
    desk.expect_text("There is a problem").await;
    looks.look(desk, "register-problems").await;
}

/// The marketplace of a buyer, from nothing to a declined and a pending payment.
async fn buying(desk: &Desk, looks: &mut impl Looks) {
    desk.sign_in_anew("buyer@globex.example").await;
    at(desk, looks, "/marketplace/subscriptions", "subscriptions-empty").await;
    at(desk, looks, "/console", "console-without-a-part").await;
    desk.sign_in_anew("buyer@initech.example").await;
    desk.open("/account").await;
    desk.press("Switch to Initech (payment declined)").await;
    desk.expect_heading("Products").await;
    contract(desk, "100").await;
    desk.press("Pay now").await;
    desk.expect_text("declined").await;
    looks.look(desk, "payment-declined").await;
    desk.open("/account").await;
    desk.press("Switch to Initech (payment approved later)").await;
    desk.expect_heading("Products").await;
    contract(desk, "100").await;
    desk.press("Pay now").await;
    desk.expect_heading("Your payment is pending").await;
    looks.look(desk, "payment-pending").await;
    desk.sign_in_anew("buyer@acme.example").await;
    desk.open(&format!("{LISTING}/contract")).await;
    looks.look(desk, "contract").await;
    desk.fill("Number of credits", "1").await;
    desk.press("Create contract").await;
    desk.expect_text("There is a problem").await;
    looks.look(desk, "contract-problems").await;
    contract(desk, "10,000").await;
    looks.look(desk, "review").await;
    desk.press("Pay now").await;
    desk.expect_heading("Your purchase is complete").await;
    looks.look(desk, "receipt").await;
}

async fn contract(desk: &Desk, credits: &str) {
    desk.open(&format!("{LISTING}/contract")).await;
    desk.fill("Number of credits", credits).await;
    desk.press("Create contract").await;
    desk.expect_heading("Review and pay").await;
}

/// From the receipt to *Activation Successful*, with everybody who cannot.
async fn setting_up(portal: &Portal, desk: &Desk, looks: &mut impl Looks) {
    let receipt = desk.address().await;
    portal.clock.advance(TimeDelta::minutes(20));
    desk.press("Set up your account").await;
    continue_to_console(desk).await;
    looks.look(desk, "setup-signed-in").await;
    at(desk, looks, "/console/activation", "activation-without-business").await;
    desk.sign_in_anew("viewer@acme.example").await;
    at(desk, looks, "/console/activation", "activation-without-permission").await;
    desk.press("Make a hand-over link").await;
    desk.expect_heading("Hand-over link").await;
    looks.look(desk, "hand-over-link").await;
    desk.sign_in_anew("admin@initech.example").await;
    at(desk, looks, "/console/activation", "activation-with-two-businesses").await;
    desk.sign_in_anew("admin@acme.example").await;
    at(desk, looks, "/console", "console-waiting").await;
    at(desk, looks, "/console/licenses", "licenses-waiting").await;
    at(desk, looks, "/console/credits", "credits-empty").await;
    at(desk, looks, "/console/activation", "activation").await;
    desk.press("Activate").await;
    desk.expect_text("There is a problem").await;
    looks.look(desk, "activation-problem").await;
    desk.tick("I accept the license terms").await;
    desk.press("Activate").await;
    desk.expect_heading("Activation Successful").await;
    looks.look(desk, "activated").await;
    desk.sign_in_anew("buyer@acme.example").await;
    at(desk, looks, &receipt, "receipt-activated").await;
    at(desk, looks, "/marketplace/subscriptions", "subscriptions").await;
    desk.click("Trend Vision One").await;
    looks.look(desk, "subscription").await;
    desk.tab("Modify renewal").await;
    looks.look(desk, "subscription-renewal").await;
    desk.tab("Upgrade current contract").await;
    looks.look(desk, "subscription-upgrade").await;
    desk.fill("Credits to add", "none").await;
    desk.press("Upgrade contract").await;
    desk.expect_text("There is a problem").await;
    looks.look(desk, "subscription-upgrade-problem").await;
    desk.fill("Credits to add", "2,500").await;
    desk.press("Upgrade contract").await;
    desk.expect_heading("Review and pay").await;
    looks.look(desk, "review-upgrade").await;
    desk.press("Pay now").await;
    desk.expect_heading("Your credits were added").await;
    looks.look(desk, "receipt-upgrade").await;
    portal.run_due_jobs().await;
}

/// The console of a business with licenses, seen by people of each role.
async fn console(portal: &Portal, desk: &Desk, looks: &mut impl Looks) {
    portal.clock.advance(TimeDelta::days(40));
    desk.sign_in_anew("admin@acme.example").await;
    for (path, name) in [
        ("/console", "console"),
        ("/console/licenses", "licenses"),
        ("/console/licenses?q=nothing", "licenses-no-match"),
        ("/console/credits", "credits"),
        ("/console/credits?month=2026-03", "credits-month"),
        ("/console/credits?tab=solutions&q=nothing", "credits-solutions-no-match"),
        ("/console/credits/allocation", "allocation"),
        ("/console/credits/allocation/endpoint-security/core", "allocation-feature"),
        ("/console/credits/allocation/endpoint-security/core?units=1,000", "allocation-preview"),
        ("/console/credits/allocation/endpoint-security/core?units=many", "allocation-problem"),
        ("/console/credits/allocation/endpoint-security/core/entries", "allocation-entries-empty"),
        ("/console/team", "team"),
        ("/console/team/invitations", "team-invite"),
        ("/console/audit", "audit"),
        ("/account", "account"),
        ("/account/password", "account-password"),
    ] {
        at(desk, looks, path, name).await;
    }
    desk.open("/console/licenses").await;
    desk.click("Trend Vision One").await;
    looks.look(desk, "license").await;
    desk.open("/console/credits").await;
    desk.tab("Pay-as-you-go").await;
    looks.look(desk, "credits-pay-as-you-go").await;
    desk.tab("All available solutions").await;
    looks.look(desk, "credits-solutions").await;
    desk.open("/console/team/invitations").await;
    desk.press("Send the invitation").await;
    desk.expect_text("There is a problem").await;
    looks.look(desk, "team-invite-problems").await;
    desk.sign_in_anew("member@acme.example").await;
    at(desk, looks, "/console", "console-of-a-member").await;
    at(desk, looks, "/console/licenses", "no-permission").await;
    desk.sign_in_anew("admin@globex.example").await;
    at(desk, looks, "/console", "console-empty").await;
    at(desk, looks, "/console/licenses", "licenses-empty").await;
}

/// The support desk, up to a transfer that waits and one that was approved.
async fn support(portal: &Portal, desk: &Desk, looks: &mut impl Looks) {
    desk.sign_in_anew("support@creditdesk.example").await;
    for (path, name) in [
        ("/admin", "desk"),
        ("/admin/search?q=acme", "desk-search"),
        ("/admin/search?q=nothing-like-it", "desk-search-no-match"),
        ("/admin/businesses", "desk-businesses"),
        ("/admin/licenses", "desk-licenses"),
        ("/admin/transfers", "desk-transfers-empty"),
        ("/admin/buyer-accounts/111122223333", "desk-buyer-account"),
        ("/admin/audit", "desk-audit"),
    ] {
        at(desk, looks, path, name).await;
    }
    desk.open("/admin/businesses").await;
    desk.click("Acme Industries").await;
    looks.look(desk, "desk-business").await;
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
    desk.sign_in_anew("operator@creditdesk.example").await;
    at(desk, looks, "/admin/businesses", "desk-no-permission").await;
}

/// A window that is missed, and a purchase that somebody else activated.
async fn too_late(portal: &Portal, desk: &Desk, looks: &mut impl Looks) {
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
    desk.sign_in_anew("admin@globex.example").await;
    portal.clock.advance(TimeDelta::days(330));
    desk.sign_in_anew("admin@globex.example").await;
    at(desk, looks, "/console", "console-expired").await;
    at(desk, looks, "/console/credits", "credits-expired").await;
    at(desk, looks, "/console/licenses", "licenses-expired").await;
}
