//! Licenses of all businesses, the newest activation first.

use super::identifier::Identifier;
use super::rows::{LicenseRow, crumbs, showing};
use crate::access::{Action, StaffScope};
use crate::fulfilment::license::Status;
use crate::fulfilment::look_up::{self, By, LicenseFilter};
use crate::identity::look_up as identity;
use crate::kernel::id::BusinessId;
use crate::kernel::page::{Cursor, PageSize};
use crate::kernel::text::search_words;
use crate::web::shell::Shell;
use crate::web::{Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

/// What the address asks for.
struct Asked {
    text: String,
    status: Option<Status>,
    business: Option<BusinessId>,
    after: Option<Cursor>,
}

impl Asked {
    fn read(visit: &Visit) -> Self {
        Self {
            text: visit.query("q").to_owned(),
            status: Status::parse(visit.query("status")).filter(|status| *status != Status::NotActivated),
            business: BusinessId::parse(visit.query("business")),
            after: Cursor::parse(visit.query("after")),
        }
    }

    fn is_narrowed(&self) -> bool {
        !self.text.is_empty() || self.status.is_some() || self.business.is_some()
    }

    /// What was typed, as something to look licenses up by.
    fn filter(&self) -> LicenseFilter {
        let (mut business, mut by) = (self.business, None);
        match Identifier::parse(&self.text) {
            Identifier::Nothing => {}
            Identifier::Business(id) => business = Some(id),
            Identifier::License(id) => by = Some(By::License(id)),
            Identifier::Contract(id) => by = Some(By::Contract(id)),
            Identifier::Purchase(key) => by = Some(By::Key(key)),
            Identifier::Agreement(id) => by = Some(By::Agreement(id)),
            Identifier::Account(id) => by = Some(By::Account(id)),
            Identifier::Person(_) | Identifier::Transfer(_) | Identifier::Email(_) | Identifier::Invoice(_) => {
                by = Some(By::Words(search_words(&self.text)));
            }
            Identifier::Words(words) => by = Some(By::Words(words)),
        }
        LicenseFilter { by, business, status: self.status }
    }

    fn href(&self, after: &str) -> String {
        let business = self.business.map(|business| business.to_string()).unwrap_or_default();
        let status = self.status.map_or("", Status::as_str);
        paths::with_query(&paths::admin_licenses(), &[("q", &self.text), ("status", status), ("business", &business), ("after", after)])
    }
}

#[derive(Template)]
#[template(path = "admin/licenses.html")]
struct Licenses {
    shell: Shell,
    path: String,
    sought: String,
    status: &'static str,
    statuses: Vec<(&'static str, &'static str)>,
    business: String,
    business_name: Option<String>,
    clear: String,
    rows: Vec<LicenseRow>,
    count: String,
    first: String,
    next: String,
}

/// `GET /admin/licenses?q=&status=&business=&after=`.
pub async fn list(visit: Visit) -> Result<HttpResponse, WebError> {
    let scope = visit.staff_scope(Action::LookUp)?;
    let asked = Asked::read(&visit);
    visit.page(StatusCode::OK, &view(&visit, scope, asked).await?)
}

async fn view(visit: &Visit, scope: StaffScope, asked: Asked) -> Result<Licenses, WebError> {
    let (db, filter) = (visit.db(), asked.filter());
    let page = look_up::list_licenses(db, scope, &filter, visit.now(), asked.after.as_ref(), PageSize::default()).await?;
    let total = look_up::count_licenses(db, scope, &filter, visit.now()).await?;
    let business = match asked.business {
        Some(business) => identity::find_business(db, scope, business).await?,
        None => None,
    };
    let mut shell = visit.shell("Licenses");
    shell.crumbs = crumbs(&[]);
    let shown = [Status::Active, Status::Expired, Status::Revoked];
    Ok(Licenses {
        shell,
        path: paths::admin_licenses(),
        status: asked.status.map_or("", Status::as_str),
        statuses: shown.map(|status| (status.as_str(), status.label())).to_vec(),
        business: asked.business.map(|business| business.to_string()).unwrap_or_default(),
        business_name: business.map(|business| business.name),
        clear: if asked.is_narrowed() { paths::admin_licenses() } else { String::new() },
        count: showing(page.items.len(), total, ("license", "licenses")),
        first: if asked.after.is_some() { asked.href("") } else { String::new() },
        next: page.next.as_deref().map(|next| asked.href(next)).unwrap_or_default(),
        rows: page.items.iter().map(|license| LicenseRow::new(visit, license)).collect(),
        sought: asked.text,
    })
}
