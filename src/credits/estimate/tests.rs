//! Estimates against the embedded solutions: what is typed, what it needs, and what is wrong with it.

use super::super::solutions::EMBEDDED;
use super::*;
use proptest::prelude::*;

fn solutions() -> Solutions {
    Solutions::parse(EMBEDDED).unwrap()
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn read(typed: &[(&str, &str)]) -> Result<Estimate, Vec<Wrong>> {
    Estimate::read(&pairs(typed), &solutions())
}

/// CRD-8: only what is typed counts; needed, current and remaining are those of the estimate and the pool.
#[test]
fn an_estimate_is_the_sum_of_what_was_typed() {
    let estimate = read(&[("years", "3"), ("endpoint-security_core", "1,000"), ("endpoint-security_xdr", " "), ("utm", "x")]).unwrap();
    let outcome = estimate.outcome(&solutions());
    assert_eq!((outcome.lines.len(), outcome.per_year, outcome.over_term), (1, 45_000, 135_000));
    let figures = Figures { total_valid: 50_000, allocated: 20_000 };
    let verdict = outcome.beside(figures, Against::Addition);
    assert_eq!((verdict.needed, verdict.current, verdict.remaining, verdict.missing()), (45_000, 30_000, -15_000, 15_000));
    assert_eq!(outcome.beside(figures, Against::Whole), Verdict { needed: 45_000, current: 30_000, remaining: 5_000 });
    assert!(read(&[("years", ""), ("endpoint-security_core", "")]).unwrap().is_empty());
}

/// CRD-7: Core of which some use Pro is charged as Pro for these, and what uses nothing costs nothing.
#[test]
fn units_are_charged_by_the_features_they_use() {
    let estimate = read(&[
        ("endpoint-security_core", "100"),
        ("endpoint-security_core_core", "60"),
        ("endpoint-security_core_pro", "10"),
        ("endpoint-security_pro_pro", "0"),
        ("endpoint-security_pro", "7"),
    ])
    .unwrap();
    let outcome = estimate.outcome(&solutions());
    assert_eq!(outcome.lines.iter().map(Line::per_year).collect::<Vec<_>>(), [60 * 45 + 10 * 300, 0]);
    assert_eq!(outcome.lines[0].charge.as_ref().unwrap().unused, 30);
    assert_eq!(Estimate::read(&estimate.pairs(), &solutions()).unwrap(), estimate);
}

#[test]
fn every_problem_is_said_at_once_in_words_with_the_limits() {
    let wrong = read(&[
        ("years", "6"),
        ("endpoint-security_core", "many"),
        ("endpoint-security_pro", "1"),
        ("endpoint-security_pro_pro", "2"),
        ("endpoint-security_gone", "1"),
        ("endpoint-security_xdr", "-1"),
    ])
    .unwrap_err();
    let fields: Vec<&str> = wrong.iter().map(|wrong| wrong.field.as_str()).collect();
    assert_eq!(fields, ["years", "endpoint-security_core", "", "endpoint-security_xdr", "endpoint-security_pro"]);
    assert!(wrong[0].words.contains("from 1 to 5") && wrong[1].words.contains("from 0 to 1,000,000,000"), "{wrong:?}");
    assert!(wrong[4].words.contains("more than the 1 there are"), "{wrong:?}");
    let most = UNITS_MAX.to_string();
    let wrong = read(&[("years", "5"), ("endpoint-security_pro", &most)]).unwrap_err();
    assert!(wrong[0].words.contains("1,000,000,000,000 credits"), "{wrong:?}");
}

#[test]
fn a_kept_estimate_keeps_what_is_no_longer_offered() {
    let estimate = Estimate::stored("years=9&against=whole&gone-solution_feature=5&endpoint-security_xdr=2&x=y");
    assert_eq!((estimate.years, estimate.against), (1, Against::Whole));
    let outcome = estimate.outcome(&solutions());
    assert_eq!(outcome.lines.iter().map(|line| line.key.as_str()).collect::<Vec<_>>(), ["endpoint-security/xdr", "gone-solution/feature"]);
    assert_eq!((outcome.per_year, outcome.lines[1].charge.clone()), (40, Err(NotChargeable::UnknownFeature)));
}

proptest! {
    /// CRD-8: an estimate survives its address and its store, and needs what each feature needs by itself.
    #[test]
    fn an_estimate_survives_its_address(units in prop::collection::vec(prop::option::of(0i64..100_000), 40), years in 1i64..6) {
        let solutions = solutions();
        let features: Vec<_> = solutions.features().map(|(_, feature)| feature).filter(|feature| feature.is_allocatable()).collect();
        let mut typed = pairs(&[("years", &years.to_string())]);
        let mut expected = 0;
        for (feature, units) in features.iter().zip(&units) {
            if let Some(units) = units {
                typed.push((field(&feature.key), units.to_string()));
                expected += feature.price.rate().and_then(|rate| rate.credits_for(*units)).map_or(0, crate::kernel::credits::Credits::get);
            }
        }
        let estimate = Estimate::read(&typed, &solutions).unwrap();
        prop_assert_eq!(&Estimate::read(&estimate.pairs(), &solutions).unwrap(), &estimate);
        prop_assert_eq!(&Estimate::stored(&estimate.text()), &estimate);
        let outcome = estimate.outcome(&solutions);
        prop_assert_eq!((outcome.per_year, outcome.over_term), (expected, expected * years));
    }
}
