//! What units cost: the one model behind allocation, the usage API and estimates. Pure: from the solutions and units to
//! credits with an explanation, and nothing else. It knows no business and no balance, and refuses nothing for lack of
//! credits (CRD-2).

use super::solutions::{Basis, Feature, FeatureKey, Price, Solutions};
use crate::kernel::credits::Credits;
use crate::kernel::show;
use std::collections::BTreeMap;

/// So many credits for each begun unit of a size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    unit_size: i64,
    credits_per_unit: Credits,
}

impl Rate {
    /// `unit_size` is how much of what is counted makes one unit: 1 endpoint, 500 Mbps, 500,000 scans. `None` below 1.
    #[must_use]
    pub fn new(unit_size: i64, credits_per_unit: Credits) -> Option<Self> {
        (unit_size > 0).then_some(Self { unit_size, credits_per_unit })
    }

    /// How much makes one unit.
    #[must_use]
    pub const fn unit_size(self) -> i64 {
        self.unit_size
    }

    /// Credits for each begun unit and year.
    #[must_use]
    pub const fn credits_per_unit(self) -> Credits {
        self.credits_per_unit
    }

    /// Begun units: ceiling(units / unit size); `None` for units below zero.
    #[must_use]
    pub fn begun(self, units: i64) -> Option<i64> {
        (units >= 0).then(|| units / self.unit_size + i64::from(units % self.unit_size != 0))
    }

    /// ceiling(units / unit size) x credits per unit (CRD-3); `None` for units below zero and beyond [`Credits::MAX`].
    #[must_use]
    pub fn credits_for(self, units: i64) -> Option<Credits> {
        self.credits_per_unit.checked_times(self.begun(units)?).ok()
    }
}

/// How much of a feature is in use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Units {
    total: i64,
    in_use: Option<BTreeMap<FeatureKey, i64>>,
}

impl Units {
    /// So many units, each charged as the feature itself.
    #[must_use]
    pub const fn of(total: i64) -> Self {
        Self { total, in_use: None }
    }

    /// So many units, of which some use the features of an edition as their highest; the rest uses nothing (CRD-7).
    #[must_use]
    pub fn by_use(total: i64, in_use: BTreeMap<FeatureKey, i64>) -> Self {
        Self { total, in_use: Some(in_use.into_iter().filter(|(_, units)| *units != 0).collect()) }
    }

    /// All of them, in use or not.
    #[must_use]
    pub const fn total(&self) -> i64 {
        self.total
    }

    /// From the stored form; use that cannot be read counts as not told.
    #[must_use]
    pub fn from_stored(total: i64, in_use: Option<&str>) -> Self {
        let stored: Option<BTreeMap<String, i64>> = in_use.and_then(|text| serde_json::from_str(text).ok());
        let read =
            |stored: BTreeMap<String, i64>| stored.into_iter().filter_map(|(key, units)| Some((FeatureKey::parse(&key)?, units))).collect();
        match stored {
            None => Self::of(total),
            Some(stored) => Self::by_use(total, read(stored)),
        }
    }

    /// The stored form of what is in use: a JSON object.
    #[must_use]
    pub fn stored_use(&self) -> Option<String> {
        let in_use = self.in_use.as_ref()?;
        let object: serde_json::Map<String, serde_json::Value> =
            in_use.iter().map(|(key, units)| (key.to_string(), (*units).into())).collect();
        Some(serde_json::Value::Object(object).to_string())
    }

    /// How many use which edition, where that was told.
    #[must_use]
    pub const fn in_use(&self) -> Option<&BTreeMap<FeatureKey, i64>> {
        self.in_use.as_ref()
    }
}

/// Units that are charged at one rate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The feature whose rate counts: the feature itself, or another edition (CRD-7).
    pub charged_as: FeatureKey,
    /// Units as they were counted.
    pub units: i64,
    /// Begun units of the rate's size.
    pub begun: i64,
    /// The rate.
    pub rate: Rate,
    /// begun x credits per unit.
    pub credits: Credits,
}

/// What a feature's units cost a year, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    /// The sum of the lines.
    pub credits: Credits,
    /// From the least edition to the most; one line where there are no editions, none where nothing is in use.
    pub lines: Vec<Line>,
    /// Units that use nothing and cost nothing.
    pub unused: i64,
}

/// Why units cannot be charged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotChargeable {
    /// The solutions have no feature of this key.
    UnknownFeature,
    /// The vendor publishes no rate.
    OnRequest,
    /// Nothing is counted for this feature.
    NotCounted,
    /// Below zero, or so many that their credits are beyond [`Credits::MAX`].
    NotANumberOfUnits,
    /// Use was told of an edition that the feature does not have, or of any where it has none.
    NoSuchEdition(FeatureKey),
    /// More units in use than units.
    MoreInUseThanUnits,
}

