//! Puts the test bench's clock forward, and does on the way what is due, so that the whole lifecycle follows.
//!
//! It goes a day at a time. Money, terms and renewals would come out right in one leap, because jobs bear being late; but
//! warnings and reminders tell the step that has come and not those that were missed, and whoever tests an integration
//! wants to see each on its day. Days, and not the instants at which something is due, because then no room has to tell what
//! it will do when.

use super::Job;
use super::schedule::run_due;
use crate::application::Portal;
use crate::audit::Who;
use crate::db::Error;
use crate::kernel::clock::Timestamp;

/// Who delivers what is mailed on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailIs {
    /// This process.
    Delivered,
    /// The one that serves: a command leaves mail to it, because it shows what it delivered.
    Left,
}

/// Moves the clock to an instant that [`crate::test_bench::clock::wanted`] allowed; where it then stands.
///
/// # Errors
/// Any storage error; the clock then stands somewhere on the way, and moving again goes on.
pub async fn move_clock(portal: &Portal, who: &Who, to: Timestamp, mail: MailIs) -> Result<Timestamp, Error> {
    let jobs: fn(&Job) -> bool = match mail {
        MailIs::Delivered => |_| true,
        MailIs::Left => |job| job.name != "deliver mail",
    };
    let from = portal.clock.now();
    let ahead = portal.clock.moved_by() + (to - from);
    portal.bench.record_move(who, from, to).await?;
    while !portal.bench.step(&portal.clock, ahead).await? {
        run_due(portal, jobs).await;
    }
    // What the last round has made due, such as mail of a change that it applied.
    run_due(portal, jobs).await;
    Ok(portal.clock.now())
}
