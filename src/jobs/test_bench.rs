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
use crate::db::{Failed, refuse};
use crate::kernel::clock::Timestamp;
use crate::test_bench::clock::{MoveRefusal, wanted};

/// Housekeeping that is as well done at the end, and the seal of the audit log: it expects entries in about the order of
/// their times, so it waits until requests that began before a step are over.
const NOT_ON_THE_WAY: [&str; 7] =
    ["check allocation", "sweep usage calls", "seal audit log", "sweep handles", "sweep tokens", "sweep test bench", "sweep sign-ins"];

/// Mail is delivered by whoever serves, because it shows what it delivered; a command leaves it.
const MAIL: &str = "deliver mail";

/// Who delivers what is mailed on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailIs {
    /// This process.
    Delivered,
    /// Another, the one that serves.
    Left,
}

/// Moves the clock as far or to where somebody typed; where it then stands.
///
/// # Errors
/// The refusal, or any storage error: the clock then stands somewhere on the way, and moving again goes on.
pub async fn move_clock(portal: &Portal, who: &Who, typed: &str, mail: MailIs) -> Result<Timestamp, Failed<MoveRefusal>> {
    let moved = portal.clock.moved_by();
    let from = portal.clock.unmoved().now() + moved;
    let to = match wanted(typed, from) {
        Ok(to) => to,
        Err(refusal) => return refuse(refusal),
    };
    let jobs: fn(&Job) -> bool = match mail {
        MailIs::Delivered => |job| !NOT_ON_THE_WAY.contains(&job.name),
        MailIs::Left => |job| !NOT_ON_THE_WAY.contains(&job.name) && job.name != MAIL,
    };
    portal.bench.record_move(who, from, to).await?;
    while !portal.bench.step(&portal.clock, moved + (to - from)).await? {
        run_due(portal, jobs).await;
    }
    // What the last round has made due, such as mail of a change that it applied.
    run_due(portal, jobs).await;
    portal.wake.now();
    Ok(portal.clock.now())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jobs::JOBS;

    #[test]
    fn what_is_not_done_on_the_way_is_a_job() {
        for name in NOT_ON_THE_WAY.into_iter().chain([MAIL]) {
            assert!(JOBS.iter().any(|job| job.name == name), "{name}");
        }
    }
}
