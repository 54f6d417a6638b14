//! Random sequences of purchase, payment, activation, upgrade, time, transfer and repeated or late change notices, on
//! the real use cases, against an independent reference (quality A7).
//!
//! `CREDITDESK_MODEL_CASES` sequences run on each engine. A failure prints the shortest sequence that still fails and
//! the seed; `CREDITDESK_MODEL_SEED` runs the same sequences again.

mod books;
mod reference;
mod steps;
mod world;

use crate::support::usage;
use crate::support::{Stage, play};
use creditdesk::credits::ledger::{self, Figures};
use creditdesk::db::Engine;
use creditdesk::kernel::clock::Timestamp;
use creditdesk::kernel::random;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use reference::{Answer, Reference};
use std::collections::BTreeMap;
use steps::Step;
use world::{BANKS, BUSINESSES, World};

/// Sequences on each engine when nothing else is said.
const CASES: u32 = 200;
/// Scenes of the longest sequence. A scene has one to three steps, so an average sequence has about thirty.
const SCENES: usize = 40;
/// Tries to make a failing sequence shorter.
const SHRINKS: u32 = 300;

/// The thing at a place, counted back from the newest and round again; nothing while there is none.
fn turn(place: usize, count: usize) -> Option<usize> {
    place.checked_rem(count).map(|back| count - 1 - back)
}

/// Does one step to both; what the program answered and what the reference expected. Steps that name nothing do nothing.
async fn take(step: &Step, world: &mut World, reference: &mut Reference) -> Option<(Answer, Answer)> {
    let answers = match *step {
        Step::Purchase { account, credits } => (world.purchase(account, credits).await, reference.purchase(BANKS[account], credits)),
        Step::PayAgain { quote } => {
            let quote = turn(quote, world.quotes())?;
            (world.pay_again(quote).await, reference.pay_again(quote))
        }
        Step::SetUp { purchase } => {
            let purchase = turn(purchase, world.bought.len())?;
            (world.set_up(purchase).await, reference.set_up(purchase))
        }
        Step::Activate { handle, business } => {
            let handle = turn(handle, world.handles())?;
            (world.activate(handle, business).await, reference.activate(handle, business))
        }
        Step::Upgrade { purchase, credits } => {
            let purchase = turn(purchase, world.bought.len())?;
            (world.upgrade(purchase, credits).await, reference.upgrade(purchase, credits))
        }
        Step::AskTransfer { purchase, to } => {
            let purchase = turn(purchase, world.bought.len())?;
            (world.ask_transfer(purchase, to).await, reference.ask_transfer(purchase, to))
        }
        Step::Approve { request } => {
            let request = turn(request, world.requests())?;
            (world.approve(request).await, reference.approve(request))
        }
        Step::Settle | Step::Notices | Step::RepeatedNotices | Step::Allocate { .. } | Step::Pass(_) | Step::PassToEnd { .. } => {
            go_on(step, world, reference).await;
            return None;
        }
    };
    Some(answers)
}

/// What happens without anybody being answered.
async fn go_on(step: &Step, world: &mut World, reference: &mut Reference) {
    match *step {
        Step::Settle => {
            world.settle().await;
            reference.settle();
        }
        Step::Notices | Step::RepeatedNotices => {
            world.notices(matches!(step, Step::RepeatedNotices)).await;
            reference.notices();
        }
        Step::Allocate { business, units } => {
            let feature = if units % 2 == 0 { usage::XDR } else { usage::ASSESSED };
            world.allocate(business, feature, units).await;
            reference.allocate(business, feature, units);
        }
        Step::Pass(time) => world.stage.clock.advance(time),
        Step::PassToEnd { purchase, exactly } => {
            if let Some(purchase) = turn(purchase, reference.purchases.len()) {
                let microsecond = chrono::TimeDelta::microseconds(i64::from(!exactly));
                let left = reference.purchases[purchase].ends - microsecond - world.stage.now();
                world.stage.clock.advance(left.max(chrono::TimeDelta::zero()));
            }
        }
        Step::Purchase { .. }
        | Step::PayAgain { .. }
        | Step::SetUp { .. }
        | Step::Activate { .. }
        | Step::Upgrade { .. }
        | Step::AskTransfer { .. }
        | Step::Approve { .. } => {}
    }
    reference.now = world.stage.now();
}

/// Plays a sequence; panics where program and reference differ.
async fn tell(stage: Stage, sequence: Vec<Step>) {
    let mut reference = Reference::new(stage.now(), BUSINESSES);
    let mut world = World::open(stage).await;
    let mut seen: BTreeMap<Timestamp, Vec<Figures>> = BTreeMap::new();
    for (number, step) in sequence.iter().enumerate() {
        if let Some((answered, expected)) = take(step, &mut world, &mut reference).await {
            assert_eq!(answered, expected, "step {number}: {step:?}");
        }
        let synced = matches!(step, Step::Notices | Step::RepeatedNotices);
        books::check(&world, &reference, synced).await;
        let mut figures = Vec::new();
        for business in &world.businesses {
            figures.push(ledger::figures(&world.stage.db, *business, world.stage.now()).await.unwrap());
        }
        seen.insert(world.stage.now(), figures);
    }
    books::check_history(&world, &seen).await;
}

fn setting<T: std::str::FromStr>(name: &str) -> Option<T> {
    std::env::var(name).ok().and_then(|value| value.parse().ok())
}

fn play_sequences(engine: Engine) {
    let cases = setting("CREDITDESK_MODEL_CASES").unwrap_or(CASES);
    let seed: u64 = setting("CREDITDESK_MODEL_SEED").unwrap_or_else(|| u64::from_be_bytes(random::bytes::<8>()));
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_be_bytes());
    let config = Config { cases, max_shrink_iters: SHRINKS, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    let played = runner.run(&steps::sequence(SCENES), |sequence| {
        play(engine, |stage| tell(stage, sequence));
        Ok::<(), TestCaseError>(())
    });
    if let Err(failure) = played {
        panic!("CREDITDESK_MODEL_SEED={seed} plays this again\n{failure}");
    }
}

/// CRD-1, CRD-4, CRD-11, ACT-6, UPG-4, UPG-5, EXP-1, SUP-2, TIM-3: whatever happens in whatever order, the books add up.
#[test]
fn random_sequences_leave_the_books_in_order_on_sqlite() {
    play_sequences(Engine::Sqlite);
}

/// CRD-1, CRD-4, CRD-11, ACT-6, UPG-4, UPG-5, EXP-1, SUP-2, TIM-3: whatever happens in whatever order, the books add up.
#[test]
fn random_sequences_leave_the_books_in_order_on_postgres() {
    play_sequences(Engine::Postgres);
}
