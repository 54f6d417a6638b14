//! The purchase history of Credits & Billing: what is asked for by GET, the rows ready to print, and the CSV (CRD-6).

use super::credits::Instant;
use crate::access::{Action, BusinessScope};
use crate::credits::pool::Nearness;
use crate::credits::purchase_history::{Filter, Item, Kind, Listing, Sort, Status};
use crate::kernel::clock::Timestamp;
use crate::kernel::id::LicenseId;
use crate::kernel::page::{Cursor, PageSize};
use crate::kernel::show::{self, Zone};
use crate::web::export::{Cell, TableFile};
use crate::web::{Visit, WebError, paths};
use actix_web::HttpResponse;

/// Where the section begins on the page; links within it come back there.
const ANCHOR: &str = "#purchases";
const SIZES: [&str; 3] = ["10", "50", "100"];

pub(super) struct PurchaseRow {
    pub id: String,
    pub href: String,
    pub date: Instant,
    pub product: String,
    pub source: &'static str,
    pub agreement: String,
    pub kind: String,
    pub credits: String,
    pub credits_plain: i64,
    pub term_start: Instant,
    pub expiration: Instant,
    pub in_days: String,
    pub soon: Option<&'static str>,
    pub status: &'static str,
    pub tone: &'static str,
}

impl PurchaseRow {
    fn new(item: Item, now: Timestamp, zone: Zone) -> Self {
        let status = item.status(now);
        let nearness = Nearness::of(now, item.expires_at);
        Self {
            id: item.id.to_string(),
            href: paths::license(item.id),
            date: Instant::date(item.activated_at, zone),
            product: item.product_name.clone(),
            source: item.source.label(),
            agreement: item.agreement_id.clone(),
            kind: item.type_label(),
            credits: show::group(item.credits),
            credits_plain: item.credits,
            term_start: Instant::date(item.starts_at, zone),
            expiration: Instant::date(item.expires_at, zone),
            in_days: show::in_days(now, item.expires_at, zone).replace(' ', "\u{a0}"),
            soon: (status == Status::Active && nearness.is_soon()).then_some(nearness.tone()),
            status: status.label(),
            tone: status.tone(),
        }
    }
}

/// A column heading that sorts: where it leads and how it is sorted now.
pub(super) struct SortLink {
    pub href: String,
    pub order: &'static str,
}

pub(super) struct PurchasesView {
    pub rows: Vec<PurchaseRow>,
    pub zone: &'static str,
    pub words: String,
    pub kinds: Vec<(&'static str, &'static str)>,
    pub kind: &'static str,
    pub statuses: Vec<(&'static str, &'static str)>,
    pub status: &'static str,
    pub sizes: Vec<(&'static str, &'static str)>,
    pub size: String,
    pub action: String,
    pub clear: String,
    pub by_date: SortLink,
    pub by_expiration: SortLink,
    pub count: String,
    pub first: String,
    pub next: String,
    pub csv: String,
    pub xlsx: String,
}

/// What the address asks for.
struct Asked {
    filter: Filter,
    sort: Sort,
    size: PageSize,
    after: Option<Cursor>,
    item: Option<LicenseId>,
}

impl Asked {
    fn read(visit: &Visit) -> Self {
        let size = Some(visit.query("size")).filter(|size| !size.is_empty());
        let filter = Filter {
            words: visit.query("q").to_owned(),
            kind: Kind::parse(visit.query("type")),
            status: Status::parse(visit.query("status")),
        };
        Self {
            filter,
            sort: Sort::parse(visit.query("sort")).unwrap_or(Sort::Newest),
            size: PageSize::parse(size),
            after: Cursor::parse(visit.query("after")),
            item: LicenseId::parse(visit.query("item")),
        }
    }

