//! The portal's tests, one binary. A test that needs storage is written once and runs on SQLite and on Postgres
//! (`both_engines!`); `tests/run` counts them by engine. What single rooms guard stands in a file of the room's name.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test that cannot go on has failed; the allowance for tests does not reach functions they call"
)]

#[macro_use]
mod support;

mod access_matrix;
mod account;
mod activation;
mod admin;
mod allocation;
mod audit;
mod aws;
mod bench;
mod billing;
mod codes;
mod console_start;
mod credits;
mod db;
mod demo_history;
mod events;
mod expiry;
mod faults;
mod fulfilment;
mod house;
mod identity;
mod incoming;
mod licenses;
mod mail;
mod marketplace;
mod model;
mod pages;
mod pay_as_you_go;
mod planning;
mod races;
mod renewal;
mod security;
mod setup;
mod sign_in;
mod storefront;
mod team;
mod test_bench;
mod transfer;
mod usage_api;
mod wire;
