//! A person changes their name or time zone. The address cannot be changed here: it is what they sign in with.

use super::person::{Person, PersonName};
use super::store::people;
use crate::audit::{self, Entry, Who};
use crate::db::{Db, Error};
use crate::kernel::id::PersonId;
use crate::kernel::show::Zone;
use crate::tx;
use serde_json::json;

/// Stores name and zone; without a zone the browser's is used.
///
/// # Errors
/// Any storage error.
pub async fn change_profile(db: &Db, who: &Who, person: PersonId, name: &PersonName, zone: Option<Zone>) -> Result<(), Error> {
    let zone = zone.map(Zone::name);
    tx!(db, |tx| {
        let before = people::get_locked(tx, person).await?;
        if before.name == name.as_str() && before.time_zone.as_deref() == zone {
            return Ok(());
        }
        people::change_profile(tx, &before, name, zone).await?;
        let entry = Entry::new("person.profile_changed", person);
        let entry = entry
            .before(json!({ "name": before.name, "time_zone": before.time_zone }))
            .after(json!({ "name": name.as_str(), "time_zone": zone }));
        audit::record(tx, who, entry).await
    })
}

/// The person, as their own page shows them.
///
/// # Errors
/// [`Error::NotFound`] when there is no such person, or another storage error.
pub async fn get(db: &Db, person: PersonId) -> Result<Person, Error> {
    people::get(db, person).await
}
