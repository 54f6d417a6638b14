//! A marketplace that does what a test tells it: purchases, tokens, changes, and every fault of the port.

use async_trait::async_trait;
use chrono::TimeDelta;
use creditdesk::fulfilment::marketplace::{
    AgreementFacts, AgreementStanding, Change, Entitlement, Marketplace, Metering, ResolveError, ResolvedPurchase, Unreachable, Usage,
};
use creditdesk::kernel::clock::Timestamp;
use creditdesk::kernel::id::EventId;
use creditdesk::kernel::secret::Secret;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

/// What a port call may be told to fail at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Call {
    Resolve,
    Entitlements,
    Agreement,
    Receive,
    Acknowledge,
    Report,
    Meter,
}

/// Something that happens in the middle of a call.
pub type Event = Box<dyn FnOnce(&mut World) + Send>;

/// Everything the fake knows; tests look at it and change it.
#[derive(Default)]
pub struct World {
    /// Token text to purchase.
    pub tokens: BTreeMap<String, ResolvedPurchase>,
    /// Tokens that the marketplace knows as too old.
    pub expired_tokens: BTreeSet<String>,
    /// License ARN to rows.
    pub rows: BTreeMap<String, Vec<Entitlement>>,
    /// License ARN to agreement.
    pub facts: BTreeMap<String, AgreementFacts>,
    /// Changes that wait.
    pub changes: Vec<Change>,
    /// What the console said was activated.
    pub reported: Vec<(String, Timestamp)>,
    /// Hours of use by key, for a marketplace that has metering.
    pub metered: Option<BTreeMap<String, Usage>>,
    /// Calls that fail at the moment.
    pub away: BTreeSet<Call>,
    /// Every call that was made.
    pub calls: Vec<Call>,
    /// Done once, just before the next answer about entitlements.
    pub meanwhile: Option<Event>,
}

/// The fake; clones share one world.
#[derive(Clone, Default)]
pub struct FakeMarketplace(Arc<Mutex<World>>);

/// A purchase of one year that starts at `at`.
pub struct Bought {
    pub license_arn: String,
    pub agreement_id: String,
    pub ends_at: Timestamp,
}

impl World {
    fn call(&mut self, call: Call) -> Result<(), Unreachable> {
        self.calls.push(call);
        if self.away.contains(&call) { Err(Unreachable(anyhow::anyhow!("the fake is told to be away"))) } else { Ok(()) }
    }

    /// The entitlement of a purchase now has this total; a change says so.
    pub fn total(&mut self, bought: &Bought, quantity: i64) {
        let row = Entitlement { dimension: "credits".to_owned(), quantity, expires_at: bought.ends_at };
        self.rows.insert(bought.license_arn.clone(), vec![row]);
        self.announce(bought);
    }

    /// The purchase is a pay-as-you-go contract: one of its dimension, and no credits.
    pub fn is_pay_as_you_go(&mut self, bought: &Bought) {
        let row = Entitlement { dimension: "pay_as_you_go".to_owned(), quantity: 1, expires_at: bought.ends_at };
        self.rows.insert(bought.license_arn.clone(), vec![row]);
    }

    /// A change event.
    pub fn announce(&mut self, bought: &Bought) {
        self.changes.push(Change { id: EventId::generate(), license_arn: bought.license_arn.clone() });
    }
}

impl FakeMarketplace {
    /// The world, to look at or to change.
    pub fn world(&self) -> MutexGuard<'_, World> {
        self.0.lock().expect("no test panics while it holds the world")
    }

    /// A purchase that is paid and provisioned.
    pub fn buy(&self, number: u32, credits: i64, at: Timestamp) -> Bought {
        let bought = Bought {
            license_arn: format!("arn:aws:license-manager::294406891311:license:l-{number:032x}"),
            agreement_id: format!("agmt-{number:025}"),
            ends_at: at + TimeDelta::days(365),
        };
        let facts = AgreementFacts {
            agreement_id: bought.agreement_id.clone(),
            initial_agreement_id: bought.agreement_id.clone(),
            previous_agreement_id: None,
            ending: None,
            successor: None,
            standing: AgreementStanding::Active,
            starts_at: at,
            ends_at: bought.ends_at,
            auto_renew: true,
        };
        let mut world = self.world();
        world.facts.insert(bought.license_arn.clone(), facts);
        world.total(&bought, credits);
        bought
    }

    /// A click on *Set up your account*: a token for the purchase.
    pub fn click(&self, bought: &Bought, token_expires_at: Option<Timestamp>) -> String {
        let token = format!("p7Qk/+{}==", Secret::generate().reveal());
        let purchase = ResolvedPurchase {
            license_arn: bought.license_arn.clone(),
            product_code: "74az0btybm649octamy0sktos".to_owned(),
            product_name: "Trend Vision One".to_owned(),
            seller_name: "Trend Micro".to_owned(),
            agreement_id: bought.agreement_id.clone(),
            buyer_account_id: "111122223333".to_owned(),
            token_expires_at,
        };
        self.world().tokens.insert(token.clone(), purchase);
        token
    }
}

#[async_trait]
impl Marketplace for FakeMarketplace {
    async fn resolve(&self, token: &Secret) -> Result<ResolvedPurchase, ResolveError> {
        let mut world = self.world();
        world.call(Call::Resolve).map_err(|error| ResolveError::Unreachable(error.0))?;
        if world.expired_tokens.contains(token.reveal()) {
            return Err(ResolveError::Expired);
        }
        world.tokens.get(token.reveal()).cloned().ok_or(ResolveError::Invalid)
    }

    async fn entitlements(&self, _: &str, license_arn: &str) -> Result<Vec<Entitlement>, Unreachable> {
        let mut world = self.world();
        let rows = world.rows.get(license_arn).cloned().unwrap_or_default();
        if let Some(happens) = world.meanwhile.take() {
            happens(&mut world);
        }
        world.call(Call::Entitlements)?;
        Ok(rows)
    }

    async fn agreement(&self, license_arn: &str) -> Result<Option<AgreementFacts>, Unreachable> {
        let mut world = self.world();
        world.call(Call::Agreement)?;
        Ok(world.facts.get(license_arn).cloned())
    }

    async fn receive(&self, most: u32) -> Result<Vec<Change>, Unreachable> {
        let mut world = self.world();
        world.call(Call::Receive)?;
        Ok(world.changes.iter().take(usize::try_from(most).expect("a small number")).cloned().collect())
    }

    async fn acknowledge(&self, changes: &[EventId]) -> Result<(), Unreachable> {
        let mut world = self.world();
        world.call(Call::Acknowledge)?;
        world.changes.retain(|change| !changes.contains(&change.id));
        Ok(())
    }

    async fn report_activated(&self, license_arn: &str, at: Timestamp) -> Result<(), Unreachable> {
        let mut world = self.world();
        world.call(Call::Report)?;
        world.reported.push((license_arn.to_owned(), at));
        Ok(())
    }

    async fn meter(&self, _: &str, usage: &[Usage]) -> Result<Metering, Unreachable> {
        let mut world = self.world();
        let called = world.call(Call::Meter);
        let Some(metered) = world.metered.as_mut() else { return Ok(Metering::NotSupported) };
        // A call that fails may have arrived all the same.
        metered.extend(usage.iter().map(|hour| (hour.key.clone(), hour.clone())));
        called.map(|()| Metering::Taken)
    }
}
