//! A plan in words: what is assumed, what happens when, and what to buy.

use super::credits::Instant;
use super::planner_address::Asked;
use crate::credits::ledger::Figures;
use crate::credits::planner::{Assumption, Baseline, Ends, Event, Plan, Step, What, renews};
use crate::credits::solutions::Solutions;
use crate::kernel::clock::Timestamp;
use crate::kernel::credits::Credits;
use crate::kernel::id::ContractId;
use crate::kernel::show::{self, Zone};
use crate::web::chart::{Plot, Series, StepChart};

/// The table on the page ends there; the CSV has every row.
const STEPS_SHOWN: usize = 100;
/// Contracts that the page offers to think about, those that end first.
pub(super) const CONTRACTS_SHOWN: usize = 50;
/// Events of one instant that a row names.
const EVENTS_NAMED: usize = 4;

/// Puts a plan's parts into words.
#[derive(Clone, Copy)]
pub(super) struct Words<'p> {
    pub baseline: &'p Baseline,
    pub assumptions: &'p [Assumption],
    pub solutions: &'p Solutions,
    pub zone: Zone,
}

impl Words<'_> {
    fn contract(self, contract: ContractId) -> String {
        self.baseline.find(contract).map_or_else(|| contract.to_string(), |held| format!("{} ({})", held.product, held.agreement))
    }

    fn units(self, place: usize) -> String {
        match &self.assumptions[place] {
            Assumption::Units { feature, units, .. } => match self.solutions.find(feature.as_str()) {
                Some((_, known)) => format!("{} at {}", known.name, known.unit.count(*units)),
                None => feature.to_string(),
            },
            _ => String::new(),
        }
    }

    /// An assumption in a sentence.
    pub fn assumption(self, assumption: &Assumption, place: usize) -> String {
        let from = |at: Timestamp| {
            if at <= self.baseline.as_of { "from now on".to_owned() } else { format!("from {}", show::date_time(at, self.zone)) }
        };
        match assumption {
            Assumption::NotRenewed(contract) => format!("{} is not renewed", self.contract(*contract)),
            Assumption::Renewed(contract) => format!("{} is renewed each year", self.contract(*contract)),
            Assumption::Added { credits, at, ends } => {
                let until = match ends {
                    Ends::With(contract) => format!("with {}", self.contract(*contract)),
                    Ends::Once => "for 12 months".to_owned(),
                    Ends::Yearly => "renewed every year".to_owned(),
                };
                format!("{} are added {}, {until}", show::count(credits.get(), "credit"), from(*at))
            }
            Assumption::Units { at, .. } => format!("{} {}", self.units(place), from(*at)),
        }
    }

    /// An event in a sentence without its number.
    pub fn event(self, event: &Event) -> String {
        match event.what {
            What::Expired(contract) => format!("{} reaches its end", self.contract(contract)),
            What::Renewed(contract) => format!("{} is renewed", self.contract(contract)),
            What::Added(_) => "Credits are added".to_owned(),
            What::AddedExpired(_) => "Added credits reach their end".to_owned(),
            What::AddedRenewed(_) => "Added credits are renewed".to_owned(),
            What::Reserved(place) => format!("{} (allocated)", self.units(place)),
        }
    }

    fn step(self, step: &Step) -> String {
        let renewed = |event: &Event| match event.what {
            What::Expired(contract) => step.events.iter().any(|other| other.what == What::Renewed(contract)),
            What::AddedExpired(place) => step.events.iter().any(|other| other.what == What::AddedRenewed(place)),
            _ => false,
        };
        // An end whose next term begins at the same instant is said once: as the renewal that it is.
        let named: Vec<&Event> = step.events.iter().filter(|event| !renewed(event)).collect();
        let said = |event: &&Event| match event.what {
            What::Renewed(_) | What::AddedRenewed(_) => format!("{}: {}", self.event(event), show::count(event.credits, "credit")),
            _ => format!("{}: {}", self.event(event), signed(event.credits)),
        };
        let mut words: Vec<String> = named.iter().take(EVENTS_NAMED).map(said).collect();
        if named.len() > EVENTS_NAMED {
            words.push(format!("and {} more", show::group_len(named.len() - EVENTS_NAMED)));
        }
        words.join("; ")
    }
}

fn signed(credits: i64) -> String {
    if credits > 0 { format!("+{}", show::group(credits)) } else { show::group(credits) }
}

pub(super) struct AssumptionRow {
    pub text: String,
    pub remove: String,
    pub without_effect: bool,
}

pub(super) struct StepRow {
    pub at: Instant,
    pub what: String,
    pub valid: String,
    pub allocated: String,
    pub balance: String,
    pub negative: bool,
}

pub(super) struct PurchaseRow {
    pub by: Instant,
    pub credits: String,
    /// The plan with this purchase in it.
    pub try_it: String,
}

pub(super) struct ContractRow {
    pub name: String,
    pub credits: String,
    pub ends: Instant,
    pub renews: bool,
    pub assumed: bool,
    pub change: String,
}

