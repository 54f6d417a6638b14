//! A quote: what *Create contract* makes. Offer, price and amount are frozen in it, nothing is charged (MKT-5). This
//! file is the model; [`super::quoting`] and [`super::upgrade`] make quotes, [`super::pay`] pays them.

use super::ids::{AgreementId, OfferId, ProductId, QuoteId};
use crate::kernel::clock::Timestamp;
use crate::kernel::credits::Credits;
use crate::kernel::id::PersonId;
use crate::kernel::money::Money;
use crate::text_enum;
use chrono::TimeDelta;

/// An unpaid quote can be paid while less than this has passed (MKT-5).
pub const LIFE: TimeDelta = TimeDelta::hours(24);

text_enum! {
    /// What paying a quote does.
    pub enum QuoteKind {
        /// Makes an agreement.
        New = "new",
        /// Adds credits to an agreement.
        Upgrade = "upgrade",
        /// Pays the next term of an agreement; made by the clockwork, never by a person.
        Renewal = "renewal",
    }
}

text_enum! {
    /// How a quote is stored; a draft lapses by time alone.
    pub enum QuoteStatus {
        /// Not paid.
        Draft = "draft",
        /// Paid, or being paid with the payment pending.
        Accepted = "accepted",
        /// Changed: another quote took its place.
        Replaced = "replaced",
    }
}

/// What a quote is for. Payment never changes any of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// Its id.
    pub id: QuoteId,
    /// What paying it does.
    pub kind: QuoteKind,
    /// Whose it is: the buyer's 12 digits.
    pub buyer_account_id: String,
    /// Of which product.
    pub product_id: ProductId,
    /// At which terms.
    pub offer_id: OfferId,
    /// The agreement that an upgrade adds to, or that a renewal goes on from.
    pub agreement_id: Option<AgreementId>,
    /// Credits to buy, or to add.
    pub credits: Credits,
    /// Price of one credit for a whole term.
    pub price: Money,
    /// What Pay now charges.
    pub amount: Money,
    /// Calendar months in a term.
    pub duration_months: i64,
    /// Whether the agreement is to renew by itself.
    pub auto_renew: bool,
    /// The buyer's own number for it.
    pub purchase_order: Option<String>,
    /// Who made it.
    pub created_by: PersonId,
    /// When.
    pub created_at: Timestamp,
    /// From when on it cannot be paid.
    pub lapses_at: Timestamp,
    /// How it stands.
    pub state: QuoteState,
}

impl Quote {
    /// Whether it is for something that is charged by use: nothing is due (CRD-9).
    #[must_use]
    pub const fn is_metered(&self) -> bool {
        self.price.minor == 0
    }

    /// How it stands at an instant.
    #[must_use]
    pub fn standing(&self, now: Timestamp) -> Standing {
        self.state.standing(self.lapses_at, now)
    }
}

/// How a quote stands, as it was last decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QuoteState {
    /// Nothing was decided; time may have run out.
    Draft,
    /// Paid, or the payment is pending.
    Accepted {
        /// Since when.
        at: Timestamp,
    },
    /// Another quote took its place.
    Replaced {
        /// Which.
        by: QuoteId,
    },
}

/// How a quote stands at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It can be paid.
    Open,
    /// It was not paid in time.
    Lapsed,
    /// It was.
    Accepted,
    /// It was changed.
    Replaced,
}

/// Why a quote does not take what was asked of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuoteClosed {
    /// Too late.
    #[error("the quote has lapsed")]
    Lapsed,
    /// Paid already.
    #[error("the quote is accepted")]
    Accepted,
    /// Changed already.
    #[error("the quote was replaced")]
    Replaced {
        /// The one that counts now.
        by: QuoteId,
    },
}

impl QuoteState {
    /// The same with the clock: valid while `now < lapses_at` (TIM-3).
    #[must_use]
    pub fn standing(&self, lapses_at: Timestamp, now: Timestamp) -> Standing {
        match self {
            Self::Draft if now < lapses_at => Standing::Open,
            Self::Draft => Standing::Lapsed,
            Self::Accepted { .. } => Standing::Accepted,
            Self::Replaced { .. } => Standing::Replaced,
        }
    }

    /// A payment may begin: nothing changes yet.
    ///
    /// # Errors
    /// When the quote is not open.
    pub fn begin_payment(self, lapses_at: Timestamp, now: Timestamp) -> Result<Self, QuoteClosed> {
        match self {
            Self::Draft if now < lapses_at => Ok(self),
            Self::Draft => Err(QuoteClosed::Lapsed),
            Self::Accepted { .. } => Err(QuoteClosed::Accepted),
            Self::Replaced { by } => Err(QuoteClosed::Replaced { by }),
        }
    }

    /// A payment that began in time is approved or pending. A draft takes it even when it lapsed meanwhile: the buyer
    /// was in time, the answer was not.
    ///
    /// # Errors
    /// When it is accepted or replaced already.
    pub fn accept(self, now: Timestamp) -> Result<Self, QuoteClosed> {
        match self {
            Self::Draft => Ok(Self::Accepted { at: now }),
            Self::Accepted { .. } => Err(QuoteClosed::Accepted),
            Self::Replaced { by } => Err(QuoteClosed::Replaced { by }),
        }
    }

    /// Another quote takes its place.
    ///
    /// # Errors
    /// When the quote is not open.
    pub fn replace(self, lapses_at: Timestamp, by: QuoteId, now: Timestamp) -> Result<Self, QuoteClosed> {
        self.begin_payment(lapses_at, now).map(|_| Self::Replaced { by })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write;

    fn word(outcome: Result<QuoteState, QuoteClosed>) -> String {
        match outcome {
            Ok(QuoteState::Draft) => "draft".to_owned(),
            Ok(QuoteState::Accepted { .. }) => "accepted".to_owned(),
            Ok(QuoteState::Replaced { .. }) => "replaced".to_owned(),
            Err(closed) => format!("refused: {closed}"),
        }
    }

    /// MKT-5: every state with every event; an unpaid quote lapses at 24:00:00 and not a microsecond sooner.
    #[test]
    fn the_table_of_quote_states_and_events() {
        let made: Timestamp = "2026-03-02T09:00:00Z".parse().expect("an instant");
        let lapses = made + LIFE;
        let last = lapses - TimeDelta::microseconds(1);
        let other = QuoteId::parse("ar-other").expect("an id");
        let states = [
            ("open", QuoteState::Draft, last),
            ("lapsed", QuoteState::Draft, lapses),
            ("accepted", QuoteState::Accepted { at: made }, last),
            ("replaced", QuoteState::Replaced { by: other.clone() }, last),
        ];
        let mut table = String::new();
        for (name, state, now) in states {
            let begin = word(state.clone().begin_payment(lapses, now));
            let accept = word(state.clone().accept(now));
            let replace = word(state.clone().replace(lapses, other.clone(), now));
            writeln!(table, "{name} ({:?}) | pay: {begin} | accept: {accept} | replace: {replace}", state.standing(lapses, now))
                .expect("text");
        }
        let expected = "\
open (Open) | pay: draft | accept: accepted | replace: replaced
lapsed (Lapsed) | pay: refused: the quote has lapsed | accept: accepted | replace: refused: the quote has lapsed
accepted (Accepted) | pay: refused: the quote is accepted | accept: refused: the quote is accepted | replace: refused: the quote is accepted
replaced (Replaced) | pay: refused: the quote was replaced | accept: refused: the quote was replaced | replace: refused: the quote was replaced
";
        assert_eq!(table, expected);
    }
}
