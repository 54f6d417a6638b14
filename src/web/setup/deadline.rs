//! The end of a registration as pages show it: a clock time with its zone, and the time left (SET-4).

use crate::fulfilment::registration::Registration;
use crate::kernel::clock::Timestamp;
use crate::kernel::show::{self, Zone};

/// Under this many seconds the deadline is a warning.
const HURRY_SECONDS: i64 = 30 * 60;

/// Ready for `ui::deadline`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deadline {
    pub iso: String,
    pub clock: String,
    pub left: String,
    pub tone: &'static str,
}

impl Deadline {
    /// Of a registration, seen at `now`.
    #[must_use]
    pub fn of(registration: &Registration, now: Timestamp, zone: Zone) -> Self {
        let seconds = (registration.expires_at - now).num_seconds();
        Self {
            iso: show::iso(registration.expires_at),
            clock: show::date_time(registration.expires_at, zone),
            left: show::duration_left(seconds),
            tone: if seconds < HURRY_SECONDS { "warning" } else { "info" },
        }
    }
}
