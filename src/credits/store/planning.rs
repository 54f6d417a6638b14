//! What estimates and plans begin from: units and credits by feature, valid credits by contract and expiration.

use crate::credits::planner::Holding;
use crate::db::{Db, Error};
use crate::kernel::clock::Timestamp;
use crate::kernel::id::BusinessId;

/// Solution, feature, units as last recorded, and reserved credits.
pub(in crate::credits) async fn list_in_use(
    db: &Db,
    business: BusinessId,
    now: Timestamp,
) -> Result<Vec<(String, String, i64, i64)>, Error> {
    db.read(
        "SELECT e.solution, e.feature, (SELECT x.units FROM allocation_entries x WHERE x.business_id = $1 AND x.solution = e.solution \
         AND x.feature = e.feature AND x.recorded_at <= $2 ORDER BY x.recorded_at DESC, x.id DESC LIMIT 1) AS units, \
         CAST(SUM(e.credits) AS BIGINT) AS credits FROM allocation_entries e WHERE e.business_id = $1 AND e.recorded_at <= $2 \
         GROUP BY e.solution, e.feature ORDER BY e.solution, e.feature",
    )
    .bind(business)
    .bind(now)
    .all()
    .await
}

/// Valid credits by contract and expiration, soonest first; what was moved to another business is not among them.
pub(in crate::credits) async fn list_holdings(db: &Db, business: BusinessId, now: Timestamp) -> Result<Vec<Holding>, Error> {
    db.read(
        "SELECT c.id AS contract, c.product_name AS product, c.agreement_id AS agreement, c.auto_renew AS renews, \
         (SELECT MIN(l.starts_at) FROM licenses l WHERE l.contract_id = c.id) AS anchor, e.expires_at AS ends_at, \
         CAST(SUM(e.credits) AS BIGINT) AS credits FROM credit_entries e JOIN contracts c ON c.id = e.contract_id \
         WHERE e.business_id = $1 AND e.effective_at <= $2 AND e.expires_at > $2 \
         GROUP BY c.id, c.product_name, c.agreement_id, c.auto_renew, e.expires_at HAVING SUM(e.credits) <> 0 ORDER BY e.expires_at, c.id",
    )
    .bind(business)
    .bind(now)
    .all()
    .await
}
