//! Where the adapter gets changes from: events that were received and stored elsewhere. AWS itself has no list of changes
//! that could be asked for.

use crate::db::Db;
use crate::fulfilment::incoming;
use crate::fulfilment::marketplace::{Change, Unreachable};
use crate::kernel::clock::Clock;
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

/// The events that the console's own store has ([`crate::fulfilment::incoming`]).
#[derive(Clone, Debug)]
pub struct Stored {
    db: Db,
    clock: Clock,
}

impl Stored {
    /// On this database, by this clock.
    #[must_use]
    pub const fn new(db: Db, clock: Clock) -> Self {
        Self { db, clock }
    }
}

#[async_trait]
impl Incoming for Stored {
    async fn waiting(&self, most: u32) -> Result<Vec<Change>, Unreachable> {
        incoming::list_waiting(&self.db, most, self.clock.now()).await.map_err(|error| Unreachable(error.into()))
    }

    async fn acknowledge(&self, changes: &[EventId]) -> Result<(), Unreachable> {
        incoming::acknowledge(&self.db, changes, self.clock.now()).await.map_err(|error| Unreachable(error.into()))
    }

    async fn account(&self, license_arn: &str) -> Option<String> {
        // Without it the adapter asks elsewhere, so a database that does not answer is no more than no event.
        incoming::find_account(&self.db, license_arn).await.ok().flatten()
    }
}
