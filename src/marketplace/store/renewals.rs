//! What a renewal reads: agreements whose end has passed, the offer of an instant, and the terms of a chain.

use crate::db::{Db, Error, Query, Tx};
use crate::kernel::clock::Timestamp;
use crate::kernel::credits::Credits;
use crate::kernel::money::Currency;
use crate::marketplace::agreement::AgreementStatus;
use crate::marketplace::catalog::RenewalArn;
use crate::marketplace::ids::{AgreementId, LicenseArn, OfferId, ProductId};
use crate::marketplace::offer::Offer;

/// A chain is a term a year; nobody reads more on one page.
const TERMS_MAX: i64 = 100;

/// Agreements in force whose end has passed and whose end nobody has decided yet, in the order of their ends. Those with an
/// upgrade under way wait: what is then in force is not known yet.
pub(in crate::marketplace) async fn list_due(
    db: &Db,
    now: Timestamp,
    after: Option<&(Timestamp, AgreementId)>,
    most: i64,
) -> Result<Vec<(Timestamp, AgreementId)>, Error> {
    let mut query = db
        .read("SELECT a.ends_at, a.id FROM agreements a WHERE a.status = 'active' AND NOT EXISTS (SELECT 1 FROM quotes q WHERE q.agreement_id = a.id AND q.kind = 'renewal') AND NOT EXISTS (SELECT 1 FROM quotes q JOIN payments p ON p.quote_id = q.id WHERE q.agreement_id = a.id AND p.status IN ('started', 'pending'))")
        .push_bind(" AND a.ends_at <= ", now);
    if let Some((at, id)) = after {
        query = query.push_bind(" AND (a.ends_at, a.id) > (", *at).push_bind(", ", id).push(")");
    }
    query.push_bind(" ORDER BY a.ends_at, a.id LIMIT ", most).all().await
}

/// Whether the renewal of a locked agreement has begun; at most once (REN-2).
pub(in crate::marketplace) async fn is_begun(tx: &mut Tx, agreement: &AgreementId) -> Result<bool, Error> {
    let begun: i64 =
        tx.q("SELECT CAST(COUNT(*) AS BIGINT) FROM quotes WHERE agreement_id = $1 AND kind = 'renewal'").bind(agreement).scalar().await?;
    Ok(begun > 0)
}

/// Whether an upgrade of a locked agreement is being paid, so that it will or will not count.
pub(in crate::marketplace) async fn has_open_upgrade(tx: &mut Tx, agreement: &AgreementId) -> Result<bool, Error> {
    let open: i64 = tx
        .q("SELECT CAST(COUNT(*) AS BIGINT) FROM quotes q JOIN payments p ON p.quote_id = q.id WHERE q.agreement_id = $1 AND q.kind = 'upgrade' AND p.status IN ('started', 'pending')")
        .bind(agreement)
        .scalar()
        .await?;
    Ok(open > 0)
}

const OFFER_AT: &str = "SELECT o.id, o.price_minor, o.currency, o.duration_months, o.credits_min, o.credits_max, o.credits_step FROM offer_history h JOIN offers o ON o.id = h.offer_id WHERE h.product_id = $1 AND h.since <= $2 AND o.duration_months = $3 ORDER BY h.since DESC, h.id DESC LIMIT 1";

fn offer_at<'q>(query: Query<'q>, product: &ProductId, at: Timestamp, months: i64) -> Query<'q> {
    query.bind(product).bind(at).bind(months)
}

/// The offer that was in force at an instant, of terms as long as the chain's.
pub(in crate::marketplace) async fn find_offer_at(
    tx: &mut Tx,
    product: &ProductId,
    at: Timestamp,
    months: i64,
) -> Result<Option<Offer>, Error> {
    offer_at(tx.q(OFFER_AT), product, at, months).opt().await
}

/// The same for a page.
pub(in crate::marketplace) async fn find_offer_at_shown(
    db: &Db,
    product: &ProductId,
    at: Timestamp,
    months: i64,
) -> Result<Option<Offer>, Error> {
    offer_at(db.read(OFFER_AT), product, at, months).opt().await
}

/// Which license ARN a renewal has, and who issues it.
pub(in crate::marketplace) async fn get_arn_rule(tx: &mut Tx, product: &ProductId) -> Result<(RenewalArn, String), Error> {
    tx.q("SELECT renewal_license_arn, seller_id FROM products WHERE id = $1").bind(product).one().await
}

