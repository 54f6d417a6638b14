//! Who waits for a message of a queue, and what wakes them. Nothing is held while waiting: no connection, no transaction,
//! no thread. The bell only says *look again*; what there is says the database.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::Notify;

/// Who waits looks again after this long without a ring: a message of another process, or one that became visible again.
const PATIENCE: Duration = Duration::from_secs(1);

/// The bell of one process.
#[derive(Debug, Default)]
pub struct Bell {
    rung: Notify,
    closed: AtomicBool,
}

impl Bell {
    /// There may be something new.
    pub fn ring(&self) {
        self.rung.notify_waiters();
    }

    /// The program stops: nobody waits any longer.
    pub fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        self.ring();
    }

    /// Looks until there is something or the time is over; `look` says so with `Some`. A ring between a look and the wait
    /// after it is not lost.
    pub(super) async fn wait<T, E, F>(&self, mut look: F) -> Result<T, E>
    where
        F: AsyncFnMut(bool) -> Result<Option<T>, E>,
    {
        loop {
            let mut rung = std::pin::pin!(self.rung.notified());
            rung.as_mut().enable();
            if let Some(found) = look(self.closed.load(Ordering::SeqCst)).await? {
                return Ok(found);
            }
            tokio::time::timeout(PATIENCE, rung).await.ok();
        }
    }
}
