//! Removes what has run out: sessions, counts of guesses, codes. Nothing depends on it, because every reader asks for the
//! time as well; it keeps the tables small.

use super::store::codes;
use super::{session, throttle};
use crate::db::{Db, Error};
use crate::kernel::clock::Timestamp;
use chrono::TimeDelta;

/// Codes are kept for a while after they ran out, for whoever asks what happened.
const CODES_KEPT: TimeDelta = TimeDelta::days(30);

/// Removes it; how many rows.
///
/// # Errors
/// Any storage error.
pub async fn sweep(db: &Db, now: Timestamp) -> Result<u64, Error> {
    Ok(session::sweep(db, now).await? + throttle::sweep(db, now).await? + codes::sweep(db, now - CODES_KEPT).await?)
}
