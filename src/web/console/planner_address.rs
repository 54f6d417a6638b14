//! A plan as an address: the window and every assumption, each as one word of `a=`. What an address says is checked like
//! what is typed, because addresses are shared and grow old.

use crate::credits::planner::{Assumption, Baseline, Ends, Window};
use crate::credits::rates::{self, Units};
use crate::credits::solutions::{FeatureKey, Solutions};
use crate::kernel::clock::Timestamp;
use crate::kernel::credits::Credits;
use crate::kernel::id::ContractId;
use crate::web::{Visit, paths};
use chrono::NaiveDateTime;

/// Most assumptions of one plan.
pub(super) const MOST: usize = 20;

const INSTANT: &str = "%Y%m%dT%H%M%SZ";

/// What an address asks for.
pub(super) struct Asked {
    pub window: Window,
    pub assumptions: Vec<Assumption>,
    /// How many words could not be used: not readable, too many, or about something that this business does not have.
    pub unusable: usize,
}

impl Asked {
    pub fn read(visit: &Visit, baseline: &Baseline) -> Self {
        let solutions = &visit.portal().solutions;
        let words: Vec<String> = visit.query_pairs().into_iter().filter(|(name, _)| name == "a").map(|(_, word)| word).collect();
        let read: Vec<Assumption> = words.iter().take(MOST).filter_map(|word| parse(word, baseline, solutions)).collect();
        let unusable = words.len() - read.len();
        Self { window: Window::parse(visit.query("months")).unwrap_or(Window::Year), assumptions: read, unusable }
    }

    /// The same plan with another window.
    pub fn with_window(&self, window: Window) -> String {
        address(&paths::planner(), window, &self.assumptions)
    }

    /// The same plan without the assumption at a place.
    pub fn without(&self, place: usize) -> String {
        let kept = self.assumptions.iter().enumerate().filter(|(other, _)| *other != place);
        address(&paths::planner(), self.window, &kept.map(|(_, assumption)| assumption.clone()).collect::<Vec<_>>())
    }

    /// The same plan with one more.
    pub fn with(&self, assumption: Assumption) -> String {
        let mut all = self.assumptions.clone();
        all.push(assumption);
        address(&paths::planner(), self.window, &all)
    }

    /// The same plan in which a contract renews or does not; nothing is assumed where that is what the console knows.
    pub fn with_fate(&self, contract: ContractId, renews: bool, known: bool) -> String {
        let about = |assumption: &&Assumption| !matches!(assumption, Assumption::Renewed(other) | Assumption::NotRenewed(other) if *other == contract);
        let mut all: Vec<Assumption> = self.assumptions.iter().filter(about).cloned().collect();
        if renews != known {
            all.push(if renews { Assumption::Renewed(contract) } else { Assumption::NotRenewed(contract) });
        }
        address(&paths::planner(), self.window, &all)
    }

    /// The words, for the forms that send them along.
    pub fn words(&self) -> Vec<String> {
        self.assumptions.iter().map(word).collect()
    }
}

/// An address of the planner or its file.
pub(super) fn address(path: &str, window: Window, assumptions: &[Assumption]) -> String {
    let words: Vec<String> = assumptions.iter().map(word).collect();
    let mut pairs = vec![("months", window.as_str())];
    pairs.extend(words.iter().map(|word| ("a", word.as_str())));
    paths::with_query(path, &pairs)
}

fn word(assumption: &Assumption) -> String {
    match assumption {
        Assumption::NotRenewed(contract) => format!("not-renewed.{contract}"),
        Assumption::Renewed(contract) => format!("renewed.{contract}"),
        Assumption::Added { credits, at, ends } => {
            let ends = match ends {
                Ends::With(contract) => contract.to_string(),
                Ends::Once => "once".to_owned(),
                Ends::Yearly => "yearly".to_owned(),
            };
            format!("added.{}.{}.{ends}", credits.get(), at.format(INSTANT))
        }
        Assumption::Units { feature, units, at, .. } => {
            format!("units.{}.{}.{units}.{}", feature.solution(), feature.feature(), at.format(INSTANT))
        }
    }
}

fn parse(word: &str, baseline: &Baseline, solutions: &Solutions) -> Option<Assumption> {
    let parts: Vec<&str> = word.split('.').collect();
    match parts.as_slice() {
        ["not-renewed", contract] => parse_contract(contract, baseline).map(Assumption::NotRenewed),
        ["renewed", contract] => parse_contract(contract, baseline).map(Assumption::Renewed),
        ["added", credits, at, ends] => Some(Assumption::Added {
            credits: Credits::new(credits.parse().ok()?).ok()?,
            at: parse_instant(at)?,
            ends: parse_ends(ends, baseline)?,
        }),
        ["units", solution, feature, units, at] => {
            let feature = FeatureKey::parse(&format!("{solution}/{feature}"))?;
            units_of(feature, units.parse().ok()?, parse_instant(at)?, solutions)
        }
        _ => None,
    }
}

/// A contract that has valid credits in this business's pool.
fn parse_contract(word: &str, baseline: &Baseline) -> Option<ContractId> {
    ContractId::parse(word).filter(|contract| baseline.find(*contract).is_some())
}

/// Until when added credits count.
pub(super) fn parse_ends(word: &str, baseline: &Baseline) -> Option<Ends> {
    match word {
        "once" => Some(Ends::Once),
        "yearly" => Some(Ends::Yearly),
        contract => parse_contract(contract, baseline).map(Ends::With),
    }
}

fn parse_instant(word: &str) -> Option<Timestamp> {
    NaiveDateTime::parse_from_str(word, INSTANT).ok().map(|at| at.and_utc())
}

/// Units of a feature with what they reserve; `None` for what the solutions cannot charge.
pub(super) fn units_of(feature: FeatureKey, units: i64, at: Timestamp, solutions: &Solutions) -> Option<Assumption> {
    let credits = rates::charge(solutions, &feature, &Units::of(units)).ok()?.credits;
    Some(Assumption::Units { feature, units, credits, at })
}
