//! Activation codes from page to page: a Support lead issues them, a licensing administrator adds a license with one.

use crate::support::Stage;
use crate::support::browser::Browser;
use crate::support::people::{ACME_ADMIN, ACME_LICENSING, ACME_MEMBER, ACME_VIEWER, GLOBEX_ADMIN, LEAD, SUPPORT};
use crate::support::portal::Portal;
use chrono::TimeDelta;

const ADD: &str = "/console/licenses/add";

impl Browser {
    /// Issues codes for an order and leaves the page that shows them.
    pub async fn issue_codes(&mut self, size: &str, business: &str, last_day: &str) -> Vec<String> {
        self.open("/admin/codes/new").await;
        self.fill("Product code", "vision").fill("Product name", "Trend Vision One").fill("Seller", "Trend Micro");
        self.fill("Credits of each code", "1,500").fill("Term", "12").fill("Order number", "SO-77");
        self.fill("Last day of use", last_day).fill("Business", business).fill("Number of codes", size);
        let page = self.press("Issue and show").await;
        assert!(page.heading().ends_with("issued"), "{page:?}");
        page.rows("Activation codes").into_iter().map(|row| row[1].clone()).collect()
    }

    /// Types a code into *Add license*.
    async fn enter(&mut self, code: &str) -> (u16, Vec<String>) {
        self.open(ADD).await;
        let page = self.fill("Activation code", code).press("Continue").await;
        (page.status, page.problems())
    }
}

async fn issued(portal: &Portal, size: &str, business: &str) -> (Browser, Vec<String>) {
    let mut lead = portal.sign_in(LEAD).await;
    let codes = lead.issue_codes(size, business, "2026-06-30").await;
    (lead, codes)
}

