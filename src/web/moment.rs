//! An instant as pages print it: for machines and for people, in the viewer's zone.

use crate::kernel::clock::Timestamp;
use crate::kernel::show::{self, Zone};

/// Ready for `ui::time`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// RFC 3339 in UTC.
    pub iso: String,
    /// With the zone's name: 31 Dec 2026, 14:05 UTC.
    pub text: String,
}

impl Moment {
    /// With the time of day and the zone.
    #[must_use]
    pub fn new(at: Timestamp, zone: Zone) -> Self {
        Self { iso: show::iso(at), text: show::date_time(at, zone) }
    }
}
