//! What an address of License Information asks for, and the addresses that lead on from it: filter, order, page (LIC-6).

use crate::fulfilment::license::Status;
use crate::fulfilment::licenses::{Column, Filter, Order, Standing};
use crate::kernel::page::{Cursor, PageSize};
use crate::web::{Visit, paths};

/// *Not activated* is no standing of a license but a registration that this browser holds.
const NOT_ACTIVATED: &str = "not_activated";

const SIZES: [&str; 3] = ["10", "50", "100"];

/// A column heading that sorts: where it leads and how it is sorted now.
pub(super) struct SortLink {
    pub href: String,
    pub order: &'static str,
}

/// Everything on the page that follows from its address alone.
pub(super) struct Controls {
    pub action: String,
    pub words: String,
    pub status: &'static str,
    pub statuses: Vec<(&'static str, &'static str)>,
    pub size: String,
    pub sizes: Vec<(&'static str, &'static str)>,
    pub clear: String,
    pub by_product: SortLink,
    pub by_status: SortLink,
    pub by_activation: SortLink,
    pub first: String,
    pub csv: String,
}

/// What the address asks for. Anything that it does not know is as if it were not there.
pub(super) struct Asked {
    pub filter: Filter,
    pub not_activated: bool,
    pub order: Order,
    pub size: PageSize,
    pub after: Option<Cursor>,
}

impl Asked {
    pub fn read(visit: &Visit) -> Self {
        let status = visit.query("status");
        let column = Column::parse(visit.query("sort"));
        Self {
            filter: Filter { standing: Standing::parse(status), words: visit.query("q").to_owned() },
            not_activated: status == NOT_ACTIVATED,
            order: column.map_or_else(Order::default, |column| Order { column, descending: visit.query("order") == "descending" }),
            size: PageSize::parse(Some(visit.query("size")).filter(|size| !size.is_empty())),
            after: Cursor::parse(visit.query("after")),
        }
    }

    /// The word of the status filter.
    fn status(&self) -> &'static str {
        if self.not_activated { NOT_ACTIVATED } else { self.filter.standing.map_or("", Standing::as_str) }
    }

    /// Whether anything is narrowed.
    pub fn is_narrowed(&self) -> bool {
        !self.status().is_empty() || !self.filter.words.is_empty()
    }

    /// The following page.
    pub fn next(&self, after: &str) -> String {
        self.href(&paths::licenses(), self.order, after)
    }

    /// Filters, sorting and paging, ready to print.
    pub fn controls(&self) -> Controls {
        let statuses = std::iter::once((NOT_ACTIVATED, Status::NotActivated.label()));
        Controls {
            action: paths::licenses(),
            words: self.filter.words.clone(),
            status: self.status(),
            statuses: statuses.chain(Standing::ALL.iter().map(|standing| (standing.as_str(), standing.label()))).collect(),
            size: self.size(),
            sizes: SIZES.iter().map(|size| (*size, *size)).collect(),
            clear: if self.is_narrowed() { paths::licenses() } else { String::new() },
            by_product: self.sort_link(Column::Product),
            by_status: self.sort_link(Column::Status),
            by_activation: self.sort_link(Column::Activated),
            first: if self.after.is_some() { self.next("") } else { String::new() },
            csv: self.href(&paths::licenses_csv(), self.order, ""),
        }
    }

    /// Empty for the ordinary size, which no address names.
    fn size(&self) -> String {
        if self.size == PageSize::default() { String::new() } else { self.size.get().to_string() }
    }

    /// An address with the same filter and size; the ordinary order and size are not named.
    fn href(&self, path: &str, order: Order, after: &str) -> String {
        let named = order != Order::default();
        let direction = if order.descending { "descending" } else { "ascending" };
        let size = self.size();
        let pairs = [
            ("q", self.filter.words.as_str()),
            ("status", self.status()),
            ("sort", if named { order.column.as_str() } else { "" }),
            ("order", if named { direction } else { "" }),
            ("size", size.as_str()),
            ("after", after),
        ];
        paths::with_query(path, &pairs)
    }

    /// The heading of a column: the column in force turns round, another one begins with its natural end.
    fn sort_link(&self, column: Column) -> SortLink {
        let in_force = self.order.column == column;
        let descending = if in_force { !self.order.descending } else { column == Column::Activated };
        let order = match (in_force, self.order.descending) {
            (false, _) => "",
            (true, true) => "descending",
            (true, false) => "ascending",
        };
        SortLink { href: self.href(&paths::licenses(), Order { column, descending }, ""), order }
    }
}
