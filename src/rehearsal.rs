//! People of the demonstration who act by the program's own use cases, without a browser: what a story needs to be lived
//! instead of written into tables. Every step is allowed, charged, audited and mailed as if it were pressed on a page.

use crate::access::{Action, Actor, BusinessScope, BuyerScope, StaffScope};
use crate::application::Portal;
use crate::audit::{ActingAs, Who};
use crate::credits::allocation::{self, Observation, Usage};
use crate::credits::billing_model::{BillingModel, Wish, switch};
use crate::credits::rates::Units;
use crate::credits::service_keys::{self, NewKey};
use crate::credits::solutions::FeatureKey;
use crate::db::SplitRefusal;
use crate::fulfilment::activate::{Activation, activate};
use crate::fulfilment::land::{Landed, land};
use crate::fulfilment::prepare::Viewer;
use crate::identity::actor::{self, Chosen};
use crate::kernel::credits::Credits;
use crate::kernel::id::{PersonId, ServiceKeyId, SessionReference};
use crate::marketplace::ids::{AgreementId, Prodview};
use crate::marketplace::pay::{Paid, pay};
use crate::marketplace::quoting::{self, Wanted};
use crate::marketplace::{listing, renewal, token, upgrade};
use anyhow::{Context, anyhow, bail};

/// The demonstration's listing that credits are bought from.
pub const CREDITS: &str = "prodview-u2in6sa3igl7c";
/// The one that is charged by use.
const BY_USE: &str = "prodview-w5jn2pgt9hxcs";

/// Somebody of the demonstration, at the present instant of the portal's clock.
pub struct Player<'p> {
    portal: &'p Portal,
    actor: Actor,
}

impl<'p> Player<'p> {
    /// The person with this address; `buyer` is the account that they buy for, where they have several.
    ///
    /// # Errors
    /// When the demonstration is not loaded.
    pub async fn find(portal: &'p Portal, email: &str, buyer: Option<&str>) -> anyhow::Result<Self> {
        let found: Option<(PersonId,)> = portal.db.read("SELECT id FROM people WHERE email_key = $1").bind(email.to_owned()).opt().await?;
        let (person,) = found.with_context(|| format!("{email} is not in the database"))?;
        let chosen = Chosen { business: None, buyer: buyer.map(ToOwned::to_owned) };
        let at = (portal.clock.now(), portal.config.access_lengths);
        let actor = actor::find(&portal.db, person, SessionReference::generate(), chosen, at).await?.context("a disabled person")?;
        Ok(Self::of(portal, actor))
    }

    /// Somebody who is known already.
    #[must_use]
    pub const fn of(portal: &'p Portal, actor: Actor) -> Self {
        Self { portal, actor }
    }

    /// Who it is, for what needs no step.
    #[must_use]
    pub fn into_actor(self) -> Actor {
        self.actor
    }

    fn who(&self, acting_as: ActingAs) -> Who {
        let system = Who::system("rehearsal", self.portal.clock.now());
        Who { person: Some(self.actor.person), label: self.actor.email.clone(), acting_as, ..system }
    }

    fn buyer(&self) -> anyhow::Result<BuyerScope> {
        BuyerScope::of(&self.actor, Action::Purchase).map_err(|_| anyhow!("{} may not purchase", self.actor.email))
    }

    fn business(&self, action: Action) -> anyhow::Result<BusinessScope> {
        BusinessScope::of(&self.actor, action).map_err(|_| anyhow!("{} may not {action}", self.actor.email))
    }

    /// Quote and payment of a new contract.
    ///
    /// # Errors
    /// When a step is refused or storage fails.
    pub async fn buy(&self, credits: i64, auto_renew: bool) -> anyhow::Result<AgreementId> {
        let wanted = Wanted { credits: Credits::new(credits)?, auto_renew, purchase_order: Some(format!("PO-{credits}")) };
        self.create(CREDITS, wanted).await
    }

    /// Subscribes to pay-as-you-go: the same steps, with nothing due.
    ///
    /// # Errors
    /// When a step is refused or storage fails.
    pub async fn subscribe(&self, auto_renew: bool) -> anyhow::Result<AgreementId> {
        self.create(BY_USE, Wanted { credits: Credits::ONE, auto_renew, purchase_order: None }).await
    }

    async fn create(&self, prodview: &str, wanted: Wanted) -> anyhow::Result<AgreementId> {
        let prodview = Prodview::parse(prodview).context("a prodview")?;
        let offer = listing::find(&self.portal.db, &prodview).await?.context("the demonstration's listing")?.offer().id;
        let quote = quoting::create(&self.portal.db, &self.buyer()?, &self.who(ActingAs::Buyer), &prodview, &offer, &wanted).await;
        let quote = quote.refusal()?.map_err(|refusal| anyhow!("{refusal:?}"))?;
        match pay(&self.portal.till, &self.buyer()?, &self.who(ActingAs::Buyer), &quote, 1).await.refusal()? {
            Ok(Paid::Accepted(accepted)) => Ok(accepted.agreement),
            other => bail!("the payment was not accepted: {other:?}"),
        }
    }

    /// *Set up your account*: what the browser would hold afterwards.
    ///
    /// # Errors
    /// When a step is refused or storage fails.
    pub async fn set_up(&self, agreement: &AgreementId) -> anyhow::Result<Landed> {
        let who = self.who(ActingAs::Buyer);
        let issued = token::issue(&self.portal.db, &self.buyer()?, &who, agreement).await.refusal()?;
        let issued = issued.map_err(|refusal| anyhow!("{refusal:?}"))?;
        let landed = land(&self.portal.fulfilment, issued.token.reveal(), &who).await.refusal()?;
        landed.map_err(|refusal| anyhow!("{refusal:?}"))
    }

