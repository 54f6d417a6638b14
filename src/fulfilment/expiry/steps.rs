//! Which warning is due before an expiration. Pure.

use crate::kernel::clock::Timestamp;
use chrono::TimeDelta;

/// Days of 24 hours before an expiration at which a warning goes out, the first one first (EXP-3).
pub const STEPS: [i64; 7] = [180, 120, 90, 60, 30, 7, 1];

/// A step and the expirations for which it is the nearest one that has come: those after `from`, up to and including `to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    pub days: i64,
    pub from: Timestamp,
    pub to: Timestamp,
}

/// One window a step. They do not overlap, so an expiration is told by its nearest step and not by those that were missed.
pub(super) fn windows(now: Timestamp) -> impl Iterator<Item = Window> {
    let later = STEPS.into_iter().skip(1).chain([0]);
    STEPS.into_iter().zip(later).map(move |(days, next)| Window {
        days,
        from: now + TimeDelta::days(next),
        to: now + TimeDelta::days(days),
    })
}

/// Whether a step is told to those who have the license since `known_since`: not when it had passed before.
pub(super) fn is_news(days: i64, expires_at: Timestamp, known_since: Timestamp) -> bool {
    known_since <= expires_at - TimeDelta::days(days)
}

/// Days before the expiration at which the next warning goes out, and when that is.
#[must_use]
pub fn next_step(expires_at: Timestamp, now: Timestamp) -> Option<(i64, Timestamp)> {
    STEPS.into_iter().map(|days| (days, expires_at - TimeDelta::days(days))).find(|(_, at)| *at > now)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step_at(now: Timestamp, expires_at: Timestamp) -> Option<i64> {
        let mut due: Vec<i64> =
            windows(now).filter(|window| window.from < expires_at && expires_at <= window.to).map(|window| window.days).collect();
        assert!(due.len() <= 1, "{due:?}");
        due.pop()
    }

    /// EXP-3, TIM-3: each step begins at its microsecond and is the only one that is due until the next.
    #[test]
    fn exactly_the_nearest_step_is_due() {
        let expires_at: Timestamp = "2027-03-02T09:00:00Z".parse().unwrap();
        let microsecond = TimeDelta::microseconds(1);
        assert_eq!(step_at(expires_at - TimeDelta::days(180) - microsecond, expires_at), None);
        for (place, days) in STEPS.into_iter().enumerate() {
            let begins = expires_at - TimeDelta::days(days);
            assert_eq!(step_at(begins, expires_at), Some(days));
            assert_eq!(step_at(begins - microsecond, expires_at), place.checked_sub(1).map(|before| STEPS[before]));
        }
        assert_eq!(step_at(expires_at - microsecond, expires_at), Some(1));
        assert_eq!(step_at(expires_at, expires_at), None, "what has expired is not warned of");
    }

    #[test]
    fn a_step_that_passed_before_the_license_was_there_is_no_news() {
        let expires_at: Timestamp = "2027-03-02T09:00:00Z".parse().unwrap();
        let step = expires_at - TimeDelta::days(30);
        assert!(is_news(30, expires_at, step));
        assert!(!is_news(30, expires_at, step + TimeDelta::microseconds(1)));
    }
}
