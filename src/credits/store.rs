//! All SQL of the credits room. Entries are inserted and read, never edited; figures are sums of entries.

pub(super) mod accounts;
pub(super) mod items;
pub(super) mod metered;
pub(super) mod planning;
pub(super) mod scenarios;
pub(super) mod service_keys;

use crate::db::{Db, Error, Query, Tx};
use crate::kernel::clock::Timestamp;
use crate::kernel::id::{BusinessId, ContractId, CreditEntryId, LicenseId, TransferId};

use super::history::Cause;
use super::ledger::{EntryKind, Figures};

/// A credit entry about to be written.
pub(super) struct NewCreditEntry {
    pub business: BusinessId,
    pub contract: ContractId,
    pub license: LicenseId,
    pub kind: EntryKind,
    pub credits: i64,
    pub effective_at: Timestamp,
    pub expires_at: Timestamp,
    pub recorded_at: Timestamp,
    pub transfer: Option<TransferId>,
}

pub(super) async fn insert_credit_entry(tx: &mut Tx, entry: NewCreditEntry) -> Result<(), Error> {
    tx.q("INSERT INTO credit_entries (id, business_id, contract_id, license_id, kind, credits, effective_at, expires_at, recorded_at, transfer_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)")
        .bind(CreditEntryId::generate())
        .bind(entry.business)
        .bind(entry.contract)
        .bind(entry.license)
        .bind(entry.kind)
        .bind(entry.credits)
        .bind(entry.effective_at)
        .bind(entry.expires_at)
        .bind(entry.recorded_at)
        .bind(entry.transfer)
        .exec_one()
        .await
}

/// The items of a contract that still count at `now`, with their credits and expiration.
pub(super) async fn list_valid_items(tx: &mut Tx, contract: ContractId, now: Timestamp) -> Result<Vec<(LicenseId, i64, Timestamp)>, Error> {
    tx.q("SELECT id, credits, expires_at FROM licenses WHERE contract_id = $1 AND revoked_at IS NULL AND expires_at > $2 ORDER BY item_number")
        .bind(contract)
        .bind(now)
        .all()
        .await
}

/// What is allocated at an instant is the sum of each account's last entry by then; it costs the same however many entries
/// there are.
const FIGURES: &str = "SELECT (SELECT CAST(COALESCE(SUM(credits), 0) AS BIGINT) FROM credit_entries WHERE business_id = $1 AND expires_at > $2 AND effective_at <= $2), (SELECT CAST(COALESCE(SUM(e.credits_after), 0) AS BIGINT) FROM allocation_accounts a JOIN allocation_entries e ON e.business_id = a.business_id AND e.account = a.account AND e.number = (SELECT x.number FROM allocation_entries x WHERE x.business_id = a.business_id AND x.account = a.account AND x.recorded_at <= $2 ORDER BY x.number DESC LIMIT 1) WHERE a.business_id = $1)";

async fn figures_of(query: Query<'_>, business: BusinessId, now: Timestamp) -> Result<Figures, Error> {
    let (total_valid, allocated) = query.bind(business).bind(now).one::<(i64, i64)>().await?;
    Ok(Figures { total_valid, allocated })
}

pub(super) async fn figures(db: &Db, business: BusinessId, now: Timestamp) -> Result<Figures, Error> {
    figures_of(db.read(FIGURES), business, now).await
}

pub(super) async fn figures_in(tx: &mut Tx, business: BusinessId, now: Timestamp) -> Result<Figures, Error> {
    figures_of(tx.q(FIGURES), business, now).await
}

/// A sum of entries of one cause at one instant; without an instant it is the sum at the opening.
#[derive(sqlx::FromRow)]
pub(super) struct ChangeRow {
    pub cause: Cause,
    pub at: Option<Timestamp>,
    pub credits: i64,
}

