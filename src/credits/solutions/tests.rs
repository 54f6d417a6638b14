//! The solutions file: what the program brings along, and that every problem of a file is told at once with its line.

use super::*;

#[test]
fn the_file_that_the_program_brings_along_is_the_vendors_list() {
    let solutions = Solutions::parse(EMBEDDED).unwrap();
    assert_eq!((solutions.all().len(), solutions.features().count()), (10, 28));
    let (solution, core) = solutions.find("endpoint-security/core").unwrap();
    assert_eq!((solution.name.as_str(), core.name.as_str()), ("Endpoint Security", "Endpoint Security Core"));
    assert_eq!(core.rate_in_words(), "45 credits per endpoint and year");
    assert_eq!(core.editions.iter().map(FeatureKey::feature).collect::<Vec<_>>(), ["core", "essentials", "pro"]);
    let (_, sensor) = solutions.find("network-security/virtual-sensor").unwrap();
    assert_eq!(sensor.rate_in_words(), "12,500 credits per 500 Mbps and year");
    assert_eq!(sensor.month.unwrap().to_string(), "1,041.67");
    assert!(sensor.annual_is_derived && sensor.is_allocatable() && sensor.editions.is_empty());
    let on_request: Vec<_> =
        solutions.features().filter(|(_, feature)| feature.price == Price::OnRequest).map(|(_, f)| f.key.as_str()).collect();
    assert_eq!(on_request, ["cyber-risk/cloud-account", "container-security/nodes"]);
    assert!(solutions.features().filter(|(_, feature)| feature.price == Price::OnRequest).all(|(_, f)| !f.is_allocatable()));
    assert_eq!(solutions.features().filter(|(_, feature)| feature.pay_as_you_go).count(), 7);
}

#[test]
fn all_problems_are_told_at_once_with_line_and_place() {
    let text = r#"colour = "red"
[[solution]]
key = "Bad Key"
name = "One"
[[solution.feature]]
key = "a"
name = " "
unit = "user"
credits = 1.5
month_credits = 4.17
basis = "guessing"
counted = "x"
pay_as_you_go = "no"
speed = 1
[[solution]]
key = "two"
name = "Two"
editions = ["a", "z"]
[[solution.feature]]
key = "a"
name = "A"
unit = "user"
units = "users"
unit_size = 0
credits = -1
basis = "none"
counted = "x"
pay_as_you_go = true
"#;
    let Err(Problems(problems)) = Solutions::parse(text) else { panic!("the file must be refused") };
    let expected = [
        "line 1, colour",
        "line 3, solution 1 (One), key",
        "solution 1 (One), feature 1 ( ), units",
        "line 7, solution 1 (One), feature 1 ( ), name",
        "line 9, solution 1 (One), feature 1 ( ), credits",
        "line 10, solution 1 (One), feature 1 ( ), month_credits",
        "line 11, solution 1 (One), feature 1 ( ), basis",
        "line 13, solution 1 (One), feature 1 ( ), pay_as_you_go",
        "line 14, solution 1 (One), feature 1 ( ), speed",
        "line 24, solution 2 (Two), feature 1 (A), unit_size",
        "line 25, solution 2 (Two), feature 1 (A), credits",
    ];
    for place in expected {
        assert!(problems.iter().any(|problem| problem.contains(place)), "{place} is not in {problems:#?}");
    }
    assert_eq!(problems.len(), expected.len(), "{problems:#?}");
}

fn solution(editions: &str, features: &[(&str, &str, &str)]) -> String {
    let feature = |(key, basis, credits): &(&str, &str, &str)| {
        format!(
            "[[solution.feature]]\nkey = {key:?}\nname = {key:?}\nunit = \"x\"\nunits = \"xs\"\ncredits = {credits}\nbasis = {basis:?}\ncounted = \"c\"\npay_as_you_go = false\n"
        )
    };
    format!("[[solution]]\nkey = \"s\"\nname = \"S\"\n{editions}\n{}", features.iter().map(feature).collect::<String>())
}

/// CRD-7: editions that do not fit are refused before anybody is charged by them.
#[test]
fn editions_must_fit_each_other() {
    let used = "features used";
    for (editions, features, problem) in [
        ("", vec![("a", used, "1")], "is charged by features used and is not among them"),
        (r#"editions = ["a"]"#, vec![("a", used, "1")], "two or more different keys"),
        (r#"editions = ["a", "a"]"#, vec![("a", used, "1")], "two or more different keys"),
        (r#"editions = ["a", "b"]"#, vec![("a", used, "1")], "there is no feature \"b\""),
        (r#"editions = ["a", "b"]"#, vec![("a", used, "2"), ("b", used, "1")], "not cost less"),
        (r#"editions = ["a", "b"]"#, vec![("a", used, "1"), ("b", "quantity", "2")], "must be \"features used\""),
        (r#"editions = ["a", "b"]"#, vec![("a", used, "1"), ("b", used, "\"contact us\"")], "must be known"),
        ("", vec![("a", "quantity", "1"), ("a", "quantity", "1")], "this key is there twice"),
        ("", vec![("a", "none", "1")], "must be 0 where nothing is counted"),
    ] {
        let Err(Problems(problems)) = Solutions::parse(&solution(editions, &features)) else { panic!("{editions} must be refused") };
        assert!(problems.len() == 1 && problems[0].contains(problem) && problems[0].starts_with("line "), "{problems:#?}");
    }
    assert!(Solutions::parse(&solution(r#"editions = ["a", "b"]"#, &[("a", used, "1"), ("b", used, "1")])).is_ok());
    let Err(Problems(problems)) = Solutions::parse("[[solution]\n") else { panic!("no TOML") };
    assert!(problems.len() == 1 && problems[0].contains("line 1"), "{problems:#?}");
    assert!(Solutions::parse("").is_err());
}

#[test]
fn credits_of_a_month_are_exact() {
    for (text, shown) in [("4.17", "4.17"), ("5", "5"), ("1041.67", "1,041.67"), ("0.5833", "0.5833"), ("7.0", "7"), ("0.50", "0.50")] {
        assert_eq!(MonthCredits::parse(text).map(|month| month.to_string()).as_deref(), Some(shown));
    }
    assert_eq!(MonthCredits::parse("4.17").unwrap().parts(), 41_700);
    for wrong in ["", ".5", "5.", "1.23456", "-1", "1,5", "1e3", "٤", "9999999999"] {
        assert_eq!(MonthCredits::parse(wrong), None, "{wrong}");
    }
}

#[test]
fn a_key_is_two_plain_words() {
    let key = FeatureKey::parse("zero-trust/ai-access").unwrap();
    assert_eq!((key.solution(), key.feature(), key.to_string().as_str()), ("zero-trust", "ai-access", "zero-trust/ai-access"));
    for wrong in ["", "a", "/", "a/", "/b", "a/b/c", "A/b", "a b/c", "a/b\n", "é/b"] {
        assert_eq!(FeatureKey::parse(wrong), None, "{wrong}");
    }
}
