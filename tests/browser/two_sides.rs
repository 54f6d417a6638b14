//! Two programs that meet only as a seller's console and AWS do: by the browser's form, the official SDK's signed calls, and
//! a queue whose events come twice, late and in the wrong order. The years pass by the movable clock of each.

use crate::journey::{activate, add_credits, buy};
use crate::set_up;
use crate::support::side::{Place, Side, make_queue};
use crate::support::{Desk, Hands, in_runtime};
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;

/// A year and a day.
const A_YEAR: &str = "+366d";
const LICENSING: &str = "licensing@acme.example";
const LEAD: &str = "lead@creditdesk.example";
const BUYER: &str = "buyer@acme.example";

/// Both programs, and a browser that goes from one to the other.
struct Sides {
    market: Side,
    console: Side,
    desk: Desk,
}

/// Tells a journey across both; everything ends with it, also when it fails.
fn meet(journey: impl AsyncFnOnce(&mut Sides)) {
    in_runtime(async {
        let place = Place::find();
        let market = Side::marketplace(&place).await;
        let desk = Desk::open_at_address(&market.origin, Hands::Mouse).await;
        make_queue(&desk, &market).await;
        let (key, secret) = market.seller_key().await;
        let console = Side::console(place, &market, (&key, &secret)).await;
        for (fault, seconds) in [("duplicate-events", "1"), ("reordered-events", "3"), ("late-events", "1")] {
            market.fault(fault, seconds).await;
        }
        let mut sides = Sides { market, console, desk };
        let told = AssertUnwindSafe(journey(&mut sides)).catch_unwind().await;
        let shown = if told.is_err() { sides.desk.describe().await } else { String::new() };
        sides.desk.chromium.close().await;
        if let Err(failure) = told {
            eprintln!("the page at that moment: {shown}");
            std::panic::resume_unwind(failure);
        }
    });
}

impl Sides {
    /// To the marketplace, as its buyer.
    async fn as_buyer(&mut self) -> &Desk {
        self.desk.turn_to(&self.market.origin);
        self.desk.sign_in_anew(BUYER).await;
        &self.desk
    }

    /// To the console, as somebody there.
    async fn at_console(&mut self, email: &str) -> &Desk {
        self.desk.turn_to(&self.console.origin);
        self.desk.sign_in_anew(email).await;
        &self.desk
    }

    /// From the receipt to the console's own sign-in, and on as the licensing manager.
    async fn set_up(&mut self) -> &Desk {
        self.desk.press("Set up your account").await;
        self.desk.turn_to(&self.console.origin);
        self.desk.expect_heading("Set up Trend Vision One").await;
        assert_eq!(self.desk.address().await, "/setup", "another host, and nothing of the token");
        let sign_in = self.desk.attribute_of("//main//a[normalize-space()='Sign in']", "href").await;
        self.desk.open(&sign_in).await;
        self.desk.sign_in(LICENSING).await;
        &self.desk
    }
}

/// A row of the purchase history.
fn item(kind: &str, credits: &str, status: &str) -> String {
    format!(
        "//section[@id='purchases']//tr[td[2][normalize-space()='{kind}']][td[3][normalize-space()='{credits}']][td[4][starts-with(normalize-space(), '{status}')]]"
    )
}

/// That so many credits are valid.
fn valid(credits: &str) -> String {
    format!("//dl[contains(@class, 'figures')]//dd[starts-with(normalize-space(), '{credits} valid')]")
}

async fn expiration(desk: &Desk, item: &str) -> String {
    desk.attribute_of(&format!("{item}/td[5]//time"), "datetime").await
}

