//! Before and after of an audit entry, made readable line by line. Pure.

use crate::kernel::clock::Timestamp;
use crate::kernel::show::{self, Zone};
use serde_json::Value;
use std::collections::BTreeMap;

/// One property that an entry tells of; nothing on a side where it was not there.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Change {
    pub name: String,
    pub before: Option<String>,
    pub after: Option<String>,
}

impl Change {
    /// Before and after, or the one side that there is.
    pub(super) fn told(&self) -> String {
        match (&self.before, &self.after) {
            (Some(before), Some(after)) if before == after => after.clone(),
            (Some(before), Some(after)) => format!("{before} → {after}"),
            (None, Some(after)) => after.clone(),
            (Some(before), None) => format!("{before} → none"),
            (None, None) => "none".to_owned(),
        }
    }
}

/// Every property of either state by name, those of states within states too.
pub(super) fn changes(before: Option<&str>, after: Option<&str>, zone: Zone) -> Vec<Change> {
    let (mut old, mut new) = (flat(before, zone), flat(after, zone));
    let names: Vec<String> = old.keys().chain(new.keys()).cloned().collect::<std::collections::BTreeSet<_>>().into_iter().collect();
    names.into_iter().map(|name| Change { before: old.remove(&name), after: new.remove(&name), name }).collect()
}

fn flat(state: Option<&str>, zone: Zone) -> BTreeMap<String, String> {
    let mut lines = BTreeMap::new();
    if let Some(Ok(state)) = state.map(serde_json::from_str::<Value>) {
        put(&mut lines, String::new(), &state, zone);
    }
    lines
}

fn put(lines: &mut BTreeMap<String, String>, name: String, value: &Value, zone: Zone) {
    if let Value::Object(properties) = value {
        for (property, value) in properties {
            let words = property.replace('_', " ");
            let name = if name.is_empty() { words } else { format!("{name}, {words}") };
            put(lines, name, value, zone);
        }
    } else {
        lines.insert(if name.is_empty() { "value".to_owned() } else { name }, in_words(value, zone));
    }
}

fn in_words(value: &Value, zone: Zone) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Number(number) => number.as_i64().map_or_else(|| number.to_string(), show::group),
        Value::String(text) => text.parse::<Timestamp>().map_or_else(|_| text.clone(), |at| show::date_time(at, zone)),
        Value::Array(items) if items.is_empty() => "none".to_owned(),
        Value::Array(items) => items.iter().map(|item| in_words(item, zone)).collect::<Vec<_>>().join(", "),
        Value::Object(_) => value.to_string(),
    }
}

/// `license.transferred_out` as people say it: `License transferred out`.
pub(super) fn action_in_words(action: &str) -> String {
    let words = action.replace(['.', '_'], " ");
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// AUD-1: before and after are readable, property by property.
    #[test]
    fn states_within_states_are_told_line_by_line() {
        let before = r#"{"owner":"biz_1","from":{"name":"Acme","figures":{"balance":1700}}}"#;
        let after = r#"{"owner":"biz_2","from":{"name":"Acme","figures":{"balance":-300}},"licenses":["lic_1","lic_2"],"at":"2026-03-02T09:00:00Z"}"#;
        let told: Vec<String> = changes(Some(before), Some(after), Zone::UTC)
            .into_iter()
            .map(|change| format!("{}: {} -> {}", change.name, change.before.unwrap_or("-".into()), change.after.unwrap_or("-".into())))
            .collect();
        assert_eq!(
            told,
            [
                "at: - -> 2 Mar 2026, 09:00 UTC",
                "from, figures, balance: 1,700 -> \u{2212}300",
                "from, name: Acme -> Acme",
                "licenses: - -> lic_1, lic_2",
                "owner: biz_1 -> biz_2",
            ]
        );
        assert!(changes(None, Some("no json"), Zone::UTC).is_empty());
        assert_eq!(changes(Some("3"), None, Zone::UTC), [Change { name: "value".into(), before: Some("3".into()), after: None }]);
        assert_eq!(action_in_words("license.transferred_out"), "License transferred out");
    }
}
