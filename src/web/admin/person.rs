//! One person: where they belong and as what. No password, session or code of theirs is read, and nothing can be done in
//! their name (SUP-9).

use super::rows::{Link, Moment, crumbs, moment};
use crate::access::{Action, StaffScope};
use crate::identity::look_up::{self, PersonRecord};
use crate::kernel::id::PersonId;
use crate::web::shell::Shell;
use crate::web::{Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

/// A place with a role in it.
struct Part {
    place: Link,
    id: String,
    role: &'static str,
    since: Moment,
}

#[derive(Template)]
#[template(path = "admin/person.html")]
struct Person {
    shell: Shell,
    name: String,
    email: String,
    id: String,
    zone: String,
    joined: Moment,
    disabled: Option<Moment>,
    businesses: Vec<Part>,
    accounts: Vec<Part>,
    staff: Vec<&'static str>,
}

/// `GET /admin/people/{person}`.
pub async fn show(visit: Visit) -> Result<HttpResponse, WebError> {
    let scope = visit.staff_scope(Action::LookUp)?;
    let id = visit.id("person", PersonId::parse)?;
    let person = look_up::find_person(visit.db(), scope, id).await?.ok_or(WebError::NotFound)?;
    visit.page(StatusCode::OK, &view(&visit, scope, person).await?)
}

async fn view(visit: &Visit, scope: StaffScope, person: PersonRecord) -> Result<Person, WebError> {
    let belongs = look_up::belongings(visit.db(), scope, person.id).await?;
    let mut shell = visit.shell(&person.name);
    shell.crumbs = crumbs(&[]);
    let businesses = belongs.businesses.into_iter().map(|(id, name, role, since)| Part {
        place: Link { label: name, href: paths::admin_business(id) },
        id: id.to_string(),
        role: role.label(),
        since: moment(visit, since),
    });
    let accounts = belongs.accounts.into_iter().map(|(id, name, role, since)| Part {
        place: Link { label: name, href: paths::admin_buyer_account(&id) },
        id,
        role: role.label(),
        since: moment(visit, since),
    });
    Ok(Person {
        shell,
        id: person.id.to_string(),
        zone: person.time_zone.unwrap_or_else(|| "Not chosen".to_owned()),
        joined: moment(visit, person.created_at),
        disabled: person.disabled_at.map(|at| moment(visit, at)),
        businesses: businesses.collect(),
        accounts: accounts.collect(),
        staff: belongs.staff.into_iter().map(crate::access::StaffRole::label).collect(),
        name: person.name,
        email: person.email,
    })
}
