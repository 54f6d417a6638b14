//! The business's audit log: who did what, when, from where, and what it was before and is after (AUD-1). Read only.

use super::credits::Instant;
use crate::access::Action;
use crate::audit::{self, ActingAs, AuditFilter, AuditRow};
use crate::kernel::page::{Cursor, PageSize};
use crate::kernel::show::Zone;
pub(super) use crate::web::changes::action_in_words;
use crate::web::changes::{ChangeLine, changes};
use crate::web::shell::Shell;
use crate::web::{Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use std::collections::BTreeSet;

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
    file: String,
}

/// What the address asks for.
pub(super) struct Asked {
    pub filter: AuditFilter,
    after: Option<Cursor>,
}

impl Asked {
    pub fn read(visit: &Visit) -> Self {
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
        file: paths::with_query(&paths::audit_csv(), &[("action", asked.action()), ("subject", asked.subject())]),
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

/// The vendor's staff are named to each other, not to customers.
pub(super) fn who_in_words(row: &AuditRow) -> (String, &'static str) {
    match ActingAs::parse(&row.acting_as) {
        Some(ActingAs::Staff) => ("Support".to_owned(), "staff of the vendor"),
        Some(ActingAs::Service) => (row.person_label.clone(), "a service of the vendor"),
        Some(ActingAs::System) => (row.person_label.clone(), "the program itself"),
        Some(ActingAs::Business) => (row.person_label.clone(), "for the business"),
        Some(ActingAs::Buyer) => (row.person_label.clone(), "for the buyer account"),
        Some(ActingAs::Person) => (row.person_label.clone(), "for their own account"),
        Some(ActingAs::Anonymous) | None => (row.person_label.clone(), "not signed in"),
    }
}

/// Where from; jobs have no address, and the vendor's is not the customers' business.
pub(super) fn address_in_words(row: &AuditRow) -> Option<String> {
    let is_staff = ActingAs::parse(&row.acting_as) == Some(ActingAs::Staff);
    (!is_staff && row.address != "-").then(|| row.address.clone())
}
