//! License items as the purchase history and the trace read them.

use crate::access::BusinessScope;
use crate::credits::ledger::EntryKind;
use crate::credits::purchase_history::{Item, Listing, Sort, Status};
use crate::db::{Db, Error, Query};
use crate::kernel::clock::Timestamp;
use crate::kernel::id::{LicenseId, TransferId};
use crate::kernel::text;
use uuid::Uuid;

/// Where in a list to begin, by the value it is sorted by and the id that breaks ties.
#[derive(Clone, Copy)]
pub(in crate::credits) enum Place {
    /// At its first row.
    Top,
    /// With the row after this one.
    After(Timestamp, Uuid),
    /// With this row.
    From(Timestamp, Uuid),
}

const ITEMS: &str = "SELECT id, contract_id, kind, product_name, source, agreement_id, credits, COALESCE(renewed_at, starts_at) AS starts_at, renewed_at, expires_at, activated_at, revoked_at FROM licenses WHERE business_id = ";

/// At most `most` items of a listing from a place on.
pub(in crate::credits) async fn list(db: &Db, listing: &Listing, place: Place, most: i64) -> Result<Vec<Item>, Error> {
    let query = narrow(db.read(ITEMS), listing);
    let (after, from, order) = match listing.sort {
        Sort::Newest => (" AND (activated_at, id) < (", " AND (activated_at, id) <= (", " ORDER BY activated_at DESC, id DESC LIMIT "),
        Sort::Oldest => (" AND (activated_at, id) > (", " AND (activated_at, id) >= (", " ORDER BY activated_at, id LIMIT "),
        Sort::ExpiresFirst => (" AND (expires_at, id) > (", " AND (expires_at, id) >= (", " ORDER BY expires_at, id LIMIT "),
        Sort::ExpiresLast => (" AND (expires_at, id) < (", " AND (expires_at, id) <= (", " ORDER BY expires_at DESC, id DESC LIMIT "),
    };
    let query = match place {
        Place::Top => query,
        Place::After(at, id) => query.push_bind(after, at).push_bind(", ", id).push(")"),
        Place::From(at, id) => query.push_bind(from, at).push_bind(", ", id).push(")"),
    };
    query.push_bind(order, most).all().await
}

/// How many items a listing has on all pages.
pub(in crate::credits) async fn count(db: &Db, listing: &Listing) -> Result<i64, Error> {
    narrow(db.read("SELECT CAST(COUNT(*) AS BIGINT) FROM licenses WHERE business_id = "), listing).scalar().await
}

/// One item, if the listing has it.
pub(in crate::credits) async fn find(db: &Db, listing: &Listing, item: LicenseId) -> Result<Option<Item>, Error> {
    narrow(db.read(ITEMS), listing).push_bind(" AND id = ", item).opt().await
}

fn narrow<'q>(query: Query<'q>, listing: &Listing) -> Query<'q> {
    let filter = &listing.filter;
    let mut query = query.push_bind("", listing.scope.business());
    for word in text::search_words(&filter.words) {
        query = query.push_bind(" AND search_key LIKE ", text::like_pattern(&word)).push(" ESCAPE '\\'");
    }
    if let Some(kind) = filter.kind {
        query = query.push_bind(" AND kind = ", kind);
    }
    match filter.status {
        None => query,
        Some(Status::Active) => query.push_bind(" AND revoked_at IS NULL AND expires_at > ", listing.now),
        Some(Status::Expired) => query.push_bind(" AND revoked_at IS NULL AND expires_at <= ", listing.now),
        Some(Status::Revoked) => query.push(" AND revoked_at IS NOT NULL"),
    }
}

/// An entry with the item that it is about.
#[derive(sqlx::FromRow)]
pub(in crate::credits) struct TraceRow {
    pub license_id: LicenseId,
    pub license_arn: String,
    pub agreement_id: String,
    pub kind: EntryKind,
    pub credits: i64,
    pub effective_at: Timestamp,
    pub expires_at: Timestamp,
    pub recorded_at: Timestamp,
    pub transfer_id: Option<TransferId>,
}

const TRACED: &str = "SELECT l.id AS license_id, c.license_arn AS license_arn, l.agreement_id AS agreement_id, e.kind AS kind, e.credits AS credits, \
    e.effective_at AS effective_at, e.expires_at AS expires_at, e.recorded_at AS recorded_at, e.transfer_id AS transfer_id \
    FROM licenses l JOIN contracts c ON c.id = l.contract_id JOIN credit_entries e ON e.license_id = l.id WHERE e.business_id = ";
const IN_ORDER: &str = " ORDER BY e.effective_at, l.item_number, e.id";

/// The business's own entries of every item of an agreement's contract, later terms included, in the order in which they took effect.
pub(in crate::credits) async fn list_entries(db: &Db, scope: BusinessScope, agreement: &str) -> Result<Vec<TraceRow>, Error> {
    let query = db.read(TRACED).push_bind("", scope.business());
    let query =
        query.push_bind(" AND l.contract_id IN (SELECT o.contract_id FROM licenses o WHERE o.agreement_id = ", agreement.to_owned());
    let query = query.push_bind(" UNION ALL SELECT k.id FROM contracts k WHERE k.agreement_id = ", agreement.to_owned()).push(")");
    query.push(IN_ORDER).all().await
}

/// The business's own entries of one item, in the order in which they took effect.
pub(in crate::credits) async fn list_entries_of(db: &Db, scope: BusinessScope, license: LicenseId) -> Result<Vec<TraceRow>, Error> {
    db.read(TRACED).push_bind("", scope.business()).push_bind(" AND l.id = ", license).push(IN_ORDER).all().await
}
