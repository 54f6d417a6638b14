//! The last step of a transfer, pressed many times at once, at two portals on one database.

use super::{acme_contract, ask_for_transfer, count, demo_business, flash};
use crate::support::Stage;
use crate::support::fixtures;
use crate::support::people::{LEAD, SUPPORT};
use creditdesk::credits::ledger::figures;
use creditdesk::db::Engine;
use creditdesk::kernel::id::BusinessId;
use futures_util::future::join_all;

const PRESSES: usize = 64;

both_engines! {
    /// SUP-2 SUP-4: of 64 simultaneous presses of Approve one moves the license, none fails, and each says how it stands.
    #[test]
    async fn of_many_presses_of_approve_one_moves_the_license(stage: Stage) {
        let portal = stage.portal().await;
        let held = acme_contract(&stage, 1_000).await;
        fixtures::book_upgrade(&stage.db, &held, 250, stage.now()).await.unwrap();
        let mut support = portal.sign_in(SUPPORT).await;
        let address = ask_for_transfer(&mut support, &held).await;
        // Several processes share a Postgres; an embedded file has one.
        let second = if stage.engine() == Engine::Postgres { Some(stage.portal().await) } else { None };
        let mut leads = vec![portal.sign_in(LEAD).await];
        if let Some(second) = &second {
            leads.push(second.sign_in(LEAD).await);
        }
        for lead in &mut leads {
            lead.open(&address).await;
        }
        let presses = (0..PRESSES).map(|number| {
            let mut lead = leads[number % leads.len()].clone();
            tokio::spawn(async move { lead.press("Approve transfer").await.clone() })
        });
        let pages: Vec<_> = join_all(presses).await.into_iter().map(Result::unwrap).collect();
        assert!(pages.iter().all(|page| page.status == 200 && page.path() == address), "{pages:?}");
        let said = |words: &str| pages.iter().filter(|page| flash(page) == words).count();
        assert_eq!((said("Transfer approved"), said("This transfer is approved already")), (1, PRESSES - 1));

        let owner: BusinessId = stage.db.read("SELECT business_id FROM contracts").scalar().await.unwrap();
        let (acme, globex) = (demo_business(&stage, "Acme Industries").await, demo_business(&stage, "Globex").await);
        assert_eq!(owner, globex);
        let total = async |business| figures(&stage.db, business, stage.now()).await.unwrap().total_valid;
        assert_eq!((total(acme).await, total(globex).await), (0, 1_250));
        for (sql, rows) in [
            ("SELECT CAST(COUNT(*) AS BIGINT) FROM credit_entries WHERE kind = 'transferred_in'", 2),
            ("SELECT CAST(COUNT(*) AS BIGINT) FROM credit_entries WHERE kind = 'transferred_out'", 2),
            ("SELECT CAST(COUNT(*) AS BIGINT) FROM audit_entries WHERE action = 'transfer.approved'", 1),
            ("SELECT CAST(COUNT(*) AS BIGINT) FROM mails WHERE kind LIKE 'transfer%'", 3),
        ] {
            assert_eq!(count(&stage, sql).await, rows, "{sql}");
        }
    }
}
