//! License Information: the licenses of one business, filtered, sorted and paged by key, and one of them in detail
//! (LIC-1 to LIC-3, LIC-6). It reads only; there is no way from here to move a license (LIC-4).

use super::license::{EXPIRES_SOON, Kind, Source, Status};
use crate::access::BusinessScope;
use crate::db::{Db, Error, Query};
use crate::kernel::clock::Timestamp;
use crate::kernel::credits::Credits;
use crate::kernel::id::{BusinessId, ContractId, LicenseId};
use crate::kernel::page::{Cursor, PageSize, Paged};
use crate::kernel::text::{like_pattern, search_words};
use crate::text_enum;

text_enum! {
    /// What the list may be narrowed to. *Not activated* is no row of this list but a registration.
    pub enum Standing {
        /// In force.
        Active = "active",
        /// In force for thirty days more at most.
        ExpiresSoon = "expires_soon",
        /// Past its expiration.
        Expired = "expired",
        /// Taken away.
        Revoked = "revoked",
    }
}

text_enum! {
    /// What the list is sorted by.
    pub enum Column {
        /// When it was activated.
        Activated = "activated",
        /// The product's name, then the agreement.
        Product = "product",
        /// How long it still lasts; those that ended first come first.
        Status = "status",
    }
}

impl Standing {
    /// The standing in words.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Active => Status::Active.label(),
            Self::ExpiresSoon => "Expires soon",
            Self::Expired => Status::Expired.label(),
            Self::Revoked => Status::Revoked.label(),
        }
    }
}

/// The order of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// By what.
    pub column: Column,
    /// Largest first.
    pub descending: bool,
}

impl Default for Order {
    /// What was activated last comes first.
    fn default() -> Self {
        Self { column: Column::Activated, descending: true }
    }
}

/// What the list is narrowed by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// How it stands.
    pub standing: Option<Standing>,
    /// Words of the product's name or the agreement; all must occur, whatever their case and accents.
    pub words: String,
}

/// A row of License Information.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct License {
    /// Its id.
    pub id: LicenseId,
    /// The contract it belongs to.
    pub contract_id: ContractId,
    /// Its place in the contract, from 1.
    pub item_number: i64,
    /// What made it.
    pub kind: Kind,
    /// What it is for.
    pub product_name: String,
    /// Where it comes from.
    pub source: Source,
    /// Under which agreement.
    pub agreement_id: String,
    /// What it grants; shown in Credits & Billing only (LIC-2).
    pub credits: Credits,
    /// Start of its term.
    pub starts_at: Timestamp,
    /// End of its term, exclusive.
    pub expires_at: Timestamp,
    /// When it was activated; for an upgrade when it was booked.
    pub activated_at: Timestamp,
    /// Who activated it; nobody has to activate an upgrade.
    pub activated_by: Option<String>,
    /// When it was taken away.
    pub revoked_at: Option<Timestamp>,
    search_key: String,
}

impl License {
    /// How it stands at `now` (LIC-3).
    #[must_use]
    pub fn status(&self, now: Timestamp) -> Status {
        Status::of(self.revoked_at, self.expires_at, now)
    }

    /// Whether *Expires soon* stands beside its status.
    #[must_use]
    pub fn expires_soon(&self, now: Timestamp) -> bool {
        self.status(now).expires_soon(self.expires_at, now)
    }
}

/// What all items of a contract share.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Terms {
    /// The key of the purchase.
    pub license_arn: String,
    /// The seller.
    pub seller_name: String,
    /// The buyer's 12 digits; shown masked.
    pub buyer_account_id: String,
    /// Whether the contract renews by itself.
    pub auto_renew: bool,
    /// First agreement of the chain.
    pub initial_agreement_id: String,
}

const LICENSES: &str = "SELECT l.id, l.contract_id, l.item_number, l.kind, l.product_name, l.source, l.agreement_id, l.credits, l.starts_at, l.expires_at, l.activated_at, p.name AS activated_by, l.revoked_at, l.search_key FROM licenses l LEFT JOIN people p ON p.id = l.activated_by WHERE ";

fn narrowed<'q>(query: Query<'q>, business: BusinessId, filter: &Filter, now: Timestamp) -> Query<'q> {
    let mut query = query.push_bind("l.business_id = ", business);
    query = match filter.standing {
        None => query,
        Some(Standing::Active) => query.push_bind(" AND l.revoked_at IS NULL AND l.expires_at > ", now),
        Some(Standing::ExpiresSoon) => {
            query.push_bind(" AND l.revoked_at IS NULL AND l.expires_at > ", now).push_bind(" AND l.expires_at <= ", now + EXPIRES_SOON)
        }
        Some(Standing::Expired) => query.push_bind(" AND l.revoked_at IS NULL AND l.expires_at <= ", now),
        Some(Standing::Revoked) => query.push(" AND l.revoked_at IS NOT NULL"),
    };
    for word in search_words(&filter.words) {
        query = query.push_bind(" AND l.search_key LIKE ", like_pattern(&word)).push(" ESCAPE '\\'");
    }
    query
}

