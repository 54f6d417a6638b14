//! The test bench for vendors' engineers: the movable clock and the lifecycle that follows it, each fault by what clients and
//! people meet, the inspector without secrets, and nothing of it while it is off.

mod clock;
mod deliveries;
mod faults;
mod inspector;
mod switched_off;

use crate::support::browser::Browser;
use crate::support::people::{OPERATOR, VISION_ONE};
use crate::support::portal::Portal;
use crate::support::wire::{ACME, Client, ENTITLEMENT, METERING, TREND_MICRO, VISION_CODE};
use crate::support::{Stage, people::ACME_BUYER};
use serde_json::{Value, json};

/// An operator's browser on the test bench.
async fn operator(portal: &Portal) -> Browser {
    let mut operator = portal.sign_in(OPERATOR).await;
    operator.open("/admin/test-bench").await;
    operator
}

impl Browser {
    /// Puts the clock forward; ends on the bench.
    async fn put_forward(&mut self, to: &str) {
        self.open("/admin/test-bench").await;
        let page = self.fill("Put the clock forward to", to).press("Put the clock forward").await;
        assert!(page.flash().is_some_and(|flash| flash.contains("The clock was put forward")), "{page:?}");
    }

    /// Switches a fault on; ends on the bench.
    async fn switch_on(&mut self, fault: &str, value: &str, times: &str) {
        self.open("/admin/test-bench").await;
        self.select("Fault", fault).fill("Number", value).fill("How many times", times);
        let page = self.press("Switch on").await;
        assert!(page.flash().is_some_and(|flash| flash.contains("is on")), "{page:?}");
    }

    /// Switches it off; ends on the bench.
    async fn switch_off(&mut self, fault: &str) {
        self.open("/admin/test-bench").await;
        let page = self.press(&format!("Switch off {fault}")).await;
        assert!(page.flash().is_some_and(|flash| flash.contains("is off")), "{page:?}");
    }

    /// What the table says of a fault.
    fn state(&self, fault: &str) -> String {
        let rows = self.page().rows("Faults, and which are on");
        rows.iter().find(|row| row[0].starts_with(fault)).unwrap_or_else(|| panic!("{fault}: {rows:?}"))[1].clone()
    }

    /// Buys credits with a renewal setting; ends on the receipt.
    async fn buy_renewing(&mut self, credits: &str, renews: &str) -> String {
        self.open(VISION_ONE).await;
        self.click("View purchase options").await;
        self.fill("Number of credits", credits).choose("Renewal Settings", renews).press("Create contract").await;
        let page = self.press("Pay now").await;
        assert!(page.path().ends_with("/confirmation"), "{page:?}");
        page.path().split('/').nth(3).unwrap_or_default().to_owned()
    }
}

/// The seller's client and the buyer's.
async fn clients(stage: &Stage, portal: &Portal) -> (Client, Client) {
    (Client::of_seller(stage, portal, TREND_MICRO).await, Client::of_buyer(stage, portal, ACME, ACME_BUYER).await)
}

/// Status and name of what `GetEntitlements` answers, `200` and nothing for a success.
async fn entitlements(seller: &Client) -> (u16, String) {
    let answer = seller.call(ENTITLEMENT, "GetEntitlements", json!({ "ProductCode": VISION_CODE })).await;
    if answer.status == 200 { (200, String::new()) } else { answer.error() }
}

/// How many rows it has.
async fn entitled(seller: &Client) -> usize {
    let answer = seller.call(ENTITLEMENT, "GetEntitlements", json!({ "ProductCode": VISION_CODE })).await;
    answer.ok()["Entitlements"].as_array().expect("rows").len()
}

/// What `ResolveCustomer` answers.
async fn resolved(seller: &Client, token: &Value) -> (u16, String) {
    let answer = seller.call(METERING, "ResolveCustomer", json!({ "RegistrationToken": token })).await;
    if answer.status == 200 { (200, String::new()) } else { answer.error() }
}
