//! A provider for demonstrations and tests: the buyer account's payment method decides what happens. It has no memory;
//! every answer follows from the charge and the time it is asked at, so it is the same from every process.

use super::{Charge, NoAnswer, Outcome, PaymentMethod, PaymentProvider, Settlement};
use async_trait::async_trait;
use chrono::TimeDelta;

/// A pending charge is decided this long after the attempt began.
pub const SETTLES_AFTER: TimeDelta = TimeDelta::minutes(15);
/// The slow bank answers this long after the attempt began.
pub const ANSWERS_AFTER: TimeDelta = TimeDelta::minutes(1);

/// Does what the method's name says.
#[derive(Clone, Copy, Debug, Default)]
pub struct TestProvider;

#[async_trait]
impl PaymentProvider for TestProvider {
    async fn charge(&self, charge: &Charge) -> Result<Outcome, NoAnswer> {
        match charge.method {
            PaymentMethod::TestDecline => {
                Ok(Outcome::Declined { reason: "The bank declined the card: the limit for this month is reached.".to_owned() })
            }
            PaymentMethod::TestSettleApproved | PaymentMethod::TestSettleDeclined => Ok(Outcome::Pending),
            PaymentMethod::TestTimeOut if charge.asked_at < charge.started_at + ANSWERS_AFTER => Err(NoAnswer),
            PaymentMethod::Invoice | PaymentMethod::TestApprove | PaymentMethod::TestTimeOut => Ok(Outcome::Approved),
        }
    }

    async fn settlement(&self, charge: &Charge) -> Result<Settlement, NoAnswer> {
        if charge.asked_at < charge.started_at + SETTLES_AFTER {
            return Ok(Settlement::Open);
        }
        Ok(match charge.method {
            PaymentMethod::TestSettleDeclined => Settlement::Declined { reason: "The bank transfer did not arrive.".to_owned() },
            PaymentMethod::Invoice
            | PaymentMethod::TestApprove
            | PaymentMethod::TestDecline
            | PaymentMethod::TestSettleApproved
            | PaymentMethod::TestTimeOut => Settlement::Approved,
        })
    }
}
