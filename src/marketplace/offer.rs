//! An offer: the public price terms of a product at a moment. Published offers never change; a new price is a new offer.

use super::ids::OfferId;
use crate::kernel::clock::Timestamp;
use crate::kernel::credits::Credits;
use crate::kernel::money::{Currency, Money, MoneyError};
use crate::kernel::quantity::{Range, Unfit};
use crate::kernel::term::{Term, TermError};

/// The longest purchase order number that is kept, in characters.
pub const PURCHASE_ORDER_CHARS_MAX: usize = 200;

/// The price terms that a quote freezes.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Offer {
    /// Its id.
    pub id: OfferId,
    /// Price of one credit for the whole term, in minor units.
    pub price_minor: i64,
    /// What the minor units are of.
    pub currency: Currency,
    /// Calendar months in a term.
    pub duration_months: i64,
    /// The fewest credits of a purchase.
    pub credits_min: i64,
    /// The most credits of a contract, upgrades included.
    pub credits_max: i64,
    /// Credits are sold in steps of this many, counted from the minimum.
    pub credits_step: i64,
}

impl Offer {
    /// Price of one credit for the whole term.
    #[must_use]
    pub fn price(&self) -> Money {
        Money::new(self.price_minor, self.currency)
    }

    /// Whether what is sold is charged by use, with nothing due when it is bought (CRD-9).
    #[must_use]
    pub const fn is_metered(&self) -> bool {
        self.price_minor == 0
    }

    /// The numbers of credits that can be bought (MKT-3).
    #[must_use]
    pub fn limits(&self) -> Range {
        Range { min: self.credits_min, max: self.credits_max, step: self.credits_step }
    }

    /// The numbers of credits that can be added to a contract that has `held` already: whole steps up to the maximum.
    /// `None` when not even one step fits.
    #[must_use]
    pub fn room_above(&self, held: Credits) -> Option<Range> {
        let steps = (self.credits_max - held.get()).div_euclid(self.credits_step);
        (steps > 0).then(|| Range { min: self.credits_step, max: steps * self.credits_step, step: self.credits_step })
    }

    /// The number of credits that a person typed (MKT-3).
    ///
    /// # Errors
    /// What is wrong with it; [`Range::problem`] says it in words with the limits.
    pub fn read_credits(&self, typed: &str) -> Result<Credits, Unfit> {
        read(self.limits(), typed)
    }

    /// What so many credits cost for a whole term.
    ///
    /// # Errors
    /// When the amount does not fit; the catalog refuses offers whose maximum costs that much.
    pub fn amount(&self, credits: Credits) -> Result<Money, MoneyError> {
        self.price().times(credits)
    }

    /// The first term of a contract that is accepted at `at` (MKT-8, TIM-2).
    ///
    /// # Errors
    /// When it ends beyond the calendar.
    pub fn first_term(&self, at: Timestamp) -> Result<Term, TermError> {
        Term::new(at, 1, u32::try_from(self.duration_months).unwrap_or(0))
    }
}

/// The number of credits that a person typed, if it is in the range.
///
/// # Errors
/// What is wrong with it.
pub fn read(range: Range, typed: &str) -> Result<Credits, Unfit> {
    let number = range.read(typed)?;
    Credits::new(number).map_err(|_| Unfit::OutOfRange(crate::kernel::quantity::OutOfRange::TooLarge))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(credits_min: i64, credits_max: i64, credits_step: i64) -> Offer {
        let id = OfferId::parse("offer-abc").expect("an offer id");
        Offer { id, price_minor: 100, currency: Currency::USD, duration_months: 12, credits_min, credits_max, credits_step }
    }

    /// MKT-3: whole numbers between minimum and maximum in the offer's step, in the ways people type them.
    #[test]
    fn credits_are_taken_between_the_limits_in_steps() {
        let offer = offer(100, 10_000, 50);
        for (typed, credits) in [("100", 100), ("1,000", 1_000), ("1 000", 1_000), ("\u{FF11}\u{FF15}\u{FF10}", 150), (" 10000 ", 10_000)] {
            assert_eq!(offer.read_credits(typed).map(Credits::get), Ok(credits), "{typed}");
        }
        for typed in ["", "99", "101", "10,050", "-100", "1e3", "100.5", "0x64", "abc", "99999999999999999999"] {
            assert!(offer.read_credits(typed).is_err(), "{typed}");
        }
    }

    /// UPG-2: an upgrade takes at least one step and never brings the contract above the offer's maximum.
    #[test]
    fn an_upgrade_has_room_in_whole_steps_up_to_the_maximum() {
        let held = |number| Credits::new(number).expect("credits");
        assert_eq!(offer(100, 1_000, 50).room_above(held(100)), Some(Range { min: 50, max: 900, step: 50 }));
        assert_eq!(offer(100, 1_000, 50).room_above(held(980)), None);
        assert_eq!(offer(100, 1_000, 1).room_above(held(1_000)), None);
        assert_eq!(offer(100, 1_000, 30).room_above(held(930)), Some(Range { min: 30, max: 60, step: 30 }));
    }
}
