//! What `creditdesk bench --sizes` measured, for a terminal and for the README.

use super::load::Measured;
use super::report::{group, group_size, median, megabytes, milliseconds, print_line, print_ratio};
use super::sizes::{Sized, Sizes};

/// Hundredths: how much slower a page may be in the large database, for a business of the same size.
const RATIO_AIM: u64 = 150;
/// Percent of the limit that usage reports have to reach.
const USAGE_AIM: u64 = 60;

/// Prints everything.
pub fn print(sizes: &Sizes) {
    let licenses = group(u64::try_from(sizes.licenses).unwrap_or_default());
    println!("{licenses} licenses in the large database, written in {} s", sizes.written_in.as_secs());
    println!("{} statements of both pages and the usage API: none looks at a whole table\n", sizes.bounded);
    print_line("Licenses of the business", "almost empty", "large", "ratio", "aim");
    for page in &sizes.pages {
        print_page(page);
    }
    let [small, large] = sizes.memory;
    print_line("resident memory after all loads", &megabytes(small.resident), &megabytes(large.resident), "", "");
    print_line("  the most that ever was", &megabytes(small.most), &megabytes(large.most), "", "");
    println!();
    print_line("", "measured", "limit", "ratio", "aim");
    let usage = &sizes.usage;
    let what = format!("usage reports/s over HTTP, {} statements each", usage.statements.len());
    print_ratio(&what, median(&usage.measured), median(&usage.limit), USAGE_AIM);
}

fn print_page(page: &Sized) {
    let rate = |measured: &Measured| measured.per_second;
    let slowest = |measured: &Measured| measured.p99_micros;
    let figure = |rounds: &[Measured], of: fn(&Measured) -> u64| median(&rounds.iter().map(of).collect::<Vec<_>>());
    let (small, large) = (figure(&page.small, rate), figure(&page.large, rate));
    let ratio = small * 100 / large.max(1);
    let aim = format!("under 1.5, {}", if ratio < RATIO_AIM { "met" } else { "missed" });
    let what = format!("{}, {}, requests/s", page.page, group_size(page.licenses));
    print_line(&what, &group(small), &group(large), &hundredths(ratio), &aim);
    let p99 = [&page.small, &page.large].map(|rounds| milliseconds(figure(rounds, slowest)));
    print_line(&format!("  p99; {} bytes", group_size(page.bytes)), &p99[0], &p99[1], "", "");
}

fn hundredths(ratio: u64) -> String {
    format!("{}.{:02}", ratio / 100, ratio % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_is_printed_with_two_places() {
        assert_eq!((hundredths(99), hundredths(150), hundredths(1_204)), ("0.99".to_owned(), "1.50".to_owned(), "12.04".to_owned()));
    }
}
