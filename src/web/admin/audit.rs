//! The whole audit log, for staff: who did what to what, from where, before and after. Read only.

use super::rows::{Link, Moment, crumbs, moment};
use crate::access::Action;
use crate::audit::{self, AuditFilter, AuditRow};
use crate::kernel::page::{Cursor, PageSize};
use crate::kernel::show;
use crate::web::changes::{ChangeLine, action_in_words, changes};
use crate::web::shell::Shell;
use crate::web::{Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

struct Row {
    at: Moment,
    what: String,
    action: String,
    subject: String,
    who: String,
    acting_as: String,
    business: Option<Link>,
    address: String,
    changes: Vec<ChangeLine>,
}

impl Row {
    /// Whoever may only read the log gets no link that would refuse them.
    fn new(visit: &Visit, row: AuditRow, may_look_up: bool) -> Self {
        let business = |id| Link { label: format!("{id}"), href: if may_look_up { paths::admin_business(id) } else { String::new() } };
        Self {
            at: moment(visit, row.recorded_at),
            what: action_in_words(&row.action),
            changes: changes(row.before.as_deref(), row.after.as_deref(), visit.zone()),
            action: row.action,
            subject: row.subject,
            who: row.person_label,
            acting_as: row.acting_as,
            business: row.business_id.map(business),
            address: row.address,
        }
    }

    fn details(&self) -> String {
        show::count(i64::try_from(self.changes.len()).unwrap_or(i64::MAX), "detail")
    }
}

#[derive(Template)]
#[template(path = "admin/audit.html")]
struct Log {
    shell: Shell,
    path: String,
    actions: Vec<(String, String)>,
    chosen_action: String,
    chosen_subject: String,
    clear: String,
    rows: Vec<Row>,
    count: String,
    first: String,
    next: String,
}

/// `GET /admin/audit?action=&subject=&after=`.
pub async fn list(visit: Visit) -> Result<HttpResponse, WebError> {
    visit.staff_scope(Action::ReadWholeAudit)?;
    let may_look_up = visit.staff_scope(Action::LookUp).is_ok();
    let (action, subject, after) = (visit.query("action"), visit.query("subject"), Cursor::parse(visit.query("after")));
    let named = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let filter = AuditFilter { action: named(action), subject: named(subject) };
    let page = audit::list_all(visit.db(), &filter, after.as_ref(), PageSize::default()).await?;
    let mut shell = visit.shell("Audit log");
    shell.crumbs = crumbs(&[]);
    let href = |after: &str| paths::with_query(&paths::admin_audit(), &[("action", action), ("subject", subject), ("after", after)]);
    let view = Log {
        shell,
        path: paths::admin_audit(),
        actions: audit::list_all_actions(visit.db()).await?.into_iter().map(|action| (action.clone(), action_in_words(&action))).collect(),
        clear: if action.is_empty() && subject.is_empty() { String::new() } else { paths::admin_audit() },
        count: format!("Showing {} entries", show::group_len(page.items.len())),
        first: after.map(|_| href("")).unwrap_or_default(),
        next: page.next.as_deref().map(href).unwrap_or_default(),
        rows: page.items.into_iter().map(|row| Row::new(&visit, row, may_look_up)).collect(),
        chosen_action: action.to_owned(),
        chosen_subject: subject.to_owned(),
    };
    visit.page(StatusCode::OK, &view)
}
