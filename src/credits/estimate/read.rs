//! Estimates from typed or stored pairs, and back.

use super::{Against, Estimate, UNITS_MAX, YEARS_MAX};
use crate::credits::rates::{self, NotChargeable, Units};
use crate::credits::solutions::{Feature, FeatureKey, Solutions};
use crate::kernel::credits::Credits;
use crate::kernel::quantity::Range;
use crate::kernel::show;
use std::collections::BTreeMap;

const YEARS: Range = Range::between(1, YEARS_MAX);
const UNITS: Range = Range::between(0, UNITS_MAX);

/// One thing that is wrong with what was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// The pair's name; empty for the estimate as a whole.
    pub field: String,
    /// What is wrong, in words with the limits.
    pub words: String,
}

/// The name of a feature's units.
#[must_use]
pub fn field(key: &FeatureKey) -> String {
    key.as_str().replace('/', "_")
}

/// The name of those units that use an edition as their highest.
#[must_use]
pub fn edition_field(key: &FeatureKey, edition: &FeatureKey) -> String {
    format!("{}_{}", field(key), edition.feature())
}

/// A name as feature and edition; `None` for every other name.
fn parse_field(name: &str) -> Option<(FeatureKey, Option<FeatureKey>)> {
    let mut parts = name.split('_');
    let (solution, feature) = (parts.next()?, parts.next()?);
    let edition = parts.next();
    if parts.next().is_some() {
        return None;
    }
    let key = |feature: &str| FeatureKey::parse(&format!("{solution}/{feature}"));
    match edition {
        None => Some((key(feature)?, None)),
        Some(edition) => Some((key(feature)?, Some(key(edition)?))),
    }
}

/// Units of one feature while they are read.
#[derive(Default)]
struct Typed {
    total: Option<i64>,
    in_use: BTreeMap<FeatureKey, i64>,
}

impl Typed {
    /// Without a total those in use are all there are.
    fn units(self) -> Units {
        let sum = self.in_use.values().fold(0i64, |sum, units| sum.saturating_add(*units));
        let total = self.total.unwrap_or(sum);
        if self.in_use.is_empty() { Units::of(total) } else { Units::by_use(total, self.in_use) }
    }
}

impl Estimate {
    /// From what a person typed. Empty values are left out; names that are none of an estimate are somebody else's.
    ///
    /// # Errors
    /// Every problem at once.
    pub fn read(pairs: &[(String, String)], solutions: &Solutions) -> Result<Self, Vec<Wrong>> {
        let mut wrong = Vec::new();
        let years = match value(pairs, "years") {
            "" => 1,
            typed => YEARS.read(typed).unwrap_or_else(|unfit| {
                wrong.push(Wrong { field: "years".to_owned(), words: YEARS.problem(unfit, "years") });
                1
            }),
        };
        let against = Against::parse(value(pairs, "against")).unwrap_or(Against::Addition);
        let mut typed: BTreeMap<FeatureKey, Typed> = BTreeMap::new();
        for (name, text) in pairs.iter().filter(|(_, text)| !text.trim().is_empty()) {
            let Some((key, edition)) = parse_field(name) else { continue };
            match units(solutions, (&key, edition.as_ref()), name, text) {
                Err(problem) => wrong.push(problem),
                Ok(number) => {
                    let feature = typed.entry(key).or_default();
                    match edition {
                        None => feature.total = Some(number),
                        Some(edition) => {
                            feature.in_use.insert(edition, number);
                        }
                    }
                }
            }
        }
        let units = typed.into_iter().map(|(key, typed)| (key, typed.units())).collect();
        let estimate = Self { years, against, units };
        wrong.extend(estimate.beyond(solutions));
        if wrong.is_empty() { Ok(estimate) } else { Err(wrong) }
    }

    /// What cannot be charged, or is too much together.
    fn beyond(&self, solutions: &Solutions) -> Vec<Wrong> {
        let mut wrong = Vec::new();
        let mut credits = Vec::new();
        for (key, units) in &self.units {
            match rates::charge(solutions, key, units) {
                Ok(charge) => credits.push(charge.credits),
                Err(reason) => wrong.push(Wrong { field: field(key), words: not_chargeable(solutions, key, units, &reason) }),
            }
        }
        if Credits::sum(credits).and_then(|sum| sum.checked_times(self.years)).is_err() {
            let most = show::count(Credits::MAX.get(), "credit");
            wrong.push(Wrong { field: String::new(), words: format!("Together this is more than {most}. Enter fewer units or years") });
        }
        wrong
    }

