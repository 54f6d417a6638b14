//! Use that is told to AWS: batches of 25, what AWS did not get to, what it does not take, and what is too old.

use crate::support::Stage;
use crate::support::portal::Portal;
use crate::support::upstream::{Fault, Upstream};
use crate::support::vendor::settings;
use chrono::TimeDelta;
use creditdesk::fulfilment::marketplace::{Metering, Usage};
use serde_json::{Value, json};

const ARN: &str = "arn:aws:license-manager::294406891311:license:l-9d01d15f86334a8894365cd7350556ff";

fn hours(stage: &Stage, count: i32) -> Vec<Usage> {
    let hour = |number: i32| Usage {
        key: format!("hour {number}"),
        dimension: "sandbox".to_owned(),
        hour_at: stage.now() - TimeDelta::hours(i64::from(number)),
        quantity: 7,
    };
    (1..=count).map(hour).collect()
}

fn answer(status: &str, unprocessed: &[Value]) -> Fault {
    Fault::Instead(json!({ "Results": [{ "MeteringRecordId": "1", "Status": status }], "UnprocessedRecords": unprocessed }))
}

both_engines! {
    /// CRD-9: every hour is told once in calls of 25; only *not subscribed* is no; what AWS did not get to is told again, and
    /// then by the next run; an hour that is too old does not keep the others back.
    #[test]
    async fn hours_of_use_are_told_in_batches(stage: Stage) {
        let upstream = Upstream::before("http://127.0.0.1:9", &stage.clock);
        let console = Portal::with_aws(&stage, settings(&stage, &upstream.address, ("AKIA0000000000000000", "x"))).await;
        let marketplace = console.inside().fulfilment.marketplace.clone();
        let mut told = 0;
        let mut calls = || {
            let before = std::mem::replace(&mut told, upstream.calls("BatchMeterUsage"));
            told - before
        };
        upstream.fail("BatchMeterUsage", answer("Success", &[]));
        assert_eq!((marketplace.meter(ARN, &hours(&stage, 60)).await.unwrap(), calls()), (Metering::Taken, 3));
        upstream.fail("BatchMeterUsage", answer("DuplicateRecord", &[]));
        assert_eq!((marketplace.meter("legacy:code:ifAPi5AcF3", &hours(&stage, 1)).await.unwrap(), calls()), (Metering::Taken, 1));
        upstream.fail("BatchMeterUsage", answer("CustomerNotSubscribed", &[]));
        assert_eq!((marketplace.meter(ARN, &hours(&stage, 2)).await.unwrap(), calls()), (Metering::NotSupported, 1));
        let left = json!({ "Timestamp": stage.now().timestamp(), "Dimension": "sandbox", "Quantity": 7, "LicenseArn": ARN });
        upstream.fail("BatchMeterUsage", answer("Success", &[left]));
        assert!(marketplace.meter(ARN, &hours(&stage, 2)).await.is_err());
        assert_eq!(calls(), 3);
        upstream.fail("BatchMeterUsage", Fault::Error(400, "TimestampOutOfBoundsException", "The timestamp is too old"));
        assert_eq!((marketplace.meter(ARN, &hours(&stage, 2)).await.unwrap(), calls()), (Metering::Taken, 3));
        upstream.fail("BatchMeterUsage", Fault::Error(400, "ThrottlingException", "Rate exceeded"));
        assert!(marketplace.meter(ARN, &hours(&stage, 2)).await.is_err());
        console.stop().await;
    }
}
