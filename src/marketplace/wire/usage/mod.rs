//! `BatchMeterUsage`: what a seller tells of its customers' use, up to 25 records of one product at once (section 3.2 of the
//! protocol). It counts nothing itself; [`crate::marketplace::batch`] decides what is kept.

mod allocations;
mod record;

use super::call::Context;
use super::fault::Fault;
use super::input::Input;
use super::protocol::Operation;
use super::value::Structure;
use crate::db::SplitRefusal;
use crate::marketplace::batch::{self, BatchRefusal, Outcome, Told};
use record::Record;

/// Most records of a batch.
const RECORDS_MAX: usize = 25;

/// What the model does not allow, in AWS's words.
fn invalid(member: &str, constraint: &str) -> Fault {
    let words = format!("1 validation error detected: Value at '{member}' failed to satisfy constraint: {constraint}");
    Fault::new("ValidationException", words)
}

/// Answers the operation.
///
/// # Errors
/// The fault; then no record is kept.
pub async fn batch(context: Context<'_>, input: Input<'_>) -> Result<Structure, Fault> {
    let seller = context.seller(Operation::BatchMeterUsage)?;
    if input.list("UsageRecords")?.is_none() {
        return Err(invalid("usageRecords", "Member must not be null"));
    }
    let code = input.text("ProductCode")?.filter(|code| !code.is_empty());
    let records = input.structures("UsageRecords")?;
    if records.len() > RECORDS_MAX {
        return Err(invalid("usageRecords", "Member must have length less than or equal to 25"));
    }
    let records: Vec<Record> = records.into_iter().map(|record| record::read(record, code.is_some())).collect::<Result<_, _>>()?;
    let (echoes, told): (Vec<Structure>, Vec<Told>) = records.into_iter().map(|record| (record.echo, record.told)).unzip();
    let outcomes = batch::tell(context.db(), (seller, &context.caller.key), code, &told, context.now()).await.refusal()?.map_err(fault)?;
    let results: Vec<Structure> = echoes.into_iter().zip(outcomes).map(|(echo, outcome)| result(echo, outcome)).collect();
    let unprocessed: Vec<Structure> = Vec::new();
    Ok(Structure::new().with("Results", results).with("UnprocessedRecords", unprocessed))
}

fn result(echo: Structure, outcome: Outcome) -> Structure {
    let (status, id) = match outcome {
        Outcome::Kept(id) => ("Success", Some(id)),
        Outcome::NotSubscribed => ("CustomerNotSubscribed", None),
        Outcome::Duplicate => ("DuplicateRecord", None),
    };
    Structure::new().with("UsageRecord", echo).with_some("MeteringRecordId", id).with("Status", status)
}

fn fault(refusal: BatchRefusal) -> Fault {
    let code = match refusal {
        BatchRefusal::ProductCode => "InvalidProductCodeException",
        BatchRefusal::License(_) => "InvalidLicenseException",
        BatchRefusal::Customer => "InvalidCustomerIdentifierException",
        BatchRefusal::Dimension(_) => "InvalidUsageDimensionException",
        BatchRefusal::Timestamp(_) => "TimestampOutOfBoundsException",
    };
    Fault::new(code, refusal.to_string())
}
