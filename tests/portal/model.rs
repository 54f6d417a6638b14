//! Random sequences of purchase, payment, activation, upgrade, renewal, expiry, transfer, allocation, usage reports,
//! activation codes and repeated or late change notices, on the real use cases, against an independent reference
//! (quality A7).
//!
//! `CREDITDESK_SEQUENCES` says how many sequences run, four of five on SQLite, where one costs a quarter as much. The seed
//! is printed with every run; a failure prints the shortest sequence that still fails too. `CREDITDESK_MODEL_SEED` runs the
//! same sequences again.

mod books;
mod known;
mod reference;
mod steps;
mod world;

use crate::support::{Stage, play};
use chrono::TimeDelta;
use creditdesk::db::Engine;
use creditdesk::kernel::clock::Timestamp;
use creditdesk::kernel::random;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use reference::{Answer, Reference};
use std::collections::BTreeMap;
use steps::Step;
use world::{BANKS, BUSINESSES, World};

/// Sequences on both engines together when nothing else is said.
const SEQUENCES: u32 = 1_000;
/// Scenes of the longest sequence. A scene has one to four steps, so an average sequence has about thirty.
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
        Step::Purchase { account, product, credits, renews } => {
            (world.purchase(account, product, credits, renews).await, reference.purchase(account, product, credits, renews))
        }
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
        Step::ModifyRenewal { purchase, on, next } => {
            let purchase = turn(purchase, world.bought.len())?;
            (world.modify_renewal(purchase, on, next).await, reference.modify_renewal(purchase, on, next))
        }
        Step::AskTransfer { purchase, to } => {
            let purchase = turn(purchase, world.bought.len())?;
            (world.ask_transfer(purchase, to).await, reference.ask_transfer(purchase, to))
        }
        Step::Approve { request } => {
            let request = turn(request, world.requests())?;
            (world.approve(request).await, reference.approve(request))
        }
        _ => return shelf(step, world, reference).await,
    };
    Some(answers)
}

/// The same for what needs no purchase.
async fn shelf(step: &Step, world: &mut World, reference: &mut Reference) -> Option<(Answer, Answer)> {
    let answers = match *step {
        Step::Allocate { business, feature, units } => {
            (world.allocate(business, feature, units).await, reference.shelf.allocate(business, feature, units))
        }
        Step::Report { business, feature, units, ago, again } => {
            let observed = reference.now - TimeDelta::days(ago);
            (world.report(business, feature, units, ago, again).await, reference.shelf.report(business, feature, units, observed))
        }
        Step::Redeem { code, business, twice } => {
            let code = turn(code, world.codes())?;
            (world.redeem(code, business, twice).await, reference.redeem(code, business))
        }
        Step::Withdraw { code } => {
            let code = turn(code, world.codes())?;
            (world.withdraw(code).await, reference.shelf.withdraw(code))
        }
        _ => {
            go_on(step, world, reference).await;
            return None;
        }
    };
    Some(answers)
}

/// What happens without anybody being answered.
async fn go_on(step: &Step, world: &mut World, reference: &mut Reference) {
    match *step {
        Step::Issue { credits, months, only } => {
            world.issue(credits, months, only).await;
            reference.shelf.issue(credits, months, only, reference.now);
        }
        Step::ChangeBank { account, bank } => {
            world.change_bank(account, bank).await;
            reference.change_bank(account, bank);
        }
        Step::Renew { workers } => {
            world.renew(workers).await;
            reference.renew();
        }
        Step::Settle => {
            world.settle().await;
            reference.settle();
        }
        Step::Notices | Step::RepeatedNotices => {
            world.notices(matches!(step, Step::RepeatedNotices)).await;
            reference.notices();
        }
        Step::Pass(time) => world.stage.clock.advance(time),
        Step::PassToEnd { purchase, over } => {
            if let Some(purchase) = turn(purchase, reference.purchases.len()) {
                let left = reference.purchases[purchase].ends + over - world.stage.now();
                world.stage.clock.advance(left.max(TimeDelta::zero()));
            }
        }
        _ => unreachable!("{step:?} is answered"),
    }
    reference.now = world.stage.now();
}

/// Plays a sequence; panics where program and reference differ.
async fn tell(stage: Stage, sequence: Vec<Step>) {
    let mut reference = Reference::new(stage.now(), BUSINESSES, &BANKS);
    let mut world = World::open(stage).await;
    let mut reserved: BTreeMap<Timestamp, Vec<i64>> = BTreeMap::new();
    for (number, step) in sequence.iter().enumerate() {
        if let Some((answered, expected)) = take(step, &mut world, &mut reference).await {
            assert_eq!(answered, expected, "step {number}: {step:?}");
        }
        let synced = matches!(step, Step::Notices | Step::RepeatedNotices);
        books::check(&world, &reference, synced).await;
        reserved.insert(reference.now, (0..BUSINESSES).map(|business| reference.figures(business).1).collect());
    }
    books::check_history(&world, &reference, &reserved).await;
}

fn setting<T: std::str::FromStr>(name: &str) -> Option<T> {
    std::env::var(name).ok().and_then(|value| value.parse().ok())
}

fn play_sequences(engine: Engine) {
    let sequences: u32 = setting("CREDITDESK_SEQUENCES").unwrap_or(SEQUENCES);
    let on_postgres = sequences.div_ceil(5);
    let cases = if engine == Engine::Postgres { on_postgres } else { sequences - on_postgres };
    let seed: u64 = setting("CREDITDESK_MODEL_SEED").unwrap_or_else(|| u64::from_be_bytes(random::bytes::<8>()));
    println!("{cases} sequences on {engine:?}, CREDITDESK_MODEL_SEED={seed}");
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

/// CRD-1, CRD-3, CRD-4, CRD-11, ACT-6, UPG-3, UPG-4, UPG-5, REN-1, REN-2, REN-3, LIC-5, MKT-13, EXP-1, SUP-2, TIM-3: whatever happens in whatever order, the books add up.
#[test]
fn random_sequences_leave_the_books_in_order_on_sqlite() {
    play_sequences(Engine::Sqlite);
}

/// CRD-1, CRD-3, CRD-4, CRD-11, ACT-6, UPG-3, UPG-4, UPG-5, REN-1, REN-2, REN-3, LIC-5, MKT-13, EXP-1, SUP-2, TIM-3: whatever happens in whatever order, the books add up.
#[test]
fn random_sequences_leave_the_books_in_order_on_postgres() {
    play_sequences(Engine::Postgres);
}
