//! Proofs of access that stores of tenant data ask for: only this room can make one, and only for an actor who may.

use super::actor::Actor;
use super::policy::{Action, Refused, allows};
use crate::kernel::id::{BusinessId, PersonId};

/// The one business whose rows may be read or changed.
#[derive(Clone, Copy, Debug)]
pub struct BusinessScope(BusinessId);

/// The one buyer account whose rows may be read or changed, and the person who does.
#[derive(Clone, Debug)]
pub struct BuyerScope {
    account: String,
    person: PersonId,
}

/// The vendor's staff, who may look across businesses.
#[derive(Clone, Copy, Debug)]
pub struct StaffScope(());

impl BusinessScope {
    /// For an actor in the business they are working in.
    ///
    /// # Errors
    /// When the policy does not allow the action.
    pub fn of(actor: &Actor, action: Action) -> Result<Self, Refused> {
        allows(actor, action)?;
        actor.business.map(Self).ok_or(Refused::NoPart)
    }

    /// The business.
    #[must_use]
    pub const fn business(self) -> BusinessId {
        self.0
    }
}

impl BuyerScope {
    /// For an actor in the buyer account they are working in.
    ///
    /// # Errors
    /// When the policy does not allow the action.
    pub fn of(actor: &Actor, action: Action) -> Result<Self, Refused> {
        allows(actor, action)?;
        let account = actor.buyer.clone().ok_or(Refused::NoPart)?;
        Ok(Self { account, person: actor.person })
    }

    /// The account's 12 digits.
    #[must_use]
    pub fn account(&self) -> &str {
        &self.account
    }

    /// The person, for rows that say who did something.
    #[must_use]
    pub const fn person(&self) -> PersonId {
        self.person
    }
}

impl StaffScope {
    /// For staff.
    ///
    /// # Errors
    /// When the policy does not allow the action.
    pub fn of(actor: &Actor, action: Action) -> Result<Self, Refused> {
        allows(actor, action).map(|()| Self(()))
    }
}
