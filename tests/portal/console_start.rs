//! The console's start page and the business's audit log: what each role is shown first, and what was changed by whom.

use crate::billing::business;
use crate::support::Stage;
use crate::support::fixtures::{contract, contract_for};
use crate::support::page::Page;
use crate::support::usage;
use crate::support::usage::allocate;
use chrono::TimeDelta;
use creditdesk::audit::{self, ActingAs, Entry, Who};
use creditdesk::db::{Db, Error};
use creditdesk::kernel::id::BusinessId;
use creditdesk::tx;
use serde_json::json;

fn notices(page: &Page) -> Vec<String> {
    page.all("main .alert-title")
}

async fn write(db: &Db, who: &Who, entry: Entry) {
    let written: Result<(), Error> = tx!(db, |tx| { audit::record(tx, who, entry.clone()).await });
    written.unwrap();
}

/// A colleague of the business, as a request of theirs would carry them.
fn colleague(stage: &Stage) -> Who {
    Who { label: "licensing@acme.example".to_owned(), acting_as: ActingAs::Business, address: "198.51.100.7".to_owned(), ..stage.who("x") }
}

async fn use_units(stage: &Stage, business: BusinessId, units: i64, who: &Who) {
    usage::use_units(&stage.db, business, usage::XDR, units, who).await;
}

