//! Requests by program to switch a renewal.

use crate::access::BuyerScope;
use crate::db::{Db, Error, Tx};
use crate::kernel::clock::Timestamp;
use crate::marketplace::ids::QuoteId;
use crate::marketplace::renewal_request::RenewalRequest;

/// Keeps a request; false when its token stands for another already.
pub(in crate::marketplace) async fn insert(
    tx: &mut Tx,
    scope: &BuyerScope,
    request: &RenewalRequest,
    token: Option<(&str, &[u8])>,
) -> Result<bool, Error> {
    let inserted = tx
        .q("INSERT INTO renewal_requests (id, buyer_account_id, agreement_id, auto_renew, token, request_hash, created_by, created_at, lapses_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING")
        .bind(&request.id)
        .bind(scope.account())
        .bind(&request.agreement_id)
        .bind(request.auto_renew)
        .bind(token.map(|(token, _)| token))
        .bind(token.map(|(_, hash)| hash.to_vec()))
        .bind(scope.person())
        .bind(request.created_at)
        .bind(request.lapses_at)
        .exec()
        .await?;
    Ok(inserted == 1)
}

/// A request of the buyer's own account.
pub(in crate::marketplace) async fn find(db: &Db, scope: &BuyerScope, id: &QuoteId) -> Result<Option<RenewalRequest>, Error> {
    db.read("SELECT id, agreement_id, auto_renew, created_at, lapses_at, accepted_at FROM renewal_requests WHERE id = $1 AND buyer_account_id = $2")
        .bind(id)
        .bind(scope.account())
        .opt()
        .await
}

/// Notes the first acceptance.
pub(in crate::marketplace) async fn note_accepted(db: &Db, id: &QuoteId, now: Timestamp) -> Result<(), Error> {
    let noted = db.write("UPDATE renewal_requests SET accepted_at = $2 WHERE id = $1 AND accepted_at IS NULL");
    noted.bind(id).bind(now).exec().await.map(drop)
}
