//! Purchases for the benchmark, made and activated by the program's own use cases: quote, payment, token, landing.

use crate::access::{Action, Actor, BusinessScope, BuyerScope};
use crate::application::Portal;
use crate::audit::{ActingAs, Who};
use crate::fulfilment::activate::{Activation, activate};
use crate::fulfilment::land::land;
use crate::fulfilment::prepare::Viewer;
use crate::identity::actor::{self, Chosen};
use crate::kernel::credits::Credits;
use crate::kernel::id::{PersonId, RegistrationId, SessionReference};
use crate::kernel::secret::Secret;
use crate::marketplace::ids::Prodview;
use crate::marketplace::pay::{Paid, pay};
use crate::marketplace::quoting::{self, Wanted};
use crate::marketplace::{listing, token};
use anyhow::{Context, anyhow};
use std::sync::Arc;

/// The demonstration's listing that everything is bought from.
pub const PRODVIEW: &str = "prodview-u2in6sa3igl7c";

/// Who buys, and who activates for their business.
#[derive(Clone, Debug)]
pub struct Customer {
    buyer: Option<Actor>,
    /// The administrator.
    pub admin: Actor,
}

impl Customer {
    /// Two of the demonstration's people.
    ///
    /// # Errors
    /// When the demonstration is not loaded.
    pub async fn load(portal: &Portal, buyer: &str, admin: &str) -> anyhow::Result<Self> {
        Ok(Self { buyer: Some(person(portal, buyer).await?), admin: person(portal, admin).await? })
    }

    /// Somebody whose business buys nothing.
    #[must_use]
    pub const fn of(admin: Actor) -> Self {
        Self { buyer: None, admin }
    }
}

/// A purchase whose registration waits to be activated.
#[derive(Clone, Debug)]
pub struct Ready {
    /// What a browser would hold.
    pub handle: Secret,
    /// What a person would review.
    pub registration: RegistrationId,
}

/// One of the demonstration's people, or of those that the benchmark made.
///
/// # Errors
/// When there is no such person.
pub(super) async fn person(portal: &Portal, email: &str) -> anyhow::Result<Actor> {
    let found: Option<(PersonId,)> = portal.db.read("SELECT id FROM people WHERE email_key = $1").bind(email.to_owned()).opt().await?;
    let (person,) = found.with_context(|| format!("{email} is not in the database"))?;
    actor::find(&portal.db, person, SessionReference::generate(), Chosen::default(), (portal.clock.now(), portal.config.access_lengths))
        .await?
        .context("a disabled person")
}

fn who(portal: &Portal, actor: &Actor, acting_as: ActingAs) -> Who {
    Who { person: Some(actor.person), label: actor.email.clone(), acting_as, ..Who::system("bench", portal.clock.now()) }
}

/// Makes so many purchases, a few at a time.
///
/// # Errors
/// When a step is refused, which is a defect of the benchmark, or storage fails.
pub async fn buy(portal: &Arc<Portal>, customer: &Customer, count: usize, tasks: usize) -> anyhow::Result<Vec<Ready>> {
    let part = |number: usize| {
        let (portal, customer) = (Arc::clone(portal), customer.clone());
        let own = (number..count).step_by(tasks).len();
        tokio::spawn(async move {
            let mut bought = Vec::with_capacity(own);
            for _ in 0..own {
                bought.push(buy_one(&portal, customer.buyer.as_ref().context("somebody who buys")?).await?);
            }
            anyhow::Ok(bought)
        })
    };
    let mut bought = Vec::with_capacity(count);
    for part in (0..tasks).map(part).collect::<Vec<_>>() {
        bought.extend(part.await??);
    }
    Ok(bought)
}

async fn buy_one(portal: &Portal, buyer: &Actor) -> anyhow::Result<Ready> {
    let scope = BuyerScope::of(buyer, Action::Purchase).map_err(|_| anyhow!("the buyer may not purchase"))?;
    let who = who(portal, buyer, ActingAs::Buyer);
    let prodview = Prodview::parse(PRODVIEW).context("a prodview")?;
    let offer = listing::find(&portal.db, &prodview).await?.context("the demonstration's listing")?.offer().id;
    let wanted = Wanted { credits: Credits::new(1_000)?, auto_renew: true, purchase_order: None };
    let quote = quoting::create(&portal.db, &scope, &who, &prodview, &offer, &wanted).await.map_err(refused)?;
    let Paid::Accepted(accepted) = pay(&portal.till, &scope, &who, &quote, 1).await.map_err(refused)? else {
        return Err(anyhow!("the payment was not accepted"));
    };
    let issued = token::issue(&portal.db, &scope, &who, &accepted.agreement).await.map_err(refused)?;
    let landed = land(&portal.fulfilment, issued.token.reveal(), &who).await.map_err(refused)?;
    Ok(Ready { handle: landed.handle, registration: landed.registration })
}

/// Activates a purchase for the business that the administrator works in.
///
/// # Errors
/// When it is refused or storage fails.
pub async fn activate_one(portal: &Portal, customer: &Customer, ready: &Ready) -> anyhow::Result<()> {
    let admin = &customer.admin;
    let scope = BusinessScope::of(admin, Action::ManageLicenses).map_err(|_| anyhow!("the administrator may not activate"))?;
    let viewer = Viewer::of(admin);
    let wish = Activation {
        handle: &ready.handle,
        reviewed: ready.registration,
        scope,
        viewer: &viewer,
        person: admin.person,
        terms_accepted: true,
    };
    activate(&portal.fulfilment, &wish, &who(portal, admin, ActingAs::Business)).await.map_err(refused)?;
    Ok(())
}

fn refused(failed: impl std::fmt::Debug) -> anyhow::Error {
    anyhow!("{failed:?}")
}