/// What units of a feature cost (CRD-3, CRD-7).
///
/// # Errors
/// Why they cannot be charged.
pub fn charge(solutions: &Solutions, key: &FeatureKey, units: &Units) -> Result<Charge, NotChargeable> {
    let (_, feature) = solutions.find(key.as_str()).ok_or(NotChargeable::UnknownFeature)?;
    if feature.basis == Basis::NotCounted {
        return Err(NotChargeable::NotCounted);
    }
    if units.total < 0 {
        return Err(NotChargeable::NotANumberOfUnits);
    }
    let Some(in_use) = &units.in_use else {
        return sum(vec![line(feature, units.total)?], 0);
    };
    if let Some(other) = in_use.keys().find(|edition| !feature.editions.contains(edition)) {
        return Err(NotChargeable::NoSuchEdition(other.clone()));
    }
    let used = in_use.values().try_fold(0i64, |sum, units| sum.checked_add(*units).filter(|_| *units >= 0));
    let unused = units.total - used.ok_or(NotChargeable::NotANumberOfUnits)?;
    if unused < 0 {
        return Err(NotChargeable::MoreInUseThanUnits);
    }
    let counted = feature.editions.iter().filter_map(|edition| in_use.get(edition).map(|units| (edition, *units)));
    let lines = counted.map(|(edition, units)| {
        let (_, edition) = solutions.find(edition.as_str()).ok_or(NotChargeable::UnknownFeature)?;
        line(edition, units)
    });
    sum(lines.collect::<Result<_, _>>()?, unused)
}

fn line(feature: &Feature, units: i64) -> Result<Line, NotChargeable> {
    let Price::Known(rate) = feature.price else { return Err(NotChargeable::OnRequest) };
    let (begun, credits) = rate.begun(units).zip(rate.credits_for(units)).ok_or(NotChargeable::NotANumberOfUnits)?;
    Ok(Line { charged_as: feature.key.clone(), units, begun, rate, credits })
}

fn sum(lines: Vec<Line>, unused: i64) -> Result<Charge, NotChargeable> {
    let credits = Credits::sum(lines.iter().map(|line| line.credits)).map_err(|_| NotChargeable::NotANumberOfUnits)?;
    Ok(Charge { credits, lines: lines.into_iter().filter(|line| line.units > 0).collect(), unused })
}

/// What several features cost, each by itself: the first that cannot be charged is named.
///
/// # Errors
/// The feature, and why it cannot be charged.
pub fn charge_all(
    solutions: &Solutions,
    units: &BTreeMap<FeatureKey, Units>,
) -> Result<BTreeMap<FeatureKey, Charge>, (FeatureKey, NotChargeable)> {
    let charged = units.iter().map(|(key, units)| match charge(solutions, key, units) {
        Ok(charge) => Ok((key.clone(), charge)),
        Err(reason) => Err((key.clone(), reason)),
    });
    charged.collect()
}

impl Charge {
    /// Every line in words: `120 endpoints x 45 credits = 5,400 credits`.
    #[must_use]
    pub fn explain(&self, solutions: &Solutions, feature: &Feature) -> Vec<String> {
        let mut sentences: Vec<String> = self.lines.iter().map(|line| explain_line(line, solutions, feature)).collect();
        if self.unused > 0 {
            let verb = if self.unused == 1 { "uses nothing and costs" } else { "use nothing and cost" };
            sentences.push(format!("{} {verb} 0 credits", feature.unit.count(self.unused)));
        }
        if sentences.is_empty() {
            sentences.push("Nothing is in use: 0 credits".to_owned());
        }
        sentences
    }
}

fn explain_line(line: &Line, solutions: &Solutions, feature: &Feature) -> String {
    let counted = feature.unit.count(line.units);
    let other = (line.charged_as != feature.key).then(|| solutions.find(line.charged_as.as_str())).flatten();
    let named = other.map_or_else(
        || counted.clone(),
        |(_, other)| {
            let verb = if line.units == 1 { "is" } else { "are" };
            format!("{counted} {verb} charged as {}, by the features used", other.name)
        },
    );
    let begun = match line.rate.unit_size() {
        1 => show::group(line.begun),
        _ => format!("{} × {}", show::group(line.begun), feature.unit.each()),
    };
    let joiner = if line.rate.unit_size() == 1 { "×" } else { "at" };
    let rate = show::count(line.rate.credits_per_unit().get(), "credit");
    format!("{named}: {begun} {joiner} {rate} = {}", show::count(line.credits.get(), "credit"))
}

#[cfg(test)]
#[path = "rates/tests.rs"]
mod tests;
