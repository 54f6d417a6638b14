//! Proofs of access that stores of tenant data ask for: only this room can make one, and only for an actor who may.

use super::actor::{Actor, BuyerSeat};
use super::policy::{Action, Refused, allows};
use crate::kernel::id::{BusinessId, PersonId, SessionReference};

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

    /// For the person as whom an access key acts, in the one seat that the key is for: it never does more than they may.
    ///
    /// # Errors
    /// When the policy does not allow the person the action.
    pub fn by_key(person: PersonId, seat: &BuyerSeat, action: Action) -> Result<Self, Refused> {
        let actor = Actor {
            person,
            name: String::new(),
            email: String::new(),
            time_zone: None,
            session: SessionReference::from_uuid(person.uuid()),
            memberships: Vec::new(),
            buyer: Some(seat.account.clone()),
            seats: vec![seat.clone()],
            staff: Vec::new(),
            business: None,
        };
        Self::of(&actor, action)
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
