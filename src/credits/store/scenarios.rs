//! Rows of kept estimates.

use crate::access::BusinessScope;
use crate::credits::scenarios::Scenario;
use crate::db::{Db, Error, Tx};
use crate::kernel::clock::Timestamp;
use crate::kernel::id::{BusinessId, ScenarioId};

/// A scenario about to be written.
pub(in crate::credits) struct NewScenario<'a> {
    pub id: ScenarioId,
    pub business: BusinessId,
    pub name: &'a str,
    pub name_key: String,
    pub about: &'a str,
    pub estimate: String,
    pub now: Timestamp,
    pub by: &'a str,
}

pub(in crate::credits) async fn insert(tx: &mut Tx, new: NewScenario<'_>) -> Result<(), Error> {
    tx.q("INSERT INTO scenarios (id, business_id, name, name_key, about, estimate, version, created_at, created_by, changed_at, changed_by) VALUES ($1, $2, $3, $4, $5, $6, 1, $7, $8, $7, $8)")
        .bind(new.id)
        .bind(new.business)
        .bind(new.name.to_owned())
        .bind(new.name_key)
        .bind(new.about.to_owned())
        .bind(new.estimate)
        .bind(new.now)
        .bind(new.by.to_owned())
        .exec_one()
        .await
}

/// Keeps every other naming of this business's scenarios waiting until the transaction ends.
pub(in crate::credits) async fn lock_business(tx: &mut Tx, business: BusinessId) -> Result<(), Error> {
    tx.lock("SELECT id FROM businesses WHERE id = $1").bind(business).one::<(BusinessId,)>().await.map(|_| ())
}

/// The scenario that has a name, in whatever case and accents.
pub(in crate::credits) async fn find_by_name(tx: &mut Tx, business: BusinessId, name_key: &str) -> Result<Option<ScenarioId>, Error> {
    let found: Option<(ScenarioId,)> =
        tx.q("SELECT id FROM scenarios WHERE business_id = $1 AND name_key = $2").bind(business).bind(name_key.to_owned()).opt().await?;
    Ok(found.map(|(id,)| id))
}

pub(in crate::credits) async fn count_in(tx: &mut Tx, business: BusinessId) -> Result<i64, Error> {
    tx.q("SELECT CAST(COUNT(*) AS BIGINT) FROM scenarios WHERE business_id = $1").bind(business).scalar().await
}

const SCENARIO: &str = "SELECT id, name, name_key, about, estimate, version, created_at, created_by, changed_at, changed_by FROM scenarios WHERE business_id = ";

/// The business's scenario, kept from other changes until the transaction ends.
pub(in crate::credits) async fn lock(tx: &mut Tx, business: BusinessId, id: ScenarioId) -> Result<Option<Scenario>, Error> {
    tx.lock(SCENARIO).push_bind("", business).push_bind(" AND id = ", id).opt().await
}

pub(in crate::credits) async fn find(db: &Db, scope: BusinessScope, id: ScenarioId) -> Result<Option<Scenario>, Error> {
    db.read(SCENARIO).push_bind("", scope.business()).push_bind(" AND id = ", id).opt().await
}

pub(in crate::credits) async fn list(
    db: &Db,
    scope: BusinessScope,
    after: Option<(String, ScenarioId)>,
    most: i64,
) -> Result<Vec<Scenario>, Error> {
    let mut query = db.read(SCENARIO).push_bind("", scope.business());
    if let Some((name_key, id)) = after {
        query = query.push_bind(" AND (name_key, id) > (", name_key).push_bind(", ", id).push(")");
    }
    query.push_bind(" ORDER BY name_key, id LIMIT ", most).all().await
}

pub(in crate::credits) async fn count(db: &Db, scope: BusinessScope) -> Result<i64, Error> {
    db.read("SELECT CAST(COUNT(*) AS BIGINT) FROM scenarios WHERE business_id = $1").bind(scope.business()).scalar().await
}

/// Another name and description; the version goes up by one.
pub(in crate::credits) async fn rename(
    tx: &mut Tx,
    scenario: &Scenario,
    (name, name_key, about): (&str, String, &str),
    (now, by): (Timestamp, &str),
) -> Result<(), Error> {
    tx.q("UPDATE scenarios SET name = $3, name_key = $4, about = $5, changed_at = $6, changed_by = $7, version = version + 1 WHERE id = $1 AND version = $2")
        .bind(scenario.id)
        .bind(scenario.version)
        .bind(name.to_owned())
        .bind(name_key)
        .bind(about.to_owned())
        .bind(now)
        .bind(by.to_owned())
        .exec_one()
        .await
}

pub(in crate::credits) async fn remove(tx: &mut Tx, scenario: &Scenario) -> Result<(), Error> {
    tx.q("DELETE FROM scenarios WHERE id = $1 AND version = $2").bind(scenario.id).bind(scenario.version).exec_one().await
}
