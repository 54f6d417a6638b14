//! What can go wrong with a statement, sorted by what a caller can do about it.

/// A storage error. Pages show none of its text; it goes to the log.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A uniqueness constraint refused the row.
    #[error("unique constraint: {constraint}")]
    Unique {
        /// Postgres: the constraint's name. SQLite: `table.column, table.column`.
        constraint: String,
    },
    /// The engine asks to run the transaction again.
    #[error("database busy")]
    Retry(#[source] sqlx::Error),
    /// No row where exactly one had to be.
    #[error("no such row")]
    NotFound,
    /// Another number of rows changed than the caller counted on.
    #[error("expected to change {expected} row(s), changed {changed}")]
    RowCount {
        /// What the caller counted on.
        expected: u64,
        /// What the engine reported.
        changed: u64,
    },
    /// The database is away, full, locked or read-only: the answer is 503 and a later try may succeed.
    #[error("database unavailable")]
    Unavailable(#[source] sqlx::Error),
    /// The address does not begin with `sqlite:` or `postgres:`.
    #[error("the database address must start with sqlite: or postgres:")]
    Address,
    /// Everything else: a defect in a statement or in the schema.
    #[error("database error")]
    Other(#[source] sqlx::Error),
}

impl Error {
    /// Whether a unique constraint refused, known by its name on Postgres or its columns on SQLite.
    #[must_use]
    pub fn unique_on(&self, name: &str, columns: &str) -> bool {
        matches!(self, Self::Unique { constraint } if constraint == name || constraint == columns)
    }
}

/// Postgres: serialization failure, deadlock. SQLite: busy, locked, busy in recovery, busy snapshot.
const RETRY_CODES: [&str; 6] = ["40001", "40P01", "5", "6", "261", "517"];
/// SQLite: read-only, I/O error, corrupt, full, cannot open. Postgres: class 53 (resources), 57P (shutdown), 25006 (read-only).
const UNAVAILABLE_SQLITE: [&str; 5] = ["8", "10", "11", "13", "14"];

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::RowNotFound => Self::NotFound,
            sqlx::Error::Database(refusal) => {
                let code = refusal.code().unwrap_or_default().into_owned();
                if refusal.is_unique_violation() {
                    let named = refusal.constraint().map(str::to_owned);
                    let constraint = named.unwrap_or_else(|| refusal.message().rsplit(": ").next().unwrap_or_default().to_owned());
                    return Self::Unique { constraint };
                }
                if RETRY_CODES.contains(&code.as_str()) {
                    return Self::Retry(error);
                }
                // SQLite's extended codes keep the primary code in the low byte.
                let primary = code.parse::<u32>().map(|code| (code & 0xff).to_string()).unwrap_or_default();
                let sqlite_away = code.len() < 5 && UNAVAILABLE_SQLITE.contains(&primary.as_str());
                if sqlite_away || code.starts_with("53") || code.starts_with("57P") || code == "25006" {
                    return Self::Unavailable(error);
                }
                Self::Other(error)
            }
            // A server that hangs up in the middle of an answer is a broken protocol to the driver.
            sqlx::Error::Protocol(_)
            | sqlx::Error::Io(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::Tls(_) => Self::Unavailable(error),
            _ => Self::Other(error),
        }
    }
}

/// A use case that did not happen: refused for a reason that a person can read, or failed in storage.
#[derive(Debug)]
pub enum Failed<R> {
    /// The rules say no; `R` is the refusal enum next to the use case.
    Refused(R),
    /// Storage failed; nothing changed.
    Storage(Error),
}

impl<R> From<Error> for Failed<R> {
    fn from(error: Error) -> Self {
        Self::Storage(error)
    }
}

/// `return refuse(TransferRefusal::SameBusiness)` inside a use case.
///
/// # Errors
/// Always: that is its purpose.
pub fn refuse<T, R>(refusal: R) -> Result<T, Failed<R>> {
    Err(Failed::Refused(refusal))
}

/// Splits a use case's result so that `?` carries storage errors and `match` sees refusals.
pub trait SplitRefusal<T, R> {
    /// `match use_case().await.refusal()? { Ok(done) => …, Err(refusal) => … }`
    ///
    /// # Errors
    /// The storage error, if that is what happened.
    fn refusal(self) -> Result<Result<T, R>, Error>;
}

impl<T, R> SplitRefusal<T, R> for Result<T, Failed<R>> {
    fn refusal(self) -> Result<Result<T, R>, Error> {
        match self {
            Ok(value) => Ok(Ok(value)),
            Err(Failed::Refused(refusal)) => Ok(Err(refusal)),
            Err(Failed::Storage(error)) => Err(error),
        }
    }
}

/// Tells [`tx!`](crate::tx) whether to run the block again.
pub trait MaybeRetry {
    /// True for the engine's own "try again".
    fn is_retry(&self) -> bool;
}

impl MaybeRetry for Error {
    fn is_retry(&self) -> bool {
        matches!(self, Self::Retry(_))
    }
}

impl<R> MaybeRetry for Failed<R> {
    fn is_retry(&self) -> bool {
        matches!(self, Self::Storage(error) if error.is_retry())
    }
}
