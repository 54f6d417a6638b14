//! All SQL of the audit log.

pub(super) mod seals;

use super::{Entry, Who};
use crate::db::{Db, Error, Tx};
use crate::kernel::clock::Timestamp;
use crate::kernel::id::{AuditEntryId, BusinessId};
use crate::kernel::page::{Cursor, PageSize, Paged};
use uuid::Uuid;

/// Writes an entry in the transaction of the change itself.
///
/// # Errors
/// Any storage error; the change is then rolled back with it.
pub async fn record(tx: &mut Tx, who: &Who, entry: Entry) -> Result<(), Error> {
    tx.q("INSERT INTO audit_entries (id, recorded_at, person_id, person_label, acting_as, business_id, buyer_account_id, address, request_id, action, subject, before, after) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)")
        .bind(AuditEntryId::generate())
        .bind(who.now)
        .bind(who.person)
        .bind(&who.label)
        .bind(who.acting_as)
        .bind(entry.business)
        .bind(entry.buyer_account)
        .bind(&who.address)
        .bind(&who.request_id)
        .bind(entry.action)
        .bind(entry.subject)
        .bind(entry.before.map(|state| state.to_string()))
        .bind(entry.after.map(|state| state.to_string()))
        .exec_one()
        .await
}

/// One entry as it is read.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct AuditRow {
    /// Its id.
    pub id: Uuid,
    /// When.
    pub recorded_at: Timestamp,
    /// Who, readable.
    pub person_label: String,
    /// In which role.
    pub acting_as: String,
    /// The business whose auditors see it.
    pub business_id: Option<BusinessId>,
    /// From where.
    pub address: String,
    /// What happened.
    pub action: String,
    /// To what.
    pub subject: String,
    /// JSON text.
    pub before: Option<String>,
    /// JSON text.
    pub after: Option<String>,
}

/// What a reader of the log may narrow it by.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// Exactly this action.
    pub action: Option<String>,
    /// Exactly this subject.
    pub subject: Option<String>,
}

const COLUMNS: &str =
    "SELECT id, recorded_at, person_label, acting_as, business_id, address, action, subject, before, after FROM audit_entries WHERE ";

/// The log of one business, newest first.
///
/// # Errors
/// Any storage error.
pub async fn list_of_business(
    db: &Db,
    business: BusinessId,
    filter: &AuditFilter,
    after: Option<&Cursor>,
    size: PageSize,
) -> Result<Paged<AuditRow>, Error> {
    list(db, Some(business), filter, after, size).await
}

/// The whole log, newest first; for staff.
///
/// # Errors
/// Any storage error.
pub async fn list_all(db: &Db, filter: &AuditFilter, after: Option<&Cursor>, size: PageSize) -> Result<Paged<AuditRow>, Error> {
    list(db, None, filter, after, size).await
}

/// The actions that the latest thousand entries of a business have, for a reader to choose from.
///
/// # Errors
/// Any storage error.
pub async fn list_actions(db: &Db, business: BusinessId) -> Result<Vec<String>, Error> {
    let rows: Vec<(String,)> = db
        .read("SELECT DISTINCT action FROM (SELECT action FROM audit_entries WHERE business_id = $1 ORDER BY recorded_at DESC, id DESC LIMIT 1000) latest ORDER BY action")
        .bind(business)
        .all()
        .await?;
    Ok(rows.into_iter().map(|(action,)| action).collect())
}

/// The same of the whole log, for staff.
///
/// # Errors
/// Any storage error.
pub async fn list_all_actions(db: &Db) -> Result<Vec<String>, Error> {
    let rows: Vec<(String,)> = db
        .read("SELECT DISTINCT action FROM (SELECT action FROM audit_entries ORDER BY recorded_at DESC, id DESC LIMIT 1000) latest ORDER BY action")
        .all()
        .await?;
    Ok(rows.into_iter().map(|(action,)| action).collect())
}

async fn list(
    db: &Db,
    business: Option<BusinessId>,
    filter: &AuditFilter,
    after: Option<&Cursor>,
    size: PageSize,
) -> Result<Paged<AuditRow>, Error> {
    let mut query = db.read(COLUMNS);
    query = match business {
        Some(business) => query.push_bind("business_id = ", business),
        None => query.push("TRUE"),
    };
    if let Some(action) = &filter.action {
        query = query.push_bind(" AND action = ", action.clone());
    }
    if let Some(subject) = &filter.subject {
        query = query.push_bind(" AND subject = ", subject.clone());
    }
    if let Some((at, id)) = after.and_then(Cursor::time) {
        query = query.push_bind(" AND (recorded_at, id) < (", at).push_bind(", ", id).push(")");
    }
    let rows = query.push_bind(" ORDER BY recorded_at DESC, id DESC LIMIT ", size.overfetch()).all::<AuditRow>().await?;
    Ok(Paged::from_overfetch(rows, size, |row| Cursor::of_time(row.recorded_at, row.id)))
}
