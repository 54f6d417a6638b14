//! An end that passes is read again before anything is taken away or announced (REN-4): until the marketplace has said that
//! a contract is over, or what its next term is, its reading is repeated, at growing distances.

use super::Fulfilment;
use super::store::contracts;
use super::sync::{self, FollowError};
use crate::db::Error;
use crate::kernel::clock::Timestamp;
use chrono::TimeDelta;

/// Contracts read in one run.
const BATCH: i64 = 100;
/// The least distance between two readings of one contract.
const SOONEST: TimeDelta = TimeDelta::minutes(1);
/// The most.
const LATEST: TimeDelta = TimeDelta::hours(24);

/// Reads contracts whose end has passed and that are not settled; how many were read. What the marketplace does not answer
/// now is read again later, and nothing changes meanwhile.
///
/// # Errors
/// The first storage error.
pub async fn reread_ends(room: &Fulfilment) -> Result<u64, Error> {
    let now = room.clock.now();
    let mut read = 0;
    for (contract, license_arn, expires_at) in contracts::list_due(&room.db, room.marketplace.source(), now, BATCH).await? {
        match sync::follow(room, &license_arn).await {
            Ok(()) => read += 1,
            Err(FollowError::Storage(error)) => return Err(error),
            Err(error @ (FollowError::Unreachable(_) | FollowError::Contended | FollowError::TooSoon)) => {
                tracing::warn!(%contract, %error, "an end that passed could not be read again");
                contracts::read_again(&room.db, contract, next_reading(expires_at, now)).await?;
            }
        }
    }
    Ok(read)
}

/// When a contract that is not settled is read again: a tenth of the time that has passed since its end.
pub(super) fn next_reading(expires_at: Timestamp, now: Timestamp) -> Timestamp {
    now + ((now - expires_at) / 10).clamp(SOONEST, LATEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reading_is_repeated_at_growing_distances() {
        let end: Timestamp = "2027-03-02T09:00:00Z".parse().unwrap();
        for (passed, distance) in [
            (TimeDelta::zero(), SOONEST),
            (TimeDelta::minutes(9), SOONEST),
            (TimeDelta::hours(5), TimeDelta::minutes(30)),
            (TimeDelta::days(3), TimeDelta::minutes(432)),
            (TimeDelta::days(300), LATEST),
        ] {
            assert_eq!(next_reading(end, end + passed), end + passed + distance, "{passed}");
        }
    }
}
