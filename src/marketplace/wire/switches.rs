//! What can be switched on so that a vendor's client meets what it meets on AWS only on bad days: throttling, an empty
//! first page, a disabled API. All off by default.

use super::fault::Fault;
use super::protocol::{Operation, Service};
use crate::kernel::clock::Timestamp;
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
        if *count > most { Err(throttled(operation)) } else { Ok(()) }
    }
}

fn throttled(operation: Operation) -> Fault {
    // The agreement service's model says 429; clients of the other two retry when the status is 400.
    let status = if operation.service() == Service::Agreement { 429 } else { 400 };
    Fault::new("ThrottlingException", "Rate exceeded").status(status)
}

/// The fault of an API that is switched off.
///
/// # Errors
/// When it is.
pub fn check_enabled(switches: &Switches, operation: Operation) -> Result<(), Fault> {
    if operation.service() == Service::Metering && switches.contains(&Switch::DisabledApi) {
        return Err(Fault::new("DisabledApiException", "The API is disabled in the Region."));
    }
    Ok(())
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
