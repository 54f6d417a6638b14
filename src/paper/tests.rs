//! Papers as files: every script, long tables, the same bytes. What they say is read back in `tests/portal/invoices`.

use super::{Block, Column, Paper, Table};

fn paper(names: &[&str], rows: usize) -> Paper {
    let row = |number: usize| vec![format!("TM-2026-{number:06}"), names.join(" "), "USD 1,000.00".to_owned()];
    let table = Table {
        columns: vec![Column::words("Number", 2), Column::words("Name", 5), Column::figures("Amount", 2)],
        rows: (1..=rows).map(row).collect(),
        sums: vec![vec!["Total".to_owned(), String::new(), "USD 9.00".to_owned()]],
    };
    Paper {
        title: "Invoice TM-2026-000001".to_owned(),
        reference: "TM-2026-000001".to_owned(),
        author: names.first().copied().unwrap_or("Trend Micro").to_owned(),
        dated: "2026-03-02T09:00:00Z".parse().unwrap(),
        blocks: vec![
            Block::Sides([("From".to_owned(), names.join("\n")), ("To".to_owned(), "Main Street 1".to_owned())]),
            Block::Facts(vec![("Date".to_owned(), "2 Mar 2026".to_owned()), ("Empty".to_owned(), String::new())]),
            Block::Heading("Lines".to_owned()),
            Block::Table(table),
            Block::Text("No tax calculated.".to_owned()),
        ],
    }
}

#[test]
fn names_in_any_script_are_printed_or_boxed_and_never_stop_the_file() {
    let names = [
        "Ångström Systems AB",
        "Łódź Żółw ſt ﬁ ß",
        "Ελλάδα ΑΕ",
        "Ёлка и Ко",
        "日本電気株式会社",
        "شركة الاختبار",
        "חברת בדיקה",
        "ไทยประกันภัย",
        "हिन्दी कम्पनी",
        "🦀 crab",
        "e\u{301}a\u{308}\u{200d}\u{200b}x",
        "\u{202e}abc",
        "a\u{0}b\u{7}",
        "\u{e000}\u{f8ff}",
        "\u{10ffff}",
        "가나다",
        "",
    ];
    for name in names {
        let file = paper(&[name, "Acme"], 2).pdf();
        assert!(file.as_ref().is_ok_and(|bytes| bytes.starts_with(b"%PDF-1.7")), "{name:?}: {:?}", file.err());
    }
    assert!(paper(&names, 40).pdf().is_ok());
    assert!(paper(&[&"W".repeat(4_000)], 1).pdf().is_ok());
}

#[test]
fn the_same_paper_is_the_same_file() {
    let one = paper(&["Ångström Systems", "Acme"], 90).pdf().unwrap();
    let other = paper(&["Ångström Systems", "Acme"], 90).pdf().unwrap();
    assert!(one == other, "the bytes differ");
    assert_ne!(one, paper(&["Ångström Systems", "Acme"], 91).pdf().unwrap());
}
