//! What staff see coming and what they see behind: contracts that end within a time, and businesses whose last license has
//! ended (EXP-2). SQL that only reads.

use crate::access::{Lengths, Phase, StaffScope, Standing};
use crate::db::{Db, Error, Query};
use crate::kernel::clock::Timestamp;
use crate::kernel::id::{BusinessId, ContractId, LicenseId};
use crate::kernel::page::{Cursor, PageSize, Paged};
use crate::kernel::text::like_pattern;
use crate::text_enum;
use uuid::Uuid;

text_enum! {
    /// What happens to a contract at its end, as things stand.
    pub enum Outcome {
        /// It renews by itself.
        Renews = "renews",
        /// Its credits leave the pool.
        Lapses = "lapses",
    }
}

/// What the list of contracts is narrowed by.
#[derive(Clone, Debug)]
pub struct OutlookFilter {
    /// Those that end after this.
    pub from: Timestamp,
    /// Those that end up to this.
    pub to: Timestamp,
    /// Only these.
    pub outcome: Option<Outcome>,
    /// Folded words, each in the owner's name.
    pub words: Vec<String>,
}

/// A contract that ends.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct OutlookItem {
    /// Which.
    pub contract: ContractId,
    /// Its original license, which has the page.
    pub license: LicenseId,
    /// Whose.
    pub business: BusinessId,
    /// The owner's name.
    pub business_name: String,
    /// What it is for.
    pub product_name: String,
    /// The agreement in force.
    pub agreement_id: String,
    /// The total that was granted.
    pub credits: i64,
    /// Its end.
    pub expires_at: Timestamp,
    /// Whether it renews by itself.
    pub auto_renew: bool,
}

impl OutlookItem {
    /// What happens at its end.
    #[must_use]
    pub const fn outcome(&self) -> Outcome {
        if self.auto_renew { Outcome::Renews } else { Outcome::Lapses }
    }
}

const FROM: &str = " FROM contracts c JOIN businesses b ON b.id = c.business_id JOIN licenses l ON l.contract_id = c.id AND l.item_number = 1 WHERE l.revoked_at IS NULL";

fn narrowed<'q>(query: Query<'q>, filter: &OutlookFilter) -> Query<'q> {
    let query = query.push(FROM).push_bind(" AND c.expires_at > ", filter.from).push_bind(" AND c.expires_at <= ", filter.to);
    let query = match filter.outcome {
        None => query,
        Some(Outcome::Renews) => query.push(" AND c.auto_renew"),
        Some(Outcome::Lapses) => query.push(" AND NOT c.auto_renew"),
    };
    filter.words.iter().fold(query, |query, word| query.push_bind(" AND b.search_key LIKE ", like_pattern(word)).push(" ESCAPE '\\'"))
}

/// Contracts that end, the next one first.
///
/// # Errors
/// Any storage error.
pub async fn list_outlook(
    db: &Db,
    _: StaffScope,
    filter: &OutlookFilter,
    after: Option<&Cursor>,
    size: PageSize,
) -> Result<Paged<OutlookItem>, Error> {
    let columns = "SELECT c.id AS contract, l.id AS license, c.business_id AS business, b.name AS business_name, c.product_name, c.agreement_id, c.granted AS credits, c.expires_at, c.auto_renew";
    let mut query = narrowed(db.read(columns), filter);
    if let Some((at, id)) = after.and_then(Cursor::time) {
        query = query.push_bind(" AND (c.expires_at, c.id) > (", at).push_bind(", ", id).push(")");
    }
    let rows = query.push_bind(" ORDER BY c.expires_at, c.id LIMIT ", size.overfetch()).all().await?;
    Ok(Paged::from_overfetch(rows, size, |last: &OutlookItem| Cursor::of_time(last.expires_at, last.contract.uuid())))
}

/// How many the filter leaves.
///
/// # Errors
/// Any storage error.
pub async fn count_outlook(db: &Db, _: StaffScope, filter: &OutlookFilter) -> Result<i64, Error> {
    narrowed(db.read("SELECT CAST(COUNT(*) AS BIGINT)"), filter).scalar().await
}

/// Contracts of one outcome taken together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutlookSum {
    /// How many contracts.
    pub contracts: i64,
    /// Their credits.
    pub credits: i64,
}

/// What renews and what lapses in the filter's time, whatever else it is narrowed by.
///
/// # Errors
/// Any storage error.
pub async fn sums(db: &Db, _: StaffScope, from: Timestamp, to: Timestamp) -> Result<(OutlookSum, OutlookSum), Error> {
    let filter = OutlookFilter { from, to, outcome: None, words: Vec::new() };
    let query = db.read("SELECT c.auto_renew, CAST(COUNT(*) AS BIGINT), CAST(SUM(c.granted) AS BIGINT)");
    let rows: Vec<(bool, i64, i64)> = narrowed(query, &filter).push(" GROUP BY c.auto_renew").all().await?;
    let sum = |renews| rows.iter().find(|(auto_renew, ..)| *auto_renew == renews);
    let of = |renews| {
        sum(renews).map_or_else(OutlookSum::default, |(_, contracts, credits)| OutlookSum { contracts: *contracts, credits: *credits })
    };
    Ok((of(true), of(false)))
}

