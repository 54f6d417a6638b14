//! Which business somebody means who types an id or a name where a license is to go.

use super::identifier::Identifier;
use crate::access::StaffScope;
use crate::db::{Db, Error};
use crate::identity::look_up::{self, BusinessRecord};
use crate::kernel::page::PageSize;
use crate::kernel::text::{search_key, search_words};

/// What was typed turns out to be.
pub(super) enum Destination {
    /// Nothing.
    Empty,
    /// One business.
    One(BusinessRecord),
    /// Several; somebody has to choose.
    Several(Vec<BusinessRecord>),
    /// No business.
    Unknown,
}

/// A business by its id, else by its exact name, else those whose name has all the words.
pub(super) async fn resolve(db: &Db, scope: StaffScope, typed: &str) -> Result<Destination, Error> {
    let one = |found: Option<BusinessRecord>| found.map_or(Destination::Unknown, Destination::One);
    if let Identifier::Business(id) = Identifier::parse(typed) {
        return look_up::find_business(db, scope, id).await.map(one);
    }
    let words = search_words(typed);
    if words.is_empty() {
        return Ok(if typed.trim().is_empty() { Destination::Empty } else { Destination::Unknown });
    }
    let mut named = look_up::list_businesses_named(db, scope, &search_key(typed), PageSize::MIN.get()).await?;
    if named.is_empty() {
        let similar = look_up::list_businesses(db, scope, &words, None, PageSize::MIN).await?.items;
        return Ok(if similar.is_empty() { Destination::Unknown } else { Destination::Several(similar) });
    }
    Ok(if named.len() == 1 { one(named.pop()) } else { Destination::Several(named) })
}
