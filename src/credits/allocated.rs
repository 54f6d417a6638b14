//! What is allocated at an instant, feature by feature: read at one moment together with the pool's figures, so that a
//! page, a file and the API always add up (CRD-4). It changes nothing.

use super::allocation::Reason;
use super::billing_model::BillingModel;
use super::ledger::Figures;
use super::rates::Units;
use super::service_keys::Caller;
use super::solutions::{Feature, Solution, Solutions};
use super::store::{self, accounts};
use crate::access::BusinessScope;
use crate::db::{Db, Error, Tx};
use crate::kernel::clock::Timestamp;
use crate::kernel::id::BusinessId;
use crate::kernel::page::{Cursor, PageSize, Paged};

/// A feature's allocation at an instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// The feature's key; of an older solutions file it may be one that the present file does not have.
    pub account: String,
    /// Number of its last entry.
    pub number: i64,
    /// Units in force.
    pub units: Units,
    /// Credits that they reserve.
    pub credits: i64,
    /// What charges the feature now.
    pub model: BillingModel,
    /// How the credits came about, a sentence a line; empty where nothing is known of it.
    pub explanation: String,
    /// Why it last changed.
    pub reason: Reason,
    /// When it last changed.
    pub changed_at: Timestamp,
    /// Who changed it.
    pub changed_by: String,
    /// Who counts it, where a service does.
    pub reporter: Option<Reporter>,
}

/// A service that counts a feature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reporter {
    /// The name of its key.
    pub name: String,
    /// When it last reported.
    pub reported_at: Timestamp,
    /// What its last report was counted at.
    pub observed_at: Timestamp,
}

/// Every feature's allocation of a business at `now`, by key. The transaction is best a snapshot that reads the figures too.
///
/// # Errors
/// Any storage error.
pub async fn list_in(tx: &mut Tx, business: BusinessId, now: Timestamp) -> Result<Vec<State>, Error> {
    let rows = accounts::list_states(tx, business, now).await?;
    Ok(rows.into_iter().map(State::from).collect())
}

impl From<accounts::StateRow> for State {
    fn from(row: accounts::StateRow) -> Self {
        let reporter = row.service.zip(row.reported_at).zip(row.observed_at);
        Self {
            units: Units::from_stored(row.units, row.in_use.as_deref()),
            account: row.account,
            number: row.number,
            credits: row.credits,
            model: row.model,
            explanation: row.explanation,
            reason: row.reason,
            changed_at: row.recorded_at,
            changed_by: row.recorded_by,
            reporter: reporter.map(|((name, reported_at), observed_at)| Reporter { name, reported_at, observed_at }),
        }
    }
}

/// The figures and every feature at one instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allocated {
    /// When.
    pub as_of: Timestamp,
    /// The pool's figures; `allocated` is the sum of the states' credits.
    pub figures: Figures,
    /// By key.
    pub states: Vec<State>,
}

/// Figures and features of a business in one snapshot.
///
/// # Errors
/// Any storage error.
pub async fn read(db: &Db, business: BusinessId, now: Timestamp) -> Result<Allocated, Error> {
    let mut snapshot = db.snapshot().await?;
    let figures = store::figures_in(&mut snapshot, business, now).await?;
    let states = list_in(&mut snapshot, business, now).await?;
    snapshot.rollback().await?;
    Ok(Allocated { as_of: now, figures, states })
}

/// The same for a service; `None` for a business that does not exist or is not one of its key's.
///
/// # Errors
/// Any storage error.
pub async fn read_for(db: &Db, caller: &Caller, business: BusinessId, now: Timestamp) -> Result<Option<Allocated>, Error> {
    if !caller.may_see(business) || !store::service_keys::is_business(db, business).await? {
        return Ok(None);
    }
    read(db, business, now).await.map(Some)
}

/// What a solution has allocated; `solution` is `None` for what the file no longer has.
#[derive(Clone, Debug)]
pub struct Share<'a> {
    /// The solution.
    pub solution: Option<&'a Solution>,
    /// Its features with what they have; features without an account are left out.
    pub features: Vec<(Option<&'a Feature>, &'a State)>,
    /// The sum of the features' credits.
    pub credits: i64,
}

/// States by solution, in the file's order, what it no longer has last; solutions without any account are left out.
#[must_use]
pub fn shares<'a>(solutions: &'a Solutions, states: &'a [State]) -> Vec<Share<'a>> {
    let of = |solution: &'a Solution| {
        let found =
            |feature: &'a Feature| states.iter().find(|state| state.account == feature.key.as_str()).map(|state| (Some(feature), state));
        (Some(solution), solution.features.iter().filter_map(found).collect::<Vec<_>>())
    };
    let rest = states.iter().filter(|state| solutions.find(&state.account).is_none()).map(|state| (None, state)).collect();
    let all = solutions.all().iter().map(of).chain([(None, rest)]);
    all.filter(|(_, features)| !features.is_empty())
        .map(|(solution, features)| Share { solution, credits: features.iter().map(|(_, state)| state.credits).sum(), features })
        .collect()
}

/// One entry of an account.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Posted {
    /// Counted from 1 within the account.
    pub number: i64,
    /// Why.
    pub reason: Reason,
    /// Units before.
    pub units_before: i64,
    /// Units from then on.
    pub units: i64,
    /// Credits moved: above zero to the feature, below zero back to what is available.
    pub credits: i64,
    /// Credits reserved from then on.
    pub credits_after: i64,
    /// How they came about, a sentence a line.
    pub explanation: String,
    /// When a service counted.
    pub observed_at: Option<Timestamp>,
    /// When the entry was written.
    pub recorded_at: Timestamp,
    /// By whom.
    pub recorded_by: String,
}

/// The entries of a feature, newest first (CRD-11).
///
/// # Errors
/// Any storage error.
pub async fn entries(db: &Db, scope: BusinessScope, account: &str, after: Option<&Cursor>, size: PageSize) -> Result<Paged<Posted>, Error> {
    let below = after.and_then(Cursor::number).map(|(number, _)| number);
    let rows = accounts::list_entries(db, scope, account, below, size.overfetch()).await?;
    Ok(Paged::from_overfetch(rows, size, |last| Cursor::of_number(last.number, account)))
}

/// Every entry of a feature, newest first, read in batches by key; for files.
///
/// # Errors
/// Any storage error.
pub async fn all_entries(db: &Db, scope: BusinessScope, account: &str) -> Result<Vec<Posted>, Error> {
    const BATCH: i64 = 1_000;
    let mut rows: Vec<Posted> = Vec::new();
    loop {
        let below = rows.last().map(|last| last.number);
        let batch = accounts::list_entries(db, scope, account, below, BATCH).await?;
        let is_last = i64::try_from(batch.len()).unwrap_or(BATCH) < BATCH;
        rows.extend(batch);
        if is_last {
            return Ok(rows);
        }
    }
}
