//! Transfers as staff see them: lists and one in detail, with the names that belong to the ids. SQL that only reads.

use super::model::{Status, Transfer};
use super::store::Row;
use crate::access::StaffScope;
use crate::db::{Db, Error, Query};
use crate::kernel::clock::Timestamp;
use crate::kernel::id::{BusinessId, ContractId, LicenseId, TransferId};
use crate::kernel::page::{Cursor, PageSize, Paged};

/// A transfer with the names that belong to its ids.
#[derive(Clone, Debug)]
pub struct Listed {
    /// As it stands at the moment it was read for.
    pub transfer: Transfer,
    /// What moves.
    pub product_name: String,
    /// The original license of the contract.
    pub license: LicenseId,
    /// Who owned it when it was asked for.
    pub from_name: String,
    /// Who is to own it.
    pub to_name: String,
    /// Who asked.
    pub requested_by_name: String,
    /// Who decided, or took it back.
    pub decided_by_name: Option<String>,
}

#[derive(sqlx::FromRow)]
struct ListedRow {
    #[sqlx(flatten)]
    row: Row,
    product_name: String,
    license_id: LicenseId,
    from_name: String,
    to_name: String,
    requested_by_name: String,
    decided_by_name: Option<String>,
}

impl ListedRow {
    fn into_listed(self, now: Timestamp) -> Result<Listed, Error> {
        Ok(Listed {
            transfer: self.row.into_transfer()?.at(now),
            product_name: self.product_name,
            license: self.license_id,
            from_name: self.from_name,
            to_name: self.to_name,
            requested_by_name: self.requested_by_name,
            decided_by_name: self.decided_by_name,
        })
    }
}

const LISTED: &str = "SELECT t.id, t.contract_id, t.from_business_id, t.to_business_id, t.reason, t.ticket, t.status, t.requested_by, t.requested_at, t.lapses_at, t.decided_by, t.decided_at, t.decision_note, t.undoes, c.product_name, l.id AS license_id, f.name AS from_name, o.name AS to_name, r.name AS requested_by_name, d.name AS decided_by_name FROM transfers t JOIN contracts c ON c.id = t.contract_id JOIN licenses l ON l.contract_id = t.contract_id AND l.item_number = 1 JOIN businesses f ON f.id = t.from_business_id JOIN businesses o ON o.id = t.to_business_id JOIN people r ON r.id = t.requested_by LEFT JOIN people d ON d.id = t.decided_by WHERE ";

async fn rows(query: Query<'_>, now: Timestamp) -> Result<Vec<Listed>, Error> {
    query.all::<ListedRow>().await?.into_iter().map(|row| row.into_listed(now)).collect()
}

/// What a list of transfers is narrowed by.
#[derive(Clone, Copy, Debug, Default)]
pub struct Narrowed {
    /// Only those that stand so.
    pub status: Option<Status>,
    /// Only those out of or into this business.
    pub business: Option<BusinessId>,
}

/// Narrows a query to a state as of `now`: what is overdue counts as lapsed before a job has written that down.
fn narrow(query: Query<'_>, by: Narrowed, now: Timestamp) -> Query<'_> {
    let query = match by.status {
        None => query.push("TRUE"),
        Some(Status::Requested) => query.push_bind("t.status = 'requested' AND t.lapses_at > ", now),
        Some(Status::Lapsed) => {
            query.push_bind("t.status IN ('lapsed', 'requested') AND (t.status = 'lapsed' OR t.lapses_at <= ", now).push(")")
        }
        Some(decided @ (Status::Approved | Status::Rejected | Status::Withdrawn)) => query.push_bind("t.status = ", decided),
    };
    match by.business {
        None => query,
        Some(business) => query.push_bind(" AND (t.from_business_id = ", business).push_bind(" OR t.to_business_id = ", business).push(")"),
    }
}

/// Transfers of all businesses, newest first.
///
/// # Errors
/// Any storage error.
pub async fn list(
    db: &Db,
    _: StaffScope,
    by: &Narrowed,
    now: Timestamp,
    after: Option<&Cursor>,
    size: PageSize,
) -> Result<Paged<Listed>, Error> {
    let mut query = narrow(db.read(LISTED), *by, now);
    if let Some((at, id)) = after.and_then(Cursor::time) {
        query = query.push_bind(" AND (t.requested_at, t.id) < (", at).push_bind(", ", id).push(")");
    }
    let listed = rows(query.push_bind(" ORDER BY t.requested_at DESC, t.id DESC LIMIT ", size.overfetch()), now).await?;
    Ok(Paged::from_overfetch(listed, size, |last| Cursor::of_time(last.transfer.request().requested_at, last.transfer.request().id.uuid())))
}

/// How many transfers are left after narrowing.
///
/// # Errors
/// Any storage error.
pub async fn count(db: &Db, _: StaffScope, by: &Narrowed, now: Timestamp) -> Result<i64, Error> {
    narrow(db.read("SELECT CAST(COUNT(*) AS BIGINT) FROM transfers t WHERE "), *by, now).scalar().await
}

/// One transfer.
///
/// # Errors
/// Any storage error.
pub async fn find(db: &Db, _: StaffScope, id: TransferId, now: Timestamp) -> Result<Option<Listed>, Error> {
    Ok(rows(db.read(LISTED).push_bind("t.id = ", id), now).await?.pop())
}

/// The credits that an approved transfer moved; zero for all others.
///
/// # Errors
/// Any storage error.
pub async fn credits_moved(db: &Db, _: StaffScope, id: TransferId) -> Result<i64, Error> {
    db.read("SELECT CAST(COALESCE(SUM(credits), 0) AS BIGINT) FROM credit_entries WHERE transfer_id = $1 AND kind = 'transferred_in'")
        .bind(id)
        .scalar()
        .await
}

/// Every transfer of a contract, newest first.
///
/// # Errors
/// Any storage error.
pub async fn list_of_contract(db: &Db, _: StaffScope, contract: ContractId, now: Timestamp) -> Result<Vec<Listed>, Error> {
    rows(db.read(LISTED).push_bind("t.contract_id = ", contract).push(" ORDER BY t.requested_at DESC, t.id DESC"), now).await
}
