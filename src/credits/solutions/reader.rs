//! From TOML to checked solutions: each table in its turn, then what has to fit across tables (editions, keys twice).

use super::fields::{Fields, Page, Placed, integer};
use super::{Basis, Feature, FeatureKey, MonthCredits, Price, Problems, Solution, Unit, is_key_part};
use crate::credits::rates::Rate;
use crate::kernel::credits::Credits;
use std::collections::BTreeSet;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

const NAME_CHARS_MAX: usize = 120;
const SIZE_MAX: i64 = 1_000_000_000_000;
const CREDITS_MAX: i64 = 1_000_000_000;
const CONTACT_US: &str = "contact us";

pub(super) fn read(text: &str) -> Result<Vec<Solution>, Problems> {
    let root = DeTable::parse(text).map_err(|error| Problems(vec![error.to_string().trim().to_owned()]))?;
    let mut page = Page::of(text);
    for key in root.get_ref().keys().filter(|key| key.get_ref() != "solution") {
        page.problem(&key.span(), key.get_ref(), "not a part of a solutions file");
    }
    let root = Placed { at: String::new(), table: root.get_ref(), span: 0..0 };
    let mut solutions: Vec<Solution> = Vec::new();
    for placed in tables(&root, "solution", &mut page) {
        let Some(read) = solution(&placed, &mut page) else { continue };
        if solutions.iter().any(|other| other.key == read.key) {
            page.problem(&placed.span, &format!("{}, key", placed.at), "this key is there twice");
        }
        solutions.push(read);
    }
    if page.problems.is_empty() { Ok(solutions) } else { Err(Problems(page.problems)) }
}

/// The tables of a list with the place of each, such as `solution 3 (Network Security)`.
fn tables<'t>(parent: &Placed<'t>, name: &'static str, page: &mut Page<'_>) -> Vec<Placed<'t>> {
    let list = parent.table.get(name);
    let items: Vec<&'t Spanned<DeValue<'t>>> = list.and_then(|value| value.get_ref().as_array()).into_iter().flatten().collect();
    let before = if parent.at.is_empty() { String::new() } else { format!("{}, ", parent.at) };
    let placed = |(index, item): (usize, &&'t Spanned<DeValue<'t>>)| {
        let table = item.get_ref().as_table()?;
        let called = table.get("name").and_then(|name| name.get_ref().as_str()).map(|name| format!(" ({name})")).unwrap_or_default();
        Some(Placed { at: format!("{before}{name} {}{called}", index + 1), table, span: item.span() })
    };
    let found: Vec<_> = items.iter().enumerate().filter_map(placed).collect();
    if found.is_empty() || found.len() < items.len() {
        let span = list.map_or_else(|| parent.span.clone(), Spanned::span);
        page.problem(&span, &format!("{before}{name}"), "one or more tables and nothing else are needed");
    }
    found
}

fn solution(placed: &Placed<'_>, page: &mut Page<'_>) -> Option<Solution> {
    let features: Vec<_> = tables(placed, "feature", page);
    let mut fields = Fields::of(placed, page);
    let key = key(&mut fields);
    let name = fields.line("name", NAME_CHARS_MAX);
    fields.skip("feature");
    fields.skip("editions");
    fields.finish();
    // Without a key of its own a solution's features are read all the same, for their problems.
    let solution_key = key.clone().unwrap_or_default();
    let mut read: Vec<Feature> = features.iter().filter_map(|placed| feature(&solution_key, placed, page)).collect();
    let twice = report_twice(&features, &read, page);
    let all_read = read.len() == features.len() && !twice;
    editions(placed, &solution_key, &mut read, all_read, page)?;
    all_read.then_some(Solution { key: key?, name: name?, features: read })
}

