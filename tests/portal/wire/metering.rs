//! `BatchMeterUsage`: what is kept, what is told twice, what fails a whole batch, and that console and API share one record
//! an hour.

use crate::support::Stage;
use crate::support::people::ACME_BUYER;
use crate::support::portal::Portal;
use crate::support::wire::{ACME, Answer, Client, METERING, OTHER_SELLER, TREND_MICRO, VISION_CODE, operator, vision};
use chrono::{DurationRound, Months, TimeDelta};
use creditdesk::config::WireSettings;
use creditdesk::credits::solutions::Solutions;
use creditdesk::fulfilment::marketplace::embedded::Embedded;
use creditdesk::fulfilment::marketplace::{Marketplace, Metering, Usage};
use creditdesk::kernel::clock::Timestamp;
use creditdesk::marketplace::catalog::{self, Catalog};
use creditdesk::marketplace::wire::customer;
use creditdesk::marketplace::wire::products::{self, WireProduct};
use serde_json::{Value, json};

const CODE: &str = "6c1fy8rk4wz2nt7pv5xh9bq3d";
const GLOBEX: &str = "444455556666";
const NODES: &str = "container-security/nodes";
const BUCKETS: &str = "file-security/storage-bucket";

async fn pay_as_you_go(stage: &Stage) -> WireProduct {
    let (_, scope) = operator(stage).await;
    products::list(&stage.db, scope).await.unwrap().into_iter().find(|product| product.product_code == CODE).unwrap()
}

async fn make_legacy(stage: &Stage) {
    let legacy = stage.db.write("UPDATE products SET customer_identity = 'legacy' WHERE product_code = $1");
    legacy.bind(CODE).exec_one().await.unwrap();
}

/// A seller, a subscription of Acme's by program, and its license.
async fn subscribed(stage: &Stage, portal: &Portal) -> (Client, String) {
    let buyer = Client::of_buyer(stage, portal, ACME, ACME_BUYER).await;
    let agreement = buyer.buy(&pay_as_you_go(stage).await, 1).await;
    let license = buyer.provisioned(&agreement).await["licenseArn"].as_str().unwrap().to_owned();
    (Client::of_seller(stage, portal, TREND_MICRO).await, license)
}

fn record(stage: &Stage, license: &str, quantity: Value) -> Value {
    let mut record =
        json!({ "Timestamp": stage.now().timestamp(), "Dimension": NODES, "CustomerAWSAccountId": ACME, "LicenseArn": license });
    let name = if quantity.is_string() { "QuantityAsDecimal" } else { "Quantity" };
    record[name] = quantity;
    record
}

fn with(mut record: Value, name: &str, value: Value) -> Value {
    if value.is_null() {
        record.as_object_mut().unwrap().remove(name);
    } else {
        record[name] = value;
    }
    record
}

async fn tell(client: &Client, records: &[Value]) -> Answer {
    client.call(METERING, "BatchMeterUsage", json!({ "UsageRecords": records })).await
}

async fn tell_of_product(client: &Client, records: &[Value]) -> Answer {
    client.call(METERING, "BatchMeterUsage", json!({ "ProductCode": CODE, "UsageRecords": records })).await
}

fn statuses(answer: &Answer) -> Vec<String> {
    answer.ok()["Results"].as_array().unwrap().iter().map(|result| result["Status"].as_str().unwrap().to_owned()).collect()
}

async fn kept(stage: &Stage) -> Vec<(String, i64, i64)> {
    stage.db.read("SELECT dimension, quantity, millionths FROM metering_records ORDER BY dimension, hour_at").all().await.unwrap()
}

