//! Start page of the support desk: the search box, what waits for a second member of staff, what was moved lately.

use super::rows::TransferRow;
use crate::access::{Action, Actor, allows};
use crate::fulfilment::transfer::{self, Narrowed, Status};
use crate::kernel::page::PageSize;
use crate::kernel::show;
use crate::web::shell::Shell;
use crate::web::{Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

#[derive(Template)]
#[template(path = "admin/start.html")]
struct Start {
    shell: Shell,
    desk: Option<Desk>,
    search: String,
    audit: String,
}

/// What those see who may look things up.
struct Desk {
    may_decide: bool,
    waiting: Vec<TransferRow>,
    waiting_count: String,
    waiting_href: String,
    moved: Vec<TransferRow>,
    moved_href: String,
    licenses: String,
}

/// `GET /admin`.
pub async fn show(visit: Visit) -> Result<HttpResponse, WebError> {
    let actor = visit.require_actor()?;
    let view = Start {
        shell: visit.shell("Support desk"),
        desk: desk(&visit, actor).await?,
        search: paths::admin_search(),
        audit: paths::admin_audit(),
    };
    visit.page(StatusCode::OK, &view)
}

async fn desk(visit: &Visit, actor: &Actor) -> Result<Option<Desk>, WebError> {
    let Ok(scope) = visit.staff_scope(Action::LookUp) else { return Ok(None) };
    let of = |status| Narrowed { status: Some(status), business: None };
    let waiting = transfer::list(visit.db(), scope, &of(Status::Requested), visit.now(), None, PageSize::MIN).await?;
    let moved = transfer::list(visit.db(), scope, &of(Status::Approved), visit.now(), None, PageSize::MIN).await?;
    let count = transfer::count(visit.db(), scope, &of(Status::Requested), visit.now()).await?;
    let href = |status: Status| paths::with_query(&paths::admin_transfers(), &[("status", status.as_str())]);
    Ok(Some(Desk {
        may_decide: allows(actor, Action::DecideTransfer).is_ok(),
        waiting: TransferRow::all(visit, &waiting.items),
        waiting_count: show::count(count, "request"),
        waiting_href: href(Status::Requested),
        moved: TransferRow::all(visit, &moved.items),
        moved_href: href(Status::Approved),
        licenses: paths::admin_licenses(),
    }))
}
