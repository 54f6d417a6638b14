//! SQL of reminders: what is due, what they tell of, who is told, what was sent.

use crate::db::{Db, Error, Tx};
use crate::kernel::clock::Timestamp;
use crate::kernel::id::PersonId;
use crate::kernel::random;
use crate::marketplace::ids::LicenseArn;
use crate::marketplace::remind::ReminderKind;

/// A purchase in force, as a mail tells of it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(in crate::marketplace) struct InForce {
    pub agreement_id: String,
    pub initial_agreement_id: String,
    pub buyer_account_id: String,
    pub buyer_name: String,
    pub product_name: String,
    pub seller_name: String,
    pub credits: i64,
    pub purchased_at: Timestamp,
    pub ends_at: Timestamp,
}

/// Somebody who may purchase, and where they are.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(in crate::marketplace) struct Reader {
    pub name: String,
    pub email: String,
    pub time_zone: Option<String>,
}

/// Purchases made after `oldest` and up to `newest`, not activated, in force, and not told this step or a later one.
pub(in crate::marketplace) async fn list_unclaimed_due(
    db: &Db,
    step: i64,
    (oldest, newest): (Option<Timestamp>, Timestamp),
    now: Timestamp,
    most: i64,
) -> Result<Vec<LicenseArn>, Error> {
    let mut query = db
        .read("SELECT k.arn FROM license_arns k JOIN agreements g ON g.license_arn = k.arn WHERE k.activated_at IS NULL AND k.created_at <= $1 AND g.status = 'active' AND g.ends_at > $2 AND NOT EXISTS (SELECT 1 FROM purchase_reminders r WHERE r.agreement_id = g.initial_agreement_id AND r.kind = 'unclaimed' AND r.step_days >= $3)")
        .bind(newest)
        .bind(now)
        .bind(step);
    if let Some(oldest) = oldest {
        query = query.push_bind(" AND k.created_at > ", oldest);
    }
    let rows: Vec<(LicenseArn,)> = query.push_bind(" ORDER BY k.created_at, k.arn LIMIT ", most).all().await?;
    Ok(rows.into_iter().map(|(arn,)| arn).collect())
}

/// Agreements that end after `from` and up to `to`, do not renew, and were not told this step or a later one.
pub(in crate::marketplace) async fn list_ending_due(
    db: &Db,
    step: i64,
    (from, to): (Timestamp, Timestamp),
    most: i64,
) -> Result<Vec<String>, Error> {
    let rows: Vec<(String,)> = db
        .read("SELECT g.id FROM agreements g WHERE g.status = 'active' AND NOT g.auto_renew AND g.ends_at > $1 AND g.ends_at <= $2 AND NOT EXISTS (SELECT 1 FROM purchase_reminders r WHERE r.agreement_id = g.id AND r.kind = 'ending' AND r.step_days <= $3) ORDER BY g.ends_at, g.id LIMIT $4")
        .bind(from)
        .bind(to)
        .bind(step)
        .bind(most)
        .all()
        .await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// The key of a purchase by its last part.
pub(in crate::marketplace) async fn find_arn(db: &Db, key: &str) -> Result<Option<LicenseArn>, Error> {
    let found: Option<(LicenseArn,)> =
        db.read("SELECT arn FROM license_arns WHERE SUBSTR(arn, LENGTH(arn) - 33) = $1").bind(key).opt().await?;
    Ok(found.map(|(arn,)| arn))
}

const IN_FORCE: &str = "SELECT g.id AS agreement_id, g.initial_agreement_id, g.buyer_account_id, a.name AS buyer_name, p.name AS product_name, s.name AS seller_name, CASE WHEN p.dimension = 'pay_as_you_go' THEN 0 ELSE g.credits END AS credits, k.created_at AS purchased_at, g.ends_at FROM agreements g JOIN license_arns k ON k.arn = g.license_arn JOIN products p ON p.id = g.product_id JOIN sellers s ON s.id = p.seller_id JOIN buyer_accounts a ON a.id = g.buyer_account_id WHERE g.status = 'active'";

/// The agreement in force of a purchase.
pub(in crate::marketplace) async fn find_in_force(tx: &mut Tx, arn: &LicenseArn, now: Timestamp) -> Result<Option<InForce>, Error> {
    tx.q(IN_FORCE).push_bind(" AND g.ends_at > ", now).push_bind(" AND g.license_arn = ", arn).opt().await
}

/// An agreement in force.
pub(in crate::marketplace) async fn find_agreement(tx: &mut Tx, id: &str, now: Timestamp) -> Result<Option<InForce>, Error> {
    tx.q(IN_FORCE).push_bind(" AND g.ends_at > ", now).push_bind(" AND g.id = ", id.to_owned()).opt().await
}

/// Keeps an agreement as it is; whether it is in force and does not renew.
pub(in crate::marketplace) async fn lock_not_renewing(tx: &mut Tx, id: &str, now: Timestamp) -> Result<bool, Error> {
    let found: Option<(String,)> = tx
        .lock("SELECT id FROM agreements WHERE id = $1 AND status = 'active' AND NOT auto_renew AND ends_at > $2")
        .bind(id.to_owned())
        .bind(now)
        .opt()
        .await?;
    Ok(found.is_some())
}

/// Those of a buyer account who may purchase.
pub(in crate::marketplace) async fn list_purchasers(tx: &mut Tx, account: &str) -> Result<Vec<Reader>, Error> {
    tx.q("SELECT p.name, p.email, p.time_zone FROM buyer_people s JOIN people p ON p.id = s.person_id WHERE s.account_id = $1 AND s.role = 'purchaser' AND p.disabled_at IS NULL ORDER BY p.email_key")
        .bind(account.to_owned())
        .all()
        .await
}

/// When the last reminder of an unclaimed purchase went out.
pub(in crate::marketplace) async fn last_sent_at(tx: &mut Tx, agreement: &str) -> Result<Option<Timestamp>, Error> {
    let (at,): (Option<Timestamp>,) = tx
        .q("SELECT MAX(sent_at) FROM purchase_reminders WHERE agreement_id = $1 AND kind = 'unclaimed'")
        .bind(agreement.to_owned())
        .one()
        .await?;
    Ok(at)
}

/// Writes a reminder down; false when its step was told before.
pub(in crate::marketplace) async fn insert(
    tx: &mut Tx,
    agreement: &str,
    kind: ReminderKind,
    step: Option<i64>,
    people: i64,
    (now, by): (Timestamp, Option<PersonId>),
) -> Result<bool, Error> {
    let inserted = tx
        .q("INSERT INTO purchase_reminders (id, agreement_id, kind, step_days, recipients, sent_at, sent_by) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (agreement_id, kind, step_days) WHERE step_days IS NOT NULL DO NOTHING")
        .bind(random::id())
        .bind(agreement.to_owned())
        .bind(kind)
        .bind(step)
        .bind(people)
        .bind(now)
        .bind(by)
        .exec()
        .await?;
    Ok(inserted == 1)
}
