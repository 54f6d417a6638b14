//! The benchmark itself: that it runs, that its bare loop still has the statements of the use case, and that it takes
//! everything away again. What it measures here, in a debug build beside other tests, means nothing.

use crate::support::Stage;
use creditdesk::db::Engine;
use std::process::{Command, Output, Stdio};

async fn run(stage: &Stage, more: &[&str]) -> Output {
    let mut bench = Command::new(env!("CARGO_BIN_EXE_creditdesk"));
    bench.args(["bench", "--seconds", "0", "--connections", "2"]).args(more);
    bench.env_clear().env("TMPDIR", stage.folder()).env("DATABASE_URL", stage.url()).stdin(Stdio::null());
    tokio::task::spawn_blocking(move || bench.output().expect("the program starts")).await.expect("a run that ends")
}

fn left_over(stage: &Stage) -> Vec<String> {
    let entries = std::fs::read_dir(stage.folder()).expect("the story's folder");
    let names = entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
    names.filter(|name| name.starts_with("creditdesk-bench")).collect()
}

both_engines! {
    /// The run fails when `src/bench/bare.rs` has other statements than an activation.
    #[test]
    async fn the_benchmark_compares_everything_and_leaves_nothing_behind(stage: Stage) {
        let done = run(&stage, &["--activations", "16"]).await;
        let said = String::from_utf8_lossy(&done.stdout);
        assert!(done.status.success(), "{said}{}", String::from_utf8_lossy(&done.stderr));
        for line in ["License Information", "listing", "activations/s", "resident memory", "time to ready", "person and roles"] {
            assert!(said.contains(line), "{line} is missing in:\n{said}");
        }
        assert_eq!(left_over(&stage), Vec::<String>::new());
        let people: i64 = stage.db.read("SELECT CAST(COUNT(*) AS BIGINT) FROM people").scalar().await.unwrap();
        assert_eq!(people, 0, "the database that it was pointed at is as it was");
        if stage.engine() == Engine::Postgres {
            let schemas = stage.db.read("SELECT CAST(COUNT(*) AS BIGINT) FROM information_schema.schemata WHERE schema_name = 'creditdesk_bench'");
            assert_eq!(schemas.scalar::<i64>().await.unwrap(), 0);
        }
    }

    /// The run fails when a call of the marketplace's API is not answered.
    #[test]
    async fn the_marketplaces_api_is_measured(stage: Stage) {
        let done = run(&stage, &["--wire"]).await;
        let said = String::from_utf8_lossy(&done.stdout);
        assert!(done.status.success(), "{said}{}", String::from_utf8_lossy(&done.stderr));
        for line in ["GetEntitlements, JSON", "GetEntitlements, CBOR", "ResolveCustomer, JSON", "BatchMeterUsage, 25 records"] {
            assert!(said.contains(line), "{line} is missing in:\n{said}");
        }
        assert_eq!(left_over(&stage), Vec::<String>::new());
    }

    /// The run fails when a statement of License Information, Credits & Billing or the usage API looks at a whole table, by
    /// the engine's own plan, and when `src/bench/bare_usage.rs` has other statements than a usage report.
    #[test]
    async fn no_statement_of_the_measured_pages_and_of_the_usage_api_looks_at_a_whole_table(stage: Stage) {
        let done = run(&stage, &["--sizes", "--licenses", "300", "--reports", "32"]).await;
        let said = String::from_utf8_lossy(&done.stdout);
        assert!(done.status.success(), "{said}{}", String::from_utf8_lossy(&done.stderr));
        for line in ["201 licenses", "none looks at a whole table", "Credits & Billing, 100", "usage reports/s"] {
            assert!(said.contains(line), "{line} is missing in:\n{said}");
        }
        assert_eq!(left_over(&stage), Vec::<String>::new());
    }
}
