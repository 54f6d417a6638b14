//! What can happen in a sequence. Steps name things by number and mean the thing at that place in turn, so that every
//! sequence makes sense and a shorter one still does.

use super::reference::Bank;
use chrono::TimeDelta;
use proptest::prelude::*;

/// One thing that happens.
#[derive(Clone, Debug)]
pub enum Step {
    /// Create contract and Pay now.
    Purchase { account: usize, product: usize, credits: i64, renews: bool },
    /// Pay now once more, with the same form.
    PayAgain { quote: usize },
    /// From now on a buyer account pays in another way.
    ChangeBank { account: usize, bank: Bank },
    /// Set up product, and the landing that follows at once.
    SetUp { purchase: usize },
    /// Activate what a browser holds.
    Activate { handle: usize, business: usize },
    /// Credits to add, and Pay now.
    Upgrade { purchase: usize, credits: i64 },
    /// Modify renewal: auto renew, and perhaps how many credits the next term has.
    ModifyRenewal { purchase: usize, on: bool, next: Option<i64> },
    /// The renewal run, by so many workers at once.
    Renew { workers: usize },
    /// The clockwork finishes payments that nobody finished and asks after pending ones.
    Settle,
    /// The clockwork follows the marketplace's change notices and reads ends that passed again.
    Notices,
    /// Every notice there ever was comes again, and is followed.
    RepeatedNotices,
    /// Staff ask for a transfer.
    AskTransfer { purchase: usize, to: usize },
    /// A second member of staff approves it.
    Approve { request: usize },
    /// A person sets the units of a feature; none switches it off.
    Allocate { business: usize, feature: usize, units: i64 },
    /// A service reports the units of a feature, counted now or so long ago, and perhaps the same call once more.
    Report { business: usize, feature: usize, units: i64, ago: i64, again: bool },
    /// Staff issue an activation code, for one business or for any.
    Issue { credits: i64, months: u32, only: Option<usize> },
    /// Add license; twice at once if so wanted.
    Redeem { code: usize, business: usize, twice: bool },
    /// Staff take a code back.
    Withdraw { code: usize },
    /// Time passes.
    Pass(TimeDelta),
    /// Time passes up to the end of a purchase: just before it, exactly to it, or some days over it.
    PassToEnd { purchase: usize, over: TimeDelta },
}

/// A sequence of at most so many scenes.
pub fn sequence(most: usize) -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(scene(), 1..=most).prop_map(|scenes| scenes.concat())
}

/// Steps that lead somewhere together, or any single one.
fn scene() -> impl Strategy<Value = Vec<Step>> {
    let newest = 0;
    let begin = (0..4usize, 0..2usize, 100..5_000i64, 0..3usize).prop_map(move |(account, product, credits, business)| {
        let (set_up, activate) = (Step::SetUp { purchase: newest }, Step::Activate { handle: newest, business });
        vec![Step::Purchase { account, product, credits, renews: credits % 4 > 0 }, set_up, activate]
    });
    let transfer =
        (place(), 0..3usize).prop_map(move |(purchase, to)| vec![Step::AskTransfer { purchase, to }, Step::Approve { request: newest }]);
    // An end passes, by nothing, a microsecond or days, and the clockwork runs in its order, or only the first of it.
    let renewal = (place(), over(), 1..3usize, 0..4usize).prop_map(|(purchase, over, workers, notices)| {
        let run = [Step::PassToEnd { purchase, over }, Step::Renew { workers }, Step::Settle, Step::Notices];
        run.into_iter().take(if notices == 0 { 2 } else { 4 }).collect()
    });
    let code = (1..2_000i64, 0..3usize, any::<bool>()).prop_map(move |(credits, business, twice)| {
        vec![Step::Issue { credits, months: 12, only: None }, Step::Redeem { code: newest, business, twice }]
    });
    // What a service counted arrives in any order.
    let reports = (0..3usize, 2..4usize, 0..2_000i64, 0..2_000i64, 0..3i64).prop_map(|(business, feature, first, units, ago)| {
        let report = |units, ago| Step::Report { business, feature, units, ago, again: ago == 1 };
        vec![report(first, 0), report(units, ago)]
    });
    prop_oneof![4 => begin, 2 => transfer, 4 => renewal, 1 => code, 1 => reports, 19 => step().prop_map(|step| vec![step])]
}

