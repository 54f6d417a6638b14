//! When an event is delivered while faults of delivery are on. Pure: the same faults, instant and turn give the same plan.

use super::fault::{Fault, Faults};
use crate::kernel::clock::Timestamp;
use chrono::TimeDelta;

/// The instants at which an event that is due `now` is delivered: one without faults, none when it is dropped, two when it
/// is duplicated, later when it is late or overtaken. `turn` numbers the events, so that each waits differently.
#[must_use]
pub fn deliveries(faults: &Faults, now: Timestamp, turn: u64) -> Vec<Timestamp> {
    if faults.has(Fault::DroppedEvents) {
        return Vec::new();
    }
    let late = TimeDelta::seconds(faults.value(Fault::LateEvents).unwrap_or(0));
    let most = faults.value(Fault::ReorderedEvents).unwrap_or(0).unsigned_abs() * 1_000;
    let overtaken = |turn: u64| TimeDelta::milliseconds(i64::try_from(mixed(turn) % (most + 1)).unwrap_or(0));
    let first = now + late + overtaken(turn.wrapping_mul(2));
    match faults.value(Fault::DuplicateEvents) {
        None => vec![first],
        Some(seconds) => vec![first, now + late + TimeDelta::seconds(seconds) + overtaken(turn.wrapping_mul(2).wrapping_add(1))],
    }
}

/// The faults that such a plan uses once.
#[must_use]
pub fn used(faults: &Faults) -> Vec<Fault> {
    let by_delivery = [Fault::LateEvents, Fault::ReorderedEvents, Fault::DuplicateEvents];
    if faults.has(Fault::DroppedEvents) {
        return vec![Fault::DroppedEvents];
    }
    by_delivery.into_iter().filter(|fault| faults.has(*fault)).collect()
}

/// Scatters neighbouring numbers (the finishing steps of splitmix64); not random and not meant to be.
const fn mixed(number: u64) -> u64 {
    let one = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let two = (one ^ (one >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let three = (two ^ (two >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    three ^ (three >> 31)
}

#[cfg(test)]
mod tests {
    use super::super::fault::Setting;
    use super::*;

    fn now() -> Timestamp {
        "2026-03-02T09:00:00Z".parse().expect("an instant")
    }

    fn faults(on: &[(Fault, i64)]) -> Faults {
        let setting = |value| Setting { value, remaining: None, since: now(), by: String::new() };
        Faults::of(on.iter().map(|(fault, value)| (*fault, setting(*value))).collect())
    }

    fn delays(on: &[(Fault, i64)], turn: u64) -> Vec<i64> {
        deliveries(&faults(on), now(), turn).into_iter().map(|at| (at - now()).num_seconds()).collect()
    }

    /// Rules 50 and 51 of the protocol: what a consumer has to bear.
    #[test]
    fn an_event_comes_once_twice_late_or_not_at_all() {
        assert_eq!(delays(&[], 1), [0]);
        assert_eq!(delays(&[(Fault::DuplicateEvents, 0)], 1), [0, 0]);
        assert_eq!(delays(&[(Fault::DuplicateEvents, 30), (Fault::LateEvents, 60)], 1), [60, 90]);
        assert_eq!(delays(&[(Fault::LateEvents, 60)], 1), [60]);
        assert!(delays(&[(Fault::DroppedEvents, 0), (Fault::DuplicateEvents, 0), (Fault::LateEvents, 9)], 1).is_empty());
        assert_eq!(delays(&[(Fault::Throttling, 5), (Fault::InternalError, 0)], 1), [0], "faults of calls change nothing");
    }

    #[test]
    fn reordered_events_overtake_each_other_the_same_way_every_time() {
        let plan = || (0..100).map(|turn| deliveries(&faults(&[(Fault::ReorderedEvents, 10)]), now(), turn)[0]).collect::<Vec<_>>();
        let times = plan();
        assert_eq!(times, plan());
        let overtaken = times.windows(2).filter(|pair| pair[1] < pair[0]).count();
        assert!(overtaken > 25, "{overtaken} of 99 were overtaken");
        assert!(times.iter().all(|at| (0..=10_000).contains(&(*at - now()).num_milliseconds())));
    }

    #[test]
    fn a_plan_uses_the_faults_that_shaped_it() {
        let all = [Fault::LateEvents, Fault::ReorderedEvents, Fault::DuplicateEvents].map(|fault| (fault, 1));
        assert_eq!(used(&faults(&all)).len(), 3);
        assert_eq!(used(&faults(&[all[0], (Fault::DroppedEvents, 0)])), [Fault::DroppedEvents]);
        assert!(used(&faults(&[(Fault::Throttling, 1)])).is_empty());
    }
}
