//! Subscriptions: the buyer account's agreements, newest first, as a list and as CSV (MKT-12).

use super::moment::{Moment, Status};
use crate::access::{Action, allows};
use crate::kernel::page::{Cursor, PageSize};
use crate::kernel::show;
use crate::marketplace::agreement::Standing;
use crate::marketplace::subscriptions::{self, Filter, SetUp, StatusFilter, Subscription};
use crate::web::export::{Cell, CsvFile};
use crate::web::shell::Shell;
use crate::web::{Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

const SIZES: [&str; 3] = ["10", "50", "100"];
/// The word of the set-up filter.
const UNCLAIMED: &str = "waiting";

#[derive(Template)]
#[template(path = "storefront/subscriptions.html")]
struct Subscriptions {
    shell: Shell,
    rows: Vec<Row>,
    may_set_up: bool,
    unclaimed: String,
    unclaimed_href: String,
    zone: &'static str,
    status: &'static str,
    statuses: [(&'static str, &'static str); 3],
    set_up: &'static str,
    set_ups: [(&'static str, &'static str); 1],
    size: String,
    sizes: Vec<(&'static str, &'static str)>,
    action: String,
    clear: String,
    csv: String,
    count: String,
    first: String,
    next: String,
    products: String,
}

struct Row {
    href: String,
    agreement: String,
    product: String,
    seller: String,
    starts: Moment,
    ends: Moment,
    ends_in: String,
    status: Status,
    set_up: Option<Status>,
    set_up_href: String,
}

impl Row {
    fn new(visit: &Visit, row: Subscription) -> Self {
        let (zone, now) = (visit.zone(), visit.now());
        let standing = row.standing(now);
        // What never came into force or is over has nothing left to set up.
        let is_open = matches!(standing, Standing::Active | Standing::Pending);
        let set_up = row.set_up();
        Self {
            href: paths::subscription(row.id.as_str()),
            set_up_href: if is_open && set_up != SetUp::Activated { paths::set_up(row.id.as_str()) } else { String::new() },
            starts: Moment::date(row.starts_at, zone),
            ends: Moment::date(row.ends_at, zone),
            ends_in: show::in_days(now, row.ends_at, zone),
            status: Status::of_term(row.status, standing),
            set_up: (is_open || set_up == SetUp::Activated).then(|| Status::of_set_up(set_up)),
            agreement: row.id.to_string(),
            product: row.product_name,
            seller: row.seller_name,
        }
    }
}

/// What the address asks for.
struct Asked {
    filter: Filter,
    size: PageSize,
    after: Option<Cursor>,
}

impl Asked {
    fn read(visit: &Visit) -> Self {
        let size = Some(visit.query("size")).filter(|size| !size.is_empty());
        let filter = Filter { status: StatusFilter::parse(visit.query("status")), unclaimed: visit.query("set_up") == UNCLAIMED };
        Self { filter, size: PageSize::parse(size), after: Cursor::parse(visit.query("after")) }
    }

    fn status(&self) -> &'static str {
        self.filter.status.map_or("", StatusFilter::as_str)
    }

    fn set_up(&self) -> &'static str {
        if self.filter.unclaimed { UNCLAIMED } else { "" }
    }

    /// Empty for the ordinary size, which no address names.
    fn size(&self) -> String {
        if self.size == PageSize::default() { String::new() } else { self.size.get().to_string() }
    }

    fn href(&self, path: &str, after: &str) -> String {
        paths::with_query(path, &[("status", self.status()), ("set_up", self.set_up()), ("size", &self.size()), ("after", after)])
    }
}

/// `GET /marketplace/subscriptions`
pub async fn list(visit: Visit) -> Result<HttpResponse, WebError> {
    let scope = visit.buyer_scope(Action::SeePurchases)?;
    let asked = Asked::read(&visit);
    let page = subscriptions::list(visit.db(), &scope, asked.filter, visit.now(), asked.after.as_ref(), asked.size).await?;
    let unclaimed = subscriptions::count_unclaimed(visit.db(), &scope, visit.now()).await?;
    let (shown, total) = (show::group_len(page.items.len()), page.total.unwrap_or_default());
    let next = page.next.clone().unwrap_or_default();
    let mut view = frame(&visit, &asked, unclaimed);
    view.count = format!("Showing {shown} of {}", show::count(total, "subscription"));
    view.next = if next.is_empty() { next } else { asked.href(&paths::subscriptions(), &next) };
    view.rows = page.items.into_iter().map(|row| Row::new(&visit, row)).collect();
    visit.page(StatusCode::OK, &view)
}

/// Everything around the rows.
fn frame(visit: &Visit, asked: &Asked, unclaimed: i64) -> Subscriptions {
    let here = paths::subscriptions();
    let is_narrowed = asked.filter != Filter::default();
    let waits = if unclaimed == 1 { "1 purchase is not activated yet" } else { "purchases are not activated yet" };
    Subscriptions {
        shell: visit.shell("Subscriptions"),
        rows: Vec::new(),
        may_set_up: visit.actor().is_some_and(|actor| allows(actor, Action::Purchase).is_ok()),
        unclaimed: match unclaimed {
            0 => String::new(),
            1 => waits.to_owned(),
            many => format!("{} {waits}", show::group(many)),
        },
        unclaimed_href: paths::with_query(&here, &[("status", StatusFilter::Active.as_str()), ("set_up", UNCLAIMED)]),
        zone: visit.zone().name(),
        status: asked.status(),
        statuses: [("active", "Active"), ("pending", "Payment pending"), ("ended", "Ended or not paid")],
        set_up: asked.set_up(),
        set_ups: [(UNCLAIMED, "Not activated")],
        size: asked.size(),
        sizes: SIZES.iter().map(|size| (*size, *size)).collect(),
        clear: if is_narrowed { here.clone() } else { String::new() },
        csv: asked.href(&paths::subscriptions_csv(), ""),
        count: String::new(),
        first: if asked.after.is_some() { asked.href(&here, "") } else { String::new() },
        next: String::new(),
        products: paths::marketplace(),
        action: here,
    }
}

/// `GET /marketplace/subscriptions.csv`: every row of the filter.
pub async fn csv(visit: Visit) -> Result<HttpResponse, WebError> {
    let scope = visit.buyer_scope(Action::SeePurchases)?;
    let (filter, now) = (Asked::read(&visit).filter, visit.now());
    let columns = ["Product", "Start date", "End date", "Vendor", "Agreement ID", "Status", "Set-up", "Credits", "Auto renew", "As of"];
    let mut file = CsvFile::new(&columns)?;
    let mut after = None;
    loop {
        let page = subscriptions::list(visit.db(), &scope, filter, now, after.as_ref(), PageSize::MAX).await?;
        for row in page.items {
            line(&mut file, &row, now)?;
        }
        after = page.next.as_deref().and_then(Cursor::parse);
        if after.is_none() {
            return file.download("subscriptions", now);
        }
    }
}

fn line(file: &mut CsvFile, row: &Subscription, now: crate::kernel::clock::Timestamp) -> Result<(), WebError> {
    file.row(&[
        Cell::Text(&row.product_name),
        Cell::Time(row.starts_at),
        Cell::Time(row.ends_at),
        Cell::Text(&row.seller_name),
        Cell::Text(row.id.as_str()),
        Cell::Text(Status::of_term(row.status, row.standing(now)).word),
        Cell::Text(Status::of_set_up(row.set_up()).word),
        Cell::Number(row.credits.get()),
        Cell::Text(if row.auto_renew { "Yes" } else { "No" }),
        Cell::Time(now),
    ])
}