    fn kind(&self) -> &'static str {
        self.filter.kind.map_or("", Kind::as_str)
    }

    fn status(&self) -> &'static str {
        self.filter.status.map_or("", Status::as_str)
    }

    /// Empty for the ordinary size, which no address names.
    fn size(&self) -> String {
        if self.size == PageSize::default() { String::new() } else { self.size.get().to_string() }
    }

    /// An address with the same filter and size.
    fn href(&self, path: &str, sort: Sort, after: &str) -> String {
        let (sort, size) = (if sort == Sort::Newest { "" } else { sort.as_str() }, self.size());
        let pairs = [
            ("q", self.filter.words.as_str()),
            ("type", self.kind()),
            ("status", self.status()),
            ("sort", sort),
            ("size", size.as_str()),
            ("after", after),
        ];
        paths::with_query(path, &pairs)
    }

    fn here(&self, sort: Sort, after: &str) -> String {
        format!("{}{ANCHOR}", self.href(&paths::credits(), sort, after))
    }

    fn sort_link(&self, falling: Sort, rising: Sort) -> SortLink {
        let (to, order) = if self.sort == falling {
            (rising, "descending")
        } else if self.sort == rising {
            (falling, "ascending")
        } else {
            (falling, "")
        };
        SortLink { href: self.here(to, ""), order }
    }
}

/// The section of the page.
///
/// # Errors
/// Storage errors.
pub(super) async fn view(visit: &Visit, scope: BusinessScope) -> Result<PurchasesView, WebError> {
    let (asked, now, zone) = (Asked::read(visit), visit.now(), visit.zone());
    let listing = Listing { scope, filter: asked.filter.clone(), sort: asked.sort, now };
    let page = match asked.item {
        Some(item) => listing.page_with(visit.db(), item, asked.size).await?,
        None => listing.page(visit.db(), asked.after.as_ref(), asked.size).await?,
    };
    let total = page.total.unwrap_or_default();
    let shown = show::group_len(page.items.len());
    let first_shown = page.items.first().map(|item| item.id);
    let is_first = asked.after.is_none() && (asked.item.is_none() || first_shown != asked.item);
    Ok(PurchasesView {
        zone: zone.name(),
        kinds: Kind::ALL.iter().map(|kind| (kind.as_str(), kind.label())).collect(),
        kind: asked.kind(),
        statuses: Status::ALL.iter().map(|status| (status.as_str(), status.label())).collect(),
        status: asked.status(),
        sizes: SIZES.iter().map(|size| (*size, *size)).collect(),
        size: asked.size(),
        action: format!("{}{ANCHOR}", paths::credits()),
        clear: if asked.filter.is_empty() { String::new() } else { format!("{}{ANCHOR}", paths::credits()) },
        by_date: asked.sort_link(Sort::Newest, Sort::Oldest),
        by_expiration: asked.sort_link(Sort::ExpiresLast, Sort::ExpiresFirst),
        count: format!("Showing {shown} of {}", show::count(total, "license item")),
        first: if is_first { String::new() } else { asked.here(asked.sort, "") },
        next: page.next.as_deref().map(|next| asked.here(asked.sort, next)).unwrap_or_default(),
        csv: asked.href(&paths::credits_purchases_csv(), asked.sort, ""),
        xlsx: asked.href(&paths::credits_purchases_xlsx(), asked.sort, ""),
        words: asked.filter.words,
        rows: page.items.into_iter().map(|item| PurchaseRow::new(item, now, zone)).collect(),
    })
}

/// `GET /console/credits/purchases.csv` and `.xlsx`: every row of the filter, in the order asked for.
pub async fn file(visit: Visit) -> Result<HttpResponse, WebError> {
    let scope = visit.business_scope(Action::SeeLicenses)?;
    let (asked, now) = (Asked::read(&visit), visit.now());
    let listing = Listing { scope, filter: asked.filter, sort: asked.sort, now };
    let columns =
        ["License", "Date", "Product", "Source", "Agreement", "Type", "Credits", "Term start", "Expiration date", "Status", "As of"];
    let mut file = TableFile::new(visit.path(), &columns)?;
    for item in listing.all(visit.db()).await? {
        file.row(&[
            Cell::Text(&item.id.to_string()),
            Cell::Time(item.activated_at),
            Cell::Text(&item.product_name),
            Cell::Text(item.source.label()),
            Cell::Text(&item.agreement_id),
            Cell::Text(&item.type_label()),
            Cell::Number(item.credits),
            Cell::Time(item.starts_at),
            Cell::Time(item.expires_at),
            Cell::Text(item.status(now).label()),
            Cell::Time(now),
        ])?;
    }
    file.download("purchase-history", now)
}