/// What a plan says first: when the balance turns negative, how low it gets, and where it ends.
pub(super) struct Outlook {
    pub today: String,
    pub today_negative: bool,
    pub lowest: String,
    pub lowest_at: String,
    pub lowest_negative: bool,
    pub closing: String,
    pub closing_at: String,
    pub closing_negative: bool,
    pub first_negative: Option<Instant>,
    /// The missing credits at that instant.
    pub short_by: String,
    pub purchases: Vec<PurchaseRow>,
    pub in_all: String,
}

pub(super) fn assumptions(asked: &Asked, plan: &Plan, words: Words<'_>) -> Vec<AssumptionRow> {
    let row = |(place, assumption): (usize, &Assumption)| AssumptionRow {
        text: words.assumption(assumption, place),
        remove: asked.without(place),
        without_effect: plan.without_effect().contains(&place),
    };
    asked.assumptions.iter().enumerate().map(row).collect()
}

pub(super) fn outlook(asked: &Asked, plan: &Plan, zone: Zone) -> Outlook {
    let (lowest_at, lowest) = plan.lowest();
    let (today, closing) = (plan.at(plan.from()).balance(), plan.closing().balance());
    let purchases = plan.purchases();
    let purchase = |by: Timestamp, credits: i64| PurchaseRow {
        by: Instant::full(by, zone),
        credits: show::group(credits),
        try_it: Credits::new(credits)
            .map_or_else(|_| String::new(), |credits| asked.with(Assumption::Added { credits, at: by, ends: Ends::Yearly })),
    };
    let first = plan.first_negative();
    Outlook {
        today: show::group(today),
        today_negative: today < 0,
        lowest: show::group(lowest),
        lowest_at: show::date_time(lowest_at, zone),
        lowest_negative: lowest < 0,
        closing: show::group(closing),
        closing_at: show::date(plan.to(), zone),
        closing_negative: closing < 0,
        first_negative: first.map(|(at, _)| Instant::full(at, zone)),
        short_by: first.map_or_else(String::new, |(_, figures)| show::count(-figures.balance(), "credit")),
        in_all: show::count(purchases.iter().map(|purchase| purchase.credits).sum(), "credit"),
        purchases: purchases.iter().map(|bought| purchase(bought.by, bought.credits)).collect(),
    }
}

/// The steps as rows, from today's figures on; at most [`STEPS_SHOWN`], and what is said when that is not all.
pub(super) fn steps(plan: &Plan, words: Words<'_>) -> (Vec<StepRow>, Option<String>) {
    let row = |at: Timestamp, what: String, figures: Figures| StepRow {
        at: Instant::full(at, words.zone),
        what,
        valid: show::group(figures.total_valid),
        allocated: show::group(figures.allocated),
        balance: show::group(figures.balance()),
        negative: figures.balance() < 0,
    };
    let mut rows = vec![row(plan.from(), "Today".to_owned(), plan.opening())];
    rows.extend(plan.steps().iter().take(STEPS_SHOWN).map(|step| row(step.at, words.step(step), step.figures)));
    if plan.steps().len() <= STEPS_SHOWN {
        rows.push(row(plan.to(), "End of the window".to_owned(), plan.closing()));
        return (rows, None);
    }
    let cut = format!("The first {STEPS_SHOWN} of {} steps. The CSV has all of them.", show::group_len(plan.steps().len()));
    (rows, Some(cut))
}

pub(super) fn contracts(asked: &Asked, words: Words<'_>) -> Vec<ContractRow> {
    let row = |held: &crate::credits::planner::Holding| {
        let renewed = renews(held, &asked.assumptions);
        ContractRow {
            name: words.contract(held.contract),
            credits: show::group(held.credits),
            ends: Instant::full(held.ends_at, words.zone),
            renews: renewed,
            assumed: renewed != held.renews,
            change: asked.with_fate(held.contract, !renewed, held.renews),
        }
    };
    words.baseline.holdings.iter().take(CONTRACTS_SHOWN).map(row).collect()
}

pub(super) fn chart(plan: &Plan, zone: Zone) -> StepChart {
    let opening = plan.at(plan.from());
    let points = |value: fn(Figures) -> i64| {
        let later = plan.steps().iter().filter(|step| step.at > plan.from());
        later.map(|step| (step.at, value(step.figures))).collect()
    };
    let valid: fn(Figures) -> i64 = |figures| figures.total_valid;
    let allocated: fn(Figures) -> i64 = |figures| figures.allocated;
    let end = plan.closing();
    let moved = |from: i64, to: i64| format!("go from {} to {}", show::group(from), show::group(to));
    let description = format!(
        "From {} to {}, valid credits {} and allocated credits {}, in {}. The table below has every value.",
        show::date(plan.from(), zone),
        show::date(plan.to(), zone),
        moved(opening.total_valid, end.total_valid),
        moved(opening.allocated, end.allocated),
        show::count(i64::try_from(plan.steps().len()).unwrap_or(i64::MAX), "step"),
    );
    StepChart::draw(&Plot {
        id: "plan-chart",
        title: "Valid and allocated credits in the time to come".to_owned(),
        description,
        unit: "Credits",
        from: plan.from(),
        to: plan.to(),
        zone,
        series: vec![
            Series { name: "Valid", class: "chart-line-valid", opening: valid(opening), steps: points(valid) },
            Series { name: "Allocated", class: "chart-line-allocated", opening: allocated(opening), steps: points(allocated) },
        ],
    })
}
