//! The years after activation, as the people meet them who keep Credits & Billing open: invoice, allocation, calculator,
//! planner, activation code, renewal, and what is left when nothing renews. With JavaScript and without.

use crate::journey::{buy, set_up_and_activate};
use crate::support::portal::Portal;
use crate::support::{Desk, Hands, visit};
use chrono::TimeDelta;

/// Credits & Billing works as most people use it.
#[test]
fn the_years_after_activation_with_javascript() {
    visit(Hands::Mouse, walk);
}

/// It all works where JavaScript is switched off (point 15 of the pages).
#[test]
fn the_years_after_activation_without_javascript() {
    visit(Hands::MouseWithoutScripts, walk);
}

async fn walk(portal: &Portal, desk: &Desk) {
    desk.sign_in_anew("buyer@acme.example").await;
    buy(desk).await;
    set_up_and_activate(desk).await;
    invoice(desk).await;
    desk.sign_in_anew("licensing@acme.example").await;
    allocate(desk).await;
    calculate(desk).await;
    plan(desk).await;
    release(desk).await;
    add_license(desk).await;
    let subscription = modify_renewal(desk).await;
    lapse(portal, desk, &subscription).await;
}

/// MKT-13: the invoice of the purchase, and its PDF.
async fn invoice(desk: &Desk) {
    desk.sign_in_anew("buyer@acme.example").await;
    desk.open("/marketplace/invoices").await;
    desk.click("TM-2026-000001").await;
    desk.expect_heading("TM-2026-000001").await;
    assert!(desk.shows("USD 1,000.00").await);
    let pdf = desk.attribute_of("//a[normalize-space()='Download PDF']", "href").await;
    let (kind, bytes) = desk.fetch(&pdf).await;
    assert_eq!(kind, "application/pdf");
    assert!(bytes.starts_with(b"%PDF-") && bytes.len() > 5_000, "{} bytes", bytes.len());
}

async fn set_units(desk: &Desk, units: &str, button: &str) {
    desk.open("/console/credits/allocation").await;
    desk.click("XDR for Endpoints").await;
    desk.expect_heading("XDR for Endpoints").await;
    desk.fill("Endpoints", units).await;
    desk.press("Preview the change").await;
    desk.expect_text("What this will do").await;
    desk.press(button).await;
    desk.expect_text("now reserves").await;
}

/// The figures of the Summary; they add up.
async fn figures(desk: &Desk) -> [String; 3] {
    desk.open("/console/credits").await;
    let mut figures = [const { String::new() }; 3];
    for (figure, name) in figures.iter_mut().zip(["Total valid credits", "Allocated credits", "Current balance"]) {
        let words = desk.fact(name).await;
        *figure = words.split_whitespace().next().unwrap_or_default().to_owned();
    }
    figures
}

/// CRD-2, CRD-3: more is allocated than is valid: it is said before and after, and stops nobody.
async fn allocate(desk: &Desk) {
    desk.open("/console/credits/allocation").await;
    desk.click("XDR for Endpoints").await;
    desk.fill("Endpoints", "60").await;
    desk.press("Preview the change").await;
    desk.expect_text("The balance will be below zero").await;
    assert_eq!(figures(desk).await, ["1,000", "0", "1,000"], "a preview changes nothing");
    set_units(desk, "60", "Allocate 1,200 credits").await;
    assert_eq!(figures(desk).await, ["1,000", "1,200", "−200"]);
    desk.expect_text("Your current balance is below zero").await;
    set_units(desk, "10", "Return 1,000 credits").await;
    assert_eq!(figures(desk).await, ["1,000", "200", "800"]);
    assert!(!desk.shows("below zero").await);
}

/// CRD-8: an estimate, reset, made again, and kept; nothing is changed by it.
async fn calculate(desk: &Desk) {
    for again in [true, false] {
        desk.open("/console/credits/calculator").await;
        desk.expect_text("Nothing is estimated yet").await;
        desk.fill("Number of years", "3").await;
        desk.fill("Endpoint Security Core", "100").await;
        desk.press("Calculate").await;
        desk.expect_text("Needed in a year").await;
        assert!(desk.fact("Needed in a year").await.starts_with("4,500"), "{}", desk.fact("Needed in a year").await);
        assert!(desk.fact("Remaining balance").await.starts_with("−3,700"), "{}", desk.fact("Remaining balance").await);
        if again {
            desk.click("Reset").await;
            desk.expect_text("Nothing is estimated yet").await;
        }
    }
    desk.click("Keep as a scenario").await;
    desk.fill("Name", "Offices").await;
    desk.press("Keep the scenario").await;
    desk.expect_heading("Offices").await;
    desk.open("/console/credits/scenarios").await;
    desk.click("Offices").await;
    assert!(desk.fact("Needed in a year").await.starts_with("4,500"));
    assert_eq!(figures(desk).await, ["1,000", "200", "800"]);
}