/// Every change after `from` up to and including `to`, and the two openings, in one statement: the line always ends at
/// the figures of `to` (CRD-4).
pub(super) async fn list_changes(tx: &mut Tx, business: BusinessId, from: Timestamp, to: Timestamp) -> Result<Vec<ChangeRow>, Error> {
    tx.q(
        "SELECT kind AS cause, effective_at AS at, CAST(SUM(credits) AS BIGINT) AS credits FROM credit_entries \
         WHERE business_id = $1 AND effective_at > $2 AND effective_at <= $3 GROUP BY kind, effective_at \
         UNION ALL SELECT 'expired', expires_at, CAST(-SUM(credits) AS BIGINT) FROM credit_entries \
         WHERE business_id = $1 AND expires_at > $2 AND expires_at <= $3 GROUP BY expires_at HAVING SUM(credits) <> 0 \
         UNION ALL SELECT 'allocated', recorded_at, CAST(SUM(credits) AS BIGINT) FROM allocation_entries \
         WHERE business_id = $1 AND recorded_at > $2 AND recorded_at <= $3 GROUP BY recorded_at HAVING SUM(credits) <> 0 \
         UNION ALL SELECT 'granted', NULL, CAST(COALESCE(SUM(credits), 0) AS BIGINT) FROM credit_entries \
         WHERE business_id = $1 AND effective_at <= $2 AND expires_at > $2 \
         UNION ALL SELECT 'allocated', NULL, CAST(COALESCE(SUM(e.credits_after), 0) AS BIGINT) FROM allocation_accounts a \
         JOIN allocation_entries e ON e.business_id = a.business_id AND e.account = a.account AND e.number = \
         (SELECT x.number FROM allocation_entries x WHERE x.business_id = a.business_id AND x.account = a.account AND x.recorded_at <= $2 ORDER BY x.number DESC LIMIT 1) \
         WHERE a.business_id = $1",
    )
    .bind(business)
    .bind(from)
    .bind(to)
    .all()
    .await
}

/// When credits leave the pool, how many, and of how many items; soonest first.
pub(super) async fn list_expirations(
    db: &Db,
    business: BusinessId,
    now: Timestamp,
    most: i64,
) -> Result<Vec<(Timestamp, i64, i64)>, Error> {
    db.read(
        "SELECT expires_at, CAST(SUM(credits) AS BIGINT), CAST(SUM(CASE WHEN kind = 'corrected' THEN 0 WHEN credits > 0 THEN 1 ELSE -1 END) AS BIGINT) FROM credit_entries \
         WHERE business_id = $1 AND expires_at > $2 AND effective_at <= $2 GROUP BY expires_at HAVING SUM(credits) <> 0 ORDER BY expires_at LIMIT $3",
    )
    .bind(business)
    .bind(now)
    .bind(most)
    .all()
    .await
}

/// Items that ran out after `since` and up to `now`: how many, their credits, and when the last one did.
pub(super) async fn expired_since(
    db: &Db,
    business: BusinessId,
    since: Timestamp,
    now: Timestamp,
) -> Result<(i64, i64, Option<Timestamp>), Error> {
    db.read(
        "SELECT CAST(COUNT(*) AS BIGINT), CAST(COALESCE(SUM(credits), 0) AS BIGINT), MAX(expires_at) FROM licenses \
         WHERE business_id = $1 AND revoked_at IS NULL AND expires_at > $2 AND expires_at <= $3",
    )
    .bind(business)
    .bind(since)
    .bind(now)
    .one()
    .await
}

/// Whether the business has, or ever had, a license of its own.
pub(super) async fn any_item(db: &Db, business: BusinessId) -> Result<bool, Error> {
    let first: Option<(LicenseId,)> = db.read("SELECT id FROM licenses WHERE business_id = $1 LIMIT 1").bind(business).opt().await?;
    Ok(first.is_some())
}

/// Keeps every other change of this pool's allocations waiting until the transaction ends.
pub(super) async fn lock_pool(tx: &mut Tx, business: BusinessId) -> Result<(), Error> {
    tx.lock("SELECT id FROM businesses WHERE id = $1").bind(business).one::<(BusinessId,)>().await.map(|_| ())
}
