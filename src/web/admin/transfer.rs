//! One transfer: what was asked, what became of it, and while it is open what it would do at this instant and what the
//! viewer may do about it.

use super::preview::PreviewView;
use super::rows::{Link, Moment, crumbs, moment, transfer_tone};
use crate::access::{Action, StaffScope, allows};
use crate::fulfilment::transfer::{self, LicenseRef, Listed, Pointed, Request, Status, Transfer};
use crate::kernel::id::TransferId;
use crate::kernel::show;
use crate::web::form::FormView;
use crate::web::shell::Shell;
use crate::web::{Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

/// How an open request ends if nothing happens.
struct Open {
    lapses: Moment,
    left: String,
    preview: Option<PreviewView>,
}

/// What became of it.
struct Ended {
    at: Moment,
    by: Option<String>,
    note: Option<String>,
    /// What an approved transfer moved.
    moved: Option<String>,
}

/// The way back, as long as there is one (SUP-5).
struct Undo {
    href: String,
    until: Moment,
    left: String,
}

#[derive(Template)]
#[template(path = "admin/transfer.html")]
struct Page {
    shell: Shell,
    form: FormView,
    id: String,
    product: String,
    license: Link,
    from: Link,
    to: Link,
    status: &'static str,
    tone: &'static str,
    reason: String,
    ticket: String,
    requested: Moment,
    requested_by: Link,
    open: Option<Open>,
    ended: Option<Ended>,
    undoes: Option<Link>,
    undo: Option<Undo>,
    may_decide: bool,
    may_withdraw: bool,
    needs_password: bool,
    approve: String,
    reject: String,
    withdraw: String,
    again: String,
    audit: String,
}

/// `GET /admin/transfers/{transfer}`.
pub async fn show(visit: Visit) -> Result<HttpResponse, WebError> {
    let id = visit.id("transfer", TransferId::parse)?;
    answer(&visit, id, FormView::new(), StatusCode::OK).await
}

/// The page of a transfer, with a form as it was typed.
pub(super) async fn answer(visit: &Visit, id: TransferId, form: FormView, status: StatusCode) -> Result<HttpResponse, WebError> {
    let scope = visit.staff_scope(Action::LookUp)?;
    let listed = transfer::find(visit.db(), scope, id, visit.now()).await?.ok_or(WebError::NotFound)?;
    let open = match &listed.transfer {
        Transfer::Requested(request) => Some(open(visit, scope, request).await?),
        Transfer::Approved { .. } | Transfer::Rejected { .. } | Transfer::Withdrawn { .. } | Transfer::Lapsed(_) => None,
    };
    let undo = undo(visit, scope, &listed).await?;
    let mut page = view(visit, form, listed, open)?;
    page.undo = undo;
    if let Some(ended) = &mut page.ended {
        let moved = transfer::credits_moved(visit.db(), scope, id).await?;
        ended.moved = (moved > 0).then(|| show::count(moved, "credit"));
    }
    visit.page(status, &page)
}

/// Only the last transfer of a contract can be taken back, and only while its business still holds it.
async fn undo(visit: &Visit, scope: StaffScope, listed: &Listed) -> Result<Option<Undo>, WebError> {
    let request = listed.transfer.request();
    let Some(until) = listed.transfer.undoable_until().filter(|until| visit.now() < *until) else { return Ok(None) };
    let pointed = transfer::pointed(visit.db(), scope, &LicenseRef::License(listed.license)).await?;
    let still_there = matches!(pointed, Pointed::Held(holding) if holding.owner == request.to);
    Ok(still_there.then(|| Undo {
        href: paths::with_query(&paths::admin_transfer_request(listed.license), &[("undo", &request.id.to_string())]),
        until: moment(visit, until),
        left: show::duration_left((until - visit.now()).num_seconds()),
    }))
}

async fn open(visit: &Visit, scope: StaffScope, request: &Request) -> Result<Open, WebError> {
    let preview = transfer::preview(visit.db(), scope, request.contract, request.to, visit.now()).await?;
    Ok(Open {
        lapses: moment(visit, request.lapses_at),
        left: show::duration_left((request.lapses_at - visit.now()).num_seconds()),
        preview: preview.map(|preview| PreviewView::new(visit, &preview)),
    })
}

fn view(visit: &Visit, form: FormView, listed: Listed, open: Option<Open>) -> Result<Page, WebError> {
    let actor = visit.require_actor()?;
    let ended = ended(visit, &listed);
    let status = listed.transfer.status();
    let request = listed.transfer.request();
    let asked_by_viewer = request.requested_by == actor.person;
    let is_open = status == Status::Requested;
    let mut shell = visit.shell(&format!("Transfer {}", request.id));
    shell.crumbs = crumbs(&[("Transfers", paths::admin_transfers())]);
    Ok(Page {
        shell: if form.has_errors() { shell.with_errors() } else { shell },
        form,
        id: request.id.to_string(),
        license: Link { label: listed.license.to_string(), href: paths::admin_license(listed.license) },
        from: Link { label: listed.from_name.clone(), href: paths::admin_business(request.from) },
        to: Link { label: listed.to_name.clone(), href: paths::admin_business(request.to) },
        status: status.label(),
        tone: transfer_tone(status),
        reason: request.reason.clone(),
        ticket: request.ticket.clone(),
        requested: moment(visit, request.requested_at),
        requested_by: Link { label: listed.requested_by_name.clone(), href: paths::admin_person(request.requested_by) },
        open,
        ended,
        undoes: request.undoes.map(|undone| Link { label: undone.to_string(), href: paths::admin_transfer(undone) }),
        undo: None,
        may_decide: is_open && !asked_by_viewer && allows(actor, Action::DecideTransfer).is_ok(),
        may_withdraw: is_open && asked_by_viewer,
        needs_password: !visit.password_is_fresh(),
        approve: paths::admin_transfer_approve(request.id),
        reject: paths::admin_transfer_reject(request.id),
        withdraw: paths::admin_transfer_withdraw(request.id),
        again: paths::admin_transfer_request(listed.license),
        audit: paths::with_query(&paths::admin_audit(), &[("subject", &request.id.to_string())]),
        product: listed.product_name,
    })
}

fn ended(visit: &Visit, listed: &Listed) -> Option<Ended> {
    let by = listed.decided_by_name.clone();
    match &listed.transfer {
        Transfer::Requested(_) => None,
        Transfer::Approved { at, .. } | Transfer::Withdrawn { at, .. } => {
            Some(Ended { at: moment(visit, *at), by, note: None, moved: None })
        }
        Transfer::Rejected { at, note, .. } => Some(Ended { at: moment(visit, *at), by, note: Some(note.clone()), moved: None }),
        Transfer::Lapsed(request) => Some(Ended { at: moment(visit, request.lapses_at), by: None, note: None, moved: None }),
    }
}
