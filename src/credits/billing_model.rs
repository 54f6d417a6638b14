//! Which model charges a feature (CRD-9): annual credits, or use. A feature has one at a time, and each may change once in
//! 30 x 24 hours while the business has a pay-as-you-go contract. Changing to use returns the feature's credits in the same
//! transaction; when the contract is over, features return to credits and nobody has to wait.

use super::allocation::{self, Changed, Observation, Usage};
use super::pay_as_you_go;
use super::rates::{self, Charge, Units};
use super::solutions::{Feature, FeatureKey, Solutions};
use super::store::accounts::{self, Account};
use super::store::metered::{self, NewChange, NewUnits};
use crate::audit::{self, Entry, Who};
use crate::db::{Db, Error, Failed, Tx, refuse};
use crate::kernel::clock::Timestamp;
use crate::kernel::credits::Credits;
use crate::kernel::id::{BusinessId, ContractId};
use crate::text_enum;
use crate::tx;
use chrono::TimeDelta;
use serde_json::json;

/// A feature may change again when this much has passed since it last did.
pub const WAIT: TimeDelta = TimeDelta::hours(30 * 24);

text_enum! {
    /// What charges a feature.
    #[derive(Default)]
    pub enum BillingModel {
        /// Credits that it reserves.
        #[default]
        Annual = "annual",
        /// What it used.
        PayAsYouGo = "pay_as_you_go",
    }
}

impl BillingModel {
    /// The words for people.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Annual => "Annual credits",
            Self::PayAsYouGo => "Pay-as-you-go",
        }
    }

    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Annual => Self::PayAsYouGo,
            Self::PayAsYouGo => Self::Annual,
        }
    }
}

text_enum! {
    /// Why a model changed.
    pub enum Cause {
        /// A person chose it.
        Chosen = "chosen",
        /// The contract was over.
        ContractEnded = "contract_ended",
    }
}

/// The last change of a feature's model.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct LastChange {
    /// Which feature.
    pub feature: String,
    /// Counted from 1 within the feature.
    pub number: i64,
    /// To which model.
    pub to_model: BillingModel,
    /// Why.
    pub cause: Cause,
    /// Under which contract.
    pub contract_id: ContractId,
    /// Units that it had, or that it has again.
    pub units: i64,
    /// How they were used.
    pub in_use: Option<String>,
    /// When.
    pub changed_at: Timestamp,
    /// By whom.
    pub changed_by: String,
}

impl LastChange {
    /// From when on the feature may change again. A contract's end waives the waiting time.
    #[must_use]
    pub fn next_at(&self) -> Option<Timestamp> {
        (self.cause == Cause::Chosen).then(|| self.changed_at + WAIT)
    }
}

/// What a person asks for.
#[derive(Clone, Copy, Debug)]
pub struct Wish<'a> {
    /// In which business.
    pub business: BusinessId,
    /// Which feature.
    pub feature: &'a FeatureKey,
    /// Which model it is to have.
    pub to: BillingModel,
    /// The number of the feature's last entry that the person saw; without it the change is made whatever was there.
    pub seen: Option<i64>,
}

/// Why a model is not changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SwitchRefusal {
    /// The solutions have no such feature.
    UnknownFeature,
    /// The solutions file does not let it be charged by use.
    NotSupported,
    /// The business has no pay-as-you-go contract that runs.
    NoContract,
    /// It has that model.
    Already,
    /// It changed less than 30 x 24 hours ago.
    TooSoon {
        /// From when on it may.
        until: Timestamp,
    },
    /// Somebody changed what it reserves since the person looked.
    ChangedMeanwhile,
}

/// Changes the model of a feature: returned or reserved credits, the metered units and the record of the change, or nothing.
///
/// # Errors
/// The refusal, or any storage error.
pub async fn switch(tx: &mut Tx, solutions: &Solutions, wish: Wish<'_>, who: &Who) -> Result<Changed, Failed<SwitchRefusal>> {
    let Wish { business, feature, to, seen } = wish;
    let Some((_, known)) = solutions.find(feature.as_str()) else { return refuse(SwitchRefusal::UnknownFeature) };
    if to == BillingModel::PayAsYouGo && !known.can_be_metered() {
        return refuse(SwitchRefusal::NotSupported);
    }
    // The contract before the pool: whoever ends it waits, and whoever comes after the end is refused.
    let Some(contract) = pay_as_you_go::lock_running(tx, business).await? else { return refuse(SwitchRefusal::NoContract) };
    // A feature of an earlier contract, over before this one, is back on credits by this at the latest.
    let held = allocation::lock_present(tx, solutions, (business, feature), who).await?;
    if held.billing_model == to {
        return refuse(SwitchRefusal::Already);
    }
    let last = metered::find_last_change(tx, business, feature.as_str()).await?;
    if let Some(until) = last.as_ref().and_then(LastChange::next_at).filter(|until| who.now < *until) {
        return refuse(SwitchRefusal::TooSoon { until });
    }
    if seen.is_some_and(|seen| seen != held.entries) {
        return refuse(SwitchRefusal::ChangedMeanwhile);
    }
    let case = Case { solutions, business, feature, held: &held, last: last.as_ref(), contract };
    match to {
        BillingModel::PayAsYouGo => Ok(to_use(tx, &case, known, who).await?),
        BillingModel::Annual => Ok(to_credits(tx, &case, Cause::Chosen, who.now, who).await?),
    }
}

