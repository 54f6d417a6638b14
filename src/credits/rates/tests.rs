//! The rates model: the formula, editions by use, and what cannot be charged.

use super::*;
use crate::credits::solutions::EMBEDDED;
use proptest::prelude::*;
use std::sync::LazyLock;

static SOLUTIONS: LazyLock<Solutions> = LazyLock::new(|| Solutions::parse(EMBEDDED).unwrap());

fn rate(unit_size: i64, credits: i64) -> Rate {
    Rate::new(unit_size, Credits::new(credits).unwrap()).unwrap()
}

fn key(text: &str) -> FeatureKey {
    FeatureKey::parse(text).unwrap()
}

fn in_use(editions: &[(&str, i64)]) -> BTreeMap<FeatureKey, i64> {
    editions.iter().map(|(edition, units)| (key(&format!("endpoint-security/{edition}")), *units)).collect()
}

fn credits(feature: &str, units: &Units) -> i64 {
    charge(&SOLUTIONS, &key(feature), units).unwrap().credits.get()
}

/// CRD-3: ceiling(units / unit size) x credits per unit.
#[test]
fn a_begun_unit_costs_a_whole_one() {
    for (unit_size, credits, units, cost) in [
        (1, 20, 0, 0),
        (1, 20, 1, 20),
        (1, 20, 37, 740),
        (500, 12_500, 0, 0),
        (500, 12_500, 1, 12_500),
        (500, 12_500, 500, 12_500),
        (500, 12_500, 501, 25_000),
        (500_000, 5_000, 1_500_001, 20_000),
        (1, 0, 1_000_000, 0),
        (i64::MAX, 7, i64::MAX, 7),
        (1, 1, 1_000_000_000_000, 1_000_000_000_000),
    ] {
        assert_eq!(rate(unit_size, credits).credits_for(units).map(Credits::get), Some(cost), "{units} of {unit_size} at {credits}");
    }
}

/// CRD-3: what is not a number of units has no cost, rather than a wrong one.
#[test]
fn units_below_zero_and_costs_beyond_the_limit_are_refused() {
    assert_eq!(rate(1, 20).credits_for(-1), None);
    assert_eq!(rate(1, 20).credits_for(i64::MIN), None);
    assert_eq!(rate(1, 20).credits_for(i64::MAX), None);
    assert_eq!(rate(1, 1).credits_for(1_000_000_000_001), None);
    assert_eq!(Rate::new(0, Credits::ZERO), None);
    assert_eq!(Rate::new(-500, Credits::ZERO), None);
}

/// CRD-3: each counting basis of the demonstration's file, by its numbers.
#[test]
fn the_file_charges_what_the_vendor_publishes() {
    for (feature, units, cost) in [
        ("endpoint-security/xdr", 100, 2_000),
        ("endpoint-security/pro", 3, 900),
        ("network-security/virtual-sensor", 500, 12_500),
        ("network-security/virtual-sensor", 501, 25_000),
        ("zero-trust/static-ip", 257, 9_600),
        ("file-security/sdk", 1, 5_000),
        ("file-security/sdk", 500_001, 10_000),
        ("threat-intelligence/sandbox-reserve", 20, 1_000),
        ("zero-trust/internet-and-ai", 1_000, 85_000),
    ] {
        assert_eq!(credits(feature, &Units::of(units)), cost, "{units} of {feature}");
    }
}

/// CRD-7: Core with any Pro feature in use is charged as Pro, Pro with nothing used costs 0, and each endpoint counts once.
#[test]
fn endpoints_are_charged_by_the_features_that_they_use() {
    let core = "endpoint-security/core";
    let pro = "endpoint-security/pro";
    assert_eq!(credits(core, &Units::of(100)), 4_500, "all of them use what they were given");
    assert_eq!(credits(core, &Units::by_use(100, in_use(&[("core", 99), ("pro", 1)]))), 99 * 45 + 300);
    assert_eq!(credits(core, &Units::by_use(100, in_use(&[("pro", 100)]))), 30_000);
    assert_eq!(credits(pro, &Units::by_use(50, in_use(&[]))), 0);
    assert_eq!(credits(pro, &Units::by_use(50, in_use(&[("pro", 0)]))), 0);
    assert_eq!(credits(pro, &Units::by_use(50, in_use(&[("core", 10), ("essentials", 20), ("pro", 5)]))), 450 + 1_300 + 1_500);
    assert_eq!(credits(pro, &Units::of(50)), 15_000);
}

/// CRD-7: the explanation says why an endpoint costs what it costs.
#[test]
fn a_charge_explains_itself() {
    let explained = |feature: &str, units: &Units| {
        let (_, found) = SOLUTIONS.find(feature).unwrap();
        charge(&SOLUTIONS, &key(feature), units).unwrap().explain(&SOLUTIONS, found)
    };
    assert_eq!(explained("endpoint-security/xdr", &Units::of(1_200)), ["1,200 endpoints: 1,200 × 20 credits = 24,000 credits"]);
    assert_eq!(
        explained("network-security/virtual-sensor", &Units::of(1_200)),
        ["1,200 Mbps: 3 × 500 Mbps at 12,500 credits = 37,500 credits"]
    );
    assert_eq!(
        explained("endpoint-security/core", &Units::by_use(41, in_use(&[("core", 10), ("pro", 30)]))),
        [
            "10 endpoints: 10 × 45 credits = 450 credits",
            "30 endpoints are charged as Endpoint Security Pro, by the features used: 30 × 300 credits = 9,000 credits",
            "1 endpoint uses nothing and costs 0 credits",
        ]
    );
    assert_eq!(explained("endpoint-security/pro", &Units::of(0)), ["Nothing is in use: 0 credits"]);
}

