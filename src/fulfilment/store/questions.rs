//! SQL of the questions about a contract that staff must answer.

use crate::access::StaffScope;
use crate::db::{Db, Error, Tx};
use crate::fulfilment::difference::{Question, QuestionKind};
use crate::fulfilment::reconcile::ClosedAs;
use crate::kernel::clock::Timestamp;
use crate::kernel::credits::Credits;
use crate::kernel::id::{BusinessId, ContractId, LicenseId, PersonId, QuestionId};
use crate::kernel::page::{Cursor, PageSize, Paged};

/// Asks once: false when the same question is open already, or staff have said that it is to be left as it is. The contract
/// is locked by the caller.
pub(in crate::fulfilment) async fn raise(
    tx: &mut Tx,
    contract: ContractId,
    question: Question,
    (granted, about): (Credits, Option<&str>),
    now: Timestamp,
) -> Result<bool, Error> {
    let kept: Option<(QuestionId,)> = tx
        .q("SELECT id FROM contract_questions WHERE contract_id = $1 AND kind = $2 AND granted = $3 AND reported = $4 AND closed_as = 'kept' LIMIT 1")
        .bind(contract)
        .bind(question.kind)
        .bind(granted)
        .bind(question.reported)
        .opt()
        .await?;
    if kept.is_some() {
        return Ok(false);
    }
    insert(tx, contract, question, (granted, about), now).await
}

/// The same where nobody can have answered it before: the contract is new.
pub(in crate::fulfilment) async fn insert(
    tx: &mut Tx,
    contract: ContractId,
    question: Question,
    (granted, about): (Credits, Option<&str>),
    now: Timestamp,
) -> Result<bool, Error> {
    let inserted = tx
        .q("INSERT INTO contract_questions (id, contract_id, kind, granted, reported, seen_at, license_arn) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING")
        .bind(QuestionId::generate())
        .bind(contract)
        .bind(question.kind)
        .bind(granted)
        .bind(question.reported)
        .bind(now)
        .bind(about.map(str::to_owned))
        .exec()
        .await?;
    Ok(inserted == 1)
}

const VANISH: &str = "UPDATE contract_questions SET closed_at = $2, closed_as = 'vanished' WHERE closed_at IS NULL AND ";

/// Closes the open questions of a locked contract that the present reading does not ask any more.
pub(in crate::fulfilment) async fn close_vanished(
    tx: &mut Tx,
    contract: ContractId,
    still: &[Question],
    now: Timestamp,
) -> Result<(), Error> {
    let open: Vec<(QuestionId, QuestionKind, i64)> =
        tx.q("SELECT id, kind, reported FROM contract_questions WHERE contract_id = $1 AND closed_at IS NULL").bind(contract).all().await?;
    for (id, kind, reported) in open {
        if !still.contains(&Question { kind, reported }) {
            tx.q(VANISH).push("id = $1").bind(id).bind(now).exec_one().await?;
        }
    }
    Ok(())
}

/// Closes every open question of a locked contract: a renewal has made them idle.
pub(in crate::fulfilment) async fn close_all(tx: &mut Tx, contract: ContractId, now: Timestamp) -> Result<(), Error> {
    tx.q(VANISH).push("contract_id = $1").bind(contract).bind(now).exec().await.map(|_| ())
}

/// Closes an open question; false when it was closed before.
pub(in crate::fulfilment) async fn close(
    tx: &mut Tx,
    id: QuestionId,
    closed_as: ClosedAs,
    (by, reason): (PersonId, &str),
    now: Timestamp,
) -> Result<bool, Error> {
    let closed = tx
        .q("UPDATE contract_questions SET closed_at = $2, closed_as = $3, closed_by = $4, reason = $5 WHERE id = $1 AND closed_at IS NULL")
        .bind(id)
        .bind(now)
        .bind(closed_as)
        .bind(by)
        .bind(reason.to_owned())
        .exec()
        .await?;
    Ok(closed == 1)
}

/// Closes what else is asked about a license ARN that has joined a contract.
pub(in crate::fulfilment) async fn close_about(
    tx: &mut Tx,
    license_arn: &str,
    (by, reason): (PersonId, &str),
    now: Timestamp,
) -> Result<(), Error> {
    tx.q("UPDATE contract_questions SET closed_at = $2, closed_as = 'joined', closed_by = $3, reason = $4 WHERE license_arn = $1 AND closed_at IS NULL")
        .bind(license_arn.to_owned())
        .bind(now)
        .bind(by)
        .bind(reason.to_owned())
        .exec()
        .await
        .map(|_| ())
}

