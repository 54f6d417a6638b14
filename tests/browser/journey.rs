//! The whole procedure, from the marketplace's search to upgraded and transferred credits: with a mouse and JavaScript,
//! with a mouse and without JavaScript, and by keyboard alone.

use crate::support::portal::Portal;
use crate::support::{Desk, Hands, visit};

/// The procedure works as most people use it.
#[test]
fn the_whole_procedure_with_javascript() {
    visit(Hands::Mouse, walk);
}

/// Everything works where JavaScript is switched off (point 15 of the pages).
#[test]
fn the_whole_procedure_without_javascript() {
    visit(Hands::MouseWithoutScripts, walk);
}

/// Everything works by keyboard, in a logical order, without a trap and without more than sixty stops to anything
/// (point 5 of the pages).
#[test]
fn the_whole_procedure_by_keyboard_alone() {
    visit(Hands::Keyboard, walk);
}

async fn walk(portal: &Portal, desk: &Desk) {
    desk.sign_in_anew("buyer@acme.example").await;
    buy(desk).await;
    set_up_and_activate(desk).await;
    see_credits(desk, "1,000").await;
    upgrade(portal, desk).await;
    transfer(desk).await;
}

/// Steps 1 to 4: search, listing, contract, review, payment.
pub async fn buy(desk: &Desk) {
    desk.open("/marketplace").await;
    desk.fill("Search products", "trend micro").await;
    desk.press("Search").await;
    desk.expect_text("Trend Vision One").await;
    desk.click("Trend Vision One").await;
    desk.expect_heading("Trend Vision One").await;
    desk.click("View purchase options").await;
    desk.expect_heading("Configure your Software Contract").await;
    desk.fill("Number of credits", "1,000").await;
    desk.choose("Yes").await;
    desk.press("Create contract").await;
    desk.expect_heading("Review and pay").await;
    desk.expect_text("You have not been charged yet").await;
    desk.press("Pay now").await;
    desk.expect_heading("Your purchase is complete").await;
}

/// Steps 5 to 7: the hand-over, sign-in as the licensing person, activation.
pub async fn set_up_and_activate(desk: &Desk) {
    desk.press("Set up your account").await;
    continue_to_console(desk).await;
    desk.press("Sign in as somebody else").await;
    desk.expect_heading("Sign in").await;
    desk.sign_in("licensing@acme.example").await;
    activate(desk).await;
}

/// Step 7, once somebody with licensing permission has signed in: what was bought is reviewed and activated.
pub async fn activate(desk: &Desk) {
    desk.expect_heading("Activate your Trend Micro Solutions").await;
    assert_eq!(desk.fact("Business").await, "Acme Industries");
    assert_eq!(desk.fact("Number of credits").await, "1,000 credits");
    desk.tick("I accept the license terms").await;
    desk.press("Activate").await;
    desk.expect_heading("Activation Successful").await;
}

/// To the console with a purchase of credits.
pub async fn continue_to_console(desk: &Desk) {
    continue_to_console_of(desk, "Trend Vision One").await;
}

/// With JavaScript the hand-over goes on by itself; without, it is a button.
pub async fn continue_to_console_of(desk: &Desk, product: &str) {
    let landed = format!("Set up {product}");
    if desk.scripts() {
        desk.expect_heading(&landed).await;
    } else {
        desk.expect_heading("Set up your account").await;
        desk.press("Continue to the console").await;
        desk.expect_heading(&landed).await;
    }
}

/// Step 8: License Information and Credits & Billing.
async fn see_credits(desk: &Desk, total: &str) {
    desk.open("/console").await;
    desk.click("License Information").await;
    desk.expect_heading("License Information").await;
    desk.expect_text("Trend Vision One").await;
    desk.click("Credits & Billing").await;
    desk.expect_heading("Credits & Billing").await;
    assert!(desk.fact("Total valid credits").await.starts_with(total), "{}", desk.fact("Total valid credits").await);
    assert!(desk.fact("Current balance").await.starts_with(total));
    assert!(desk.fact("Allocated credits").await.starts_with('0'));
}

/// Step 9: more credits in the running contract, as a separate item with the same expiration.
async fn upgrade(portal: &Portal, desk: &Desk) {
    portal.clock.advance(chrono::TimeDelta::minutes(10));
    desk.sign_in_anew("buyer@acme.example").await;
    add_credits(desk).await;
    portal.run_due_jobs().await;
    desk.sign_in_anew("licensing@acme.example").await;
    see_credits(desk, "1,500").await;
}

/// The buyer's part of it: 500 credits more, paid for.
pub async fn add_credits(desk: &Desk) {
    desk.open("/marketplace/subscriptions").await;
    desk.expect_heading("Subscriptions").await;
    desk.click("Trend Vision One").await;
    desk.tab("Upgrade current contract").await;
    desk.fill("Credits to add", "500").await;
    desk.press("Upgrade contract").await;
    desk.expect_heading("Review and pay").await;
    desk.press("Pay now").await;
    desk.expect_heading("Your credits were added").await;
}

/// Step 10: support asks, a support lead approves, and the credits are in the other business.
async fn transfer(desk: &Desk) {
    desk.sign_in_anew("support@creditdesk.example").await;
    desk.open("/admin/licenses").await;
    desk.expect_heading("Licenses").await;
    let license = desk.attribute_of("//a[contains(@href, '/admin/licenses/lic_')]", "href").await;
    let license = license.split('/').next_back().unwrap_or_default().to_owned();
    desk.open(&format!("/admin/licenses/{license}/transfer")).await;
    desk.expect_heading("Transfer license").await;
    desk.fill("Destination business", "Globex").await;
    desk.fill("Reason", "Bought by the wrong part of the group").await;
    desk.fill("Ticket number", "T-1001").await;
    desk.press("Preview transfer").await;
    desk.expect_text("What will happen").await;
    desk.fill("License id", &license).await;
    desk.press("Request transfer").await;
    desk.expect_heading("Transfer of Trend Vision One").await;
    let request = desk.address().await;
    desk.sign_in_anew("lead@creditdesk.example").await;
    desk.open(&request).await;
    desk.press("Approve transfer").await;
    desk.expect_text("Transfer approved").await;
    desk.sign_in_anew("admin@globex.example").await;
    see_credits(desk, "1,500").await;
    desk.sign_in_anew("admin@acme.example").await;
    desk.open("/console/credits").await;
    assert!(desk.fact("Total valid credits").await.starts_with('0'), "{}", desk.fact("Total valid credits").await);
}
