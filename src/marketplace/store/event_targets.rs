//! Event targets.

use crate::audit::Who;
use crate::db::{Db, Error, Tx};
use crate::kernel::clock::Timestamp;
use crate::kernel::id::EventTargetId;
use crate::marketplace::event_target::{Listed, NewTarget, TargetKind, Topic, Wanted};
use crate::marketplace::ids::ProductId;
use uuid::Uuid;

/// A target that takes messages now.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(in crate::marketplace) struct OpenTarget {
    pub id: EventTargetId,
    pub kind: TargetKind,
    pub topic: Topic,
    pub product_id: Option<ProductId>,
}

/// A seller's targets that take messages now: queues, and webhooks that have confirmed.
pub(in crate::marketplace) async fn list_open(tx: &mut Tx, seller: &str) -> Result<Vec<OpenTarget>, Error> {
    tx.q("SELECT id, kind, topic, product_id FROM event_targets WHERE seller_id = $1 AND withdrawn_at IS NULL AND (kind = 'queue' OR confirmed_at IS NOT NULL) ORDER BY id")
        .bind(seller)
        .all()
        .await
}

/// Whether a seller has this number.
pub(in crate::marketplace) async fn is_seller(tx: &mut Tx, account: &str) -> Result<bool, Error> {
    Ok(tx.q("SELECT id FROM sellers WHERE id = $1").bind(account).opt::<(String,)>().await?.is_some())
}

/// Whether the seller has this listing, and it is from before concurrent agreements.
pub(in crate::marketplace) async fn is_older_listing(tx: &mut Tx, seller: &str, product: &ProductId) -> Result<bool, Error> {
    let found = tx.q("SELECT id FROM products WHERE id = $1 AND seller_id = $2 AND customer_identity = 'legacy'");
    Ok(found.bind(product).bind(seller).opt::<(ProductId,)>().await?.is_some())
}

/// Listings from before concurrent agreements: id, name, code, seller.
pub(in crate::marketplace) async fn list_older_listings(db: &Db) -> Result<Vec<(ProductId, String, String, String)>, Error> {
    db.read("SELECT id, name, product_code, seller_id FROM products WHERE customer_identity = 'legacy' ORDER BY position, id").all().await
}

/// Keeps a new target; false when the seller has one of this name.
pub(in crate::marketplace) async fn insert(
    tx: &mut Tx,
    id: EventTargetId,
    new: &NewTarget,
    confirmation: Option<Vec<u8>>,
    who: &Who,
) -> Result<bool, Error> {
    let (kind, address, topic, product) = match &new.wanted {
        Wanted::Queue => (TargetKind::Queue, None, Topic::Events, None),
        Wanted::Webhook(address, topic, product) => (TargetKind::Webhook, Some(address.as_str()), *topic, product.as_ref()),
    };
    let inserted = tx
        .q("INSERT INTO event_targets (id, seller_id, kind, name, address, topic, product_id, confirmation_hash, created_at, created_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING")
        .bind(id)
        .bind(&new.seller)
        .bind(kind)
        .bind(&new.name)
        .bind(address)
        .bind(topic)
        .bind(product)
        .bind(confirmation)
        .bind(who.now)
        .bind(&who.label)
        .exec()
        .await?;
    Ok(inserted == 1)
}

/// Withdraws a target that works; false when there is none.
pub(in crate::marketplace) async fn withdraw(tx: &mut Tx, target: EventTargetId, now: Timestamp) -> Result<bool, Error> {
    let withdrawn = tx.q("UPDATE event_targets SET withdrawn_at = $2 WHERE id = $1 AND withdrawn_at IS NULL");
    Ok(withdrawn.bind(target).bind(now).exec().await? == 1)
}

/// The target that was sent a token, if it works and was made since; locked.
pub(in crate::marketplace) async fn lock_by_token(tx: &mut Tx, hash: &[u8], since: Timestamp) -> Result<Option<EventTargetId>, Error> {
    let found = tx.lock("SELECT id FROM event_targets WHERE confirmation_hash = $1 AND withdrawn_at IS NULL AND created_at >= $2");
    Ok(found.bind(hash.to_vec()).bind(since).opt::<(EventTargetId,)>().await?.map(|(id,)| id))
}

