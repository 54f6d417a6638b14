//! Accounts of allocation and their entries: how both are written together, and how they are read.

use crate::access::BusinessScope;
use crate::credits::allocated::Posted;
use crate::credits::allocation::{Observation, Reason};
use crate::credits::billing_model::BillingModel;
use crate::db::{Db, Error, Tx};
use crate::kernel::clock::Timestamp;
use crate::kernel::id::{AllocationEntryId, BusinessId, ServiceKeyId};

/// The other side of every entry.
pub(in crate::credits) const AVAILABLE: &str = "available";

/// An account as it stands; the default is one that has no entry yet.
#[derive(Clone, Debug, Default, sqlx::FromRow)]
pub(in crate::credits) struct Account {
    pub entries: i64,
    pub units: i64,
    pub in_use: Option<String>,
    pub credits: i64,
    pub billing_model: BillingModel,
    pub service_key_id: Option<ServiceKeyId>,
    pub observed_at: Option<Timestamp>,
    pub changed_at: Option<Timestamp>,
}

pub(in crate::credits) async fn find(tx: &mut Tx, business: BusinessId, account: &str) -> Result<Option<Account>, Error> {
    tx.q("SELECT entries, units, in_use, credits, billing_model, service_key_id, observed_at, changed_at FROM allocation_accounts WHERE business_id = $1 AND account = $2")
        .bind(business)
        .bind(account.to_owned())
        .opt()
        .await
}

pub(in crate::credits) async fn name_of_working_key(tx: &mut Tx, key: ServiceKeyId) -> Result<Option<String>, Error> {
    let found: Option<(String,)> = tx.q("SELECT name FROM service_keys WHERE id = $1 AND revoked_at IS NULL").bind(key).opt().await?;
    Ok(found.map(|(name,)| name))
}

/// An entry about to be written.
pub(in crate::credits) struct NewEntry<'a> {
    pub business: BusinessId,
    pub account: &'a str,
    pub number: i64,
    pub reason: Reason,
    pub units_before: i64,
    pub units: i64,
    pub in_use: Option<String>,
    pub credits: i64,
    pub credits_after: i64,
    pub explanation: &'a str,
    pub report: Option<Observation>,
    pub recorded_at: Timestamp,
    pub recorded_by: &'a str,
}

pub(in crate::credits) async fn insert_entry(tx: &mut Tx, entry: &NewEntry<'_>) -> Result<(), Error> {
    tx.q("INSERT INTO allocation_entries (id, business_id, account, number, reason, units_before, units, in_use, credits, credits_after, explanation, service_key_id, observed_at, recorded_at, recorded_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)")
        .bind(AllocationEntryId::generate())
        .bind(entry.business)
        .bind(entry.account.to_owned())
        .bind(entry.number)
        .bind(entry.reason)
        .bind(entry.units_before)
        .bind(entry.units)
        .bind(entry.in_use.clone())
        .bind(entry.credits)
        .bind(entry.credits_after)
        .bind(entry.explanation.to_owned())
        .bind(entry.report.map(|report| report.key))
        .bind(entry.report.map(|report| report.observed_at))
        .bind(entry.recorded_at)
        .bind(entry.recorded_by.to_owned())
        .exec_one()
        .await
}

/// Both sides of an entry: the feature's account takes what the available one gives, or the other way round.
pub(in crate::credits) async fn move_credits(tx: &mut Tx, entry: &NewEntry<'_>) -> Result<(), Error> {
    let NewEntry { business, account, number, .. } = *entry;
    // The row count guards the running number: another entry in between changes no row.
    tx.q("INSERT INTO allocation_accounts (business_id, account, entries, units, in_use, credits, changed_at) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (business_id, account) DO UPDATE SET entries = excluded.entries, units = excluded.units, in_use = excluded.in_use, credits = excluded.credits, changed_at = excluded.changed_at WHERE allocation_accounts.entries = excluded.entries - 1")
        .bind(business)
        .bind(account.to_owned())
        .bind(number)
        .bind(entry.units)
        .bind(entry.in_use.clone())
        .bind(entry.credits_after)
        .bind(entry.recorded_at)
        .exec_one()
        .await?;
    if let Some(report) = entry.report {
        note_report(tx, business, account, report, entry.recorded_at).await?;
    }
    let moved = tx.q("UPDATE allocation_accounts SET entries = entries + 1, credits = credits - $3, changed_at = $4 WHERE business_id = $1 AND account = $2");
    let moved = moved.bind(business).bind(AVAILABLE).bind(entry.credits).bind(entry.recorded_at).exec().await?;
    if moved == 0 {
        let first = tx
            .q("INSERT INTO allocation_accounts (business_id, account, entries, units, credits, changed_at) VALUES ($1, $2, 1, 0, $3, $4)");
        first.bind(business).bind(AVAILABLE).bind(-entry.credits).bind(entry.recorded_at).exec_one().await?;
    }
    Ok(())
}

/// That a service counted, whether or not it changed anything.
pub(in crate::credits) async fn note_report(
    tx: &mut Tx,
    business: BusinessId,
    account: &str,
    report: Observation,
    now: Timestamp,
) -> Result<(), Error> {
    tx.q("UPDATE allocation_accounts SET service_key_id = $3, observed_at = $4, reported_at = $5 WHERE business_id = $1 AND account = $2")
        .bind(business)
        .bind(account.to_owned())
        .bind(report.key)
        .bind(report.observed_at)
        .bind(now)
        .exec_one()
        .await
}

