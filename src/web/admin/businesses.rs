//! Every registered business, by name.

use super::identifier::Identifier;
use super::rows::{Moment, crumbs, moment, showing};
use crate::access::{Action, StaffScope};
use crate::identity::look_up::{self, BusinessRecord};
use crate::kernel::page::{Cursor, PageSize, Paged};
use crate::kernel::show;
use crate::kernel::text::search_words;
use crate::web::shell::Shell;
use crate::web::{Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

struct Row {
    href: String,
    name: String,
    id: String,
    people: String,
    registered: Moment,
}

impl Row {
    fn new(visit: &Visit, business: BusinessRecord) -> Self {
        Self {
            href: paths::admin_business(business.id),
            id: business.id.to_string(),
            people: show::group(business.people),
            registered: moment(visit, business.created_at),
            name: business.name,
        }
    }
}

#[derive(Template)]
#[template(path = "admin/businesses.html")]
struct Businesses {
    shell: Shell,
    path: String,
    sought: String,
    clear: String,
    rows: Vec<Row>,
    count: String,
    first: String,
    next: String,
}

/// `GET /admin/businesses?q=&after=`.
pub async fn list(visit: Visit) -> Result<HttpResponse, WebError> {
    let scope = visit.staff_scope(Action::LookUp)?;
    let (sought, after) = (visit.query("q"), Cursor::parse(visit.query("after")));
    let page = found(&visit, scope, sought, after.as_ref()).await?;
    let mut shell = visit.shell("Businesses");
    shell.crumbs = crumbs(&[]);
    let href = |after: &str| paths::with_query(&paths::admin_businesses(), &[("q", sought), ("after", after)]);
    let view = Businesses {
        shell,
        path: paths::admin_businesses(),
        clear: if sought.is_empty() { String::new() } else { paths::admin_businesses() },
        first: after.map(|_| href("")).unwrap_or_default(),
        next: page.next.as_deref().map(href).unwrap_or_default(),
        count: showing(page.items.len(), page.total.unwrap_or(0), ("business", "businesses")),
        rows: page.items.into_iter().map(|business| Row::new(&visit, business)).collect(),
        sought: sought.to_owned(),
    };
    visit.page(StatusCode::OK, &view)
}

/// By id, or by the words of the name.
async fn found(visit: &Visit, scope: StaffScope, sought: &str, after: Option<&Cursor>) -> Result<Paged<BusinessRecord>, WebError> {
    if let Identifier::Business(id) = Identifier::parse(sought) {
        let items: Vec<BusinessRecord> = look_up::find_business(visit.db(), scope, id).await?.into_iter().collect();
        let total = i64::from(!items.is_empty());
        return Ok(Paged { items, next: None, total: Some(total) });
    }
    let words = search_words(sought);
    let page = look_up::list_businesses(visit.db(), scope, &words, after, PageSize::default()).await?;
    Ok(page.with_total(look_up::count_businesses(visit.db(), scope, &words).await?))
}
