//! What is allocated over a change of the program: rates of another solutions file, entries of an older schema, and
//! accounts that somebody changed by hand.

use crate::support::Stage;
use crate::support::fixtures::business;
use crate::support::schema;
use crate::support::usage::{ASSESSED, SOLUTIONS, XDR, use_units};
use creditdesk::credits::allocation::{apply_rates, check};
use creditdesk::credits::ledger;
use creditdesk::credits::solutions::{EMBEDDED, Solutions};
use creditdesk::db::{Db, Engine};
use creditdesk::kernel::id::BusinessId;
use sqlx::migrate::Migrator;
use std::path::Path;

both_engines! {
    /// CRD-3: a rate that changes in the file is applied to what is allocated once, as entries of its own; what did not
    /// change and what the file no longer has stays as it is.
    #[test]
    async fn a_changed_rate_is_applied_once(stage: Stage) {
        let (acme, globex) = (business(&stage, "Acme").await, business(&stage, "Globex").await);
        let who = stage.who("ada");
        use_units(&stage.db, acme, XDR, 60, &who).await;
        use_units(&stage.db, globex, XDR, 1, &who).await;
        use_units(&stage.db, acme, ASSESSED, 5, &who).await;
        use_units(&stage.db, acme, "mobile-security/devices", 5, &who).await;
        assert_eq!(apply_rates(&stage.db, &SOLUTIONS, stage.now()).await.unwrap(), 0);
        let dearer = EMBEDDED.replacen("credits = 20\n", "credits = 21\n", 1).replace("key = \"mobile-security\"", "key = \"mobile\"");
        let dearer = Solutions::parse(&dearer).unwrap();
        let (one, two) = tokio::join!(apply_rates(&stage.db, &dearer, stage.now()), apply_rates(&stage.db, &dearer, stage.now()));
        assert_eq!(one.unwrap() + two.unwrap(), 2, "two processes that start at once");
        assert_eq!(apply_rates(&stage.db, &dearer, stage.now()).await.unwrap(), 0);
        let entries: Vec<(String, i64, i64, String, i64)> = stage
            .db
            .read("SELECT account, units, credits, recorded_by, credits_after FROM allocation_entries WHERE reason = 'rate_changed' AND business_id = $1")
            .bind(acme)
            .all()
            .await
            .unwrap();
        assert_eq!(entries, [(XDR.to_owned(), 60, 60, "solutions file".to_owned(), 1_260)]);
        let figures = ledger::figures(&stage.db, acme, stage.now()).await.unwrap();
        assert_eq!(figures.allocated, 60 * 21 + 5 * 20 + 5 * 5);
        assert_eq!(check(&stage.db).await.unwrap(), []);
    }

    /// CRD-11: entries that were written before accounts existed are kept, numbered, and are what the accounts add up to.
    #[test]
    async fn entries_of_the_older_schema_are_kept(stage: Stage) {
        let url = schema::empty_database(&stage).await;
        let db = Db::open(&url).await.unwrap();
        migrate_before(&db, stage.engine(), 8).await;
        let acme = BusinessId::generate();
        db.write("INSERT INTO businesses (id, name, search_key, created_at) VALUES ($1, 'Acme', 'acme', $2)").bind(acme).bind(stage.now()).exec_one().await.unwrap();
        for (feature, units, credits) in [("Core", 10, 200), ("Pro", 1, 300), ("Core", 4, -120)] {
            let insert = db.write("INSERT INTO allocation_entries (id, business_id, solution, feature, units, credits, recorded_at, recorded_by) VALUES ($1, $2, 'Endpoint', $3, $4, $5, $6, 'ada')");
            let insert = insert.bind(creditdesk::kernel::random::id()).bind(acme).bind(feature).bind(i64::from(units)).bind(i64::from(credits));
            insert.bind(stage.clock.now()).exec_one().await.unwrap();
            stage.clock.advance(chrono::TimeDelta::hours(1));
        }
        db.migrate().await.unwrap();
        let entries: Vec<(String, i64, i64, i64, i64, i64)> =
            db.read("SELECT account, number, units_before, units, credits, credits_after FROM allocation_entries ORDER BY account, number").all().await.unwrap();
        let core = "Endpoint/Core".to_owned();
        assert_eq!(entries, [(core.clone(), 1, 0, 10, 200, 200), (core, 2, 10, 4, -120, 80), ("Endpoint/Pro".to_owned(), 1, 0, 1, 300, 300)]);
        assert_eq!(check(&db).await.unwrap(), []);
        assert_eq!(ledger::figures(&db, acme, stage.now()).await.unwrap().allocated, 380);
        assert!(db.write("UPDATE allocation_entries SET credits = 0").exec().await.is_err(), "still never edited");
        db.close().await;
        schema::drop_database(&stage, &url).await;
    }

    /// CRD-3: an account that is not the sum of its entries is found, whichever side was changed by hand.
    #[test]
    async fn an_account_that_was_changed_by_hand_is_found(stage: Stage) {
        let acme = business(&stage, "Acme").await;
        use_units(&stage.db, acme, XDR, 60, &stage.who("ada")).await;
        assert_eq!(check(&stage.db).await.unwrap(), []);
        stage.db.write("UPDATE allocation_accounts SET credits = 1201 WHERE account = 'endpoint-security/xdr'").exec_one().await.unwrap();
        assert_eq!(check(&stage.db).await.unwrap(), [(acme, XDR.to_owned(), 1_201, 1_200)]);
        stage.db.write("DELETE FROM allocation_accounts WHERE account = 'endpoint-security/xdr'").exec_one().await.unwrap();
        assert_eq!(check(&stage.db).await.unwrap(), [(acme, XDR.to_owned(), 0, 1_200)]);
    }
}

async fn migrate_before(db: &Db, engine: Engine, version: i64) {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(if engine == Engine::Sqlite { "sqlite" } else { "postgres" });
    let mut migrator = Migrator::new(folder).await.unwrap();
    let earlier: Vec<_> = migrator.iter().filter(|migration| migration.version < version).cloned().collect();
    migrator = Migrator { migrations: earlier.into(), ..migrator };
    match db {
        Db::Sqlite { write, .. } => migrator.run(write).await.unwrap(),
        Db::Postgres(pool) => migrator.run(pool).await.unwrap(),
    }
}
