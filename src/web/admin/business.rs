//! One business: its figures, its licenses, its people with their roles, and transfers out of and into it.

use super::rows::{AccessRow, FiguresRow, LicenseRow, Moment, TransferRow, crumbs, moment, showing};
use crate::access::{Action, Phase, StaffScope, allows, phase_of_business};
use crate::credits::ledger;
use crate::fulfilment::look_up::{self as licenses, LicenseFilter};
use crate::fulfilment::transfer::{self, Narrowed};
use crate::identity::look_up::{self, BusinessRecord, MemberRecord};
use crate::kernel::id::BusinessId;
use crate::kernel::page::{Cursor, PageSize};
use crate::web::shell::Shell;
use crate::web::{Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

struct Person {
    href: String,
    name: String,
    email: String,
    role: &'static str,
    since: Moment,
    is_disabled: bool,
}

impl Person {
    fn new(visit: &Visit, member: MemberRecord) -> Self {
        Self {
            href: paths::admin_person(member.person),
            role: member.role.label(),
            since: moment(visit, member.since),
            is_disabled: member.disabled_at.is_some(),
            name: member.name,
            email: member.email,
        }
    }
}

#[derive(Template)]
#[template(path = "admin/business.html")]
struct Business {
    shell: Shell,
    name: String,
    id: String,
    registered: Moment,
    as_of: Moment,
    access: AccessRow,
    closing: Option<String>,
    figures: FiguresRow,
    licenses: Vec<LicenseRow>,
    licenses_count: String,
    licenses_href: String,
    people: Vec<Person>,
    people_count: String,
    people_first: String,
    people_next: String,
    transfers: Vec<TransferRow>,
    transfers_href: String,
}

/// `GET /admin/businesses/{business}`.
pub async fn show(visit: Visit) -> Result<HttpResponse, WebError> {
    let scope = visit.staff_scope(Action::LookUp)?;
    let id = visit.id("business", BusinessId::parse)?;
    let business = look_up::find_business(visit.db(), scope, id).await?.ok_or(WebError::NotFound)?;
    visit.page(StatusCode::OK, &view(&visit, scope, business).await?)
}

async fn view(visit: &Visit, scope: StaffScope, business: BusinessRecord) -> Result<Business, WebError> {
    let (db, id, after) = (visit.db(), business.id, Cursor::parse(visit.query("after")));
    let filter = LicenseFilter { business: Some(id), ..LicenseFilter::default() };
    let at = (visit.now(), visit.portal().config.access_lengths);
    let phase = phase_of_business(db, id, at.0, at.1).await?.ok_or(WebError::NotFound)?;
    let held = licenses::list_licenses(db, scope, &filter, visit.now(), None, PageSize::MIN).await?;
    let held_total = licenses::count_licenses(db, scope, &filter, visit.now()).await?;
    let people = look_up::list_members(db, scope, id, after.as_ref(), PageSize::default()).await?;
    let narrowed = Narrowed { status: None, business: Some(id) };
    let transfers = transfer::list(db, scope, &narrowed, visit.now(), None, PageSize::MIN).await?;
    let mut shell = visit.shell(&business.name);
    shell.crumbs = crumbs(&[("Businesses", paths::admin_businesses())]);
    let of_this = |path: String| paths::with_query(&path, &[("business", &id.to_string())]);
    let page = |after: &str| paths::with_query(&paths::admin_business(id), &[("after", after)]);
    Ok(Business {
        shell,
        id: id.to_string(),
        registered: moment(visit, business.created_at),
        as_of: moment(visit, visit.now()),
        closing: closing(visit, id, phase),
        access: AccessRow::new(visit, phase),
        figures: FiguresRow::new(ledger::figures(db, id, visit.now()).await?),
        licenses_count: showing(held.items.len(), held_total, ("license", "licenses")),
        licenses: held.items.iter().map(|license| LicenseRow::new(visit, license)).collect(),
        licenses_href: of_this(paths::admin_licenses()),
        people_count: showing(people.items.len(), business.people, ("person", "people")),
        people_first: after.map(|_| page("")).unwrap_or_default(),
        people_next: people.next.as_deref().map(page).unwrap_or_default(),
        people: people.items.into_iter().map(|member| Person::new(visit, member)).collect(),
        transfers: TransferRow::all(visit, &transfers.items),
        transfers_href: of_this(paths::admin_transfers()),
        name: business.name,
    })
}

/// Where to close it for deletion, or to take that back, for those who may.
fn closing(visit: &Visit, id: BusinessId, phase: Phase) -> Option<String> {
    let may = visit.actor().is_some_and(|actor| allows(actor, Action::CloseBusiness).is_ok());
    (may && matches!(phase, Phase::Closed { .. })).then(|| paths::admin_closing(id))
}
