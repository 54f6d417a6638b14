//! Look-up by any identifier (SUP-1): one box, results by kind. Longer lists of people and buyer accounts page here, those
//! of businesses and licenses on their own pages.

use super::identifier::Identifier;
use super::rows::{crumbs, license_tone};
use crate::access::{Action, StaffScope};
use crate::fulfilment::look_up::{self as licenses, By, LicenseFilter, LicenseRecord};
use crate::fulfilment::transfer;
use crate::identity::look_up::{self as identity, AccountRecord, BusinessRecord, PersonRecord};
use crate::kernel::page::{Cursor, PageSize, Paged};
use crate::kernel::show;
use crate::marketplace::invoice::{Invoice, document, list};
use crate::marketplace::look_up::{self as marketplace, AgreementRecord};
use crate::web::shell::Shell;
use crate::web::{Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

/// Something that was found.
struct Hit {
    href: String,
    name: String,
    id: String,
    detail: String,
    status: Option<(&'static str, String)>,
}

/// Everything of one kind that was found.
struct Kind {
    key: &'static str,
    title: &'static str,
    icon: &'static str,
    hits: Vec<Hit>,
    more: String,
}

#[derive(Template)]
#[template(path = "admin/search.html")]
struct Results {
    shell: Shell,
    search: String,
    sought: String,
    kinds: Vec<Kind>,
    first: String,
}

/// Which kind is paged through, and from where.
struct Asked {
    text: String,
    kind: String,
    after: Option<Cursor>,
}

impl Asked {
    fn read(visit: &Visit) -> Self {
        let after = Cursor::parse(visit.query("after"));
        Self { text: visit.query("q").to_owned(), kind: visit.query("kind").to_owned(), after }
    }

    fn wants(&self, kind: &str) -> bool {
        self.kind.is_empty() || self.kind == kind
    }

    fn more(&self, kind: &'static str, next: Option<&String>) -> String {
        let address = |next: &String| paths::with_query(&paths::admin_search(), &[("q", &self.text), ("kind", kind), ("after", next)]);
        next.map(address).unwrap_or_default()
    }
}

/// `GET /admin/search?q=`.
pub async fn show(visit: Visit) -> Result<HttpResponse, WebError> {
    let scope = visit.staff_scope(Action::LookUp)?;
    let asked = Asked::read(&visit);
    let mut kinds = found(&visit, scope, &asked).await?;
    kinds.retain(|kind| !kind.hits.is_empty());
    let mut shell = visit.shell("Search");
    shell.crumbs = crumbs(&[]);
    let narrowed = asked.after.is_some() || !asked.kind.is_empty();
    let first = if narrowed { paths::with_query(&paths::admin_search(), &[("q", &asked.text)]) } else { String::new() };
    visit.page(StatusCode::OK, &Results { shell, search: paths::admin_search(), sought: asked.text, kinds, first })
}

async fn found(visit: &Visit, scope: StaffScope, asked: &Asked) -> Result<Vec<Kind>, WebError> {
    let db = visit.db();
    Ok(match Identifier::parse(&asked.text) {
        Identifier::Nothing => Vec::new(),
        Identifier::Business(id) => vec![businesses(identity::find_business(db, scope, id).await?, String::new())],
        Identifier::Person(id) => vec![people(identity::find_person(db, scope, id).await?, String::new())],
        Identifier::Email(key) => vec![people(identity::find_person_by_email(db, scope, &key).await?, String::new())],
        Identifier::License(id) => vec![license_hits(visit, scope, asked, By::License(id)).await?],
        Identifier::Contract(id) => vec![license_hits(visit, scope, asked, By::Contract(id)).await?],
        Identifier::Transfer(id) => vec![transfers(transfer::find(db, scope, id, visit.now()).await?)],
        Identifier::Purchase(key) => {
            let purchase = marketplace::find_purchase(db, scope, &key).await?;
            let landed = licenses::list_registrations(db, scope, &key, 1).await?;
            let known = purchase.is_some() || !landed.is_empty();
            vec![license_hits(visit, scope, asked, By::Key(key.clone())).await?, purchases(visit, purchase, known.then_some(key))]
        }
        Identifier::Agreement(id) => {
            let purchase = marketplace::find_agreement(db, scope, &id).await?;
            let key = purchase.as_ref().map(|purchase| purchase.key().to_owned());
            vec![license_hits(visit, scope, asked, By::Agreement(id)).await?, purchases(visit, purchase, key)]
        }
        Identifier::Invoice(number) => vec![invoices(list::find_for_staff(db, scope, &number).await?.map(|found| found.invoice))],
        Identifier::Account(id) => {
            let account = identity::find_account(db, scope, &id).await?;
            vec![accounts(account, String::new()), license_hits(visit, scope, asked, By::Account(id)).await?]
        }
        Identifier::Words(words) => by_words(visit, scope, asked, words).await?,
    })
}

async fn by_words(visit: &Visit, scope: StaffScope, asked: &Asked, words: Vec<String>) -> Result<Vec<Kind>, WebError> {
    let (db, mut kinds) = (visit.db(), Vec::new());
    let size = if asked.kind.is_empty() { PageSize::MIN } else { PageSize::default() };
    let after = asked.after.as_ref();
    if asked.wants("businesses") {
        let page = identity::list_businesses(db, scope, &words, None, PageSize::MIN).await?;
        let all = paths::with_query(&paths::admin_businesses(), &[("q", &asked.text)]);
        kinds.push(businesses(page.items, page.next.map(|_| all).unwrap_or_default()));
    }
    if asked.wants("people") {
        let page: Paged<PersonRecord> = identity::list_people(db, scope, &words, after, size).await?;
        kinds.push(people(page.items, asked.more("people", page.next.as_ref())));
    }
    if asked.wants("accounts") {
        let page = identity::list_accounts(db, scope, &words, after, size).await?;
        kinds.push(accounts(page.items, asked.more("accounts", page.next.as_ref())));
    }
    if asked.wants("licenses") {
        kinds.push(license_hits(visit, scope, asked, By::Words(words)).await?);
    }
    Ok(kinds)
}

fn businesses(found: impl IntoIterator<Item = BusinessRecord>, more: String) -> Kind {
    let hit = |business: BusinessRecord| Hit {
        href: paths::admin_business(business.id),
        id: business.id.to_string(),
        detail: if business.people == 1 { "1 person".to_owned() } else { format!("{} people", show::group(business.people)) },
        status: None,
        name: business.name,
    };
    Kind { key: "businesses", title: "Businesses", icon: "business", hits: found.into_iter().map(hit).collect(), more }
}

fn people(found: impl IntoIterator<Item = PersonRecord>, more: String) -> Kind {
    let hit = |person: PersonRecord| Hit {
        href: paths::admin_person(person.id),
        id: person.id.to_string(),
        status: person.disabled_at.map(|_| ("neutral", "Disabled".to_owned())),
        detail: person.email,
        name: person.name,
    };
    Kind { key: "people", title: "People", icon: "person", hits: found.into_iter().map(hit).collect(), more }
}

fn accounts(found: impl IntoIterator<Item = AccountRecord>, more: String) -> Kind {
    let hit = |account: AccountRecord| Hit {
        href: paths::admin_buyer_account(&account.id),
        detail: "Buyer account".to_owned(),
        status: None,
        name: account.name,
        id: account.id,
    };
    Kind { key: "accounts", title: "Buyer accounts", icon: "shop", hits: found.into_iter().map(hit).collect(), more }
}

async fn license_hits(visit: &Visit, scope: StaffScope, asked: &Asked, by: By) -> Result<Kind, WebError> {
    let filter = LicenseFilter { by: Some(by), business: None, status: None };
    let page = licenses::list_licenses(visit.db(), scope, &filter, visit.now(), None, PageSize::MIN).await?;
    let hit = |license: LicenseRecord| {
        let status = license.status(visit.now());
        Hit {
            href: paths::admin_license(license.id),
            id: license.id.to_string(),
            detail: format!("{} · {} · {}", license.business_name, show::count(license.credits.get(), "credit"), license.agreement_id),
            status: Some((license_tone(status), status.label().to_owned())),
            name: license.product_name,
        }
    };
    let all = paths::with_query(&paths::admin_licenses(), &[("q", &asked.text)]);
    let more = page.next.map(|_| all).unwrap_or_default();
    Ok(Kind { key: "licenses", title: "Licenses", icon: "license", hits: page.items.into_iter().map(hit).collect(), more })
}

/// A purchase in the marketplace; `key` is the last part of its license ARN, when there is one.
fn purchases(visit: &Visit, found: Option<AgreementRecord>, key: Option<String>) -> Kind {
    let hit = |key: String| Hit {
        href: paths::admin_purchase(&key),
        name: found.as_ref().map_or_else(|| "Purchase".to_owned(), |purchase| purchase.product_name.clone()),
        id: found.as_ref().map_or_else(|| key.clone(), |purchase| purchase.id.clone()),
        detail: found.as_ref().map_or_else(String::new, |purchase| {
            format!("{} · {} · until {}", purchase.buyer_name, purchase.buyer_account_id, show::date_time(purchase.ends_at, visit.zone()))
        }),
        status: None,
    };
    Kind {
        key: "purchases",
        title: "Purchases in the marketplace",
        icon: "shop",
        hits: key.map(hit).into_iter().collect(),
        more: String::new(),
    }
}

fn invoices(found: Option<Invoice>) -> Kind {
    let hit = |invoice: Invoice| Hit {
        href: paths::admin_invoice(&invoice.number),
        name: document::title(&invoice),
        detail: format!("{} · {} · {}", invoice.buyer_name, invoice.product_name, invoice.amount()),
        status: None,
        id: invoice.number,
    };
    Kind {
        key: "invoices",
        title: "Invoices and credit notes",
        icon: "invoice",
        hits: found.into_iter().map(hit).collect(),
        more: String::new(),
    }
}

fn transfers(found: Option<transfer::Listed>) -> Kind {
    let hit = |listed: transfer::Listed| Hit {
        href: paths::admin_transfer(listed.transfer.request().id),
        id: listed.transfer.request().id.to_string(),
        detail: format!("{} → {}", listed.from_name, listed.to_name),
        status: Some((super::rows::transfer_tone(listed.transfer.status()), listed.transfer.status().label().to_owned())),
        name: listed.product_name,
    };
    Kind { key: "transfers", title: "Transfers", icon: "transfer", hits: found.into_iter().map(hit).collect(), more: String::new() }
}
