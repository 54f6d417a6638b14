//! When an event reaches a target: the one place that decides how often and at which instants. Pure.

use super::event::Event;
use crate::kernel::clock::Timestamp;

/// The instants from which on an event can be taken by a target, one delivery for each. An event is told once, at once;
/// that it may still arrive twice, late or after a later one is in the nature of a delivery at least once.
#[must_use]
pub fn deliveries(_: &Event, now: Timestamp) -> Vec<Timestamp> {
    vec![now]
}
