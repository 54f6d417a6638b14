//! What the operations on the wire read: a seller's products and entitlements, agreements for either party, offers by id,
//! and requests that are sent again.

use crate::access::BuyerScope;
use crate::db::{Db, Error, Query};
use crate::kernel::clock::Timestamp;
use crate::kernel::credits::Credits;
use crate::marketplace::agreement::{Agreement, AgreementStatus};
use crate::marketplace::catalog::CustomerIdentity;
use crate::marketplace::ids::{AgreementId, LicenseArn, OfferId, ProductId, Prodview, QuoteId};
use chrono::DateTime;
use std::collections::BTreeSet;

/// A seller's product.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(in crate::marketplace) struct ProductRow {
    pub id: ProductId,
    pub customer_identity: CustomerIdentity,
}

/// The seller's own product of a code (rule 8).
pub(in crate::marketplace) async fn find_product(db: &Db, seller: &str, code: &str) -> Result<Option<ProductRow>, Error> {
    db.read("SELECT id, customer_identity FROM products WHERE product_code = $1 AND seller_id = $2").bind(code).bind(seller).opt().await
}

/// What a list of entitlements is narrowed by; values of one kind are alternatives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EntitlementFilter {
    /// Buyer accounts.
    pub accounts: Option<BTreeSet<String>>,
    /// License ARNs.
    pub license_arns: Option<BTreeSet<String>>,
    /// Dimensions.
    pub dimensions: Option<BTreeSet<String>>,
}

/// One entitlement in force.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(in crate::marketplace) struct EntitlementRow {
    pub license_arn: LicenseArn,
    pub buyer_account_id: String,
    pub dimension: String,
    pub quantity: Credits,
    pub expires_at: Timestamp,
}

fn one_of<'q>(mut query: Query<'q>, column: &'static str, values: Option<&BTreeSet<String>>) -> Query<'q> {
    let Some(values) = values else { return query };
    query = query.push(column).push(" IN (");
    for (index, value) in values.iter().enumerate() {
        query = query.push_bind(if index == 0 { "" } else { ", " }, value);
    }
    // No value that could be meant: nothing matches.
    if values.is_empty() { query.push("NULL)") } else { query.push(")") }
}

/// Entitlements in force of a product, in a fixed order, after a place in it.
pub(in crate::marketplace) async fn list_entitlements(
    db: &Db,
    product: &ProductId,
    filter: &EntitlementFilter,
    now: Timestamp,
    after: Option<(&str, &str)>,
    most: i64,
) -> Result<Vec<EntitlementRow>, Error> {
    let mut query = db
        .read("SELECT e.license_arn, l.buyer_account_id, e.dimension, e.quantity, e.expires_at FROM entitlements e JOIN license_arns l ON l.arn = e.license_arn JOIN agreements a ON a.id = l.agreement_id WHERE a.status = 'active'")
        .push_bind(" AND l.product_id = ", product)
        .push_bind(" AND e.expires_at > ", now);
    query = one_of(query, " AND l.buyer_account_id", filter.accounts.as_ref());
    query = one_of(query, " AND e.license_arn", filter.license_arns.as_ref());
    query = one_of(query, " AND e.dimension", filter.dimensions.as_ref());
    if let Some((arn, dimension)) = after {
        query = query.push_bind(" AND (e.license_arn, e.dimension) > (", arn).push_bind(", ", dimension).push(")");
    }
    query.push_bind(" ORDER BY e.license_arn, e.dimension LIMIT ", most).all().await
}

/// On which side of agreements an account looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::marketplace) enum Side<'s> {
    /// As the seller of the product.
    Proposer(&'s str),
    /// As the buyer.
    Acceptor(&'s str),
}

/// An agreement as both parties see it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(in crate::marketplace) struct AgreementRow {
    #[sqlx(flatten)]
    pub agreement: Agreement,
    pub seller_id: String,
    pub dimension: String,
    /// The offer that a renewal would be made at today.
    pub current_offer: Option<OfferId>,
    /// What was charged so far, or what the purchase will cost while its payment is pending.
    pub value_minor: i64,
    /// When it was last changed: each change has an event.
    pub updated_at: Timestamp,
}

