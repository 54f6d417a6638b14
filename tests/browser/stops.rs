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

const PLAN: &str =
    "/console/credits/planner?months=36&a=units.endpoint-security.core.400.20270101T000000Z&a=added.500.20270601T000000Z.once";

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
    ending(portal, &desk, looks).await;
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
    at(desk, looks, "/marketplace/invoices", "invoices").await;
    desk.click("TM-2026-000001").await;
    looks.look(desk, "invoice").await;
    at(desk, looks, "/marketplace/invoices/statement", "statement").await;
    at(desk, looks, "/marketplace/subscriptions", "subscriptions").await;
    desk.click("Trend Vision One").await;
    looks.look(desk, "subscription").await;
    desk.tab("Modify renewal").await;
    looks.look(desk, "subscription-renewal").await;
    desk.fill("Number of credits for the next term", "1").await;
    desk.press("Save changes").await;
    desk.expect_text("There is a problem").await;
    looks.look(desk, "subscription-renewal-problem").await;
    desk.fill("Number of credits for the next term", "8,000").await;
    desk.press("Save changes").await;
    desk.expect_text("whatever is added until then").await;
    looks.look(desk, "subscription-renewal-chosen").await;
    desk.tab("Overview").await;
    desk.expect_text("The next term is changed").await;
    looks.look(desk, "subscription-next-term").await;
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
        ("/console/credits/calculator", "calculator"),
        ("/console/credits/calculator?years=3&endpoint-security_core=100&endpoint-security_core_pro=10", "calculator-result"),
        ("/console/credits/calculator?years=9&endpoint-security_core=x", "calculator-problems"),
        ("/console/credits/scenarios", "scenarios-empty"),
        ("/console/credits/planner?months=36", "planner"),
        ("/console/credits/planner?months=12&add=credits&credits=0", "planner-problems"),
        (PLAN, "planner-negative"),
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
    scenarios(desk, looks).await;
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

/// Two estimates that are kept and compared.
async fn scenarios(desk: &Desk, looks: &mut impl Looks) {
    for (name, units) in [("Offices", "100"), ("Offices and plants", "1200")] {
        desk.open(&format!("/console/credits/new-scenario?years=2&endpoint-security_core={units}&endpoint-security_xdr=100")).await;
        looks.look(desk, "scenario-keep").await;
        desk.fill("Name", name).await;
        desk.press("Keep the scenario").await;
        desk.expect_heading(name).await;
    }
    looks.look(desk, "scenario").await;
    at(desk, looks, "/console/credits/scenarios", "scenarios").await;
    let ids = ["Offices", "Offices and plants"].map(|name| format!("//a[text()='{name}']"));
    let mut chosen = Vec::new();
    for id in ids {
        chosen.push(desk.attribute_of(&id, "href").await.rsplit('/').next().unwrap_or_default().to_owned());
    }
    at(desk, looks, &format!("/console/credits/compare?a={}&b={}", chosen[0], chosen[1]), "scenario-compare").await;
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
        ("/admin/reconciliation", "desk-reconciliation-empty"),
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
    portal.ask_staff().await;
    at(desk, looks, "/admin/reconciliation", "desk-reconciliation").await;
    desk.click("Fewer credits").await;
    looks.look(desk, "desk-difference").await;
    desk.press("Close the difference").await;
    desk.expect_text("There is a problem").await;
    looks.look(desk, "desk-difference-problems").await;
    at(desk, looks, "/admin/invoices/TM-2026-000001", "desk-invoice").await;
    desk.press("Issue credit note").await;
    desk.expect_text("There is a problem").await;
    looks.look(desk, "desk-invoice-problem").await;
    at(desk, looks, "/admin/buyer-accounts/111122223333/invoices", "desk-invoices").await;
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

/// A Support lead issues an activation code; the code.
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
    desk.sign_in_anew("support@creditdesk.example").await;
    at(desk, looks, "/admin/outlook", "desk-outlook-empty").await;
    portal.clock.advance(TimeDelta::days(290));
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
    desk.click("Trend Vision One").await;
    looks.look(desk, "subscription-renewed").await;
}

/// What follows when nothing is renewed: grace, lock, closing.
async fn ending(portal: &Portal, desk: &Desk, looks: &mut impl Looks) {
    at(desk, looks, "/console/team", "console-grace").await;
    portal.clock.advance(TimeDelta::days(30));
    desk.sign_in_anew("admin@globex.example").await;
    at(desk, looks, "/console", "locked").await;
    at(desk, looks, "/console/credits", "credits-locked").await;
    desk.sign_in_anew("lead@creditdesk.example").await;
    at(desk, looks, "/admin/outlook/businesses", "desk-lapsed").await;
    portal.clock.advance(TimeDelta::days(30));
    desk.sign_in_anew("admin@globex.example").await;
    at(desk, looks, "/console", "closed").await;
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