both_engines! {
    /// LIC-5, LIC-2: a code is issued, reviewed, added; the row of License Information, Credits & Billing, the files and
    /// the support desk say where it comes from, with the code masked.
    #[test]
    async fn a_code_is_added_and_shown_masked_everywhere(stage: Stage) {
        let portal = stage.portal().await;
        let (mut lead, codes) = issued(&portal, "2", "").await;
        let mut admin = portal.sign_in(ACME_ADMIN).await;
        admin.open("/console/licenses").await;
        admin.click("Add license").await;
        let typed = codes[0].to_lowercase().replace('-', " ");
        let page = admin.fill("Activation code", &typed).press("Continue").await;
        assert_eq!((page.heading(), page.fact("Business")), ("Review the license".to_owned(), "Acme Industries".to_owned()));
        assert_eq!((page.fact("Credits"), page.fact("Order number"), page.fact("Term")), ("1,500 credits".to_owned(), "SO-77".to_owned(), "12 months".to_owned()));
        assert!(page.says("Nothing has been added yet") && admin.open("/console/licenses").await.says("No licenses yet"));
        admin.enter(&codes[0]).await;
        let page = admin.press("Add license").await;
        assert_eq!((page.heading(), page.flash()), ("Activation Successful".to_owned(), Some("Success: License added".to_owned())));
        let masked = format!("••-••••-•••••-•••••-•••••-•••••-{}", &codes[0][32..]);
        let page = admin.open("/console/licenses").await;
        let row = page.rows("Licenses").remove(0);
        assert_eq!((row[0].as_str(), row[3].as_str(), row[8].as_str(), row[9].as_str(), row[10].as_str()), ("Trend Vision One", "Code", "Activation code", "SO-77", masked.as_str()));
        assert!(!page.says("1,500"), "credits stand in Credits & Billing only");
        let page = admin.click("Trend Vision One").await;
        assert_eq!((page.fact("Activation code"), page.fact("Order number"), page.fact("Buyer account")), (masked.clone(), "SO-77".to_owned(), "None".to_owned()));
        assert!(admin.open("/console/licenses.csv").await.body.contains(&format!("Activation code,{masked},SO-77")));
        let page = admin.open("/console/credits").await;
        assert_eq!(page.figure("Total valid credits"), 1_500);
        assert!(admin.open("/console/credits/purchases.csv").await.body.contains("Trend Vision One,Activation code,SO-77,Code,1500"));
        let page = lead.open("/admin/codes").await;
        assert_eq!(page.rows("Batches")[0][..7], ["SO-77", "Trend Vision One", "1,500", "Any", "2", "1", "1"].map(str::to_owned));
        let page = lead.click("SO-77").await;
        assert!(page.says("Acme Industries") && page.says(&masked) && !page.says(&codes[1]), "{page:?}");
        let page = lead.click("Open the license").await;
        assert_eq!((page.fact("Activation code"), page.fact("Source")), (masked, "Activation code".to_owned()));
        portal.run_due_jobs().await;
        assert_eq!(admin.open("/console/credits").await.figure("Total valid credits"), 1_500);
    }

    /// LIC-5: typing errors are told before anything is asked; unknown, used and expired are told apart; the own
    /// business sees when and by whom.
    #[test]
    async fn what_is_wrong_with_a_code_is_said(stage: Stage) {
        let portal = stage.portal().await;
        let (_, codes) = issued(&portal, "2", "").await;
        let (_, reserved) = issued(&portal, "1", "Globex").await;
        let mut admin = portal.sign_in(ACME_ADMIN).await;
        assert_eq!(admin.enter("").await, (422, vec!["Enter the activation code".to_owned()]));
        assert!(admin.enter("AB-CDEF").await.1[0].contains("this has 6"));
        let last = codes[0].chars().last().unwrap();
        let wrong = format!("{}{}", &codes[0][..36], if last == 'A' { 'B' } else { 'A' });
        assert!(admin.enter(&wrong).await.1[0].contains("mistyped"));
        assert_eq!(stage.db.read("SELECT CAST(COUNT(*) AS BIGINT) FROM throttles WHERE name LIKE 'codes%'").scalar::<i64>().await.unwrap(), 0, "a typing error is no guess");
        assert!(admin.enter(&reserved[0]).await.1[0].contains("not known here"));
        assert_eq!(admin.enter(&codes[0]).await.0, 200);
        admin.press("Add license").await;
        let mut licensing = portal.sign_in(ACME_LICENSING).await;
        let (status, problems) = licensing.enter(&codes[0]).await;
        assert_eq!((status, problems[0].contains("was used by your business on 2 Mar 2026, 09:00 UTC")), (409, true), "{problems:?}");
        let mut globex = portal.sign_in(GLOBEX_ADMIN).await;
        let (_, problems) = globex.enter(&codes[0]).await;
        assert_eq!(problems, ["This activation code has been used. Ask whoever sold it"]);
        stage.clock.advance(TimeDelta::days(200));
        let mut admin = portal.sign_in(ACME_ADMIN).await;
        assert!(admin.enter(&codes[1]).await.1[0].contains("could be used until 1 Jul 2026, 00:00 UTC"));
    }

    /// LIC-5: people without licensing permission get the page that says who can, whatever they type.
    #[test]
    async fn only_licensing_permission_adds_licenses(stage: Stage) {
        let portal = stage.portal().await;
        let (_, codes) = issued(&portal, "1", "").await;
        for person in [ACME_MEMBER, ACME_VIEWER] {
            let mut browser = portal.sign_in(person).await;
            assert_eq!(browser.open(ADD).await.status, 403);
            let page = browser.post(ADD, &[("code", &codes[0])]).await;
            assert!(page.status == 403 && page.says("Licensing manager"), "{page:?}");
        }
        let mut support = portal.sign_in(SUPPORT).await;
        assert_eq!((support.open("/admin/codes").await.status, support.open("/admin/codes/new").await.status), (200, 403));
        assert!(!support.open("/admin/codes").await.says("Issue codes"));
    }

    /// LIC-5: guesses are counted for the business and stop with a page that says when to go on; right codes cost nothing.
    #[test]
    async fn guesses_are_throttled(stage: Stage) {
        let portal = stage.portal().await;
        let (_, codes) = issued(&portal, "1", "").await;
        let mut admin = portal.sign_in(ACME_ADMIN).await;
        for _ in 0..15 {
            assert_eq!(admin.enter(&codes[0]).await.0, 200);
        }
        let guess = || creditdesk::fulfilment::code::text::CodeText::generate().reveal();
        for _ in 0..10 {
            assert_eq!(admin.enter(&guess()).await.0, 409);
        }
        admin.open(ADD).await;
        let page = admin.fill("Activation code", &guess()).press("Continue").await;
        assert_eq!((page.status, page.header("retry-after").is_empty()), (429, false), "{page:?}");
        let mut licensing = portal.sign_in(ACME_LICENSING).await;
        licensing.open(ADD).await;
        assert_eq!(licensing.fill("Activation code", &codes[0]).press("Continue").await.status, 429, "the business waits");
        stage.clock.advance(TimeDelta::minutes(15));
        assert_eq!(admin.enter(&codes[0]).await.0, 200);
    }

    /// LIC-5: the codes of a batch are handed out once, as CSV too; sent twice, the form leads to the batch. Withdrawn
    /// ones cannot be used.
    #[test]
    async fn a_batch_is_downloaded_once_and_withdrawn(stage: Stage) {
        let portal = stage.portal().await;
        let mut lead = portal.sign_in(LEAD).await;
        let page = lead.open("/admin/codes/new").await;
        let key = page.attributes("input[name=form_key]", "value").remove(0);
        let page = lead.fill("Credits of each code", "0").fill("Number of codes", "1,001").press("Issue and show").await;
        assert_eq!((page.status, page.problems().len()), (422, 7), "{page:?}");
        let fields = [
            ("form_key", key.as_str()), ("product_code", "vision"), ("product_name", "Trend Vision One"), ("seller_name", "Trend Micro"),
            ("credits", "100"), ("months", "24"), ("order", "=SO"), ("valid_until", "2026-12-31"), ("size", "1,000"), ("act", "csv"),
        ];
        let file = lead.post("/admin/codes/new", &fields).await;
        assert_eq!(file.header("content-type"), "text/csv; charset=utf-8");
        let lines: Vec<&str> = file.body.trim_start_matches('\u{feff}').lines().collect();
        assert_eq!((lines.len(), lines[0]), (1_001, "Code,Product,Credits,Term in months,Order number,Valid until"));
        assert!(lines[1].ends_with(",Trend Vision One,100,24,'=SO,2027-01-01T00:00:00Z"), "{}", lines[1]);
        let code = lines[1].split(',').next().unwrap().to_owned();
        lead.open("/admin/codes/new").await;
        let page = lead.post("/admin/codes/new", &fields).await;
        assert_eq!(page.heading(), "Activation codes of =SO");
        assert_eq!(page.rows("Codes").len(), 25);
        let page = lead.press("Withdraw all codes that are not used").await;
        assert_eq!(page.fact("Withdrawn"), "1,000");
        let mut admin = portal.sign_in(ACME_ADMIN).await;
        assert!(admin.enter(&code).await.1[0].contains("withdrawn"));
        assert!(lead.open("/admin/codes?q=vision").await.says("Showing 1 of 1 batch"));
        assert!(lead.open(&format!("/admin/codes?q=%E2%80%A2{}", &code[32..])).await.says("Showing 1 of 1 batch"));
        assert!(lead.open("/admin/codes?q=nothing").await.says("No batch matches"));
    }

    /// SUP-2: the license of a code moves to another business like any other.
    #[test]
    async fn the_license_of_a_code_can_be_transferred(stage: Stage) {
        let portal = stage.portal().await;
        let (mut lead, codes) = issued(&portal, "1", "").await;
        let mut admin = portal.sign_in(ACME_ADMIN).await;
        admin.enter(&codes[0]).await;
        admin.press("Add license").await;
        lead.open("/admin/licenses").await;
        let license = lead.click("Trend Vision One").await.path().rsplit('/').next().unwrap().to_owned();
        let mut support = portal.sign_in(SUPPORT).await;
        support.ask_for_transfer(&license, "Globex").await;
        lead.open(support.page().path()).await;
        lead.press("Approve transfer").await;
        assert_eq!(admin.open("/console/credits").await.figure("Total valid credits"), 0);
        let mut globex = portal.sign_in(GLOBEX_ADMIN).await;
        assert_eq!(globex.open("/console/credits").await.figure("Total valid credits"), 1_500);
        assert_eq!(globex.open("/console/licenses").await.rows("Licenses")[0][8], "Activation code");
    }
}
