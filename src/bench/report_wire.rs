//! What was measured of the marketplace's API, for a terminal and for the README.

use super::load::Measured;
use super::report::{group, median, milliseconds};
use super::wire::Figures;

/// Prints every kind of call.
pub fn print(all: &[Figures]) {
    println!("{:<40} {:>10} {:>10} {:>10} {:>10} {:>8}", "", "calls/s", "p99", "beside", "p99", "ratio");
    for figures in all {
        let (own, other) = (&figures.measured, &figures.beside);
        let (rate, slowest) = (of(own, |measured| measured.per_second), of(own, |measured| measured.p99_micros));
        let line = format!("{:<40} {:>10} {:>10}", figures.what, group(rate), milliseconds(slowest));
        if other.is_empty() {
            println!("{line}");
        } else {
            let (beside, beside_slowest) = (of(other, |measured| measured.per_second), of(other, |measured| measured.p99_micros));
            let tenths = rate * 10 / beside.max(1);
            let ratio = format!("{}.{}", tenths / 10, tenths % 10);
            println!("{line} {:>10} {:>10} {ratio:>8}", group(beside), milliseconds(beside_slowest));
        }
    }
}

fn of(rounds: &[Measured], figure: fn(&Measured) -> u64) -> u64 {
    median(&rounds.iter().map(figure).collect::<Vec<_>>())
}
