//! Purchases for the benchmark, made and activated by the program's own use cases: quote, payment, token, landing.

use crate::access::Actor;
use crate::application::Portal;
use crate::fulfilment::land::Landed;
use crate::rehearsal::Player;
use anyhow::Context;
use std::sync::Arc;

/// Of each purchase.
const CREDITS: i64 = 1_000;

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

/// One of the demonstration's people, or of those that the benchmark made.
///
/// # Errors
/// When there is no such person.
pub(super) async fn person(portal: &Portal, email: &str) -> anyhow::Result<Actor> {
    Ok(Player::find(portal, email, None).await?.into_actor())
}

/// Makes so many purchases, a few at a time.
///
/// # Errors
/// When a step is refused, which is a defect of the benchmark, or storage fails.
pub async fn buy(portal: &Arc<Portal>, customer: &Customer, count: usize, tasks: usize) -> anyhow::Result<Vec<Landed>> {
    let part = |number: usize| {
        let (portal, customer) = (Arc::clone(portal), customer.clone());
        let own = (number..count).step_by(tasks).len();
        tokio::spawn(async move {
            let buyer = Player::of(&portal, customer.buyer.context("somebody who buys")?);
            let mut bought = Vec::with_capacity(own);
            for _ in 0..own {
                let agreement = buyer.buy(CREDITS, true).await?;
                bought.push(buyer.set_up(&agreement).await?);
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

/// Activates a purchase for the business that the administrator works in.
///
/// # Errors
/// When it is refused or storage fails.
pub async fn activate_one(portal: &Portal, customer: &Customer, landed: &Landed) -> anyhow::Result<()> {
    Player::of(portal, customer.admin.clone()).activate(landed).await
}
