//! SQL of the chain over the audit log.

use crate::audit::chain::{Broken, Head, WholeEntry};
use crate::audit::verify::SEALED_WITHIN;
use crate::db::{Db, Error, Tx};
use crate::kernel::clock::Timestamp;
use uuid::Uuid;

/// The last link.
pub(in crate::audit) async fn get_head(tx: &mut Tx) -> Result<Head, Error> {
    let last: Option<(i64, Vec<u8>)> = tx.q("SELECT sequence, hash FROM audit_seals ORDER BY sequence DESC LIMIT 1").opt().await?;
    Ok(last.map_or(Head::EMPTY, |(sequence, hash)| Head { sequence, hash: hash.try_into().unwrap_or_default() }))
}

/// Entries without a link, oldest first. Those that are much older than the newest sealed one are left: no transaction
/// lasts so long, so they were put in, and verifying names them.
pub(in crate::audit) async fn list_unsealed(tx: &mut Tx, most: i64) -> Result<Vec<WholeEntry>, Error> {
    let from = newest_sealed(tx).await?.map(|at| at - SEALED_WITHIN);
    let mut query = tx.q("SELECT id, recorded_at, person_id, person_label, acting_as, business_id, buyer_account_id, address, request_id, action, subject, before, after FROM audit_entries e WHERE NOT EXISTS (SELECT 1 FROM audit_seals s WHERE s.entry_id = e.id)");
    if let Some(from) = from {
        query = query.push_bind(" AND e.recorded_at >= ", from);
    }
    query.push_bind(" ORDER BY e.recorded_at, e.id LIMIT ", most).all().await
}

async fn newest_sealed(tx: &mut Tx) -> Result<Option<Timestamp>, Error> {
    let newest: Option<(Timestamp,)> = tx
        .q("SELECT e.recorded_at FROM audit_seals s JOIN audit_entries e ON e.id = s.entry_id ORDER BY s.sequence DESC LIMIT 1")
        .opt()
        .await?;
    Ok(newest.map(|(at,)| at))
}

/// Adds a link; false when another process has added one with this number.
pub(in crate::audit) async fn insert(tx: &mut Tx, head: Head, entry: Uuid, now: Timestamp) -> Result<bool, Error> {
    let added = tx
        .q("INSERT INTO audit_seals (sequence, entry_id, hash, sealed_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING")
        .bind(head.sequence)
        .bind(entry)
        .bind(head.hash.to_vec())
        .bind(now)
        .exec()
        .await?;
    Ok(added == 1)
}

/// A link as it is stored, with what it says of its entry.
#[derive(sqlx::FromRow)]
pub(in crate::audit) struct Link {
    sequence: i64,
    entry_id: Uuid,
    hash: Vec<u8>,
    recorded_at: Option<Timestamp>,
    person_id: Option<Uuid>,
    person_label: Option<String>,
    acting_as: Option<String>,
    business_id: Option<Uuid>,
    buyer_account_id: Option<String>,
    address: Option<String>,
    request_id: Option<String>,
    action: Option<String>,
    subject: Option<String>,
    before: Option<String>,
    after: Option<String>,
}

impl Link {
    /// The head after this link, if it follows the one before and its entry is what was sealed.
    pub fn checked_after(self, before: Head) -> Result<Head, Broken> {
        if self.sequence != before.sequence + 1 {
            return Err(Broken::LinkMissing(before.sequence + 1));
        }
        let Some(recorded_at) = self.recorded_at else {
            return Err(Broken::Removed { sequence: self.sequence, entry: self.entry_id });
        };
        let entry = WholeEntry {
            id: self.entry_id,
            recorded_at,
            person_id: self.person_id,
            person_label: self.person_label.unwrap_or_default(),
            acting_as: self.acting_as.unwrap_or_default(),
            business_id: self.business_id,
            buyer_account_id: self.buyer_account_id,
            address: self.address.unwrap_or_default(),
            request_id: self.request_id.unwrap_or_default(),
            action: self.action.unwrap_or_default(),
            subject: self.subject.unwrap_or_default(),
            before: self.before,
            after: self.after,
        };
        let after = before.followed_by(&entry);
        if self.hash != after.hash {
            return Err(Broken::Changed { sequence: self.sequence, entry: self.entry_id });
        }
        Ok(after)
    }
}

/// The links after one, in order.
pub(in crate::audit) async fn list_links(db: &Db, after: i64, most: i64) -> Result<Vec<Link>, Error> {
    db.read("SELECT s.sequence, s.entry_id, s.hash, e.recorded_at, e.person_id, e.person_label, e.acting_as, e.business_id, e.buyer_account_id, e.address, e.request_id, e.action, e.subject, e.before, e.after FROM audit_seals s LEFT JOIN audit_entries e ON e.id = s.entry_id WHERE s.sequence > $1 ORDER BY s.sequence LIMIT $2")
        .bind(after)
        .bind(most)
        .all()
        .await
}

/// An entry that is older than it could be without a link.
pub(in crate::audit) async fn find_put_in(db: &Db) -> Result<Option<Uuid>, Error> {
    let newest: Option<(Timestamp,)> = db
        .read("SELECT e.recorded_at FROM audit_seals s JOIN audit_entries e ON e.id = s.entry_id ORDER BY s.sequence DESC LIMIT 1")
        .opt()
        .await?;
    let Some((newest,)) = newest else { return Ok(None) };
    let found: Option<(Uuid,)> = db
        .read("SELECT e.id FROM audit_entries e WHERE e.recorded_at < $1 AND NOT EXISTS (SELECT 1 FROM audit_seals s WHERE s.entry_id = e.id) ORDER BY e.recorded_at, e.id LIMIT 1")
        .bind(newest - SEALED_WITHIN)
        .opt()
        .await?;
    Ok(found.map(|(entry,)| entry))
}

/// Entries that wait for their link.
pub(in crate::audit) async fn count_unsealed(db: &Db) -> Result<i64, Error> {
    db.read("SELECT CAST(COUNT(*) AS BIGINT) FROM audit_entries e WHERE NOT EXISTS (SELECT 1 FROM audit_seals s WHERE s.entry_id = e.id)")
        .scalar()
        .await
}
