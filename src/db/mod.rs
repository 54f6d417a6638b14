//! One thin layer over SQLite and Postgres: the same SQL text, real column types, no business words.
//!
//! SQLite has one connection that writes and several that may only read, so that writers queue in memory instead of
//! polling a lock. Postgres has one pool. A transaction is `Tx` on both; [`tx!`](crate::tx) opens one and runs it
//! again when the engine asks for that.

mod error;
mod migrate;
mod plan;
mod query;
mod text_enum;
mod transaction;

pub use error::{Error, Failed, MaybeRetry, SplitRefusal, refuse};
pub use migrate::MigrateError;
pub use query::{FromDb, Query, Val};
pub use transaction::{Tx, pause_before_retry};

use query::On;
use sqlx::postgres::{PgPool, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use std::time::Duration;

/// How long a caller waits for a connection or a lock before the answer is 503.
const WAIT: Duration = Duration::from_secs(5);
const SQLITE_READERS: u32 = 4;
const POSTGRES_CONNECTIONS: u32 = 16;

/// A database that the program can read and write; cheap to clone.
#[derive(Clone, Debug)]
pub enum Db {
    /// An embedded file: readers and the one writer.
    Sqlite {
        /// Connections with `query_only` on.
        read: SqlitePool,
        /// Exactly one connection.
        write: SqlitePool,
    },
    /// A server that several processes may share.
    Postgres(PgPool),
}

/// Which engine a [`Db`] is, for messages and for the few places that must know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// The embedded file.
    Sqlite,
    /// A Postgres server.
    Postgres,
}

impl Db {
    /// Opens `sqlite:…` (the file is made when it is missing) or `postgres://…`. Runs no migration.
    ///
    /// # Errors
    /// When the address is of another kind or the database does not answer.
    pub async fn open(url: &str) -> Result<Self, Error> {
        match url.split(':').next() {
            Some("sqlite") => Self::open_sqlite(url).await,
            Some("postgres" | "postgresql") => {
                let pool = PgPoolOptions::new().max_connections(POSTGRES_CONNECTIONS).min_connections(1).acquire_timeout(WAIT);
                Ok(Self::Postgres(pool.connect(url).await?))
            }
            _ => Err(Error::Address),
        }
    }

    async fn open_sqlite(url: &str) -> Result<Self, Error> {
        let options = url
            .parse::<SqliteConnectOptions>()?
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(WAIT);
        // The writer first: it makes the file and sets WAL.
        let write = SqlitePoolOptions::new().max_connections(1).min_connections(1).acquire_timeout(WAIT).test_before_acquire(false);
        let write = write.connect_with(options.clone()).await?;
        let read =
            SqlitePoolOptions::new().max_connections(SQLITE_READERS).min_connections(1).acquire_timeout(WAIT).test_before_acquire(false);
        let read = read.connect_with(options.pragma("query_only", "ON")).await?;
        Ok(Self::Sqlite { read, write })
    }

    /// The engine behind this handle.
    #[must_use]
    pub fn engine(&self) -> Engine {
        match self {
            Self::Sqlite { .. } => Engine::Sqlite,
            Self::Postgres(_) => Engine::Postgres,
        }
    }

    /// A transaction that may write: on SQLite it holds the only writer from the start.
    ///
    /// # Errors
    /// When no connection is free in time or the engine is away.
    pub async fn begin(&self) -> Result<Tx, Error> {
        Ok(match self {
            Self::Sqlite { write, .. } => Tx::Sqlite(write.begin_with("BEGIN IMMEDIATE").await?),
            Self::Postgres(pool) => {
                // In a task of its own: a caller that is given up in the middle of BEGIN, as when a browser goes away, would
                // hand back a connection whose transaction nobody ends, and what the next one writes would be lost.
                let pool = pool.clone();
                let begun = tokio::spawn(async move { pool.begin().await }).await;
                Tx::Postgres(begun.map_err(|_| sqlx::Error::WorkerCrashed)??)
            }
        })
    }

    /// Several reads that all see one and the same moment; nothing can be written in it.
    ///
    /// # Errors
    /// When no connection is free in time or the engine is away.
    pub async fn snapshot(&self) -> Result<Tx, Error> {
        Ok(match self {
            Self::Sqlite { read, .. } => Tx::Sqlite(read.begin().await?),
            Self::Postgres(pool) => Tx::Postgres(pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY").await?),
        })
    }

    /// One statement that only reads.
    pub fn read(&self, sql: &'static str) -> Query<'_> {
        debug_assert!(sql.trim_start().starts_with("SELECT") || sql.trim_start().starts_with("WITH"), "read() takes a SELECT: {sql}");
        match self {
            Self::Sqlite { read, .. } => Query::new(On::SqlitePool(read), sql),
            Self::Postgres(pool) => Query::new(On::PostgresPool(pool), sql),
        }
    }

    /// One statement that writes, in a transaction of its own. Where a second statement belongs to it, use [`tx!`](crate::tx).
    pub fn write(&self, sql: &'static str) -> Query<'_> {
        match self {
            Self::Sqlite { write, .. } => Query::new(On::SqlitePool(write), sql),
            Self::Postgres(pool) => Query::new(On::PostgresPool(pool), sql),
        }
    }

    /// Closes every connection; later calls fail as if the database were away.
    pub async fn close(&self) {
        match self {
            Self::Sqlite { read, write } => {
                read.close().await;
                write.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }
}
