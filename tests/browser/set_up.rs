//! What can go wrong between paying and activating, as people meet it: the missed window, the declined payment, the
//! payment that comes later, the wrong person, the second business, the two members of staff who are one.

use crate::journey::continue_to_console;
use crate::support::{Desk, Hands, visit};
use chrono::TimeDelta;

/// A purchase up to the payment, whatever becomes of it.
pub async fn buy(desk: &Desk, credits: &str) {
    desk.open("/marketplace/pp/prodview-u2in6sa3igl7c/contract").await;
    desk.expect_heading("Configure your Software Contract").await;
    desk.fill("Number of credits", credits).await;
    desk.press("Create contract").await;
    desk.expect_heading("Review and pay").await;
    desk.press("Pay now").await;
}

async fn set_up(desk: &Desk) {
    desk.press("Set up your account").await;
    continue_to_console(desk).await;
}

/// SET-5: after four hours the activation says so and how to start again; *Set up product* does.
#[test]
fn a_missed_window_is_started_again_from_subscriptions() {
    visit(Hands::Mouse, async |portal, desk| {
        desk.sign_in_anew("buyer@acme.example").await;
        buy(desk, "1,000").await;
        desk.expect_heading("Your purchase is complete").await;
        set_up(desk).await;
        desk.expect_text("13:00").await;
        portal.clock.advance(TimeDelta::hours(4));
        desk.sign_in_anew("admin@acme.example").await;
        desk.open("/console/activation").await;
        desk.expect_text("Set up product").await;
        assert!(!desk.shows("I accept the license terms").await, "it cannot be activated now");
        desk.sign_in_anew("buyer@acme.example").await;
        desk.open("/marketplace/subscriptions").await;
        desk.click("Trend Vision One").await;
        desk.press("Set up product").await;
        continue_to_console(desk).await;
        desk.press("Sign in as somebody else").await;
        desk.sign_in("admin@acme.example").await;
        desk.expect_heading("Activate your Trend Micro Solutions").await;
        desk.tick("I accept the license terms").await;
        desk.press("Activate").await;
        desk.expect_heading("Activation Successful").await;
    });
}

/// MKT-9: declined, the quote stays payable and the page says why; the same buyer pays from another account. Settled
/// later, there is nothing to activate before, and everything afterwards.
#[test]
fn a_declined_and_a_later_payment_say_what_they_are() {
    visit(Hands::Mouse, async |portal, desk| {
        desk.sign_in_anew("buyer@initech.example").await;
        switch_account(desk, "Initech (payment declined)").await;
        buy(desk, "1,000").await;
        desk.expect_text("The payment was declined").await;
        assert!(desk.shows("Nothing was charged").await);
        switch_account(desk, "Initech (payment approved later)").await;
        buy(desk, "2,000").await;
        desk.expect_heading("Your payment is pending").await;
        assert!(desk.shows("cannot be activated").await);
        let receipt = desk.address().await;
        portal.clock.advance(TimeDelta::hours(24));
        portal.run_due_jobs().await;
        desk.sign_in_anew("buyer@initech.example").await;
        switch_account(desk, "Initech (payment approved later)").await;
        desk.open(&receipt).await;
        desk.expect_heading("Your purchase is complete").await;
        set_up(desk).await;
        desk.press("Sign in as somebody else").await;
        desk.sign_in("admin@initech.example").await;
        desk.expect_heading("Activate your Trend Micro Solutions").await;
    });
}

async fn switch_account(desk: &Desk, name: &str) {
    desk.open("/account").await;
    if !desk.has(&format!("//h3[normalize-space()='{name}']/following-sibling::*[normalize-space()='Current']")).await {
        desk.press(&format!("Switch to {name}")).await;
        desk.open("/account").await;
    }
}