/// The account has another model from now on; from exactly the one that the caller saw under the pool's lock.
pub(in crate::credits) async fn change_model(
    tx: &mut Tx,
    business: BusinessId,
    account: &str,
    (from, to): (BillingModel, BillingModel),
) -> Result<(), Error> {
    tx.q("UPDATE allocation_accounts SET billing_model = $4 WHERE business_id = $1 AND account = $2 AND billing_model = $3")
        .bind(business)
        .bind(account.to_owned())
        .bind(from)
        .bind(to)
        .exec_one()
        .await
}

pub(in crate::credits) async fn applied_file(db: &Db) -> Result<Option<String>, Error> {
    let found: Option<(String,)> = db.read("SELECT fingerprint FROM solutions_applied WHERE name = 'current'").opt().await?;
    Ok(found.map(|(fingerprint,)| fingerprint))
}

pub(in crate::credits) async fn save_applied_file(db: &Db, fingerprint: &str, now: Timestamp) -> Result<(), Error> {
    db.write("INSERT INTO solutions_applied (name, fingerprint, applied_at) VALUES ('current', $1, $2) ON CONFLICT (name) DO UPDATE SET fingerprint = excluded.fingerprint, applied_at = excluded.applied_at")
        .bind(fingerprint.to_owned())
        .bind(now)
        .exec_one()
        .await
}

/// Features' accounts of all businesses by key, from the one after on.
pub(in crate::credits) async fn list_after(
    db: &Db,
    after: Option<&(BusinessId, String)>,
    most: i64,
) -> Result<Vec<(BusinessId, String)>, Error> {
    let mut query = db.read("SELECT business_id, account FROM allocation_accounts WHERE account <> 'available'");
    if let Some((business, account)) = after {
        query = query.push_bind(" AND (business_id, account) > (", *business).push_bind(", ", account.clone()).push(")");
    }
    query.push_bind(" ORDER BY business_id, account LIMIT ", most).all().await
}

/// Accounts beside the sum of their entries, where the two differ.
pub(in crate::credits) async fn list_differences(db: &Db) -> Result<Vec<(BusinessId, String, i64, i64)>, Error> {
    db.read(
        "SELECT k.business_id, k.account, k.credits, k.entered FROM (\
         SELECT a.business_id AS business_id, a.account AS account, a.credits AS credits, \
         CAST(COALESCE((SELECT SUM(e.credits) FROM allocation_entries e WHERE e.business_id = a.business_id AND e.account = a.account), 0) AS BIGINT) AS entered \
         FROM allocation_accounts a WHERE a.account <> 'available' \
         UNION ALL SELECT a.business_id, a.account, a.credits, \
         CAST(-COALESCE((SELECT SUM(e.credits) FROM allocation_entries e WHERE e.business_id = a.business_id), 0) AS BIGINT) \
         FROM allocation_accounts a WHERE a.account = 'available' \
         UNION ALL SELECT e.business_id, e.account, 0, CAST(SUM(e.credits) AS BIGINT) FROM allocation_entries e \
         WHERE NOT EXISTS (SELECT a.account FROM allocation_accounts a WHERE a.business_id = e.business_id AND a.account = e.account) \
         GROUP BY e.business_id, e.account) k WHERE k.credits <> k.entered OR NOT EXISTS (SELECT a.account FROM allocation_accounts a WHERE a.business_id = k.business_id AND a.account = k.account) \
         ORDER BY k.business_id, k.account LIMIT 100",
    )
    .all()
    .await
}

/// A feature's account at an instant: its last entry by then, and who reports it now.
#[derive(sqlx::FromRow)]
pub(in crate::credits) struct StateRow {
    pub account: String,
    pub number: i64,
    pub units: i64,
    pub in_use: Option<String>,
    pub credits: i64,
    pub model: BillingModel,
    pub explanation: String,
    pub reason: Reason,
    pub recorded_at: Timestamp,
    pub recorded_by: String,
    pub reported_at: Option<Timestamp>,
    pub observed_at: Option<Timestamp>,
    pub service: Option<String>,
}

pub(in crate::credits) async fn list_states(tx: &mut Tx, business: BusinessId, now: Timestamp) -> Result<Vec<StateRow>, Error> {
    tx.q("SELECT a.account AS account, e.number AS number, e.units AS units, e.in_use AS in_use, e.credits_after AS credits, a.billing_model AS model, e.explanation AS explanation, \
         e.reason AS reason, e.recorded_at AS recorded_at, e.recorded_by AS recorded_by, a.reported_at AS reported_at, a.observed_at AS observed_at, k.name AS service \
         FROM allocation_accounts a JOIN allocation_entries e ON e.business_id = a.business_id AND e.account = a.account AND e.number = \
         (SELECT x.number FROM allocation_entries x WHERE x.business_id = a.business_id AND x.account = a.account AND x.recorded_at <= $2 ORDER BY x.number DESC LIMIT 1) \
         LEFT JOIN service_keys k ON k.id = a.service_key_id AND k.revoked_at IS NULL WHERE a.business_id = $1 ORDER BY a.account")
        .bind(business)
        .bind(now)
        .all()
        .await
}

/// Entries of one account, newest first, from below a number on.
pub(in crate::credits) async fn list_entries(
    db: &Db,
    scope: BusinessScope,
    account: &str,
    below: Option<i64>,
    most: i64,
) -> Result<Vec<Posted>, Error> {
    let query = db.read("SELECT e.number AS number, e.reason AS reason, e.units_before AS units_before, e.units AS units, e.credits AS credits, e.credits_after AS credits_after, e.explanation AS explanation, e.observed_at AS observed_at, e.recorded_at AS recorded_at, e.recorded_by AS recorded_by FROM allocation_entries e WHERE e.business_id = $1 AND e.account = $2");
    let mut query = query.bind(scope.business()).bind(account.to_owned());
    if let Some(below) = below {
        query = query.push_bind(" AND e.number < ", below);
    }
    query.push_bind(" ORDER BY e.number DESC LIMIT ", most).all().await
}
