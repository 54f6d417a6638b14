//! Activations a second by the use case, beside the same statements in a bare loop.

use super::bare::{self, Prepared, Texts};
use super::purchases::{Customer, activate_one, buy};
use super::statements;
use crate::application::Portal;
use crate::fulfilment::land::Landed;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Tasks that activate at the same time.
pub const TASKS: usize = 4;
/// The two take turns so often.
const ROUNDS: usize = 4;

/// What was measured.
#[derive(Clone, Debug)]
pub struct Activations {
    /// A second, by the use case; one figure a round.
    pub measured: Vec<u64>,
    /// A second, by the bare statements.
    pub limit: Vec<u64>,
    /// Statements of one activation, the opening and closing of transactions not counted.
    pub statements: usize,
}

/// Activates `count` purchases in either way.
///
/// # Errors
/// When the bare loop does not run the statements of the use case any more, or storage fails.
pub async fn measure(portal: &Arc<Portal>, count: usize) -> anyhow::Result<Activations> {
    let customer = Customer::load(portal, "buyer@globex.example", "admin@globex.example").await?;
    let (statements, texts) = compare_statements(portal, &customer).await?;
    let mut activations = Activations { measured: Vec::new(), limit: Vec::new(), statements };
    let of_round = (count / ROUNDS).max(TASKS);
    for _ in 0..ROUNDS {
        let by_use_case = buy(portal, &customer, of_round, TASKS).await?;
        activations.measured.push(per_second(of_round, run_use_case(portal, &customer, by_use_case).await?));
        let mut by_statements = Vec::with_capacity(of_round);
        for ready in buy(portal, &customer, of_round, TASKS).await? {
            by_statements.push(Prepared::load(portal, &customer, &ready, &texts).await?);
        }
        activations.limit.push(per_second(of_round, run_statements(portal, by_statements).await?));
    }
    Ok(activations)
}

/// One activation in either way; how many statements both run.
async fn compare_statements(portal: &Arc<Portal>, customer: &Customer) -> anyhow::Result<(usize, Texts)> {
    let ready = buy(portal, customer, 2, 1).await?;
    let (activated, by_use_case) = statements::during(activate_one(portal, customer, &ready[0])).await;
    activated?;
    let texts = Texts::load(&portal.db, customer).await?;
    let prepared = Prepared::load(portal, customer, &ready[1], &texts).await?;
    let (activated, by_bare_loop) = statements::during(bare::activate(&portal.db, &prepared)).await;
    activated?;
    statements::compare("src/bench/bare.rs", &by_use_case, &by_bare_loop)?;
    Ok((by_use_case.len(), texts))
}

async fn run_use_case(portal: &Arc<Portal>, customer: &Customer, ready: Vec<Landed>) -> anyhow::Result<Duration> {
    let started = Instant::now();
    let task = |part: &[Landed]| {
        let (portal, customer, part) = (Arc::clone(portal), customer.clone(), part.to_vec());
        tokio::spawn(async move {
            for ready in &part {
                activate_one(&portal, &customer, ready).await?;
            }
            anyhow::Ok(())
        })
    };
    for task in ready.chunks(ready.len().div_ceil(TASKS)).map(task).collect::<Vec<_>>() {
        task.await??;
    }
    Ok(started.elapsed())
}

async fn run_statements(portal: &Arc<Portal>, prepared: Vec<Prepared>) -> anyhow::Result<Duration> {
    let started = Instant::now();
    let task = |part: &[Prepared]| {
        let (portal, part) = (Arc::clone(portal), part.to_vec());
        tokio::spawn(async move {
            for values in &part {
                bare::activate(&portal.db, values).await?;
            }
            anyhow::Ok(())
        })
    };
    for task in prepared.chunks(prepared.len().div_ceil(TASKS)).map(task).collect::<Vec<_>>() {
        task.await??;
    }
    Ok(started.elapsed())
}

/// So many in this time.
pub(super) fn per_second(count: usize, took: Duration) -> u64 {
    let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX).max(1);
    u64::try_from(count).unwrap_or(u64::MAX).saturating_mul(1_000_000) / micros
}
