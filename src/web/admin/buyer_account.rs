//! One buyer account of the marketplace: its agreements and its people. How it pays is not shown.

use super::identifier::Identifier;
use super::purchase::agreement_status;
use super::rows::{Link, Moment, crumbs, moment};
use crate::access::{Action, StaffScope};
use crate::identity::look_up::{self as identity, AccountRecord, SeatRecord};
use crate::kernel::page::{Cursor, PageSize};
use crate::kernel::show;
use crate::marketplace::look_up::{self, AgreementRecord};
use crate::web::shell::Shell;
use crate::web::{Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

/// How many people of the account are shown.
const PEOPLE_SHOWN: i64 = 100;

struct Row {
    agreement: Link,
    product: String,
    status: &'static str,
    credits: String,
    starts: Moment,
    ends: Moment,
    set_up: &'static str,
}

impl Row {
    fn new(visit: &Visit, agreement: AgreementRecord) -> Self {
        Self {
            agreement: Link { href: paths::admin_purchase(agreement.key()), label: agreement.id },
            product: agreement.product_name,
            status: agreement_status(agreement.status),
            credits: show::count(agreement.credits, "credit"),
            starts: moment(visit, agreement.starts_at),
            ends: moment(visit, agreement.ends_at),
            set_up: match (agreement.activated_at, agreement.set_up_at) {
                (Some(_), _) => "Activated",
                (None, Some(_)) => "Set-up started",
                (None, None) => "Not set up",
            },
        }
    }
}

struct Person {
    place: Link,
    email: String,
    role: &'static str,
    is_disabled: bool,
}

impl Person {
    fn new(seat: SeatRecord) -> Self {
        let place = Link { label: seat.name, href: paths::admin_person(seat.person) };
        Self { place, email: seat.email, role: seat.role.label(), is_disabled: seat.disabled_at.is_some() }
    }
}

#[derive(Template)]
#[template(path = "admin/buyer_account.html")]
struct Account {
    shell: Shell,
    name: String,
    id: String,
    opened: Moment,
    invoices: String,
    rows: Vec<Row>,
    people: Vec<Person>,
    count: String,
    first: String,
    next: String,
}

/// `GET /admin/buyer-accounts/{account}`.
pub async fn show(visit: Visit) -> Result<HttpResponse, WebError> {
    let scope = visit.staff_scope(Action::LookUp)?;
    let Identifier::Account(id) = Identifier::parse(visit.param("account")) else { return Err(WebError::NotFound) };
    let account = identity::find_account(visit.db(), scope, &id).await?.ok_or(WebError::NotFound)?;
    visit.page(StatusCode::OK, &view(&visit, scope, account).await?)
}

async fn view(visit: &Visit, scope: StaffScope, account: AccountRecord) -> Result<Account, WebError> {
    let after = Cursor::parse(visit.query("after"));
    let agreements = look_up::list_agreements(visit.db(), scope, &account.id, after.as_ref(), PageSize::default()).await?;
    let people = identity::list_seats(visit.db(), scope, &account.id, PEOPLE_SHOWN).await?;
    let mut shell = visit.shell(&format!("{} {}", account.name, account.id));
    shell.crumbs = crumbs(&[]);
    let href = |after: &str| paths::with_query(&paths::admin_buyer_account(&account.id), &[("after", after)]);
    Ok(Account {
        shell,
        opened: moment(visit, account.created_at),
        invoices: paths::admin_invoices(&account.id),
        count: format!("Showing {}", show::count(i64::try_from(agreements.items.len()).unwrap_or(i64::MAX), "agreement")),
        first: after.map(|_| href("")).unwrap_or_default(),
        next: agreements.next.as_deref().map(href).unwrap_or_default(),
        rows: agreements.items.into_iter().map(|agreement| Row::new(visit, agreement)).collect(),
        people: people.into_iter().map(Person::new).collect(),
        name: account.name,
        id: account.id,
    })
}
