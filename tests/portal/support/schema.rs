//! What a database looks like inside, in the same words for both engines.

use super::{Stage, postgres, sqlite};
use creditdesk::db::{Db, Engine};
use std::collections::BTreeSet;

/// Every column as `table.column`, with ` NULL` behind it where it may be absent. The migrations' own table is left out.
pub async fn columns(db: &Db) -> BTreeSet<String> {
    let rows: Vec<(String, String, bool)> = match db.engine() {
        Engine::Sqlite => db.read("SELECT t.name, c.name, c.\"notnull\" = 0 FROM sqlite_master t JOIN pragma_table_info(t.name) c WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%'"),
        Engine::Postgres => db.read("SELECT CAST(table_name AS TEXT), CAST(column_name AS TEXT), is_nullable = 'YES' FROM information_schema.columns WHERE table_schema = 'public'"),
    }
    .all()
    .await
    .expect("the catalog of the database");
    let described = rows.into_iter().filter(|(table, ..)| table != "_sqlx_migrations");
    described.map(|(table, column, absent)| format!("{table}.{column}{}", if absent { " NULL" } else { "" })).collect()
}

/// Tables that have a trigger against UPDATE and one against DELETE.
pub async fn append_only_tables(stage: &Stage) -> BTreeSet<String> {
    let rows: Vec<(String, String)> = match stage.engine() {
        Engine::Sqlite => stage.db.read("SELECT tbl_name, CASE WHEN sql LIKE '%BEFORE UPDATE%' THEN 'UPDATE' ELSE 'DELETE' END FROM sqlite_master WHERE type = 'trigger' AND sql LIKE '%append-only%'"),
        Engine::Postgres => stage.db.read("SELECT CAST(event_object_table AS TEXT), CAST(event_manipulation AS TEXT) FROM information_schema.triggers WHERE action_statement LIKE '%refuse_change%'"),
    }
    .all()
    .await
    .expect("the catalog of the database");
    let guarded = |table: &str, way: &str| rows.iter().any(|(name, event)| name == table && event == way);
    rows.iter().filter(|(table, _)| guarded(table, "UPDATE") && guarded(table, "DELETE")).map(|(table, _)| table.clone()).collect()
}

/// A second, empty database of the same engine; its address.
pub async fn empty_database(stage: &Stage) -> String {
    match stage.engine() {
        Engine::Sqlite => format!("sqlite:{}", stage.folder().join("empty.db").display()),
        Engine::Postgres => postgres::empty().await,
    }
}

/// Takes a second database away; on SQLite the story's folder goes with everything in it.
pub async fn drop_database(stage: &Stage, url: &str) {
    if stage.engine() == Engine::Postgres {
        postgres::drop_database(url).await;
    }
}

/// A migrated database of the other engine; its address.
pub async fn other_engine(stage: &Stage) -> String {
    match stage.engine() {
        Engine::Sqlite => postgres::fresh().await,
        Engine::Postgres => sqlite::fresh(stage.folder()).await,
    }
}

/// Takes the other engine's database away.
pub async fn drop_other_engine(stage: &Stage, url: &str) {
    if stage.engine() == Engine::Sqlite {
        postgres::drop_database(url).await;
    }
}
