//! What estimates and plans begin from: units and credits by feature, valid credits by contract and expiration.

use super::accounts::AVAILABLE;
use crate::credits::planner::Holding;
use crate::db::{Db, Error};
use crate::kernel::clock::Timestamp;
use crate::kernel::id::BusinessId;

/// Feature, units in all, units by feature in use, and reserved credits, as the accounts stand.
pub(in crate::credits) async fn list_in_use(db: &Db, business: BusinessId) -> Result<Vec<(String, i64, Option<String>, i64)>, Error> {
    db.read("SELECT account, units, in_use, credits FROM allocation_accounts WHERE business_id = $1 AND account <> $2 ORDER BY account")
        .bind(business)
        .bind(AVAILABLE)
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
