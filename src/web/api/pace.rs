//! How often a key may call, and an address may show a key that does not work: counted a minute in this process. Keys
//! have 256 random bits, so this guards the machine and not the keys.

use crate::kernel::clock::Timestamp;
use chrono::TimeDelta;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

const WINDOW: TimeDelta = TimeDelta::minutes(1);
/// Most names that are remembered; beyond, those whose minute is over are forgotten.
const NAMES_MAX: usize = 10_000;

/// Calls of one key in a minute.
pub const CALLS_OF_KEY: u32 = 6_000;
/// Keys that do not work, from one address in a minute.
pub const FAILURES_OF_ADDRESS: u32 = 60;

/// Counts by name.
#[derive(Debug, Default)]
pub struct Pace(Mutex<HashMap<String, (Timestamp, u32)>>);

impl Pace {
    /// Counts one; the seconds to wait when that is one too many, which is then not counted.
    ///
    /// # Errors
    /// The seconds to wait.
    pub fn count(&self, name: &str, most: u32, now: Timestamp) -> Result<(), i64> {
        let mut counts = self.counts();
        if counts.len() >= NAMES_MAX && !counts.contains_key(name) {
            counts.retain(|_, (begun, _)| now - *begun < WINDOW);
        }
        let (begun, count) = counts.entry(name.to_owned()).or_insert((now, 0));
        if now - *begun >= WINDOW || now < *begun {
            (*begun, *count) = (now, 0);
        }
        if *count >= most {
            return Err(wait(*begun, now));
        }
        *count += 1;
        Ok(())
    }

    /// Whether the count is used up, without counting.
    ///
    /// # Errors
    /// The seconds to wait.
    pub fn look(&self, name: &str, most: u32, now: Timestamp) -> Result<(), i64> {
        match self.counts().get(name) {
            Some((begun, count)) if *count >= most && *begun <= now && now - *begun < WINDOW => Err(wait(*begun, now)),
            _ => Ok(()),
        }
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<String, (Timestamp, u32)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn wait(begun: Timestamp, now: Timestamp) -> i64 {
    (WINDOW - (now - begun)).num_seconds() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_has_its_own_count_and_a_new_one_every_minute() {
        let (pace, now) = (Pace::default(), "2026-03-02T09:00:00Z".parse::<Timestamp>().unwrap());
        for _ in 0..3 {
            pace.count("a", 3, now).unwrap();
        }
        assert_eq!(pace.count("a", 3, now + TimeDelta::seconds(20)), Err(41));
        assert_eq!(pace.look("a", 3, now + TimeDelta::seconds(59)), Err(2));
        assert_eq!((pace.count("b", 3, now), pace.look("b", 3, now)), (Ok(()), Ok(())));
        assert_eq!(pace.look("a", 3, now + WINDOW), Ok(()));
        assert_eq!(pace.count("a", 3, now + WINDOW), Ok(()));
        assert_eq!(pace.count("a", 3, now - WINDOW), Ok(()), "a clock that was set back does not shut anybody out");
    }
}
