//! Known bugs of other credit systems that need the whole round, by name. Others stand with what they are about: "expired
//! but unswept lots still counted" and "unspent read outside the lock" in `allocation.rs`, "a failed read taken for zero
//! usage" in `usage_api.rs`.

use super::reference::Answer;
use super::world::World;
use crate::support::Stage;
use chrono::{Months, TimeDelta};
use creditdesk::credits::history;
use creditdesk::credits::ledger;

/// A contract of a thousand credits that renews, activated in the first business.
async fn contract(stage: Stage) -> World {
    let mut world = World::open(stage).await;
    assert_eq!(world.purchase(0, 0, 1_000, true).await, Answer::Done);
    assert_eq!(world.set_up(0).await, Answer::Done);
    assert_eq!(world.activate(0, 0).await, Answer::Done);
    world
}

async fn valid(world: &World) -> i64 {
    ledger::figures(&world.stage.db, world.businesses[0], world.stage.now()).await.unwrap().total_valid
}

async fn entries(world: &World) -> (i64, i64) {
    let count = "SELECT (SELECT CAST(COUNT(*) AS BIGINT) FROM credit_entries), (SELECT CAST(COUNT(*) AS BIGINT) FROM charges)";
    world.stage.db.read(count).one().await.unwrap()
}

both_engines! {
    /// Known bug of other credit systems, "a grant at the reset instant lost": what is bought in the last microsecond of a
    /// term, what is granted exactly at its end, and the renewal itself all count from that instant on, and the old term
    /// does not (REN-1, TIM-3).
    #[test]
    async fn a_grant_at_the_reset_instant_is_not_lost(stage: Stage) {
        let mut world = contract(stage).await;
        let tick = TimeDelta::microseconds(1);
        let start = world.stage.now();
        let end = start + Months::new(12);
        world.stage.clock.advance(end - start - tick);
        assert_eq!(world.upgrade(0, 200).await, Answer::Done);
        assert_eq!(valid(&world).await, 1_000);
        world.stage.clock.advance(tick);
        assert_eq!(valid(&world).await, 0, "the old term is over");
        world.issue(500, 12, None).await;
        assert_eq!(world.redeem(0, 0, false).await, Answer::Done);
        assert_eq!(valid(&world).await, 500);
        world.renew(2).await;
        world.notices(false).await;
        assert_eq!(valid(&world).await, 1_700);
        let line = history::read(&world.stage.db, world.scope(0), start, end).await.unwrap();
        assert_eq!((line.at(end - tick).total_valid, line.at(end).total_valid), (1_000, 1_700));
    }

    /// Known bug of other credit systems, "an edit granting again": whatever is changed about a contract that was granted,
    /// in its first term or after a renewal, and however often it is told, grants and charges nothing (REN-3, UPG-5).
    #[test]
    async fn an_edit_grants_nothing_again(stage: Stage) {
        let mut world = contract(stage).await;
        for (term, booked) in [(1, (1, 1)), (2, (2, 2))] {
            for (on, next) in [(true, Some(4_000)), (true, Some(400)), (false, None), (true, Some(1_000)), (true, None)] {
                assert_eq!(world.modify_renewal(0, on, next).await, Answer::Done);
                world.notices(false).await;
                world.notices(true).await;
            }
            for units in [10, 20, 20] {
                assert_eq!(world.allocate(0, 0, units).await, Answer::Done);
            }
            assert_eq!(world.set_up(0).await, Answer::Done);
            assert_eq!(world.activate(term, 0).await, Answer::Already);
            assert_eq!((entries(&world).await, valid(&world).await), (booked, 1_000), "term {term}");
            world.stage.clock.advance(TimeDelta::days(365));
            world.renew(1).await;
            world.notices(true).await;
        }
    }
}
