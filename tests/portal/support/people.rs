//! The demonstration's people and what they do through the pages: sign in, buy, set up, activate, ask for a transfer.
//! Each step ends with the page that the next one starts from.

use super::browser::Browser;
use super::page::Page;
use super::portal::Portal;
use creditdesk::demo::PASSWORD;

pub const ACME_BUYER: &str = "buyer@acme.example";
pub const ACME_ADMIN: &str = "admin@acme.example";
pub const ACME_LICENSING: &str = "licensing@acme.example";
pub const ACME_VIEWER: &str = "viewer@acme.example";
pub const ACME_AUDITOR: &str = "auditor@acme.example";
pub const ACME_MEMBER: &str = "member@acme.example";
pub const GLOBEX_BUYER: &str = "buyer@globex.example";
pub const GLOBEX_ADMIN: &str = "admin@globex.example";
pub const SUPPORT: &str = "support@creditdesk.example";
pub const LEAD: &str = "lead@creditdesk.example";
pub const OPERATOR: &str = "operator@creditdesk.example";

/// The listing that everybody buys.
pub const VISION_ONE: &str = "/marketplace/pp/prodview-u2in6sa3igl7c";

/// A purchase as its buyer sees it.
#[derive(Clone, Debug)]
pub struct Purchase {
    /// `agmt-…`.
    pub agreement: String,
}

impl Purchase {
    /// The receipt's address.
    pub fn confirmation(&self) -> String {
        format!("/marketplace/agreements/{}/confirmation", self.agreement)
    }

    /// The subscription's address.
    pub fn subscription(&self) -> String {
        format!("/marketplace/subscriptions/{}", self.agreement)
    }
}

impl Portal {
    /// Somebody of the demonstration, signed in with a browser of their own.
    pub async fn sign_in(&self, email: &str) -> Browser {
        let mut browser = self.browser();
        browser.sign_in(email).await;
        browser
    }
}

impl Browser {
    /// Signs in on the sign-in page.
    pub async fn sign_in(&mut self, email: &str) -> &Page {
        self.open("/sign-in").await;
        self.fill("Email", email).fill("Password", PASSWORD).press("Sign in").await;
        let page = self.page();
        assert!(page.status == 200 && !page.address.starts_with("/sign-in"), "{email} could not sign in: {page:?}");
        page
    }

    /// Configures a contract and makes the quote; ends on *Review and pay*.
    pub async fn create_contract(&mut self, credits: &str) -> &Page {
        self.open(VISION_ONE).await;
        self.click("View purchase options").await;
        self.fill("Number of credits", credits).press("Create contract").await;
        let page = self.page();
        assert_eq!(page.heading(), "Review and pay", "{page:?}");
        page
    }

    /// Buys credits; ends on the receipt.
    pub async fn buy(&mut self, credits: &str) -> Purchase {
        self.create_contract(credits).await;
        let page = self.press("Pay now").await;
        let agreement = page.path().split('/').nth(3).unwrap_or_default().to_owned();
        assert!(page.path().ends_with("/confirmation") && agreement.starts_with("agmt-"), "{page:?}");
        Purchase { agreement }
    }

    /// *Set up your account* on the receipt, then the form that posts the token; ends on the console's set-up page.
    pub async fn set_up(&mut self, purchase: &Purchase) -> &Page {
        self.open(&purchase.confirmation()).await;
        let page = self.press("Set up your account").await;
        let forward = page.buttons().into_iter().next_back().unwrap_or_else(|| panic!("nothing to go on with: {page:?}"));
        self.press(&forward).await
    }

    /// Ticks the terms and activates; ends on whatever comes.
    pub async fn activate(&mut self) -> &Page {
        self.open("/console/activation").await;
        let label = self.page().all("label").into_iter().find(|label| label.contains("terms"));
        let label = label.unwrap_or_else(|| panic!("nothing to activate: {:?}", self.page()));
        self.tick(&label).press("Activate").await
    }

    /// A buyer's purchase, activated by somebody of a business, both through their pages.
    pub async fn buy_for(&mut self, credits: &str, activator: &mut Browser) -> Purchase {
        let purchase = self.buy(credits).await;
        self.set_up(&purchase).await;
        activator.take_registration_of(self);
        let page = activator.activate().await;
        assert!(page.heading().contains("Activation Successful"), "{page:?}");
        purchase
    }

    /// Goes on with the registration that another browser holds, as somebody who signs in at the buyer's own desk.
    pub fn take_registration_of(&mut self, other: &Browser) {
        let held = other.cookies.0.get("__Host-setup").unwrap_or_else(|| panic!("no registration is held: {:?}", other.page()));
        self.cookies.0.insert("__Host-setup".to_owned(), held.clone());
    }
}
