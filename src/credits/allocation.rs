//! What features reserve (CRD-3): units become credits by the rates, and every change is an append-only entry that moves
//! credits between what is available and the feature. Nothing is ever edited, and nothing is refused for lack of valid
//! credits, because a negative balance blocks nothing (CRD-2).
//!
//! A feature that a service reports is the service's: people may not change it until its key is revoked.

use super::billing_model::{self, BillingModel};
use super::rates::{self, Charge, NotChargeable, Units};
use super::solutions::{FeatureKey, Solutions};
use super::store;
use super::store::accounts::{self, Account, NewEntry};
use crate::audit::{self, Entry, Who};
use crate::db::{Db, Error, Failed, Tx, refuse};
use crate::kernel::clock::Timestamp;
use crate::kernel::credits::Credits;
use crate::kernel::id::{BusinessId, ServiceKeyId};
use crate::text_enum;
use crate::tx;
use serde_json::{Value, json};

text_enum! {
    /// Why an allocation changed.
    pub enum Reason {
        /// A person set units or reserved a quantity.
        Set = "set",
        /// A service reported what it counted.
        Reported = "reported",
        /// The solutions file has another rate.
        RateChanged = "rate_changed",
        /// The feature is charged by use, or no longer.
        ModelChanged = "model_changed",
    }
}

impl Reason {
    /// The words for people.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Set => "Set by a person",
            Self::Reported => "Reported by a service",
            Self::RateChanged => "Rate changed",
            Self::ModelChanged => "Billing model changed",
        }
    }
}

/// How much of a feature a business uses from now on; zero when it is switched off.
#[derive(Clone, Debug)]
pub struct Usage<'a> {
    /// Whose pool.
    pub business: BusinessId,
    /// The feature.
    pub feature: &'a FeatureKey,
    /// Units in all, not the change.
    pub units: Units,
}

/// What a change did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Changed {
    /// Credits reserved before.
    pub before: i64,
    /// Credits reserved from now on.
    pub after: i64,
}

/// Why a person's change is not made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SetRefusal {
    /// The units cannot be charged.
    NotChargeable(NotChargeable),
    /// A service counts this feature.
    Reported {
        /// The service key's name.
        by: String,
    },
    /// The feature is charged by use: it reserves nothing, and only services count it (CRD-9).
    Metered,
    /// Somebody changed the feature since the person looked.
    ChangedMeanwhile,
}

/// A person sets units or reserves a quantity. `seen` is the number of the last entry that they saw (0 for none); without
/// it the change is made whatever was there. The same units again write nothing. Switching off always works, also for
/// a feature that is no longer offered.
///
/// # Errors
/// The refusal, or any storage error.
pub async fn set(
    tx: &mut Tx,
    solutions: &Solutions,
    usage: &Usage<'_>,
    seen: Option<i64>,
    who: &Who,
) -> Result<Changed, Failed<SetRefusal>> {
    let charge = charge(solutions, usage).map_err(|reason| Failed::Refused(SetRefusal::NotChargeable(reason)))?;
    let held = lock_present(tx, solutions, (usage.business, usage.feature), who).await?;
    if held.billing_model == BillingModel::PayAsYouGo {
        return refuse(SetRefusal::Metered);
    }
    if let Some(by) = reporter(tx, &held).await? {
        return refuse(SetRefusal::Reported { by });
    }
    if seen.is_some_and(|seen| seen != held.entries) {
        return refuse(SetRefusal::ChangedMeanwhile);
    }
    let change = Change { usage, charge: &charge, explanation: explanation(solutions, usage, &charge), reason: Reason::Set, report: None };
    Ok(book(tx, &held, &change, who).await?)
}

/// What a service counted, and when.
#[derive(Clone, Copy, Debug)]
pub struct Observation {
    /// By which key.
    pub key: ServiceKeyId,
    /// When the units were counted.
    pub observed_at: Timestamp,
}

/// What became of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reported {
    /// It is in force; the credits before and after may be the same.
    InForce(Changed),
    /// The feature is charged by use: so many begun units are metered from now on, and no credits move (CRD-9).
    Metered(i64),
    /// A later observation is in force already: nothing was changed.
    OlderThan(Timestamp),
}

