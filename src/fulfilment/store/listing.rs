//! SQL of License Information: one business's licenses, page by key, and what one contract's items share.

use crate::access::BusinessScope;
use crate::db::{Db, Error, Query};
use crate::fulfilment::license::EXPIRES_SOON;
use crate::fulfilment::licenses::{Column, Filter, License, Order, Standing, Terms};
use crate::kernel::clock::Timestamp;
use crate::kernel::id::{BusinessId, ContractId, LicenseId};
use crate::kernel::page::{Cursor, PageSize, Paged};
use crate::kernel::text::{like_pattern, search_words};

/// People of another business are not named (SUP-7): after a transfer the first owner's person is only *a previous owner*.
const LICENSES: &str = "SELECT l.id, l.contract_id, l.item_number, l.kind, l.product_name, l.source, l.agreement_id, l.credits, COALESCE(l.renewed_at, l.starts_at) AS starts_at, l.expires_at, l.activated_at, CASE WHEN p.id IS NOT NULL AND l.business_id <> (SELECT t.from_business_id FROM transfers t WHERE t.contract_id = l.contract_id AND t.status = 'approved' ORDER BY t.requested_at, t.id LIMIT 1) THEN 'a previous owner' ELSE p.name END AS activated_by, l.revoked_at, l.search_key, a.last_group FROM licenses l LEFT JOIN people p ON p.id = l.activated_by LEFT JOIN activation_codes a ON a.contract_id = l.contract_id WHERE ";

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
