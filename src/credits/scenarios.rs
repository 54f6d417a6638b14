//! Estimates that a business keeps under a name (CRD-8). Keeping one reserves nothing and changes no figure. Each change is
//! made against the version that the person saw, so that nobody's words are lost to somebody else's.

use super::estimate::Estimate;
use super::store::scenarios;
use crate::access::BusinessScope;
use crate::audit::{self, Entry, Who};
use crate::db::{Db, Error, Failed, Tx, refuse};
use crate::kernel::clock::Timestamp;
use crate::kernel::id::ScenarioId;
use crate::kernel::page::{Cursor, PageSize, Paged};
use crate::kernel::text;
use crate::tx;
use serde_json::{Value, json};

/// Most scenarios that a business keeps: the lists to compare from stay lists that people can read.
pub const MOST: i64 = 100;
/// Most characters of a name.
pub const NAME_MAX: usize = 60;
/// Most characters of a description.
pub const ABOUT_MAX: usize = 500;

/// A kept estimate.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Scenario {
    /// Its id.
    pub id: ScenarioId,
    /// As typed; no two of a business read alike.
    pub name: String,
    name_key: String,
    /// What it is; may be empty.
    pub about: String,
    estimate: String,
    /// Goes up with every change.
    pub version: i64,
    /// When it was kept.
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: String,
    /// When it was last changed.
    pub changed_at: Timestamp,
    /// By whom.
    pub changed_by: String,
}

impl Scenario {
    /// Its units and years; credits are counted by today's rates.
    #[must_use]
    pub fn estimate(&self) -> Estimate {
        Estimate::stored(&self.estimate)
    }

    fn state(&self) -> Value {
        json!({ "name": self.name, "about": self.about, "estimate": self.estimate })
    }
}

/// Why a scenario is not kept, changed or removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScenarioRefusal {
    /// The business has none of this id.
    NotThere,
    /// Another one has this name.
    NameTaken,
    /// There are [`MOST`] already.
    TooMany,
    /// Somebody changed it since the person looked.
    ChangedMeanwhile {
        /// Who.
        by: String,
        /// The name it has now.
        name: String,
        /// The description it has now.
        about: String,
        /// The version it has now.
        version: i64,
    },
}

/// A name and a description, each checked by [`text`].
#[derive(Clone, Copy, Debug)]
pub struct Words<'a> {
    /// At most [`NAME_MAX`] characters.
    pub name: &'a str,
    /// At most [`ABOUT_MAX`] characters; may be empty.
    pub about: &'a str,
}

/// Keeps an estimate. The scope is that of somebody who may manage licenses.
///
/// # Errors
/// [`ScenarioRefusal`], or a storage error.
pub async fn keep(
    db: &Db,
    who: &Who,
    scope: BusinessScope,
    words: Words<'_>,
    estimate: &Estimate,
) -> Result<ScenarioId, Failed<ScenarioRefusal>> {
    let (business, id, name_key) = (scope.business(), ScenarioId::generate(), text::search_key(words.name));
    tx!(db, |tx| {
        scenarios::lock_business(tx, business).await?;
        if scenarios::find_by_name(tx, business, &name_key).await?.is_some() {
            return refuse(ScenarioRefusal::NameTaken);
        }
        if scenarios::count_in(tx, business).await? >= MOST {
            return refuse(ScenarioRefusal::TooMany);
        }
        let new = scenarios::NewScenario {
            id,
            business,
            name: words.name,
            name_key: name_key.clone(),
            about: words.about,
            estimate: estimate.text(),
            now: who.now,
            by: &who.label,
        };
        scenarios::insert(tx, new).await?;
        let state = json!({ "name": words.name, "about": words.about, "estimate": estimate.text() });
        audit::record(tx, who, Entry::new("scenario.kept", id).in_business(business).after(state)).await?;
        Ok(id)
    })
}

/// Gives a scenario other words; `seen` is the version that the person looked at.
///
/// # Errors
/// [`ScenarioRefusal`], or a storage error.
pub async fn rename(
    db: &Db,
    who: &Who,
    scope: BusinessScope,
    (id, seen): (ScenarioId, i64),
    words: Words<'_>,
) -> Result<(), Failed<ScenarioRefusal>> {
    let (business, name_key) = (scope.business(), text::search_key(words.name));
    tx!(db, |tx| {
        scenarios::lock_business(tx, business).await?;
        let scenario = unchanged(tx, scope, id, seen).await?;
        if scenarios::find_by_name(tx, business, &name_key).await?.is_some_and(|other| other != id) {
            return refuse(ScenarioRefusal::NameTaken);
        }
        // Another process may carry an earlier instant; a change is never before the one that it follows.
        let now = who.now.max(scenario.changed_at);
        scenarios::rename(tx, &scenario, (words.name, name_key.clone(), words.about), (now, &who.label)).await?;
        let after = json!({ "name": words.name, "about": words.about, "estimate": scenario.estimate });
        let entry = Entry::new("scenario.renamed", id).in_business(business).before(scenario.state()).after(after);
        audit::record(tx, who, entry).await?;
        Ok(())
    })
}

/// Removes a scenario; `seen` is the version that the person looked at.
///
/// # Errors
/// [`ScenarioRefusal`], or a storage error.
pub async fn remove(db: &Db, who: &Who, scope: BusinessScope, (id, seen): (ScenarioId, i64)) -> Result<String, Failed<ScenarioRefusal>> {
    tx!(db, |tx| {
        let scenario = unchanged(tx, scope, id, seen).await?;
        scenarios::remove(tx, &scenario).await?;
        let entry = Entry::new("scenario.removed", id).in_business(scope.business()).before(scenario.state());
        audit::record(tx, who, entry).await?;
        Ok(scenario.name)
    })
}

async fn unchanged(tx: &mut Tx, scope: BusinessScope, id: ScenarioId, seen: i64) -> Result<Scenario, Failed<ScenarioRefusal>> {
    match scenarios::lock(tx, scope.business(), id).await? {
        None => refuse(ScenarioRefusal::NotThere),
        Some(scenario) if scenario.version == seen => Ok(scenario),
        Some(Scenario { changed_by: by, name, about, version, .. }) => {
            refuse(ScenarioRefusal::ChangedMeanwhile { by, name, about, version })
        }
    }
}

/// A scenario of the scope's business.
///
/// # Errors
/// Any storage error.
pub async fn find(db: &Db, scope: BusinessScope, id: ScenarioId) -> Result<Option<Scenario>, Error> {
    scenarios::find(db, scope, id).await
}

/// A page of the business's scenarios by name, with how many there are.
///
/// # Errors
/// Any storage error.
pub async fn list(db: &Db, scope: BusinessScope, after: Option<&Cursor>, size: PageSize) -> Result<Paged<Scenario>, Error> {
    let after = after.and_then(Cursor::text).and_then(|(key, id)| Some((key.to_owned(), ScenarioId::parse(id)?)));
    let rows = scenarios::list(db, scope, after, size.overfetch()).await?;
    let paged = Paged::from_overfetch(rows, size, |last: &Scenario| Cursor::of_text(last.name_key.clone(), last.id.to_string()));
    Ok(paged.with_total(scenarios::count(db, scope).await?))
}

/// All of them by name; there are at most [`MOST`].
///
/// # Errors
/// Any storage error.
pub async fn all(db: &Db, scope: BusinessScope) -> Result<Vec<Scenario>, Error> {
    scenarios::list(db, scope, None, MOST).await
}