both_engines! {
    /// Section 3.2 of the protocol: told again with the same value it is the same record; with another the first stays.
    #[test]
    async fn an_hour_is_kept_once_whatever_is_repeated(stage: Stage) {
        let portal = stage.portal().await;
        let (seller, license) = subscribed(&stage, &portal).await;
        let first = tell(&seller, &[record(&stage, &license, json!(17))]).await.ok();
        let result = &first["Results"][0];
        assert_eq!((&result["Status"], &first["UnprocessedRecords"]), (&json!("Success"), &json!([])));
        assert_eq!(result["UsageRecord"], record(&stage, &license, json!(17)), "as it was sent");
        for same in ["17", "17.0", "17.000000"] {
            stage.clock.advance(TimeDelta::minutes(7));
            let again = tell(&seller, &[record(&stage, &license, json!(same))]).await.ok();
            assert_eq!((&again["Results"][0]["MeteringRecordId"], &again["Results"][0]["Status"]), (&result["MeteringRecordId"], &json!("Success")));
        }
        let other = tell(&seller, &[record(&stage, &license, json!("17.000001"))]).await.ok();
        assert_eq!((&other["Results"][0]["Status"], other["Results"][0].get("MeteringRecordId")), (&json!("DuplicateRecord"), None));
        let buckets = with(record(&stage, &license, json!("0.25")), "Dimension", json!(BUCKETS));
        let nothing = with(with(record(&stage, &license, json!(0)), "Quantity", Value::Null), "Dimension", json!("file-security/sdk"));
        let batch = [buckets.clone(), nothing, with(buckets.clone(), "QuantityAsDecimal", json!("1")), buckets];
        assert_eq!(statuses(&tell(&seller, &batch).await), ["Success", "Success", "DuplicateRecord", "Success"]);
        let expected = [(NODES, 17, 0), ("file-security/sdk", 0, 0), (BUCKETS, 0, 250_000)];
        assert_eq!(kept(&stage).await, expected.map(|(dimension, units, millionths)| (dimension.to_owned(), units, millionths)));
        assert_eq!(tell(&seller, &[]).await.ok(), json!({ "Results": [], "UnprocessedRecords": [] }));
        let mut buyer = portal.sign_in(ACME_BUYER).await;
        let (agreement,): (String,) = stage.db.read("SELECT id FROM agreements").one().await.unwrap();
        let page = buyer.open(&format!("/marketplace/subscriptions/{agreement}")).await;
        let rows = page.rows("Unit-hours that the vendor reported, months in UTC");
        assert_eq!(rows, [[NODES, "17", "0"], ["file-security/sdk", "0", "0"], [BUCKETS, "0.25", "0"]]);
        portal.stop().await;
    }

    /// Section 3.2 of the protocol: 64 identical records at once are one record with one id.
    #[test]
    async fn identical_records_at_once_are_one(stage: Stage) {
        let portal = stage.portal().await;
        let (seller, license) = subscribed(&stage, &portal).await;
        let batch = [record(&stage, &license, json!("3.5")), with(record(&stage, &license, json!(2)), "Dimension", json!(BUCKETS))];
        let reversed: Vec<Value> = batch.iter().rev().cloned().collect();
        let told = (0..64).map(|number| tell(&seller, if number % 2 == 0 { &batch } else { &reversed }));
        let mut ids = std::collections::BTreeSet::new();
        for answer in futures_util::future::join_all(told).await {
            for result in answer.ok()["Results"].as_array().unwrap() {
                assert_eq!(result["Status"], "Success");
                ids.insert(result["MeteringRecordId"].as_str().unwrap().to_owned());
            }
        }
        assert_eq!((ids.len(), kept(&stage).await.len()), (2, 2));
        let rivals = (1..=32).map(|quantity| {
            let rival = with(record(&stage, &license, json!(quantity)), "Dimension", json!("file-security/sdk"));
            let seller = &seller;
            async move { statuses(&tell(seller, &[rival]).await).remove(0) }
        });
        let won = futures_util::future::join_all(rivals).await.into_iter().filter(|status| status == "Success").count();
        assert_eq!((won, kept(&stage).await.len()), (1, 3), "the first of different ones stays");
        portal.stop().await;
    }

    /// CRD-9 and section 3.2: what the console told and what is told by the API is one record, whoever came first.
    #[test]
    async fn console_and_api_share_an_hour(stage: Stage) {
        let portal = stage.portal().await;
        let (seller, license) = subscribed(&stage, &portal).await;
        let market = Embedded::new(stage.db.clone(), stage.clock.clone());
        let hour_at = stage.now().duration_trunc(TimeDelta::hours(1)).unwrap();
        let usage = |dimension: &str, quantity| Usage { key: format!("contract:{dimension}"), dimension: dimension.to_owned(), hour_at, quantity };
        assert_eq!(market.meter(&license, &[usage(NODES, 3)]).await.unwrap(), Metering::Taken);
        let same = tell(&seller, &[record(&stage, &license, json!(3))]).await.ok();
        let again = tell(&seller, &[record(&stage, &license, json!("3.0"))]).await.ok();
        assert_eq!((&same["Results"][0]["Status"], &same["Results"][0]["MeteringRecordId"]), (&json!("Success"), &again["Results"][0]["MeteringRecordId"]));
        assert_eq!(statuses(&tell(&seller, &[record(&stage, &license, json!(4))]).await), ["DuplicateRecord"]);
        tell(&seller, &[with(record(&stage, &license, json!("1.5")), "Dimension", json!(BUCKETS))]).await.ok();
        assert_eq!(market.meter(&license, &[usage(BUCKETS, 9)]).await.unwrap(), Metering::Taken);
        assert_eq!(kept(&stage).await, [(NODES.to_owned(), 3, 0), (BUCKETS.to_owned(), 1, 500_000)]);
        let keys: Vec<(Option<String>,)> = stage.db.read("SELECT access_key_id FROM metering_records ORDER BY dimension").all().await.unwrap();
        assert_eq!(keys, [(None,), (Some(seller.key_id.clone()),)], "who told it");
        portal.stop().await;
    }

    /// Section 3.2: each of these fails the whole batch, and nothing of it is kept.
    #[test]
    async fn what_is_wrong_with_one_record_fails_the_batch(stage: Stage) {
        let portal = stage.portal().await;
        let (seller, license) = subscribed(&stage, &portal).await;
        let buyer = Client::of_buyer(&stage, &portal, ACME, ACME_BUYER).await;
        let credits = buyer.buy(&vision(&stage).await, 100).await;
        let of_credits = buyer.provisioned(&credits).await["licenseArn"].clone();
        let good = record(&stage, &license, json!(1));
        let unknown_arn = json!(format!("{}{}", &license[..license.len() - 32], "0".repeat(32)));
        let day = TimeDelta::days(1);
        for (name, value, error) in [
            ("Dimension", json!("unknown"), "InvalidUsageDimensionException"),
            ("Timestamp", json!((stage.now() - day).timestamp()), "TimestampOutOfBoundsException"),
            ("Timestamp", json!((stage.now() + TimeDelta::hours(1)).timestamp()), "TimestampOutOfBoundsException"),
            ("Timestamp", json!((stage.now() - TimeDelta::hours(5)).timestamp()), "InvalidLicenseException"),
            ("CustomerAWSAccountId", json!(GLOBEX), "InvalidLicenseException"),
            ("CustomerAWSAccountId", Value::Null, "InvalidLicenseException"),
            ("LicenseArn", unknown_arn, "InvalidLicenseException"),
            ("LicenseArn", of_credits.clone(), "InvalidLicenseException"),
            ("LicenseArn", Value::Null, "InvalidLicenseException"),
            ("CustomerIdentifier", json!("ifAPi5AcF3"), "InvalidCustomerIdentifierException"),
            ("UsageAllocations", json!([{ "AllocatedUsageQuantity": 2 }]), "InvalidUsageAllocationsException"),
            ("UsageAllocations", json!([{ "AllocatedUsageQuantityAsDecimal": "1" }]), "InvalidUsageAllocationsException"),
            ("UsageAllocations", json!([{ "Tags": [{ "Key": "a", "Value": "b" }] }]), "InvalidUsageAllocationsException"),
            ("UsageAllocations", json!([{ "AllocatedUsageQuantity": 1, "Tags": [{ "Key": "a?", "Value": "b" }] }]), "InvalidTagException"),
            ("UsageAllocations", json!([{ "AllocatedUsageQuantity": 1, "Tags": vec![json!({ "Key": "a", "Value": "b" }); 2] }]), "InvalidTagException"),
            ("UsageAllocations", json!([{ "AllocatedUsageQuantity": 1, "Tags": (0..6).map(|key| json!({ "Key": key.to_string() })).collect::<Vec<_>>() }]), "InvalidTagException"),
            ("UsageAllocations", json!([]), "ValidationException"),
            ("QuantityAsDecimal", json!("1"), "ValidationException"),
            ("Quantity", json!(-1), "ValidationException"),
            ("Quantity", json!("1"), "SerializationException"),
            ("Dimension", json!(""), "ValidationException"),
            ("Dimension", Value::Null, "ValidationException"),
            ("Timestamp", Value::Null, "ValidationException"),
            ("Timestamp", json!("2026-03-02T09:00:00Z"), "SerializationException"),
            ("CustomerAWSAccountId", json!("acme"), "ValidationException"),
        ] {
            let wrong = with(good.clone(), name, value.clone());
            let answer = tell(&seller, &[good.clone(), wrong]).await;
            assert_eq!(answer.error(), (400, error.to_owned()), "{name} {value}");
        }
        for decimal in ["1.", "01", "-1", "1e1", "1.0000000", "99999999999"] {
            assert_eq!(tell(&seller, &[record(&stage, &license, json!(decimal))]).await.error().1, "ValidationException", "{decimal}");
        }
        assert_eq!(tell(&seller, &vec![good.clone(); 26]).await.error().1, "ValidationException");
        assert_eq!(seller.call(METERING, "BatchMeterUsage", json!({})).await.error().1, "ValidationException");
        let other_product = with(good.clone(), "LicenseArn", of_credits);
        assert_eq!(tell(&seller, &[other_product]).await.error().1, "InvalidUsageDimensionException", "credits are not metered");
        let foreign = Client::of_seller(&stage, &portal, OTHER_SELLER).await;
        assert_eq!(tell(&foreign, std::slice::from_ref(&good)).await.error().1, "InvalidLicenseException", "rule 8");
        assert_eq!(tell_of_product(&foreign, std::slice::from_ref(&good)).await.error().1, "InvalidProductCodeException", "rule 8");
        let of_vision = json!({ "ProductCode": VISION_CODE, "UsageRecords": [good] });
        assert_eq!(seller.call(METERING, "BatchMeterUsage", of_vision).await.error().1, "InvalidUsageDimensionException");
        assert_eq!(tell(&buyer, std::slice::from_ref(&good)).await.error(), (400, "AccessDeniedException".to_owned()));
        assert!(kept(&stage).await.is_empty());
        portal.stop().await;
    }

    /// Section 3.2: a legacy product names customers by identifier or account, and one customer has one record an hour.
    #[test]
    async fn a_legacy_product_names_its_customers(stage: Stage) {
        let portal = stage.portal().await;
        let (seller, license) = subscribed(&stage, &portal).await;
        let by_account = with(record(&stage, &license, json!(2)), "LicenseArn", Value::Null);
        assert_eq!(tell_of_product(&seller, std::slice::from_ref(&by_account)).await.error().1, "InvalidLicenseException", "several agreements may be there");
        make_legacy(&stage).await;
        let identified = |account: &str| with(with(by_account.clone(), "CustomerAWSAccountId", Value::Null), "CustomerIdentifier", json!(customer::identifier(account)));
        let first = tell_of_product(&seller, &[identified(ACME)]).await.ok();
        assert_eq!(first["Results"][0]["Status"], "Success");
        let again = tell_of_product(&seller, &[by_account.clone(), record(&stage, &license, json!(2))]).await.ok();
        for result in again["Results"].as_array().unwrap() {
            assert_eq!(result["MeteringRecordId"], first["Results"][0]["MeteringRecordId"], "the same customer, product and hour");
        }
        assert_eq!(statuses(&tell_of_product(&seller, &[identified(GLOBEX)]).await), ["CustomerNotSubscribed"]);
        assert_eq!(statuses(&tell_of_product(&seller, &[with(by_account.clone(), "CustomerAWSAccountId", json!("999999999999"))]).await), ["CustomerNotSubscribed"]);
        for wrong in [identified("999999999999"), with(identified(ACME), "CustomerAWSAccountId", json!(GLOBEX)), with(by_account, "CustomerAWSAccountId", Value::Null)] {
            assert_eq!(tell_of_product(&seller, &[wrong]).await.error().1, "InvalidCustomerIdentifierException");
        }
        assert_eq!(kept(&stage).await.len(), 1);
        portal.stop().await;
    }

    /// Rule 54 and section 3.2: the last usage is told within an hour of the end; then nobody is subscribed. The windows
    /// and the grace of a month are in UTC.
    #[test]
    async fn usage_is_told_in_its_window(stage: Stage) {
        let portal = stage.portal().await;
        let (seller, license) = subscribed(&stage, &portal).await;
        let told = |at: Timestamp| with(record(&stage, &license, json!(1)), "Timestamp", json!(at.timestamp()));
        let starts = stage.now();
        stage.clock.advance("2026-04-01T05:59:00Z".parse::<Timestamp>().unwrap() - starts);
        let march: Timestamp = "2026-03-31T01:00:00Z".parse().unwrap();
        assert_eq!(statuses(&tell(&seller, &[told(march)]).await), ["Success"], "the last day of a month is open until six");
        stage.clock.advance(TimeDelta::minutes(1));
        let late = told(march + TimeDelta::hours(22));
        assert_eq!(tell(&seller, &[late]).await.error().1, "TimestampOutOfBoundsException");
        let (agreement,): (String,) = stage.db.read("SELECT id FROM agreements").one().await.unwrap();
        let off = stage.db.write("UPDATE agreements SET auto_renew = $2 WHERE id = $1");
        off.bind(agreement).bind(false).exec_one().await.unwrap();
        let ends = starts.checked_add_months(Months::new(12)).unwrap();
        stage.clock.advance(ends - stage.now() + TimeDelta::minutes(59));
        portal.run_due_jobs().await;
        let batch = [told(ends - TimeDelta::hours(1)), told(ends + TimeDelta::minutes(59))];
        assert_eq!(statuses(&tell(&seller, &batch).await), ["Success", "CustomerNotSubscribed"]);
        stage.clock.advance(TimeDelta::minutes(1));
        assert_eq!(statuses(&tell(&seller, &[told(ends - TimeDelta::hours(2))]).await), ["CustomerNotSubscribed"]);
        assert_eq!(kept(&stage).await.len(), 2);
        portal.stop().await;
    }

    /// Section 3.2: a quantity split by tags is kept as it was sent.
    #[test]
    async fn a_quantity_may_be_split_by_tags(stage: Stage) {
        let portal = stage.portal().await;
        let (seller, license) = subscribed(&stage, &portal).await;
        let split = json!([
            { "AllocatedUsageQuantityAsDecimal": "1.25", "Tags": [{ "Key": "team", "Value": "blue" }, { "Key": "site", "Value": "a/b" }] },
            { "AllocatedUsageQuantityAsDecimal": "0.750" },
        ]);
        let record = with(record(&stage, &license, json!("2")), "UsageAllocations", split.clone());
        let answer = tell(&seller, std::slice::from_ref(&record)).await.ok();
        assert_eq!((&answer["Results"][0]["Status"], &answer["Results"][0]["UsageRecord"]), (&json!("Success"), &record));
        let (stored,): (String,) = stage.db.read("SELECT allocations FROM metering_records").one().await.unwrap();
        assert_eq!(serde_json::from_str::<Value>(&stored).unwrap(), json!({ "UsageAllocations": split }));
        portal.stop().await;
    }

    /// Rules 7 and 71: ten batches a second, and an API that can be switched off.
    #[test]
    async fn metering_has_its_quota_and_its_switch(stage: Stage) {
        let with_switches = |switches: &str| WireSettings { wire_switches: Some(switches.to_owned()), ..WireSettings::default() };
        let portal = Portal::with_wire(&stage, with_switches("throttling")).await;
        let (seller, license) = subscribed(&stage, &portal).await;
        for _ in 0..10 {
            tell(&seller, &[record(&stage, &license, json!(1))]).await.ok();
        }
        assert_eq!(tell(&seller, &[]).await.error(), (400, "ThrottlingException".to_owned()));
        stage.clock.advance(TimeDelta::seconds(1));
        tell(&seller, &[]).await.ok();
        let portal = Portal::with_wire(&stage, with_switches("disabled-api")).await;
        let seller = Client { origin: portal.origin.clone(), ..seller };
        assert_eq!(tell(&seller, &[]).await.error(), (400, "DisabledApiException".to_owned()));
        portal.stop().await;
    }
}

/// CRD-9: what the demonstration's console meters, its marketplace takes by the API too.
#[test]
fn every_feature_that_can_be_metered_is_a_usage_dimension() {
    let catalog = Catalog::parse(catalog::EMBEDDED).unwrap();
    let product = catalog.products.iter().find(|product| product.product_code == CODE).unwrap();
    let solutions = Solutions::parse(creditdesk::credits::solutions::EMBEDDED).unwrap();
    let features: Vec<String> =
        solutions.features().filter(|(_, feature)| feature.can_be_metered()).map(|(_, feature)| feature.key.to_string()).collect();
    assert_eq!(product.usage_dimensions.lines().collect::<Vec<_>>(), features);
}
