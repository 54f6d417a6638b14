//! What every test of the portal stands on: a fresh database on either engine, a clock that only the test moves, the
//! real application, and a browser that goes through its pages.

#[macro_use]
mod both_engines;
pub mod browser;
pub mod cookies;
pub mod desk;
pub mod dump;
pub mod fake_marketplace;
pub mod fixtures;
pub mod form;
pub mod manners;
pub mod outage;
pub mod page;
pub mod people;
pub mod portal;
pub mod postgres;
pub mod process;
pub mod schema;
pub mod service;
pub mod source;
pub mod sqlite;
pub mod stage;
pub mod upstream;
pub mod usage;
pub mod vendor;
pub mod volley;
pub mod wire;
pub mod world;

pub use stage::{Stage, play};
