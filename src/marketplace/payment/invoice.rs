//! Payment on account: always approved, the charge goes on the buyer's next invoice. It keeps nothing of its own; the
//! charge row of the agreement is the record.

use super::{Charge, NoAnswer, Outcome, PaymentProvider, Settlement};
use async_trait::async_trait;

/// Approves everything at once.
#[derive(Clone, Copy, Debug, Default)]
pub struct Invoice;

#[async_trait]
impl PaymentProvider for Invoice {
    async fn charge(&self, _charge: &Charge) -> Result<Outcome, NoAnswer> {
        Ok(Outcome::Approved)
    }

    async fn settlement(&self, _charge: &Charge) -> Result<Settlement, NoAnswer> {
        Ok(Settlement::Approved)
    }
}
