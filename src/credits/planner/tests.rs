//! The planner against a reference that knows no events: at each instant it asks of every single credit whether it counts.

use super::*;
use chrono::TimeDelta;
use proptest::prelude::*;

fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn now() -> Timestamp {
    instant("2026-03-02T09:00:00Z")
}

fn day(number: i64) -> Timestamp {
    now() + TimeDelta::days(number)
}

fn contract(number: u128) -> ContractId {
    ContractId::from_uuid(uuid::Uuid::from_u128(number))
}

fn holding(number: u128, credits: i64, ends_at: Timestamp, renews: bool) -> Holding {
    let anchor = ends_at - TimeDelta::days(365);
    Holding { contract: contract(number), product: "One".to_owned(), agreement: format!("agmt-{number}"), renews, anchor, ends_at, credits }
}

fn feature(name: &str) -> FeatureKey {
    FeatureKey::parse(name).unwrap()
}

fn added(credits: i64, at: Timestamp, ends: Ends) -> Assumption {
    Assumption::Added { credits: Credits::new(credits).unwrap(), at, ends }
}

fn units(name: &str, credits: i64, at: Timestamp) -> Assumption {
    Assumption::Units { feature: feature(name), units: credits, credits: Credits::new(credits).unwrap(), at }
}

fn baseline(holdings: Vec<Holding>, reserved: &[(&str, i64)]) -> Baseline {
    Baseline { as_of: now(), holdings, reserved: reserved.iter().map(|(key, credits)| ((*key).to_owned(), *credits)).collect() }
}

fn balances(plan: &Plan) -> Vec<(Timestamp, i64)> {
    plan.steps().iter().map(|step| (step.at, step.figures.balance())).collect()
}

/// CRD-10: not renewed, added and grown together, each exact to its instant.
#[test]
fn assumptions_work_together_and_change_the_balance_at_their_instant() {
    let base = baseline(vec![holding(1, 1_000, day(100), true), holding(2, 500, day(200), false)], &[("a/b", 300)]);
    assert_eq!(balances(&Plan::new(&base, &[], Window::Year)), [(day(100), 1_200), (day(200), 700)]);
    let plan = Plan::new(
        &base,
        &[Assumption::NotRenewed(contract(1)), added(250, day(50), Ends::With(contract(1))), units("a/b", 800, day(150))],
        Window::Year,
    );
    assert_eq!(balances(&plan), [(day(50), 1_450), (day(100), 200), (day(150), -300), (day(200), -800)]);
    assert_eq!(plan.first_negative().map(|(at, figures)| (at, figures.balance())), Some((day(150), -300)));
    assert_eq!(plan.lowest(), (day(200), -800));
    assert_eq!(plan.purchases(), [Purchase { by: day(150), credits: 300 }, Purchase { by: day(200), credits: 500 }]);
    assert_eq!(plan.at(day(150) - TimeDelta::microseconds(1)).balance(), 200);
}

/// TIM-2: renewals end at the anchor's date of each year, 29 February back again in a leap year.
#[test]
fn renewals_are_counted_from_the_anchor() {
    let mut leap = holding(1, 10, instant("2026-02-28T10:00:00Z"), true);
    leap.anchor = instant("2024-02-29T10:00:00Z");
    let base = Baseline { as_of: instant("2026-02-01T00:00:00Z"), ..baseline(vec![leap.clone()], &[]) };
    let ends = |base: &Baseline| Plan::new(base, &[], Window::ThreeYears).steps().iter().map(|step| step.at).collect::<Vec<_>>();
    let expected = ["2026-02-28T10:00:00Z", "2027-02-28T10:00:00Z", "2028-02-29T10:00:00Z"].map(instant);
    assert_eq!(ends(&base), expected);
    // An anchor that leads to another end is not this contract's: its end is then the anchor of what follows.
    leap.anchor = instant("2025-07-01T00:00:00Z");
    let base = Baseline { holdings: vec![leap], ..base };
    assert_eq!(ends(&base)[2], instant("2028-02-28T10:00:00Z"));
}