    /// From a kept scenario. What cannot be read is left out; what cannot be charged any more stays, so that it is seen.
    #[must_use]
    pub fn stored(text: &str) -> Self {
        let pairs: Vec<(String, String)> = url::form_urlencoded::parse(text.as_bytes()).into_owned().collect();
        let mut typed: BTreeMap<FeatureKey, Typed> = BTreeMap::new();
        for (name, number) in &pairs {
            let Some(((key, edition), number)) = parse_field(name).zip(number.parse().ok()) else { continue };
            let feature = typed.entry(key).or_default();
            match edition {
                None => feature.total = Some(number),
                Some(edition) => {
                    feature.in_use.insert(edition, number);
                }
            }
        }
        Self {
            years: value(&pairs, "years").parse().ok().filter(|years| YEARS.check(*years).is_ok()).unwrap_or(1),
            against: Against::parse(value(&pairs, "against")).unwrap_or(Against::Addition),
            units: typed.into_iter().map(|(key, typed)| (key, typed.units())).collect(),
        }
    }

    /// The pairs in their one order and form: [`Estimate::read`] makes the same estimate of them.
    #[must_use]
    pub fn pairs(&self) -> Vec<(String, String)> {
        let mut pairs = vec![("years".to_owned(), self.years.to_string())];
        if self.against == Against::Whole {
            pairs.push(("against".to_owned(), self.against.as_str().to_owned()));
        }
        for (key, units) in &self.units {
            pairs.push((field(key), units.total().to_string()));
            // That nothing is in use says as much as that something is (CRD-7).
            if units.in_use().is_some_and(BTreeMap::is_empty) {
                pairs.push((edition_field(key, key), "0".to_owned()));
            }
            for (edition, number) in units.in_use().into_iter().flatten() {
                pairs.push((edition_field(key, edition), number.to_string()));
            }
        }
        pairs
    }

    /// The pairs as a query string: the stored form.
    #[must_use]
    pub fn text(&self) -> String {
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(self.pairs()).finish()
    }
}

/// The last value of a name, trimmed.
fn value<'p>(pairs: &'p [(String, String)], name: &str) -> &'p str {
    pairs.iter().rev().find(|(found, _)| found == name).map_or("", |(_, value)| value.trim())
}

fn units(solutions: &Solutions, (key, edition): (&FeatureKey, Option<&FeatureKey>), name: &str, typed: &str) -> Result<i64, Wrong> {
    let feature = solutions.find(key.as_str()).map(|(_, feature)| feature).filter(|feature| feature.is_allocatable());
    let fits = |feature: &&Feature| edition.is_none_or(|edition| feature.editions.contains(edition));
    let Some(feature) = feature.filter(fits) else {
        let words = format!("“{key}” is not a feature that can be estimated. Reset the calculator to leave it out");
        return Err(Wrong { field: String::new(), words });
    };
    let used = edition.and_then(|edition| solutions.find(edition.as_str())).map(|(_, edition)| format!(", using {}", edition.name));
    UNITS.read(typed).map_err(|unfit| {
        let problem = UNITS.problem(unfit, &feature.unit.many);
        Wrong { field: name.to_owned(), words: format!("{}{}: {problem}", feature.name, used.unwrap_or_default()) }
    })
}

fn not_chargeable(solutions: &Solutions, key: &FeatureKey, units: &Units, reason: &NotChargeable) -> String {
    let (name, many) =
        solutions.find(key.as_str()).map_or((key.as_str(), "units"), |(_, feature)| (feature.name.as_str(), feature.unit.many.as_str()));
    match reason {
        NotChargeable::MoreInUseThanUnits => {
            let used = units.in_use().into_iter().flatten().fold(0i64, |sum, (_, units)| sum.saturating_add(*units));
            format!("{name}: {} {many} use features, which is more than the {} there are", show::group(used), show::group(units.total()))
        }
        _ => format!("{name}: so many {many} need more than {}. Enter fewer", show::count(Credits::MAX.get(), "credit")),
    }
}
