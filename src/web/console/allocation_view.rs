//! Solutions and features as pages show them, with what a business has allocated: rows ready to print, made of one reading
//! so that they add up.

use super::credits::{Figure, Instant};
use crate::credits::allocated::{self, State};
use crate::credits::billing_model::BillingModel;
use crate::credits::solutions::{Feature, Solution, Solutions};
use crate::kernel::show::{self, Zone};
use crate::web::chart::{Part, ShareBar, share_in_words};
use crate::web::paths;

/// Who counts a feature.
pub(super) struct ReporterView {
    pub name: String,
    pub reported: Instant,
    pub observed: Instant,
}

pub(super) struct FeatureView {
    pub key: String,
    pub name: String,
    pub href: String,
    pub rate: String,
    pub month: String,
    pub basis: &'static str,
    pub counted: String,
    pub pay_as_you_go: &'static str,
    /// On pay-as-you-go: it reserves nothing, whatever its units are.
    pub metered: bool,
    pub allocatable: bool,
    /// Empty when nothing was ever allocated.
    pub units: String,
    pub in_use: bool,
    pub credits: Figure,
    pub explanation: Vec<String>,
    pub changed: Option<Instant>,
    pub changed_by: String,
    pub reporter: Option<ReporterView>,
}

impl FeatureView {
    pub fn new(feature: Option<&Feature>, state: Option<&State>, key: &str, zone: Zone) -> Self {
        let (solution, short) = key.split_once('/').unwrap_or((key, ""));
        let credits = state.map_or(0, |state| state.credits);
        let units = |state: &State| match feature {
            Some(feature) => feature.unit.count(state.units.total()),
            None => show::count(state.units.total(), "unit"),
        };
        let reporter = |state: &State| {
            state.reporter.as_ref().map(|reporter| ReporterView {
                name: reporter.name.clone(),
                reported: Instant::full(reporter.reported_at, zone),
                observed: Instant::full(reporter.observed_at, zone),
            })
        };
        Self {
            name: feature.map_or_else(|| format!("{key} (no longer offered)"), |feature| feature.name.clone()),
            href: paths::allocation_feature(solution, short),
            rate: feature.map_or_else(|| "No longer offered".to_owned(), Feature::rate_in_words),
            month: feature.map(month_in_words).unwrap_or_default(),
            basis: feature.map_or("Not counted", |feature| feature.basis.label()),
            counted: feature.map(|feature| feature.counted.clone()).unwrap_or_default(),
            pay_as_you_go: if feature.is_some_and(|feature| feature.pay_as_you_go) { "Yes" } else { "No" },
            metered: state.is_some_and(|state| state.model == BillingModel::PayAsYouGo),
            allocatable: feature.is_some_and(Feature::is_allocatable),
            units: state.map(units).unwrap_or_default(),
            in_use: state.is_some_and(|state| state.units.total() > 0),
            credits: Figure::of(credits),
            explanation: state.map(explanation).unwrap_or_default(),
            changed: state.map(|state| Instant::full(state.changed_at, zone)),
            changed_by: state.map(|state| state.changed_by.clone()).unwrap_or_default(),
            reporter: state.and_then(reporter),
            key: key.to_owned(),
        }
    }
}

fn explanation(state: &State) -> Vec<String> {
    state.explanation.lines().map(str::to_owned).collect()
}

fn month_in_words(feature: &Feature) -> String {
    match feature.month {
        None => String::new(),
        Some(month) if feature.annual_is_derived => format!("{month} a month, from which the year's figure was worked out"),
        Some(month) => format!("{month} a month"),
    }
}

/// A solution with the features that a page lists.
pub(super) struct SolutionView {
    pub id: String,
    pub name: String,
    pub credits: Figure,
    pub share: String,
    pub in_use: usize,
    pub features: Vec<FeatureView>,
}

impl SolutionView {
    /// `2 features in use`.
    pub fn used_in_words(&self) -> String {
        show::count(i64::try_from(self.in_use).unwrap_or(i64::MAX), "feature")
    }

    fn new(solution: Option<&Solution>, features: Vec<FeatureView>, allocated: i64) -> Self {
        let credits = features.iter().map(|feature| feature.credits.plain).sum();
        Self {
            id: solution.map_or("no-longer-offered", |solution| solution.key.as_str()).to_owned(),
            name: solution.map_or("No longer offered", |solution| solution.name.as_str()).to_owned(),
            credits: Figure::of(credits),
            share: share_in_words(credits, allocated),
            in_use: features.iter().filter(|feature| feature.in_use).count(),
            features,
        }
    }
}

/// What is allocated, by solution: the chart and its rows.
pub(super) struct AllocatedView {
    pub bar: Option<ShareBar>,
    pub solutions: Vec<SolutionView>,
    pub total: Figure,
}

impl AllocatedView {
    /// Solutions that have something allocated, or had.
    pub fn new(solutions: &Solutions, states: &[State], zone: Zone) -> Self {
        let total: i64 = states.iter().map(|state| state.credits).sum();
        let view = |share: allocated::Share<'_>| {
            let features =
                share.features.iter().map(|(feature, state)| FeatureView::new(*feature, Some(*state), &state.account, zone)).collect();
            SolutionView::new(share.solution, features, total)
        };
        let solutions: Vec<_> = allocated::shares(solutions, states).into_iter().map(view).collect();
        let parts = solutions.iter().map(|solution| Part { name: solution.name.clone(), value: solution.credits.plain }).collect();
        Self { bar: ShareBar::draw(parts, "credit"), solutions, total: Figure::of(total) }
    }
}

/// Every solution of the file with every feature that `keep` keeps, and last what the file no longer has.
pub(super) fn all(solutions: &Solutions, states: &[State], zone: Zone, keep: impl Fn(&Solution, &Feature) -> bool) -> Vec<SolutionView> {
    let total: i64 = states.iter().map(|state| state.credits).sum();
    let state_of = |key: &str| states.iter().find(|state| state.account == key);
    let listed = solutions.all().iter().map(|solution| {
        let kept = solution.features.iter().filter(|feature| keep(solution, feature));
        let features =
            kept.map(|feature| FeatureView::new(Some(feature), state_of(feature.key.as_str()), feature.key.as_str(), zone)).collect();
        SolutionView::new(Some(solution), features, total)
    });
    let gone = states.iter().filter(|state| solutions.find(&state.account).is_none() && state.credits > 0);
    let gone = gone.map(|state| FeatureView::new(None, Some(state), &state.account, zone)).collect();
    listed.chain([SolutionView::new(None, gone, total)]).filter(|solution| !solution.features.is_empty()).collect()
}
