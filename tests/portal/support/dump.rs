//! Everything that a database holds, as text: to show that nothing changed, and that no secret is kept.

use creditdesk::db::Db;
use sqlx::{AssertSqlSafe, PgPool, SqlitePool};
use std::collections::BTreeMap;

/// Tables and their rows as text, rows in order. Bytes stand as hexadecimal digits.
pub type Dump = BTreeMap<String, Vec<String>>;

/// Reads all of it.
pub async fn everything(db: &Db) -> Dump {
    match db {
        Db::Sqlite { read, .. } => sqlite(read).await,
        Db::Postgres(pool) => postgres(pool).await,
    }
}

async fn sqlite(pool: &SqlitePool) -> Dump {
    let tables: Vec<String> =
        sqlx::query_scalar("SELECT name FROM sqlite_master WHERE type = 'table'").fetch_all(pool).await.expect("the catalog");
    let mut dump = Dump::new();
    for table in tables {
        let columns: Vec<String> =
            sqlx::query_scalar("SELECT name FROM pragma_table_info($1)").bind(&table).fetch_all(pool).await.expect("the columns");
        let row = columns.iter().map(|column| format!("quote(\"{column}\")")).collect::<Vec<_>>().join(" || ', ' || ");
        let rows = sqlx::query_scalar(AssertSqlSafe(format!("SELECT {row} FROM \"{table}\" ORDER BY 1"))).fetch_all(pool).await;
        dump.insert(table, rows.expect("the rows"));
    }
    dump
}

async fn postgres(pool: &PgPool) -> Dump {
    let tables: Vec<String> =
        sqlx::query_scalar("SELECT CAST(table_name AS TEXT) FROM information_schema.tables WHERE table_schema = 'public'")
            .fetch_all(pool)
            .await
            .expect("the catalog");
    let mut dump = Dump::new();
    for table in tables {
        let rows =
            sqlx::query_scalar(AssertSqlSafe(format!("SELECT CAST(t.* AS TEXT) FROM \"{table}\" t ORDER BY 1"))).fetch_all(pool).await;
        dump.insert(table, rows.expect("the rows"));
    }
    dump
}

/// Rows that are in one dump and not in the other, as `+table: row` and `-table: row`.
pub fn difference(before: &Dump, after: &Dump) -> Vec<String> {
    let mut changes = Vec::new();
    for (table, rows) in after {
        let old = before.get(table).map(Vec::as_slice).unwrap_or_default();
        changes.extend(rows.iter().filter(|row| !old.contains(row)).map(|row| format!("+{table}: {row}")));
        changes.extend(old.iter().filter(|row| !rows.contains(row)).map(|row| format!("-{table}: {row}")));
    }
    changes
}

/// Where a text stands, also as hexadecimal digits of its bytes.
pub fn places_of(dump: &Dump, text: &str) -> Vec<String> {
    let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    let mut places = Vec::new();
    for (table, rows) in dump {
        let hits = rows.iter().filter(|row| row.contains(text) || row.to_lowercase().contains(&hex));
        places.extend(hits.map(|row| format!("{table}: {row}")));
    }
    places
}
