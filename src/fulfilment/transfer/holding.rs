//! A contract as its owner holds it, and whether it can be moved (SUP-6). Pure.

use crate::kernel::clock::Timestamp;
use crate::kernel::credits::Credits;
use crate::kernel::id::{BusinessId, ContractId, LicenseId};

/// One license of a contract.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Item {
    /// Its id.
    pub license: LicenseId,
    /// 1 is the original, the others are upgrades.
    pub item_number: i64,
    /// What it granted.
    pub credits: Credits,
    /// Until when, exclusive.
    pub expires_at: Timestamp,
    /// Since when it counts no more, if it was taken back.
    pub revoked_at: Option<Timestamp>,
}

impl Item {
    /// Whether its credits count at `now` (TIM-3).
    #[must_use]
    pub fn counts(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && now < self.expires_at
    }
}

/// A contract as its owner holds it: the original license and its upgrades.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holding {
    /// Which.
    pub contract: ContractId,
    /// Whose.
    pub owner: BusinessId,
    /// Of what.
    pub product_name: String,
    /// Under which agreement.
    pub agreement_id: String,
    /// By item number, the original first.
    pub items: Vec<Item>,
}

/// Why a contract cannot be moved (SUP-6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Immovable {
    /// No business has activated it.
    NotActivated,
    /// Nothing of it is left since then.
    Expired(Timestamp),
    /// It was taken back by the marketplace.
    Revoked,
    /// It is there already.
    SameBusiness,
    /// Nobody can enter that business any more: staff have closed it for deletion (EXP-2).
    DestinationClosed,
}

impl Immovable {
    /// The reason in a sentence, for staff.
    #[must_use]
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::NotActivated => {
                "This purchase is not activated, so it belongs to no business yet. The buyer can set it up in the right business"
            }
            Self::Expired(_) => "This license has expired. There is nothing left to transfer",
            Self::Revoked => "This license was revoked. There is nothing left to transfer",
            Self::SameBusiness => "The license already belongs to this business. Choose another one",
            Self::DestinationClosed => "That business is closed for deletion. Choose another one, or open it again first",
        }
    }
}

impl Holding {
    /// The credits that leave one pool and join the other when it moves now.
    #[must_use]
    pub fn credits_left(&self, now: Timestamp) -> i64 {
        self.items.iter().filter(|item| item.counts(now)).map(|item| item.credits.get()).sum()
    }

    /// Whether anything is left to move, wherever to.
    ///
    /// # Errors
    /// Why not.
    pub fn movable(&self, now: Timestamp) -> Result<(), Immovable> {
        if self.items.iter().any(|item| item.counts(now)) {
            return Ok(());
        }
        let last_end = self.items.iter().filter(|item| item.revoked_at.is_none()).map(|item| item.expires_at).max();
        Err(last_end.map_or(Immovable::Revoked, Immovable::Expired))
    }

    /// Whether it can move to this business.
    ///
    /// # Errors
    /// Why not (SUP-6).
    pub fn movable_to(&self, to: BusinessId, now: Timestamp) -> Result<(), Immovable> {
        self.movable(now)?;
        if self.owner == to { Err(Immovable::SameBusiness) } else { Ok(()) }
    }

    /// The license that stands for the whole contract: the original.
    #[must_use]
    pub fn original(&self) -> Option<LicenseId> {
        self.items.first().map(|item| item.license)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hours: i64) -> Timestamp {
        Timestamp::from_timestamp(1_772_442_000 + hours * 3_600, 0).unwrap()
    }

    /// SUP-6: expired, revoked and same-business are told apart.
    #[test]
    fn a_contract_moves_while_one_of_its_licenses_counts() {
        let item = |number, expires_at, revoked_at| Item {
            license: LicenseId::generate(),
            item_number: number,
            credits: Credits::new(1_000).unwrap(),
            expires_at,
            revoked_at,
        };
        let (owner, other) = (BusinessId::generate(), BusinessId::generate());
        let holding = |items| Holding {
            contract: ContractId::generate(),
            owner,
            product_name: "Product".into(),
            agreement_id: "agmt-1".into(),
            items,
        };
        let end = at(10);
        let whole = holding(vec![item(1, end, None), item(2, end, None)]);
        assert_eq!(whole.movable_to(other, at(9)), Ok(()));
        assert_eq!(whole.credits_left(at(9)), 2_000);
        assert_eq!(whole.movable_to(owner, at(9)), Err(Immovable::SameBusiness));
        assert_eq!(whole.movable_to(other, end), Err(Immovable::Expired(end)));
        assert_eq!(whole.credits_left(end), 0);
        let half = holding(vec![item(1, end, Some(at(1))), item(2, end, None)]);
        assert_eq!((half.movable_to(other, at(9)), half.credits_left(at(9))), (Ok(()), 1_000));
        assert_eq!(half.movable_to(other, end), Err(Immovable::Expired(end)));
        assert_eq!(holding(vec![item(1, end, Some(at(1)))]).movable_to(other, at(9)), Err(Immovable::Revoked));
        assert_eq!(holding(vec![item(1, end, Some(at(1)))]).movable_to(owner, end), Err(Immovable::Revoked));
    }
}
