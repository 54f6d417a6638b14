//! Pay-as-you-go as people meet it (CRD-9): subscribed to, set up and activated, a feature changed to it and back, what it used
//! in between, and the end of the contract. With JavaScript and without.

use crate::journey::{buy, continue_to_console_of, set_up_and_activate};
use crate::support::portal::Portal;
use crate::support::{Desk, Hands, visit};
use chrono::TimeDelta;

const NAME: &str = "Vision One Pay-as-you-go";
const TAB: &str = "/console/credits?tab=pay-as-you-go";

/// It works as most people use it.
#[test]
fn pay_as_you_go_with_javascript() {
    visit(Hands::Mouse, walk);
}

/// It all works where JavaScript is switched off (point 15 of the pages).
#[test]
fn pay_as_you_go_without_javascript() {
    visit(Hands::MouseWithoutScripts, walk);
}

async fn walk(portal: &Portal, desk: &Desk) {
    desk.sign_in_anew("buyer@acme.example").await;
    buy(desk).await;
    set_up_and_activate(desk).await;
    needs_a_contract(desk).await;
    desk.sign_in_anew("buyer@acme.example").await;
    subscribe(desk).await;
    activate(desk).await;
    change(desk).await;
    use_it(portal, desk).await;
    end(portal, desk).await;
}

/// CRD-9: without a contract nothing can be changed, and the tab leads to one.
async fn needs_a_contract(desk: &Desk) {
    desk.open("/console/credits").await;
    desk.tab("Pay-as-you-go").await;
    desk.expect_text("Manage billing model needs a pay-as-you-go contract").await;
    desk.click("Search the marketplace").await;
    desk.expect_text(NAME).await;
}

/// From the search to the receipt; nothing is due.
pub async fn subscribe(desk: &Desk) {
    desk.open("/marketplace?q=pay-as-you-go").await;
    desk.click(NAME).await;
    desk.click("View purchase options").await;
    assert!(!desk.shows("Number of credits").await);
    desk.press("Create contract").await;
    desk.expect_heading("Review and pay").await;
    desk.press("Pay now").await;
    desk.expect_heading("Your purchase is complete").await;
}

/// From the receipt to the tab, as the licensing manager; no credits are granted.
pub async fn activate(desk: &Desk) {
    desk.press("Set up your account").await;
    continue_to_console_of(desk, NAME).await;
    desk.press("Sign in as somebody else").await;
    desk.sign_in("licensing@acme.example").await;
    desk.expect_heading("Activate your Trend Micro Solutions").await;
    assert_eq!(desk.fact("Contract type").await, "Pay-as-you-go");
    desk.tick("I accept the license terms").await;
    desk.press("Activate").await;
    desk.expect_text("Activation Successful").await;
    desk.expect_heading("Credits & Billing").await;
}

async fn allocated(desk: &Desk) -> String {
    desk.open("/console/credits").await;
    desk.fact("Allocated credits").await.split_whitespace().next().unwrap_or_default().to_owned()
}

/// CRD-9: a preview, and the change; its credits return at once, and it waits 30 days for the next.
async fn change(desk: &Desk) {
    desk.open("/console/credits/allocation/file-security/storage-bucket").await;
    desk.fill("Buckets", "2").await;
    desk.press("Preview the change").await;
    desk.press("Allocate 19,272 credits").await;
    desk.expect_text("now reserves").await;
    desk.open(TAB).await;
    desk.click("Manage billing model").await;
    desk.expect_heading("Manage billing model").await;
    desk.click("Change Storage (bucket) to Pay-as-you-go").await;
    desk.expect_text("19,272 credits return to the balance at once").await;
    assert_eq!(allocated(desk).await, "19,272", "a preview changes nothing");
    desk.open("/console/credits/billing-model/file-security/storage-bucket").await;
    desk.press("Change to pay-as-you-go").await;
    desk.expect_text("Billing model changed").await;
    assert_eq!(allocated(desk).await, "0");
    desk.open("/console/credits/billing-model/file-security/storage-bucket").await;
    desk.expect_text("once in 30 days").await;
}

/// CRD-9: what a service counts is metered, on the console's tab and in the marketplace.
async fn use_it(portal: &Portal, desk: &Desk) {
    portal.count_units("file-security/storage-bucket", 4).await;
    portal.clock.advance(TimeDelta::hours(30));
    portal.run_due_jobs().await;
    desk.sign_in_anew("licensing@acme.example").await;
    desk.open(TAB).await;
    assert_eq!(desk.text_of("//data[@data-metered='file-security/storage-bucket']").await, "120");
    desk.sign_in_anew("buyer@acme.example").await;
    desk.open("/marketplace/subscriptions").await;
    desk.click(NAME).await;
    assert!(desk.text_of("//section[@aria-labelledby='metered']").await.contains("116"), "the hour that has just ended rests");
    desk.tab("Modify renewal").await;
    desk.choose("No").await;
    desk.press("Save changes").await;
    desk.expect_text("Its features return to annual credits").await;
}

/// CRD-9: when the contract ends the feature is back on credits, and nothing is metered any more.
async fn end(portal: &Portal, desk: &Desk) {
    portal.clock.advance(TimeDelta::days(365));
    portal.run_due_jobs().await;
    portal.run_due_jobs().await;
    desk.sign_in_anew("licensing@acme.example").await;
    desk.open(TAB).await;
    desk.expect_text("No pay-as-you-go contract").await;
    assert_eq!(allocated(desk).await, "38,544", "four buckets, as they were last counted");
}
