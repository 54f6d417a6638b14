//! One query builder over both drivers. SQL is made of `&'static str` pieces and `$N` only, so no text that a person
//! typed can become SQL. This is the one file that tells sqlx so.

use super::error::Error;
use sqlx::postgres::{PgArguments, PgConnection, PgPool, PgRow, Postgres};
use sqlx::sqlite::{Sqlite, SqliteArguments, SqliteConnection, SqlitePool, SqliteRow};
use sqlx::{Arguments, AssertSqlSafe, Encode, FromRow, Type};
use std::fmt::Write;

/// A value that both drivers can take.
pub trait Val<'t>: Encode<'t, Sqlite> + Type<Sqlite> + Encode<'t, Postgres> + Type<Postgres> {}
impl<'t, T: Encode<'t, Sqlite> + Type<Sqlite> + Encode<'t, Postgres> + Type<Postgres>> Val<'t> for T {}

/// A row type that both drivers can give: `#[derive(sqlx::FromRow)]`, or a tuple.
pub trait FromDb: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin + 'static {}
impl<T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin + 'static> FromDb for T {}

pub(super) enum On<'e> {
    SqlitePool(&'e SqlitePool),
    SqliteConnection(&'e mut SqliteConnection),
    PostgresPool(&'e PgPool),
    PostgresConnection(&'e mut PgConnection),
}

enum Bound {
    Sqlite(SqliteArguments),
    Postgres(PgArguments),
}

/// A statement with its values, not yet run.
#[must_use = "a query does nothing until it is run"]
pub struct Query<'e> {
    on: On<'e>,
    sql: String,
    suffix: &'static str,
    bound: Bound,
    count: usize,
    unbindable: Option<sqlx::Error>,
}

/// Runs `$body` on a connection of whichever driver this is.
macro_rules! run {
    ($query:ident, |$connection:ident, $sql:ident, $values:ident| $body:expr) => {{
        let Query { on, mut sql, suffix, bound, unbindable, .. } = $query;
        if let Some(error) = unbindable {
            return Err(error.into());
        }
        sql.push_str(suffix);
        let $sql = AssertSqlSafe(sql);
        match (on, bound) {
            (On::SqlitePool(pool), Bound::Sqlite($values)) => {
                let mut acquired = pool.acquire().await?;
                let $connection = &mut *acquired;
                $body
            }
            (On::SqliteConnection($connection), Bound::Sqlite($values)) => $body,
            (On::PostgresPool(pool), Bound::Postgres($values)) => {
                let mut acquired = pool.acquire().await?;
                let $connection = &mut *acquired;
                $body
            }
            (On::PostgresConnection($connection), Bound::Postgres($values)) => $body,
            _ => unreachable!("values are made for the same driver as the connection"),
        }
    }};
}

impl<'e> Query<'e> {
    pub(super) fn new(on: On<'e>, sql: &'static str) -> Self {
        let bound = match on {
            On::SqlitePool(_) | On::SqliteConnection(_) => Bound::Sqlite(SqliteArguments::default()),
            On::PostgresPool(_) | On::PostgresConnection(_) => Bound::Postgres(PgArguments::default()),
        };
        Query { on, sql: sql.to_owned(), suffix: "", bound, count: 0, unbindable: None }
    }

    /// The value of the next `$N`.
    pub fn bind<'t>(mut self, value: impl Val<'t>) -> Self {
        self.count += 1;
        let added = match &mut self.bound {
            Bound::Sqlite(values) => values.add(value),
            Bound::Postgres(values) => values.add(value),
        };
        if let Err(error) = added {
            self.unbindable = Some(sqlx::Error::Encode(error));
        }
        self
    }

    /// More SQL, never a person's text.
    pub fn push(mut self, sql: &'static str) -> Self {
        self.sql.push_str(sql);
        self
    }

    /// More SQL, then the next `$N` with this value: `.push_bind(" AND status = ", status)`.
    pub fn push_bind<'t>(mut self, sql: &'static str, value: impl Val<'t>) -> Self {
        let number = self.count + 1;
        self.sql.push_str(sql);
        write!(self.sql, "${number}").ok();
        self.bind(value)
    }

    /// Goes on with a statement that was run before, to ask about it; nothing outside this room can.
    pub(super) fn about(mut self, heard: &str) -> Self {
        self.sql.push_str(heard);
        self
    }

    /// SQL that belongs at the very end, after everything that is still pushed.
    pub(super) fn suffix(mut self, sql: &'static str) -> Self {
        self.suffix = sql;
        self
    }

    /// Runs it; how many rows changed.
    ///
    /// # Errors
    /// Any storage error.
    pub async fn exec(self) -> Result<u64, Error> {
        Ok(run!(self, |connection, sql, values| sqlx::query_with(sql, values).execute(connection).await.map(|done| done.rows_affected()))?)
    }

    /// Runs a write that must change exactly one row.
    ///
    /// # Errors
    /// [`Error::RowCount`] when it changed another number; inside [`tx!`](crate::tx) that rolls everything back.
    pub async fn exec_one(self) -> Result<(), Error> {
        match self.exec().await? {
            1 => Ok(()),
            changed => Err(Error::RowCount { expected: 1, changed }),
        }
    }

    /// All rows.
    ///
    /// # Errors
    /// Any storage error, also of a row that does not decode.
    pub async fn all<T: FromDb>(self) -> Result<Vec<T>, Error> {
        Ok(run!(self, |connection, sql, values| sqlx::query_as_with(sql, values).fetch_all(connection).await)?)
    }

    /// The first row, if any. It steps to the statement's end, because SQLite gives the first row of an
    /// `INSERT … RETURNING` before the statement is done, and an error at its commit would be lost.
    ///
    /// # Errors
    /// Any storage error.
    pub async fn opt<T: FromDb>(self) -> Result<Option<T>, Error> {
        Ok(self.all().await?.into_iter().next())
    }

    /// The one row that must exist.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none.
    pub async fn one<T: FromDb>(self) -> Result<T, Error> {
        self.opt().await?.ok_or(Error::NotFound)
    }

    /// The first column of the first row: counts and sums, which need a `CAST(… AS BIGINT)`.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is no row.
    pub async fn scalar<T>(self) -> Result<T, Error>
    where
        (T,): FromDb,
    {
        let (value,): (T,) = self.one().await?;
        Ok(value)
    }
}
