//! Fresh SQLite databases: migrated once in this process, then copied.

use creditdesk::db::Db;
use std::path::Path;
use tokio::sync::OnceCell;

static MIGRATED: OnceCell<Vec<u8>> = OnceCell::const_new();

/// Puts a migrated database into the folder; its address.
pub async fn fresh(folder: &Path) -> String {
    let bytes = MIGRATED.get_or_init(migrated).await;
    let file = folder.join("creditdesk.db");
    std::fs::write(&file, bytes).expect("a writable folder");
    address(&file)
}

async fn migrated() -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("template.db");
    let db = Db::open(&address(&file)).await.expect("a new database file");
    db.migrate().await.expect("migrations that run");
    // The last connection to close writes the log back into the file.
    db.close().await;
    std::fs::read(&file).expect("the file that was just written")
}

fn address(file: &Path) -> String {
    format!("sqlite:{}", file.display())
}