text_enum! {
    /// What a list of businesses without a valid license is narrowed to.
    pub enum LapsedKind {
        /// Everything still works.
        Grace = "grace",
        /// Only licensing administrators enter.
        Locked = "locked",
        /// Nobody enters.
        Closed = "closed",
        /// Staff closed it for deletion.
        ForDeletion = "for_deletion",
    }
}

impl LapsedKind {
    /// The kind in words.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Grace => "Grace",
            Self::Locked => "Locked",
            Self::Closed => "Closed",
            Self::ForDeletion => "Closed for deletion",
        }
    }
}

/// By what the list of businesses is narrowed, at an instant.
#[derive(Clone, Copy, Debug)]
pub struct LapsedFilter {
    /// Only these.
    pub kind: Option<LapsedKind>,
    /// When.
    pub now: Timestamp,
    /// How long the phases last.
    pub lengths: Lengths,
}

/// A business whose last license has ended.
#[derive(Clone, Debug)]
pub struct Lapsed {
    /// Which.
    pub business: BusinessId,
    /// Its name.
    pub name: String,
    /// When its last license ended.
    pub expired_at: Timestamp,
    /// Its phase.
    pub phase: Phase,
}

#[derive(sqlx::FromRow)]
struct LapsedRow {
    license: Uuid,
    business: BusinessId,
    name: String,
    expires_at: Timestamp,
    closed_at: Option<Timestamp>,
}

/// The last license of a business is the one that no other outlasts.
const LAST: &str = " FROM licenses l JOIN businesses b ON b.id = l.business_id WHERE l.revoked_at IS NULL AND NOT EXISTS (SELECT 1 FROM licenses n WHERE n.business_id = l.business_id AND n.revoked_at IS NULL AND (n.expires_at, n.id) > (l.expires_at, l.id))";

fn lapsed(query: Query<'_>, filter: LapsedFilter) -> Query<'_> {
    let LapsedFilter { kind, now, lengths } = filter;
    // A phase begins so long after the end: what ended up to then is in it.
    let (ago_lock, ago_close) = (now - (lengths.locks_at(now) - now), now - (lengths.closes_at(now) - now));
    let query = query.push(LAST).push_bind(" AND l.expires_at <= ", now);
    match kind {
        None => query,
        Some(LapsedKind::Grace) => query.push_bind(" AND b.closed_at IS NULL AND l.expires_at > ", ago_lock),
        Some(LapsedKind::Locked) => {
            query.push_bind(" AND b.closed_at IS NULL AND l.expires_at <= ", ago_lock).push_bind(" AND l.expires_at > ", ago_close)
        }
        Some(LapsedKind::Closed) => query.push_bind(" AND b.closed_at IS NULL AND l.expires_at <= ", ago_close),
        Some(LapsedKind::ForDeletion) => query.push(" AND b.closed_at IS NOT NULL"),
    }
}

/// Businesses whose last license has ended, the latest first.
///
/// # Errors
/// Any storage error.
pub async fn list_lapsed(
    db: &Db,
    _: StaffScope,
    filter: LapsedFilter,
    after: Option<&Cursor>,
    size: PageSize,
) -> Result<Paged<Lapsed>, Error> {
    let mut query = lapsed(db.read("SELECT l.id AS license, b.id AS business, b.name, l.expires_at, b.closed_at"), filter);
    if let Some((at, id)) = after.and_then(Cursor::time) {
        query = query.push_bind(" AND (l.expires_at, l.id) < (", at).push_bind(", ", id).push(")");
    }
    let rows = query.push_bind(" ORDER BY l.expires_at DESC, l.id DESC LIMIT ", size.overfetch()).all().await?;
    let page = Paged::from_overfetch(rows, size, |last: &LapsedRow| Cursor::of_time(last.expires_at, last.license));
    Ok(page.map(|row| Lapsed {
        business: row.business,
        name: row.name,
        expired_at: row.expires_at,
        phase: Standing { last_expiry: Some(row.expires_at), closed_at: row.closed_at }.phase(filter.now, filter.lengths),
    }))
}

/// How many there are.
///
/// # Errors
/// Any storage error.
pub async fn count_lapsed(db: &Db, _: StaffScope, filter: LapsedFilter) -> Result<i64, Error> {
    lapsed(db.read("SELECT CAST(COUNT(*) AS BIGINT)"), filter).scalar().await
}
