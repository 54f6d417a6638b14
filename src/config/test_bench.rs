//! Settings of the test bench for vendors' engineers.

use super::or;
use clap::Args;
use std::net::SocketAddr;

/// As they were written.
#[derive(Args, Clone, Debug, Default)]
pub struct TestBenchSettings {
    /// The test bench: a movable clock, faults and an inspector of all calls; `on` or `off` [default: off]
    #[arg(long, env = "CREDITDESK_TEST_BENCH", global = true, num_args = 0..=1, require_equals = true, default_missing_value = "on")]
    pub test_bench: Option<String>,
    /// Says it a second time, for a listener that others can reach: `on` or `off` [default: off]
    #[arg(long, env = "CREDITDESK_TEST_BENCH_REACHABLE", global = true, num_args = 0..=1, require_equals = true, default_missing_value = "on")]
    pub test_bench_reachable: Option<String>,
}

/// Whether the test bench is on. On a listener that is not loopback it has to be said twice: whoever reaches the bench moves
/// time for everybody.
pub(super) fn read(settings: TestBenchSettings, listeners: &[SocketAddr], problems: &mut Vec<String>) -> bool {
    let on = or(problems, "CREDITDESK_TEST_BENCH", settings.test_bench, "off", parse).unwrap_or(false);
    let reachable = or(problems, "CREDITDESK_TEST_BENCH_REACHABLE", settings.test_bench_reachable, "off", parse).unwrap_or(false);
    let others = listeners.iter().find(|listener| !listener.ip().is_loopback());
    if let (true, false, Some(listener)) = (on, reachable, others) {
        problems.push(format!(
            "CREDITDESK_TEST_BENCH is for a loopback listener such as 127.0.0.1:8080, and others can reach {listener}; if that is meant, say CREDITDESK_TEST_BENCH_REACHABLE=on as well"
        ));
    }
    on
}

fn parse(text: &str) -> Result<bool, String> {
    match text {
        "on" | "1" | "true" | "yes" => Ok(true),
        "off" | "0" | "false" | "no" => Ok(false),
        other => Err(format!("must be on or off, not {other:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bench: Option<&str>, reachable: Option<&str>, listener: &str) -> (bool, Vec<String>) {
        let settings = TestBenchSettings { test_bench: bench.map(str::to_owned), test_bench_reachable: reachable.map(str::to_owned) };
        let mut problems = Vec::new();
        (read(settings, &["127.0.0.1:8080".parse().unwrap(), listener.parse().unwrap()], &mut problems), problems)
    }

    #[test]
    fn the_bench_is_off_and_where_others_reach_it_it_is_said_twice() {
        assert_eq!(check(None, None, "0.0.0.0:80"), (false, Vec::new()));
        assert_eq!(check(Some("on"), None, "[::1]:80"), (true, Vec::new()));
        assert_eq!(check(Some("on"), Some("on"), "0.0.0.0:80"), (true, Vec::new()));
        let (_, problems) = check(Some("on"), None, "0.0.0.0:80");
        assert!(problems[0].contains("0.0.0.0:80") && problems[0].contains("CREDITDESK_TEST_BENCH_REACHABLE=on"), "{problems:?}");
        let (_, problems) = check(Some("maybe"), Some("perhaps"), "127.0.0.1:80");
        assert_eq!(problems.len(), 2, "{problems:?}");
    }
}
