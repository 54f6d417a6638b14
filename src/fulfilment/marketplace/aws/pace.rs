//! Keeps the console under AWS's quota of `GetEntitlements`, 20 requests a second for an account, however many contracts are
//! read at once.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// The least distance between two calls: at most 16 a second, which leaves room for another process's landings.
const DISTANCE: Duration = Duration::from_millis(60);

/// Hands out places in time.
#[derive(Debug)]
pub struct Pace(Mutex<Option<Instant>>);

impl Pace {
    /// Nobody has called yet.
    pub const fn new() -> Self {
        Self(Mutex::new(None))
    }

    /// Waits for its place.
    pub async fn wait(&self) {
        let place = {
            let mut next = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let place = next.map_or_else(Instant::now, |next| next.max(Instant::now()));
            *next = Some(place + DISTANCE);
            place
        };
        tokio::time::sleep_until(place).await;
    }
}
