//! A portal whose console learns of purchases from a marketplace that does what a test tells it, and browsers that land
//! there as they do from a real one: by a form of another site, without cookies.

use super::browser::{Browser, Raw};
use super::fake_marketplace::{Bought, FakeMarketplace};
use super::page::Page;
use super::portal::Portal;
use super::stage::Stage;
use creditdesk::fulfilment::products::Products;
use reqwest::Method;
use std::sync::Arc;

/// Where AWS Marketplace posts from.
const MARKETPLACE: &str = "https://aws.amazon.com";

/// The portal and its marketplace.
pub struct Desk {
    pub portal: Portal,
    pub market: FakeMarketplace,
}

impl Desk {
    /// One that fulfils every product.
    pub async fn open(stage: &Stage) -> Self {
        Self::open_for(stage, Products::Every).await
    }

    /// One that fulfils these products.
    pub async fn open_for(stage: &Stage, products: Products) -> Self {
        let market = FakeMarketplace::default();
        let portal = Portal::start_with(stage, Some(Arc::new(market.clone())), products).await;
        Self { portal, market }
    }

    /// A click on *Set up your account* in this browser; ends on the set-up page.
    pub async fn set_up<'b>(&self, browser: &'b mut Browser, bought: &Bought) -> &'b Page {
        let token = self.market.click(bought, None);
        let answer = browser.land(&token).await;
        assert_eq!((answer.status, answer.header("location")), (303, "/setup"), "{answer:?}");
        browser.open("/setup").await
    }

    /// Somebody of the demonstration, signed in, with a purchase in the browser; ends on the activation page.
    pub async fn ready(&self, email: &str, bought: &Bought) -> Browser {
        let mut browser = self.portal.sign_in(email).await;
        self.set_up(&mut browser, bought).await;
        browser.open("/console/activation").await;
        browser
    }
}

impl Browser {
    /// The marketplace's form arrives in this browser; the answer as it is, with nothing followed.
    pub async fn land(&mut self, token: &str) -> Page {
        let body = serde_urlencoded::to_string([("x-amzn-marketplace-token", token)]).expect("a field that can be encoded");
        self.land_with(body).await
    }

    /// The same with any body.
    pub async fn land_with(&mut self, body: String) -> Page {
        // A browser sends no Lax cookies with a form of another site, and keeps them.
        let kept = std::mem::take(&mut self.cookies);
        let headers = [
            ("origin", MARKETPLACE),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-mode", "navigate"),
            ("content-type", "application/x-www-form-urlencoded"),
        ];
        let answer = self.send(Raw { method: Method::POST, path: "/setup", headers: &headers, body }).await;
        let set = std::mem::replace(&mut self.cookies, kept);
        self.cookies.0.extend(set.0);
        answer
    }

    /// Ticks the terms and presses *Activate* on the page that is open.
    pub async fn accept_and_activate(&mut self) -> &Page {
        self.tick("I accept the license terms of Trend Vision One for this business").press("Activate").await
    }
}
