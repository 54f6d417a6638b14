//! The one source of time. Everything that depends on time asks a [`Clock`] once an operation and passes the instant on.

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// An instant in UTC with microseconds: what both engines can store without loss (TIM-1).
pub type Timestamp = DateTime<Utc>;

/// The system's time, or one that only moves when it is told to, or either of them put forward by the test bench.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's wall clock.
    System,
    /// Microseconds since the epoch, shared by every clone.
    Manual(Arc<AtomicI64>),
    /// Another clock that goes on as it does, and so many microseconds ahead of it, shared by every clone. They only grow.
    Movable(Arc<Clock>, Arc<AtomicI64>),
}

impl Clock {
    /// The machine's wall clock.
    #[must_use]
    pub const fn system() -> Self {
        Self::System
    }

    /// A clock that stands still at `start` until it is advanced.
    #[must_use]
    pub fn manual(start: Timestamp) -> Self {
        Self::Manual(Arc::new(AtomicI64::new(start.timestamp_micros())))
    }

    /// This clock as one that can be put forward.
    #[must_use]
    pub fn movable(self) -> Self {
        Self::Movable(Arc::new(self), Arc::new(AtomicI64::new(0)))
    }

    /// The present instant, to the microsecond.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the wall clock")]
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => Utc::now().trunc_subsecs(6),
            Self::Manual(micros) => DateTime::from_timestamp_micros(micros.load(Ordering::SeqCst)).unwrap_or(DateTime::UNIX_EPOCH),
            Self::Movable(under, _) => {
                let at = under.now();
                at.checked_add_signed(self.moved_by()).unwrap_or(at)
            }
        }
    }

    /// The clock under a movable one: for what belongs to the world outside, such as signatures of clients and sign-ins.
    #[must_use]
    pub fn unmoved(&self) -> Self {
        match self {
            Self::System | Self::Manual(_) => self.clone(),
            Self::Movable(under, _) => Self::clone(under),
        }
    }

    /// How far ahead of the clock under it a movable one is.
    #[must_use]
    pub fn moved_by(&self) -> TimeDelta {
        match self {
            Self::System | Self::Manual(_) => TimeDelta::zero(),
            Self::Movable(_, ahead) => TimeDelta::microseconds(ahead.load(Ordering::SeqCst)),
        }
    }

    /// Puts a movable clock so far ahead of the one under it. Never back: less than it is ahead already changes nothing,
    /// and other clocks ignore it.
    pub fn put_forward(&self, ahead: TimeDelta) {
        if let Self::Movable(_, micros) = self {
            micros.fetch_max(ahead.num_microseconds().unwrap_or(0), Ordering::SeqCst);
        }
    }

    /// Moves a manual clock, also one under a movable one; the system's clock cannot be moved and ignores it.
    pub fn advance(&self, by: TimeDelta) {
        match self {
            Self::System => {}
            Self::Manual(micros) => drop(micros.fetch_add(by.num_microseconds().unwrap_or(0), Ordering::SeqCst)),
            Self::Movable(under, _) => under.advance(by),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_movable_clock_goes_with_the_one_under_it_and_never_back() {
        let start: Timestamp = "2026-03-02T09:00:00Z".parse().expect("an instant");
        let under = Clock::manual(start);
        let clock = under.clone().movable();
        let follower = clock.clone();
        clock.put_forward(TimeDelta::days(30));
        assert_eq!((follower.now(), under.now()), (start + TimeDelta::days(30), start));
        clock.put_forward(TimeDelta::days(29));
        assert_eq!(follower.now(), start + TimeDelta::days(30), "less changes nothing");
        under.advance(TimeDelta::hours(1));
        assert_eq!((clock.now(), clock.unmoved().now()), (start + TimeDelta::days(30) + TimeDelta::hours(1), under.now()));
        under.put_forward(TimeDelta::days(1));
        assert_eq!(under.now(), start + TimeDelta::hours(1), "a clock that is not movable ignores it");
        clock.put_forward(TimeDelta::MAX);
        assert_eq!(clock.moved_by(), TimeDelta::days(30), "what no clock can show changes nothing");
    }
}
