//! Seals the audit log and keeps the head of its chain outside of the database (AUD-2): whoever can rewrite the database
//! cannot thereby rewrite the data folder, or the copies that an operator made of the head.

use crate::application::Portal;
use crate::audit::{self, Head};
use std::path::{Path, PathBuf};

/// The file in the data folder that has the newest head.
#[must_use]
pub fn head_file(data: &Path) -> PathBuf {
    data.join("audit-head")
}

/// Seals what is new; how many entries.
///
/// # Errors
/// Any storage error, and where the head cannot be written.
pub async fn seal_audit(portal: &Portal) -> anyhow::Result<u64> {
    let (sealed, head) = audit::seal(&portal.db, portal.clock.now()).await?;
    if sealed > 0 {
        keep(&portal.config.data, head)?;
    }
    Ok(sealed.unsigned_abs())
}

/// Replaced as a whole: a process that dies leaves the old head, which is true as well.
fn keep(data: &Path, head: Head) -> std::io::Result<()> {
    let file = head_file(data);
    let new = file.with_extension("new");
    std::fs::create_dir_all(data)?;
    std::fs::write(&new, format!("{head}\n"))?;
    std::fs::rename(new, file)
}
