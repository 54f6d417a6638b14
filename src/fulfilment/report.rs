//! After an activation: look once more at what was bought, then tell the marketplace. Tried at once by the activation
//! and again by a job until both are done; repeating it changes nothing.

use super::Fulfilment;
use super::store::contracts;
use super::sync::{self, FollowError};
use crate::db::Error;
use crate::kernel::clock::Timestamp;
use crate::kernel::id::ContractId;

/// Activations finished in one run.
const BATCH: i64 = 100;

/// Finishes the activations that nobody finished; how many. What the marketplace does not take now stays for the next
/// run.
///
/// # Errors
/// The first storage error.
pub async fn report_activations(room: &Fulfilment) -> Result<u64, Error> {
    let mut finished = 0;
    for (contract, license_arn, activated_at) in contracts::list_unreported(&room.db, BATCH).await? {
        match finish(room, contract, &license_arn, activated_at).await {
            Ok(()) => finished += 1,
            Err(FollowError::Storage(error)) => return Err(error),
            Err(error @ (FollowError::Unreachable(_) | FollowError::Contended | FollowError::TooSoon)) => {
                tracing::warn!(%contract, %error, "activation not reported yet");
            }
        }
    }
    Ok(finished)
}

/// A change between the activation's read and its commit may have been acknowledged while there was no contract to book
/// it on: so the truth is read again before the activation counts as finished.
pub(super) async fn finish(room: &Fulfilment, contract: ContractId, license_arn: &str, activated_at: Timestamp) -> Result<(), FollowError> {
    sync::follow(room, license_arn).await?;
    room.marketplace.report_activated(license_arn, activated_at).await?;
    contracts::mark_reported(&room.db, contract, room.clock.now()).await?;
    Ok(())
}