    /// Activates what was set up for their own business.
    ///
    /// # Errors
    /// When it is refused or storage fails.
    pub async fn activate(&self, landed: &Landed) -> anyhow::Result<()> {
        let (viewer, scope) = (Viewer::of(&self.actor), self.business(Action::ManageLicenses)?);
        let wish = Activation {
            handle: &landed.handle,
            reviewed: landed.registration,
            scope,
            viewer: &viewer,
            person: self.actor.person,
            terms_accepted: true,
        };
        let done = activate(&self.portal.fulfilment, &wish, &self.who(ActingAs::Business)).await.refusal()?;
        done.map(drop).map_err(|refusal| anyhow!("{refusal:?}"))
    }

    /// Adds credits to a running contract and pays for them.
    ///
    /// # Errors
    /// When a step is refused or storage fails.
    pub async fn upgrade(&self, agreement: &AgreementId, credits: i64) -> anyhow::Result<()> {
        let (scope, who) = (self.buyer()?, self.who(ActingAs::Buyer));
        let quote = upgrade::create(&self.portal.db, &scope, &who, agreement, Credits::new(credits)?, None).await.refusal()?;
        let quote = quote.map_err(|refusal| anyhow!("{refusal:?}"))?;
        match pay(&self.portal.till, &scope, &who, &quote, 1).await.refusal()? {
            Ok(Paid::Accepted(_)) => Ok(()),
            other => bail!("the payment was not accepted: {other:?}"),
        }
    }

    /// Chooses how many credits the next term has.
    ///
    /// # Errors
    /// When it is refused or storage fails.
    pub async fn choose_next_term(&self, agreement: &AgreementId, credits: i64) -> anyhow::Result<()> {
        let chosen = renewal::Chosen { auto_renew: true, next_credits: Some(Credits::new(credits)?) };
        let done = renewal::change(&self.portal.db, &self.buyer()?, &self.who(ActingAs::Buyer), agreement, chosen).await.refusal()?;
        done.map(drop).map_err(|refusal| anyhow!("{refusal:?}"))
    }

    /// Says that their business uses so many units of a feature from now on.
    ///
    /// # Errors
    /// When it is refused or storage fails.
    pub async fn use_units(&self, feature: &str, units: i64) -> anyhow::Result<()> {
        let business = self.business(Action::Allocate)?.business();
        let (_, known) = self.portal.solutions.find(feature).with_context(|| format!("no feature {feature}"))?;
        let (usage, who) = (Usage { business, feature: &known.key, units: Units::of(units) }, self.who(ActingAs::Business));
        let set = crate::tx!(self.portal.db, |tx| { allocation::set(tx, &self.portal.solutions, &usage, None, &who).await });
        set.refusal()?.map(drop).map_err(|refusal| anyhow!("{refusal:?}"))
    }

    /// Changes what charges a feature of their business.
    ///
    /// # Errors
    /// When it is refused or storage fails.
    pub async fn change_model(&self, feature: &str, to: BillingModel) -> anyhow::Result<()> {
        let (business, who) = (self.business(Action::Allocate)?.business(), self.who(ActingAs::Business));
        let (_, known) = self.portal.solutions.find(feature).with_context(|| format!("no feature {feature}"))?;
        let wish = Wish { business, feature: &known.key, to, seen: None };
        let changed = crate::tx!(self.portal.db, |tx| { switch(tx, &self.portal.solutions, wish, &who).await });
        changed.refusal()?.map(drop).map_err(|refusal| anyhow!("{refusal:?}"))
    }

    /// Makes a key for one of the vendor's services, which may count these features for every business.
    ///
    /// # Errors
    /// When it is refused or storage fails.
    pub async fn make_service_key(&self, name: &str, features: &[&str]) -> anyhow::Result<ServiceKeyId> {
        let scope =
            StaffScope::of(&self.actor, Action::ManageServiceKeys).map_err(|_| anyhow!("{} may not make keys", self.actor.email))?;
        let features: Option<Vec<_>> = features.iter().map(|feature| FeatureKey::parse(feature)).collect();
        let new = NewKey { name: name.to_owned(), features: features.context("features")?, businesses: None };
        let made = service_keys::make(&self.portal.db, scope, self.actor.person, &self.who(ActingAs::Staff), &new).await.refusal()?;
        made.map(|(key, _)| key).map_err(|refusal| anyhow!("{refusal:?}"))
    }

    /// A service counts so many units of a feature of their business.
    ///
    /// # Errors
    /// When it is refused or storage fails.
    pub async fn is_counted(&self, key: ServiceKeyId, feature: &str, units: i64) -> anyhow::Result<()> {
        let business = self.business(Action::Allocate)?.business();
        let (_, known) = self.portal.solutions.find(feature).with_context(|| format!("no feature {feature}"))?;
        let usage = Usage { business, feature: &known.key, units: Units::of(units) };
        let who = Who { acting_as: ActingAs::Service, ..Who::system("Storage scanner", self.portal.clock.now()) };
        let observation = Observation { key, observed_at: who.now };
        let counted = crate::tx!(self.portal.db, |tx| { allocation::report(tx, &self.portal.solutions, &usage, observation, &who).await });
        counted.refusal()?.map(drop).map_err(|refusal| anyhow!("{refusal:?}"))
    }
}
