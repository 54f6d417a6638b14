//! The limit for usage reports: the very statements of one report, in the same transaction, with values that were prepared
//! before. The running number comes from the row that is read anyway; nothing else is decided. Each run of the benchmark
//! compares these statements with those that the usage API runs.

use super::bare::AUDIT;
use crate::application::Portal;
use crate::db::{Error, Tx};
use crate::kernel::clock::Timestamp;
use crate::kernel::id::{BusinessId, ServiceKeyId};
use crate::kernel::random;
use crate::kernel::secret::Secret;
use crate::tx;

const KEY: &str = "SELECT id, name, all_businesses, last_used_at FROM service_keys WHERE key_hash = $1 AND revoked_at IS NULL";
const FEATURES: &str = "SELECT feature FROM service_key_features WHERE key_id = $1 ORDER BY feature";
const CALL: &str = "INSERT INTO usage_calls (key_id, idempotency_key, body_hash, answer, called_at) VALUES ($1, $2, $3, '', $4) ON CONFLICT (key_id, idempotency_key) DO NOTHING";
const BUSINESS: &str = "SELECT id FROM businesses WHERE id = $1";
const METERED: &str = "SELECT account FROM allocation_accounts WHERE business_id = $1 AND billing_model = 'pay_as_you_go' ORDER BY account";
const ACCOUNT: &str = "SELECT entries, units, in_use, credits, billing_model, service_key_id, observed_at, changed_at FROM allocation_accounts WHERE business_id = $1 AND account = $2";
const ENTRY: &str = "INSERT INTO allocation_entries (id, business_id, account, number, reason, units_before, units, in_use, credits, credits_after, explanation, service_key_id, observed_at, recorded_at, recorded_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";
const MOVED: &str = "INSERT INTO allocation_accounts (business_id, account, entries, units, in_use, credits, changed_at) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (business_id, account) DO UPDATE SET entries = excluded.entries, units = excluded.units, in_use = excluded.in_use, credits = excluded.credits, changed_at = excluded.changed_at WHERE allocation_accounts.entries = excluded.entries - 1";
const REPORTED: &str =
    "UPDATE allocation_accounts SET service_key_id = $3, observed_at = $4, reported_at = $5 WHERE business_id = $1 AND account = $2";
const AVAILABLE: &str =
    "UPDATE allocation_accounts SET entries = entries + 1, credits = credits - $3, changed_at = $4 WHERE business_id = $1 AND account = $2";
const ANSWER: &str = "UPDATE usage_calls SET answer = $3 WHERE key_id = $1 AND idempotency_key = $2";

const TEXTS: &str = "SELECT e.explanation, a.before, a.after FROM allocation_entries e, audit_entries a WHERE e.service_key_id = $1 AND a.action = 'allocation.changed' ORDER BY e.number DESC, a.id DESC LIMIT 1";

/// What a report reads of an account.
#[derive(sqlx::FromRow)]
struct Held {
    entries: i64,
    units: i64,
    credits: i64,
}

/// The values of a report that are the same for all of a service.
#[derive(Clone, Debug)]
pub struct Prepared {
    key: ServiceKeyId,
    key_hash: Vec<u8>,
    body_hash: Vec<u8>,
    answer: String,
    explanation: String,
    before: String,
    after: String,
}

impl Prepared {
    /// From the last report that the use case took, and its answer.
    ///
    /// # Errors
    /// When there was none.
    pub async fn load(portal: &Portal, (key, secret): (ServiceKeyId, &Secret), answer: String) -> Result<Self, Error> {
        let (explanation, before, after) = portal.db.read(TEXTS).bind(key).one::<(String, String, String)>().await?;
        Ok(Self { key, key_hash: secret.hash(), body_hash: secret.hash(), answer, explanation, before, after })
    }

    /// The same for another service.
    #[must_use]
    pub fn for_key(&self, key: ServiceKeyId, secret: &Secret) -> Self {
        Self { key, key_hash: secret.hash(), ..self.clone() }
    }
}

/// Runs the statements of one report.
///
/// # Errors
/// Any storage error.
pub async fn report(portal: &Portal, of: (BusinessId, &str), values: &Prepared, units: i64) -> Result<(), Error> {
    let (now, name) = (portal.clock.now(), random::word(20));
    portal.db.read(KEY).bind(&values.key_hash).opt::<(ServiceKeyId,)>().await?;
    portal.db.read(FEATURES).bind(values.key).all::<(String,)>().await?;
    tx!(portal.db, |tx| {
        tx.q(CALL).bind(values.key).bind(&name).bind(&values.body_hash).bind(now).exec_one().await?;
        tx.lock(BUSINESS).bind(of.0).opt::<(BusinessId,)>().await?;
        tx.q(METERED).bind(of.0).all::<(String,)>().await?;
        book(tx, of, values, units, now).await?;
        tx.q(ANSWER).bind(values.key).bind(&name).bind(&values.answer).exec_one().await
    })
}

async fn book(tx: &mut Tx, (business, account): (BusinessId, &str), values: &Prepared, units: i64, now: Timestamp) -> Result<(), Error> {
    tx.lock(BUSINESS).bind(business).one::<(BusinessId,)>().await?;
    let held: Held = tx.q(ACCOUNT).bind(business).bind(account).one().await?;
    tx.q(ACCOUNT).bind(business).bind("available").opt::<(i64,)>().await?;
    let (number, credits) = (held.entries + 1, units - held.credits);
    tx.q(ENTRY)
        .bind(random::id())
        .bind(business)
        .bind(account)
        .bind(number)
        .bind("reported")
        .bind(held.units)
        .bind(units)
        .bind(None::<String>)
        .bind(credits)
        .bind(units)
        .bind(&values.explanation)
        .bind(Some(values.key))
        .bind(Some(now))
        .bind(now)
        .bind("Bench")
        .exec_one()
        .await?;
    let moved = tx.q(MOVED).bind(business).bind(account).bind(number).bind(units).bind(None::<String>).bind(units);
    moved.bind(now).exec_one().await?;
    tx.q(REPORTED).bind(business).bind(account).bind(values.key).bind(now).bind(now).exec_one().await?;
    tx.q(AVAILABLE).bind(business).bind("available").bind(credits).bind(now).exec_one().await?;
    audit(tx, business, account, values, now).await
}

async fn audit(tx: &mut Tx, business: BusinessId, account: &str, values: &Prepared, now: Timestamp) -> Result<(), Error> {
    tx.q(AUDIT)
        .bind(random::id())
        .bind(now)
        .bind(None::<uuid::Uuid>)
        .bind("Bench")
        .bind("service")
        .bind(Some(business))
        .bind(None::<String>)
        .bind("-")
        .bind("-")
        .bind("allocation.changed")
        .bind(account)
        .bind(Some(&values.before))
        .bind(Some(&values.after))
        .exec_one()
        .await
}
