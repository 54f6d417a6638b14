//! Before and after of an audit entry, and its action, made readable for whoever reads a log. Pure.

use crate::kernel::clock::Timestamp;
use crate::kernel::show::{self, Zone};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// One property that an entry tells of; nothing on a side where it was not there.
pub(super) struct ChangeLine {
    pub name: String,
    pub before: Option<String>,
    pub after: Option<String>,
}

/// Each property of either state, in order of name, those of states within states too; what did not change is left out.
pub(super) fn changes(before: Option<&str>, after: Option<&str>, zone: Zone) -> Vec<ChangeLine> {
    let (mut old, mut new) = (flat(before, zone), flat(after, zone));
    let names: BTreeSet<String> = old.keys().chain(new.keys()).filter(|name| old.get(*name) != new.get(*name)).cloned().collect();
    let line = |name: String| ChangeLine { before: old.remove(&name), after: new.remove(&name), name: capitalised(&name) };
    names.into_iter().map(line).collect()
}

fn flat(state: Option<&str>, zone: Zone) -> BTreeMap<String, String> {
    let mut properties = BTreeMap::new();
    if let Some(Ok(state)) = state.map(serde_json::from_str::<Value>) {
        put(&mut properties, String::new(), &state, zone);
    }
    properties
}

fn put(properties: &mut BTreeMap<String, String>, name: String, value: &Value, zone: Zone) {
    if let Value::Object(parts) = value {
        for (part, value) in parts {
            let words = part.replace('_', " ");
            let name = if name.is_empty() { words } else { format!("{name}, {words}") };
            put(properties, name, value, zone);
        }
    } else {
        properties.insert(if name.is_empty() { "value".to_owned() } else { name }, in_words(value, zone));
    }
}

fn in_words(value: &Value, zone: Zone) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Number(number) => number.as_i64().map_or_else(|| number.to_string(), show::group),
        Value::String(text) => text.parse::<Timestamp>().map_or_else(|_| unstored(text), |at| show::date_time(at, zone)),
        Value::Array(items) if items.is_empty() => "none".to_owned(),
        Value::Array(items) => items.iter().map(|item| in_words(item, zone)).collect::<Vec<_>>().join(", "),
        Value::Object(_) => value.to_string(),
    }
}

/// A stored word such as `billing_viewer` as words; any other text, ids among it, as it is.
fn unstored(text: &str) -> String {
    let is_stored_word = text.contains('_') && text.chars().all(|letter| letter == '_' || letter.is_ascii_lowercase());
    if is_stored_word { text.replace('_', " ") } else { text.to_owned() }
}

/// `license.activated` as people say it: `License activated`.
pub(super) fn action_in_words(action: &str) -> String {
    capitalised(&action.replace(['.', '_'], " "))
}

fn capitalised(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(before: Option<&str>, after: Option<&str>) -> Vec<String> {
        let shown = |line: ChangeLine| {
            format!("{}: {:?} -> {:?}", line.name, line.before.as_deref().unwrap_or("-"), line.after.as_deref().unwrap_or("-"))
        };
        changes(before, after, Zone::UTC).into_iter().map(shown).collect()
    }

    /// AUD-1: before and after are readable, property by property.
    #[test]
    fn a_change_is_told_property_by_property() {
        let (before, after) = (r#"{"units":10,"credits":1200,"who":"x"}"#, r#"{"units":4,"credits":80,"who":"x","auto_renew":true}"#);
        assert_eq!(
            lines(Some(before), Some(after)),
            [r#"Auto renew: "-" -> "yes""#, r#"Credits: "1,200" -> "80""#, r#"Units: "10" -> "4""#]
        );
        assert_eq!(
            lines(None, Some(r#"{"expires_at":"2027-03-02T09:00:00Z","roles":["billing_viewer","per_01"],"note":null}"#)),
            [r#"Expires at: "-" -> "2 Mar 2027, 09:00 UTC""#, r#"Note: "-" -> "none""#, r#"Roles: "-" -> "billing viewer, per_01""#]
        );
        assert!(lines(None, None).is_empty() && lines(Some("no json"), None).is_empty());
        assert_eq!(lines(Some("3"), Some("[1,2]")), [r#"Value: "3" -> "1, 2""#]);
    }

    #[test]
    fn states_within_states_are_told_part_by_part() {
        let before = r#"{"owner":"biz_1","from":{"name":"Acme","figures":{"balance":1700}}}"#;
        let after = r#"{"owner":"biz_2","from":{"name":"Acme","figures":{"balance":-300}}}"#;
        assert_eq!(
            lines(Some(before), Some(after)),
            ["From, figures, balance: \"1,700\" -> \"\u{2212}300\"", r#"Owner: "biz_1" -> "biz_2""#]
        );
    }

    #[test]
    fn an_action_is_read_as_words() {
        assert_eq!(action_in_words("license.activated"), "License activated");
        assert_eq!(action_in_words("contract.auto_renew_noted"), "Contract auto renew noted");
        assert_eq!(action_in_words(""), "");
    }
}