const AGREEMENT: &str = "SELECT a.id, a.initial_agreement_id, a.quote_id, a.buyer_account_id, a.product_id, a.offer_id, a.license_arn, a.status, a.anchor_at, a.term_number, a.duration_months, a.starts_at, a.ends_at, a.auto_renew, a.credits, a.next_credits, a.purchase_order, a.accepted_by, a.accepted_at, p.seller_id, p.dimension, o.offer_id AS current_offer, CAST(COALESCE((SELECT SUM(c.amount_minor) FROM charges c WHERE c.agreement_id = a.id), q.amount_minor) AS BIGINT) AS value_minor, COALESCE((SELECT MAX(e.occurred_at) FROM marketplace_events e WHERE e.agreement_id = a.id), a.accepted_at) AS updated_at FROM agreements a JOIN products p ON p.id = a.product_id JOIN quotes q ON q.id = a.quote_id LEFT JOIN current_offers o ON o.product_id = a.product_id WHERE ";

fn of_side<'q>(query: Query<'q>, side: Side<'_>) -> Query<'q> {
    match side {
        Side::Proposer(account) => query.push_bind("p.seller_id = ", account),
        Side::Acceptor(account) => query.push_bind("a.buyer_account_id = ", account),
    }
}

/// An agreement that the account is a party of; another's is not found (MKT-14).
pub(in crate::marketplace) async fn find_agreement(db: &Db, side: Side<'_>, id: &AgreementId) -> Result<Option<AgreementRow>, Error> {
    of_side(db.read(AGREEMENT), side).push_bind(" AND a.id = ", id).opt().await
}

/// Which instant of an agreement a search is sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SearchOrder {
    /// Its end.
    #[default]
    End,
    /// Its start.
    Start,
    /// Its last change.
    LastUpdate,
}

/// What a search is narrowed by, and its order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    /// Stored statuses, any of which matches.
    pub statuses: Option<BTreeSet<String>>,
    /// The buyer.
    pub acceptor: Option<String>,
    /// The product.
    pub product: Option<String>,
    /// The offer.
    pub offer: Option<String>,
    /// The first agreement of the chain.
    pub initial: Option<String>,
    /// The key of the purchase.
    pub license_arn: Option<String>,
    /// Whether it renews at its end.
    pub renews: Option<bool>,
    /// Ends before.
    pub ends_before: Option<Timestamp>,
    /// Ends after.
    pub ends_after: Option<Timestamp>,
    /// Starts before.
    pub starts_before: Option<Timestamp>,
    /// Starts after.
    pub starts_after: Option<Timestamp>,
    /// Changed last before.
    pub updated_before: Option<Timestamp>,
    /// Changed last after.
    pub updated_after: Option<Timestamp>,
    /// By which instant it is sorted.
    pub order: SearchOrder,
    /// Latest first.
    pub descending: bool,
}

/// Agreements of an account, after a place in the order.
pub(in crate::marketplace) async fn search(
    db: &Db,
    side: Side<'_>,
    search: &Search,
    after: Option<(i64, &str)>,
    most: i64,
) -> Result<Vec<AgreementRow>, Error> {
    let mut query = narrowed(of_side(db.read(AGREEMENT), side), search);
    if let Some((at, id)) = after.and_then(|(micros, id)| Some((DateTime::from_timestamp_micros(micros)?, id))) {
        let beyond = match (search.order, search.descending) {
            (SearchOrder::End, false) => " AND (a.ends_at, a.id) > (",
            (SearchOrder::End, true) => " AND (a.ends_at, a.id) < (",
            (SearchOrder::Start, false) => " AND (a.starts_at, a.id) > (",
            (SearchOrder::Start, true) => " AND (a.starts_at, a.id) < (",
            (SearchOrder::LastUpdate, false) => {
                " AND (COALESCE((SELECT MAX(e.occurred_at) FROM marketplace_events e WHERE e.agreement_id = a.id), a.accepted_at), a.id) > ("
            }
            (SearchOrder::LastUpdate, true) => {
                " AND (COALESCE((SELECT MAX(e.occurred_at) FROM marketplace_events e WHERE e.agreement_id = a.id), a.accepted_at), a.id) < ("
            }
        };
        query = query.push_bind(beyond, at).push_bind(", ", id).push(")");
    }
    let order = match (search.order, search.descending) {
        (SearchOrder::LastUpdate, false) => " ORDER BY updated_at, a.id LIMIT ",
        (SearchOrder::LastUpdate, true) => " ORDER BY updated_at DESC, a.id DESC LIMIT ",
        (SearchOrder::End, false) => " ORDER BY a.ends_at, a.id LIMIT ",
        (SearchOrder::End, true) => " ORDER BY a.ends_at DESC, a.id DESC LIMIT ",
        (SearchOrder::Start, false) => " ORDER BY a.starts_at, a.id LIMIT ",
        (SearchOrder::Start, true) => " ORDER BY a.starts_at DESC, a.id DESC LIMIT ",
    };
    query.push_bind(order, most).all().await
}

