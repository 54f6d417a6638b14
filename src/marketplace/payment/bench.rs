//! The test bench's hand on payments: what a provider has approved becomes pending, and is decided later as a fault says.
//! A purchase then waits as one that is paid by bank transfer does; nothing else has to know of it.

use super::{Charge, NoAnswer, Outcome, PaymentProvider, Settlement};
use crate::db::Error;
use crate::test_bench::{Bench, Decided};
use async_trait::async_trait;
use std::sync::Arc;

/// A provider under the bench.
pub(super) struct Benched {
    /// Who takes the money.
    pub provider: Arc<dyn PaymentProvider>,
    /// What is switched on.
    pub bench: Bench,
}

fn no_answer(error: Error) -> NoAnswer {
    tracing::warn!(?error, "the test bench could not be asked about a payment");
    NoAnswer
}

#[async_trait]
impl PaymentProvider for Benched {
    async fn charge(&self, charge: &Charge) -> Result<Outcome, NoAnswer> {
        match self.provider.charge(charge).await? {
            Outcome::Approved if self.bench.take_over(charge.key, charge.asked_at).await.map_err(no_answer)? => Ok(Outcome::Pending),
            answer => Ok(answer),
        }
    }

    async fn settlement(&self, charge: &Charge) -> Result<Settlement, NoAnswer> {
        let Some(taken) = self.bench.find_payment(charge.key).await.map_err(no_answer)? else {
            return self.provider.settlement(charge).await;
        };
        if charge.asked_at < taken.decides_at {
            return Ok(Settlement::Open);
        }
        Ok(match taken.outcome {
            Decided::Approved => Settlement::Approved,
            Decided::Declined => Settlement::Declined { reason: "The payment was returned by the bank.".to_owned() },
        })
    }
}
