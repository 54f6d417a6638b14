//! SQL that ends sessions in the transaction of what ends them. The sessions themselves are kept in `identity/session.rs`.

use crate::db::{Error, Tx};
use crate::kernel::id::{PersonId, SessionReference};

/// Ends every session of a person but one, or all of them; how many.
pub async fn end_all(tx: &mut Tx, person: PersonId, kept: Option<SessionReference>) -> Result<u64, Error> {
    let mut query = tx.q("DELETE FROM sessions WHERE person_id = $1").bind(person);
    if let Some(kept) = kept {
        query = query.push_bind(" AND reference <> ", kept);
    }
    query.exec().await
}

/// Ends one session of a person; false when they have none of that reference.
pub async fn end(tx: &mut Tx, person: PersonId, session: SessionReference) -> Result<bool, Error> {
    Ok(tx.q("DELETE FROM sessions WHERE person_id = $1 AND reference = $2").bind(person).bind(session).exec().await? == 1)
}
