//! axe-core in the open page: WCAG 2.2 AA, every rule that a program can decide.

use thirtyfour::WebDriver;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/test-tools/axe.min.js");

/// What axe finds, one line a violation and element.
pub async fn violations(driver: &WebDriver) -> Vec<String> {
    let script = std::fs::read_to_string(SCRIPT).expect("axe-core: tests/run fetches it into target/test-tools");
    driver.execute(script, Vec::new()).await.expect("axe is loaded");
    let run = "const done = arguments[arguments.length - 1];
        axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'], resultTypes: ['violations'] })
            .then((found) => done(found.violations.flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${node.target} ${node.failureSummary}`))))
            .catch((error) => done([`axe failed: ${error}`]));";
    let found = driver.execute_async(run, Vec::new()).await.expect("axe runs");
    found.convert().expect("a list of texts")
}
