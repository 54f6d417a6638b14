//! **License Information**: every license of the business, and the purchase that waits in this browser (LIC-1 to LIC-3,
//! LIC-6). Number of credits and expiration date stand in Credits & Billing only; the cells lead to the very row (LIC-2).

use super::credits::Instant;
use super::licenses_address::{Asked, Controls};
use super::{license_add, licenses_csv, licenses_detail};
use crate::access::{Action, BusinessScope, allows};
use crate::fulfilment::license::{Kind, Status};
use crate::fulfilment::licenses::{self, License};
use crate::fulfilment::registration::{Held, State};
use crate::kernel::clock::Timestamp;
use crate::kernel::id::LicenseId;
use crate::kernel::show::{self, Zone};
use crate::kernel::text::{search_key, search_words};
use crate::web::route::{Access, Entry, get, post};
use crate::web::setup::{self, Deadline};
use crate::web::shell::Shell;
use crate::web::{Visit, WebError, paths};
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;

/// License type of everything that is sold today.
pub(super) const LICENSE_TYPE: &str = "Credits";

/// License Information's lines of the route table.
pub(super) fn routes() -> Vec<Entry> {
    vec![
        get(paths::LICENSES, Access::May(Action::SeeLicenses), || web::to(list)),
        get(paths::LICENSES_CSV, Access::May(Action::SeeLicenses), || web::to(licenses_csv::download)),
        get(paths::LICENSE_ADD, Access::May(Action::ManageLicenses), || web::to(license_add::show)),
        post(paths::LICENSE_ADD, Access::May(Action::ManageLicenses), || web::to(license_add::submit)),
        get(paths::LICENSE, Access::May(Action::SeeLicenses), || web::to(licenses_detail::show)),
    ]
}

/// The row of a license.
pub(super) struct Row {
    pub product: String,
    pub href: String,
    pub status: &'static str,
    pub tone: &'static str,
    pub soon: bool,
    pub source: &'static str,
    pub kind: &'static str,
    pub agreement: String,
    pub code: String,
    pub credits_href: String,
    pub activated: Instant,
    pub by: String,
}

impl Row {
    pub fn new(license: License, now: Timestamp, zone: Zone) -> Self {
        let status = license.status(now);
        Self {
            href: paths::license(license.id),
            credits_href: credits_row(license.id),
            status: status.label(),
            tone: tone(status),
            soon: license.expires_soon(now),
            source: license.source.label(),
            kind: license.kind.label(),
            by: by_whom(&license),
            activated: Instant::full(license.activated_at, zone),
            code: license.code().unwrap_or_else(|| "None".to_owned()),
            agreement: license.agreement_id,
            product: license.product_name,
        }
    }
}

/// The very row in Credits & Billing.
pub(super) fn credits_row(license: LicenseId) -> String {
    let item = license.to_string();
    format!("{}#{item}", paths::with_query(&paths::credits(), &[("item", &item)]))
}

/// Upgrades need nobody: they follow the purchase.
pub(super) fn by_whom(license: &License) -> String {
    match (&license.activated_by, license.kind) {
        (Some(name), _) => name.clone(),
        (None, Kind::Upgrade) => "Added by an upgrade".to_owned(),
        (None, Kind::Renewal) => "Added by a renewal".to_owned(),
        (None, Kind::New | Kind::Code) => "Not recorded".to_owned(),
    }
}

/// The tone of a status; its word stands beside it.
pub(super) const fn tone(status: Status) -> &'static str {
    match status {
        Status::NotActivated => "pending",
        Status::Active => "success",
        Status::Expired => "neutral",
        Status::Revoked => "danger",
    }
}

/// The purchase that waits in this browser.
struct Waiting {
    product: String,
    source: &'static str,
    agreement: String,
    deadline: Deadline,
}

#[derive(Template)]
#[template(path = "console/licenses.html")]
struct Licenses {
    shell: Shell,
    controls: Controls,
    waiting: Option<Waiting>,
    rows: Vec<Row>,
    nothing_at_all: bool,
    may_activate: bool,
    activation: String,
    add: String,
    subscriptions: String,
    license_type: &'static str,
    count: String,
    next: String,
}

/// `GET /console/licenses`.
pub async fn list(visit: Visit) -> Result<HttpResponse, WebError> {
    visit.page(StatusCode::OK, &view(&visit).await?)
}

/// The page itself, for its handler and for the benchmark.
pub(crate) async fn view(visit: &Visit) -> Result<impl Template + use<>, WebError> {
    let scope = visit.business_scope(Action::SeeLicenses)?;
    let asked = Asked::read(visit);
    let waiting = waiting(visit, scope, &asked).await?;
    let (rows, next, total) = rows(visit, scope, &asked).await?;
    let shown = rows.len() + usize::from(waiting.is_some());
    let all = total + i64::from(waiting.is_some());
    Ok(Licenses {
        shell: visit.shell("License Information"),
        controls: asked.controls(),
        nothing_at_all: shown == 0 && !asked.is_narrowed() && asked.after.is_none(),
        may_activate: allows(visit.require_actor()?, Action::ManageLicenses).is_ok(),
        activation: paths::activation(),
        add: paths::license_add(),
        subscriptions: visit.shop().subscriptions.clone(),
        license_type: LICENSE_TYPE,
        count: format!("Showing {} of {}", show::group_len(shown), show::count(all, "license")),
        next: next.map(|next| asked.next(&next)).unwrap_or_default(),
        waiting,
        rows,
    })
}

/// The rows of this page, the next page, and how many there are in all.
async fn rows(visit: &Visit, scope: BusinessScope, asked: &Asked) -> Result<(Vec<Row>, Option<String>, i64), WebError> {
    if asked.not_activated {
        return Ok((Vec::new(), None, 0));
    }
    let (db, now) = (visit.db(), visit.now());
    let page = licenses::list(db, scope, &asked.filter, asked.order, (asked.after.as_ref(), asked.size), now).await?;
    let total = licenses::count(db, scope, &asked.filter, now).await?;
    let rows = page.items.into_iter().map(|license| Row::new(license, now, visit.zone())).collect();
    Ok((rows, page.next, total))
}

/// The purchase of this browser, on the first page and where the filter lets it through.
async fn waiting(visit: &Visit, scope: BusinessScope, asked: &Asked) -> Result<Option<Waiting>, WebError> {
    let fits = |held: &Held| {
        let purchase = &held.registration.purchase;
        let key = search_key(&format!("{} {}", purchase.product_name, purchase.agreement_id));
        let pending = matches!(held.registration.state(visit.now()), State::Pending { .. });
        pending && held.serves(scope.business()) && search_words(&asked.filter.words).iter().all(|word| key.contains(word.as_str()))
    };
    if asked.filter.standing.is_some() || asked.after.is_some() {
        return Ok(None);
    }
    Ok(setup::held(visit).await?.filter(fits).map(|held| Waiting {
        deadline: Deadline::of(&held.registration, visit.now(), visit.zone()),
        product: held.registration.purchase.product_name,
        source: held.registration.purchase.source.label(),
        agreement: held.registration.purchase.agreement_id,
    }))
}
