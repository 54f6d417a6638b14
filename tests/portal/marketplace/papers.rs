//! Invoices and statements as PDF, read back with the tools that people have: poppler's `pdftotext` and `pdfinfo`.

use super::market::{ACME, Market};
use crate::support::Stage;
use chrono::TimeDelta;
use creditdesk::kernel::page::PageSize;
use creditdesk::marketplace::buyer;
use creditdesk::marketplace::invoice::document::{self, PdfFile};
use creditdesk::marketplace::invoice::list;
use creditdesk::marketplace::payment::PaymentMethod;
use std::path::Path;
use std::process::Command;

/// What a tool of poppler says of a file; it must not complain.
fn read(tool: &str, arguments: &[&str], file: &PdfFile, folder: &Path) -> String {
    let path = folder.join(&file.name);
    std::fs::write(&path, &file.bytes).unwrap();
    let run = Command::new(tool).args(arguments).arg(&path).args(if tool == "pdftotext" { &["-"][..] } else { &[] }).output();
    let run = run.unwrap_or_else(|error| panic!("{tool}: {error} (Debian: apt-get install poppler-utils; tests/run does it)"));
    // Some versions of poppler read `/Suspects false`, which the standard asks for, and say that it is no boolean.
    let complaint =
        String::from_utf8_lossy(&run.stderr).replace("Syntax Error: Suspects object is wrong type (boolean)", "").trim().to_owned();
    assert!(run.status.success() && complaint.is_empty(), "{tool}: {complaint}");
    String::from_utf8(run.stdout).unwrap()
}

fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

both_engines! {
    /// MKT-13: the PDF has the figures as text, on A4, tagged, with title, language and author, and is the same file
    /// each time.
    #[test]
    async fn an_invoice_is_a_pdf_that_can_be_read(stage: Stage) {
        let market = Market::open(&stage).await;
        let buyer = market.buyer(ACME, PaymentMethod::Invoice).await;
        let renamed = stage.db.write("UPDATE buyer_accounts SET name = 'Łódź & Ångström 日本', billing_address = $1");
        renamed.bind("1 Main Street\nSpringfield").exec_one().await.unwrap();
        market.buy(&buyer, 1_234).await;
        let invoice = list::list(&stage.db, &buyer.scope, None, None, PageSize::MAX).await.unwrap().items.remove(0);
        let file = document::pdf(&invoice).unwrap();
        assert_eq!((file.name.as_str(), &file.bytes[..8]), ("TM-2026-000001.pdf", &b"%PDF-1.7"[..]));
        assert!(file.bytes.len() < 100_000, "{} bytes", file.bytes.len());
        let text = squeezed(&read("pdftotext", &["-layout"], &file, stage.folder()));
        for words in [
            "Invoice TM-2026-000001", "2 Mar 2026 (UTC)", "Trend Micro", "Łódź & Ångström 日本", "1 Main Street", "Springfield", "1,234",
            "USD 1.00", "USD 1,234.00", "Tax No tax calculated", "On account, by invoice", "1 Apr 2026 (UTC)", "Page 1 of 1",
            "Term: 2 Mar 2026, 09:00 UTC to 2 Mar 2027, 09:00 UTC", "Trend Vision One: new contract",
        ] {
            assert!(text.contains(words), "no {words:?} in {text}");
        }
        let facts = squeezed(&read("pdfinfo", &[], &file, stage.folder()));
        for fact in ["Title: Invoice TM-2026-000001", "Author: Trend Micro", "Tagged: yes", "(A4)", "Pages: 1", "JavaScript: no", "Encrypted: no"] {
            assert!(facts.contains(fact), "no {fact:?} in {facts}");
        }
        let marked = String::from_utf8_lossy(&file.bytes).into_owned();
        assert!(marked.contains("<pdfaid:part>2") && marked.contains("<pdfuaid:part>1") && marked.contains("/Lang"), "PDF/A-2a and PDF/UA-1");
        stage.clock.advance(TimeDelta::days(40));
        let again = list::find(&stage.db, &buyer.scope, &invoice.number).await.unwrap().unwrap().invoice;
        assert!(document::pdf(&again).unwrap() == file, "the file changed");
    }

    /// MKT-13: a long statement goes on over pages, each with its number, its reference and the head of its table.
    #[test]
    async fn a_long_statement_has_numbered_pages(stage: Stage) {
        let market = Market::open(&stage).await;
        let buyer = market.buyer(ACME, PaymentMethod::TestApprove).await;
        for _ in 0..40 {
            market.buy(&buyer, 100).await;
        }
        let statement = list::statement(&stage.db, &buyer.scope, 2026).await.unwrap();
        let account = buyer::get(&stage.db, &buyer.scope).await.unwrap();
        let file = document::statement_pdf(&statement, &account, stage.now()).unwrap();
        let text = squeezed(&read("pdftotext", &["-layout"], &file, stage.folder()));
        let pages = (1..=2).all(|page| text.contains(&format!("Page {page} of ")));
        assert!(pages && text.contains("TM-2026-000001") && text.contains("TM-2026-000040") && text.contains("USD 4,000.00"), "{text}");
        assert!(text.matches("Number Date Description Amount").count() >= 2, "{text}");
    }
}
