//! A purchase in the marketplace that staff look up by its agreement or license ARN. When it was activated its license
//! has the page; here stands what is known while it belongs to no business.

use super::license::NOT_ACTIVATED;
use super::rows::{Link, Moment, crumbs, moment};
use crate::access::{Action, StaffScope};
use crate::fulfilment::look_up::{self as fulfilment, By, LicenseFilter, RegistrationRecord};
use crate::fulfilment::transfer::{Immovable, LicenseRef};
use crate::kernel::page::PageSize;
use crate::kernel::show;
use crate::marketplace::agreement::AgreementStatus;
use crate::marketplace::look_up::{self, AgreementRecord};
use crate::web::shell::Shell;
use crate::web::{Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

/// How many presented tokens are shown.
const REGISTRATIONS_SHOWN: i64 = 25;

const NO_LICENSE: &str = "It is charged by use: there is no license that could be moved.";

/// A token that was presented.
struct Landing {
    id: String,
    landed: Moment,
    until: Moment,
    state: &'static str,
}

/// The agreement, where the marketplace of this program knows it.
struct Agreement {
    buyer: Link,
    status: &'static str,
    credits: String,
    starts: Moment,
    ends: Moment,
    renews: &'static str,
    set_up: Option<Moment>,
}

#[derive(Template)]
#[template(path = "admin/purchase.html")]
struct Purchase {
    shell: Shell,
    product: String,
    agreement_id: String,
    license_arn: String,
    tone: &'static str,
    status: &'static str,
    why_no_transfer: &'static str,
    agreement: Option<Agreement>,
    landings: Vec<Landing>,
}

/// `GET /admin/purchases/{purchase}`.
pub async fn show(visit: Visit) -> Result<HttpResponse, WebError> {
    let scope = visit.staff_scope(Action::LookUp)?;
    let Some(LicenseRef::Purchase(key)) = LicenseRef::parse(visit.param("purchase")) else { return Err(WebError::NotFound) };
    let filter = LicenseFilter { by: Some(By::Key(key.clone())), ..LicenseFilter::default() };
    let items = fulfilment::list_licenses(visit.db(), scope, &filter, visit.now(), None, PageSize::MIN).await?;
    if let Some(original) = items.items.iter().min_by_key(|item| item.item_number) {
        return Ok(visit.see_other(&paths::admin_license(original.id)));
    }
    visit.page(StatusCode::OK, &view(&visit, scope, &key).await?)
}

async fn view(visit: &Visit, scope: StaffScope, key: &str) -> Result<Purchase, WebError> {
    let agreement = look_up::find_purchase(visit.db(), scope, key).await?;
    let landings = fulfilment::list_registrations(visit.db(), scope, key, REGISTRATIONS_SHOWN).await?;
    let known = (agreement.as_ref().map(|known| (&known.product_name, &known.id, &known.license_arn)))
        .or_else(|| landings.first().map(|known| (&known.product_name, &known.agreement_id, &known.license_arn)));
    let (product, agreement_id, license_arn) = known.map(|(a, b, c)| (a.clone(), b.clone(), c.clone())).ok_or(WebError::NotFound)?;
    let mut shell = visit.shell(&format!("Purchase {agreement_id}"));
    shell.crumbs = crumbs(&[("Licenses", paths::admin_licenses())]);
    // What is charged by use is activated without a license, so that no license has its page (CRD-9).
    let is_activated = agreement.as_ref().is_some_and(|agreement| agreement.activated_at.is_some());
    let (tone, status) = if is_activated { ("success", "Activated") } else { NOT_ACTIVATED };
    Ok(Purchase {
        shell,
        product,
        agreement_id,
        license_arn,
        tone,
        status,
        why_no_transfer: if is_activated { NO_LICENSE } else { Immovable::NotActivated.in_words() },
        agreement: agreement.map(|agreement| in_words(visit, agreement)),
        landings: landings.into_iter().map(|landing| row(visit, landing)).collect(),
    })
}

fn in_words(visit: &Visit, agreement: AgreementRecord) -> Agreement {
    Agreement {
        buyer: Link {
            label: format!("{} ({})", agreement.buyer_name, agreement.buyer_account_id),
            href: paths::admin_buyer_account(&agreement.buyer_account_id),
        },
        status: agreement_status(agreement.status),
        credits: if agreement.credits == 0 { "None; charged by use".to_owned() } else { show::count(agreement.credits, "credit") },
        starts: moment(visit, agreement.starts_at),
        ends: moment(visit, agreement.ends_at),
        renews: if agreement.auto_renew { "Yes" } else { "No" },
        set_up: agreement.set_up_at.map(|at| moment(visit, at)),
    }
}

/// How an agreement is stored, in words for staff.
pub(super) const fn agreement_status(status: AgreementStatus) -> &'static str {
    match status {
        AgreementStatus::Pending => "Payment pending",
        AgreementStatus::Active => "Active",
        AgreementStatus::RolledBack => "Payment did not arrive",
        AgreementStatus::Expired => "Expired",
        AgreementStatus::Renewed => "Renewed under another agreement",
        AgreementStatus::Cancelled => "Cancelled",
        AgreementStatus::Terminated => "Terminated",
    }
}

fn row(visit: &Visit, landing: RegistrationRecord) -> Landing {
    let state = match landing.completed_at {
        Some(_) => "Completed",
        None if visit.now() < landing.expires_at => "Open",
        None => "Expired",
    };
    Landing { id: landing.id.to_string(), landed: moment(visit, landing.landed_at), until: moment(visit, landing.expires_at), state }
}
