//! SQL of incoming events, and of the contracts that they name.

use super::event::{Event, Keys, Kind, Reference, State};
use crate::db::{Db, Error, Tx};
use crate::fulfilment::marketplace::aws::key;
use crate::kernel::clock::Timestamp;
use crate::kernel::id::EventId;

/// Keeps an event; false when one of its keys is known, and then nothing changes. The constraints decide every race.
pub(super) async fn insert(tx: &mut Tx, id: EventId, raw: &str, event: &Event, now: Timestamp) -> Result<bool, Error> {
    let (keys, about) = (&event.keys, &event.about);
    let inserted = tx
        .q("INSERT INTO incoming_events (id, raw, kind, event_key, request_key, message_key, license_key, license_arn, agreement_id, previous_agreement_id, product_code, customer_id, happened_at, received_at, state, settled_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) ON CONFLICT DO NOTHING")
        .bind(id)
        .bind(raw)
        .bind(event.kind)
        .bind(keys.event.as_deref())
        .bind(keys.request.as_deref())
        .bind(keys.message.as_deref())
        .bind(about.license_key.as_deref())
        .bind(about.license_arn.as_deref())
        .bind(about.agreement.as_deref())
        .bind(about.previous_agreement.as_deref())
        .bind(about.product.as_deref())
        .bind(about.customer.as_deref())
        .bind(event.happened_at)
        .bind(now)
        .bind(event.state)
        .bind((event.state != State::Waiting).then_some(now))
        .exec()
        .await?;
    Ok(inserted == 1)
}

/// An event came again.
pub(super) async fn count_duplicate(tx: &mut Tx, keys: &Keys) -> Result<(), Error> {
    tx.q("UPDATE incoming_events SET duplicates = duplicates + 1 WHERE id = (SELECT k.id FROM (SELECT id FROM incoming_events WHERE event_key = $1 UNION ALL SELECT id FROM incoming_events WHERE request_key = $2 UNION ALL SELECT id FROM incoming_events WHERE message_key = $3) k ORDER BY k.id LIMIT 1)")
        .bind(keys.event.as_deref())
        .bind(keys.request.as_deref())
        .bind(keys.message.as_deref())
        .exec()
        .await
        .map(drop)
}

/// Whether a message was stored before.
pub(super) async fn has_message(db: &Db, message_key: &str) -> Result<bool, Error> {
    let found: Option<(EventId,)> = db.read("SELECT id FROM incoming_events WHERE message_key = $1").bind(message_key).opt().await?;
    Ok(found.is_some())
}

/// An event that waits, with what it names.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct Waiting {
    pub id: EventId,
    pub license_key: Option<String>,
    pub license_arn: Option<String>,
    pub agreement_id: Option<String>,
    pub previous_agreement_id: Option<String>,
    pub product_code: Option<String>,
    pub customer_id: Option<String>,
    pub tries: i64,
}

const WAITING: &str = "SELECT id, license_key, license_arn, agreement_id, previous_agreement_id, product_code, customer_id, tries FROM incoming_events WHERE state = 'waiting'";

/// Events that wait and whose time has come, the oldest first.
pub(super) async fn list_waiting(db: &Db, now: Timestamp, most: u32) -> Result<Vec<Waiting>, Error> {
    let query = db.read(WAITING).push_bind(" AND (again_at IS NULL OR again_at <= ", now);
    query.push_bind(") ORDER BY received_at, id LIMIT ", i64::from(most)).all().await
}

/// Whom the newest event of a license names as its buyer.
pub(super) async fn find_customer(db: &Db, license_key: &str) -> Result<Option<String>, Error> {
    let query = db.read("SELECT customer_id FROM incoming_events WHERE license_key = $1 AND customer_id IS NOT NULL ORDER BY received_at DESC, id DESC LIMIT 1");
    Ok(query.bind(license_key).opt::<(String,)>().await?.map(|(customer,)| customer))
}

/// One event, if it waits.
pub(super) async fn find_waiting(db: &Db, id: EventId) -> Result<Option<Waiting>, Error> {
    db.read(WAITING).push_bind(" AND id = ", id).opt().await
}

/// It was listed; when it is listed again. Another process may have settled it since, which is no error.
pub(super) async fn postpone(tx: &mut Tx, id: EventId, again_at: Timestamp) -> Result<(), Error> {
    tx.q("UPDATE incoming_events SET tries = tries + 1, again_at = $2 WHERE id = $1 AND state = 'waiting'")
        .bind(id)
        .bind(again_at)
        .exec()
        .await
        .map(drop)
}

/// What became of it. Another process may have come to the same, which is no error.
pub(super) async fn settle(tx: &mut Tx, id: EventId, state: State, now: Timestamp) -> Result<(), Error> {
    tx.q("UPDATE incoming_events SET state = $2, settled_at = $3, again_at = NULL WHERE id = $1 AND state = 'waiting'")
        .bind(id)
        .bind(state)
        .bind(now)
        .exec()
        .await
        .map(drop)
}

