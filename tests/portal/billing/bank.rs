//! The bank test (quality A8): while features reserve and return credits, every page that anybody reads adds up.

use super::{CREDITS, business, figures};
use crate::support::Stage;
use crate::support::fixtures::contract;
use crate::support::usage::use_units;
use creditdesk::audit::Who;
use creditdesk::db::Db;
use creditdesk::kernel::id::BusinessId;

/// Reads are counted and not timed, so that a slow machine does as much as a fast one; the hour-long run raises this.
const READS: usize = 12;
const READERS: usize = 8;
const WRITES: i64 = 25;
/// A feature each, with its credits for a unit; some share a solution.
const WRITERS: [(&str, i64); 8] = [
    ("endpoint-security/xdr", 20),
    ("endpoint-security/core", 45),
    ("endpoint-security/pro", 300),
    ("cyber-risk/core", 20),
    ("cyber-risk/essentials", 50),
    ("email-security/email-sensor", 5),
    ("mobile-security/devices", 5),
    ("threat-intelligence/sandbox-reserve", 50),
];

async fn write(db: Db, who: Who, business: BusinessId, writer: usize) {
    for turn in 0..WRITES {
        use_units(&db, business, WRITERS[writer].0, units(turn, writer), &who).await;
    }
}

fn units(turn: i64, writer: usize) -> i64 {
    (turn * 37 + i64::try_from(writer).unwrap()) % 300
}

both_engines! {
    /// CRD-2, CRD-4, CRD-5: read in the middle of any number of changes, valid is allocated and balance together, and the
    /// shares of the table and the features below them are what is allocated.
    #[test]
    async fn every_page_adds_up_while_allocations_change(stage: Stage) {
        let portal = stage.portal().await;
        let acme = business(&stage, "Acme Industries").await;
        contract(&stage, acme, 10_000).await;
        // Tasks of their own: a page that is being parsed must not hold up a transaction.
        let write = |writer| tokio::spawn(write(stage.db.clone(), stage.who("usage"), acme, writer));
        let writers: Vec<_> = (0..WRITERS.len()).map(write).collect();
        // One sign-in for all: eight at once of one account are throttled.
        let viewer = portal.sign_in("viewer@acme.example").await;
        let read = async || {
            let mut browser = viewer.clone();
            for _ in 0..READS {
                let page = browser.open(CREDITS).await;
                let (valid, allocated, balance) = figures(page);
                assert_eq!((valid, allocated + balance), (10_000, 10_000));
                for part in ["data[data-share]", "data[data-feature]"] {
                    let sum: i64 = page.attributes(part, "value").iter().map(|value| value.parse::<i64>().unwrap()).sum();
                    assert_eq!(sum, allocated, "{part}: {page:?}");
                }
            }
        };
        futures_util::future::join_all((0..READERS).map(|_| read())).await;
        for writer in writers {
            writer.await.expect("a writer that ends");
        }
        let last: i64 = WRITERS.iter().enumerate().map(|(writer, (_, credits))| units(WRITES - 1, writer) * credits).sum();
        let mut browser = viewer.clone();
        assert_eq!(figures(browser.open(CREDITS).await), (10_000, last, 10_000 - last), "every change counted");
        assert_eq!(creditdesk::credits::allocation::check(&stage.db).await.unwrap(), []);
    }
}
