//! The demonstration with a past: what it leaves is what two years of real use would have left, and nothing adds up wrong.

use crate::support::Stage;
use creditdesk::config::{Config, Settings};
use creditdesk::credits::ledger::figures;
use creditdesk::demo_history::live;
use creditdesk::kernel::id::BusinessId;

fn config(stage: &Stage) -> Config {
    let settings = Settings { data: Some(stage.folder().to_owned()), database_url: Some(stage.url().to_owned()), ..Settings::default() };
    Config::from_settings(settings).expect("a configuration without problems")
}

async fn count(stage: &Stage, sql: &'static str) -> i64 {
    stage.db.read(sql).scalar().await.unwrap()
}

both_engines! {
    /// REN-1, UPG-4, CRD-2, CRD-9: two renewals, the second larger than what was in force, two upgrades and a lapsed contract come
    /// out of the use cases with every figure exact; a database that has people is left alone.
    #[test]
    async fn two_years_are_lived_through_and_everything_adds_up(stage: Stage) {
        let lived = live(&config(&stage), &stage.db, stage.now()).await.unwrap();
        assert!(lived.days >= 730, "{lived:?}");
        let acme: BusinessId = stage.db.read("SELECT id FROM businesses WHERE name = 'Acme Industries'").scalar().await.unwrap();
        let now = figures(&stage.db, acme, stage.now()).await.unwrap();
        assert_eq!((now.total_valid, now.allocated, now.balance()), (23_000, 16_700, 6_300));
        assert_eq!(count(&stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM agreements WHERE status = 'renewed'").await, 2);
        assert_eq!(count(&stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM credit_entries WHERE kind = 'renewed'").await, 6);
        assert_eq!(count(&stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM invoices").await, count(&stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM charges").await);
        assert_eq!(count(&stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM mails WHERE given_up_at IS NOT NULL OR sent_at IS NULL").await, 0);
        let told = "SELECT CAST(COUNT(*) AS BIGINT) FROM metering_records WHERE dimension = 'file-security/storage-bucket'";
        assert!((98 * 24..=99 * 24 + 1).contains(&count(&stage, told).await), "CRD-9: every hour of ninety-nine days: {}", count(&stage, told).await);
        assert!(count(&stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM mails WHERE kind = 'purchase_unclaimed'").await > 0, "an unclaimed purchase is reminded of");
        let again = live(&config(&stage), &stage.db, stage.now()).await.unwrap_err();
        assert!(again.to_string().contains("needs an empty one"), "{again}");
    }
}
