//! The console's record of a token that was presented: pending, completed or expired. Pure; it grants nothing and knows
//! no browser.

use super::license::Source;
use crate::kernel::clock::Timestamp;
use crate::kernel::id::{BusinessId, RegistrationId};
use chrono::TimeDelta;

/// How long a purchase can be set up after the click (SET-4).
pub const WINDOW: TimeDelta = TimeDelta::hours(4);

/// How long after the landing a browser's handle is still understood, so that a late visitor reads *expired* and not
/// *unknown*. It says nothing about the window.
pub const HANDLE_KEPT: TimeDelta = TimeDelta::hours(24);

/// The purchase behind a registration, as the marketplace named it when the token was resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purchase {
    /// Which marketplace.
    pub source: Source,
    /// The key of the purchase.
    pub license_arn: String,
    /// The seller's product.
    pub product_code: String,
    /// Its name.
    pub product_name: String,
    /// The seller's name.
    pub seller_name: String,
    /// The agreement.
    pub agreement_id: String,
    /// The buyer's 12 digits; shown masked.
    pub buyer_account_id: String,
}

/// A presented token. The token itself is not in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// Its id; no secret.
    pub id: RegistrationId,
    /// What was bought.
    pub purchase: Purchase,
    /// When the token was first presented.
    pub landed_at: Timestamp,
    /// The deadline, exclusive: at this instant it is over (SET-4, TIM-3).
    pub expires_at: Timestamp,
    /// When the purchase was activated, by whichever registration (SET-10).
    pub completed_at: Option<Timestamp>,
}

/// How a registration stands at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The purchase can be activated.
    Pending {
        /// More than zero.
        time_left: TimeDelta,
    },
    /// The purchase was activated.
    Completed {
        /// When.
        at: Timestamp,
    },
    /// The window closed first.
    Expired {
        /// When.
        at: Timestamp,
    },
}

impl Registration {
    /// How it stands at `now`. Activation outlasts the deadline: what was activated in time never turns into *expired*.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> State {
        match self.completed_at {
            Some(at) => State::Completed { at },
            None if now < self.expires_at => State::Pending { time_left: self.expires_at - now },
            None => State::Expired { at: self.expires_at },
        }
    }
}

/// The deadline of a token presented at `landed_at`: the marketplace's own, and never later than four hours after the
/// landing, which follows the click (SET-4).
#[must_use]
pub fn deadline(landed_at: Timestamp, token_expires_at: Option<Timestamp>) -> Timestamp {
    let counted = landed_at + WINDOW;
    token_expires_at.map_or(counted, |told| told.min(counted))
}

/// A registration in the hands of one browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// What was presented.
    pub registration: Registration,
    /// The only business that may use this handle, when it came from a hand-over link (SET-9).
    pub bound_to: Option<BusinessId>,
    /// When the browser may forget the handle.
    pub handle_until: Timestamp,
}

impl Held {
    /// Whether this handle is worth anything to a business.
    #[must_use]
    pub fn serves(&self, business: BusinessId) -> bool {
        self.bound_to.is_none_or(|bound| bound == business)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn landed() -> Timestamp {
        "2026-03-02T09:00:00Z".parse().unwrap()
    }

    fn registration(completed_at: Option<Timestamp>) -> Registration {
        Registration {
            id: RegistrationId::generate(),
            purchase: Purchase {
                source: Source::Embedded,
                license_arn: "arn".to_owned(),
                product_code: "code".to_owned(),
                product_name: "Trend Vision One".to_owned(),
                seller_name: "Trend Micro".to_owned(),
                agreement_id: "agmt-1".to_owned(),
                buyer_account_id: "111122223333".to_owned(),
            },
            landed_at: landed(),
            expires_at: deadline(landed(), None),
            completed_at,
        }
    }

    /// SET-4: the window is half-open, to the microsecond.
    #[test]
    fn the_window_is_open_until_the_last_microsecond_and_not_at_the_deadline() {
        let end = landed() + TimeDelta::hours(4);
        let tick = TimeDelta::microseconds(1);
        assert_eq!(registration(None).state(end - tick), State::Pending { time_left: tick });
        assert_eq!(registration(None).state(end), State::Expired { at: end });
        assert_eq!(registration(None).state(landed()), State::Pending { time_left: WINDOW });
    }

    #[test]
    fn what_was_activated_in_time_does_not_expire() {
        let at = landed() + TimeDelta::hours(1);
        assert_eq!(registration(Some(at)).state(landed() + TimeDelta::days(400)), State::Completed { at });
    }

    /// SET-4: the marketplace's deadline counts where it tells one; a landing never gets more than four hours.
    #[test]
    fn the_deadline_is_the_tokens_own_where_the_marketplace_tells_it() {
        let clicked_half_an_hour_ago = landed() + TimeDelta::minutes(210);
        assert_eq!(deadline(landed(), Some(clicked_half_an_hour_ago)), clicked_half_an_hour_ago);
        assert_eq!(deadline(landed(), Some(landed() + TimeDelta::hours(9))), landed() + WINDOW);
        assert_eq!(deadline(landed(), None), landed() + WINDOW);
    }

    #[test]
    fn a_hand_over_handle_serves_its_own_business_only() {
        let own = BusinessId::generate();
        let held = |bound_to| Held { registration: registration(None), bound_to, handle_until: landed() + HANDLE_KEPT };
        assert!(held(Some(own)).serves(own));
        assert!(!held(Some(own)).serves(BusinessId::generate()));
        assert!(held(None).serves(own));
    }
}
