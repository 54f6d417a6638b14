//! A circuit breaker: after a row of failures a service is left alone for a while, then tried once. Pure; the time is told.

use crate::kernel::clock::Timestamp;
use chrono::TimeDelta;

/// Failures in a row that open it.
pub const FAILURES_MAX: u32 = 5;
/// How long it stays open the first time; twice as long each time that the trial fails.
pub const OPEN_FIRST: TimeDelta = TimeDelta::seconds(30);
/// The longest.
pub const OPEN_MOST: TimeDelta = TimeDelta::minutes(5);
/// A trial that nobody reported back from by then is forgotten, as when its caller went away.
pub const TRIAL_PATIENCE: TimeDelta = TimeDelta::minutes(1);

/// How a breaker stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Breaker {
    /// Calls are made.
    Closed {
        /// Failures since the last success.
        failures: u32,
    },
    /// Calls fail at once.
    Open {
        /// Until then, exclusive.
        until: Timestamp,
        /// How long it is open this time.
        length: TimeDelta,
    },
    /// One call is made to see.
    HalfOpen {
        /// When the trial began.
        since: Timestamp,
        /// How long it was open before.
        length: TimeDelta,
    },
}

impl Default for Breaker {
    fn default() -> Self {
        Self::Closed { failures: 0 }
    }
}

impl Breaker {
    /// Asks to make a call at `now`. The new state, and whether the call may be made.
    ///
    /// # Errors
    /// Until when none may.
    pub fn admit(self, now: Timestamp) -> (Self, Result<(), Timestamp>) {
        match self {
            Self::Closed { .. } => (self, Ok(())),
            Self::Open { until, length } if now >= until => (Self::HalfOpen { since: now, length }, Ok(())),
            Self::Open { until, .. } => (self, Err(until)),
            Self::HalfOpen { since, length } if now >= since + TRIAL_PATIENCE => (Self::HalfOpen { since: now, length }, Ok(())),
            Self::HalfOpen { since, .. } => (self, Err(since + TRIAL_PATIENCE)),
        }
    }

    /// The service answered, whatever it said.
    #[must_use]
    pub const fn succeeded(self) -> Self {
        match self {
            // A call from before it opened tells nothing about now.
            Self::Open { .. } => self,
            Self::Closed { .. } | Self::HalfOpen { .. } => Self::Closed { failures: 0 },
        }
    }

    /// The service did not answer.
    #[must_use]
    pub fn failed(self, now: Timestamp) -> Self {
        let open = |length| Self::Open { until: now + length, length };
        match self {
            Self::Closed { failures } if failures + 1 >= FAILURES_MAX => open(OPEN_FIRST),
            Self::Closed { failures } => Self::Closed { failures: failures + 1 },
            Self::HalfOpen { length, .. } => open((length * 2).min(OPEN_MOST)),
            Self::Open { .. } => self,
        }
    }

    /// When the next call may be made, while none is made now.
    #[must_use]
    pub fn closed_until(self, now: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Open { until, .. } => Some(until).filter(|until| now < *until),
            Self::Closed { .. } | Self::HalfOpen { .. } => None,
        }
    }

    /// 0 closed, 1 half-open, 2 open: what the gauge shows.
    #[must_use]
    pub const fn level(self) -> u8 {
        match self {
            Self::Closed { .. } => 0,
            Self::HalfOpen { .. } => 1,
            Self::Open { .. } => 2,
        }
    }

    /// In a word, for the log.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Closed { .. } => "closed",
            Self::HalfOpen { .. } => "half-open",
            Self::Open { .. } => "open",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start() -> Timestamp {
        "2026-03-02T09:00:00Z".parse().unwrap()
    }

    fn opened() -> Breaker {
        (0..FAILURES_MAX).fold(Breaker::default(), |breaker, _| breaker.failed(start()))
    }

    #[test]
    fn a_row_of_failures_opens_it_and_a_success_breaks_the_row() {
        let almost = (1..FAILURES_MAX).fold(Breaker::default(), |breaker, _| breaker.failed(start()));
        assert_eq!(almost.admit(start()), (almost, Ok(())));
        assert_eq!(almost.succeeded(), Breaker::default());
        let until = start() + OPEN_FIRST;
        assert_eq!(almost.failed(start()), Breaker::Open { until, length: OPEN_FIRST });
        assert_eq!(opened().admit(until - TimeDelta::microseconds(1)), (opened(), Err(until)));
        assert_eq!(opened().closed_until(start()), Some(until));
        assert_eq!(opened().closed_until(until), None);
        assert_eq!((opened().succeeded(), opened().failed(until)), (opened(), opened()), "calls from before tell nothing");
    }

    #[test]
    fn half_open_it_lets_one_call_through_whose_outcome_decides() {
        let until = start() + OPEN_FIRST;
        let (trial, admitted) = opened().admit(until);
        assert_eq!((trial, admitted), (Breaker::HalfOpen { since: until, length: OPEN_FIRST }, Ok(())));
        assert_eq!(trial.admit(until), (trial, Err(until + TRIAL_PATIENCE)), "a second caller waits for the first");
        assert_eq!(trial.admit(until + TRIAL_PATIENCE).1, Ok(()), "a trial that never came back is made again");
        assert_eq!(trial.succeeded(), Breaker::default());
        assert_eq!(trial.failed(until), Breaker::Open { until: until + OPEN_FIRST * 2, length: OPEN_FIRST * 2 });
    }

    #[test]
    fn the_pauses_grow_to_five_minutes() {
        let (mut breaker, mut now, mut lengths) = (opened(), start(), Vec::new());
        for _ in 0..6 {
            let Breaker::Open { until, length } = breaker else { panic!("{breaker:?}") };
            lengths.push(length.num_seconds());
            now = until.max(now);
            breaker = breaker.admit(now).0.failed(now);
        }
        assert_eq!(lengths, [30, 60, 120, 240, 300, 300]);
    }
}