/// The end of an agreement in force is decided; only once.
pub(in crate::marketplace) async fn close(tx: &mut Tx, id: &AgreementId, status: AgreementStatus) -> Result<(), Error> {
    tx.q("UPDATE agreements SET status = $2 WHERE id = $1 AND status = 'active'").bind(id).bind(status).exec_one().await
}

/// The license ARN goes on with the next agreement.
pub(in crate::marketplace) async fn pass_on_arn(tx: &mut Tx, arn: &LicenseArn, from: &AgreementId, to: &AgreementId) -> Result<(), Error> {
    tx.q("UPDATE license_arns SET agreement_id = $3 WHERE arn = $1 AND agreement_id = $2").bind(arn).bind(from).bind(to).exec_one().await
}

/// A new license ARN is set up and activated as far as the one before it was.
pub(in crate::marketplace) async fn copy_set_up(tx: &mut Tx, from: &LicenseArn, to: &LicenseArn) -> Result<(), Error> {
    tx.q("UPDATE license_arns SET set_up_at = (SELECT o.set_up_at FROM license_arns o WHERE o.arn = $1), activated_at = (SELECT o.activated_at FROM license_arns o WHERE o.arn = $1) WHERE arn = $2")
        .bind(from)
        .bind(to)
        .exec_one()
        .await
}

/// The entitlement of a license ARN now has the next term's total and end.
pub(in crate::marketplace) async fn move_entitlement(
    tx: &mut Tx,
    arn: &LicenseArn,
    total: Credits,
    ends_at: Timestamp,
    now: Timestamp,
) -> Result<(), Error> {
    tx.q("UPDATE entitlements SET quantity = $2, expires_at = $3, updated_at = $4 WHERE license_arn = $1 AND expires_at < $3")
        .bind(arn)
        .bind(total)
        .bind(ends_at)
        .bind(now)
        .exec_one()
        .await
}

/// The license ARN of the term after an agreement's, once it is in force or was.
pub(in crate::marketplace) async fn find_successor(db: &Db, initial: &AgreementId, term: i64) -> Result<Option<LicenseArn>, Error> {
    let row: Option<(LicenseArn,)> = db
        .read("SELECT license_arn FROM agreements WHERE initial_agreement_id = $1 AND term_number = $2 AND status NOT IN ('pending', 'rolled_back')")
        .bind(initial)
        .bind(term + 1)
        .opt()
        .await?;
    Ok(row.map(|(arn,)| arn))
}

/// The agreement of a chain's term before.
pub(in crate::marketplace) async fn find_previous(db: &Db, initial: &AgreementId, term: i64) -> Result<Option<AgreementId>, Error> {
    let row: Option<(AgreementId,)> = db
        .read("SELECT id FROM agreements WHERE initial_agreement_id = $1 AND term_number = $2")
        .bind(initial)
        .bind(term - 1)
        .opt()
        .await?;
    Ok(row.map(|(id,)| id))
}

/// One term of a chain, as the subscription's page lists it.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct ChainTerm {
    /// Its agreement.
    pub id: AgreementId,
    /// From 1.
    pub term_number: i64,
    /// First instant.
    pub starts_at: Timestamp,
    /// First instant after.
    pub ends_at: Timestamp,
    /// Credits, upgrades included.
    pub credits: Credits,
    /// As stored.
    pub status: AgreementStatus,
    /// The offer it was made at.
    pub offer_id: OfferId,
    /// Its price of one credit for a whole term.
    pub price_minor: i64,
    /// What the minor units are of.
    pub currency: Currency,
}

/// The terms of a chain, first to last. The caller has found one of them in the buyer's scope.
pub(in crate::marketplace) async fn list_chain(db: &Db, initial: &AgreementId) -> Result<Vec<ChainTerm>, Error> {
    db.read("SELECT a.id, a.term_number, a.starts_at, a.ends_at, a.credits, a.status, a.offer_id, o.price_minor, o.currency FROM agreements a JOIN offers o ON o.id = a.offer_id WHERE a.initial_agreement_id = $1 ORDER BY a.term_number LIMIT $2")
        .bind(initial)
        .bind(TERMS_MAX)
        .all()
        .await
}