/// A feature whose model is about to change, under the pool's lock.
struct Case<'a> {
    solutions: &'a Solutions,
    business: BusinessId,
    feature: &'a FeatureKey,
    held: &'a Account,
    last: Option<&'a LastChange>,
    contract: ContractId,
}

impl Case<'_> {
    fn change<'c>(&'c self, cause: Cause, (units, in_use): (i64, Option<&'c str>), credits: i64, who: &'c Who) -> NewChange<'c> {
        let from = self.held.billing_model;
        NewChange {
            business: self.business,
            feature: self.feature.as_str(),
            number: self.last.map_or(0, |last| last.number) + 1,
            from,
            to: from.other(),
            cause,
            contract: self.contract,
            units,
            in_use: in_use.map(str::to_owned),
            credits,
            changed_at: who.now,
            changed_by: &who.label,
        }
    }

    async fn record(&self, tx: &mut Tx, change: &NewChange<'_>, changed: Changed, who: &Who) -> Result<(), Error> {
        metered::insert_change(tx, change).await?;
        accounts::change_model(tx, self.business, self.feature.as_str(), (change.from, change.to)).await?;
        let entry = Entry::new("billing_model.changed", self.feature)
            .in_business(self.business)
            .before(json!({ "model": change.from.as_str(), "credits": changed.before }))
            .after(json!({ "model": change.to.as_str(), "credits": changed.after, "cause": change.cause.as_str(), "units": change.units }));
        audit::record(tx, who, entry).await
    }
}

/// The feature's credits return, and what a service counted so far is metered from this instant on. Units that a person set
/// are not: nobody counted them.
async fn to_use(tx: &mut Tx, case: &Case<'_>, feature: &Feature, who: &Who) -> Result<Changed, Error> {
    let held = case.held;
    let nothing = Usage { business: case.business, feature: case.feature, units: Units::of(0) };
    let changed = allocation::book_model_change(tx, case.solutions, held, &nothing, None, who).await?;
    let change = case.change(Cause::Chosen, (held.units, held.in_use.as_deref()), held.credits, who);
    case.record(tx, &change, changed, who).await?;
    let counted = held.service_key_id.and_then(|key| feature.begun(held.units).map(|begun| (key, held.units, begun)));
    let last = metered::find_last_units(tx, case.business, case.feature.as_str()).await?;
    let units = NewUnits {
        business: case.business,
        feature: case.feature.as_str(),
        number: last.as_ref().map_or(0, |last| last.number) + 1,
        contract: case.contract,
        units: counted.map_or(0, |(_, units, _)| units),
        metered: counted.map_or(0, |(_, _, begun)| begun),
        from_at: last.map_or(who.now, |last| last.from_at.max(who.now)),
        observed_at: counted.and(held.observed_at),
        key: counted.map(|(key, _, _)| key),
        who,
    };
    metered::insert_units(tx, &units).await?;
    Ok(changed)
}

/// Metering ends at `at`, and the units that a service last counted reserve credits again; where none did, those from before.
async fn to_credits(tx: &mut Tx, case: &Case<'_>, cause: Cause, at: Timestamp, who: &Who) -> Result<Changed, Error> {
    let last = metered::find_last_units(tx, case.business, case.feature.as_str()).await?;
    let units = units_again(last.as_ref(), case.last);
    let (units, charge) = charge_again(case.solutions, case.feature, units);
    if let Some(last) = last {
        let closing = NewUnits {
            business: case.business,
            feature: case.feature.as_str(),
            number: last.number + 1,
            contract: case.contract,
            units: 0,
            metered: 0,
            from_at: last.from_at.max(at),
            observed_at: None,
            key: None,
            who,
        };
        metered::insert_units(tx, &closing).await?;
    }
    let usage = Usage { business: case.business, feature: case.feature, units };
    let changed = allocation::book_model_change(tx, case.solutions, case.held, &usage, Some(&charge), who).await?;
    let in_use = usage.units.stored_use();
    let change = case.change(cause, (usage.units.total(), in_use.as_deref()), changed.after, who);
    case.record(tx, &change, changed, who).await?;
    Ok(changed)
}