/// SET-9: somebody without licensing permission is told who has it, and hands a link to a colleague, who activates.
#[test]
fn a_person_without_permission_hands_the_purchase_over() {
    visit(Hands::Mouse, async |portal, desk| {
        desk.sign_in_anew("buyer@acme.example").await;
        buy(desk, "1,000").await;
        desk.expect_heading("Your purchase is complete").await;
        set_up(desk).await;
        desk.press("Sign in as somebody else").await;
        desk.sign_in("viewer@acme.example").await;
        desk.expect_heading("You need licensing permission").await;
        assert!(desk.shows("Administrator").await && desk.shows("Licensing manager").await);
        desk.press("Make a hand-over link").await;
        desk.expect_heading("Hand-over link").await;
        let link = desk.text_of("//code[contains(., '/setup/hand-over/')]").await;
        let path = link.trim_start_matches(&portal.origin).to_owned();
        let stranger = Desk::open_at(portal, Hands::Mouse).await;
        stranger.sign_in_anew("admin@globex.example").await;
        stranger.open(&path).await;
        stranger.open("/console/activation").await;
        assert!(!stranger.shows("I accept the license terms").await, "of no use to another business: {}", stranger.describe().await);
        assert!(!stranger.shows("Acme").await, "it names no other business");
        stranger.chromium.close().await;
        let colleague = Desk::open_at(portal, Hands::Mouse).await;
        colleague.open(&path).await;
        colleague.open("/sign-in").await;
        colleague.sign_in("licensing@acme.example").await;
        colleague.expect_heading("Activate your Trend Micro Solutions").await;
        colleague.tick("I accept the license terms").await;
        colleague.press("Activate").await;
        colleague.expect_heading("Activation Successful").await;
        colleague.chromium.close().await;
    });
}

/// SET-5: a second business that holds the same purchase is refused and learns nothing about the first.
#[test]
fn a_second_business_comes_too_late_and_learns_nothing() {
    visit(Hands::Mouse, async |portal, desk| {
        desk.sign_in_anew("buyer@acme.example").await;
        buy(desk, "1,000").await;
        desk.expect_heading("Your purchase is complete").await;
        let receipt = desk.address().await;
        set_up(desk).await;
        desk.press("Sign in as somebody else").await;
        desk.sign_in("admin@globex.example").await;
        desk.expect_heading("Activate your Trend Micro Solutions").await;
        let first = Desk::open_at(portal, Hands::Mouse).await;
        first.sign_in_anew("buyer@acme.example").await;
        first.open(&receipt).await;
        set_up(&first).await;
        first.press("Sign in as somebody else").await;
        first.sign_in("admin@acme.example").await;
        first.tick("I accept the license terms").await;
        first.press("Activate").await;
        first.expect_heading("Activation Successful").await;
        first.chromium.close().await;
        desk.tick("I accept the license terms").await;
        desk.press("Activate").await;
        desk.expect_heading("Products Already Activated").await;
        assert!(!desk.shows("Acme").await && !desk.shows("Ada Archer").await, "{}", desk.text().await);
        desk.open("/console/credits").await;
        assert!(!desk.shows("1,000").await);
    });
}

/// SUP-4: the member of staff who asked cannot approve, even with the role; somebody else can.
#[test]
fn a_transfer_needs_two_members_of_staff() {
    visit(Hands::Mouse, async |_, desk| {
        desk.sign_in_anew("buyer@acme.example").await;
        buy(desk, "1,000").await;
        desk.expect_heading("Your purchase is complete").await;
        set_up(desk).await;
        desk.press("Sign in as somebody else").await;
        desk.sign_in("admin@acme.example").await;
        desk.tick("I accept the license terms").await;
        desk.press("Activate").await;
        desk.expect_heading("Activation Successful").await;
        desk.sign_in_anew("support@creditdesk.example").await;
        desk.open("/admin/licenses").await;
        let license = desk.attribute_of("//a[contains(@href, '/admin/licenses/lic_')]", "href").await;
        let license = license.split('/').next_back().unwrap_or_default().to_owned();
        desk.open(&format!("/admin/licenses/{license}/transfer")).await;
        desk.fill("Destination business", "Globex").await;
        desk.fill("Reason", "Bought by the wrong part of the group").await;
        desk.fill("Ticket number", "T-1001").await;
        desk.press("Preview transfer").await;
        desk.expect_text("What will happen").await;
        desk.fill("License id", &license).await;
        desk.press("Request transfer").await;
        desk.expect_heading("Transfer of Trend Vision One").await;
        assert!(!desk.has("//button[normalize-space()='Approve transfer']").await, "whoever asked does not decide");
        let request = desk.address().await;
        desk.sign_in_anew("lead@creditdesk.example").await;
        desk.open(&request).await;
        desk.press("Approve transfer").await;
        desk.expect_text("Transfer approved").await;
        assert!(!desk.has("//button[normalize-space()='Approve transfer']").await, "it is done");
    });
}
