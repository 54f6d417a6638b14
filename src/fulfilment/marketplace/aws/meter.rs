//! `BatchMeterUsage`: hours of use, at most 25 a call, by license ARN, or by product and customer for legacy listings. AWS
//! counts an hour of a dimension once, so telling it again makes no difference.

use super::Aws;
use super::circuits::Service;
use super::failure::Failure;
use super::key::PurchaseKey;
use crate::fulfilment::marketplace::{Metering, Unreachable, Usage};
use crate::fulfilment::store::purchases;
use aws_sdk_marketplacemetering::types::{UsageRecord, UsageRecordResult, UsageRecordResultStatus};
use aws_smithy_types::DateTime;

/// Most records of a call.
const BATCH: usize = 25;
/// How often records that AWS did not get to are sent again at once.
const TRIES_MAX: usize = 3;

/// Tells AWS; the same usage may be told again.
pub(super) async fn tell(aws: &Aws, key: &str, usage: &[Usage]) -> Result<Metering, Unreachable> {
    let known = purchases::find(&aws.db, key).await.map_err(|error| Unreachable(error.into()))?;
    let account = known.map(|known| known.buyer_account_id).or_else(|| aws.accounts.find(key));
    let records: Vec<UsageRecord> = usage.iter().map(|hour| record(key, account.as_deref(), hour)).collect::<Result<_, _>>()?;
    let mut taken = Metering::Taken;
    for batch in records.chunks(BATCH) {
        if tell_batch(aws, key, batch.to_vec()).await? == Metering::NotSupported {
            taken = Metering::NotSupported;
        }
    }
    Ok(taken)
}

fn record(key: &str, account: Option<&str>, hour: &Usage) -> Result<UsageRecord, Unreachable> {
    let quantity = i32::try_from(hour.quantity).map_err(|error| Unreachable(error.into()))?;
    let record =
        UsageRecord::builder().timestamp(DateTime::from_secs(hour.hour_at.timestamp())).dimension(&hour.dimension).quantity(quantity);
    let record = match PurchaseKey::parse(key) {
        PurchaseKey::License(arn) => record.license_arn(arn).set_customer_aws_account_id(account.map(str::to_owned)),
        PurchaseKey::Legacy { customer, .. } => record.customer_identifier(customer),
    };
    record.build().map_err(|error| Unreachable(error.into()))
}

async fn tell_batch(aws: &Aws, key: &str, mut batch: Vec<UsageRecord>) -> Result<Metering, Unreachable> {
    for _ in 0..TRIES_MAX {
        match send(aws, key, batch.clone()).await {
            Ok((results, left)) => {
                if results.iter().any(|result| outcome(result) == Metering::NotSupported) {
                    return Ok(Metering::NotSupported);
                }
                if left.is_empty() {
                    return Ok(Metering::Taken);
                }
                batch = left;
            }
            // One record that is too old fails all of them: each is told for itself, and what is too old is over.
            Err(failure) if failure.is("TimestampOutOfBoundsException") => return tell_each(aws, key, batch).await,
            Err(failure) => return Err(failure.into()),
        }
    }
    Err(Unreachable(anyhow::anyhow!("AWS did not get to {} records of usage", batch.len())))
}

async fn tell_each(aws: &Aws, key: &str, batch: Vec<UsageRecord>) -> Result<Metering, Unreachable> {
    for record in batch {
        let (dimension, hour) = (record.dimension().to_owned(), record.timestamp().secs());
        match send(aws, key, vec![record]).await {
            Ok((results, left)) if left.is_empty() => {
                if results.iter().any(|result| outcome(result) == Metering::NotSupported) {
                    return Ok(Metering::NotSupported);
                }
            }
            Ok(_) => return Err(Unreachable(anyhow::anyhow!("AWS did not get to a record of usage"))),
            Err(failure) if failure.is("TimestampOutOfBoundsException") => {
                metrics::counter!("creditdesk_metering_lost_total").increment(1);
                tracing::error!(key, dimension, hour, "an hour of use is too old for AWS and cannot be charged any more");
            }
            Err(failure) => return Err(failure.into()),
        }
    }
    Ok(Metering::Taken)
}

async fn send(aws: &Aws, key: &str, batch: Vec<UsageRecord>) -> Result<(Vec<UsageRecordResult>, Vec<UsageRecord>), Failure> {
    let request = aws.clients.metering.batch_meter_usage().set_usage_records(Some(batch));
    // Both ways for one customer and hour would be charged twice, so the product code goes with legacy listings only.
    let request = match PurchaseKey::parse(key) {
        PurchaseKey::License(_) => request,
        PurchaseKey::Legacy { product, .. } => request.product_code(product),
    };
    let answer = aws.circuits.call(Service::Metering, request.send()).await?;
    Ok((answer.results().to_vec(), answer.unprocessed_records().to_vec()))
}

fn outcome(result: &UsageRecordResult) -> Metering {
    match result.status() {
        Some(UsageRecordResultStatus::CustomerNotSubscribed) => Metering::NotSupported,
        Some(UsageRecordResultStatus::DuplicateRecord) => {
            tracing::warn!("AWS has another quantity of an hour already, and keeps it");
            Metering::Taken
        }
        Some(_) | None => Metering::Taken,
    }
}
