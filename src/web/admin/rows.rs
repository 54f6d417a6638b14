//! What several pages of the support desk show in the same way: instants, figures, licenses and transfers as rows.

use crate::access::Phase;
use crate::credits::ledger::Figures;
use crate::fulfilment::license::Status as LicenseStatus;
use crate::fulfilment::look_up::LicenseRecord;
use crate::fulfilment::transfer::{Listed, Status as TransferStatus, Transfer};
use crate::kernel::clock::Timestamp;
use crate::kernel::show;
use crate::web::shell::Crumb;
use crate::web::{Visit, paths};

/// An instant for `<time>`.
#[derive(Clone)]
pub(super) struct Moment {
    pub iso: String,
    pub text: String,
}

/// The instant in the viewer's zone, which it names.
pub(super) fn moment(visit: &Visit, at: Timestamp) -> Moment {
    Moment { iso: show::iso(at), text: show::date_time(at, visit.zone()) }
}

/// A link by name.
pub(super) struct Link {
    pub label: String,
    pub href: String,
}

/// The trail above a page's heading: the support desk, then these.
pub(super) fn crumbs(trail: &[(&str, String)]) -> Vec<Crumb> {
    let desk = [("Support desk", paths::admin())];
    let all = desk.iter().chain(trail);
    all.map(|(label, href)| Crumb { label: (*label).to_owned(), href: href.clone() }).collect()
}

/// The three figures of a pool.
pub(super) struct FiguresRow {
    pub total_valid: String,
    pub allocated: String,
    pub balance: String,
    pub is_negative: bool,
}

impl FiguresRow {
    pub(super) fn new(figures: Figures) -> Self {
        Self {
            total_valid: show::group(figures.total_valid),
            allocated: show::group(figures.allocated),
            balance: show::group(figures.balance()),
            is_negative: figures.balance() < 0,
        }
    }

    /// `danger` beside a balance below zero, and nothing else.
    pub(super) fn tone(&self) -> &'static str {
        if self.is_negative { "danger" } else { "" }
    }
}

/// How far a business's access goes, and what comes next (EXP-2).
pub(super) struct AccessRow {
    pub phase: &'static str,
    pub tone: &'static str,
    pub expired: Option<Moment>,
    pub next: Option<(&'static str, Moment)>,
}

impl AccessRow {
    pub(super) fn new(visit: &Visit, phase: Phase) -> Self {
        let at = |at| Some(moment(visit, at));
        let (tone, expired, next) = match phase {
            Phase::Active => ("success", None, None),
            Phase::Grace { expired_at, locks_at } => ("warning", at(expired_at), at(locks_at).map(|at| ("Locked from", at))),
            Phase::Locked { expired_at, closes_at } => ("danger", at(expired_at), at(closes_at).map(|at| ("Closed from", at))),
            Phase::Closed { since, .. } => ("neutral", None, at(since).map(|at| ("Closed since", at))),
        };
        Self { phase: phase.label(), tone, expired, next }
    }
}

/// A license in a table.
pub(super) struct LicenseRow {
    pub id: String,
    pub href: String,
    pub product: String,
    pub item: String,
    pub status: &'static str,
    pub tone: &'static str,
    pub expires_soon: bool,
    pub credits: String,
    pub business: Link,
    pub agreement: String,
    pub activated: Moment,
    pub expires: Moment,
}

impl LicenseRow {
    pub(super) fn new(visit: &Visit, license: &LicenseRecord) -> Self {
        let status = license.status(visit.now());
        Self {
            id: license.id.to_string(),
            href: paths::admin_license(license.id),
            product: license.product_name.clone(),
            item: format!("{} · {}", license.item_number, license.kind.label()),
            status: status.label(),
            tone: license_tone(status),
            expires_soon: status.expires_soon(license.expires_at, visit.now()),
            credits: show::group(license.credits.get()),
            business: Link { label: license.business_name.clone(), href: paths::admin_business(license.business) },
            agreement: license.agreement_id.clone(),
            activated: moment(visit, license.activated_at),
            expires: moment(visit, license.expires_at),
        }
    }
}

/// The tone of a license's status.
pub(super) const fn license_tone(status: LicenseStatus) -> &'static str {
    match status {
        LicenseStatus::NotActivated => "pending",
        LicenseStatus::Active => "success",
        LicenseStatus::Expired => "neutral",
        LicenseStatus::Revoked => "danger",
    }
}

/// The tone of a transfer's state.
pub(super) const fn transfer_tone(status: TransferStatus) -> &'static str {
    match status {
        TransferStatus::Requested => "pending",
        TransferStatus::Approved => "success",
        TransferStatus::Rejected => "warning",
        TransferStatus::Withdrawn | TransferStatus::Lapsed => "neutral",
    }
}

/// A transfer in a table.
pub(super) struct TransferRow {
    pub href: String,
    pub product: String,
    pub license: String,
    pub from: Link,
    pub to: Link,
    pub status: &'static str,
    pub tone: &'static str,
    pub requested: Moment,
    pub requested_by: String,
    pub ticket: String,
    /// Who decided and when, or how long it can still be decided.
    pub outcome: String,
}

impl TransferRow {
    pub(super) fn new(visit: &Visit, listed: &Listed) -> Self {
        let request = listed.transfer.request();
        let status = listed.transfer.status();
        Self {
            href: paths::admin_transfer(request.id),
            product: listed.product_name.clone(),
            license: listed.license.to_string(),
            from: Link { label: listed.from_name.clone(), href: paths::admin_business(request.from) },
            to: Link { label: listed.to_name.clone(), href: paths::admin_business(request.to) },
            status: status.label(),
            tone: transfer_tone(status),
            requested: moment(visit, request.requested_at),
            requested_by: listed.requested_by_name.clone(),
            ticket: request.ticket.clone(),
            outcome: outcome(visit, listed),
        }
    }

    pub(super) fn all(visit: &Visit, listed: &[Listed]) -> Vec<Self> {
        listed.iter().map(|listed| Self::new(visit, listed)).collect()
    }
}

fn outcome(visit: &Visit, listed: &Listed) -> String {
    let by = listed.decided_by_name.as_deref().unwrap_or_default();
    let on = |at| show::date_time(at, visit.zone());
    match &listed.transfer {
        Transfer::Requested(request) => format!("{} left", show::duration_left((request.lapses_at - visit.now()).num_seconds())),
        Transfer::Approved { at, .. } | Transfer::Rejected { at, .. } => format!("{by}, {}", on(*at)),
        Transfer::Withdrawn { at, .. } => on(*at),
        Transfer::Lapsed(request) => on(request.lapses_at),
    }
}

/// `Showing 25 of 1,240 licenses`; the noun for one and for many.
pub(super) fn showing(shown: usize, total: i64, (one, many): (&str, &str)) -> String {
    format!("Showing {} of {} {}", show::group_len(shown), show::group(total), if total == 1 { one } else { many })
}
