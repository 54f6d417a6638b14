//! Pay-as-you-go (CRD-9): which model charges a feature, what is metered, the contract that it needs, and its pages.

mod contract;
mod market;
mod pages;

use crate::support::Stage;
use crate::support::fixtures::{business, contract as credits, member};
use crate::support::service::{Service, report};
use crate::support::usage::{SOLUTIONS, XDR, key, try_units, use_units};
use chrono::TimeDelta;
use creditdesk::access::BusinessRole;
use creditdesk::audit::Who;
use creditdesk::credits::allocation::{self, Changed, Observation, Reported, SetRefusal, Usage, report as count};
use creditdesk::credits::billing_model::{BillingModel, SwitchRefusal, WAIT, Wish, return_ended, switch};
use creditdesk::credits::ledger;
use creditdesk::credits::rates::{NotChargeable, Units};
use creditdesk::db::{Db, SplitRefusal};
use creditdesk::kernel::id::{BusinessId, ContractId, ServiceKeyId};
use creditdesk::kernel::random;
use creditdesk::tx;
use serde_json::json;

/// 9,636 credits a bucket and year; can be charged by use.
const BUCKETS: &str = "file-security/storage-bucket";
/// 5,000 credits for each begun 500,000 scans; can be charged by use.
const SCANS: &str = "file-security/storage-scan";
/// Can be charged by use; its rate for a year is on request.
const NODES: &str = "container-security/nodes";

const TO_USE: BillingModel = BillingModel::PayAsYouGo;
const TO_CREDITS: BillingModel = BillingModel::Annual;

/// A pay-as-you-go contract as activation writes it.
async fn subscribe(stage: &Stage, business: BusinessId) -> ContractId {
    let (contract, word) = (ContractId::generate(), random::word(20));
    let person = member(stage, business, &format!("{word}@activator.example"), BusinessRole::Member).await;
    let insert = stage.db.write("INSERT INTO contracts (id, business_id, source, license_arn, product_code, product_name, seller_name, dimension, agreement_id, initial_agreement_id, buyer_account_id, auto_renew, granted, expires_at, activated_at, activated_by) VALUES ($1, $2, 'embedded', $3, 'code', 'Trend Vision One Pay-as-you-go', 'Trend Micro', 'pay_as_you_go', $4, $4, '111122223333', FALSE, 1, $5, $6, $7)");
    let insert =
        insert.bind(contract).bind(business).bind(format!("arn:aws:license-manager::294406891311:license:l-{}", random::hex::<16>()));
    let insert = insert.bind(format!("agmt-{word}")).bind(stage.now() + TimeDelta::days(365)).bind(stage.now()).bind(person);
    insert.exec_one().await.unwrap();
    contract
}

async fn end(stage: &Stage, contract: ContractId) {
    let over = stage.db.write("UPDATE contracts SET ended_at = $2 WHERE id = $1");
    over.bind(contract).bind(stage.now()).exec_one().await.unwrap();
}

async fn try_switch(db: &Db, business: BusinessId, feature: &str, to: BillingModel, who: &Who) -> Result<Changed, SwitchRefusal> {
    let feature = key(feature);
    let wish = Wish { business, feature: &feature, to, seen: None };
    tx!(db, |tx| { switch(tx, &SOLUTIONS, wish, who).await }).refusal().unwrap()
}

async fn changed(stage: &Stage, business: BusinessId, feature: &str, to: BillingModel) -> (i64, i64) {
    let changed = try_switch(&stage.db, business, feature, to, &stage.who("admin")).await.expect("a change");
    (changed.before, changed.after)
}

async fn counted(stage: &Stage, business: BusinessId, feature: &str, units: i64, key_id: ServiceKeyId) -> Reported {
    let (feature, who) = (key(feature), stage.who("service"));
    let usage = Usage { business, feature: &feature, units: Units::of(units) };
    let observation = Observation { key: key_id, observed_at: stage.now() };
    let told: Result<_, creditdesk::db::Failed<NotChargeable>> =
        tx!(stage.db, |tx| { count(tx, &SOLUTIONS, &usage, observation, &who).await });
    told.refusal().unwrap().expect("units that can be reported")
}