/// It wants its messages; false when that was known.
pub(in crate::marketplace) async fn confirm(tx: &mut Tx, target: EventTargetId, now: Timestamp) -> Result<bool, Error> {
    let confirmed = tx.q("UPDATE event_targets SET confirmed_at = $2 WHERE id = $1 AND confirmed_at IS NULL");
    Ok(confirmed.bind(target).bind(now).exec().await? == 1)
}

const LISTED: &str = "SELECT t.id, t.seller_id, s.name AS seller_name, t.kind, t.name, t.address, t.topic, p.product_code, t.confirmed_at, t.created_at, t.created_by, t.withdrawn_at, (SELECT CAST(COUNT(*) AS BIGINT) FROM event_deliveries d WHERE d.target_id = t.id AND d.status = 'waiting') AS waiting, (SELECT CAST(COUNT(*) AS BIGINT) FROM event_deliveries d WHERE d.target_id = t.id AND d.status = 'delivered') AS delivered, (SELECT CAST(COUNT(*) AS BIGINT) FROM event_deliveries d WHERE d.target_id = t.id AND d.status = 'failed') AS failed, t.last_answer FROM event_targets t JOIN sellers s ON s.id = t.seller_id LEFT JOIN products p ON p.id = t.product_id";

/// Newest first, with their counts.
pub(in crate::marketplace) async fn list(db: &Db, after: Option<(Timestamp, Uuid)>, most: i64) -> Result<Vec<Listed>, Error> {
    let mut query = db.read(LISTED);
    if let Some((at, id)) = after {
        query = query.push_bind(" WHERE (t.created_at, t.id) < (", at).push_bind(", ", id).push(")");
    }
    query.push_bind(" ORDER BY t.created_at DESC, t.id DESC LIMIT ", most).all().await
}

/// One, with its counts.
pub(in crate::marketplace) async fn find(db: &Db, target: EventTargetId) -> Result<Option<Listed>, Error> {
    db.read(LISTED).push_bind(" WHERE t.id = ", target).opt().await
}

/// A queue that is asked for messages.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub(in crate::marketplace) struct QueueRow {
    pub id: EventTargetId,
    pub seller_id: String,
    pub name: String,
    pub created_at: Timestamp,
}

/// A seller's queue by its name, unless it is withdrawn.
pub(in crate::marketplace) async fn find_queue(db: &Db, seller: &str, name: &str) -> Result<Option<QueueRow>, Error> {
    db.read("SELECT id, seller_id, name, created_at FROM event_targets WHERE seller_id = $1 AND name = $2 AND kind = 'queue' AND withdrawn_at IS NULL")
        .bind(seller)
        .bind(name)
        .opt()
        .await
}

/// A seller's queues whose names come after one, in the order of their names.
pub(in crate::marketplace) async fn list_queues(db: &Db, seller: &str, after: &str) -> Result<Vec<QueueRow>, Error> {
    db.read("SELECT id, seller_id, name, created_at FROM event_targets WHERE seller_id = $1 AND name > $2 AND kind = 'queue' AND withdrawn_at IS NULL ORDER BY name")
        .bind(seller)
        .bind(after)
        .all()
        .await
}

/// A webhook that is sent messages.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub(in crate::marketplace) struct WebhookRow {
    pub id: EventTargetId,
    pub seller_id: String,
    pub address: String,
    pub topic: Topic,
    pub product_code: Option<String>,
}

/// Where the messages of a webhook go.
pub(in crate::marketplace) async fn get_webhook(db: &Db, target: EventTargetId) -> Result<WebhookRow, Error> {
    db.read("SELECT t.id, t.seller_id, t.address, t.topic, p.product_code FROM event_targets t LEFT JOIN products p ON p.id = t.product_id WHERE t.id = $1 AND t.kind = 'webhook'")
        .bind(target)
        .one()
        .await
}

/// What a webhook answered last, for its list.
pub(in crate::marketplace) async fn note_answer(db: &Db, target: EventTargetId, answer: &str) -> Result<(), Error> {
    db.write("UPDATE event_targets SET last_answer = $2 WHERE id = $1").bind(target).bind(answer).exec_one().await
}