/// CRD-10: what if the license is not renewed: the first date on which the balance is negative.
async fn plan(desk: &Desk) {
    desk.open("/console/credits/planner?months=36").await;
    desk.expect_text("The balance is never negative").await;
    let assume = desk.attribute_of("//a[starts-with(normalize-space(), 'Assume it is not renewed')]", "href").await;
    desk.open(&assume).await;
    desk.expect_text("The balance turns negative").await;
    desk.expect_text("First on 2 Mar 2027, 09:00 UTC, by 200 credits").await;
    desk.click("Remove all assumptions").await;
    desk.expect_text("The balance is never negative").await;
}

/// CRD-3: switching off returns every credit at once.
async fn release(desk: &Desk) {
    desk.open("/console/credits/allocation").await;
    desk.click("XDR for Endpoints").await;
    desk.click("Switch off").await;
    desk.press("Switch off").await;
    desk.expect_text("now reserves").await;
    assert_eq!(figures(desk).await, ["1,000", "0", "1,000"]);
}

/// LIC-5: a Support lead issues a code, a licensing manager adds it.
async fn add_license(desk: &Desk) {
    desk.sign_in_anew("lead@creditdesk.example").await;
    desk.open("/admin/codes/new").await;
    for (label, value) in [
        ("Product code", "vision"),
        ("Product name", "Trend Vision One"),
        ("Seller", "Trend Micro"),
        ("Credits of each code", "500"),
        ("Order number", "SO-77"),
        ("Last day of use", "12312099"),
    ] {
        desk.fill(label, value).await;
    }
    desk.press("Issue and show").await;
    desk.expect_heading("1 activation code issued").await;
    let code = desk.text_of("//main//td/code").await;
    desk.sign_in_anew("licensing@acme.example").await;
    desk.open("/console/licenses").await;
    desk.click("Add license").await;
    desk.fill("Activation code", &code.to_lowercase()).await;
    desk.press("Continue").await;
    desk.expect_heading("Review the license").await;
    assert_eq!(desk.fact("Credits").await, "500 credits");
    assert_eq!(figures(desk).await, ["1,000", "0", "1,000"], "a review adds nothing");
    desk.open("/console/licenses/add").await;
    desk.fill("Activation code", &code).await;
    desk.press("Continue").await;
    desk.press("Add license").await;
    desk.expect_heading("Activation Successful").await;
    assert_eq!(figures(desk).await, ["1,500", "0", "1,500"]);
}

/// REN-3: another number of credits for the next term, and then no next term; the running one is as it was. Where the
/// subscription is.
async fn modify_renewal(desk: &Desk) -> String {
    desk.sign_in_anew("buyer@acme.example").await;
    desk.open("/marketplace/subscriptions").await;
    desk.click("Trend Vision One").await;
    let subscription = desk.address().await;
    desk.tab("Modify renewal").await;
    desk.fill("Number of credits for the next term", "400").await;
    desk.press("Save changes").await;
    desk.expect_text("with 400 credits, whatever is added until then").await;
    desk.choose("No").await;
    desk.press("Save changes").await;
    desk.expect_text("the contract and its credits end, and nothing more is charged").await;
    desk.open(&subscription).await;
    assert_eq!(desk.fact("Credits").await, "1,000 credits");
    subscription
}

/// EXP-2: thirty days after the end the business is locked for everybody, and those who can renew are told how.
async fn lapse(portal: &Portal, desk: &Desk, subscription: &str) {
    portal.clock.advance(TimeDelta::days(365 + 31));
    portal.run_due_jobs().await;
    desk.sign_in_anew("buyer@acme.example").await;
    desk.open(subscription).await;
    desk.expect_text("Ended").await;
    desk.sign_in_anew("viewer@acme.example").await;
    desk.open("/console/credits").await;
    desk.expect_heading("Acme Industries is locked").await;
    assert!(desk.shows("Its Administrators and Licensing managers can renew it until").await, "{}", desk.text().await);
    assert!(!desk.shows("Total valid credits").await);
    desk.sign_in_anew("licensing@acme.example").await;
    desk.open("/console").await;
    desk.expect_heading("Acme Industries is locked").await;
    desk.click("Credits & Billing").await;
    desk.expect_heading("Credits & Billing").await;
    assert_eq!(figures(desk).await, ["0", "0", "0"]);
    desk.open("/console").await;
    // Who has no buyer account is led to the marketplace, buyers to their subscriptions.
    desk.click("Renew in the marketplace").await;
    desk.expect_heading("Products").await;
}
