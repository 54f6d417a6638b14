//! Renewal through the pages and the clockwork, end to end: Modify renewal, the run by several portals at once, what the
//! console shows afterwards, and the difference that staff decide.

mod dates;

use crate::support::Stage;
use crate::support::desk::Desk;
use crate::support::fake_marketplace::Bought;
use crate::support::people::{ACME_ADMIN, ACME_BUYER, GLOBEX_ADMIN, LEAD, SUPPORT};
use crate::support::portal::Portal;
use chrono::TimeDelta;
use creditdesk::db::{Db, Engine};

const YEAR: TimeDelta = TimeDelta::days(365);

async fn number(stage: &Stage, sql: &'static str) -> i64 {
    stage.db.read(sql).scalar().await.unwrap()
}

both_engines! {
    /// REN-3: Modify renewal says what will happen on which date at which price, takes another number of credits within the
    /// limits, keeps what was typed, shows the change until it is taken back, and refuses at the end with the reason.
    #[test]
    async fn modify_renewal_chooses_the_next_term(stage: Stage) {
        let portal = stage.portal().await;
        let mut buyer = portal.sign_in(ACME_BUYER).await;
        let purchase = buyer.buy("1,000").await;
        let tab = format!("{}?tab=renewal", purchase.subscription());
        let page = buyer.open(&tab).await;
        let will = "On 2 Mar 2027, 09:00 UTC the contract renews for 12 months with the credits then in force, 1,000 credits as of now, at the price offered then. At today’s price of USD 1.00 a credit that is USD 1,000.00.";
        assert!(page.says(will), "{page:?}");
        for typed in ["99", "10,000,001", "1.5", "many"] {
            let page = buyer.fill("Number of credits for the next term", typed).press("Save changes").await;
            assert_eq!((page.status, page.value("Number of credits for the next term").as_str()), (422, typed));
            assert!(page.problems()[0].contains("Enter a whole number of credits from 100 to 10,000,000"), "{page:?}");
        }
        let page = buyer.fill("Number of credits for the next term", "400").press("Save changes").await;
        assert_eq!(page.flash().as_deref(), Some("Success: The contract will renew"));
        assert!(page.says("with 400 credits, whatever is added until then") && page.says("that is USD 400.00"), "{page:?}");
        let page = buyer.open(&purchase.subscription()).await;
        assert!(page.says("From 2 Mar 2027, 09:00 UTC the contract has 400 credits. Until then it has 1,000 credits."), "{page:?}");
        assert_eq!(page.fact("Credits"), "1,000 credits");
        let page = buyer.press("Take the change back").await;
        assert!(page.says(will), "{page:?}");
        assert!(!buyer.open(&purchase.subscription()).await.says("The next term is changed"));
        let page = buyer.open(&tab).await;
        assert_eq!(page.value("Number of credits for the next term"), "");
        let page = buyer.choose("Renewal Settings", "No").press("Save changes").await;
        assert!(page.says("On 2 Mar 2027, 09:00 UTC the contract and its credits end, and nothing more is charged."), "{page:?}");
        stage.clock.advance(YEAR);
        let mut buyer = portal.sign_in(ACME_BUYER).await;
        buyer.open("/marketplace/subscriptions").await;
        let page = buyer.post(&format!("{}/renewal", purchase.subscription()), &[("renew", "yes"), ("next_credits", "")]).await;
        assert!(page.says("The end date has passed, so it is too late to change what happens then."), "{page:?}");
        portal.run_due_jobs().await;
        assert_eq!(number(&stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM agreements").await, 1);
        assert_eq!(buyer.open("/marketplace/subscriptions").await.rows("Subscriptions")[0][5], "Ended");
    }

    /// REN-1, CRD-6, LIC-3: after the end License Information still says Active, Credits & Billing has the renewed total and
    /// the new expiration, the subscription shows its chain of terms, and purchase history and history say renewed.
    #[test]
    async fn after_a_renewal_every_page_goes_on(stage: Stage) {
        let portal = stage.portal().await;
        let mut buyer = portal.sign_in(ACME_BUYER).await;
        let mut admin = portal.sign_in(ACME_ADMIN).await;
        let purchase = buyer.buy_for("1,000", &mut admin).await;
        portal.run_due_jobs().await;
        buyer.open(&format!("{}?tab=renewal", purchase.subscription())).await;
        buyer.fill("Number of credits for the next term", "1,400").press("Save changes").await;
        stage.clock.advance(YEAR);
        let mut admin = portal.sign_in(ACME_ADMIN).await;
        assert_eq!(admin.open("/console/credits").await.figure("Total valid credits"), 0);
        portal.run_due_jobs().await;
        let page = admin.open("/console/credits").await;
        assert_eq!(page.figure("Total valid credits"), 1_400);
        let rows = page.rows("License items, dates in UTC");
        assert_eq!(rows.len(), 2, "{rows:?}");
        let has = |kind: &str, credits: &str| rows.iter().any(|row| row.iter().any(|cell| cell == kind) && row.iter().any(|cell| cell == credits));
        assert!(has("New, renewed", "1,000") && has("Renewal", "400"), "{rows:?}");
        assert!(rows.iter().all(|row| row.iter().any(|cell| cell.starts_with("2 Mar 2027")) && row.iter().any(|cell| cell.starts_with("2 Mar 2028"))), "{rows:?}");
        assert!(page.says("Renewed for the next term: +1,000"), "{page:?}");
        let page = admin.open("/console/licenses").await;
        assert!(page.text().matches("Active").count() >= 2 && !page.rows("Licenses of your business").iter().flatten().any(|cell| cell.contains("Expired")), "{page:?}");
        let mut buyer = portal.sign_in(ACME_BUYER).await;
        let page = buyer.open(&purchase.subscription()).await;
        assert!(page.says("The contract goes on") && page.link("Open the next term").is_some(), "{page:?}");
        let page = buyer.click("Open the next term").await;
        let terms = page.rows("Terms of this contract");
        let told: Vec<String> = terms.iter().map(|row| row[..6].join(" | ")).collect();
        assert_eq!(told, ["1 | 2 Mar 2026 | 2 Mar 2027 | 1,000 | USD 1.00 | Renewed", "2 | 2 Mar 2027 | 2 Mar 2028 | 1,400 | USD 1.00 | Active"]);
        assert_eq!(page.rows("Charges")[0][1..4], ["Renewal", "1,400", "USD 1,400.00"]);
        let page = buyer.press("Set up product").await;
        let forward = page.buttons().into_iter().next_back().unwrap();
        buyer.press(&forward).await;
        let mut admin = portal.sign_in(ACME_ADMIN).await;
        admin.take_registration_of(&buyer);
        let page = admin.open("/console/activation").await;
        assert!(page.heading().contains("Already Activated"), "{page:?}");
    }

    /// REN-2, SUP-2: four portals on one database run their clockwork at once while contracts are transferred: exactly one
    /// renewal and one charge a contract and term, and both pools add up to what was bought at every instant.
    #[test]
    async fn several_portals_renew_while_contracts_move(stage: Stage) {
        let portal = stage.portal().await;
        let mut buyer = portal.sign_in(ACME_BUYER).await;
        let mut admin = portal.sign_in(ACME_ADMIN).await;
        for _ in 0..5 {
            buyer.buy_for("100", &mut admin).await;
        }
        portal.run_due_jobs().await;
        let (mut support, licenses) = (portal.sign_in(SUPPORT).await, license_ids(&stage).await);
        for license in &licenses[..2] {
            support.ask_for_transfer(license, "Globex").await;
        }
        let transfers = stage.db.read("SELECT id FROM transfers").all::<(creditdesk::kernel::id::TransferId,)>().await.unwrap();
        let others = if stage.engine() == Engine::Postgres { 3 } else { 0 };
        let mut portals = vec![portal];
        for _ in 0..others {
            portals.push(Portal::over(&stage, Db::open(stage.url()).await.unwrap()).await);
        }
        let mut lead = portals[0].sign_in(LEAD).await;
        for term in 1..=3_i64 {
            if term == 2 {
                for (transfer,) in &transfers {
                    let page = lead.open(&format!("/admin/transfers/{transfer}")).await;
                    if page.buttons().iter().any(|button| button == "Approve transfer") {
                        lead.press("Approve transfer").await;
                    }
                }
            }
            stage.clock.advance(if term == 1 { YEAR - TimeDelta::hours(1) } else { YEAR });
            let running = portals.iter().flat_map(|portal| [portal.run_due_jobs(), portal.run_due_jobs()]);
            futures_util::future::join_all(running).await;
            lead = portals[0].sign_in(LEAD).await;
        }
        portals[0].run_due_jobs().await;
        let doubled = number(&stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM (SELECT initial_agreement_id, term_number FROM agreements GROUP BY initial_agreement_id, term_number HAVING COUNT(*) > 1) d").await;
        let uncharged = number(&stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM agreements a WHERE (SELECT COUNT(*) FROM charges c WHERE c.agreement_id = a.id) <> 1").await;
        assert_eq!((doubled, uncharged), (0, 0));
        let now = stage.now();
        for days in [0, 200, 400, 700] {
            let at = now - TimeDelta::days(days);
            let valid: i64 = stage.db.read("SELECT CAST(COALESCE(SUM(credits), 0) AS BIGINT) FROM credit_entries WHERE effective_at <= $1 AND expires_at > $1").bind(at).scalar().await.unwrap();
            assert_eq!(valid, 500, "{days} days ago");
        }
        let renewed = number(&stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM credit_entries WHERE kind = 'renewed'").await;
        let renewals = number(&stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM charges WHERE kind = 'renewal'").await;
        assert!(renewed == renewals && renewals >= 10, "{renewed} entries for {renewals} renewals");
    }

    /// SUP-8, UPG-5: the list of differences, one of them with what the marketplace says now, and its repair with a reason;
    /// support sees, a support lead decides, and what was typed is kept.
    #[test]
    async fn a_difference_is_listed_and_repaired(stage: Stage) {
        let desk = Desk::open(&stage).await;
        let bought: Bought = desk.market.buy(1, 1_000, stage.now());
        let mut admin = desk.ready(ACME_ADMIN, &bought).await;
        admin.accept_and_activate().await;
        let mut support = desk.portal.sign_in(SUPPORT).await;
        assert!(support.open("/admin/reconciliation").await.says("No open difference"));
        desk.market.world().total(&bought, 400);
        desk.portal.run_due_jobs().await;
        let page = support.open("/admin/reconciliation").await;
        let rows = page.rows("Differences");
        assert_eq!(rows[0][..4], ["Fewer credits: Trend Vision One", "Acme Industries", "1,000", "400"]);
        let page = support.click("Fewer credits: Trend Vision One").await;
        assert!(page.says("400 of credits until 2 Mar 2027") && page.says("A Support lead decides"), "{page:?}");
        let address = page.path().to_owned();
        assert_eq!(support.post(&format!("{address}/repair"), &[("repair", "keep"), ("reason", "as agreed with them")]).await.status, 403);
        let mut lead = desk.portal.sign_in(LEAD).await;
        lead.open(&address).await;
        let page = lead.fill("Reason", "short").press("Close the difference").await;
        assert_eq!((page.status, page.problems().len(), page.value("Reason").as_str()), (422, 2, "short"));
        assert_eq!(lead.press("Read the marketplace again").await.flash().as_deref(), Some("Information: It still differs"));
        let page = lead.choose("What to do", "Take over what the marketplace says").fill("Reason", "Agreed with the buyer").press("Close the difference").await;
        assert_eq!(page.flash().as_deref(), Some("Success: The difference is closed"));
        assert!(page.says("Taken over") && page.says("Agreed with the buyer"), "{page:?}");
        assert_eq!(admin.open("/console/credits").await.figure("Total valid credits"), 400);
        assert!(admin.page().says("Corrected by support"), "{:?}", admin.page());
        assert!(lead.open("/admin/reconciliation").await.says("No open difference"));
        assert_eq!(lead.open("/admin/reconciliation?state=closed").await.rows("Differences").len(), 1);
        let mut stranger = desk.portal.sign_in(GLOBEX_ADMIN).await;
        assert_eq!(stranger.open("/admin/reconciliation").await.status, 404);
    }
}

async fn license_ids(stage: &Stage) -> Vec<String> {
    let rows = stage.db.read("SELECT id FROM licenses ORDER BY id").all::<(creditdesk::kernel::id::LicenseId,)>().await.unwrap();
    rows.into_iter().map(|(id,)| id.to_string()).collect()
}
