//! Creditdesk: sells, activates and looks after SaaS credit licenses bought through a cloud marketplace.
//!
//! The rooms and the arrows between them are drawn in ARCHITECTURE.md.

pub mod access;
pub mod application;
pub mod assembly;
pub mod assembly_aws;
pub mod audit;
pub mod bench;
pub mod cli;
pub mod config;
pub mod credits;
pub mod db;
pub mod demo;
pub mod demo_history;
pub mod doctor;
pub mod fulfilment;
pub mod identity;
pub mod jobs;
pub mod kernel;
pub mod marketplace;
pub mod notices;
pub mod paper;
pub mod rehearsal;
pub mod telemetry;
pub mod test_bench;
#[expect(missing_docs, reason = "view structs hold ready-to-print values under names that say what they are")]
pub mod web;