/// Goes on after the cursor, if it is one of this order; any other cursor is the first page.
fn after<'q>(query: Query<'q>, order: Order, cursor: Option<&Cursor>) -> Query<'q> {
    let Some(cursor) = cursor else { return query };
    match order.column {
        Column::Activated | Column::Status => {
            let Some((at, id)) = cursor.time() else { return query };
            let from = match (order.column, order.descending) {
                (Column::Status, true) => " AND (l.expires_at, l.id) < (",
                (Column::Status, false) => " AND (l.expires_at, l.id) > (",
                (_, true) => " AND (l.activated_at, l.id) < (",
                (_, false) => " AND (l.activated_at, l.id) > (",
            };
            query.push_bind(from, at).push_bind(", ", id).push(")")
        }
        Column::Product => {
            let Some((key, Some(id))) = cursor.text().map(|(key, id)| (key.to_owned(), LicenseId::parse(id))) else { return query };
            let from = if order.descending { " AND (l.search_key, l.id) < (" } else { " AND (l.search_key, l.id) > (" };
            query.push_bind(from, key).push_bind(", ", id).push(")")
        }
    }
}

const fn order_by(order: Order) -> &'static str {
    match (order.column, order.descending) {
        (Column::Activated, true) => " ORDER BY l.activated_at DESC, l.id DESC LIMIT ",
        (Column::Activated, false) => " ORDER BY l.activated_at, l.id LIMIT ",
        (Column::Product, true) => " ORDER BY l.search_key DESC, l.id DESC LIMIT ",
        (Column::Product, false) => " ORDER BY l.search_key, l.id LIMIT ",
        (Column::Status, true) => " ORDER BY l.expires_at DESC, l.id DESC LIMIT ",
        (Column::Status, false) => " ORDER BY l.expires_at, l.id LIMIT ",
    }
}

fn cursor_of(license: &License, order: Order) -> Cursor {
    match order.column {
        Column::Activated => Cursor::of_time(license.activated_at, license.id.uuid()),
        Column::Status => Cursor::of_time(license.expires_at, license.id.uuid()),
        Column::Product => Cursor::of_text(license.search_key.clone(), license.id.to_string()),
    }
}

/// One page of the business's licenses.
///
/// # Errors
/// Any storage error.
pub async fn list(
    db: &Db,
    scope: BusinessScope,
    filter: &Filter,
    order: Order,
    (cursor, size): (Option<&Cursor>, PageSize),
    now: Timestamp,
) -> Result<Paged<License>, Error> {
    let query = narrowed(db.read(LICENSES), scope.business(), filter, now);
    let rows = after(query, order, cursor).push_bind(order_by(order), size.overfetch()).all().await?;
    Ok(Paged::from_overfetch(rows, size, |last| cursor_of(last, order)))
}

/// How many licenses the filter leaves.
///
/// # Errors
/// Any storage error.
pub async fn count(db: &Db, scope: BusinessScope, filter: &Filter, now: Timestamp) -> Result<i64, Error> {
    narrowed(db.read("SELECT CAST(COUNT(*) AS BIGINT) FROM licenses l WHERE "), scope.business(), filter, now).scalar().await
}

/// One license of the business. Another business's is as missing as one that never was (IDN-4).
///
/// # Errors
/// Any storage error.
pub async fn find(db: &Db, scope: BusinessScope, license: LicenseId) -> Result<Option<License>, Error> {
    db.read(LICENSES).push_bind("l.business_id = ", scope.business()).push_bind(" AND l.id = ", license).opt().await
}

/// All items of a contract of the business, the original first.
///
/// # Errors
/// Any storage error.
pub async fn list_of_contract(db: &Db, scope: BusinessScope, contract: ContractId) -> Result<Vec<License>, Error> {
    let query = db.read(LICENSES).push_bind("l.contract_id = ", contract).push_bind(" AND l.business_id = ", scope.business());
    query.push(" ORDER BY l.item_number").all().await
}

/// What the items of a contract of the business share.
///
/// # Errors
/// [`Error::NotFound`] when it is not the business's.
pub async fn get_terms(db: &Db, scope: BusinessScope, contract: ContractId) -> Result<Terms, Error> {
    db.read("SELECT license_arn, seller_name, buyer_account_id, auto_renew, initial_agreement_id FROM contracts WHERE id = $1 AND business_id = $2")
        .bind(contract)
        .bind(scope.business())
        .one()
        .await
}
