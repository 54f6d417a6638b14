//! Payment: the port to whoever takes the money, and the life of one attempt to pay a quote. It decides nothing about
//! agreements; [`super::pay`] does.
//!
//! An attempt is keyed by quote and number. Its id is the idempotency key: a provider that is asked twice under one key
//! charges once and answers the same.

pub mod attempt;
mod bench;
mod invoice;
mod state;
mod test_provider;

pub use invoice::Invoice;
pub use state::{PaymentEvent, PaymentState, PaymentStatus, WrongMoment};
pub use test_provider::{ANSWERS_AFTER, SETTLES_AFTER, TestProvider};

use super::ids::QuoteId;
use crate::kernel::clock::Timestamp;
use crate::kernel::id::{PaymentId, PersonId};
use crate::kernel::money::Money;
use crate::test_bench::Bench;
use crate::text_enum;
use async_trait::async_trait;
use std::sync::Arc;

text_enum! {
    /// Who takes the money.
    pub enum ProviderName {
        /// On account: the charge goes on the next invoice.
        Invoice = "invoice",
        /// For demonstrations and tests.
        Test = "test",
    }
}

text_enum! {
    /// How a buyer account pays.
    pub enum PaymentMethod {
        /// On account.
        Invoice = "invoice",
        /// A test card that is approved.
        TestApprove = "test_approve",
        /// A test card that is declined.
        TestDecline = "test_decline",
        /// A test transfer that arrives later.
        TestSettleApproved = "test_settle_approved",
        /// A test transfer that does not arrive.
        TestSettleDeclined = "test_settle_declined",
        /// A test card whose bank is slow to answer.
        TestTimeOut = "test_time_out",
    }
}

impl PaymentMethod {
    /// Who takes it.
    #[must_use]
    pub const fn provider(self) -> ProviderName {
        match self {
            Self::Invoice => ProviderName::Invoice,
            Self::TestApprove | Self::TestDecline | Self::TestSettleApproved | Self::TestSettleDeclined | Self::TestTimeOut => {
                ProviderName::Test
            }
        }
    }

    /// In words, for the review.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Invoice => "On account, by invoice",
            Self::TestApprove => "Test card (approved)",
            Self::TestDecline => "Test card (declined)",
            Self::TestSettleApproved => "Test bank transfer (arrives later)",
            Self::TestSettleDeclined => "Test bank transfer (does not arrive)",
            Self::TestTimeOut => "Test card (slow to answer)",
        }
    }
}

/// One attempt to pay a quote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// Its id, and the provider's idempotency key.
    pub id: PaymentId,
    /// What it pays.
    pub quote_id: QuoteId,
    /// For whom: the buyer's 12 digits.
    pub buyer_account_id: String,
    /// Its number among the quote's attempts, from 1.
    pub attempt: i64,
    /// How.
    pub method: PaymentMethod,
    /// How much: the quote's amount.
    pub amount: Money,
    /// Who pressed Pay now.
    pub started_by: PersonId,
    /// When.
    pub started_at: Timestamp,
    /// How it stands.
    pub state: PaymentState,
}

impl Payment {
    /// The question to the provider, asked at an instant.
    #[must_use]
    pub fn charge(&self, asked_at: Timestamp) -> Charge {
        Charge {
            key: self.id,
            buyer_account_id: self.buyer_account_id.clone(),
            method: self.method,
            amount: self.amount,
            started_at: self.started_at,
            asked_at,
        }
    }
}

/// What a provider is asked, the same words for every question about one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    /// Idempotency key.
    pub key: PaymentId,
    /// Whose method it is: the buyer's 12 digits.
    pub buyer_account_id: String,
    /// How.
    pub method: PaymentMethod,
    /// How much.
    pub amount: Money,
    /// When the attempt began.
    pub started_at: Timestamp,
    /// When this question is asked.
    pub asked_at: Timestamp,
}

/// A provider's answer to a charge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The money is sure.
    Approved,
    /// It is refused for good, under this key.
    Declined {
        /// For the buyer, one sentence.
        reason: String,
    },
    /// It was taken on and will be decided later.
    Pending,
}

/// A provider's answer about a pending charge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// Not decided yet.
    Open,
    /// The money arrived.
    Approved,
    /// It did not and will not.
    Declined {
        /// For the buyer, one sentence.
        reason: String,
    },
}

/// The provider did not answer in time: it may or may not have charged. Asking again under the same key tells.
#[derive(Debug, thiserror::Error)]
#[error("the payment provider did not answer")]
pub struct NoAnswer;

/// Whoever takes the money. An implementation bounds its own waiting and answers [`NoAnswer`] when that is over.
#[async_trait]
pub trait PaymentProvider: Send + Sync {
    /// Charges, or tells what came of the charge under this key before.
    async fn charge(&self, charge: &Charge) -> Result<Outcome, NoAnswer>;

    /// What came of a charge that is pending.
    async fn settlement(&self, charge: &Charge) -> Result<Settlement, NoAnswer>;
}

/// The providers of this program.
#[derive(Clone)]
pub struct Providers {
    invoice: Arc<dyn PaymentProvider>,
    test: Option<Arc<dyn PaymentProvider>>,
}

impl Providers {
    /// Invoices only: test methods are declined.
    #[must_use]
    pub fn invoice_only() -> Self {
        Self { invoice: Arc::new(Invoice), test: None }
    }

    /// Invoices, and the test provider for demonstrations.
    #[must_use]
    pub fn with_test() -> Self {
        Self::of(Arc::new(Invoice), Some(Arc::new(TestProvider)))
    }

    /// These.
    #[must_use]
    pub fn of(invoice: Arc<dyn PaymentProvider>, test: Option<Arc<dyn PaymentProvider>>) -> Self {
        Self { invoice, test }
    }

    /// The same under the test bench, if it is on.
    #[must_use]
    pub fn under(self, bench: &Bench) -> Self {
        if !bench.is_on() {
            return self;
        }
        let under = |provider| -> Arc<dyn PaymentProvider> { Arc::new(bench::Benched { provider, bench: bench.clone() }) };
        Self { invoice: under(self.invoice), test: self.test.map(under) }
    }

    fn provider(&self, name: ProviderName) -> Option<&Arc<dyn PaymentProvider>> {
        match name {
            ProviderName::Invoice => Some(&self.invoice),
            ProviderName::Test => self.test.as_ref(),
        }
    }

    /// Charges by the method's provider.
    ///
    /// # Errors
    /// When it does not answer in time.
    pub async fn charge(&self, charge: &Charge) -> Result<Outcome, NoAnswer> {
        match self.provider(charge.method.provider()) {
            Some(provider) => provider.charge(charge).await,
            None => Ok(Outcome::Declined { reason: "This account's payment method is for demonstrations only.".to_owned() }),
        }
    }

    /// Asks the method's provider about a pending charge.
    ///
    /// # Errors
    /// When it does not answer in time.
    pub async fn settlement(&self, charge: &Charge) -> Result<Settlement, NoAnswer> {
        match self.provider(charge.method.provider()) {
            Some(provider) => provider.settlement(charge).await,
            None => Ok(Settlement::Open),
        }
    }
}

impl std::fmt::Debug for Providers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Providers").field("test", &self.test.is_some()).finish_non_exhaustive()
    }
}
