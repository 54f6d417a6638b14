//! Invoices as people see them: list, page, statement, CSV and PDF; the credit note that a Support lead issues.

use crate::support::Stage;
use crate::support::people::{ACME_BUYER, ACME_MEMBER, GLOBEX_BUYER, LEAD, SUPPORT};
use chrono::TimeDelta;

const LIST: &str = "/marketplace/invoices";

/// Lines of a CSV without its mark.
fn lines(body: &str) -> Vec<String> {
    body.trim_start_matches('\u{feff}').lines().map(str::to_owned).collect()
}

both_engines! {
    /// MKT-13: the receipt, the subscription and the navigation lead to the invoice, which has all that finance asks for.
    #[test]
    async fn every_charge_leads_to_its_invoice(stage: Stage) {
        let portal = stage.portal().await;
        let mut buyer = portal.sign_in(ACME_BUYER).await;
        let page = buyer.open(LIST).await;
        assert!(page.says("No invoices yet") && page.link("Invoices").is_some(), "{page:?}");
        let purchase = buyer.buy("1,000").await;
        assert_eq!(buyer.open(&purchase.confirmation()).await.link("TM-2026-000001").as_deref(), Some("/marketplace/invoices/TM-2026-000001"));
        assert_eq!(buyer.open(&purchase.subscription()).await.link("TM-2026-000001").as_deref(), Some("/marketplace/invoices/TM-2026-000001"));
        let page = buyer.open(LIST).await;
        assert_eq!(page.all("thead th"), ["Number", "Date", "Product", "Type", "Amount", "Status"]);
        assert_eq!(page.rows("Invoices"), [["TM-2026-000001", "2 Mar 2026", "Trend Vision One", "New contract", "USD 1,000.00", "Paid"]]);
        let page = buyer.click("TM-2026-000001").await;
        assert_eq!((page.heading(), page.fact("Number"), page.fact("Date")), ("Invoice TM-2026-000001".to_owned(), "TM-2026-000001".to_owned(), "2 Mar 2026 (UTC)".to_owned()));
        assert_eq!((page.fact("Paid on"), page.fact("Agreement ID")), ("2 Mar 2026 (UTC)".to_owned(), purchase.agreement.clone()));
        assert!(page.says("Bill to") && page.says("Acme Industries") && page.says("No tax calculated"), "{page:?}");
        let pdf = buyer.click("Download PDF").await;
        assert_eq!((pdf.status, pdf.header("content-type")), (200, "application/pdf"));
        assert_eq!(pdf.header("content-disposition"), "attachment; filename=\"TM-2026-000001.pdf\"");
        assert!(pdf.body.starts_with("%PDF-"));
        let mail = stage.db.read("SELECT body FROM mails WHERE kind = 'marketplace_purchase_paid'").scalar::<String>().await.unwrap();
        assert!(mail.contains("Invoice:   TM-2026-000001, attached as a PDF") && mail.contains("/marketplace/invoices/TM-2026-000001"), "{mail}");
    }

    /// MKT-13: the mail that tells of a charge carries its invoice, the same file as on the page.
    #[test]
    async fn the_mail_of_a_charge_carries_its_invoice(stage: Stage) {
        let portal = stage.portal().await;
        let mut buyer = portal.sign_in(ACME_BUYER).await;
        buyer.buy("1,000").await;
        let page = buyer.open("/marketplace/invoices/TM-2026-000001/pdf").await;
        portal.run_due_jobs().await;
        let mut visitor = portal.browser();
        let href = visitor.open("/demonstration/mail").await.link("TM-2026-000001.pdf").unwrap();
        let file = visitor.open(&href).await;
        assert_eq!((file.status, file.header("content-type")), (200, "application/pdf"));
        assert!(file.body.starts_with("%PDF-") && file.body == page.body, "the same file");
        let kept = stage.db.read("SELECT CAST(COUNT(*) AS BIGINT) FROM mails WHERE attachment IS NOT NULL").scalar::<i64>().await.unwrap();
        assert_eq!(kept, 0, "it is not kept with the mail");
    }

    /// MKT-14: another buyer account's invoices are not found, as page, as PDF, in lists, files and statements.
    #[test]
    async fn each_account_sees_its_own_invoices(stage: Stage) {
        let portal = stage.portal().await;
        let mut acme = portal.sign_in(ACME_BUYER).await;
        acme.buy("1,000").await;
        let mut globex = portal.sign_in(GLOBEX_BUYER).await;
        assert!(globex.open(LIST).await.says("No invoices yet"));
        for address in ["TM-2026-000001", "TM-2026-000001/pdf", "TM-2026-000009", "tm-2026-000001", "%00"] {
            assert_eq!(globex.open(&format!("{LIST}/{address}")).await.status, 404, "{address}");
        }
        assert_eq!(lines(&globex.open("/marketplace/invoices.csv").await.body).len(), 1);
        assert!(!globex.open("/marketplace/invoices/statement?year=2026").await.says("TM-2026"));
        assert_eq!(lines(&globex.open("/marketplace/invoices/statement.csv?year=2026").await.body).len(), 1);
        let mut member = portal.sign_in(ACME_MEMBER).await;
        assert_eq!(member.open(LIST).await.status, 403);
    }

    /// MKT-13: the files for finance have stable columns, amounts as numbers, and no cell that a spreadsheet would run.
    #[test]
    async fn finance_gets_files_with_stable_columns(stage: Stage) {
        let portal = stage.portal().await;
        stage.db.write("UPDATE buyer_accounts SET name = '=HYPERLINK(\"http://evil.example\")' WHERE id = '111122223333'").exec_one().await.unwrap();
        let mut buyer = portal.sign_in(ACME_BUYER).await;
        let purchase = buyer.buy("1,000").await;
        stage.clock.advance(TimeDelta::days(365));
        let mut buyer = portal.sign_in(ACME_BUYER).await;
        let csv = lines(&buyer.open("/marketplace/invoices.csv?year=2026").await.body);
        assert_eq!(csv[0], "Number,Document,Date,Seller,Seller account,Buyer,Buyer account,Product,Type,Description,Credits,Price per credit,Currency,Amount,Tax,Purchase order number,Agreement ID,Term start,Term end,Payment method,Payable until,Paid on,Credits invoice,Reason,Status");
        assert_eq!(csv[1], format!("TM-2026-000001,Invoice,2026-03-02T09:00:00Z,Trend Micro,294406891311,\"'=HYPERLINK(\"\"http://evil.example\"\")\",111122223333,Trend Vision One,New contract,Trend Vision One: new contract,1000,1.00,USD,1000.00,,,{},2026-03-02T09:00:00Z,2027-03-02T09:00:00Z,Test card (approved),,2026-03-02T09:00:00Z,,,Paid", purchase.agreement));
        assert_eq!(csv.len(), 2);
        assert_eq!(lines(&buyer.open("/marketplace/invoices.csv?year=2027").await.body).len(), 1);
        let page = buyer.open("/marketplace/invoices/statement").await;
        assert_eq!(page.heading(), "Statement of 2027");
        assert_eq!(page.rows("Totals"), [["USD", "USD 1,000.00", "USD 0.00", "USD 0.00", "USD 1,000.00"]]);
        let page = buyer.open("/marketplace/invoices/statement?year=2026").await;
        assert_eq!(page.rows("Invoices and credit notes")[0][0], "TM-2026-000001");
        let pdf = buyer.click("Download PDF").await;
        assert_eq!(pdf.header("content-disposition"), "attachment; filename=\"statement-111122223333-2026.pdf\"");
    }

    /// MKT-13: a Support lead credits an invoice from the buyer account's page; the buyer sees both documents. Support
    /// may look, and amounts beyond what is left are refused with the limits.
    #[test]
    async fn a_support_lead_issues_a_credit_note(stage: Stage) {
        let portal = stage.portal().await;
        let mut buyer = portal.sign_in(ACME_BUYER).await;
        buyer.buy("1,000").await;
        let mut support = portal.sign_in(SUPPORT).await;
        support.open("/admin/buyer-accounts/111122223333").await;
        support.click("Invoices").await;
        let page = support.click("TM-2026-000001").await;
        assert!(page.status == 200 && !page.says("Issue a credit note"), "{page:?}");
        let mut lead = portal.sign_in(LEAD).await;
        let page = lead.open("/admin/invoices/TM-2026-000001").await;
        assert_eq!(page.value("Amount"), "1000.00");
        let page = lead.fill("Amount", "1,000.01").fill("Reason", "").press("Issue credit note").await;
        assert_eq!((page.status, page.problems()), (422, vec!["Enter an amount from 0.01 to 1,000.00 in USD".to_owned(), "Enter the reason".to_owned()]));
        assert_eq!(page.value("Amount"), "1,000.01");
        let page = lead.fill("Amount", "250.5").fill("Reason", "Goodwill <b>").press("Issue credit note").await;
        assert_eq!((page.heading(), page.flash()), ("Credit note TM-CN-2026-000001".to_owned(), Some("Success: Credit note issued".to_owned())));
        assert!(page.says("−250.50") && !page.says("Issue a credit note"), "{page:?}");
        let page = buyer.open(LIST).await;
        let rows = page.rows("Invoices");
        assert_eq!((rows[0][0].as_str(), rows[0][3].as_str(), rows[0][4].as_str()), ("TM-CN-2026-000001", "Credit note", "USD −250.50"));
        assert_eq!(rows[1][5], "Partly credited");
        let page = buyer.open("/marketplace/invoices/TM-2026-000001").await;
        assert!(page.says("Goodwill <b>") && page.says("USD 749.50 of the invoice remains"), "{page:?}");
        assert_eq!(buyer.open("/marketplace/invoices/TM-CN-2026-000001").await.fact("Credits invoice"), "TM-2026-000001");
    }
}
