//! SQL of the questions about a contract that staff must answer.

use crate::db::{Error, Tx};
use crate::fulfilment::difference::{Question, QuestionKind};
use crate::kernel::clock::Timestamp;
use crate::kernel::credits::Credits;
use crate::kernel::id::{ContractId, QuestionId};

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