/// CRD-10: an upgrade ends with its contract, a license of its own after 12 months, and a renewed one stays.
#[test]
fn added_credits_end_as_they_were_assumed_to() {
    let base = baseline(vec![holding(1, 100, day(30), false)], &[]);
    let totals = |ends| {
        let plan = Plan::new(&base, &[added(7, day(10), ends)], Window::TwoYears);
        [day(9), day(10), day(30), day(374), day(375), day(500)].map(|at| plan.at(at).total_valid)
    };
    assert_eq!(totals(Ends::With(contract(1))), [100, 107, 0, 0, 0, 0]);
    assert_eq!(totals(Ends::Once), [100, 107, 7, 7, 0, 0]);
    assert_eq!(totals(Ends::Yearly), [100, 107, 7, 7, 7, 7]);
    for without in [
        added(7, day(30), Ends::With(contract(1))),
        added(7, day(1_000), Ends::Once),
        added(7, day(-400), Ends::Once),
        units("a/b", 5, day(1_000)),
    ] {
        let plan = Plan::new(&base, std::slice::from_ref(&without), Window::TwoYears);
        assert_eq!((plan.without_effect(), plan.steps().len()), (&[0][..], 1), "{without:?}");
    }
}

/// CRD-10: what has passed counts from now on, and the opening stays what it is today.
#[test]
fn an_assumption_of_the_past_holds_from_now_on() {
    let base = baseline(vec![holding(1, 100, day(30), false)], &[("a/b", 50)]);
    let plan = Plan::new(&base, &[units("a/b", 20, day(-1)), units("a/b", 170, day(-5)), added(5, day(-3), Ends::Once)], Window::Year);
    assert_eq!((plan.opening().balance(), plan.at(now()).balance()), (50, 85));
    assert_eq!(plan.first_negative().map(|(at, _)| at), Some(day(30)));
    let short = Plan::new(&base, &[units("a/b", 170, day(-5))], Window::Year);
    assert_eq!(short.purchases(), [Purchase { by: now(), credits: 70 }, Purchase { by: day(30), credits: 100 }]);
}

#[derive(Clone, Debug)]
struct Seeds {
    holdings: Vec<(i64, i64, bool)>,
    reserved: Vec<i64>,
    assumptions: Vec<(u8, usize, i64, i64)>,
}

fn seeds() -> impl Strategy<Value = Seeds> {
    let holdings = prop::collection::vec((1i64..500, 1i64..1_200, any::<bool>()), 0..5);
    let assumptions = prop::collection::vec((0u8..6, 0usize..5, 0i64..600, -400i64..1_200), 0..7);
    (holdings, prop::collection::vec(0i64..400, 3), assumptions).prop_map(|(holdings, reserved, assumptions)| Seeds {
        holdings,
        reserved,
        assumptions,
    })
}

const FEATURES: [&str; 3] = ["a/a", "a/b", "c/d"];

fn stage(seeds: &Seeds) -> (Baseline, Vec<Assumption>) {
    let holdings = seeds.holdings.iter().enumerate();
    let mut holdings: Vec<Holding> =
        holdings.map(|(number, (credits, end, renews))| holding(number as u128, *credits, day(*end), *renews)).collect();
    holdings.sort_by_key(|holding| holding.ends_at);
    let reserved: Vec<(&str, i64)> = FEATURES.into_iter().zip(seeds.reserved.iter().copied()).collect();
    let assumption = |(kind, which, number, at): &(u8, usize, i64, i64)| match kind {
        0 => Assumption::NotRenewed(contract(*which as u128)),
        1 => Assumption::Renewed(contract(*which as u128)),
        2 => added(*number, day(*at), Ends::With(contract(*which as u128))),
        3 => added(*number, day(*at), Ends::Once),
        4 => added(*number, day(*at), Ends::Yearly),
        _ => units(FEATURES[which % 3], *number, day(*at)),
    };
    (baseline(holdings, &reserved), seeds.assumptions.iter().map(assumption).collect())
}

/// Whether a contract's credits count at an instant, without any chain of terms: to its end, or for good when it renews.
fn counts(base: &Baseline, assumptions: &[Assumption], number: ContractId, at: Timestamp) -> bool {
    let Some(holding) = base.holdings.iter().find(|holding| holding.contract == number) else { return false };
    let mut renews = holding.renews;
    for assumption in assumptions {
        match assumption {
            Assumption::NotRenewed(contract) if *contract == number => renews = false,
            Assumption::Renewed(contract) if *contract == number => renews = true,
            _ => {}
        }
    }
    renews || at < holding.ends_at
}