both_engines! {
    /// CRD-2, EXP-1: what is missing, what ran out and what will run out within 90, 30 and 7 days stands first; when
    /// all is well the page says so.
    #[test]
    async fn the_start_page_says_what_needs_attention(stage: Stage) {
        let portal = stage.portal().await;
        let acme = business(&stage, "Acme Industries").await;
        let mut viewer = portal.sign_in("viewer@acme.example").await;
        assert!(viewer.open("/console").await.says("No licenses yet"));
        assert!(viewer.page().says("An Administrator or a Licensing manager of your business activates"), "{:?}", viewer.page());
        contract(&stage, acme, 1_000).await;
        assert_eq!(notices(viewer.open("/console").await), ["Nothing needs attention"]);
        for (days, credits) in [(2, 40), (5, 60), (20, 200), (80, 300), (91, 5)] {
            contract_for(&stage, acme, credits, TimeDelta::days(days)).await;
        }
        let expected = ["100 credits expire within 7 days", "200 credits expire within 30 days", "300 credits expire within 90 days"];
        assert_eq!(notices(viewer.open("/console").await), expected);
        assert!(viewer.page().says("The first on 4 Mar 2026, 09:00 UTC (in 2 days), the last on 7 Mar 2026, 09:00 UTC (in 5 days)"));
        stage.clock.advance(TimeDelta::days(5));
        allocate(&stage, acme, 1_605).await;
        let mut viewer = portal.sign_in("viewer@acme.example").await;
        let found = notices(viewer.open("/console").await);
        assert_eq!(found[..2], ["Your current balance is below zero", "2 license items expired"], "{found:?}");
        assert!(viewer.page().says("100 credits no longer count"));
        assert_eq!(viewer.click("See what expired").await.rows("License items").len(), 2);
    }

    /// IDN-2: each role sees on the start page what it may see elsewhere, and a Member neither figures nor licenses.
    #[test]
    async fn the_start_page_shows_each_role_what_it_may_see(stage: Stage) {
        let portal = stage.portal().await;
        let acme = business(&stage, "Acme Industries").await;
        contract(&stage, acme, 4_321).await;
        use_units(&stage, acme, 3, &colleague(&stage)).await;
        for (email, figures, log) in [
            ("admin@acme.example", true, true),
            ("auditor@acme.example", true, true),
            ("licensing@acme.example", true, false),
            ("viewer@acme.example", true, false),
            ("member@acme.example", false, false),
        ] {
            let page = portal.sign_in(email).await.open("/console").await.clone();
            assert_eq!((page.status, page.heading().as_str()), (200, "Acme Industries"), "{email}");
            assert_eq!(page.says("4,321"), figures, "{email}: {page:?}");
            assert_eq!(page.says("Allocation changed"), log, "{email}: {page:?}");
            assert_eq!(page.says("What you can do here"), !figures, "{email}: {page:?}");
        }
        let other = portal.sign_in("admin@globex.example").await.open("/console").await.clone();
        assert!(!other.says("4,321") && other.heading() == "Globex", "{other:?}");
    }

    /// AUD-1: the log says who did what, when, from where, and what it was before and is after, newest first.
    #[test]
    async fn the_audit_log_tells_each_change_readably(stage: Stage) {
        let portal = stage.portal().await;
        let acme = business(&stage, "Acme Industries").await;
        use_units(&stage, acme, 60, &colleague(&stage)).await;
        stage.clock.advance(TimeDelta::minutes(5));
        use_units(&stage, acme, 10, &colleague(&stage)).await;
        let mut auditor = portal.sign_in("auditor@acme.example").await;
        let page = auditor.open("/console/audit").await.clone();
        let rows = page.rows("Entries, newest first");
        assert_eq!(
            rows[0],
            [
                "2 Mar 2026, 09:05 UTC",
                "Allocation changed endpoint-security/xdr",
                "licensing@acme.example for the business, from 198.51.100.7",
                "Credits: 1,200 → 200 Units: 60 → 10",
            ]
        );
        assert_eq!(rows[1][3], "Credits: 0 → 1,200 Units: 0 → 60");
        assert!(rows.len() > 2 && page.says("Member joined"), "{page:?}");
        auditor.select("What happened", "Allocation changed").press("Apply filters").await;
        assert_eq!(auditor.page().rows("Entries").len(), 2);
        auditor.fill("Id of what changed", "nothing of that name").press("Apply filters").await;
        assert!(auditor.page().says("No entry matches"), "{:?}", auditor.page());
        assert!(auditor.click("Show all entries").await.rows("Entries").len() > 2);
    }

    /// AUD-1, IDN-4: only Administrator and Auditor read the log, and only their own business's; staff stay nameless, and
    /// a name cannot forge a line.
    #[test]
    async fn the_audit_log_is_the_businesss_own(stage: Stage) {
        let portal = stage.portal().await;
        let acme = business(&stage, "Acme Industries").await;
        let staff = Who { acting_as: ActingAs::Staff, label: "lead@creditdesk.example".to_owned(), ..stage.who("x") };
        let moved = Entry::new("license.transferred_in", "lic_1").in_business(acme).after(json!({ "credits": 1_000 }));
        write(&stage.db, &staff, moved).await;
        write(&stage.db, &staff, Entry::new("staff.secret", "trf_1")).await;
        let forged = Who { label: "<b>a@b.example</b>\r\n2 Mar 2026".to_owned(), ..colleague(&stage) };
        write(&stage.db, &forged, Entry::new("member.joined", "per_1").in_business(acme)).await;
        for email in ["licensing@acme.example", "viewer@acme.example", "member@acme.example"] {
            let page = portal.sign_in(email).await.open("/console/audit").await.clone();
            assert_eq!(page.status, 403, "{email}");
            assert!(page.says("Administrator or Auditor"), "{page:?}");
        }
        let page = portal.sign_in("admin@acme.example").await.open("/console/audit").await.clone();
        assert!(page.says("License transferred in") && page.says("Support staff of the vendor"), "{page:?}");
        assert!(!page.says("lead@creditdesk.example") && !page.says("Staff secret"), "{page:?}");
        assert!(page.body.contains("&#60;b&#62;") && page.all("td b").is_empty(), "names are text");
        let other = portal.sign_in("admin@globex.example").await.open("/console/audit").await.clone();
        assert!(!other.says("lic_1") && !other.says("acme"), "{other:?}");
    }

    /// AUD-3: auditors take their own business's entries away as a file, narrowed as the page is; nobody else's are in it.
    #[test]
    async fn the_audit_log_is_exported_whole_and_alone(stage: Stage) {
        let portal = stage.portal().await;
        let (acme, globex) = (business(&stage, "Acme Industries").await, business(&stage, "Globex").await);
        for number in 0..120 {
            write(&stage.db, &colleague(&stage), Entry::new("counted.up", format!("cnt_{number}")).in_business(acme)).await;
        }
        write(&stage.db, &colleague(&stage), Entry::new("counted.up", "=cnt_foreign").in_business(globex)).await;
        let mut auditor = portal.sign_in("auditor@acme.example").await;
        let href = auditor.open("/console/audit?action=counted.up").await.link("Download CSV").expect("a file");
        let file = auditor.open(&href).await;
        assert_eq!(file.status, 200);
        assert!(file.header("content-disposition").contains("audit-log-2026-03-02.csv"));
        assert_eq!(file.body.lines().count(), 1 + 120, "a heading and every entry");
        assert!(file.body.contains("cnt_119") && !file.body.contains("foreign"), "{}", file.body);
        let whole = auditor.open("/console/audit.csv").await.body.lines().count();
        assert!(whole > 121, "without a filter every entry is there: {whole}");
        assert_eq!(portal.sign_in("viewer@acme.example").await.open("/console/audit.csv").await.status, 403);
    }

    /// AUD-1: a long log is paged by key, each entry on exactly one page.
    #[test]
    async fn a_long_audit_log_is_paged_by_key(stage: Stage) {
        let portal = stage.portal().await;
        let acme = business(&stage, "Acme Industries").await;
        for number in 0..60 {
            write(&stage.db, &colleague(&stage), Entry::new("counted.up", format!("cnt_{number}")).in_business(acme)).await;
        }
        let mut auditor = portal.sign_in("auditor@acme.example").await;
        auditor.open("/console/audit?action=counted.up").await;
        let mut subjects: Vec<String> = Vec::new();
        loop {
            subjects.extend(auditor.page().all("tbody code"));
            if auditor.page().link("Next page").is_none() {
                break;
            }
            auditor.click("Next page").await;
        }
        let expected: Vec<String> = (0..60).rev().map(|number| format!("cnt_{number}")).collect();
        assert_eq!(subjects, expected);
        assert_eq!(auditor.click("First page").await.all("tbody code")[0], "cnt_59");
    }
}
