//! Fresh Postgres databases: one template a set of migrations, then `CREATE DATABASE … TEMPLATE`, which takes about
//! 30 ms. The server is the one that `CREDITDESK_TEST_POSTGRES` names.

use creditdesk::db::Db;
use sha2::{Digest, Sha256};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::fmt::Write;
use std::path::Path;
use tokio::sync::OnceCell;
use url::Url;

static TEMPLATE: OnceCell<String> = OnceCell::const_new();

/// Makes a migrated database with a name of its own; its address.
pub async fn fresh() -> String {
    let template = TEMPLATE.get_or_init(template).await;
    let name = format!("creditdesk_test_{}", creditdesk::kernel::random::hex::<8>());
    let mut connection = connect().await;
    run(&mut connection, format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
    connection.close().await.ok();
    address_of(&name)
}

/// Makes an empty database, for tests of the migrations themselves; its address.
pub async fn empty() -> String {
    let name = format!("creditdesk_test_{}", creditdesk::kernel::random::hex::<8>());
    let mut connection = connect().await;
    run(&mut connection, format!("CREATE DATABASE {name}")).await;
    connection.close().await.ok();
    address_of(&name)
}

/// Takes a database away, whoever is still connected.
pub async fn drop_database(url: &str) {
    let url = Url::parse(url).expect("an address that this file made");
    let name = url.path().trim_start_matches('/').to_owned();
    let mut connection = connect().await;
    run(&mut connection, format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
    connection.close().await.ok();
}

fn server() -> Url {
    let Ok(address) = std::env::var("CREDITDESK_TEST_POSTGRES") else {
        panic!("no Postgres to test on: run tests/run, or put tests/postgres before the command (tests/postgres cargo test)");
    };
    Url::parse(&address).expect("CREDITDESK_TEST_POSTGRES is an address such as postgres://postgres@127.0.0.1:5432/postgres")
}

fn address_of(database: &str) -> String {
    let mut url = server();
    url.set_path(database);
    url.into()
}

async fn connect() -> PgConnection {
    PgConnection::connect(server().as_str()).await.expect("the Postgres of CREDITDESK_TEST_POSTGRES answers")
}

async fn run(connection: &mut PgConnection, sql: String) {
    if let Err(error) = sqlx::raw_sql(AssertSqlSafe(sql.clone())).execute(connection).await {
        panic!("{sql}: {error}");
    }
}

/// Made by whichever process comes first; the name changes with the migrations, so an old one is never taken.
async fn template() -> String {
    let name = format!("creditdesk_template_{}", migrations_hash());
    let mut connection = connect().await;
    run(&mut connection, "SELECT pg_advisory_lock(20260302)".to_owned()).await;
    let found: i64 = sqlx::query_scalar("SELECT CAST(COUNT(*) AS BIGINT) FROM pg_database WHERE datname = $1")
        .bind(&name)
        .fetch_one(&mut connection)
        .await
        .expect("a count");
    if found == 0 {
        let unfinished = format!("{name}_unfinished");
        run(&mut connection, format!("DROP DATABASE IF EXISTS {unfinished} WITH (FORCE)")).await;
        run(&mut connection, format!("CREATE DATABASE {unfinished}")).await;
        let db = Db::open(&address_of(&unfinished)).await.expect("the database that was just made");
        db.migrate().await.expect("migrations that run");
        db.close().await;
        run(&mut connection, format!("ALTER DATABASE {unfinished} RENAME TO {name}")).await;
    }
    run(&mut connection, "SELECT pg_advisory_unlock(20260302)".to_owned()).await;
    connection.close().await.ok();
    name
}

fn migrations_hash() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/postgres");
    let mut files: Vec<_> = std::fs::read_dir(folder).expect("migrations/postgres").map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    let mut hasher = Sha256::new();
    for file in files {
        hasher.update(std::fs::read(file).expect("a readable migration"));
    }
    hasher.finalize().iter().take(8).fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("a String takes everything");
        hex
    })
}
