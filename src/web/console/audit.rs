//! The business's audit log: who did what, when, from where, and what it was before and is after (AUD-1). Read only.

use super::credits::Instant;
use crate::access::Action;
use crate::audit::{self, ActingAs, AuditFilter, AuditRow};
use crate::kernel::clock::Timestamp;
use crate::kernel::page::{Cursor, PageSize};
use crate::kernel::show::{self, Zone};
use crate::web::shell::Shell;
use crate::web::{Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use serde_json::Value;
use std::collections::BTreeSet;

/// One property that an entry tells of.
pub(super) struct ChangeLine {
    pub name: String,
    pub before: Option<String>,
    pub after: Option<String>,
}

struct Row {
    at: Instant,
    what: String,
    subject: String,
    who: String,
    role: &'static str,
    address: Option<String>,
    changes: Vec<ChangeLine>,
}

impl Row {
    fn new(row: AuditRow, zone: Zone) -> Self {
        let (who, role) = who_in_words(&row);
        Self {
            at: Instant::full(row.recorded_at, zone),
            what: action_in_words(&row.action),
            address: address_in_words(&row),
            changes: changes(row.before.as_deref(), row.after.as_deref(), zone),
            subject: row.subject,
            who,
            role,
        }
    }
}

#[derive(Template)]
#[template(path = "console/audit.html")]
struct Log {
    shell: Shell,
    rows: Vec<Row>,
    actions: Vec<(String, String)>,
    chosen_action: String,
    chosen_subject: String,
    path: String,
    clear: String,
    count: String,
    first: String,
    next: String,
}

/// What the address asks for.
struct Asked {
    filter: AuditFilter,
    after: Option<Cursor>,
}

impl Asked {
    fn read(visit: &Visit) -> Self {
        let named = |name| Some(visit.query(name).to_owned()).filter(|value| !value.is_empty());
        Self { filter: AuditFilter { action: named("action"), subject: named("subject") }, after: Cursor::parse(visit.query("after")) }
    }

    fn action(&self) -> &str {
        self.filter.action.as_deref().unwrap_or_default()
    }

    fn subject(&self) -> &str {
        self.filter.subject.as_deref().unwrap_or_default()
    }

    fn is_narrowed(&self) -> bool {
        self.filter.action.is_some() || self.filter.subject.is_some()
    }

    fn href(&self, after: &str) -> String {
        paths::with_query(&paths::audit(), &[("action", self.action()), ("subject", self.subject()), ("after", after)])
    }
}

/// `GET /console/audit`.
pub async fn list(visit: Visit) -> Result<HttpResponse, WebError> {
    let business = visit.business_scope(Action::ReadAudit)?.business();
    let asked = Asked::read(&visit);
    let page = audit::list_of_business(visit.db(), business, &asked.filter, asked.after.as_ref(), PageSize::default()).await?;
    let known = audit::list_actions(visit.db(), business).await?;
    let entries = if page.items.len() == 1 { "entry" } else { "entries" };
    let view = Log {
        shell: visit.shell("Audit log"),
        actions: choices(known, asked.action()),
        path: paths::audit(),
        clear: if asked.is_narrowed() { paths::audit() } else { String::new() },
        count: format!("Showing {} {entries}", page.items.len()),
        first: if asked.after.is_some() { asked.href("") } else { String::new() },
        next: page.next.as_deref().map(|next| asked.href(next)).unwrap_or_default(),
        rows: page.items.into_iter().map(|row| Row::new(row, visit.zone())).collect(),
        chosen_action: asked.action().to_owned(),
        chosen_subject: asked.subject().to_owned(),
    };
    visit.page(StatusCode::OK, &view)
}

/// The actions to choose from; the one in force is there also when no recent entry has it.
fn choices(known: Vec<String>, chosen: &str) -> Vec<(String, String)> {
    let mut actions: BTreeSet<String> = known.into_iter().collect();
    if !chosen.is_empty() {
        actions.insert(chosen.to_owned());
    }
    actions.into_iter().map(|action| (action.clone(), action_in_words(&action))).collect()
}

/// `license.activated` as people say it: `License activated`.
pub(super) fn action_in_words(action: &str) -> String {
    capitalised(&action.replace(['.', '_'], " "))
}

fn capitalised(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// The vendor's staff are named to each other, not to customers.
pub(super) fn who_in_words(row: &AuditRow) -> (String, &'static str) {
    match ActingAs::parse(&row.acting_as) {
        Some(ActingAs::Staff) => ("Support".to_owned(), "staff of the vendor"),
        Some(ActingAs::System) => (row.person_label.clone(), "the program itself"),
        Some(ActingAs::Business) => (row.person_label.clone(), "for the business"),
        Some(ActingAs::Buyer) => (row.person_label.clone(), "for the buyer account"),
        Some(ActingAs::Person) => (row.person_label.clone(), "for their own account"),
        Some(ActingAs::Anonymous) | None => (row.person_label.clone(), "not signed in"),
    }
}

/// Where from; jobs have no address, and the vendor's is not the customers' business.
fn address_in_words(row: &AuditRow) -> Option<String> {
    let is_staff = ActingAs::parse(&row.acting_as) == Some(ActingAs::Staff);
    (!is_staff && row.address != "-").then(|| row.address.clone())
}

/// Each property of either state, in order of name; what did not change is left out.
fn changes(before: Option<&str>, after: Option<&str>, zone: Zone) -> Vec<ChangeLine> {
    let state = |text: Option<&str>| match text.map(serde_json::from_str::<Value>) {
        Some(Ok(Value::Object(properties))) => properties,
        Some(Ok(other)) => serde_json::Map::from_iter([("value".to_owned(), other)]),
        Some(Err(_)) | None => serde_json::Map::new(),
    };
    let (old, new) = (state(before), state(after));
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let differing = names.into_iter().filter(|name| old.get(*name) != new.get(*name));
    let line = |name: &String| ChangeLine {
        name: capitalised(&name.replace('_', " ")),
        before: old.get(name).map(|value| in_words(value, zone)),
        after: new.get(name).map(|value| in_words(value, zone)),
    };
    differing.map(line).collect()
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
    fn an_action_is_read_as_words() {
        assert_eq!(action_in_words("license.activated"), "License activated");
        assert_eq!(action_in_words("contract.auto_renew_noted"), "Contract auto renew noted");
        assert_eq!(action_in_words(""), "");
    }
}
