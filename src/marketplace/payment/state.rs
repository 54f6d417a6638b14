//! The life of one attempt: started, then approved, declined or pending; pending settles either way. Nothing else
//! happens, and nothing happens twice.

use super::{Outcome, Settlement};
use crate::kernel::clock::Timestamp;
use crate::text_enum;

text_enum! {
    /// How a payment is stored.
    pub enum PaymentStatus {
        /// Asked for; the answer is not known here yet.
        Started = "started",
        /// Taken.
        Approved = "approved",
        /// Refused.
        Declined = "declined",
        /// Will be decided later.
        Pending = "pending",
        /// Was pending and arrived.
        SettledApproved = "settled_approved",
        /// Was pending and did not arrive.
        SettledDeclined = "settled_declined",
    }
}

/// How a payment stands, with what is known about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PaymentState {
    /// Asked for; the answer is not known here yet.
    Started,
    /// Taken.
    Approved {
        /// When.
        at: Timestamp,
    },
    /// Refused; the quote stays payable.
    Declined {
        /// When.
        at: Timestamp,
        /// Why, for the buyer.
        reason: String,
    },
    /// Will be decided later.
    Pending {
        /// Since when.
        since: Timestamp,
    },
    /// Was pending and arrived.
    SettledApproved {
        /// Since when it was pending.
        since: Timestamp,
        /// When it arrived.
        at: Timestamp,
    },
    /// Was pending and did not arrive.
    SettledDeclined {
        /// Since when it was pending.
        since: Timestamp,
        /// When that was sure.
        at: Timestamp,
        /// Why, for the buyer.
        reason: String,
    },
}

/// What a provider said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PaymentEvent {
    /// About the charge.
    Answered(Outcome),
    /// About a pending charge.
    Settled(Settlement),
}

/// The event does not belong to this state; the payment stays as it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the payment is already {0}")]
pub struct WrongMoment(pub PaymentStatus);

impl PaymentState {
    /// The stored word.
    #[must_use]
    pub const fn status(&self) -> PaymentStatus {
        match self {
            Self::Started => PaymentStatus::Started,
            Self::Approved { .. } => PaymentStatus::Approved,
            Self::Declined { .. } => PaymentStatus::Declined,
            Self::Pending { .. } => PaymentStatus::Pending,
            Self::SettledApproved { .. } => PaymentStatus::SettledApproved,
            Self::SettledDeclined { .. } => PaymentStatus::SettledDeclined,
        }
    }

    /// What becomes of it.
    ///
    /// # Errors
    /// When it was decided before.
    pub fn after(self, event: PaymentEvent, now: Timestamp) -> Result<Self, WrongMoment> {
        match self {
            Self::Started => match event {
                PaymentEvent::Answered(Outcome::Approved) => Ok(Self::Approved { at: now }),
                PaymentEvent::Answered(Outcome::Declined { reason }) => Ok(Self::Declined { at: now, reason }),
                PaymentEvent::Answered(Outcome::Pending) => Ok(Self::Pending { since: now }),
                PaymentEvent::Settled(_) => Err(WrongMoment(PaymentStatus::Started)),
            },
            Self::Pending { since } => match event {
                PaymentEvent::Settled(Settlement::Open) => Ok(Self::Pending { since }),
                PaymentEvent::Settled(Settlement::Approved) => Ok(Self::SettledApproved { since, at: now }),
                PaymentEvent::Settled(Settlement::Declined { reason }) => Ok(Self::SettledDeclined { since, at: now, reason }),
                PaymentEvent::Answered(_) => Err(WrongMoment(PaymentStatus::Pending)),
            },
            Self::Approved { .. } | Self::Declined { .. } | Self::SettledApproved { .. } | Self::SettledDeclined { .. } => {
                Err(WrongMoment(self.status()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write;

    /// MKT-9: every state with every answer; what was decided once is never decided again.
    #[test]
    fn the_table_of_payment_states_and_events() {
        let at: Timestamp = "2026-03-02T09:00:00Z".parse().expect("an instant");
        let reason = || "no".to_owned();
        let states = [
            PaymentState::Started,
            PaymentState::Approved { at },
            PaymentState::Declined { at, reason: reason() },
            PaymentState::Pending { since: at },
            PaymentState::SettledApproved { since: at, at },
            PaymentState::SettledDeclined { since: at, at, reason: reason() },
        ];
        assert_eq!(states.len(), PaymentStatus::ALL.len());
        let events = [
            PaymentEvent::Answered(Outcome::Approved),
            PaymentEvent::Answered(Outcome::Declined { reason: reason() }),
            PaymentEvent::Answered(Outcome::Pending),
            PaymentEvent::Settled(Settlement::Open),
            PaymentEvent::Settled(Settlement::Approved),
            PaymentEvent::Settled(Settlement::Declined { reason: reason() }),
        ];
        let mut table = "state | approved | declined | pending | open | settled approved | settled declined\n".to_owned();
        for state in states {
            write!(table, "{}", state.status()).expect("text");
            for event in events.clone() {
                let cell = state.clone().after(event, at).map_or_else(|_| "-".to_owned(), |next| next.status().to_string());
                write!(table, " | {cell}").expect("text");
            }
            table.push('\n');
        }
        let expected = "\
state | approved | declined | pending | open | settled approved | settled declined
started | approved | declined | pending | - | - | -
approved | - | - | - | - | - | -
declined | - | - | - | - | - | -
pending | - | - | - | pending | settled_approved | settled_declined
settled_approved | - | - | - | - | - | -
settled_declined | - | - | - | - | - | -
";
        assert_eq!(table, expected);
    }
}
