//! The clockwork: what has to happen without anybody asking, at a pace and exactly by one process at a time.
//!
//! A job is claimed by a lease in the database, so that several processes on one database do not do the same work at
//! once. The work itself is correct even if two did: a lease saves effort, constraints keep the figures right.

mod schedule;
mod seal;
mod test_bench;

pub use schedule::{JOBS, Job, run_due_jobs};
pub use seal::head_file;
pub use test_bench::{MailIs, move_clock};

use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

use crate::application::Portal;

/// How often the clockwork looks for work that nobody announced.
const TICK: Duration = Duration::from_secs(1);

/// Tells the clockwork of this process that there is work now.
#[derive(Clone, Debug, Default)]
pub struct Wake(Arc<Notify>);

impl Wake {
    /// There is work now.
    pub fn now(&self) {
        self.0.notify_one();
    }
}

/// Runs until the task is dropped.
pub async fn run_forever(portal: Arc<Portal>) {
    loop {
        tokio::select! {
            () = portal.wake.0.notified() => {}
            () = tokio::time::sleep(TICK) => {}
        }
        run_due_jobs(&portal).await;
    }
}
