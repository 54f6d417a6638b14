//! From assumptions to events: what ends, begins again, is added or reserved, and when.

use super::{Assumption, Baseline, Ends, Event, Holding, Step, What};
use crate::credits::ledger::Figures;
use crate::credits::solutions::FeatureKey;
use crate::kernel::clock::Timestamp;
use crate::kernel::id::ContractId;
use crate::kernel::term::Term;

/// Terms that are tried to find the one that ends with a contract; no contract is older.
const TERMS_TRIED: u32 = 100;

/// Every event up to and including `to`, in no order.
pub(super) fn all(baseline: &Baseline, assumptions: &[Assumption], to: Timestamp) -> Vec<Event> {
    let mut events = Vec::new();
    for holding in &baseline.holdings {
        let renews = renews(holding, assumptions);
        for at in ends_until(holding, to) {
            events.push(Event { at, what: What::Expired(holding.contract), credits: -holding.credits });
            if !renews {
                break;
            }
            events.push(Event { at, what: What::Renewed(holding.contract), credits: holding.credits });
        }
    }
    for (place, assumption) in assumptions.iter().enumerate() {
        if let Assumption::Added { credits, at, ends } = assumption {
            events.extend(added(baseline, assumptions, place, (credits.get(), *at, *ends), to));
        }
    }
    events.extend(reserved(baseline, assumptions, to));
    events
}

/// Whether a contract renews under the assumptions.
#[must_use]
pub fn renews(holding: &Holding, assumptions: &[Assumption]) -> bool {
    let said = assumptions.iter().rev().find_map(|assumption| match assumption {
        Assumption::NotRenewed(contract) if *contract == holding.contract => Some(false),
        Assumption::Renewed(contract) if *contract == holding.contract => Some(true),
        _ => None,
    });
    said.unwrap_or(holding.renews)
}

pub(super) fn ends_within(baseline: &Baseline, contract: ContractId, to: Timestamp) -> bool {
    baseline.find(contract).is_some_and(|holding| holding.ends_at <= to)
}

pub(super) const fn is_about(what: What, place: usize) -> bool {
    match what {
        What::Added(about) | What::AddedExpired(about) | What::AddedRenewed(about) | What::Reserved(about) => about == place,
        What::Expired(_) | What::Renewed(_) => false,
    }
}

/// The ends of a contract's terms from the running one on, up to and including `to`.
fn ends_until(holding: &Holding, to: Timestamp) -> impl Iterator<Item = Timestamp> + use<> {
    let known = (1..=TERMS_TRIED).find(|number| Term::annual(holding.anchor, *number).is_ok_and(|term| term.ends_at() == holding.ends_at));
    let (anchor, number) = known.map_or((holding.ends_at, 0), |number| (holding.anchor, number));
    std::iter::once(holding.ends_at).chain(yearly_ends(anchor, number + 1)).take_while(move |end| *end <= to)
}

fn yearly_ends(anchor: Timestamp, first: u32) -> impl Iterator<Item = Timestamp> {
    (first..).map_while(move |number| Term::annual(anchor, number).ok()).map(|term| term.ends_at())
}

/// The events of credits that are added.
fn added(
    baseline: &Baseline,
    assumptions: &[Assumption],
    place: usize,
    (credits, at, ends): (i64, Timestamp, Ends),
    to: Timestamp,
) -> Vec<Event> {
    let (term_ends, renews): (Vec<Timestamp>, bool) = match ends {
        Ends::With(contract) => match baseline.find(contract) {
            Some(holding) => (ends_until(holding, to).collect(), renews(holding, assumptions)),
            None => return Vec::new(),
        },
        Ends::Once | Ends::Yearly => (yearly_ends(at, 1).take_while(|end| *end <= to).collect(), ends == Ends::Yearly),
    };
    let begins = at.max(baseline.as_of);
    let last_end = if renews { None } else { term_ends.first() };
    if begins > to || last_end.is_some_and(|end| *end <= begins) {
        return Vec::new();
    }
    let mut events = vec![Event { at: begins, what: What::Added(place), credits }];
    for end in term_ends.into_iter().filter(|end| *end > begins) {
        events.push(Event { at: end, what: What::AddedExpired(place), credits: -credits });
        if !renews {
            break;
        }
        events.push(Event { at: end, what: What::AddedRenewed(place), credits });
    }
    events
}

/// The events of features that grow or shrink: each from what it reserved before.
fn reserved(baseline: &Baseline, assumptions: &[Assumption], to: Timestamp) -> Vec<Event> {
    let mut changes: Vec<(Timestamp, usize, &FeatureKey, i64)> = Vec::new();
    for (place, assumption) in assumptions.iter().enumerate() {
        if let Assumption::Units { feature, credits, at, .. } = assumption {
            changes.push(((*at).max(baseline.as_of), place, feature, credits.get()));
        }
    }
    // By the instant that was said, not the one that was clamped: of two in the past the later one holds.
    changes.sort_by_key(|(_, place, ..)| match &assumptions[*place] {
        Assumption::Units { at, .. } => (*at, *place),
        _ => (baseline.as_of, *place),
    });
    let mut reserved = baseline.reserved.clone();
    let mut events = Vec::new();
    for (at, place, feature, credits) in changes.into_iter().filter(|(at, ..)| *at <= to) {
        let before = reserved.insert(feature.as_str().to_owned(), credits).unwrap_or(0);
        events.push(Event { at, what: What::Reserved(place), credits: credits - before });
    }
    events
}

pub(super) fn steps(opening: Figures, mut events: Vec<Event>) -> Vec<Step> {
    events.sort_by_key(|event| event.at);
    let mut steps: Vec<Step> = Vec::new();
    let mut figures = opening;
    for event in events {
        figures = figures.with(&event);
        match steps.last_mut().filter(|last| last.at == event.at) {
            Some(step) => {
                step.figures = figures;
                step.events.push(event);
            }
            None => steps.push(Step { at: event.at, figures, events: vec![event] }),
        }
    }
    steps
}