fn reference(base: &Baseline, assumptions: &[Assumption], at: Timestamp) -> Figures {
    let mut total_valid = 0;
    for holding in &base.holdings {
        total_valid += if counts(base, assumptions, holding.contract, at) { holding.credits } else { 0 };
    }
    let mut latest: BTreeMap<&str, (Timestamp, i64)> = BTreeMap::new();
    for assumption in assumptions {
        match assumption {
            Assumption::Added { credits, at: from, ends } if *from <= at => {
                let a_year = from.checked_add_months(Months::new(12)).unwrap();
                let lasts = match ends {
                    Ends::With(contract) => counts(base, assumptions, *contract, at),
                    Ends::Once => at < a_year,
                    Ends::Yearly => true,
                };
                total_valid += if lasts { credits.get() } else { 0 };
            }
            Assumption::Units { feature, credits, at: from, .. } if *from <= at => {
                let said = latest.entry(feature.as_str()).or_insert((*from, credits.get()));
                if *from >= said.0 {
                    *said = (*from, credits.get());
                }
            }
            _ => {}
        }
    }
    let reserved = |key: &str, today: i64| latest.get(key).map_or(today, |(_, credits)| *credits);
    Figures { total_valid, allocated: base.reserved.iter().map(|(key, credits)| reserved(key, *credits)).sum() }
}

fn probes(base: &Baseline, plan: &Plan) -> Vec<Timestamp> {
    let microsecond = TimeDelta::microseconds(1);
    let days = (0..=36 * 31).map(day);
    let around = plan.steps().iter().flat_map(|step| [step.at - microsecond, step.at, step.at + microsecond]);
    days.chain(around).chain([plan.to()]).filter(|at| *at >= base.as_of && *at <= plan.to()).collect()
}

proptest! {
    /// CRD-10: on every day and around every event the plan is what the reference counts; the first negative date and the
    /// lowest balance are those of the reference too.
    #[test]
    fn a_plan_is_what_the_reference_counts_at_every_instant(seeds in seeds()) {
        let (base, assumptions) = stage(&seeds);
        let plan = Plan::new(&base, &assumptions, Window::ThreeYears);
        let mut probes = probes(&base, &plan);
        probes.sort_unstable();
        let mut first = None;
        let mut lowest = i64::MAX;
        for at in probes {
            let expected = reference(&base, &assumptions, at);
            prop_assert_eq!(plan.at(at), expected, "{}", at);
            lowest = lowest.min(expected.balance());
            if expected.balance() < 0 && first.is_none() {
                first = Some(at);
            }
        }
        prop_assert_eq!(plan.first_negative().map(|(at, _)| at), first);
        prop_assert_eq!(plan.lowest().1, lowest);
    }

    /// CRD-10: with what it says to buy the balance is never below zero, with one credit less, or a microsecond later, it is.
    #[test]
    fn what_to_buy_is_enough_and_one_less_or_later_is_not(seeds in seeds()) {
        let (base, assumptions) = stage(&seeds);
        let purchases = Plan::new(&base, &assumptions, Window::ThreeYears).purchases();
        let buying = |less: Option<(usize, i64, TimeDelta)>| {
            let bought = purchases.iter().enumerate().map(|(place, purchase)| match less {
                Some((which, fewer, later)) if which == place => added(purchase.credits - fewer, purchase.by + later, Ends::Yearly),
                _ => added(purchase.credits, purchase.by, Ends::Yearly),
            });
            Plan::new(&base, &assumptions.iter().cloned().chain(bought).collect::<Vec<_>>(), Window::ThreeYears)
        };
        prop_assert_eq!(buying(None).first_negative(), None);
        for (place, purchase) in purchases.iter().enumerate() {
            prop_assert!(buying(Some((place, 1, TimeDelta::zero()))).first_negative().is_some());
            let later = TimeDelta::microseconds(1);
            let late = buying(Some((place, 0, later)));
            prop_assert_eq!(late.first_negative().map(|(at, _)| at), Some(purchase.by).filter(|by| *by <= late.to()));
        }
    }
}