/// A difference with the contract that it is about.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct QuestionRecord {
    /// Its id.
    pub id: QuestionId,
    /// The contract.
    pub contract: ContractId,
    /// What is to be decided.
    pub kind: QuestionKind,
    /// What the console had granted when it was asked.
    pub granted: i64,
    /// What the marketplace reported then.
    pub reported: i64,
    /// Since when.
    pub seen_at: Timestamp,
    /// The license ARN of a renewal that may belong to it.
    pub license_arn: Option<String>,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
    /// How.
    pub closed_as: Option<ClosedAs>,
    /// By whom.
    pub closed_by_name: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// What was bought.
    pub product_name: String,
    /// Under which agreement.
    pub agreement_id: String,
    /// End of the term as booked, exclusive.
    pub expires_at: Timestamp,
    /// What is granted now.
    pub granted_now: i64,
    /// Whose it is.
    pub business: BusinessId,
    /// The owner's name.
    pub business_name: String,
    /// The contract's original license.
    pub license: LicenseId,
}

const QUESTION: &str = "SELECT q.id, q.contract_id AS contract, q.kind, q.granted, q.reported, q.seen_at, q.license_arn, q.closed_at, q.closed_as, p.name AS closed_by_name, q.reason, c.product_name, c.agreement_id, c.expires_at, c.granted AS granted_now, c.business_id AS business, b.name AS business_name, l.id AS license FROM contract_questions q JOIN contracts c ON c.id = q.contract_id JOIN businesses b ON b.id = c.business_id JOIN licenses l ON l.contract_id = c.id AND l.item_number = 1 LEFT JOIN people p ON p.id = q.closed_by WHERE ";

/// Open or closed questions, the oldest first.
///
/// # Errors
/// Any storage error.
pub async fn list(db: &Db, _: StaffScope, is_open: bool, after: Option<&Cursor>, size: PageSize) -> Result<Paged<QuestionRecord>, Error> {
    let mut query = db.read(QUESTION).push(if is_open { "q.closed_at IS NULL" } else { "q.closed_at IS NOT NULL" });
    if let Some((at, id)) = after.and_then(Cursor::time) {
        query = query.push_bind(" AND (q.seen_at, q.id) > (", at).push_bind(", ", id).push(")");
    }
    let rows = query.push_bind(" ORDER BY q.seen_at, q.id LIMIT ", size.overfetch()).all().await?;
    Ok(Paged::from_overfetch(rows, size, |last: &QuestionRecord| Cursor::of_time(last.seen_at, last.id.uuid())))
}

/// How many are open or closed.
///
/// # Errors
/// Any storage error.
pub async fn count(db: &Db, _: StaffScope, is_open: bool) -> Result<i64, Error> {
    let query = db.read("SELECT CAST(COUNT(*) AS BIGINT) FROM contract_questions q WHERE ");
    query.push(if is_open { "q.closed_at IS NULL" } else { "q.closed_at IS NOT NULL" }).scalar().await
}

/// How many are open, for the gauge.
pub(in crate::fulfilment) async fn count_open(db: &Db) -> Result<i64, Error> {
    db.read("SELECT CAST(COUNT(*) AS BIGINT) FROM contract_questions WHERE closed_at IS NULL").scalar().await
}

/// One question.
///
/// # Errors
/// Any storage error.
pub async fn find(db: &Db, _: StaffScope, id: QuestionId) -> Result<Option<QuestionRecord>, Error> {
    db.read(QUESTION).push_bind("q.id = ", id).opt().await
}

/// A contract that a renewal could belong to.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Candidate {
    /// Its id.
    pub contract: ContractId,
    /// The owner's name.
    pub business_name: String,
    /// What is granted.
    pub granted: i64,
    /// End of the term as booked, exclusive.
    pub expires_at: Timestamp,
    /// Under which agreement.
    pub agreement_id: String,
}

/// The contracts of a question's chain, its own among them.
///
/// # Errors
/// Any storage error.
pub async fn list_candidates(db: &Db, _: StaffScope, contract: ContractId) -> Result<Vec<Candidate>, Error> {
    db.read("SELECT c.id AS contract, b.name AS business_name, c.granted, c.expires_at, c.agreement_id FROM contracts c JOIN businesses b ON b.id = c.business_id WHERE c.initial_agreement_id = (SELECT o.initial_agreement_id FROM contracts o WHERE o.id = $1) AND c.source = (SELECT o.source FROM contracts o WHERE o.id = $1) ORDER BY c.activated_at, c.id LIMIT 10")
        .bind(contract)
        .all()
        .await
}
