//! What was measured, beside its limit and its aim, for a terminal and for the README.

use super::activations::Activations;
use super::child::Memory;
use super::load::Measured;
use super::pages::{Page, Pages};
use crate::kernel::show;
use std::time::Duration;

/// Percent of the limit that License Information has to reach: a third.
const LICENSES_AIM: u64 = 33;
/// Percent of the limit that the listing has to reach: two thirds.
const LISTING_AIM: u64 = 67;
/// Percent of the limit that activations have to reach.
const ACTIVATIONS_AIM: u64 = 60;
/// Megabytes under load.
const MEMORY_AIM: u64 = 64;
/// Milliseconds from the start to the first answer.
const READY_AIM: u64 = 300;

/// Prints the head of the table.
pub fn print_head() {
    println!("{:<52} {:>10} {:>10} {:>6}   aim", "", "measured", "limit", "ratio");
}

/// Prints pages and memory.
pub fn print_pages(pages: &Pages) {
    print_page("License Information, 50 rows, signed in", &pages.licenses, LICENSES_AIM);
    print_page("listing, signed out", &pages.listing, LISTING_AIM);
    let Memory { resident, most } = pages.memory;
    print_bounded("resident memory under load", &megabytes(resident), &format!("{MEMORY_AIM} MB"), resident / 1024 < MEMORY_AIM);
    print_line("  the most that ever was", &megabytes(most), "", "", "");
}

/// Prints activations.
pub fn print_activations(activations: &Activations) {
    let (measured, limit) = (median(&activations.measured), median(&activations.limit));
    let what = format!("activations/s, {} statements each", activations.statements);
    print_ratio(&what, measured, limit, ACTIVATIONS_AIM);
}

/// Prints how long starts took.
pub fn print_ready(starts: &[Duration]) {
    let millis: Vec<u64> = starts.iter().map(|start| u64::try_from(start.as_millis()).unwrap_or(u64::MAX)).collect();
    let millis = median(&millis);
    print_bounded("time to ready, existing database", &format!("{millis} ms"), &format!("{READY_AIM} ms"), millis < READY_AIM);
}

/// Prints what a request's time is spent on.
pub fn print_parts(pages: &Pages) {
    println!("\nOne request after the other, in microseconds:{:>19} {:>12}", "License Inf.", "listing");
    let (one, two) = (&pages.licenses.parts, &pages.listing.parts);
    for (what, one, two) in [
        ("session", one.session, two.session),
        ("person and roles", one.actor, two.actor),
        ("the page's statements and view", one.view, two.view),
        ("rendering the template", one.rendering, two.rendering),
        ("routing, cookies, form token, headers, log", one.ring(), two.ring()),
        ("sockets and HTTP (the bare handler's rest)", one.bare.saturating_sub(one.rendering), two.bare.saturating_sub(two.rendering)),
        ("together, as the client sees it", one.total, two.total),
    ] {
        println!("  {what:<48} {:>13} {:>12}", group(one), group(two));
    }
    println!("  {:<48} {:>13} {:>12}", "statements", one.statements, two.statements);
    println!("  {:<48} {:>13} {:>12}", "bytes of the page", group_size(pages.licenses.bytes), group_size(pages.listing.bytes));
}

fn print_page(what: &str, page: &Page, aim: u64) {
    let figure = |rounds: &[Measured], of: fn(&Measured) -> u64| median(&rounds.iter().map(of).collect::<Vec<_>>());
    let rate = |measured: &Measured| measured.per_second;
    print_ratio(&format!("{what}, requests/s"), figure(&page.measured, rate), figure(&page.limit, rate), aim);
    let slowest = |rounds: &[Measured]| milliseconds(figure(rounds, |measured| measured.p99_micros));
    print_line("  p99", &slowest(&page.measured), &slowest(&page.limit), "", "");
}

pub(super) fn print_ratio(what: &str, measured: u64, limit: u64, aim: u64) {
    let ratio = measured * 100 / limit.max(1);
    let aim = format!("{aim} %, {}", if ratio >= aim { "met" } else { "missed" });
    print_line(what, &group(measured), &group(limit), &format!("{ratio} %"), &aim);
}

fn print_bounded(what: &str, measured: &str, aim: &str, met: bool) {
    print_line(what, measured, "", "", &format!("under {aim}, {}", if met { "met" } else { "missed" }));
}

pub(super) fn print_line(what: &str, measured: &str, limit: &str, ratio: &str, aim: &str) {
    println!("{}", format!("{what:<52} {measured:>10} {limit:>10} {ratio:>6}   {aim}").trim_end());
}

/// The middle one; of an even number the lower of the two.
pub(super) fn median(figures: &[u64]) -> u64 {
    let mut sorted = figures.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len().saturating_sub(1) / 2).copied().unwrap_or_default()
}

pub(super) fn group(figure: u64) -> String {
    show::group(i64::try_from(figure).unwrap_or(i64::MAX))
}

pub(super) fn group_size(figure: usize) -> String {
    group(u64::try_from(figure).unwrap_or(u64::MAX))
}

pub(super) fn megabytes(kilobytes: u64) -> String {
    format!("{} MB", kilobytes.div_ceil(1024))
}

pub(super) fn milliseconds(micros: u64) -> String {
    format!("{}.{} ms", micros / 1000, micros % 1000 / 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_figure() {
        assert_eq!(median(&[9, 1, 5]), 5);
        assert_eq!(median(&[4, 1, 3, 2]), 2);
        assert_eq!(median(&[]), 0);
    }

    #[test]
    fn figures_are_printed_with_their_units() {
        assert_eq!(milliseconds(12_345), "12.3 ms");
        assert_eq!(megabytes(65_537), "65 MB");
    }
}
