//! Sellers, products, offers.

use crate::db::{Db, Error, Query, Tx};
use crate::kernel::clock::Timestamp;
use crate::kernel::random;
use crate::kernel::text::like_pattern;
use crate::marketplace::catalog::{CustomerIdentity, Product, RenewalArn, Seller, Terms};
use crate::marketplace::ids::{OfferId, ProductId, Prodview};
use crate::marketplace::listing::Listing;
use crate::marketplace::offer::Offer;

/// A row of `products`.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub(in crate::marketplace) struct ProductRow {
    pub id: ProductId,
    pub prodview: Prodview,
    pub product_code: String,
    pub seller_id: String,
    pub name: String,
    pub category: String,
    pub summary: String,
    pub description: String,
    pub highlights: String,
    pub credit_meaning: String,
    pub license_terms: String,
    pub refund_policy: String,
    pub dimension: String,
    pub fulfilment_url: Option<String>,
    pub search_key: String,
    pub position: i64,
    pub listed: bool,
    pub renewal_license_arn: RenewalArn,
    pub customer_identity: CustomerIdentity,
    pub usage_dimensions: String,
}

impl ProductRow {
    /// The row of a product in the catalog file.
    pub fn of(product: &Product, position: i64) -> Self {
        let product = product.clone();
        Self {
            id: product.id,
            prodview: product.prodview,
            product_code: product.product_code,
            seller_id: product.seller_id,
            name: product.name,
            category: product.category,
            summary: product.summary,
            description: product.description,
            highlights: product.highlights,
            credit_meaning: product.credit_meaning,
            license_terms: product.license_terms,
            refund_policy: product.refund_policy,
            dimension: product.dimension,
            fulfilment_url: product.fulfilment_url,
            search_key: product.search_key,
            position,
            listed: true,
            renewal_license_arn: product.renewal_license_arn,
            customer_identity: product.customer_identity,
            usage_dimensions: product.usage_dimensions,
        }
    }
}

/// Makes a seller; false when there is one of this account already.
pub(in crate::marketplace) async fn insert_seller(tx: &mut Tx, seller: &Seller) -> Result<bool, Error> {
    let query = tx.q("INSERT INTO sellers (id, name, support_email, support_url) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING");
    Ok(of_seller(query, seller).exec().await? == 1)
}

/// A seller, locked.
pub(in crate::marketplace) async fn lock_seller(tx: &mut Tx, id: &str) -> Result<Seller, Error> {
    let row = tx.lock("SELECT id, name, support_email, support_url FROM sellers WHERE id = $1").bind(id);
    let (id, name, support_email, support_url) = row.one::<(String, String, String, String)>().await?;
    Ok(Seller { id, name, support_email, support_url })
}

/// Changes a seller.
pub(in crate::marketplace) async fn update_seller(tx: &mut Tx, seller: &Seller) -> Result<(), Error> {
    let query = tx.q("UPDATE sellers SET name = $2, support_email = $3, support_url = $4 WHERE id = $1");
    of_seller(query, seller).exec_one().await
}

fn of_seller<'e>(query: Query<'e>, seller: &Seller) -> Query<'e> {
    query.bind(&seller.id).bind(&seller.name).bind(&seller.support_email).bind(&seller.support_url)
}

/// Makes a product; false when there is one of this id already.
pub(in crate::marketplace) async fn insert_product(tx: &mut Tx, row: &ProductRow) -> Result<bool, Error> {
    let query = tx.q("INSERT INTO products (id, prodview, product_code, seller_id, name, category, summary, description, highlights, credit_meaning, license_terms, refund_policy, dimension, fulfilment_url, search_key, position, listed, renewal_license_arn, customer_identity, usage_dimensions) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20) ON CONFLICT (id) DO NOTHING");
    Ok(of_product(query, row).exec().await? == 1)
}

/// A product, locked.
pub(in crate::marketplace) async fn lock_product(tx: &mut Tx, id: &ProductId) -> Result<ProductRow, Error> {
    tx.lock("SELECT id, prodview, product_code, seller_id, name, category, summary, description, highlights, credit_meaning, license_terms, refund_policy, dimension, fulfilment_url, search_key, position, listed, renewal_license_arn, customer_identity, usage_dimensions FROM products WHERE id = $1").bind(id).one().await
}