fn narrowed<'q>(query: Query<'q>, search: &Search) -> Query<'q> {
    let mut query = one_of(query, " AND a.status", search.statuses.as_ref());
    for (sql, value) in [
        (" AND a.buyer_account_id = ", &search.acceptor),
        (" AND a.product_id = ", &search.product),
        (" AND a.offer_id = ", &search.offer),
        (" AND a.initial_agreement_id = ", &search.initial),
        (" AND a.license_arn = ", &search.license_arn),
    ] {
        if let Some(value) = value {
            query = query.push_bind(sql, value);
        }
    }
    for (sql, at) in [
        (" AND a.ends_at < ", search.ends_before),
        (" AND a.ends_at > ", search.ends_after),
        (" AND a.starts_at < ", search.starts_before),
        (" AND a.starts_at > ", search.starts_after),
        (
            " AND COALESCE((SELECT MAX(e.occurred_at) FROM marketplace_events e WHERE e.agreement_id = a.id), a.accepted_at) < ",
            search.updated_before,
        ),
        (
            " AND COALESCE((SELECT MAX(e.occurred_at) FROM marketplace_events e WHERE e.agreement_id = a.id), a.accepted_at) > ",
            search.updated_after,
        ),
    ] {
        if let Some(at) = at {
            query = query.push_bind(sql, at);
        }
    }
    match search.renews {
        Some(renews) => query.push_bind(" AND a.status = 'active' AND a.auto_renew = ", renews),
        None => query,
    }
}

/// Where an offer's product is listed, and whether the offer is the one in force.
pub(in crate::marketplace) async fn find_offer(db: &Db, offer: &OfferId) -> Result<Option<Prodview>, Error> {
    let row: Option<(Prodview,)> =
        db.read("SELECT p.prodview FROM offers o JOIN products p ON p.id = o.product_id WHERE o.id = $1").bind(offer).opt().await?;
    Ok(row.map(|(prodview,)| prodview))
}

/// What staff tell a vendor's engineer of a product.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct WireProduct {
    /// Its id.
    pub id: ProductId,
    /// Its name.
    pub name: String,
    /// Its key in the APIs.
    pub product_code: String,
    /// Its seller, 12 digits.
    pub seller_id: String,
    /// The seller's name.
    pub seller_name: String,
    /// What is counted.
    pub dimension: String,
    /// How its customers are named.
    pub customer_identity: CustomerIdentity,
    /// The offer in force.
    pub offer_id: OfferId,
}

/// The products that are listed, in the catalog's order.
pub(in crate::marketplace) async fn list_products(db: &Db) -> Result<Vec<WireProduct>, Error> {
    db.read("SELECT p.id, p.name, p.product_code, p.seller_id, s.name AS seller_name, p.dimension, p.customer_identity, c.offer_id FROM products p JOIN sellers s ON s.id = p.seller_id JOIN current_offers c ON c.product_id = p.id WHERE p.listed ORDER BY p.position, p.id")
        .all()
        .await
}

/// The quote that a token of the buyer's own stands for, and the hash of the request that made it.
pub(in crate::marketplace) async fn find_token(db: &Db, scope: &BuyerScope, token: &str) -> Result<Option<(Vec<u8>, QuoteId)>, Error> {
    db.read("SELECT request_hash, quote_id FROM quote_tokens WHERE buyer_account_id = $1 AND token = $2 UNION ALL SELECT request_hash, id FROM renewal_requests WHERE buyer_account_id = $1 AND token = $2 LIMIT 1")
        .bind(scope.account())
        .bind(token)
        .opt()
        .await
}

/// Lets a token stand for a quote, if it does not stand for another already.
pub(in crate::marketplace) async fn put_token(db: &Db, scope: &BuyerScope, token: &str, hash: &[u8], quote: &QuoteId) -> Result<(), Error> {
    let put = db.write("INSERT INTO quote_tokens (buyer_account_id, token, request_hash, quote_id) VALUES ($1, $2, $3, $4) ON CONFLICT (buyer_account_id, token) DO NOTHING");
    put.bind(scope.account()).bind(token).bind(hash).bind(quote).exec().await.map(drop)
}

/// Statuses that are in force or on their way to it, as the wire has no word for a payment that is pending.
pub(in crate::marketplace) const ACTIVE: [AgreementStatus; 2] = [AgreementStatus::Pending, AgreementStatus::Active];
