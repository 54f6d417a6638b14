//! Many people, or one impatient one, do the same thing at the same instant: from two server processes on one Postgres,
//! and from one process on SQLite. What happened is counted in the database, not in the answers alone.

use crate::support::Stage;
use crate::support::browser::Browser;
use crate::support::people::{ACME_ADMIN, ACME_BUYER, ACME_LICENSING, GLOBEX_ADMIN, LEAD, SUPPORT};
use crate::support::process::Process;
use crate::support::volley::{Answer, Shot, fire};
use creditdesk::db::Engine;
use std::net::SocketAddr;

const ROUNDS: usize = 50;
const AT_ONCE: usize = 64;

both_engines! {
    /// ACT-6: fifty rounds of 64 simultaneous attempts: exactly one succeeds in each, the others see *Products Already
    /// Activated*; one license, one set of credits.
    #[test]
    async fn a_purchase_is_activated_once_however_many_try(stage: Stage) {
        let servers = Servers::start(&stage).await;
        let mut buyer = servers.sign_in(ACME_BUYER).await;
        let (mut admin, mut licensing) = (servers.sign_in(ACME_ADMIN).await, servers.sign_in(ACME_LICENSING).await);
        for round in 1..=ROUNDS {
            let purchase = buyer.buy("100").await;
            buyer.set_up(&purchase).await;
            let mut shots = Vec::new();
            for browser in [&mut admin, &mut licensing] {
                browser.take_registration_of(&buyer);
                browser.open("/console/activation").await;
                shots.push(Shot::of(browser, "Activate", &["f-terms"]));
            }
            let answers = fire(&servers.addresses, &shots, AT_ONCE).await;
            no_server_error(&answers);
            let (winners, losers) = split(&answers, |answer| answer.location.ends_with("/done"));
            assert_eq!(winners.len(), 1, "round {round}: {answers:#?}");
            assert!(losers.iter().all(|answer| answer.body.contains("Products Already Activated")), "round {round}: {losers:#?}");
            let page = winners[0].follow(&mut admin).await;
            assert!(page.heading().contains("Activation Successful"), "{page:?}");
            let counts = [
                count(&stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM contracts").await,
                count(&stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM licenses").await,
                count(&stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM credit_entries").await,
                count(&stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM audit_entries WHERE action = 'license.activated'").await,
            ];
            assert_eq!(counts, [i64::try_from(round).unwrap(); 4], "round {round}");
        }
        let credits = count(&stage, "SELECT CAST(SUM(credits) AS BIGINT) FROM credit_entries").await;
        assert_eq!(credits, 5_000);
    }

    /// LIC-5: fifty activation codes, each sent 64 times at once by two people of two businesses: one license each.
    #[test]
    async fn a_code_is_used_once_however_many_try(stage: Stage) {
        let servers = Servers::start(&stage).await;
        let codes = servers.sign_in(LEAD).await.issue_codes(&ROUNDS.to_string(), "", "2099-12-31").await;
        let (mut acme, mut globex) = (servers.sign_in(ACME_ADMIN).await, servers.sign_in(GLOBEX_ADMIN).await);
        for (round, code) in (1..).zip(&codes) {
            let mut shots = Vec::new();
            for browser in [&mut acme, &mut globex] {
                browser.open("/console/licenses/add").await;
                browser.fill("Activation code", code).press("Continue").await;
                shots.push(Shot::of(browser, "Add license", &[]));
            }
            let answers = fire(&servers.addresses, &shots, AT_ONCE).await;
            no_server_error(&answers);
            let (winners, losers) = split(&answers, |answer| answer.location.ends_with("/done"));
            assert_eq!(winners.len(), 1, "round {round}: {answers:#?}");
            assert!(losers.iter().all(|answer| answer.status == 409 && answer.body.contains("used")), "round {round}: {losers:#?}");
            let counts = [
                count(&stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM contracts").await,
                count(&stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM licenses").await,
                count(&stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM credit_entries").await,
                count(&stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM audit_entries WHERE action = 'license.added_by_code'").await,
            ];
            assert_eq!(counts, [round; 4], "round {round}");
        }
    }

    /// MKT-7: fifty quotes whose *Pay now* is pressed 64 times at once: one agreement, one charge and one receipt each.
    #[test]
    async fn a_quote_is_paid_once_however_often_it_is_pressed(stage: Stage) {
        let servers = Servers::start(&stage).await;
        let mut buyer = servers.sign_in(ACME_BUYER).await;
        for round in 1..=ROUNDS {
            buyer.create_contract("100").await;
            let shot = Shot::of(&buyer, "Pay now", &[]);
            let answers = fire(&servers.addresses, &[shot], AT_ONCE).await;
            no_server_error(&answers);
            let mut receipts: Vec<&str> = answers.iter().map(|answer| answer.location.as_str()).collect();
            receipts.sort_unstable();
            receipts.dedup();
            assert_eq!(receipts.len(), 1, "round {round}: every press leads to the same receipt: {receipts:?}");
            assert!(receipts[0].contains("/confirmation"), "{receipts:?}");
            let counts = [
                count(&stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM agreements").await,
                count(&stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM charges").await,
                count(&stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM license_arns").await,
                count(&stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM payments").await,
            ];
            assert_eq!(counts, [i64::try_from(round).unwrap(); 4], "round {round}");
        }
        assert_eq!(count(&stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM credit_entries").await, 0, "paying adds no credits");
    }

    /// SUP-2: fifty transfers whose approval is pressed 64 times at once: one move each, and the credits of both pools
    /// add up to what was bought.
    #[test]
    async fn a_transfer_is_approved_once_however_often_it_is_pressed(stage: Stage) {
        let servers = Servers::start(&stage).await;
        let mut buyer = servers.sign_in(ACME_BUYER).await;
        let mut admin = servers.sign_in(ACME_ADMIN).await;
        buyer.buy_for("100", &mut admin).await;
        let (mut support, mut lead) = (servers.sign_in(SUPPORT).await, servers.sign_in(LEAD).await);
        let license = license_id(&mut support).await;
        for round in 1..=ROUNDS {
            let destination = if round % 2 == 1 { "Globex" } else { "Acme Industries" };
            support.ask_for_transfer(&license, destination).await;
            lead.open(support.page().path()).await;
            let shot = Shot::of(&lead, "Approve transfer", &[]);
            let answers = fire(&servers.addresses, &[shot], AT_ONCE).await;
            no_server_error(&answers);
            let round = i64::try_from(round).unwrap();
            assert_eq!(count(&stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM transfers WHERE status = 'approved'").await, round);
            assert_eq!(count(&stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM credit_entries").await, 1 + 2 * round, "one pair of entries a transfer");
            assert_eq!(count(&stage, "SELECT CAST(SUM(credits) AS BIGINT) FROM credit_entries").await, 100);
            let approved = count(&stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM audit_entries WHERE action LIKE 'transfer.approved%'").await;
            assert!(approved == round || approved == 2 * round || approved == 3 * round, "round {round}: {approved} entries");
        }
    }
}

/// Two processes on Postgres, one on SQLite.
struct Servers {
    running: Vec<Process>,
    addresses: Vec<SocketAddr>,
}

impl Servers {
    async fn start(stage: &Stage) -> Self {
        let mut running = vec![Process::start(stage.url(), stage.folder()).await];
        if stage.engine() == Engine::Postgres {
            running.push(Process::start(stage.url(), stage.folder()).await);
        }
        let addresses = running.iter().map(|process| process.address).collect();
        Self { running, addresses }
    }

    async fn sign_in(&self, email: &str) -> Browser {
        let mut browser = Browser::new(&self.running[0].origin);
        browser.sign_in(email).await;
        browser
    }
}

async fn license_id(support: &mut Browser) -> String {
    let page = support.open("/admin/licenses").await;
    let links = page.attributes("a[href]", "href");
    let link = links.iter().find(|link| link.contains("/lic_")).unwrap_or_else(|| panic!("no license in {page:?}"));
    link.split('/').next_back().unwrap_or_default().to_owned()
}

fn no_server_error(answers: &[Answer]) {
    let failed: Vec<&Answer> = answers.iter().filter(|answer| answer.status >= 500 || answer.status == 0).collect();
    assert!(failed.is_empty(), "{} of {}: {:#?}", failed.len(), answers.len(), failed[0]);
}

fn split(answers: &[Answer], wins: impl Fn(&Answer) -> bool) -> (Vec<&Answer>, Vec<&Answer>) {
    answers.iter().partition(|answer| wins(answer))
}

async fn count(stage: &Stage, sql: &'static str) -> i64 {
    stage.db.read(sql).scalar().await.unwrap_or_else(|error| panic!("{sql}: {error:?}"))
}
