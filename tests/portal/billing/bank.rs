//! The bank test in small (quality A8): while features reserve and return credits, every page that anybody reads adds up.

use super::{CREDITS, business, figures};
use crate::support::Stage;
use crate::support::fixtures::contract;
use creditdesk::audit::Who;
use creditdesk::credits::allocation::{Usage, record_units};
use creditdesk::credits::rates::Rate;
use creditdesk::db::{Db, SplitRefusal};
use creditdesk::kernel::credits::Credits;
use creditdesk::kernel::id::BusinessId;
use creditdesk::tx;

const READERS: usize = 3;
const READS: usize = 12;
const WRITERS: i64 = 4;
const WRITES: i64 = 25;

async fn write(db: Db, who: Who, business: BusinessId, writer: i64) {
    let feature = format!("Feature {writer}");
    for units in (0..WRITES).map(|turn| units(turn, writer)) {
        let rate = Rate::new(1, Credits::new(20).unwrap()).unwrap();
        let usage = Usage { business, solution: "Endpoint Security", feature: &feature, units, rate };
        tx!(db, |tx| { record_units(tx, &usage, &who).await }).refusal().unwrap().unwrap();
    }
}

const fn units(turn: i64, writer: i64) -> i64 {
    (turn * 37 + writer) % 300
}

both_engines! {
    /// CRD-2, CRD-4: read in the middle of any number of changes, valid is allocated and balance together.
    #[test]
    async fn every_page_adds_up_while_allocations_change(stage: Stage) {
        let portal = stage.portal().await;
        let acme = business(&stage, "Acme Industries").await;
        contract(&stage, acme, 10_000).await;
        // Tasks of their own: a page that is being parsed must not hold up a transaction.
        let writers: Vec<_> = (0..WRITERS).map(|writer| tokio::spawn(write(stage.db.clone(), stage.who("usage"), acme, writer))).collect();
        let read = async || {
            let mut browser = portal.sign_in("viewer@acme.example").await;
            for _ in 0..READS {
                let (valid, allocated, balance) = figures(browser.open(CREDITS).await);
                assert_eq!((valid, allocated + balance), (10_000, 10_000));
            }
        };
        futures_util::future::join_all((0..READERS).map(|_| read())).await;
        for writer in writers {
            writer.await.expect("a writer that ends");
        }
        let last: i64 = (0..WRITERS).map(|writer| units(WRITES - 1, writer) * 20).sum();
        let mut browser = portal.sign_in("viewer@acme.example").await;
        assert_eq!(figures(browser.open(CREDITS).await).1, last, "what was reported last is in force, for each feature");
    }
}