/// Changes a product.
pub(in crate::marketplace) async fn update_product(tx: &mut Tx, row: &ProductRow) -> Result<(), Error> {
    let query = tx.q("UPDATE products SET prodview = $2, product_code = $3, seller_id = $4, name = $5, category = $6, summary = $7, description = $8, highlights = $9, credit_meaning = $10, license_terms = $11, refund_policy = $12, dimension = $13, fulfilment_url = $14, search_key = $15, position = $16, listed = $17, renewal_license_arn = $18, customer_identity = $19, usage_dimensions = $20 WHERE id = $1");
    of_product(query, row).exec_one().await
}

fn of_product<'e>(query: Query<'e>, row: &ProductRow) -> Query<'e> {
    query
        .bind(&row.id)
        .bind(&row.prodview)
        .bind(&row.product_code)
        .bind(&row.seller_id)
        .bind(&row.name)
        .bind(&row.category)
        .bind(&row.summary)
        .bind(&row.description)
        .bind(&row.highlights)
        .bind(&row.credit_meaning)
        .bind(&row.license_terms)
        .bind(&row.refund_policy)
        .bind(&row.dimension)
        .bind(&row.fulfilment_url)
        .bind(&row.search_key)
        .bind(row.position)
        .bind(row.listed)
        .bind(row.renewal_license_arn)
        .bind(row.customer_identity)
        .bind(&row.usage_dimensions)
}