/// Lets a settled event wait again, with what was read of it this time; false when it waits already.
pub(super) async fn wait_again(tx: &mut Tx, id: EventId, (kind, about): (Kind, &Reference)) -> Result<bool, Error> {
    let changed = tx
        .q("UPDATE incoming_events SET state = 'waiting', settled_at = NULL, tries = 0, again_at = NULL, kind = $2, license_key = $3, license_arn = $4, agreement_id = $5, previous_agreement_id = $6, product_code = $7, customer_id = $8 WHERE id = $1 AND state <> 'waiting'")
        .bind(id)
        .bind(kind)
        .bind(about.license_key.as_deref())
        .bind(about.license_arn.as_deref())
        .bind(about.agreement.as_deref())
        .bind(about.previous_agreement.as_deref())
        .bind(about.product.as_deref())
        .bind(about.customer.as_deref())
        .exec()
        .await?;
    Ok(changed == 1)
}

/// Lets unmatched events wait again whose purchase has a contract now, by the same names as the search for one event; how many.
pub(super) async fn replay(db: &Db) -> Result<u64, Error> {
    db.write("UPDATE incoming_events SET state = 'waiting', settled_at = NULL, tries = 0, again_at = NULL WHERE state = 'unmatched' AND (EXISTS (SELECT 1 FROM contracts c WHERE SUBSTR(c.license_arn, LENGTH(c.license_arn) - 33) = incoming_events.license_key)")
        .push(" OR EXISTS (SELECT 1 FROM contract_arns f WHERE SUBSTR(f.license_arn, LENGTH(f.license_arn) - 33) = incoming_events.license_key)")
        .push(" OR EXISTS (SELECT 1 FROM contracts c WHERE c.agreement_id IN (incoming_events.agreement_id, incoming_events.previous_agreement_id) AND c.source <> 'code')")
        .push(" OR EXISTS (SELECT 1 FROM contracts c WHERE c.initial_agreement_id IN (incoming_events.agreement_id, incoming_events.previous_agreement_id) AND c.source <> 'code')")
        .push(" OR EXISTS (SELECT 1 FROM contract_arns f WHERE f.agreement_id IN (incoming_events.agreement_id, incoming_events.previous_agreement_id))")
        .push(" OR (license_key IS NULL AND agreement_id IS NULL AND (EXISTS (SELECT 1 FROM contracts c WHERE c.license_arn = 'legacy:' || incoming_events.product_code || ':' || incoming_events.customer_id)")
        .push(" OR EXISTS (SELECT 1 FROM contracts c WHERE c.buyer_account_id = incoming_events.customer_id AND c.product_code = incoming_events.product_code AND c.source <> 'code'))))")
        .exec()
        .await
}

/// Forgets what was settled before an instant.
pub(super) async fn forget(db: &Db, before: Timestamp) -> Result<u64, Error> {
    let old: Option<(EventId,)> = db
        .read("SELECT id FROM incoming_events WHERE received_at < $1 AND state <> 'waiting' ORDER BY received_at LIMIT 1")
        .bind(before)
        .opt()
        .await?;
    if old.is_none() {
        return Ok(0);
    }
    db.write("DELETE FROM incoming_events WHERE received_at < $1 AND state <> 'waiting'").bind(before).exec().await
}

fn words(rows: Vec<(String,)>) -> Vec<String> {
    rows.into_iter().map(|(word,)| word).collect()
}

/// License ARNs, as they are now, of the contracts that have a license or had it before a renewal.
pub(super) async fn list_of_license(db: &Db, key: &str) -> Result<Vec<String>, Error> {
    let rows = db
        .read("SELECT c.license_arn FROM contracts c WHERE SUBSTR(c.license_arn, LENGTH(c.license_arn) - 33) = $1 UNION SELECT c.license_arn FROM contract_arns f JOIN contracts c ON c.id = f.contract_id WHERE SUBSTR(f.license_arn, LENGTH(f.license_arn) - 33) = $1")
        .bind(key)
        .all()
        .await?;
    Ok(words(rows))
}

/// License ARNs of the contracts of an agreement's chain.
pub(super) async fn list_of_agreement(db: &Db, agreement: &str) -> Result<Vec<String>, Error> {
    let rows = db
        .read("SELECT t.license_arn FROM contracts t WHERE t.source <> 'code' AND t.initial_agreement_id IN (SELECT c.initial_agreement_id FROM contracts c WHERE c.agreement_id = $1 UNION SELECT c.initial_agreement_id FROM contracts c WHERE c.initial_agreement_id = $1 UNION SELECT c.initial_agreement_id FROM contract_arns f JOIN contracts c ON c.id = f.contract_id WHERE f.agreement_id = $1) LIMIT 20")
        .bind(agreement)
        .all()
        .await?;
    Ok(words(rows))
}

/// Agreements that an agreement goes on from, as other events told.
pub(super) async fn list_previous(db: &Db, agreement: &str) -> Result<Vec<String>, Error> {
    let rows = db
        .read("SELECT DISTINCT previous_agreement_id FROM incoming_events WHERE agreement_id = $1 AND previous_agreement_id IS NOT NULL LIMIT 20")
        .bind(agreement)
        .all()
        .await?;
    Ok(words(rows))
}

/// License ARNs of the contracts of a legacy listing's customer.
pub(super) async fn list_of_customer(db: &Db, product: &str, customer: &str) -> Result<Vec<String>, Error> {
    let rows = db
        .read("SELECT license_arn FROM contracts WHERE license_arn = $1 UNION SELECT license_arn FROM contracts WHERE buyer_account_id = $3 AND product_code = $2 AND source <> 'code'")
        .bind(key::legacy(product, customer))
        .bind(product)
        .bind(customer)
        .all()
        .await?;
    Ok(words(rows))
}
