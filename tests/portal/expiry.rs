//! Expiry and access: phases (EXP-2), the pool at an expiration (EXP-1), warnings (EXP-3), and purchases that nobody claimed (SUP-8).

mod access;
mod desk;
mod unclaimed;
mod warnings;

use crate::support::Stage;
use crate::support::browser::Browser;
use crate::support::people::{ACME_ADMIN, ACME_BUYER, VISION_ONE};
use crate::support::portal::Portal;
use creditdesk::demo::PASSWORD;
use creditdesk::kernel::clock::Timestamp;

/// Buys credits that do not renew by themselves, and activates them for Acme Industries; when they expire.
async fn expiring(stage: &Stage, portal: &Portal, credits: &str) -> Timestamp {
    let mut buyer = portal.sign_in(ACME_BUYER).await;
    let mut admin = portal.sign_in(ACME_ADMIN).await;
    buy_without_renewal(&mut buyer, credits).await;
    let page = buyer.press("Set up your account").await;
    let forward = page.buttons().into_iter().next_back().unwrap();
    buyer.press(&forward).await;
    admin.take_registration_of(&buyer);
    let page = admin.activate().await;
    assert!(page.heading().contains("Activation Successful"), "{page:?}");
    stage.db.read("SELECT expires_at FROM licenses ORDER BY activated_at DESC, id DESC LIMIT 1").scalar().await.unwrap()
}

/// Ends on the receipt.
async fn buy_without_renewal(buyer: &mut Browser, credits: &str) {
    buyer.open(VISION_ONE).await;
    buyer.click("View purchase options").await;
    buyer.fill("Number of credits", credits).choose("Renewal Settings", "No").press("Create contract").await;
    let page = buyer.press("Pay now").await;
    assert!(page.path().ends_with("/confirmation"), "{page:?}");
}

/// Signs in, wherever that leads: a locked business answers 403.
async fn enter(portal: &Portal, email: &str) -> Browser {
    let mut browser = portal.browser();
    browser.open("/sign-in").await;
    let page = browser.fill("Email", email).fill("Password", PASSWORD).press("Sign in").await;
    assert!(!page.address.starts_with("/sign-in"), "{email} could not sign in: {page:?}");
    browser
}

/// Moves the story's clock to an instant.
fn go_to(stage: &Stage, at: Timestamp) {
    stage.clock.advance(at - stage.now());
}