/// A service reports units; an observation that is older than the last one changes nothing.
///
/// # Errors
/// Why the units cannot be charged, or any storage error.
pub async fn report(
    tx: &mut Tx,
    solutions: &Solutions,
    usage: &Usage<'_>,
    observation: Observation,
    who: &Who,
) -> Result<Reported, Failed<NotChargeable>> {
    let held = lock_present(tx, solutions, (usage.business, usage.feature), who).await?;
    let is_metered = held.billing_model == BillingModel::PayAsYouGo;
    check_units(solutions, usage.feature, &usage.units, is_metered).map_err(Failed::Refused)?;
    if let Some(last) = held.observed_at.filter(|last| *last > observation.observed_at) {
        return Ok(Reported::OlderThan(last));
    }
    if is_metered {
        accounts::note_report(tx, usage.business, usage.feature.as_str(), observation, who.now).await?;
        return Ok(Reported::Metered(billing_model::meter(tx, solutions, usage, observation, who).await?));
    }
    let charge = charge(solutions, usage).map_err(Failed::Refused)?;
    let explanation = explanation(solutions, usage, &charge);
    let change = Change { usage, charge: &charge, explanation, reason: Reason::Reported, report: Some(observation) };
    Ok(Reported::InForce(book(tx, &held, &change, who).await?))
}

/// Nothing in use costs nothing, whatever the file says of the feature: credits can always be returned.
fn charge(solutions: &Solutions, usage: &Usage<'_>) -> Result<Charge, NotChargeable> {
    match rates::charge(solutions, usage.feature, &usage.units) {
        Err(NotChargeable::UnknownFeature | NotChargeable::OnRequest | NotChargeable::NotCounted) if usage.units == Units::of(0) => {
            Ok(Charge { credits: crate::kernel::credits::Credits::ZERO, lines: Vec::new(), unused: 0 })
        }
        charged => charged,
    }
}

/// Whether units can be reported. What is metered needs no rate for a year.
///
/// # Errors
/// Why they cannot.
pub fn check_units(solutions: &Solutions, feature: &FeatureKey, units: &Units, is_metered: bool) -> Result<(), NotChargeable> {
    match rates::charge(solutions, feature, units) {
        Err(NotChargeable::OnRequest) if is_metered => {
            let begun = solutions.find(feature.as_str()).and_then(|(_, feature)| feature.begun(units.total()));
            begun.map(|_| ()).ok_or(NotChargeable::NotANumberOfUnits)
        }
        charged => charged.map(|_| ()),
    }
}

fn explanation(solutions: &Solutions, usage: &Usage<'_>, charge: &Charge) -> String {
    solutions.find(usage.feature.as_str()).map(|(_, feature)| charge.explain(solutions, feature).join("\n")).unwrap_or_default()
}

/// The account as it stands. A feature whose pay-as-you-go contract is over is back on credits by this at the latest.
pub(super) async fn lock_present(
    tx: &mut Tx,
    solutions: &Solutions,
    (business, feature): (BusinessId, &FeatureKey),
    who: &Who,
) -> Result<Account, Error> {
    let held = lock_account(tx, business, feature.as_str()).await?.unwrap_or_default();
    if held.billing_model == BillingModel::Annual || !billing_model::return_if_ended(tx, solutions, (business, feature), &held, who).await?
    {
        return Ok(held);
    }
    Ok(accounts::find(tx, business, feature.as_str()).await?.unwrap_or_default())
}

/// An account as it stands once every other change of the pool is through.
pub(super) async fn lock_account(tx: &mut Tx, business: BusinessId, account: &str) -> Result<Option<Account>, Error> {
    store::lock_pool(tx, business).await?;
    accounts::find(tx, business, account).await
}

async fn reporter(tx: &mut Tx, held: &Account) -> Result<Option<String>, Error> {
    match held.service_key_id {
        None => Ok(None),
        Some(key) => accounts::name_of_working_key(tx, key).await,
    }
}

/// What a feature reserves after its billing model changed, as an entry of its own even when no credits move. `None` as the
/// charge reserves nothing.
pub(super) async fn book_model_change(
    tx: &mut Tx,
    solutions: &Solutions,
    held: &Account,
    usage: &Usage<'_>,
    charge: Option<&Charge>,
    who: &Who,
) -> Result<Changed, Error> {
    let nothing = Charge { credits: Credits::ZERO, lines: Vec::new(), unused: 0 };
    let (charge, explanation) = match charge {
        None => (&nothing, "Charged by use: no credits are reserved".to_owned()),
        Some(charge) => (charge, explanation(solutions, usage, charge)),
    };
    book(tx, held, &Change { usage, charge, explanation, reason: Reason::ModelChanged, report: None }, who).await
}

/// A change that is decided, ready to be written.
struct Change<'a> {
    usage: &'a Usage<'a>,
    charge: &'a Charge,
    explanation: String,
    reason: Reason,
    report: Option<Observation>,
}