/// Whether two features of a solution have one key.
fn report_twice(placed: &[Placed<'_>], read: &[Feature], page: &mut Page<'_>) -> bool {
    let mut seen = BTreeSet::new();
    let mut twice = false;
    for feature in read {
        if !seen.insert(&feature.key) {
            let last =
                placed.iter().rev().find(|placed| placed.table.get("name").and_then(|name| name.get_ref().as_str()) == Some(&feature.name));
            let (at, span) = last.map_or_else(|| (feature.name.clone(), 0..0), |placed| (placed.at.clone(), placed.span.clone()));
            page.problem(&span, &format!("{at}, key"), "this key is there twice");
            twice = true;
        }
    }
    twice
}

fn key(fields: &mut Fields<'_, '_, '_>) -> Option<String> {
    let what = "1 to 60 lower-case letters, digits and hyphens are needed";
    fields.read("key", what, |value| value.as_str().filter(|text| is_key_part(text)).map(str::to_owned))
}

fn feature(solution: &str, placed: &Placed<'_>, page: &mut Page<'_>) -> Option<Feature> {
    let mut fields = Fields::of(placed, page);
    let key = key(&mut fields);
    let name = fields.line("name", NAME_CHARS_MAX);
    let basis = fields.read("basis", &one_of_the_bases(), |value| Basis::parse(value.as_str()?));
    let unit = unit(&mut fields, basis);
    let price = price(&mut fields, unit.as_ref());
    let month = if fields.has("month_credits") {
        let what = "a number as text such as \"4.17\" is needed, with four decimals at most";
        fields.read("month_credits", what, |value| MonthCredits::parse(value.as_str()?)).map(Some)
    } else {
        Some(None)
    };
    let annual_is_derived = if fields.has("annual_is_derived") { fields.flag("annual_is_derived") } else { Some(false) };
    let counted = fields.line("counted", 240);
    let pay_as_you_go = fields.flag("pay_as_you_go");
    if basis == Some(Basis::NotCounted) && price.is_some_and(|price| price.rate().is_none_or(|rate| !rate.credits_per_unit().is_zero())) {
        fields.problem("credits", "must be 0 where nothing is counted");
    }
    fields.finish();
    Some(Feature {
        key: FeatureKey::join(solution, &key?),
        name: name?,
        unit: unit?,
        price: price?,
        month: month?,
        annual_is_derived: annual_is_derived?,
        basis: basis?,
        counted: counted?,
        pay_as_you_go: pay_as_you_go?,
        editions: Vec::new(),
    })
}

fn one_of_the_bases() -> String {
    let words: Vec<_> = Basis::ALL.iter().map(|basis| format!("{:?}", basis.as_str())).collect();
    format!("one of {} is needed", words.join(", "))
}

fn unit(fields: &mut Fields<'_, '_, '_>, basis: Option<Basis>) -> Option<Unit> {
    let size = if fields.has("unit_size") { fields.whole("unit_size", 1, SIZE_MAX) } else { Some(1) };
    if basis == Some(Basis::NotCounted) && !fields.has("unit") && !fields.has("units") {
        return Some(Unit { one: "unit".to_owned(), many: "units".to_owned(), size: size? });
    }
    let (one, many) = (fields.line("unit", 60), fields.line("units", 60));
    Some(Unit { one: one?, many: many?, size: size? })
}

fn price(fields: &mut Fields<'_, '_, '_>, unit: Option<&Unit>) -> Option<Price> {
    let what = "a whole number of credits from 0 to 1,000,000,000, or \"contact us\", is needed";
    let credits = |value: &DeValue<'_>| match (value.as_str(), integer(value)) {
        (Some(CONTACT_US), _) => Some(None),
        (_, Some(number)) if (0..=CREDITS_MAX).contains(&number) => Credits::new(number).ok().map(Some),
        _ => None,
    };
    match fields.read("credits", what, credits)? {
        None => Some(Price::OnRequest),
        Some(credits) => Rate::new(unit?.size, credits).map(Price::Known),
    }
}

/// Reads `editions` and tells each of the features; `None` when they do not fit.
fn editions(placed: &Placed<'_>, solution: &str, features: &mut [Feature], all_read: bool, page: &mut Page<'_>) -> Option<()> {
    let mut fields = Fields::of(placed, page);
    let named: Vec<String> = if fields.has("editions") {
        let names = |value: &DeValue<'_>| {
            let list: Option<Vec<String>> = value.as_array()?.iter().map(|name| Some(name.get_ref().as_str()?.to_owned())).collect();
            list.filter(|list| list.len() >= 2 && list.iter().collect::<BTreeSet<_>>().len() == list.len())
        };
        fields.read("editions", "a list of two or more different keys of features of this solution is needed", names)?
    } else {
        Vec::new()
    };
    if !all_read {
        return None; // what is wrong with the features has been said
    }
    let keys: Vec<FeatureKey> = named.iter().map(|name| FeatureKey::join(solution, name)).collect();
    let problem = misfit(&keys, features);
    if let Some(problem) = problem {
        fields.problem("editions", &problem);
        return None;
    }
    for feature in features.iter_mut().filter(|feature| feature.basis == Basis::FeaturesUsed) {
        feature.editions.clone_from(&keys);
    }
    Some(())
}

/// Why these are not editions of one thing, from the least to the most.
fn misfit(keys: &[FeatureKey], features: &[Feature]) -> Option<String> {
    let mut before: Option<&Feature> = None;
    for key in keys {
        let Some(feature) = features.iter().find(|feature| feature.key == *key) else {
            return Some(format!("there is no feature {:?}", key.feature()));
        };
        let Some(rate) = feature.price.rate() else { return Some(format!("the rate of {:?} must be known", key.feature())) };
        if feature.basis != Basis::FeaturesUsed {
            return Some(format!("the basis of {:?} must be \"features used\"", key.feature()));
        }
        let lower = before.and_then(|before| Some((before, before.price.rate()?)));
        if lower.is_some_and(|(before, lower)| before.unit != feature.unit || rate.credits_per_unit() < lower.credits_per_unit()) {
            return Some(format!("{:?} must count the same units as the one before and not cost less", key.feature()));
        }
        before = Some(feature);
    }
    let outside = features.iter().find(|feature| feature.basis == Basis::FeaturesUsed && !keys.contains(&feature.key))?;
    Some(format!("{:?} is charged by features used and is not among them", outside.key.feature()))
}
