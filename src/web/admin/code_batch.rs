//! One batch of activation codes: what they bring, how each stands, and withdrawing those that are not used.

use super::rows::{Link, Moment, crumbs, moment};
use crate::access::{Action, allows};
use crate::audit::ActingAs;
use crate::fulfilment::code::Status;
use crate::fulfilment::code::issue;
use crate::fulfilment::code::list::{self, BatchRecord, CodeRecord};
use crate::kernel::id::{CodeBatchId, CodeId};
use crate::kernel::page::{Cursor, PageSize, Paged};
use crate::kernel::show;
use crate::web::shell::{Shell, Tone};
use crate::web::{Form, Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

struct Row {
    id: String,
    place: String,
    code: String,
    status: &'static str,
    tone: &'static str,
    used: Option<Moment>,
    by: String,
    business: Option<Link>,
    license: Option<String>,
    withdrawn: Option<Moment>,
    can_withdraw: bool,
}

impl Row {
    fn new(visit: &Visit, code: CodeRecord, may: bool) -> Self {
        let status = code.status(visit.now());
        Self {
            id: code.id.to_string(),
            place: show::group(code.place),
            code: code.masked(),
            status: status.label(),
            tone: match status {
                Status::Open => "info",
                Status::Used => "success",
                Status::Expired => "neutral",
                Status::Withdrawn => "danger",
            },
            used: code.used_at.map(|at| moment(visit, at)),
            by: code.used_by_name.unwrap_or_default(),
            business: code.business_id.zip(code.business_name).map(|(id, label)| Link { label, href: paths::admin_business(id) }),
            license: code.license.map(paths::admin_license),
            withdrawn: code.withdrawn_at.map(|at| moment(visit, at)),
            can_withdraw: may && matches!(status, Status::Open | Status::Expired),
        }
    }
}

#[derive(Template)]
#[template(path = "admin/code_batch.html")]
struct Batch {
    shell: Shell,
    order: String,
    product: String,
    id: String,
    facts: Vec<(&'static str, String)>,
    business: Option<Link>,
    issued: Moment,
    valid_until: Moment,
    rows: Vec<Row>,
    withdraw: Option<String>,
    open: i64,
    path: String,
    status: &'static str,
    statuses: Vec<(&'static str, &'static str)>,
    clear: String,
    count: String,
    first: String,
    next: String,
}

/// `GET /admin/codes/{batch}?status=&after=`
pub async fn show(visit: Visit) -> Result<HttpResponse, WebError> {
    let scope = visit.staff_scope(Action::LookUp)?;
    let id = visit.id("batch", CodeBatchId::parse)?;
    let batch = list::batch(visit.db(), scope, id).await?.ok_or(WebError::NotFound)?;
    let (status, after) = (Status::parse(visit.query("status")), Cursor::parse(visit.query("after")));
    let page = list::codes(visit.db(), scope, id, (status, visit.now()), after.as_ref(), PageSize::default()).await?;
    visit.page(StatusCode::OK, &view(&visit, batch, page, status, after.is_some()))
}

fn view(visit: &Visit, batch: BatchRecord, page: Paged<CodeRecord>, status: Option<Status>, later: bool) -> Batch {
    let may = visit.actor().is_some_and(|actor| allows(actor, Action::IssueCodes).is_ok());
    let (path, word, open) = (paths::admin_code_batch(batch.id), status.map_or("", Status::as_str), batch.open(visit.now()));
    let href = |after: &str| paths::with_query(&path, &[("status", word), ("after", after)]);
    let mut shell = visit.shell(&format!("Activation codes of {}", batch.order_number));
    shell.crumbs = crumbs(&[("Activation codes", paths::admin_codes())]);
    Batch {
        shell,
        id: batch.id.to_string(),
        facts: vec![
            ("Seller", batch.seller_name.clone()),
            ("Product code", batch.product_code.clone()),
            ("Credits of each code", show::count(batch.credits.get(), "credit")),
            ("Term", show::count(batch.term_months, "month")),
            ("Codes", show::group(batch.size)),
            ("Open", show::group(open)),
            ("Used", show::group(batch.used)),
            ("Withdrawn", show::group(batch.withdrawn)),
            ("Issued by", batch.issued_by_name.clone()),
        ],
        business: batch.business_id.zip(batch.business_name).map(|(id, label)| Link { label, href: paths::admin_business(id) }),
        issued: moment(visit, batch.issued_at),
        valid_until: moment(visit, batch.valid_until),
        withdraw: may.then(|| paths::admin_codes_withdraw(batch.id)),
        open,
        statuses: Status::ALL.iter().map(|status| (status.as_str(), status.label())).collect(),
        status: word,
        clear: if word.is_empty() { String::new() } else { path.clone() },
        count: format!("Showing {}", show::count(i64::try_from(page.items.len()).unwrap_or(i64::MAX), "code")),
        first: if later { href("") } else { String::new() },
        next: page.next.as_deref().map(href).unwrap_or_default(),
        rows: page.items.into_iter().map(|code| Row::new(visit, code, may)).collect(),
        order: batch.order_number,
        product: batch.product_name,
        path: path.clone(),
    }
}

/// `POST /admin/codes/{batch}/withdraw`: the code that the form names, else all that are not used.
pub async fn withdraw(visit: Visit, form: Form) -> Result<HttpResponse, WebError> {
    let scope = visit.staff_scope(Action::IssueCodes)?;
    let batch = visit.id("batch", CodeBatchId::parse)?;
    list::batch(visit.db(), scope, batch).await?.ok_or(WebError::NotFound)?;
    let code = match form.text("code") {
        "" => None,
        code => Some(CodeId::parse(code).ok_or(WebError::NotFound)?),
    };
    let person = visit.require_actor()?.person;
    match issue::withdraw(visit.db(), scope, &visit.who(ActingAs::Staff), person, batch, code).await? {
        0 => visit.flash(Tone::Info, "Nothing to withdraw", "The codes are used or withdrawn already."),
        many => {
            let many = show::count(i64::try_from(many).unwrap_or(i64::MAX), "code");
            visit.flash(Tone::Success, "Withdrawn", &format!("{many} cannot be used any more."));
        }
    }
    Ok(visit.see_other(&paths::admin_code_batch(batch)))
}