/// Writes the entry, both accounts and the audit entry, under the pool's lock.
async fn book(tx: &mut Tx, held: &Account, change: &Change<'_>, who: &Who) -> Result<Changed, Error> {
    let Change { usage, charge, report, .. } = change;
    let (business, account, in_use) = (usage.business, usage.feature.as_str(), usage.units.stored_use());
    let changed = Changed { before: held.credits, after: charge.credits.get() };
    let same = held.entries > 0 && changed.before == changed.after && held.units == usage.units.total() && held.in_use == in_use;
    let nothing_yet = held.entries == 0 && usage.units == Units::of(0) && report.is_none();
    if change.reason != Reason::ModelChanged && (same || nothing_yet) {
        if let Some(report) = report {
            accounts::note_report(tx, business, account, *report, who.now).await?;
        }
        return Ok(changed);
    }
    // A rival that waited for the lock carries an earlier instant; entries must not go back in time.
    let last = accounts::find(tx, business, accounts::AVAILABLE).await?;
    let entry = NewEntry {
        business,
        account,
        number: held.entries + 1,
        reason: change.reason,
        units_before: held.units,
        units: usage.units.total(),
        in_use,
        credits: changed.after - changed.before,
        credits_after: changed.after,
        explanation: &change.explanation,
        report: *report,
        recorded_at: last.and_then(|last| last.changed_at).map_or(who.now, |last| last.max(who.now)),
        recorded_by: &who.label,
    };
    accounts::insert_entry(tx, &entry).await?;
    accounts::move_credits(tx, &entry).await?;
    audit::record(tx, who, audited(held, change, &changed)).await?;
    Ok(changed)
}

fn audited(held: &Account, change: &Change<'_>, changed: &Changed) -> Entry {
    let state = |units: i64, in_use: Option<&str>, credits: i64| {
        let in_use: Option<Value> = in_use.and_then(|text| serde_json::from_str(text).ok());
        match in_use {
            None => json!({ "units": units, "credits": credits }),
            Some(in_use) => json!({ "units": units, "in_use": in_use, "credits": credits }),
        }
    };
    let units = &change.usage.units;
    Entry::new("allocation.changed", change.usage.feature)
        .in_business(change.usage.business)
        .before(state(held.units, held.in_use.as_deref(), changed.before))
        .after(state(units.total(), units.stored_use().as_deref(), changed.after))
}

/// Brings everything that is allocated to the rates of the file, once a file: entries of their own, each in a transaction
/// of its own, so that a start that was cut off goes on where it stopped. How many features changed.
///
/// # Errors
/// Any storage error.
pub async fn apply_rates(db: &Db, solutions: &Solutions, now: Timestamp) -> Result<u64, Error> {
    const BATCH: i64 = 500;
    if accounts::applied_file(db).await?.as_deref() == Some(solutions.fingerprint()) {
        return Ok(0);
    }
    let who = Who::system("solutions file", now);
    let mut changed = 0;
    let mut after: Option<(BusinessId, String)> = None;
    loop {
        let batch = accounts::list_after(db, after.as_ref(), BATCH).await?;
        for (business, account) in &batch {
            changed += u64::from(apply_rate(db, solutions, *business, account, &who).await?);
        }
        let Some(last) = batch.into_iter().next_back() else { break };
        after = Some(last);
    }
    accounts::save_applied_file(db, solutions.fingerprint(), now).await?;
    Ok(changed)
}

async fn apply_rate(db: &Db, solutions: &Solutions, business: BusinessId, account: &str, who: &Who) -> Result<bool, Error> {
    // What the file does not have, or has without a rate, keeps what it reserves.
    let Some(feature) = FeatureKey::parse(account) else { return Ok(false) };
    tx!(db, |tx| {
        let Some(held) = lock_account(tx, business, account).await? else { return Ok(false) };
        let usage = Usage { business, feature: &feature, units: Units::from_stored(held.units, held.in_use.as_deref()) };
        let Ok(charge) = rates::charge(solutions, &feature, &usage.units) else { return Ok(false) };
        if charge.credits.get() == held.credits {
            return Ok(false);
        }
        let explanation = explanation(solutions, &usage, &charge);
        let change = Change { usage: &usage, charge: &charge, explanation, reason: Reason::RateChanged, report: None };
        book(tx, &held, &change, who).await.map(|_| true)
    })
}

/// Accounts that are not what their entries add up to: business, account, what the account says, what the entries say.
/// Empty when all is well.
///
/// # Errors
/// Any storage error.
pub async fn check(db: &Db) -> Result<Vec<(BusinessId, String, i64, i64)>, Error> {
    accounts::list_differences(db).await
}
