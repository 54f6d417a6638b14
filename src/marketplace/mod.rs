//! The embedded marketplace: what is offered, quotes, payment, agreements, registration tokens, entitlements, events.
//! It plays the part of a cloud marketplace and knows nothing of the console that fulfils its purchases.

mod accept;
pub mod agreement;
pub mod bench;
pub mod buyer;
pub mod catalog;
pub mod entitlement;
pub mod event;
pub mod ids;
pub mod invoice;
pub mod listing;
pub mod look_up;
mod mail;
pub mod metering;
pub mod offer;
pub mod pay;
pub mod payment;
pub mod publish;
pub mod quote;
pub mod quoting;
pub mod receipt;
pub mod remind;
pub mod renew;
pub mod renewal;
pub mod settle;
mod store;
pub mod subscriptions;
pub mod token;
pub mod unclaimed;
pub mod upgrade;
pub mod wire;
