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

/// A sequence of at most so many scenes.
pub fn sequence(most: usize) -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(scene(), 1..=most).prop_map(|scenes| scenes.concat())
}

/// Steps that lead somewhere together, or any single one.
fn scene() -> impl Strategy<Value = Vec<Step>> {
    let newest = 0;
    let begin = (0..4usize, 100..5_000i64, 0..3usize).prop_map(move |(account, credits, business)| {
        let (set_up, activate) = (Step::SetUp { purchase: newest }, Step::Activate { handle: newest, business });
        vec![Step::Purchase { account, credits }, set_up, activate]
    });
    let transfer =
        (place(), 0..3usize).prop_map(move |(purchase, to)| vec![Step::AskTransfer { purchase, to }, Step::Approve { request: newest }]);
    prop_oneof![2 => begin, 1 => transfer, 9 => step().prop_map(|step| vec![step])]
}

/// Places are counted back from the newest thing, so that what was begun is often gone on with.
fn place() -> impl Strategy<Value = usize> + Clone {
    prop_oneof![5 => 0..2usize, 2 => 2..6usize, 1 => 6..20usize]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..8usize, 100..5_000i64).prop_map(|(account, credits)| Step::Purchase { account, credits }),
        1 => place().prop_map(|quote| Step::PayAgain { quote }),
        3 => place().prop_map(|purchase| Step::SetUp { purchase }),
        4 => (place(), 0..3usize).prop_map(|(handle, business)| Step::Activate { handle, business }),
        6 => (place(), 1..900i64).prop_map(|(purchase, credits)| Step::Upgrade { purchase, credits }),
        2 => Just(Step::Settle),
        4 => Just(Step::Notices),
        1 => Just(Step::RepeatedNotices),
        3 => (place(), 0..3usize).prop_map(|(purchase, to)| Step::AskTransfer { purchase, to }),
        3 => place().prop_map(|request| Step::Approve { request }),
        1 => (0..3usize, 0..200i64).prop_map(|(business, units)| Step::Allocate { business, units }),
        3 => (1..40i64).prop_map(|minutes| Step::Pass(TimeDelta::minutes(minutes))),
        1 => (1..30i64).prop_map(|hours| Step::Pass(TimeDelta::hours(hours))),
        1 => (1..100i64).prop_map(|days| Step::Pass(TimeDelta::days(days))),
        1 => (place(), any::<bool>()).prop_map(|(purchase, exactly)| Step::PassToEnd { purchase, exactly }),
    ]
}
