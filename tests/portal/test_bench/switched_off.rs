//! Off, the bench is nowhere: not in addresses, not on pages, not in the database. And the command, which is only for
//! databases whose bench is on.

use super::{clients, entitled};
use crate::support::Stage;
use crate::support::people::OPERATOR;
use crate::support::portal::Portal;
use crate::support::wire::vision;
use chrono::TimeDelta;
use creditdesk::test_bench::fault::Fault;
use std::process::{Command, Output};

fn command(stage: &Stage, switched: &[&str], arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_creditdesk"))
        .arg("test-bench")
        .args(arguments)
        .args(["--database-url", stage.url(), "--data"])
        .arg(stage.folder())
        .args(switched)
        .env_clear()
        .env("RUST_LOG", "error")
        .output()
        .expect("the program runs")
}

both_engines! {
    /// What was switched on and moved has no effect on a program whose bench is off, and nobody finds its pages.
    #[test]
    async fn nothing_of_the_bench_is_there_while_it_is_off(stage: Stage) {
        let on = Portal::on_bench(&stage).await;
        on.bench().switch_on(&stage.who("ada"), Fault::ProvisioningDelay, None, None).await.unwrap();
        on.bench().switch_on(&stage.who("ada"), Fault::InternalError, None, None).await.unwrap();
        stage.db.write("UPDATE test_bench_clock SET ahead_micros = 86400000000").exec_one().await.unwrap();
        let portal = stage.portal().await;
        let mut operator = portal.sign_in(OPERATOR).await;
        let page = operator.open("/admin").await;
        assert!(!page.says("Test bench") && page.link("Test bench").is_none(), "{page:?}");
        for address in ["/admin/test-bench", "/admin/test-bench/calls", "/admin/test-bench/calls.csv"] {
            assert_eq!(operator.open(address).await.status, 404, "{address}");
        }
        let page = operator.post("/admin/test-bench/clock", &[("to", "+1d")]).await;
        assert_eq!(page.status, 404);
        let (seller, buyer) = clients(&stage, &portal).await;
        buyer.buy(&vision(&stage).await, 500).await;
        assert_eq!(entitled(&seller).await, 1);
        let records = stage.db.read("SELECT CAST(COUNT(*) AS BIGINT) FROM test_bench_records").scalar::<i64>().await.unwrap();
        assert_eq!(records, 0);
        // Nothing of it is read either: without its tables everything goes on.
        for table in ["DROP TABLE test_bench_clock", "DROP TABLE test_bench_faults", "DROP TABLE test_bench_records"] {
            stage.db.write(table).exec().await.unwrap();
        }
        buyer.buy(&vision(&stage).await, 500).await;
        portal.run_due_jobs().await;
        assert_eq!(entitled(&seller).await, 2);
    }

    /// The command moves the clock and switches faults for programs that serve from the same database; with the bench off it
    /// does nothing.
    #[test]
    async fn the_command_reaches_programs_on_the_same_database(stage: Stage) {
        let portal = Portal::on_bench(&stage).await;
        let refused = command(&stage, &[], &["clock", "+30d"]);
        assert!(!refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains("the test bench is off"), "{refused:?}");
        let on = ["--test-bench"];
        for (arguments, said) in [
            (vec!["clock", "+3d"], "The clock stands at "),
            (vec!["fault", "late-events", "on", "30", "--next", "2"], "Late events is on."),
            (vec!["fault", "throttling", "off"], "Throttling is off."),
            (vec!["show"], "on 30 seconds, 2 more times"),
        ] {
            let done = command(&stage, &on, &arguments);
            assert!(done.status.success() && String::from_utf8_lossy(&done.stdout).contains(said), "{arguments:?}: {done:?}");
        }
        for (arguments, said) in [(vec!["clock", "2020-01-01T00:00:00Z"], "only goes forward"), (vec!["fault", "chaos", "on"], "there is no fault")] {
            let done = command(&stage, &on, &arguments);
            assert!(!done.status.success() && String::from_utf8_lossy(&done.stderr).contains(said), "{arguments:?}: {done:?}");
        }
        let ahead: i64 = stage.db.read("SELECT ahead_micros FROM test_bench_clock").scalar().await.unwrap();
        assert_eq!(TimeDelta::microseconds(ahead), TimeDelta::days(3));
        assert!(portal.browser().open("/marketplace").await.says("The clock stands at 5 Mar 2026, 09:00 UTC."));
        let faults = portal.bench().faults().await.unwrap();
        assert_eq!(faults.value(Fault::LateEvents), Some(30));
    }
}
