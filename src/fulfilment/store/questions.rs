//! SQL of the questions about a contract that staff must answer.

use crate::db::{Error, Tx};
use crate::fulfilment::difference::Question;
use crate::kernel::clock::Timestamp;
use crate::kernel::credits::Credits;
use crate::kernel::id::{ContractId, QuestionId};

/// Asks once: false when the same question is open already.
pub(in crate::fulfilment) async fn raise(
    tx: &mut Tx,
    contract: ContractId,
    question: Question,
    granted: Credits,
    now: Timestamp,
) -> Result<bool, Error> {
    let inserted = tx
        .q("INSERT INTO contract_questions (id, contract_id, kind, granted, reported, seen_at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING")
        .bind(QuestionId::generate())
        .bind(contract)
        .bind(question.kind)
        .bind(granted)
        .bind(question.reported)
        .bind(now)
        .exec()
        .await?;
    Ok(inserted == 1)
}
