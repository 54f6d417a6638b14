//! What is typed into the planner: one more assumption, checked in words with its limits.

use super::planner_address::{Asked, MOST, parse_ends, units_of};
use crate::credits::estimate::UNITS_MAX;
use crate::credits::planner::{Assumption, Baseline, Window};
use crate::credits::solutions::{Feature, Solutions};
use crate::kernel::clock::Timestamp;
use crate::kernel::credits::Credits;
use crate::kernel::day;
use crate::kernel::quantity::Range;
use crate::kernel::show::{self, Zone};
use crate::web::Visit;
use crate::web::form::Problems;

const CREDITS: Range = Range::between(1, 1_000_000_000);
const UNITS: Range = Range::between(0, UNITS_MAX);

/// Which form was sent, by its button.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Sent {
    Credits,
    Units,
}

impl Sent {
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "credits" => Some(Self::Credits),
            "units" => Some(Self::Units),
            _ => None,
        }
    }
}

/// The assumption that was typed, or every problem with it.
pub(super) fn read(visit: &Visit, sent: Sent, asked: &Asked, baseline: &Baseline) -> Result<Assumption, Problems> {
    let mut problems = Problems::new();
    if asked.assumptions.len() >= MOST {
        problems.push("", format!("A plan has at most {MOST} assumptions. Remove one first"));
    }
    let assumption = match sent {
        Sent::Credits => credits(visit, baseline, &mut problems),
        Sent::Units => units(visit, &mut problems),
    };
    assumption.filter(|_| problems.is_empty()).ok_or(problems)
}

fn credits(visit: &Visit, baseline: &Baseline, problems: &mut Problems) -> Option<Assumption> {
    let number = CREDITS.read(visit.query("credits")).map_err(|unfit| CREDITS.problem(unfit, "credits"));
    let credits = problems.take("credits", number).and_then(|number| Credits::new(number).ok());
    let at = problems.take("on", from_day(visit.query("on"), visit.now(), visit.zone()));
    let ends = problems.take("ends", parse_ends(visit.query("ends"), baseline).ok_or("Choose until when the credits count"));
    Some(Assumption::Added { credits: credits?, at: at?, ends: ends? })
}

fn units(visit: &Visit, problems: &mut Problems) -> Option<Assumption> {
    let solutions = &visit.portal().solutions;
    let feature = problems.take("feature", find(visit.query("feature"), solutions).ok_or("Choose a feature"));
    let many = feature.map_or("units", |feature| feature.unit.many.as_str());
    let number = problems.take("units", UNITS.read(visit.query("units")).map_err(|unfit| UNITS.problem(unfit, many)));
    let at = problems.take("from", from_day(visit.query("from"), visit.now(), visit.zone()));
    let charged = units_of(feature?.key.clone(), number?, at?, solutions);
    problems.take("units", charged.ok_or("So many units need more credits than there can be. Enter fewer"))
}

fn find<'s>(key: &str, solutions: &'s Solutions) -> Option<&'s Feature> {
    solutions.find(key).map(|(_, feature)| feature).filter(|feature| feature.is_allocatable())
}

/// The first instant of a typed day in the viewer's zone; today counts from now on.
fn from_day(typed: &str, now: Timestamp, zone: Zone) -> Result<Timestamp, String> {
    let last = Window::ThreeYears.end(now);
    let limits = format!("from {} (today) to {}, such as {}", show::date(now, zone), show::date(last, zone), day::of(now, zone));
    let day = day::parse_day(typed).ok_or_else(|| format!("Enter a date {limits}"))?;
    let at = day::begins_at(day, zone).filter(|at| day >= day::of(now, zone) && *at <= last);
    at.ok_or_else(|| format!("The date must be {limits}"))
}
