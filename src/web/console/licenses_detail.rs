//! One license: where it comes from, the contract that it is part of, and the contract's other items. There is nothing
//! on it to change; moving a license is for support (LIC-4).

use super::credits::Instant;
use super::licenses::{LICENSE_TYPE, Row, by_whom, credits_row, tone};
use crate::access::Action;
use crate::fulfilment::licenses::{License, Terms, find, get_terms, list_of_contract};
use crate::kernel::id::LicenseId;
use crate::kernel::text::mask_account;
use crate::web::shell::{Crumb, Shell};
use crate::web::{Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

#[derive(Template)]
#[template(path = "console/license.html")]
struct Detail {
    shell: Shell,
    id: String,
    product: String,
    seller: String,
    status: &'static str,
    tone: &'static str,
    soon: bool,
    license_type: &'static str,
    kind: &'static str,
    source: &'static str,
    agreement: String,
    code: Option<String>,
    buyer_account: String,
    auto_renew: &'static str,
    activated: Instant,
    by: String,
    credits_href: String,
    trace_href: String,
    others: Vec<Row>,
    support: String,
}

/// `GET /console/licenses/{license}`.
pub async fn show(visit: Visit) -> Result<HttpResponse, WebError> {
    let scope = visit.business_scope(Action::SeeLicenses)?;
    let id = visit.id("license", LicenseId::parse)?;
    let license = find(visit.db(), scope, id).await?.ok_or(WebError::NotFound)?;
    let terms = get_terms(visit.db(), scope, license.contract_id).await?;
    let mut others = list_of_contract(visit.db(), scope, license.contract_id).await?;
    others.retain(|item| item.id != id);
    visit.page(StatusCode::OK, &detail(&visit, license, terms, others))
}

fn detail(visit: &Visit, license: License, terms: Terms, others: Vec<License>) -> Detail {
    let (now, zone, status) = (visit.now(), visit.zone(), license.status(visit.now()));
    Detail {
        shell: shell(visit, &license.product_name),
        id: license.id.to_string(),
        seller: terms.seller_name,
        status: status.label(),
        tone: tone(status),
        soon: license.expires_soon(now),
        license_type: LICENSE_TYPE,
        kind: license.kind.label(),
        source: license.source.label(),
        code: license.code(),
        buyer_account: if terms.buyer_account_id.is_empty() { "None".to_owned() } else { mask_account(&terms.buyer_account_id) },
        auto_renew: if terms.auto_renew { "Yes" } else { "No" },
        activated: Instant::full(license.activated_at, zone),
        by: by_whom(&license),
        credits_href: credits_row(license.id),
        trace_href: paths::license_trace(license.id),
        others: others.into_iter().map(|item| Row::new(item, now, zone)).collect(),
        support: visit.portal().config.support_email.clone(),
        agreement: license.agreement_id,
        product: license.product_name,
    }
}

fn shell(visit: &Visit, product: &str) -> Shell {
    let mut shell = visit.shell(&format!("License of {product}"));
    shell.crumbs = vec![Crumb { label: "License Information".to_owned(), href: paths::licenses() }];
    shell
}
