//! Stops of pay-as-you-go (CRD-9): its listing, the subscription, the features that are charged by use, and its end. It leaves a
//! business with a running contract and one feature on it.

use super::{Looks, at};
use crate::pay_as_you_go::{activate, subscribe};
use crate::support::Desk;
use crate::support::portal::Portal;
use chrono::TimeDelta;

const TAB: &str = "/console/credits?tab=pay-as-you-go";
const BUCKETS: &str = "/console/credits/billing-model/file-security/storage-bucket";

pub async fn pay_as_you_go(portal: &Portal, desk: &Desk, looks: &mut impl Looks) {
    desk.sign_in_anew("admin@acme.example").await;
    at(desk, looks, TAB, "by-use-without-a-contract").await;
    at(desk, looks, "/console/credits/billing-model", "billing-models-without-a-contract").await;
    at(desk, looks, BUCKETS, "billing-model-without-a-contract").await;
    desk.sign_in_anew("buyer@acme.example").await;
    desk.open("/marketplace?q=pay-as-you-go").await;
    looks.look(desk, "search-by-use").await;
    desk.click("Vision One Pay-as-you-go").await;
    looks.look(desk, "listing-by-use").await;
    desk.click("View purchase options").await;
    looks.look(desk, "contract-by-use").await;
    desk.press("Create contract").await;
    desk.expect_heading("Review and pay").await;
    looks.look(desk, "review-by-use").await;
    desk.press("Pay now").await;
    desk.expect_heading("Your purchase is complete").await;
    looks.look(desk, "receipt-by-use").await;
    activate(desk).await;
    looks.look(desk, "activated-by-use").await;
    at(desk, looks, "/console/credits/billing-model", "billing-models").await;
    at(desk, looks, BUCKETS, "billing-model").await;
    desk.press("Change to pay-as-you-go").await;
    desk.expect_text("Billing model changed").await;
    looks.look(desk, "billing-models-changed").await;
    at(desk, looks, BUCKETS, "billing-model-waits").await;
    portal.count_units("file-security/storage-bucket", 4).await;
    portal.clock.advance(TimeDelta::hours(24));
    portal.run_due_jobs().await;
    desk.sign_in_anew("licensing@acme.example").await;
    at(desk, looks, TAB, "by-use").await;
    at(desk, looks, "/console/credits/allocation/file-security/storage-bucket", "allocation-by-use").await;
    portal.clock.advance(TimeDelta::days(29));
    desk.sign_in_anew("licensing@acme.example").await;
    at(desk, looks, BUCKETS, "billing-model-back").await;
    desk.sign_in_anew("viewer@acme.example").await;
    at(desk, looks, TAB, "by-use-seen-only").await;
    desk.sign_in_anew("buyer@acme.example").await;
    desk.open("/marketplace/subscriptions").await;
    desk.click("Vision One Pay-as-you-go").await;
    looks.look(desk, "subscription-by-use").await;
    desk.tab("Upgrade current contract").await;
    looks.look(desk, "subscription-by-use-upgrade").await;
    desk.tab("Modify renewal").await;
    looks.look(desk, "subscription-by-use-renewal").await;
    subscribe(desk).await;
    desk.press("Set up your account").await;
    crate::journey::continue_to_console_of(desk, "Vision One Pay-as-you-go").await;
    desk.sign_in_anew("licensing@acme.example").await;
    at(desk, looks, "/console/activation", "activation-of-a-second-by-use").await;
}