/// SET-3, ACT-4, UPG-4, REN-4, EXP-1, rules 50, 51 and 54 of the protocol: a purchase is set up, activated, raised, renewed
/// and left to run out, and the console knows everything from the wire alone.
#[test]
fn a_purchase_lives_its_years_across_two_programs() {
    meet(async |sides| {
        buy(sides.as_buyer().await).await;
        let desk = sides.set_up().await;
        activate(desk).await;
        desk.open("/console/licenses").await;
        desk.expect_heading("License Information").await;
        assert!(desk.shows("Trend Vision One").await && desk.shows("AWS Marketplace").await, "{}", desk.text().await);
        desk.open("/console/credits").await;
        assert!(desk.has(&valid("1,000")).await, "{}", desk.text().await);
        let ends = expiration(desk, &item("New", "1,000", "Active")).await;

        add_credits(sides.as_buyer().await).await;
        let desk = sides.at_console(LICENSING).await;
        desk.open_until("/console/credits", &valid("1,500")).await;
        assert_eq!(expiration(desk, &item("Upgrade", "500", "Active")).await, ends, "an upgrade ends with its contract");
        events_came_twice(sides).await;

        // First where it is renewed: the console hears of the next term before the running one is over.
        sides.market.pass(A_YEAR).await;
        sides.console.pass(A_YEAR).await;
        let desk = sides.at_console(LICENSING).await;
        let renewed = item("New, renewed", "1,000", "Active");
        desk.open_until("/console/credits", &renewed).await;
        assert!(desk.has(&valid("1,500")).await && desk.has(&item("Upgrade, renewed", "500", "Active")).await, "{}", desk.text().await);
        let renewed_until = expiration(desk, &renewed).await;
        assert!(renewed_until > ends, "{renewed_until} is after {ends}");

        let desk = sides.as_buyer().await;
        desk.open("/marketplace/subscriptions?status=active").await;
        desk.click("Trend Vision One").await;
        desk.tab("Modify renewal").await;
        desk.choose("No").await;
        desk.press("Save changes").await;
        desk.expect_text("the contract and its credits end, and nothing more is charged").await;
        // First where it runs out: an end that came a year early would be a question for staff.
        sides.console.pass(A_YEAR).await;
        sides.market.pass(A_YEAR).await;
        let desk = sides.at_console(LICENSING).await;
        desk.open_until("/console/credits", &item("New, renewed", "1,000", "Expired")).await;
        assert!(desk.has(&valid("0")).await, "{}", desk.text().await);
        assert!(!desk.has("//section[@id='purchases']//tr[td[4][starts-with(normalize-space(), 'Active')]]").await);
        nothing_is_asked(sides).await;
    });
}

/// What the faults did is seen: four events, each of which came again, and all of them followed.
async fn events_came_twice(sides: &mut Sides) {
    let desk = sides.at_console(LEAD).await;
    let again = "//tbody/tr[td[1][normalize-space()='Followed']][number(td[4]) >= 1]";
    desk.open_until("/admin/events", &format!("//body[count({again}) = 4]")).await;
    assert!(desk.has("//body[count(//tbody/tr) = 4]").await, "{}", desk.text().await);
}

/// The console has heard of the end as well, and nothing waits for staff.
async fn nothing_is_asked(sides: &mut Sides) {
    let desk = sides.at_console(LEAD).await;
    desk.open_until("/admin/events", "//tbody/tr[th[normalize-space()='License deprovisioned']][td[1][normalize-space()='Followed']]")
        .await;
    desk.open("/admin/reconciliation").await;
    desk.expect_text("No open difference").await;
    assert!(!desk.has("//main//tbody/tr").await, "{}", desk.text().await);
}

/// MKT-9, ACT-4, rule 16 of the protocol: a payment that does not arrive leaves nothing behind: the console waits while it is
/// pending, says that the agreement has ended afterwards, and never grants.
#[test]
fn a_payment_that_fails_grants_nothing_across_two_programs() {
    meet(async |sides| {
        sides.market.fault("payment-fails", "600").await;
        let desk = sides.as_buyer().await;
        set_up::buy(desk, "1,000").await;
        desk.expect_heading("Your payment is pending").await;
        let receipt = desk.address().await;
        let desk = sides.set_up().await;
        desk.expect_heading("Your purchase is not ready yet").await;
        assert!(!desk.shows("I accept the license terms").await);
        sides.market.pass("+1d").await;
        sides.desk.open_until("/console/activation", "//h1[normalize-space()='The agreement has ended']").await;
        let desk = &sides.desk;
        desk.open("/console/licenses").await;
        desk.expect_heading("License Information").await;
        assert!(!desk.has("//tbody//td[normalize-space()='Active']").await, "{}", desk.text().await);
        desk.open("/console/credits").await;
        desk.expect_heading("Credits & Billing").await;
        assert!(!desk.shows("1,000").await, "{}", desk.text().await);
        let desk = sides.as_buyer().await;
        desk.open(&receipt).await;
        desk.expect_heading("Your payment did not arrive").await;
    });
}
