//! A transaction on either engine and the macro that runs one.

use super::error::Error;
use super::query::{On, Query};
use sqlx::{Postgres, Sqlite, Transaction};
use std::time::Duration;

/// An open transaction. Dropped without [`Tx::commit`] it rolls back.
#[derive(Debug)]
pub enum Tx {
    /// `BEGIN IMMEDIATE` on the only writer.
    Sqlite(Transaction<'static, Sqlite>),
    /// The server's default isolation: decide only on rows that are locked or guarded by a constraint.
    Postgres(Transaction<'static, Postgres>),
}

impl Tx {
    /// A statement inside the transaction.
    pub fn q(&mut self, sql: &'static str) -> Query<'_> {
        match self {
            Self::Sqlite(tx) => Query::new(On::SqliteConnection(tx), sql),
            Self::Postgres(tx) => Query::new(On::PostgresConnection(tx), sql),
        }
    }

    /// A `SELECT` whose rows stay locked until the end; SQLite needs no lock beyond the transaction itself.
    pub fn lock(&mut self, sql: &'static str) -> Query<'_> {
        let locks_rows = matches!(self, Self::Postgres(_));
        let query = self.q(sql);
        if locks_rows { query.suffix(" FOR UPDATE") } else { query }
    }

    /// Makes the changes last.
    ///
    /// # Errors
    /// When the engine refuses (a deferred constraint, a full disk) or is gone; nothing is changed then.
    pub async fn commit(self) -> Result<(), Error> {
        match self {
            Self::Sqlite(tx) => tx.commit().await?,
            Self::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }

    /// Gives the changes up.
    ///
    /// # Errors
    /// When the engine is gone; the changes are then lost all the same.
    pub async fn rollback(self) -> Result<(), Error> {
        match self {
            Self::Sqlite(tx) => tx.rollback().await?,
            Self::Postgres(tx) => tx.rollback().await?,
        }
        Ok(())
    }
}

/// Waits a little longer at each try, so that rivals for one row do not meet again at once.
pub async fn pause_before_retry(tries: u32) {
    let step_micros = 500u64 << tries.min(6);
    let jitter_micros = u64::from(crate::kernel::random::byte()) * 20;
    tokio::time::sleep(Duration::from_micros(step_micros + jitter_micros)).await;
}

/// `tx!(db, |tx| { … Ok(value) })`: the block in one transaction, rolled back when it fails and run again when the
/// engine asks for that (Postgres 40001 and 40P01, SQLite busy). The block must be re-runnable: no network, no hashing.
/// The error type is the block's own, anything that is `From<db::Error> + MaybeRetry`. A macro and not a function that
/// takes an async closure, because the future has to stay `Send`.
#[macro_export]
macro_rules! tx {
    ($db:expr, |$tx:ident| $body:block) => {{
        const TRIES_MAX: u32 = 20;
        let mut tries = 0u32;
        loop {
            tries += 1;
            let mut open = match $db.begin().await {
                Ok(open) => open,
                Err(error) => break Err(error.into()),
            };
            let ran = {
                let $tx = &mut open;
                async { $body }.await
            };
            let done = match ran {
                Ok(value) => open.commit().await.map(|()| value).map_err(Into::into),
                Err(error) => {
                    open.rollback().await.ok();
                    Err(error)
                }
            };
            match done {
                Err(error) if tries < TRIES_MAX && $crate::db::MaybeRetry::is_retry(&error) => $crate::db::pause_before_retry(tries).await,
                done => break done,
            }
        }
    }};
}
