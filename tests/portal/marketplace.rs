//! The embedded marketplace, at its use cases: catalog, quotes, payment, agreements, tokens, upgrades, subscriptions, and
//! what the console learns of them through the bridge. Pages are tested elsewhere.

mod bridge;
mod catalog;
mod crashing;
mod crediting;
mod invoicing;
pub mod market;
mod papers;
mod paying;
mod quoting;
mod renewing;
mod renewing_workers;
mod settling;
mod subscriptions;
mod tokens;
mod upgrading;
