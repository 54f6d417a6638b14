//! The movable clock: how far ahead it is stands in the database, so that every process on it follows, and only grows.
//! What has to happen when it moves is the clockwork's ([`crate::test_bench`] knows no jobs).

use super::Bench;
use super::store;
use crate::audit::{self, Entry, Who};
use crate::db::Error;
use crate::kernel::clock::{Clock, Timestamp};
use crate::tx;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

/// The farthest that one move goes: five years, a day at a time.
pub const FARTHEST: TimeDelta = TimeDelta::days(5 * 366);
/// How far it goes in one step, so that what is due on the way happens on its day: warnings are told by the day.
pub const STEP: TimeDelta = TimeDelta::days(1);

/// Why the clock is not moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoveRefusal {
    /// It says neither how far nor where to.
    #[error("say how far, such as +1h, +30d, or until when, such as 2027-01-01T00:00:00Z")]
    Unclear,
    /// It would go back, or stay.
    #[error("the clock only goes forward, and it is past that")]
    Back,
    /// Farther than [`FARTHEST`].
    #[error("that is more than five years; go there in several moves")]
    TooFar,
}

/// The instant that a person asks for: `+90s`, `+15m`, `+1h`, `+30d`, or an instant with its zone.
///
/// # Errors
/// The refusal.
pub fn wanted(typed: &str, now: Timestamp) -> Result<Timestamp, MoveRefusal> {
    let typed = typed.trim();
    let at = match typed.strip_prefix('+') {
        Some(far) => now.checked_add_signed(distance(far).ok_or(MoveRefusal::Unclear)?).ok_or(MoveRefusal::TooFar)?,
        None => DateTime::parse_from_rfc3339(typed).map_err(|_| MoveRefusal::Unclear)?.with_timezone(&Utc),
    };
    check(at, now).map(|()| at)
}

fn distance(far: &str) -> Option<TimeDelta> {
    let (number, unit) = far.split_at_checked(far.len().checked_sub(1)?)?;
    let number: u32 = number.parse().ok()?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return None,
    };
    TimeDelta::try_seconds(i64::from(number) * seconds)
}

fn check(to: Timestamp, now: Timestamp) -> Result<(), MoveRefusal> {
    if to <= now {
        return Err(MoveRefusal::Back);
    }
    if to - now > FARTHEST { Err(MoveRefusal::TooFar) } else { Ok(()) }
}

impl Bench {
    /// Brings a clock to where the database says it is. Nothing is read when the bench is off.
    ///
    /// # Errors
    /// Any storage error; the clock is then where it was.
    pub async fn follow(&self, clock: &Clock) -> Result<(), Error> {
        let Some(db) = self.db() else { return Ok(()) };
        clock.put_forward(TimeDelta::microseconds(store::ahead(db).await?));
        Ok(())
    }

    /// Puts the clock forward by one step of at most [`STEP`] towards being so far `ahead`; whether it is there. Of several
    /// that move it at once each step is one's, and all arrive at the farthest.
    ///
    /// # Errors
    /// Any storage error.
    pub async fn step(&self, clock: &Clock, ahead: TimeDelta) -> Result<bool, Error> {
        let Some(db) = self.db() else { return Ok(true) };
        let seen = TimeDelta::microseconds(store::ahead(db).await?);
        clock.put_forward(seen);
        if seen >= ahead {
            return Ok(true);
        }
        let next = ahead.min(seen + STEP);
        if store::put_forward(db, micros(seen), micros(next)).await? {
            clock.put_forward(next);
        }
        Ok(false)
    }

    /// Writes into the audit log that somebody moved the clock.
    ///
    /// # Errors
    /// Any storage error.
    pub async fn record_move(&self, who: &Who, from: Timestamp, to: Timestamp) -> Result<(), Error> {
        let Some(db) = self.db() else { return Ok(()) };
        tx!(db, |tx| {
            let entry = Entry::new("test_bench.clock_moved", "clock").before(json!({ "clock": from.to_rfc3339() }));
            audit::record(tx, who, entry.after(json!({ "clock": to.to_rfc3339() }))).await
        })
    }
}

fn micros(far: TimeDelta) -> i64 {
    far.num_microseconds().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_move_says_how_far_or_until_when_and_goes_forward() {
        let now: Timestamp = "2026-03-02T09:00:00Z".parse().expect("an instant");
        let to = |typed| wanted(typed, now);
        for (typed, far) in [("+90s", 90), ("+15m", 900), (" +1h ", 3_600), ("+30d", 2_592_000), ("2026-03-02T11:00:00+01:00", 3_600)] {
            assert_eq!(to(typed), Ok(now + TimeDelta::seconds(far)), "{typed}");
        }
        for unclear in ["", "+", "+d", "+1", "+1w", "+-1d", "-1d", "tomorrow", "2027-01-01", "+1é", "+99999999999d"] {
            assert_eq!(to(unclear), Err(MoveRefusal::Unclear), "{unclear}");
        }
        for back in ["+0s", "2026-03-02T09:00:00Z", "2020-01-01T00:00:00Z"] {
            assert_eq!(to(back), Err(MoveRefusal::Back), "{back}");
        }
        for far in ["+1831d", "9999-01-01T00:00:00Z", "+4000000000d"] {
            assert_eq!(to(far), Err(MoveRefusal::TooFar), "{far}");
        }
        assert!(to("+1830d").is_ok());
    }
}
