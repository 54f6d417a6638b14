//! Stops from the receipt to *Activation Successful* and at the subscription that it leaves.

use super::{Looks, at};
use crate::journey::continue_to_console;
use crate::support::Desk;
use crate::support::portal::Portal;
use chrono::TimeDelta;

pub async fn activation(portal: &Portal, desk: &Desk, looks: &mut impl Looks) {
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
}

/// The buyer's subscription: its renewal, and credits that are added.
pub async fn subscription(portal: &Portal, desk: &Desk, looks: &mut impl Looks) {
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
