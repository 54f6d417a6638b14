//! A purchase becomes licenses of one business: the marketplace port, registration, activation, licenses, transfer.

pub mod activate;
mod chain;
pub mod choices;
pub mod code;
mod correct;
pub mod difference;
pub mod entitled;
pub mod expiry;
pub mod hand_over;
pub mod incoming;
pub mod land;
pub mod license;
pub mod licenses;
pub mod look_up;
mod mail;
pub mod marketplace;
pub mod metering;
pub mod next_term;
pub mod prepare;
pub mod products;
pub mod recheck;
pub mod reconcile;
pub mod registration;
mod renew;
pub mod report;
pub mod reread;
mod store;
pub mod sync;
pub mod transfer;
pub mod waiting;

use crate::db::Db;
use crate::kernel::clock::Clock;
use crate::kernel::sealing::SealingKey;
use marketplace::Marketplace;
use products::Products;
use std::sync::Arc;

/// What the use cases of this room stand on; cheap to clone.
#[derive(Clone)]
pub struct Fulfilment {
    /// Where the console keeps what it knows.
    pub db: Db,
    /// The only way to learn about a purchase.
    pub marketplace: Arc<dyn Marketplace>,
    /// The one source of time.
    pub clock: Clock,
    /// The products that this console sells licenses of.
    pub products: Products,
    /// Where mail points to.
    pub links: Links,
    /// Seals tokens that wait for the marketplace.
    pub sealing: SealingKey,
}

/// Absolute addresses of pages that mail points to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Links {
    /// License Information.
    pub licenses: String,
    /// Credits & Billing.
    pub credits: String,
}
