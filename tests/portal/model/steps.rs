//! What can happen in a sequence. Steps name things by number and mean the thing at that place in turn, so that every
//! sequence makes sense and a shorter one still does.

use chrono::TimeDelta;
use proptest::prelude::*;

/// One thing that happens.
#[derive(Clone, Debug)]
pub enum Step {
    /// Create contract and Pay now.
    Purchase { account: usize, credits: i64 },
    /// Pay now once more, with the same form.
    PayAgain { quote: usize },
    /// Set up product, and the landing that follows at once.
    SetUp { purchase: usize },
    /// Activate what a browser holds.
    Activate { handle: usize, business: usize },
    /// Credits to add, and Pay now.
    Upgrade { purchase: usize, credits: i64 },
    /// The clockwork asks after pending payments.
    Settle,
    /// The clockwork follows the marketplace's change notices.
    Notices,
    /// Every notice there ever was comes again, and is followed.
    RepeatedNotices,
    /// Staff ask for a transfer.
    AskTransfer { purchase: usize, to: usize },
    /// A second member of staff approves it.
    Approve { request: usize },
    /// A feature uses so many units.
    Allocate { business: usize, units: i64 },
    /// Time passes.
    Pass(TimeDelta),
    /// Time passes up to the end of a purchase: just before it, or exactly to it.
    PassToEnd { purchase: usize, exactly: bool },
}

/// A sequence of at most so many steps; what leads somewhere is more frequent.
pub fn sequence(most: usize) -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(step(), 1..=most)
}

fn step() -> impl Strategy<Value = Step> {
    let place = 0..12usize;
    prop_oneof![
        4 => (0..8usize, 100..5_000i64).prop_map(|(account, credits)| Step::Purchase { account, credits }),
        1 => place.clone().prop_map(|quote| Step::PayAgain { quote }),
        4 => place.clone().prop_map(|purchase| Step::SetUp { purchase }),
        5 => (place.clone(), 0..3usize).prop_map(|(handle, business)| Step::Activate { handle, business }),
        4 => (place.clone(), 1..900i64).prop_map(|(purchase, credits)| Step::Upgrade { purchase, credits }),
        1 => Just(Step::Settle),
        3 => Just(Step::Notices),
        1 => Just(Step::RepeatedNotices),
        2 => (place.clone(), 0..3usize).prop_map(|(purchase, to)| Step::AskTransfer { purchase, to }),
        2 => place.clone().prop_map(|request| Step::Approve { request }),
        1 => (0..3usize, 0..200i64).prop_map(|(business, units)| Step::Allocate { business, units }),
        2 => (1..40i64).prop_map(|minutes| Step::Pass(TimeDelta::minutes(minutes))),
        1 => (1..30i64).prop_map(|hours| Step::Pass(TimeDelta::hours(hours))),
        1 => (1..100i64).prop_map(|days| Step::Pass(TimeDelta::days(days))),
        1 => (place, any::<bool>()).prop_map(|(purchase, exactly)| Step::PassToEnd { purchase, exactly }),
    ]
}
