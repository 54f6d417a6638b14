//! *Manage billing model*: every feature that can be charged by use, which model it has, and when it may change (CRD-9).

use super::billing_model::in_credits;
use super::credits::Instant;
use super::pay_as_you_go::address;
use crate::access::Action;
use crate::credits::billing_model::{BillingModel, LastChange};
use crate::credits::pay_as_you_go::{self, ModelOf};
use crate::kernel::clock::Timestamp;
use crate::kernel::show::Zone;
use crate::web::shell::{Crumb, Shell};
use crate::web::{Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

/// A feature as a row.
struct Row {
    solution: String,
    name: String,
    model: &'static str,
    metered: bool,
    reserves: String,
    changed: Option<(Instant, String)>,
    /// From when on it may change, where that is not yet.
    waits: Option<Instant>,
    /// The page of its change, where it may change now.
    change: String,
    to: &'static str,
}

impl Row {
    fn new(model: &ModelOf<'_>, has_contract: bool, now: Timestamp, zone: Zone) -> Self {
        let key = &model.feature.key;
        let waits = model.last.as_ref().and_then(LastChange::next_at).filter(|until| now < *until);
        let can = model.model == BillingModel::PayAsYouGo || model.feature.can_be_metered();
        let may = has_contract && waits.is_none() && can;
        Self {
            solution: model.solution.name.clone(),
            name: model.feature.name.clone(),
            model: model.model.label(),
            metered: model.model == BillingModel::PayAsYouGo,
            reserves: if model.model == BillingModel::PayAsYouGo { "By use".to_owned() } else { in_credits(model.credits) },
            changed: model.last.as_ref().map(|last| (Instant::full(last.changed_at, zone), last.changed_by.clone())),
            waits: waits.map(|until| Instant::full(until, zone)),
            change: if may { paths::billing_model(key.solution(), key.feature()) } else { String::new() },
            to: model.model.other().label(),
        }
    }
}

#[derive(Template)]
#[template(path = "console/billing_models.html")]
struct Page {
    shell: Shell,
    has_contract: bool,
    rows: Vec<Row>,
    tab: String,
}

/// The trail above both pages.
pub(super) fn crumbs(more: bool) -> Vec<Crumb> {
    let credits = Crumb { label: "Credits & Billing".to_owned(), href: address() };
    let models = Crumb { label: "Manage billing model".to_owned(), href: paths::billing_models() };
    if more { vec![credits, models] } else { vec![credits] }
}

/// `GET /console/credits/billing-model`.
pub async fn list(visit: Visit) -> Result<HttpResponse, WebError> {
    let scope = visit.business_scope(Action::Allocate)?;
    let (contract, models) = pay_as_you_go::read(visit.db(), &visit.portal().solutions, scope).await?;
    let row = |model: &ModelOf<'_>| Row::new(model, contract.is_some(), visit.now(), visit.zone());
    let mut shell = visit.shell("Manage billing model");
    shell.crumbs = crumbs(false);
    let rows = models.iter().map(row).collect();
    visit.page(StatusCode::OK, &Page { shell, has_contract: contract.is_some(), rows, tab: address() })
}
