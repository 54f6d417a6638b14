//! One license with everything about its contract: items, agreement, owner, the chain of owners, transfers.

use super::rows::{LicenseRow, Link, Moment, TransferRow, crumbs, license_tone, moment};
use crate::access::{Action, StaffScope};
use crate::fulfilment::license::{Source, Status};
use crate::fulfilment::look_up::{self, ContractRecord, LicenseRecord};
use crate::fulfilment::transfer::{self, LicenseRef, Ownership, Pointed, Status as TransferStatus};
use crate::kernel::id::LicenseId;
use crate::kernel::show;
use crate::web::shell::Shell;
use crate::web::{Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

/// One owner in the chain.
struct Owner {
    business: Link,
    since: Moment,
    title: String,
    transfer: Option<Link>,
    is_present: bool,
}

impl Owner {
    fn new(visit: &Visit, link: &Ownership) -> Self {
        let came = if link.by.is_some() { "Came by transfer" } else { "Activated here" };
        Self {
            business: Link { label: link.name.clone(), href: paths::admin_business(link.business) },
            since: moment(visit, link.since),
            title: link
                .until
                .map_or_else(|| came.to_owned(), |until| format!("{came}, held until {}", show::date_time(until, visit.zone()))),
            transfer: link.by.map(|id| Link { label: id.to_string(), href: paths::admin_transfer(id) }),
            is_present: link.until.is_none(),
        }
    }
}

/// The contract as facts.
struct Contract {
    id: String,
    source: &'static str,
    seller: String,
    license_arn: String,
    agreement: String,
    initial_agreement: Option<String>,
    purchase: String,
    account: Link,
    /// The code that it was made with, and its batch; then there is no purchase and no buyer account.
    code: Option<Link>,
    renews: &'static str,
    granted: String,
    activated: Moment,
    activated_by: Link,
}

impl Contract {
    fn new(visit: &Visit, contract: ContractRecord) -> Self {
        let key = contract.license_arn.rsplit(':').next().unwrap_or_default();
        Self {
            id: contract.id.to_string(),
            source: contract.source.label(),
            code: contract.code().zip(contract.code_batch).map(|(label, batch)| Link { label, href: paths::admin_code_batch(batch) }),
            purchase: paths::admin_purchase(key),
            account: Link { href: paths::admin_buyer_account(&contract.buyer_account_id), label: contract.buyer_account_id },
            renews: if contract.auto_renew { "Yes" } else { "No" },
            granted: show::count(contract.granted.get(), "credit"),
            activated: moment(visit, contract.activated_at),
            activated_by: Link { label: contract.activated_by_name, href: paths::admin_person(contract.activated_by) },
            initial_agreement: Some(contract.initial_agreement_id)
                .filter(|initial| *initial != contract.agreement_id && contract.source != Source::Code),
            seller: contract.seller_name,
            license_arn: contract.license_arn,
            agreement: contract.agreement_id,
        }
    }
}

#[derive(Template)]
#[template(path = "admin/license.html")]
struct License {
    shell: Shell,
    license: LicenseRow,
    kind: &'static str,
    expires_in: String,
    contract: Contract,
    items: Vec<LicenseRow>,
    owners: Vec<Owner>,
    transfers: Vec<TransferRow>,
    transfer: String,
    open: Option<String>,
    immovable: Option<&'static str>,
    status_note: Option<String>,
    audit: String,
}

/// `GET /admin/licenses/{license}`.
pub async fn show(visit: Visit) -> Result<HttpResponse, WebError> {
    let scope = visit.staff_scope(Action::LookUp)?;
    let id = visit.id("license", LicenseId::parse)?;
    let license = look_up::find_license(visit.db(), scope, id).await?.ok_or(WebError::NotFound)?;
    visit.page(StatusCode::OK, &view(&visit, scope, license).await?)
}

async fn view(visit: &Visit, scope: StaffScope, license: LicenseRecord) -> Result<License, WebError> {
    let (db, now) = (visit.db(), visit.now());
    let contract = look_up::find_contract(db, scope, license.contract).await?.ok_or(WebError::NotFound)?;
    let items = look_up::list_items(db, scope, license.contract).await?;
    let owners = transfer::owners(db, scope, license.contract, now).await?;
    let transfers = transfer::list_of_contract(db, scope, license.contract, now).await?;
    let immovable = match transfer::pointed(db, scope, &LicenseRef::License(license.id)).await? {
        Pointed::Held(holding) => holding.movable(now).err(),
        Pointed::NotActivated | Pointed::Nothing => None,
    };
    let open = transfers.iter().find(|listed| listed.transfer.status() == TransferStatus::Requested);
    let mut shell = visit.shell(&format!("{} {}", license.product_name, license.id));
    shell.crumbs = crumbs(&[("Licenses", paths::admin_licenses())]);
    Ok(License {
        shell,
        kind: license.kind.label(),
        expires_in: show::in_days(now, license.expires_at, visit.zone()),
        contract: Contract::new(visit, contract),
        items: items.iter().map(|item| LicenseRow::new(visit, item)).collect(),
        owners: owners.iter().map(|link| Owner::new(visit, link)).collect(),
        transfer: paths::admin_transfer_request(license.id),
        open: open.map(|listed| paths::admin_transfer(listed.transfer.request().id)),
        immovable: immovable.map(transfer::Immovable::in_words),
        transfers: TransferRow::all(visit, &transfers),
        status_note: license.revoked_at.map(|at| format!("Revoked on {}", show::date_time(at, visit.zone()))),
        audit: paths::with_query(&paths::admin_audit(), &[("subject", &license.id.to_string())]),
        license: LicenseRow::new(visit, &license),
    })
}

/// What a purchase that nobody has activated shows in place of a license's status.
pub(super) const NOT_ACTIVATED: (&str, &str) = (license_tone(Status::NotActivated), Status::NotActivated.label());
