//! A vendor's own console beside the marketplace: two programs with a database each, which meet only by a browser's form and
//! the official SDK's calls.

use super::Stage;
use super::browser::Browser;
use super::page::Page;
use super::people::{ACME_ADMIN, ACME_BUYER};
use super::portal::Portal;
use super::wire::{ACME, AGREEMENT, Client, TREND_MICRO, VISION_CODE, vision, wanted};
use chrono::TimeDelta;
use creditdesk::config::AwsSettings;
use creditdesk::marketplace::wire::products::WireProduct;
use serde_json::{Value, json};

/// Both programs, and a buyer's client of the marketplace.
pub struct Vendor {
    pub market: Portal,
    pub console: Portal,
    /// The console's own place.
    pub place: Stage,
    pub buyer: Client,
    pub product: WireProduct,
}

/// A purchase in the marketplace.
#[derive(Clone, Debug)]
pub struct Bought {
    pub agreement: String,
    pub license_arn: String,
    pub token: String,
}

/// Settings of a console that calls an address, with short times.
pub fn settings(place: &Stage, address: &str, (key, secret): (&str, &str)) -> AwsSettings {
    let folder = place.folder();
    let products = format!("[[product]]\ncode = \"{VISION_CODE}\"\nname = \"Trend Vision One\"\nseller = \"Trend Micro\"\n");
    std::fs::write(folder.join("products.toml"), products).expect("a writable folder");
    let credentials = format!("[default]\naws_access_key_id = {key}\naws_secret_access_key = {secret}\n");
    std::fs::write(folder.join("credentials"), credentials).expect("a writable folder");
    let endpoint = || Some(address.to_owned());
    AwsSettings {
        aws_products: Some(folder.join("products.toml")),
        aws_credentials_file: Some(folder.join("credentials")),
        aws_endpoint_metering: endpoint(),
        aws_endpoint_entitlement: endpoint(),
        aws_endpoint_agreement: endpoint(),
        aws_attempt_timeout_ms: Some("4000".to_owned()),
        aws_attempts: Some("1".to_owned()),
        ..AwsSettings::default()
    }
}

impl Vendor {
    /// The marketplace, and a console that is its client.
    pub async fn open(stage: &Stage) -> Self {
        let market = stage.portal().await;
        let origin = market.origin.clone();
        Self::open_at(stage, market, &origin).await
    }

    /// A console that reaches the marketplace by another address.
    pub async fn open_at(stage: &Stage, market: Portal, address: &str) -> Self {
        let seller = Client::of_seller(stage, &market, TREND_MICRO).await;
        let buyer = Client::of_buyer(stage, &market, ACME, ACME_BUYER).await;
        let place = stage.second().await;
        let console = Portal::with_aws(&place, settings(&place, address, (&seller.key_id, &seller.secret))).await;
        Self { market, console, place, buyer, product: vision(stage).await }
    }

    /// A purchase by program, provisioned.
    pub async fn buy(&self, credits: i64) -> Bought {
        let agreement = self.buyer.buy(&self.product, credits).await;
        self.click(&agreement).await
    }

    /// A fresh token of a purchase.
    pub async fn click(&self, agreement: &str) -> Bought {
        let provisioned = self.buyer.provisioned(agreement).await;
        let text = |name: &str| provisioned[name].as_str().unwrap_or_else(|| panic!("no {name}: {provisioned}")).to_owned();
        Bought { agreement: agreement.to_owned(), license_arn: text("licenseArn"), token: text("registrationToken") }
    }

    /// An administrator of the console, with the purchase in the browser.
    pub async fn land(&self, bought: &Bought) -> Browser {
        let mut admin = self.console.sign_in(ACME_ADMIN).await;
        let answer = admin.land(&bought.token).await;
        assert_eq!((answer.status, answer.header("location")), (303, "/setup"), "{answer:?}");
        admin
    }

    /// Lands and activates; the browser on the page of success.
    pub async fn activate(&self, bought: &Bought) -> Browser {
        let mut admin = self.land(bought).await;
        let page = admin.activate().await;
        assert!(page.heading().contains("Activation Successful"), "{page:?}");
        admin
    }

    /// More credits on a purchase, to this total, by program.
    pub async fn upgrade(&self, bought: &Bought, total: i64) {
        let pricing = wanted(&self.product, total)["requestedTerms"][2].clone();
        let amendment = json!({ "intent": "AMEND", "sourceAgreementIdentifier": bought.agreement, "requestedTerms": [pricing] });
        let quote: Value = self.buyer.call(AGREEMENT, "CreateAgreementRequest", amendment).await.ok();
        let accept = json!({ "agreementRequestId": quote["agreementRequestId"] });
        self.buyer.call(AGREEMENT, "AcceptAgreementRequest", accept).await.ok();
    }

    /// An hour passes, and both programs do what is due.
    pub async fn an_hour_later(&self, stage: &Stage) {
        self.pass(stage, TimeDelta::hours(1)).await;
    }

    /// Time passes, and both programs do what is due: the marketplace first.
    pub async fn pass(&self, stage: &Stage, time: TimeDelta) {
        stage.clock.advance(time);
        self.market.run_due_jobs().await;
        self.console.run_due_jobs().await;
    }

    /// Items of the console: number, kind, credits.
    pub async fn items(&self) -> Vec<(i64, String, i64)> {
        self.place.db.read("SELECT item_number, kind, credits FROM licenses ORDER BY activated_at, item_number").all().await.unwrap()
    }

    /// One number of the console's database.
    pub async fn count(&self, sql: &'static str) -> i64 {
        self.place.db.read(sql).scalar().await.unwrap()
    }

    /// Stops both.
    pub async fn stop(self) {
        self.console.stop().await;
        self.market.stop().await;
    }
}

/// A page's heading with its status.
pub fn headed(page: &Page) -> (u16, String) {
    (page.status, page.heading())
}