async fn number(stage: &Stage, sql: &'static str) -> i64 {
    stage.db.read(sql).scalar().await.unwrap()
}

async fn allocated(stage: &Stage, business: BusinessId) -> i64 {
    ledger::figures(&stage.db, business, stage.now()).await.unwrap().allocated
}

/// Every record of a feature: begun units, from when on.
async fn records(stage: &Stage, feature: &str) -> Vec<(i64, creditdesk::kernel::clock::Timestamp)> {
    stage
        .db
        .read("SELECT metered, from_at FROM metered_units WHERE feature = $1 ORDER BY number")
        .bind(feature.to_owned())
        .all()
        .await
        .unwrap()
}

async fn model(stage: &Stage, feature: &str) -> String {
    let row = stage.db.read("SELECT billing_model FROM allocation_accounts WHERE account = $1").bind(feature.to_owned());
    row.opt::<(String,)>().await.unwrap().map_or_else(|| "none".to_owned(), |(model,)| model)
}

both_engines! {
    /// CRD-9: changing to pay-as-you-go returns the credits in the same transaction; what is reported from then on is metered
    /// and reserves nothing; changing back reserves what was last reported.
    #[test]
    async fn a_feature_changes_model_and_back_with_its_credits(stage: Stage) {
        let acme = business(&stage, "Acme").await;
        credits(&stage, acme, 100_000).await;
        subscribe(&stage, acme).await;
        let service = Service::new(&stage, "", &[BUCKETS], None).await;
        assert_eq!(counted(&stage, acme, BUCKETS, 3, service.id).await, Reported::InForce(Changed { before: 0, after: 28_908 }));
        let first = stage.now();
        assert_eq!(changed(&stage, acme, BUCKETS, TO_USE).await, (28_908, 0));
        assert_eq!((allocated(&stage, acme).await, model(&stage, BUCKETS).await.as_str()), (0, "pay_as_you_go"));
        assert_eq!(records(&stage, BUCKETS).await, [(3, first)], "what the service counted goes on");
        stage.clock.advance(TimeDelta::hours(2));
        assert_eq!(counted(&stage, acme, BUCKETS, 5, service.id).await, Reported::Metered(5));
        assert_eq!(counted(&stage, acme, BUCKETS, 5, service.id).await, Reported::Metered(5), "the same again");
        assert_eq!((allocated(&stage, acme).await, records(&stage, BUCKETS).await.len()), (0, 2));
        let refused = try_units(&stage.db, acme, BUCKETS, Units::of(9), &stage.who("admin")).await;
        assert_eq!(refused, Err(SetRefusal::Metered), "a feature has one model at a time");
        let second = stage.now();
        stage.clock.advance(WAIT);
        assert_eq!(changed(&stage, acme, BUCKETS, TO_CREDITS).await, (0, 5 * 9_636));
        assert_eq!((allocated(&stage, acme).await, model(&stage, BUCKETS).await.as_str()), (5 * 9_636, "annual"));
        assert_eq!(records(&stage, BUCKETS).await, [(3, first), (5, second), (0, stage.now())]);
        assert_eq!(counted(&stage, acme, BUCKETS, 4, service.id).await, Reported::InForce(Changed { before: 48_180, after: 38_544 }));
        assert_eq!(number(&stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM metered_units").await, 3, "reserved, not metered");
        let reasons: Vec<(String, i64)> = stage.db.read("SELECT reason, credits FROM allocation_entries ORDER BY number").all().await.unwrap();
        let expected = [("reported", 28_908), ("model_changed", -28_908), ("model_changed", 48_180), ("reported", -9_636)];
        assert_eq!(reasons, expected.map(|(reason, credits)| (reason.to_owned(), credits)));
        let changes: Vec<(i64, String, String, String, String)> =
            stage.db.read("SELECT number, from_model, to_model, cause, changed_by FROM model_changes ORDER BY number").all().await.unwrap();
        assert_eq!(changes.len(), 2);
        assert_eq!((changes[0].2.as_str(), changes[1].2.as_str(), changes[1].3.as_str()), ("pay_as_you_go", "annual", "chosen"));
        assert_eq!(number(&stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM audit_entries WHERE action = 'billing_model.changed'").await, 2);
        assert!(allocation::check(&stage.db).await.unwrap().is_empty());
    }

    /// CRD-9: units that people set are not metered, because nobody counted them; they come back when the feature does.
    #[test]
    async fn units_that_people_set_are_not_metered_and_come_back(stage: Stage) {
        let acme = business(&stage, "Acme").await;
        subscribe(&stage, acme).await;
        use_units(&stage.db, acme, SCANS, 600_000, &stage.who("admin")).await;
        assert_eq!(changed(&stage, acme, SCANS, TO_USE).await, (10_000, 0));
        assert_eq!(records(&stage, SCANS).await, [(0, stage.now())]);
        stage.clock.advance(WAIT);
        assert_eq!(changed(&stage, acme, SCANS, TO_CREDITS).await, (0, 10_000));
        let units = number(&stage, "SELECT units FROM allocation_accounts WHERE account = 'file-security/storage-scan'").await;
        assert_eq!(units, 600_000);
    }

    /// CRD-9: only features that support it, only with a running contract, each to the other model; and a refusal changes
    /// nothing.
    #[test]
    async fn what_does_not_support_it_and_who_has_no_contract_is_refused(stage: Stage) {
        let (acme, globex) = (business(&stage, "Acme").await, business(&stage, "Globex").await);
        let contract = subscribe(&stage, acme).await;
        use_units(&stage.db, globex, BUCKETS, 1, &stage.who("admin")).await;
        let who = stage.who("admin");
        assert_eq!(try_switch(&stage.db, acme, XDR, TO_USE, &who).await, Err(SwitchRefusal::NotSupported));
        assert_eq!(try_switch(&stage.db, acme, "no/feature", TO_USE, &who).await, Err(SwitchRefusal::UnknownFeature));
        assert_eq!(try_switch(&stage.db, acme, BUCKETS, TO_CREDITS, &who).await, Err(SwitchRefusal::Already));
        assert_eq!(try_switch(&stage.db, globex, BUCKETS, TO_USE, &who).await, Err(SwitchRefusal::NoContract));
        end(&stage, contract).await;
        assert_eq!(try_switch(&stage.db, acme, BUCKETS, TO_USE, &who).await, Err(SwitchRefusal::NoContract), "it is over");
        assert_eq!((allocated(&stage, globex).await, number(&stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM model_changes").await), (9_636, 0));
    }

    /// CRD-9: each feature once in 30 x 24 hours, to the microsecond; another feature does not wait for it.
    #[test]
    async fn a_feature_may_change_again_after_exactly_thirty_days(stage: Stage) {
        let acme = business(&stage, "Acme").await;
        subscribe(&stage, acme).await;
        changed(&stage, acme, BUCKETS, TO_USE).await;
        let until = stage.now() + TimeDelta::hours(720);
        changed(&stage, acme, SCANS, TO_USE).await;
        stage.clock.advance(TimeDelta::hours(720) - TimeDelta::microseconds(1));
        let refused = try_switch(&stage.db, acme, BUCKETS, TO_CREDITS, &stage.who("admin")).await;
        assert_eq!(refused, Err(SwitchRefusal::TooSoon { until }));
        assert_eq!(model(&stage, BUCKETS).await, "pay_as_you_go");
        stage.clock.advance(TimeDelta::microseconds(1));
        changed(&stage, acme, BUCKETS, TO_CREDITS).await;
        let refused = try_switch(&stage.db, acme, BUCKETS, TO_USE, &stage.who("admin")).await;
        assert_eq!(refused, Err(SwitchRefusal::TooSoon { until: until + TimeDelta::hours(720) }));
    }

    /// CRD-9: when the contract ends, features return to credits exactly once however many workers run, metering stops at
    /// the end, and the waiting time is waived.
    #[test]
    async fn the_end_of_the_contract_returns_features_once_and_waives_the_wait(stage: Stage) {
        let acme = business(&stage, "Acme").await;
        let contract = subscribe(&stage, acme).await;
        let service = Service::new(&stage, "", &[BUCKETS, SCANS], None).await;
        for feature in [BUCKETS, SCANS] {
            changed(&stage, acme, feature, TO_USE).await;
            counted(&stage, acme, feature, 2, service.id).await;
        }
        assert_eq!(return_ended(&stage.db, &SOLUTIONS, stage.now()).await.unwrap(), 0, "it runs");
        stage.clock.advance(TimeDelta::hours(3));
        let ended_at = stage.now();
        end(&stage, contract).await;
        stage.clock.advance(TimeDelta::minutes(7));
        let now = stage.now();
        let workers = (0..6).map(|_| return_ended(&stage.db, &SOLUTIONS, now));
        let returned: u64 = futures_util::future::join_all(workers).await.into_iter().map(|done| done.unwrap()).sum();
        assert_eq!((returned, allocated(&stage, acme).await), (2, 2 * 9_636 + 5_000));
        assert_eq!(number(&stage, "SELECT CAST(COUNT(*) AS BIGINT) FROM model_changes WHERE cause = 'contract_ended'").await, 2);
        assert_eq!(records(&stage, BUCKETS).await.last(), Some(&(0, ended_at)), "nothing is metered after the end");
        subscribe(&stage, acme).await;
        assert_eq!(changed(&stage, acme, BUCKETS, TO_USE).await, (19_272, 0), "nobody has to wait");
    }

    /// CRD-9: a feature belongs to the contract that it changed under: when that is over it returns although another one runs
    /// by then, and nothing is metered in between.
    #[test]
    async fn another_contract_does_not_take_over_features(stage: Stage) {
        let acme = business(&stage, "Acme").await;
        let contract = subscribe(&stage, acme).await;
        let service = Service::new(&stage, "", &[BUCKETS, SCANS], None).await;
        for feature in [BUCKETS, SCANS] {
            changed(&stage, acme, feature, TO_USE).await;
            counted(&stage, acme, feature, 2, service.id).await;
        }
        stage.clock.advance(TimeDelta::hours(1));
        end(&stage, contract).await;
        let ended_at = stage.now();
        subscribe(&stage, acme).await;
        stage.clock.advance(TimeDelta::hours(1));
        assert_eq!(changed(&stage, acme, BUCKETS, TO_USE).await, (19_272, 0), "back and, with no waiting time, under the new one");
        assert_eq!(records(&stage, BUCKETS).await[2..], [(0, ended_at), (2, stage.now())]);
        assert_eq!(return_ended(&stage.db, &SOLUTIONS, stage.now()).await.unwrap(), 1, "the other one");
        assert_eq!((model(&stage, SCANS).await.as_str(), allocated(&stage, acme).await), ("annual", 5_000));
        assert_eq!(return_ended(&stage.db, &SOLUTIONS, stage.now()).await.unwrap(), 0);
    }

    /// CRD-9: a report that comes after the contract's end reserves credits, whether or not the job was there.
    #[test]
    async fn a_report_after_the_end_reserves_credits(stage: Stage) {
        let acme = business(&stage, "Acme").await;
        let contract = subscribe(&stage, acme).await;
        let service = Service::new(&stage, "", &[BUCKETS], None).await;
        changed(&stage, acme, BUCKETS, TO_USE).await;
        counted(&stage, acme, BUCKETS, 2, service.id).await;
        stage.clock.advance(TimeDelta::hours(1));
        end(&stage, contract).await;
        stage.clock.advance(TimeDelta::hours(1));
        assert_eq!(counted(&stage, acme, BUCKETS, 7, service.id).await, Reported::InForce(Changed { before: 19_272, after: 67_452 }));
        assert_eq!(return_ended(&stage.db, &SOLUTIONS, stage.now()).await.unwrap(), 0);
        assert_eq!((allocated(&stage, acme).await, model(&stage, BUCKETS).await.as_str()), (67_452, "annual"));
    }

    /// CRD-9: changes and reports at the same instant: one model, one change, figures that add up.
    #[test]
    async fn changes_and_reports_at_once_leave_one_model_and_exact_figures(stage: Stage) {
        let acme = business(&stage, "Acme").await;
        subscribe(&stage, acme).await;
        let service = Service::new(&stage, "", &[BUCKETS], None).await;
        for round in 1..=8_i64 {
            let to = if round % 2 == 1 { TO_USE } else { TO_CREDITS };
            let who = stage.who("admin");
            let switches = (0..4).map(|_| try_switch(&stage.db, acme, BUCKETS, to, &who));
            let reports = (0..4).map(|step| counted(&stage, acme, BUCKETS, round * 10 + step, service.id));
            let (switched, _) = futures_util::future::join(futures_util::future::join_all(switches), futures_util::future::join_all(reports)).await;
            assert_eq!(switched.iter().filter(|result| result.is_ok()).count(), 1, "round {round}: {switched:?}");
            let (held, units): (i64, i64) = stage.db.read("SELECT credits, units FROM allocation_accounts WHERE account = $1").bind(BUCKETS.to_owned()).one().await.unwrap();
            assert_eq!(held, units * 9_636, "round {round}");
            let last = records(&stage, BUCKETS).await.last().unwrap().0;
            match to {
                BillingModel::PayAsYouGo => assert_eq!((held, last > 0), (0, true), "round {round}"),
                BillingModel::Annual => assert_eq!((units > 0, last), (true, 0), "round {round}"),
            }
            assert_eq!(allocated(&stage, acme).await, held);
            assert!(allocation::check(&stage.db).await.unwrap().is_empty());
            stage.clock.advance(WAIT);
        }
    }

    /// CRD-9: the usage API takes reports of a metered feature, also where the rate for a year is on request.
    #[test]
    async fn the_usage_api_meters_what_is_on_pay_as_you_go(stage: Stage) {
        let portal = stage.portal().await;
        let acme = business(&stage, "Acme").await;
        subscribe(&stage, acme).await;
        let service = Service::new(&stage, &portal.origin, &[NODES, SCANS], None).await;
        let at = "2026-03-02T08:59:00Z";
        let refused = service.report("a", &[report(acme, NODES, 5, at)]).await;
        assert_eq!(refused.status, 422, "{refused:?}");
        changed(&stage, acme, NODES, TO_USE).await;
        changed(&stage, acme, SCANS, TO_USE).await;
        let answer = service.report("b", &[report(acme, NODES, 5, at), report(acme, SCANS, 500_001, at)]).await;
        let results = answer.json()["results"].clone();
        assert_eq!((&results[0]["status"], &results[0]["metered_units"]), (&json!("metered"), &json!(5)), "{answer:?}");
        assert_eq!((&results[1]["metered_units"], &results[1]["credits"]), (&json!(2), &serde_json::Value::Null), "begun units");
        assert_eq!(service.report("b", &[report(acme, NODES, 5, at), report(acme, SCANS, 500_001, at)]).await.replayed, "true");
        assert_eq!((allocated(&stage, acme).await, records(&stage, NODES).await.len()), (0, 2));
        portal.stop().await;
    }

    /// CRD-9: records of models and of use are never edited.
    #[test]
    async fn records_of_use_are_append_only(stage: Stage) {
        let acme = business(&stage, "Acme").await;
        subscribe(&stage, acme).await;
        changed(&stage, acme, BUCKETS, TO_USE).await;
        for sql in ["UPDATE model_changes SET units = 9", "DELETE FROM model_changes", "UPDATE metered_units SET metered = 9", "DELETE FROM metered_units"] {
            assert!(stage.db.write(sql).exec().await.is_err(), "{sql}");
        }
    }
}