/// Units that a feature has when it returns to credits.
fn units_again(last: Option<&metered::LastUnits>, change: Option<&LastChange>) -> Units {
    match (last.filter(|last| last.service_key_id.is_some()), change) {
        (Some(last), _) => Units::of(last.units),
        (None, Some(change)) => Units::from_stored(change.units, change.in_use.as_deref()),
        (None, None) => Units::of(0),
    }
}

/// What they reserve; units that the file has no rate for reserve nothing, as if the feature were off.
fn charge_again(solutions: &Solutions, feature: &FeatureKey, units: Units) -> (Units, Charge) {
    match rates::charge(solutions, feature, &units) {
        Ok(charge) => (units, charge),
        Err(_) => (Units::of(0), Charge { credits: Credits::ZERO, lines: Vec::new(), unused: 0 }),
    }
}

/// The units and credits that a feature on pay-as-you-go would have again at this moment; for a preview.
///
/// # Errors
/// Any storage error.
pub async fn preview_return(
    tx: &mut Tx,
    solutions: &Solutions,
    business: BusinessId,
    feature: &FeatureKey,
) -> Result<(Units, Charge), Error> {
    let last = metered::find_last_units(tx, business, feature.as_str()).await?;
    let change = metered::find_last_change(tx, business, feature.as_str()).await?;
    Ok(charge_again(solutions, feature, units_again(last.as_ref(), change.as_ref())))
}

/// Returns a feature to credits when the contract is over that it changed under, whether or not another one runs by now;
/// whether it did. The pool is locked and the feature is on pay-as-you-go. The waiting time does not count (CRD-9).
pub(super) async fn return_if_ended(
    tx: &mut Tx,
    solutions: &Solutions,
    (business, feature): (BusinessId, &FeatureKey),
    held: &Account,
    who: &Who,
) -> Result<bool, Error> {
    let Some(last) = metered::find_last_change(tx, business, feature.as_str()).await? else { return Ok(false) };
    let Some(ended_at) = pay_as_you_go::find_end(tx, last.contract_id).await? else { return Ok(false) };
    let case = Case { solutions, business, feature, held, last: Some(&last), contract: last.contract_id };
    let system = Who::system("pay-as-you-go", who.now);
    to_credits(tx, &case, Cause::ContractEnded, ended_at.min(who.now), &system).await?;
    Ok(true)
}

/// A service counted a feature on pay-as-you-go: its begun units are metered from now on. The same units again write nothing.
pub(super) async fn meter(
    tx: &mut Tx,
    solutions: &Solutions,
    usage: &Usage<'_>,
    observation: Observation,
    who: &Who,
) -> Result<i64, Error> {
    let (business, feature, units) = (usage.business, usage.feature.as_str(), usage.units.total());
    let begun = solutions.find(feature).and_then(|(_, feature)| feature.begun(units)).unwrap_or(units);
    let last = metered::find_last_units(tx, business, feature).await?;
    if last.as_ref().is_some_and(|last| last.units == units && last.metered == begun && last.service_key_id.is_some()) {
        return Ok(begun);
    }
    let contract = pay_as_you_go::find_running(tx, business).await?.ok_or(Error::NotFound)?;
    let next = NewUnits {
        business,
        feature,
        number: last.as_ref().map_or(0, |last| last.number) + 1,
        contract,
        units,
        metered: begun,
        // A rival that waited for the lock carries an earlier instant; records must not go back in time.
        from_at: last.as_ref().map_or(who.now, |last| last.from_at.max(who.now)),
        observed_at: Some(observation.observed_at),
        key: Some(observation.key),
        who,
    };
    metered::insert_units(tx, &next).await?;
    let before = json!({ "units": last.as_ref().map_or(0, |last| last.units), "metered": last.map_or(0, |last| last.metered) });
    let entry = Entry::new("metering.changed", feature).in_business(business);
    audit::record(tx, who, entry.before(before).after(json!({ "units": units, "metered": begun }))).await?;
    Ok(begun)
}

/// Returns every feature whose contract is over to credits, each in a transaction of its own and
/// exactly once however many workers run; how many.
///
/// # Errors
/// The first storage error.
pub async fn return_ended(db: &Db, solutions: &Solutions, now: Timestamp) -> Result<u64, Error> {
    const BATCH: i64 = 200;
    let who = Who::system("pay-as-you-go", now);
    let mut returned = 0;
    for (business, account) in metered::list_ended(db, BATCH).await? {
        let Some(feature) = FeatureKey::parse(&account) else { continue };
        returned += u64::from(tx!(db, |tx| {
            let held = allocation::lock_account(tx, business, feature.as_str()).await?.unwrap_or_default();
            if held.billing_model == BillingModel::Annual {
                return Ok(false);
            }
            return_if_ended(tx, solutions, (business, &feature), &held, &who).await
        })?);
    }
    Ok(returned)
}
