//! The bank test in small (quality A8): while features reserve and return credits, every page that anybody reads adds up.

use super::{CREDITS, business, figures};
use crate::support::Stage;
use crate::support::fixtures::contract;
use creditdesk::credits::allocation::{Rate, Usage, record_units};
use creditdesk::db::SplitRefusal;
use creditdesk::kernel::credits::Credits;
use creditdesk::tx;

const READERS: usize = 3;
const READS: usize = 12;
const WRITERS: i64 = 4;
const WRITES: i64 = 25;

both_engines! {
    /// CRD-2, CRD-4: read in the middle of any number of changes, valid is allocated and balance together.
    #[test]
    async fn every_page_adds_up_while_allocations_change(stage: Stage) {
        let portal = stage.portal().await;
        let acme = business(&stage, "Acme Industries").await;
        contract(&stage, acme, 10_000).await;
        let who = stage.who("usage");
        let write = async |writer: i64| {
            let feature = format!("Feature {writer}");
            for units in (0..WRITES).map(|turn| (turn * 37 + writer) % 300) {
                let rate = Rate::new(1, Credits::new(20).unwrap()).unwrap();
                let usage = Usage { business: acme, solution: "Endpoint Security", feature: &feature, units, rate };
                tx!(stage.db, |tx| { record_units(tx, &usage, &who).await }).refusal().unwrap().unwrap();
                tokio::task::yield_now().await;
            }
        };
        let read = async || {
            let mut browser = portal.sign_in("viewer@acme.example").await;
            for _ in 0..READS {
                let (valid, allocated, balance) = figures(browser.open(CREDITS).await);
                assert_eq!((valid, allocated + balance), (10_000, 10_000));
            }
        };
        let writers = futures_util::future::join_all((0..WRITERS).map(write));
        let readers = futures_util::future::join_all((0..READERS).map(|_| read()));
        futures_util::future::join(writers, readers).await;
        let last: i64 = (0..WRITERS).map(|writer| ((WRITES - 1) * 37 + writer) % 300 * 20).sum();
        let mut browser = portal.sign_in("viewer@acme.example").await;
        assert_eq!(figures(browser.open(CREDITS).await).1, last, "what was reported last is in force, for each feature");
    }
}
