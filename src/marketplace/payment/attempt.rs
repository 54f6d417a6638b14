//! Which attempt a press of *Pay now* belongs to. The form says which attempt it means, so that a second press, a
//! replay or the back button is the same attempt and only a decision to try again is another one (MKT-7). Pure.

use super::{Payment, PaymentState};
use crate::kernel::clock::Timestamp;
use crate::kernel::id::PaymentId;
use crate::marketplace::quote::{QuoteClosed, QuoteState};

/// What to do with a press.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Press {
    /// The quote is accepted: show the receipt again.
    Receipt,
    /// This attempt was declined: show that again.
    Declined(PaymentId),
    /// An attempt was begun and its outcome is not known: ask the provider under its key.
    GoOn(PaymentId),
    /// Begin this attempt.
    Begin(i64),
}

/// Why a press does nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoPress {
    /// The quote does not take payments any more.
    Closed(QuoteClosed),
    /// The form names an attempt whose turn it is not.
    OutOfTurn,
}

/// The attempt that a form shown now means: the one that is under way, else the next.
#[must_use]
pub fn offered(payments: &[Payment]) -> i64 {
    let last = payments.iter().max_by_key(|payment| payment.attempt);
    last.map_or(1, |last| if last.state == PaymentState::Started { last.attempt } else { last.attempt.saturating_add(1) })
}

/// What a press with `attempt` in its form does, given the quote and its attempts so far.
///
/// # Errors
/// When it does nothing.
pub fn of_press(state: &QuoteState, lapses_at: Timestamp, payments: &[Payment], attempt: i64, now: Timestamp) -> Result<Press, NoPress> {
    if matches!(state, QuoteState::Accepted { .. }) {
        return Ok(Press::Receipt);
    }
    if let Some(open) = payments.iter().find(|payment| payment.state == PaymentState::Started) {
        // Whatever the form says: money may be on its way, so nothing else may begin.
        return Ok(Press::GoOn(open.id));
    }
    if let Some(declined) = payments.iter().find(|payment| payment.attempt == attempt) {
        return Ok(Press::Declined(declined.id));
    }
    state.clone().begin_payment(lapses_at, now).map_err(NoPress::Closed)?;
    if attempt == offered(payments) { Ok(Press::Begin(attempt)) } else { Err(NoPress::OutOfTurn) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::id::PersonId;
    use crate::kernel::money::{Currency, Money};
    use crate::marketplace::ids::QuoteId;
    use crate::marketplace::payment::PaymentMethod;
    use crate::marketplace::quote::LIFE;

    fn at() -> Timestamp {
        "2026-03-02T09:00:00Z".parse().expect("an instant")
    }

    fn payment(attempt: i64, state: PaymentState) -> Payment {
        Payment {
            id: PaymentId::generate(),
            quote_id: QuoteId::parse("ar-q").expect("an id"),
            buyer_account_id: "111122223333".to_owned(),
            attempt,
            method: PaymentMethod::Invoice,
            amount: Money::new(100, Currency::USD),
            started_by: PersonId::generate(),
            started_at: at(),
            state,
        }
    }

    /// MKT-7: a press belongs to the attempt that its form names; while one is under way nothing else begins.
    #[test]
    fn a_press_belongs_to_the_attempt_its_form_names() {
        let (draft, lapses) = (QuoteState::Draft, at() + LIFE);
        let press = |state: &QuoteState, payments: &[Payment], attempt| of_press(state, lapses, payments, attempt, at());
        let declined = payment(1, PaymentState::Declined { at: at(), reason: "no".to_owned() });
        let started = payment(2, PaymentState::Started);
        assert_eq!(press(&draft, &[], 1), Ok(Press::Begin(1)));
        assert_eq!(press(&draft, &[], 2), Err(NoPress::OutOfTurn));
        assert_eq!(press(&draft, std::slice::from_ref(&declined), 1), Ok(Press::Declined(declined.id)));
        assert_eq!(press(&draft, std::slice::from_ref(&declined), 2), Ok(Press::Begin(2)));
        let both = [declined, started.clone()];
        for attempt in [0, 1, 2, 3, i64::MAX] {
            assert_eq!(press(&draft, &both, attempt), Ok(Press::GoOn(started.id)), "{attempt}");
        }
        let accepted = QuoteState::Accepted { at: at() };
        for attempt in [0, 1, 7] {
            assert_eq!(press(&accepted, &both, attempt), Ok(Press::Receipt), "{attempt}");
        }
    }

    /// MKT-5: a lapsed quote begins no payment, but one that began in time is still finished.
    #[test]
    fn a_lapsed_quote_begins_nothing_and_finishes_what_began() {
        let (draft, lapses) = (QuoteState::Draft, at() + LIFE);
        assert_eq!(of_press(&draft, lapses, &[], 1, lapses), Err(NoPress::Closed(QuoteClosed::Lapsed)));
        let started = payment(1, PaymentState::Started);
        assert_eq!(of_press(&draft, lapses, std::slice::from_ref(&started), 1, lapses), Ok(Press::GoOn(started.id)));
    }
}
