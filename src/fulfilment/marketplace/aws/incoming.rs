//! Where the adapter gets changes from: events that were received and stored elsewhere. AWS itself has no list of changes
//! that could be asked for.

use crate::fulfilment::marketplace::{Change, Unreachable};
use crate::kernel::id::EventId;
use async_trait::async_trait;

/// A store of events of AWS Marketplace.
#[async_trait]
pub trait Incoming: Send + Sync {
    /// Changes that were not acknowledged yet, oldest first, at most `most`.
    async fn waiting(&self, most: u32) -> Result<Vec<Change>, Unreachable>;

    /// These changes need not come again.
    async fn acknowledge(&self, changes: &[EventId]) -> Result<(), Unreachable>;

    /// The buyer's account of a license ARN, where an event has told it: a renewal may have one that was never resolved.
    async fn account(&self, _license_arn: &str) -> Option<String> {
        None
    }
}

/// No events: contracts are read hourly and at their ends all the same.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoEvents;

#[async_trait]
impl Incoming for NoEvents {
    async fn waiting(&self, _most: u32) -> Result<Vec<Change>, Unreachable> {
        Ok(Vec::new())
    }

    async fn acknowledge(&self, _changes: &[EventId]) -> Result<(), Unreachable> {
        Ok(())
    }
}
