//! The adapter to AWS Marketplace by the official SDK: it translates, and decides nothing. Its own are the circuit breakers,
//! the pace of `GetEntitlements`, and the account behind each license ARN that it has seen.

mod agreements;
pub mod breaker;
pub mod chain;
mod circuits;
pub mod clients;
mod entitlements;
mod failure;
pub mod key;
mod meter;
mod pace;
pub mod probe;
pub mod products;
mod resolve;

use super::{AgreementFacts, Change, Entitlement, Marketplace, Metering, ResolveError, ResolvedPurchase, Unreachable, Usage};
use crate::db::Db;
use crate::fulfilment::incoming;
use crate::fulfilment::license::Source;
use crate::kernel::clock::{Clock, Timestamp};
use crate::kernel::id::EventId;
use crate::kernel::secret::Secret;
use async_trait::async_trait;
use circuits::Circuits;
use clients::{Clients, Connection};
use pace::Pace;
use products::ProductList;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// License ARNs whose account is kept in memory; more are asked for again.
const ACCOUNTS_MAX: usize = 50_000;

/// AWS Marketplace.
pub struct Aws {
    db: Db,
    clock: Clock,
    clients: Clients,
    circuits: Circuits,
    pace: Pace,
    accounts: Accounts,
    products: ProductList,
}

impl Aws {
    /// With the SDK's clients for this connection. The database is read for what the console knows about a purchase.
    ///
    /// # Errors
    /// When the credentials file cannot be read.
    pub async fn connect((db, clock): (Db, Clock), connection: &Connection, products: ProductList) -> anyhow::Result<Self> {
        let clients = Clients::new(connection, &clock).await?;
        let circuits = Circuits::new(clock.clone());
        Ok(Self { db, clock, clients, circuits, pace: Pace::new(), accounts: Accounts::default(), products })
    }
}

/// Accounts by license ARN, as far as they were seen.
#[derive(Debug, Default)]
struct Accounts(Mutex<BTreeMap<String, String>>);

impl Accounts {
    fn find(&self, license_arn: &str) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(license_arn).cloned()
    }

    fn keep(&self, license_arn: &str, account: &str) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= ACCOUNTS_MAX {
            known.clear();
        }
        known.insert(license_arn.to_owned(), account.to_owned());
    }
}

#[async_trait]
impl Marketplace for Aws {
    fn source(&self) -> Source {
        Source::Aws
    }

    fn resumes_at(&self) -> Option<Timestamp> {
        self.circuits.closed_until()
    }

    async fn resolve(&self, token: &Secret) -> Result<ResolvedPurchase, ResolveError> {
        resolve::resolve(self, token).await
    }

    async fn entitlements(&self, product_code: &str, license_arn: &str) -> Result<Vec<Entitlement>, Unreachable> {
        entitlements::read(self, product_code, license_arn).await
    }

    async fn agreement(&self, license_arn: &str) -> Result<Option<AgreementFacts>, Unreachable> {
        agreements::find(self, license_arn).await
    }

    async fn receive(&self, most: u32) -> Result<Vec<Change>, Unreachable> {
        incoming::list_waiting(&self.db, most, self.clock.now()).await.map_err(|error| Unreachable(error.into()))
    }

    async fn acknowledge(&self, changes: &[EventId]) -> Result<(), Unreachable> {
        incoming::acknowledge(&self.db, changes, self.clock.now()).await.map_err(|error| Unreachable(error.into()))
    }

    /// AWS does not want to know.
    async fn report_activated(&self, _license_arn: &str, _at: Timestamp) -> Result<(), Unreachable> {
        Ok(())
    }

    async fn meter(&self, license_arn: &str, usage: &[Usage]) -> Result<Metering, Unreachable> {
        meter::tell(self, license_arn, usage).await
    }
}
