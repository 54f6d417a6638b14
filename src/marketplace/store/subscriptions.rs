//! Lists of a buyer account's agreements.

use crate::access::BuyerScope;
use crate::db::{Db, Error, Query};
use crate::kernel::clock::Timestamp;
use crate::kernel::credits::Credits;
use crate::kernel::page::Cursor;
use crate::marketplace::ids::{AgreementId, QuoteId};
use crate::marketplace::subscriptions::{Filter, StatusFilter, Subscription};
use chrono::DateTime;

/// Rows that match, newest first, after a place in the list.
pub(in crate::marketplace) async fn list(
    db: &Db,
    scope: &BuyerScope,
    filter: Filter,
    now: Timestamp,
    after: Option<&Cursor>,
    most: i64,
) -> Result<Vec<Subscription>, Error> {
    let query = db.read("SELECT a.id, p.name AS product_name, s.name AS seller_name, a.starts_at, a.ends_at, a.auto_renew, a.credits, a.status, l.set_up_at, l.activated_at FROM agreements a JOIN license_arns l ON l.arn = a.license_arn JOIN products p ON p.id = a.product_id JOIN sellers s ON s.id = p.seller_id");
    let mut query = narrowed(query, scope, filter, now);
    let place = after.and_then(Cursor::number).and_then(|(micros, id)| Some((DateTime::from_timestamp_micros(micros)?, id)));
    if let Some((starts_at, id)) = place {
        query = query.push_bind(" AND (a.starts_at, a.id) < (", starts_at).push_bind(", ", id).push(")");
    }
    query.push_bind(" ORDER BY a.starts_at DESC, a.id DESC LIMIT ", most).all().await
}

/// How many match.
pub(in crate::marketplace) async fn count(db: &Db, scope: &BuyerScope, filter: Filter, now: Timestamp) -> Result<i64, Error> {
    let query = db.read("SELECT CAST(COUNT(*) AS BIGINT) FROM agreements a JOIN license_arns l ON l.arn = a.license_arn");
    narrowed(query, scope, filter, now).scalar().await
}

fn narrowed<'e>(query: Query<'e>, scope: &BuyerScope, filter: Filter, now: Timestamp) -> Query<'e> {
    let mut query = query.push_bind(" WHERE a.buyer_account_id = ", scope.account());
    query = match filter.status {
        None => query,
        Some(StatusFilter::Active) => query.push_bind(" AND a.status = 'active' AND a.ends_at > ", now),
        Some(StatusFilter::Pending) => query.push(" AND a.status = 'pending'"),
        Some(StatusFilter::Ended) => {
            query.push_bind(" AND a.status <> 'pending' AND (a.status <> 'active' OR a.ends_at <= ", now).push(")")
        }
    };
    if filter.unclaimed { query.push(" AND l.activated_at IS NULL") } else { query }
}

/// An upgrade whose payment is pending.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct UpgradeUnderWay {
    /// Its quote.
    pub quote_id: QuoteId,
    /// Credits to be added.
    pub credits: Credits,
    /// Since when.
    pub accepted_at: Timestamp,
}

/// Upgrades of an agreement whose payment is pending. The caller has found the agreement in the buyer's scope.
pub(in crate::marketplace) async fn list_pending_upgrades(db: &Db, agreement: &AgreementId) -> Result<Vec<UpgradeUnderWay>, Error> {
    db.read("SELECT q.id AS quote_id, q.credits, q.accepted_at FROM quotes q JOIN payments p ON p.quote_id = q.id WHERE q.agreement_id = $1 AND p.status = 'pending' ORDER BY q.accepted_at, q.id")
        .bind(agreement)
        .all()
        .await
}
