//! What can be switched on so that a vendor's client meets what it meets on AWS only on bad days: throttling, an empty
//! first page, a disabled API. All off by default.

use super::call::Desk;
use super::fault::Fault;
use super::protocol::{Operation, Service};
use crate::kernel::clock::Timestamp;
use crate::test_bench::fault::Fault as On;
use crate::text_enum;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

text_enum! {
    /// One of them, by its name in the configuration.
    pub enum Switch {
        /// Calls beyond AWS's quotas are throttled (rule 7).
        Throttling = "throttling",
        /// Every first page of `GetEntitlements` is empty and has a token (rule 71).
        EmptyPages = "empty-pages",
        /// Metering answers `DisabledApiException`.
        DisabledApi = "disabled-api",
    }
}

/// Those that are on.
pub type Switches = BTreeSet<Switch>;

/// Calls of an account in one second, by operation.
#[derive(Debug, Default)]
pub struct Quotas(Mutex<HashMap<(String, Operation), (i64, u32)>>);

/// Most names that are remembered; beyond, those whose second is over are forgotten.
const NAMES_MAX: usize = 1_000;

/// AWS's quota, in calls a second and account.
const fn quota(operation: Operation) -> Option<u32> {
    match operation {
        Operation::GetEntitlements => Some(20),
        Operation::BatchMeterUsage => Some(10),
        Operation::ResolveCustomer
        | Operation::DescribeAgreement
        | Operation::SearchAgreements
        | Operation::GetAgreementTerms
        | Operation::CreateAgreementRequest
        | Operation::AcceptAgreementRequest
        | Operation::GetAgreementEntitlements
        | Operation::ReceiveMessage
        | Operation::DeleteMessage
        | Operation::DeleteMessageBatch
        | Operation::ChangeMessageVisibility
        | Operation::ChangeMessageVisibilityBatch
        | Operation::GetQueueUrl
        | Operation::GetQueueAttributes
        | Operation::ListQueues
        | Operation::PurgeQueue => None,
    }
}

impl Quotas {
    /// Counts a call; the fault when it is one too many.
    ///
    /// # Errors
    /// `ThrottlingException`, with the status that clients retry on.
    pub fn count(&self, account: &str, operation: Operation, now: Timestamp) -> Result<(), Fault> {
        let Some(most) = quota(operation) else { return Ok(()) };
        if self.next(account, operation, now) > most { Err(throttled(operation)) } else { Ok(()) }
    }

    /// Which call of this second it is, from 1.
    fn next(&self, account: &str, operation: Operation, now: Timestamp) -> u32 {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let second = now.timestamp();
        if counts.len() >= NAMES_MAX {
            counts.retain(|_, (begun, _)| *begun == second);
        }
        let (begun, count) = counts.entry((account.to_owned(), operation)).or_insert((second, 0));
        if *begun != second {
            (*begun, *count) = (second, 0);
        }
        *count += 1;
        *count
    }
}

fn throttled(operation: Operation) -> Fault {
    // The agreement service's model says 429; clients of the other two retry when the status is 400.
    let status = if operation.service() == Service::Agreement { 429 } else { 400 };
    Fault::new("ThrottlingException", "Rate exceeded").status(status)
}

fn disabled() -> Fault {
    Fault::new("DisabledApiException", "The API is disabled in the Region.")
}

fn broken(operation: Operation) -> Fault {
    let agreement = operation.service() == Service::Agreement;
    let code = if agreement { "InternalServerException" } else { "InternalServiceErrorException" };
    Fault::new(code, "An internal error has occurred. Retry your request.").status(500)
}

/// Lets a call meet what is switched on: at the start of the program, or on the test bench while it runs. The bench's number
/// of calls a second takes the place of AWS's quota.
///
/// # Errors
/// What it meets.
pub async fn meet(desk: &Desk, account: &str, operation: Operation, now: Timestamp) -> Result<(), Fault> {
    let (bench, faults) = (&desk.bench, desk.bench.faults().await?);
    if faults.has(On::InternalError) && bench.use_up(&faults, On::InternalError).await? {
        return Err(broken(operation));
    }
    if operation.service() == Service::Metering {
        let by_bench = faults.has(On::DisabledApi) && bench.use_up(&faults, On::DisabledApi).await?;
        if by_bench || desk.has(Switch::DisabledApi) {
            return Err(disabled());
        }
    }
    match faults.value(On::Throttling) {
        None if desk.has(Switch::Throttling) => desk.quotas.count(account, operation, now),
        Some(most) if i64::from(desk.quotas.next(account, operation, now)) > most && bench.use_up(&faults, On::Throttling).await? => {
            Err(throttled(operation))
        }
        None | Some(_) => Ok(()),
    }
}

/// Whether a first page is to be empty.
///
/// # Errors
/// Any storage error.
pub async fn empties_first_page(desk: &Desk) -> Result<bool, Fault> {
    if desk.has(Switch::EmptyPages) {
        return Ok(true);
    }
    let faults = desk.bench.faults().await?;
    Ok(faults.has(On::EmptyPages) && desk.bench.use_up(&faults, On::EmptyPages).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rule 7 of the protocol: 20 calls a second and account, 10 of metering.
    #[test]
    fn the_twenty_first_call_of_a_second_is_throttled() {
        let (quotas, now): (_, Timestamp) = (Quotas::default(), "2026-03-02T09:00:00Z".parse().expect("an instant"));
        let call = |account: &str, now| quotas.count(account, Operation::GetEntitlements, now).map_err(|fault| (fault.code, fault.status));
        assert!((0..20).all(|_| call("a", now).is_ok()));
        assert_eq!(call("a", now + chrono::TimeDelta::milliseconds(999)), Err(("ThrottlingException", 400)));
        assert_eq!((call("b", now), call("a", now + chrono::TimeDelta::seconds(1))), (Ok(()), Ok(())));
        let meters = || quotas.count("a", Operation::BatchMeterUsage, now).map_err(|fault| fault.code);
        assert!((0..10).all(|_| meters().is_ok()));
        assert_eq!(meters(), Err("ThrottlingException"));
        assert!((0..100).all(|_| quotas.count("a", Operation::DescribeAgreement, now).is_ok()));
    }
}