/// The products that are listed.
pub(in crate::marketplace) async fn list_listed(tx: &mut Tx) -> Result<Vec<ProductId>, Error> {
    let rows = tx.q("SELECT id FROM products WHERE listed ORDER BY id").all::<(ProductId,)>().await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Takes a product out of search; its agreements go on. False when it was not listed.
pub(in crate::marketplace) async fn withdraw(tx: &mut Tx, product: &ProductId) -> Result<bool, Error> {
    Ok(tx.q("UPDATE products SET listed = FALSE WHERE id = $1 AND listed").bind(product).exec().await? == 1)
}

/// The offer that is in force for a product.
pub(in crate::marketplace) async fn find_current_offer(tx: &mut Tx, product: &ProductId) -> Result<Option<OfferId>, Error> {
    let row = tx.q("SELECT offer_id FROM current_offers WHERE product_id = $1").bind(product).opt::<(OfferId,)>().await?;
    Ok(row.map(|(offer,)| offer))
}

/// Publishes terms, unless the product was offered at these terms before.
pub(in crate::marketplace) async fn insert_offer(
    tx: &mut Tx,
    id: &OfferId,
    product: &ProductId,
    terms: &Terms,
    now: Timestamp,
) -> Result<(), Error> {
    tx.q("INSERT INTO offers (id, product_id, price_minor, currency, duration_months, credits_min, credits_max, credits_step, published_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING")
        .bind(id)
        .bind(product)
        .bind(terms.price.minor)
        .bind(terms.price.currency)
        .bind(terms.duration_months)
        .bind(terms.credits_min)
        .bind(terms.credits_max)
        .bind(terms.credits_step)
        .bind(now)
        .exec()
        .await
        .map(|_| ())
}

/// The offer of these terms.
pub(in crate::marketplace) async fn get_offer_of_terms(tx: &mut Tx, product: &ProductId, terms: &Terms) -> Result<OfferId, Error> {
    tx.q("SELECT id FROM offers WHERE product_id = $1 AND price_minor = $2 AND currency = $3 AND duration_months = $4 AND credits_min = $5 AND credits_max = $6 AND credits_step = $7")
        .bind(product)
        .bind(terms.price.minor)
        .bind(terms.price.currency)
        .bind(terms.duration_months)
        .bind(terms.credits_min)
        .bind(terms.credits_max)
        .bind(terms.credits_step)
        .scalar()
        .await
}

/// Makes an offer the one in force, and remembers since when.
pub(in crate::marketplace) async fn put_current_offer(
    tx: &mut Tx,
    product: &ProductId,
    offer: &OfferId,
    now: Timestamp,
) -> Result<(), Error> {
    tx.q("INSERT INTO current_offers (product_id, offer_id, since) VALUES ($1, $2, $3) ON CONFLICT (product_id) DO UPDATE SET offer_id = excluded.offer_id, since = excluded.since")
        .bind(product)
        .bind(offer)
        .bind(now)
        .exec_one()
        .await?;
    tx.q("INSERT INTO offer_history (id, product_id, offer_id, since) VALUES ($1, $2, $3, $4)")
        .bind(random::id())
        .bind(product)
        .bind(offer)
        .bind(now)
        .exec_one()
        .await
}

const OFFER: &str = "SELECT id, price_minor, currency, duration_months, credits_min, credits_max, credits_step FROM offers WHERE id = $1";

/// One offer, in force or not.
pub(in crate::marketplace) async fn get_offer(tx: &mut Tx, offer: &OfferId) -> Result<Offer, Error> {
    tx.q(OFFER).bind(offer).one().await
}

/// One offer, in force or not, for a page.
pub(in crate::marketplace) async fn get_offer_shown(db: &Db, offer: &OfferId) -> Result<Offer, Error> {
    db.read(OFFER).bind(offer).one().await
}

/// Names of a product and its seller, for mail.
pub(in crate::marketplace) async fn get_names(tx: &mut Tx, product: &ProductId) -> Result<(String, String), Error> {
    tx.q("SELECT p.name, s.name FROM products p JOIN sellers s ON s.id = p.seller_id WHERE p.id = $1").bind(product).one().await
}

/// A product with its seller and the offer in force. More conditions can be pushed.
const LISTING: &str = "SELECT p.id, p.prodview, p.product_code, p.name, p.category, p.summary, p.description, p.highlights, p.credit_meaning, p.license_terms, p.refund_policy, p.dimension, p.fulfilment_url, p.position, s.id AS seller_id, s.name AS seller_name, s.support_email, s.support_url, o.id AS offer_id, o.price_minor, o.currency, o.duration_months, o.credits_min, o.credits_max, o.credits_step FROM products p JOIN sellers s ON s.id = p.seller_id JOIN current_offers c ON c.product_id = p.id JOIN offers o ON o.id = c.offer_id";

/// A listed product by its place on the web.
pub(in crate::marketplace) async fn find_listing(db: &Db, prodview: &Prodview) -> Result<Option<Listing>, Error> {
    db.read(LISTING).push_bind(" WHERE p.listed AND p.prodview = ", prodview).opt().await
}

/// A product, listed or not, for what was bought of it.
pub(in crate::marketplace) async fn get_listing(db: &Db, product: &ProductId) -> Result<Listing, Error> {
    db.read(LISTING).push_bind(" WHERE p.id = ", product).one().await
}

/// Listed products whose search key has all words, in the order of the catalog, after a position (MKT-1).
pub(in crate::marketplace) async fn search(
    db: &Db,
    words: &[String],
    after: Option<(i64, &str)>,
    most: i64,
) -> Result<Vec<Listing>, Error> {
    let mut query = db.read(LISTING).push(" WHERE p.listed");
    for word in words {
        query = query.push_bind(" AND p.search_key LIKE ", like_pattern(word)).push(" ESCAPE '\\'");
    }
    if let Some((position, id)) = after {
        query = query.push_bind(" AND (p.position, p.id) > (", position).push_bind(", ", id).push(")");
    }
    query.push_bind(" ORDER BY p.position, p.id LIMIT ", most).all().await
}

/// How many listed products have all words.
pub(in crate::marketplace) async fn count(db: &Db, words: &[String]) -> Result<i64, Error> {
    let mut query = db.read("SELECT CAST(COUNT(*) AS BIGINT) FROM products p WHERE p.listed");
    for word in words {
        query = query.push_bind(" AND p.search_key LIKE ", like_pattern(word)).push(" ESCAPE '\\'");
    }
    query.scalar().await
}

/// The shelves that have something on them.
pub(in crate::marketplace) async fn list_categories(db: &Db) -> Result<Vec<String>, Error> {
    let rows = db.read("SELECT DISTINCT category FROM products WHERE listed ORDER BY category").all::<(String,)>().await?;
    Ok(rows.into_iter().map(|(category,)| category).collect())
}

/// The account of a product's seller, who issues its license ARNs.
pub(in crate::marketplace) async fn get_seller_id(tx: &mut Tx, product: &ProductId) -> Result<String, Error> {
    tx.q("SELECT seller_id FROM products WHERE id = $1").bind(product).scalar().await
}
