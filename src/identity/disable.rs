//! Shuts a person out, or lets them in again. Their roles stay as they are; the actor of a disabled person is not
//! loaded, so it counts from the next request (IDN-5), and their sessions end as well.

use super::store::{codes, people, sessions};
use crate::audit::{self, Entry, Who};
use crate::db::{Db, Error};
use crate::kernel::id::PersonId;
use crate::tx;
use serde_json::json;

/// Disables a person and ends their sessions; once is enough, a second time changes nothing.
///
/// # Errors
/// [`Error::NotFound`] when there is no such person, or another storage error.
pub async fn disable(db: &Db, who: &Who, person: PersonId) -> Result<(), Error> {
    tx!(db, |tx| {
        if people::get_locked(tx, person).await?.disabled_at.is_some() {
            return Ok(());
        }
        people::set_disabled(tx, person, Some(who.now)).await?;
        codes::close_resets(tx, person, who.now).await?;
        let ended = sessions::end_all(tx, person, None).await?;
        audit::record(tx, who, Entry::new("person.disabled", person).after(json!({ "sessions_ended": ended }))).await
    })
}

/// Lets a disabled person in again.
///
/// # Errors
/// [`Error::NotFound`] when there is no such person, or another storage error.
pub async fn enable(db: &Db, who: &Who, person: PersonId) -> Result<(), Error> {
    tx!(db, |tx| {
        if people::get_locked(tx, person).await?.disabled_at.is_none() {
            return Ok(());
        }
        people::set_disabled(tx, person, None).await?;
        audit::record(tx, who, Entry::new("person.enabled", person)).await
    })
}
