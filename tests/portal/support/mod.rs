//! What every test of the portal stands on: a fresh database on either engine, a clock that only the test moves.

#[macro_use]
mod both_engines;
pub mod fake_marketplace;
pub mod fixtures;
pub mod postgres;
pub mod schema;
pub mod source;
pub mod sqlite;
pub mod stage;

pub use stage::{Stage, play};