/// CRD-7: rates are data: the same units in another file cost something else, and editions are another file's too.
#[test]
fn another_file_has_other_rates_and_other_editions() {
    let text = r#"
        [[solution]]
        key = "storage"
        name = "Storage"
        editions = ["cold", "hot"]
        [[solution.feature]]
        key = "cold"
        name = "Cold"
        unit = "TB"
        units = "TB"
        credits = 1
        basis = "features used"
        counted = "Every TB"
        pay_as_you_go = false
        [[solution.feature]]
        key = "hot"
        name = "Hot"
        unit = "TB"
        units = "TB"
        credits = 9
        basis = "features used"
        counted = "Every TB"
        pay_as_you_go = true
    "#;
    let other = Solutions::parse(text).unwrap();
    let used = [(key("storage/hot"), 2)].into_iter().collect();
    assert_eq!(charge(&other, &key("storage/cold"), &Units::by_use(5, used)).unwrap().credits.get(), 18);
    assert_eq!(charge(&other, &key("endpoint-security/core"), &Units::of(1)), Err(NotChargeable::UnknownFeature));
}

#[test]
fn what_cannot_be_charged_says_why() {
    let reason = |feature: &str, units: &Units| charge(&SOLUTIONS, &key(feature), units).unwrap_err();
    assert_eq!(reason("endpoint-security/none-such", &Units::of(1)), NotChargeable::UnknownFeature);
    assert_eq!(reason("container-security/nodes", &Units::of(1)), NotChargeable::OnRequest);
    assert_eq!(reason("cyber-risk/cloud-account", &Units::of(0)), NotChargeable::OnRequest);
    assert_eq!(reason("data-security/posture", &Units::of(1)), NotChargeable::NotCounted);
    for units in [-1, i64::MIN, i64::MAX] {
        assert_eq!(reason("endpoint-security/xdr", &Units::of(units)), NotChargeable::NotANumberOfUnits);
    }
    let core = "endpoint-security/core";
    assert_eq!(reason(core, &Units::by_use(9, in_use(&[("core", 5), ("pro", 5)]))), NotChargeable::MoreInUseThanUnits);
    assert_eq!(reason(core, &Units::by_use(9, in_use(&[("core", -1)]))), NotChargeable::NotANumberOfUnits);
    assert_eq!(reason(core, &Units::by_use(9, in_use(&[("core", i64::MAX), ("pro", i64::MAX)]))), NotChargeable::NotANumberOfUnits);
    assert_eq!(reason(core, &Units::by_use(9, in_use(&[("xdr", 1)]))), NotChargeable::NoSuchEdition(key("endpoint-security/xdr")));
    let xdr = "endpoint-security/xdr";
    assert_eq!(reason(xdr, &Units::by_use(9, in_use(&[("xdr", 1)]))), NotChargeable::NoSuchEdition(key(xdr)));
    let both = [(key(xdr), Units::of(1)), (key("container-security/nodes"), Units::of(1))].into_iter().collect();
    assert_eq!(charge_all(&SOLUTIONS, &both), Err((key("container-security/nodes"), NotChargeable::OnRequest)));
}

proptest! {
    /// CRD-3: never less than the exact share, never a whole unit more, and never less for more units.
    #[test]
    fn the_cost_is_the_exact_share_rounded_up_to_a_unit(unit_size in 1i64..10_000, credits in 0i64..20_000, units in 0i64..1_000_000) {
        let rate = rate(unit_size, credits);
        let cost = i128::from(rate.credits_for(units).unwrap().get());
        let exact = i128::from(units) * i128::from(credits);
        prop_assert!(cost * i128::from(unit_size) >= exact);
        prop_assert!((cost - i128::from(credits)) * i128::from(unit_size) < exact.max(1));
        prop_assert!(rate.credits_for(units + 1).unwrap() >= rate.credits_for(units).unwrap());
    }

    /// CRD-3, CRD-7: for any feature and any use, the sum of the lines is the charge, every unit is in one line or unused,
    /// it never costs less to use more, and no more than the dearest edition.
    #[test]
    fn a_charge_is_the_sum_of_its_lines(index in 0usize..28, total in 0i64..2_000_000, shares in prop::collection::vec(0i64..500_000, 3)) {
        let (_, feature) = SOLUTIONS.features().nth(index).unwrap();
        let mut units = Units::of(total);
        if !feature.editions.is_empty() {
            let in_use = feature.editions.iter().cloned().zip(shares.iter().copied()).collect();
            units = Units::by_use(total, in_use);
        }
        let fits = units.in_use().is_none_or(|in_use| in_use.values().sum::<i64>() <= total);
        match charge(&SOLUTIONS, &feature.key, &units) {
            Ok(charge) => {
                prop_assert!(feature.is_allocatable() && fits);
                prop_assert_eq!(charge.credits.get(), charge.lines.iter().map(|line| line.credits.get()).sum::<i64>());
                prop_assert_eq!(total, charge.unused + charge.lines.iter().map(|line| line.units).sum::<i64>());
                let most = feature.editions.last().unwrap_or(&feature.key);
                let dearest = SOLUTIONS.find(most.as_str()).and_then(|(_, dearest)| dearest.price.rate()).unwrap();
                prop_assert!(charge.credits <= dearest.credits_for(total).unwrap());
            }
            Err(NotChargeable::MoreInUseThanUnits) => prop_assert!(!fits),
            Err(reason) => prop_assert!(!feature.is_allocatable(), "{:?} of {}", reason, feature.key),
        }
    }
}
