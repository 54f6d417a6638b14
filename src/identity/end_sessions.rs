//! A person ends sessions of their own: one of them, or all but the one they are in. What was ended counts from the next
//! request (IDN-5).

use super::store::sessions;
use crate::audit::{self, Entry, Who};
use crate::db::{Db, Error, Failed, refuse};
use crate::kernel::id::{PersonId, SessionReference};
use crate::tx;
use serde_json::json;

/// Why no session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndRefusal {
    /// The person has no session of that reference; the same for those of other people.
    NotFound,
}

/// Ends one session.
///
/// # Errors
/// [`EndRefusal`], or a storage error.
pub async fn end(db: &Db, who: &Who, person: PersonId, session: SessionReference) -> Result<(), Failed<EndRefusal>> {
    tx!(db, |tx| {
        if !sessions::end(tx, person, session).await? {
            return refuse(EndRefusal::NotFound);
        }
        audit::record(tx, who, Entry::new("session.ended", session)).await?;
        Ok(())
    })
}

/// Ends every session but the given one; how many.
///
/// # Errors
/// Any storage error.
pub async fn end_others(db: &Db, who: &Who, person: PersonId, kept: SessionReference) -> Result<u64, Error> {
    tx!(db, |tx| {
        let ended = sessions::end_all(tx, person, Some(kept)).await?;
        if ended > 0 {
            audit::record(tx, who, Entry::new("session.others_ended", person).after(json!({ "sessions_ended": ended }))).await?;
        }
        Ok(ended)
    })
}
