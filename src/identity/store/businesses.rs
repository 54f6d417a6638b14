//! SQL of closing a business for deletion.

use crate::access::Standing;
use crate::db::{Error, Tx};
use crate::kernel::clock::Timestamp;
use crate::kernel::id::{BusinessId, PersonId};

/// A business that is about to be closed or opened.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(in crate::identity) struct BusinessRow {
    pub name: String,
    #[sqlx(flatten)]
    pub standing: Standing,
}

/// The business with what its phase follows, locked.
pub(in crate::identity) async fn lock(tx: &mut Tx, business: BusinessId) -> Result<Option<BusinessRow>, Error> {
    tx.lock("SELECT b.name, (SELECT MAX(l.expires_at) FROM licenses l WHERE l.business_id = b.id AND l.revoked_at IS NULL) AS last_expiry, b.closed_at FROM businesses b WHERE b.id = $1")
        .bind(business)
        .opt()
        .await
}

/// It is closed from `now` on.
pub(in crate::identity) async fn close(
    tx: &mut Tx,
    business: BusinessId,
    person: PersonId,
    reason: &str,
    now: Timestamp,
) -> Result<(), Error> {
    tx.q("UPDATE businesses SET closed_at = $2, closed_by = $3, closed_reason = $4 WHERE id = $1 AND closed_at IS NULL")
        .bind(business)
        .bind(now)
        .bind(person)
        .bind(reason.to_owned())
        .exec_one()
        .await
}

/// It is not closed any more.
pub(in crate::identity) async fn reopen(tx: &mut Tx, business: BusinessId) -> Result<(), Error> {
    tx.q("UPDATE businesses SET closed_at = NULL, closed_by = NULL, closed_reason = NULL WHERE id = $1 AND closed_at IS NOT NULL")
        .bind(business)
        .exec_one()
        .await
}

/// A member who is told.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(in crate::identity) struct Member {
    pub name: String,
    pub email: String,
}

/// Everybody of the business who can sign in.
pub(in crate::identity) async fn list_members(tx: &mut Tx, business: BusinessId) -> Result<Vec<Member>, Error> {
    tx.q("SELECT p.name, p.email FROM memberships m JOIN people p ON p.id = m.person_id WHERE m.business_id = $1 AND p.disabled_at IS NULL ORDER BY p.email_key")
        .bind(business)
        .all()
        .await
}
