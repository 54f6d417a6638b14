//! Issues activation codes. Their text stands in the answer of this one POST, on a page or in a file, and nowhere else
//! ever: that is why it does not lead on to another address. Sent twice, the form issues once and says so.

use super::destination::{Destination, resolve};
use super::rows::crumbs;
use crate::access::{Action, StaffScope};
use crate::audit::ActingAs;
use crate::db::SplitRefusal;
use crate::fulfilment::code::Worth;
use crate::fulfilment::code::issue::{self, BATCH_MAX, IssueRefusal, Issued, MONTHS_MAX, Order};
use crate::fulfilment::code::list::{self, ProductRecord};
use crate::fulfilment::code::text::CodeText;
use crate::kernel::clock::Timestamp;
use crate::kernel::credits::Credits;
use crate::kernel::id::{BusinessId, CodeBatchId};
use crate::kernel::quantity::Range;
use crate::kernel::random;
use crate::kernel::show;
use crate::kernel::text::one_line;
use crate::web::export::{Cell, CsvFile};
use crate::web::form::{FormView, Problems};
use crate::web::shell::{Shell, Tone};
use crate::web::{Form, Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use chrono::{Days, NaiveDate, NaiveTime};

const CREDITS_MAX: i64 = 10_000_000;
const LINE_MAX: usize = 100;

#[derive(Template)]
#[template(path = "admin/codes_issue.html")]
struct IssuePage {
    shell: Shell,
    form: FormView,
    action: String,
    products: Vec<(String, String)>,
    form_key: String,
    back: String,
}

#[derive(Template)]
#[template(path = "admin/codes_issued.html")]
struct IssuedPage {
    shell: Shell,
    title: String,
    codes: Vec<String>,
    product: String,
    credits: String,
    batch: String,
}

/// `GET /admin/codes/new`
pub async fn show(visit: Visit) -> Result<HttpResponse, WebError> {
    let form = FormView::new().set("months", "12").set("size", "1");
    page(&visit, form, random::word(26), StatusCode::OK).await
}

/// `POST /admin/codes/new`: the codes, on a page or as CSV, this once.
pub async fn issue(visit: Visit, form: Form) -> Result<HttpResponse, WebError> {
    let scope = visit.staff_scope(Action::IssueCodes)?;
    let (order, mut problems) = read(&visit, scope, &form).await?;
    let form_key = form.text("form_key").chars().take(64).collect::<String>();
    let Some(order) = order.filter(|_| problems.is_empty()) else {
        return page(&visit, FormView::with(&form, problems), form_key, StatusCode::UNPROCESSABLE_ENTITY).await;
    };
    let (person, products) = (visit.require_actor()?.person, &visit.portal().fulfilment.products);
    let issued = issue::issue(visit.db(), products, scope, &visit.who(ActingAs::Staff), (person, &form_key), &order).await;
    match issued.refusal()? {
        Ok(issued) if form.text("act") == "csv" => file(&order, &issued, visit.now()),
        Ok(issued) => visit.page(StatusCode::OK, &shown(&visit, &order, &issued)),
        Err(IssueRefusal::AlreadyIssued(batch)) => Ok(shown_before(&visit, batch)),
        Err(refusal) => {
            let (field, words) = words(&refusal);
            problems.push(field, words);
            page(&visit, FormView::with(&form, problems), form_key, StatusCode::UNPROCESSABLE_ENTITY).await
        }
    }
}

/// The form was sent twice: the codes are not shown again.
fn shown_before(visit: &Visit, batch: CodeBatchId) -> HttpResponse {
    let advice = "They were shown once. Withdraw them and issue others if nobody has them.";
    visit.flash(Tone::Warning, "These codes were issued already", advice);
    visit.see_other(&paths::admin_code_batch(batch))
}

fn words(refusal: &IssueRefusal) -> (&'static str, &'static str) {
    match refusal {
        IssueRefusal::AlreadyIssued(_) => ("", "These codes were issued already"),
        IssueRefusal::NoSuchBusiness => ("business", "No registered business has this id or name"),
        IssueRefusal::UnknownProduct => ("product", "This console does not sell licenses of this product"),
        IssueRefusal::Over => ("valid_until", "Enter a day that is not over yet"),
    }
}

/// What was typed; all problems at once.
async fn read(visit: &Visit, scope: StaffScope, form: &Form) -> Result<(Option<Order>, Problems), WebError> {
    let mut problems = Problems::new();
    let product = product(&list::products(visit.db(), scope).await?, form, &mut problems);
    let mut number = |field: &str, range: Range, unit: &str| {
        problems.take(field, range.read(form.text(field)).map_err(|unfit| range.problem(unfit, unit)))
    };
    let credits = number("credits", Range::between(1, CREDITS_MAX), "credits");
    let months = number("months", Range::between(1, MONTHS_MAX), "months");
    let size = number("size", Range::between(1, BATCH_MAX), "codes");
    let order_number = problems.take("order", one_line(form.text("order"), LINE_MAX).map_err(|error| error.in_words("order number")));
    let valid_until = problems
        .take("valid_until", end_of_day(form.text("valid_until")).ok_or("Enter the last day as year-month-day, such as 2027-03-31"));
    let business = business(visit, scope, form, &mut problems).await?;
    let (Some(product), Some(credits), Some(months), Some(size), Some(order_number), Some(valid_until)) =
        (product, credits.and_then(|credits| Credits::new(credits).ok()), months, size, order_number, valid_until)
    else {
        return Ok((None, problems));
    };
    let worth = Worth {
        product_code: product.product_code,
        product_name: product.product_name,
        seller_name: product.seller_name,
        credits,
        term_months: u32::try_from(months).unwrap_or(1),
        order_number: order_number.clone(),
    };
    Ok((Some(Order { worth, order_number, valid_until, business, size }), problems))
}

/// A product that is known, or one that is typed in.
fn product(known: &[ProductRecord], form: &Form, problems: &mut Problems) -> Option<ProductRecord> {
    let chosen = form.text("product");
    if !chosen.is_empty() {
        let found = known.iter().find(|product| product.product_code == chosen).cloned();
        return problems.take("product", found.ok_or("Choose a product of the list, or none and enter another"));
    }
    let mut line =
        |field: &str, name: &str| problems.take(field, one_line(form.text(field), LINE_MAX).map_err(|error| error.in_words(name)));
    let (code, name, seller) = (line("product_code", "product code"), line("product_name", "product name"), line("seller_name", "seller"));
    Some(ProductRecord { product_code: code?, product_name: name?, seller_name: seller? })
}

/// The business that alone can use the codes; none where nothing is typed.
async fn business(visit: &Visit, scope: StaffScope, form: &Form, problems: &mut Problems) -> Result<Option<BusinessId>, WebError> {
    Ok(match resolve(visit.db(), scope, form.text("business")).await? {
        Destination::Empty => None,
        Destination::One(business) => Some(business.id),
        Destination::Several(_) => {
            problems.push("business", "Several businesses match. Enter the id of the one that is meant");
            None
        }
        Destination::Unknown => {
            problems.push("business", "No registered business has this id or name");
            None
        }
    })
}

/// The first instant after a day in UTC.
fn end_of_day(typed: &str) -> Option<Timestamp> {
    let day = NaiveDate::parse_from_str(typed.trim(), "%Y-%m-%d").ok()?;
    Some(day.checked_add_days(Days::new(1))?.and_time(NaiveTime::MIN).and_utc())
}

fn file(order: &Order, issued: &Issued, now: Timestamp) -> Result<HttpResponse, WebError> {
    let mut file = CsvFile::new(&["Code", "Product", "Credits", "Term in months", "Order number", "Valid until"])?;
    for code in &issued.codes {
        file.row(&[
            Cell::Text(&code.reveal()),
            Cell::Text(&order.worth.product_name),
            Cell::Number(order.worth.credits.get()),
            Cell::Number(i64::from(order.worth.term_months)),
            Cell::Text(&order.order_number),
            Cell::Time(order.valid_until),
        ])?;
    }
    file.download("activation-codes", now)
}

fn shown(visit: &Visit, order: &Order, issued: &Issued) -> IssuedPage {
    let many = i64::try_from(issued.codes.len()).unwrap_or(i64::MAX);
    let title = format!("{} issued", show::count(many, "activation code"));
    let mut shell = visit.shell(&title);
    shell.crumbs = crumbs(&[("Activation codes", paths::admin_codes())]);
    IssuedPage {
        shell,
        title,
        codes: issued.codes.iter().map(CodeText::reveal).collect(),
        product: order.worth.product_name.clone(),
        credits: show::count(order.worth.credits.get(), "credit"),
        batch: paths::admin_code_batch(issued.batch),
    }
}

async fn page(visit: &Visit, form: FormView, form_key: String, status: StatusCode) -> Result<HttpResponse, WebError> {
    let scope = visit.staff_scope(Action::IssueCodes)?;
    let known = list::products(visit.db(), scope).await?;
    let mut shell = visit.shell("Issue activation codes");
    shell.crumbs = crumbs(&[("Activation codes", paths::admin_codes())]);
    let view = IssuePage {
        shell: if form.has_errors() { shell.with_errors() } else { shell },
        products: known
            .into_iter()
            .map(|product| (product.product_code, format!("{}, {}", product.product_name, product.seller_name)))
            .collect(),
        action: paths::admin_codes_new(),
        form_key: if form_key.is_empty() { random::word(26) } else { form_key },
        back: paths::admin_codes(),
        form,
    };
    visit.page(status, &view)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::show::Zone;

    #[test]
    fn a_code_is_valid_through_its_last_day() {
        let end = end_of_day(" 2026-12-31 ").map(|at| show::date_time(at, Zone::UTC));
        assert_eq!(end.as_deref(), Some("1 Jan 2027, 00:00 UTC"));
        assert_eq!([end_of_day(""), end_of_day("2026-02-30"), end_of_day("31.12.2026")], [None; 3]);
    }
}