/// Places are counted back from the newest thing, so that what was begun is often gone on with.
fn place() -> impl Strategy<Value = usize> + Clone {
    prop_oneof![5 => 0..2usize, 2 => 2..6usize, 1 => 6..20usize]
}

fn over() -> impl Strategy<Value = TimeDelta> {
    prop_oneof![
        2 => Just(TimeDelta::microseconds(-1)),
        3 => Just(TimeDelta::zero()),
        2 => (1..20i64).prop_map(TimeDelta::days),
        1 => Just(TimeDelta::days(800)),
    ]
}

fn bank() -> impl Strategy<Value = Bank> {
    use Bank::{AnswersLate, Approves, ArrivesLater, Declines, NeverArrives};
    prop::sample::select(vec![Approves, Declines, ArrivesLater, NeverArrives, AnswersLate])
}

/// What the next term has; sixty are fewer than an offer sells.
fn next() -> impl Strategy<Value = Option<i64>> {
    prop_oneof![2 => Just(None), 4 => (100..5_000i64).prop_map(Some), 1 => Just(Some(60))]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..8usize, 0..2usize, 100..5_000i64, any::<bool>()).prop_map(|(account, product, credits, renews)| Step::Purchase { account, product, credits, renews }),
        1 => place().prop_map(|quote| Step::PayAgain { quote }),
        1 => (0..8usize, bank()).prop_map(|(account, bank)| Step::ChangeBank { account, bank }),
        3 => place().prop_map(|purchase| Step::SetUp { purchase }),
        4 => (place(), 0..3usize).prop_map(|(handle, business)| Step::Activate { handle, business }),
        6 => (place(), 1..900i64).prop_map(|(purchase, credits)| Step::Upgrade { purchase, credits }),
        4 => (place(), any::<bool>(), next()).prop_map(|(purchase, on, next)| Step::ModifyRenewal { purchase, on, next }),
        2 => (1..3usize).prop_map(|workers| Step::Renew { workers }),
        3 => Just(Step::Settle),
        4 => Just(Step::Notices),
        1 => Just(Step::RepeatedNotices),
        3 => (place(), 0..3usize).prop_map(|(purchase, to)| Step::AskTransfer { purchase, to }),
        3 => place().prop_map(|request| Step::Approve { request }),
        3 => (0..3usize, 0..4usize, prop_oneof![1 => Just(0), 4 => 1..2_000i64]).prop_map(|(business, feature, units)| Step::Allocate { business, feature, units }),
        2 => (0..3usize, 2..4usize, 0..2_000i64, 0..3i64, any::<bool>()).prop_map(|(business, feature, units, ago, again)| Step::Report { business, feature, units, ago, again }),
        1 => (1..2_000i64, 1..30u32, prop::option::of(0..3usize)).prop_map(|(credits, months, only)| Step::Issue { credits, months, only }),
        2 => (place(), 0..3usize, any::<bool>()).prop_map(|(code, business, twice)| Step::Redeem { code, business, twice }),
        1 => place().prop_map(|code| Step::Withdraw { code }),
        3 => (1..40i64).prop_map(|minutes| Step::Pass(TimeDelta::minutes(minutes))),
        1 => (1..30i64).prop_map(|hours| Step::Pass(TimeDelta::hours(hours))),
        1 => (1..100i64).prop_map(|days| Step::Pass(TimeDelta::days(days))),
        1 => (place(), over()).prop_map(|(purchase, over)| Step::PassToEnd { purchase, over }),
    ]
}
