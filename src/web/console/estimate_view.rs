//! An estimate as the calculator, a kept scenario and the page that keeps one show it: what each feature needs and why,
//! and what that means for the balance.

use super::credits::Instant;
use crate::access::BusinessScope;
use crate::credits::estimate::{Against, Estimate, Line, Outcome};
use crate::credits::pool::{self, Pool};
use crate::credits::rates::NotChargeable;
use crate::credits::solutions::Solutions;
use crate::kernel::show;
use crate::web::{Visit, WebError};

/// What each feature needs, and all together.
pub(super) struct EstimateView {
    pub years: String,
    pub rows: Vec<EstimateRow>,
    pub per_year: String,
    pub over_term: String,
}

/// One feature.
pub(super) struct EstimateRow {
    pub solution: String,
    pub feature: String,
    pub units: String,
    /// One sentence a rate (CRD-7).
    pub explanation: Vec<String>,
    pub per_year: String,
    pub over_term: String,
}

impl EstimateView {
    pub fn new(estimate: &Estimate, outcome: &Outcome, solutions: &Solutions) -> Self {
        Self {
            years: show::count(estimate.years, "year"),
            rows: outcome.lines.iter().map(|line| row(line, solutions)).collect(),
            per_year: show::group(outcome.per_year),
            over_term: show::group(outcome.over_term),
        }
    }
}

fn row(line: &Line, solutions: &Solutions) -> EstimateRow {
    let (solution, feature, units) = named(line, solutions);
    EstimateRow {
        solution,
        feature,
        units,
        explanation: explain(line, solutions),
        per_year: show::group(line.per_year()),
        over_term: show::group(line.over_term),
    }
}

/// Solution, feature and units in words; the key stands for what the solutions file does not know any more.
pub(super) fn named(line: &Line, solutions: &Solutions) -> (String, String, String) {
    match solutions.find(line.key.as_str()) {
        Some((solution, feature)) => (solution.name.clone(), feature.name.clone(), feature.unit.count(line.units.total())),
        None => (line.key.solution().to_owned(), line.key.feature().to_owned(), show::count(line.units.total(), "unit")),
    }
}

/// Why it needs what it needs.
pub(super) fn explain(line: &Line, solutions: &Solutions) -> Vec<String> {
    match (&line.charge, solutions.find(line.key.as_str())) {
        (Ok(charge), Some((_, feature))) => charge.explain(solutions, feature),
        (Err(NotChargeable::OnRequest), _) => vec!["Its rate is not published any more. Contact us".to_owned()],
        _ => vec!["Not offered like this any more: it counts nothing".to_owned()],
    }
}

/// What an estimate means for the balance of this moment.
pub(super) struct VerdictView {
    pub as_of: Instant,
    pub needed: String,
    pub current: String,
    pub current_negative: bool,
    pub remaining: String,
    /// How the remaining balance comes about.
    pub how: String,
    /// Credits to buy, in words.
    pub missing: Option<String>,
    pub marketplace: String,
    pub subscriptions: String,
}

impl VerdictView {
    fn new(visit: &Visit, read: Pool, estimate: &Estimate, outcome: &Outcome) -> Self {
        let zone = visit.zone();
        let verdict = outcome.beside(read.figures, estimate.against);
        let needed = show::group(verdict.needed);
        let how = match estimate.against {
            Against::Addition => format!("{} balance − {needed} needed", show::group(verdict.current)),
            Against::Whole => {
                let (valid, allocated) = (show::group(read.figures.total_valid), show::group(read.figures.allocated));
                format!("{valid} valid − {needed} needed; the {allocated} allocated today are set free")
            }
        };
        Self {
            as_of: Instant::full(read.as_of, zone),
            needed,
            current: show::group(verdict.current),
            current_negative: verdict.current < 0,
            remaining: show::group(verdict.remaining),
            how,
            missing: (verdict.missing() > 0).then(|| show::count(verdict.missing(), "credit")),
            marketplace: visit.shop().marketplace.clone(),
            subscriptions: visit.shop().subscriptions.clone(),
        }
    }

    /// Beside the pool as it is at this visit's instant (CRD-4).
    ///
    /// # Errors
    /// Storage errors.
    pub async fn read(visit: &Visit, scope: BusinessScope, estimate: &Estimate, outcome: &Outcome) -> Result<Self, WebError> {
        let read = pool::read(visit.db(), scope, visit.now()).await?;
        Ok(Self::new(visit, read, estimate, outcome))
    }
}

/// An address with an estimate in it.
pub(super) fn with_estimate(path: &str, estimate: &Estimate) -> String {
    format!("{path}?{}", estimate.text())
}
