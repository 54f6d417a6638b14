//! *Solutions that need credits* of Credits & Billing: every solution that reserves credits once it is used, and whether it
//! is (CRD-5).

use super::credits::Figure;
use crate::credits::allocated::State;
use crate::credits::solutions::{Solution, Solutions};
use crate::kernel::show;
use crate::web::paths;

pub(super) struct NeedView {
    pub name: String,
    pub href: String,
    /// `2 of 5 features`.
    pub used: String,
    pub in_use: bool,
    pub credits: Figure,
    /// From the least to the most that a unit reserves.
    pub rates: String,
}

/// Solutions with a feature that reserves credits, in the order of the file.
pub(super) fn views(solutions: &Solutions, states: &[State]) -> Vec<NeedView> {
    solutions.all().iter().filter_map(|solution| view(solution, states)).collect()
}

fn view(solution: &Solution, states: &[State]) -> Option<NeedView> {
    let rates: Vec<i64> =
        solution.features.iter().filter_map(|feature| feature.price.rate()).map(|rate| rate.credits_per_unit().get()).collect();
    let needing: Vec<_> = solution.features.iter().filter(|feature| feature.is_allocatable()).collect();
    let (least, most) = (rates.iter().filter(|rate| **rate > 0).min()?, rates.iter().max()?);
    let found: Vec<&State> =
        needing.iter().filter_map(|feature| states.iter().find(|state| state.account == feature.key.as_str())).collect();
    let used = found.iter().filter(|state| state.units.total() > 0).count();
    Some(NeedView {
        name: solution.name.clone(),
        href: format!("{}#s-{}", paths::allocation(), solution.key),
        used: format!("{used} of {}", show::count(i64::try_from(needing.len()).unwrap_or(i64::MAX), "feature")),
        in_use: used > 0,
        credits: Figure::of(found.iter().map(|state| state.credits).sum()),
        rates: if least == most { show::group(*least) } else { format!("{} to {}", show::group(*least), show::group(*most)) },
    })
}
