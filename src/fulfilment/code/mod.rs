//! Activation codes for direct sales (LIC-5): staff issue them, *Add license* takes them. The code's form and its built-in
//! check are in [`text`], issuing and withdrawing in [`issue`], what *Add license* does in [`redeem`], reading in [`list`].

pub mod issue;
pub mod list;
pub mod redeem;
pub mod text;

use crate::kernel::clock::Timestamp;
use crate::kernel::credits::Credits;
use crate::kernel::id::{CodeBatchId, CodeId};
use crate::text_enum;

text_enum! {
    /// How a code stands at an instant.
    pub enum Status {
        /// It can be used.
        Open = "open",
        /// It was.
        Used = "used",
        /// It was not used in time.
        Expired = "expired",
        /// Staff took it back.
        Withdrawn = "withdrawn",
    }
}

impl Status {
    /// In words.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Open => "Open",
            Self::Used => "Used",
            Self::Expired => "Expired",
            Self::Withdrawn => "Withdrawn",
        }
    }

    /// A code can be used while `now < valid_until` (TIM-3); used and withdrawn are for good.
    #[must_use]
    pub fn of(used_at: Option<Timestamp>, withdrawn_at: Option<Timestamp>, valid_until: Timestamp, now: Timestamp) -> Self {
        match (used_at, withdrawn_at) {
            (Some(_), _) => Self::Used,
            (None, Some(_)) => Self::Withdrawn,
            (None, None) if now < valid_until => Self::Open,
            (None, None) => Self::Expired,
        }
    }
}

/// What a code brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Worth {
    /// The product's code.
    pub product_code: String,
    /// Its name.
    pub product_name: String,
    /// Who sold it.
    pub seller_name: String,
    /// Credits.
    pub credits: Credits,
    /// Calendar months from the moment it is used.
    pub term_months: u32,
    /// Number of the direct order.
    pub order_number: String,
}

/// The key of a code's contract, in the place where a purchase has its license ARN. No marketplace knows it.
#[must_use]
pub fn contract_key(code: CodeId) -> String {
    format!("code:{code}")
}

/// What is shown of a code: all but the last group is hidden.
#[must_use]
pub fn masked(last_group: &str) -> String {
    format!("••-••••-•••••-•••••-•••••-•••••-{last_group}")
}

/// A code that was found by its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offered {
    /// The code.
    pub id: CodeId,
    /// With which others it was issued.
    pub batch: CodeBatchId,
    /// What is shown of it.
    pub masked: String,
    /// What it brings.
    pub worth: Worth,
    /// From when on it cannot be used.
    pub valid_until: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    /// LIC-5: a code is open until the instant it is valid until; used and withdrawn win over the clock.
    #[test]
    fn a_code_ends_in_one_way() {
        let until: Timestamp = "2026-12-31T00:00:00Z".parse().unwrap();
        let tick = TimeDelta::microseconds(1);
        assert_eq!(Status::of(None, None, until, until - tick), Status::Open);
        assert_eq!(Status::of(None, None, until, until), Status::Expired);
        assert_eq!(Status::of(None, Some(until), until, until), Status::Withdrawn);
        assert_eq!(Status::of(Some(until - tick), None, until, until), Status::Used);
        assert_eq!(masked("ABCDE").chars().count(), 37);
    }
}
