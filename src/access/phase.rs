//! How far a business's access goes, by its last-expiring license (EXP-2). The phase is computed from the clock at each
//! request and stored nowhere, so that no job can be late and a renewal reopens at once.

use crate::kernel::clock::Timestamp;
use chrono::TimeDelta;

/// How long the phases last. Days are of 24 hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lengths {
    grace: TimeDelta,
    lock: TimeDelta,
}

impl Lengths {
    /// The longest that either may be.
    pub const DAYS_MAX: u16 = 3_650;

    /// So many days each.
    #[must_use]
    pub const fn of_days(grace: u16, lock: u16) -> Self {
        Self { grace: TimeDelta::hours(grace as i64 * 24), lock: TimeDelta::hours(lock as i64 * 24) }
    }

    /// The first instant at which a business that expired then is locked.
    #[must_use]
    pub fn locks_at(self, expired_at: Timestamp) -> Timestamp {
        expired_at + self.grace
    }

    /// The first instant at which a business that expired then is closed.
    #[must_use]
    pub fn closes_at(self, expired_at: Timestamp) -> Timestamp {
        expired_at + self.grace + self.lock
    }

    /// Days of grace.
    #[must_use]
    pub fn grace_days(self) -> i64 {
        self.grace.num_days()
    }

    /// Days of lock.
    #[must_use]
    pub fn lock_days(self) -> i64 {
        self.lock.num_days()
    }
}

impl Default for Lengths {
    fn default() -> Self {
        Self::of_days(30, 30)
    }
}

/// How far a business's access goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// A license is valid, or the business never had one.
    Active,
    /// Everything works for a while after the last license ended.
    Grace {
        /// When the last license ended.
        expired_at: Timestamp,
        /// The first instant of the lock.
        locks_at: Timestamp,
    },
    /// Only those with licensing permission enter, and only to renew.
    Locked {
        /// When the last license ended.
        expired_at: Timestamp,
        /// The first instant at which nobody enters.
        closes_at: Timestamp,
    },
    /// Nobody of the business enters.
    Closed {
        /// Since when.
        since: Timestamp,
        /// Whether staff closed it for deletion.
        for_deletion: bool,
    },
}

impl Phase {
    /// Whether everything works: the answer for APIs that nobody renews through.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Active | Self::Grace { .. })
    }

    /// One word for lists and logs.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Active => "Active",
            Self::Grace { .. } => "Grace",
            Self::Locked { .. } => "Locked",
            Self::Closed { for_deletion: false, .. } => "Closed",
            Self::Closed { for_deletion: true, .. } => "Closed for deletion",
        }
    }
}

/// The phase at an instant, half-open (TIM-3): the last license is valid while `now < last_expiry`. Licenses that were
/// revoked do not count; a business that never had one is active.
#[must_use]
pub fn phase(last_expiry: Option<Timestamp>, now: Timestamp, lengths: Lengths) -> Phase {
    let Some(expired_at) = last_expiry else { return Phase::Active };
    let (locks_at, closes_at) = (lengths.locks_at(expired_at), lengths.closes_at(expired_at));
    if now < expired_at {
        Phase::Active
    } else if now < locks_at {
        Phase::Grace { expired_at, locks_at }
    } else if now < closes_at {
        Phase::Locked { expired_at, closes_at }
    } else {
        Phase::Closed { since: closes_at, for_deletion: false }
    }
}

/// What the phase of a business follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct Standing {
    /// The end of its last-expiring license that was not revoked; none when it has none.
    pub last_expiry: Option<Timestamp>,
    /// When staff closed it for deletion.
    pub closed_at: Option<Timestamp>,
}

impl Standing {
    /// The phase. What staff closed stays closed until they take that back.
    #[must_use]
    pub fn phase(self, now: Timestamp, lengths: Lengths) -> Phase {
        match self.closed_at {
            Some(since) => Phase::Closed { since, for_deletion: true },
            None => phase(self.last_expiry, now, lengths),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// EXP-2, TIM-3: each phase begins at its first microsecond and ends before the next one's.
    #[test]
    fn phases_change_at_their_boundaries_to_the_microsecond() {
        let expired_at = at("2027-03-02T09:00:00Z");
        let (locks_at, closes_at) = (at("2027-04-01T09:00:00Z"), at("2027-05-01T09:00:00Z"));
        let microsecond = TimeDelta::microseconds(1);
        let grace = Phase::Grace { expired_at, locks_at };
        let locked = Phase::Locked { expired_at, closes_at };
        let closed = Phase::Closed { since: closes_at, for_deletion: false };
        for (now, expected) in [
            (expired_at - microsecond, Phase::Active),
            (expired_at, grace),
            (locks_at - microsecond, grace),
            (locks_at, locked),
            (closes_at - microsecond, locked),
            (closes_at, closed),
            (closes_at + TimeDelta::days(4_000), closed),
        ] {
            assert_eq!(phase(Some(expired_at), now, Lengths::default()), expected, "{now}");
        }
    }

    /// EXP-2: a business that never had a license is active, however long.
    #[test]
    fn a_business_without_a_license_is_active() {
        assert_eq!(phase(None, at("2099-01-01T00:00:00Z"), Lengths::default()), Phase::Active);
    }

    /// EXP-2: the lengths are settings; a phase of no days does not occur.
    #[test]
    fn a_length_of_zero_days_leaves_the_phase_out() {
        let expired_at = at("2027-03-02T09:00:00Z");
        let at_once = |grace, lock| phase(Some(expired_at), expired_at, Lengths::of_days(grace, lock));
        assert!(matches!(at_once(0, 30), Phase::Locked { .. }));
        assert!(matches!(at_once(0, 0), Phase::Closed { .. }));
        assert_eq!(phase(Some(expired_at), expired_at + TimeDelta::hours(23), Lengths::of_days(1, 1)).label(), "Grace");
        assert_eq!(phase(Some(expired_at), expired_at + TimeDelta::hours(24), Lengths::of_days(1, 1)).label(), "Locked");
    }

    /// EXP-2: what staff closed for deletion stays closed, whatever licenses say.
    #[test]
    fn what_staff_closed_stays_closed() {
        let since = at("2027-06-01T09:00:00Z");
        let standing = Standing { last_expiry: Some(at("2030-01-01T00:00:00Z")), closed_at: Some(since) };
        assert_eq!(standing.phase(since, Lengths::default()), Phase::Closed { since, for_deletion: true });
    }
}
