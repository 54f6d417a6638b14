//! Brings the schema up to date. Both engines have the same migrations under the same numbers.

use super::{Db, Engine};

/// A migration that could not be run; the database stays at the last one that was.
#[derive(Debug, thiserror::Error)]
#[error("the database schema could not be brought up to date")]
pub struct MigrateError(#[from] sqlx::migrate::MigrateError);

impl Db {
    /// Runs the migrations that this database does not have yet. Several processes may call it at once.
    ///
    /// # Errors
    /// When a migration fails or one that was run has since been edited.
    pub async fn migrate(&self) -> Result<(), MigrateError> {
        match self {
            Self::Sqlite { write, .. } => {
                // No lock of SQLite spans several migrations: who comes second at one fails on it, and finds it done at the next try.
                let migrator = sqlx::migrate!("migrations/sqlite");
                let mut tries_left = migrator.iter().count();
                while let Err(error) = migrator.run(write).await {
                    if tries_left == 0 {
                        return Err(error.into());
                    }
                    tries_left -= 1;
                }
            }
            Self::Postgres(pool) => sqlx::migrate!("migrations/postgres").run(pool).await?,
        }
        Ok(())
    }

    /// How many migrations this program brings for an engine.
    #[must_use]
    pub fn migrations_known(engine: Engine) -> usize {
        match engine {
            Engine::Sqlite => sqlx::migrate!("migrations/sqlite").iter().count(),
            Engine::Postgres => sqlx::migrate!("migrations/postgres").iter().count(),
        }
    }
}
