//! Creditdesk: sells, activates and looks after SaaS credit licenses bought through a cloud marketplace.
//!
//! The rooms and the arrows between them are drawn in ARCHITECTURE.md.

pub mod access;
pub mod audit;
pub mod credits;
pub mod db;
pub mod demo;
pub mod fulfilment;
pub mod identity;
pub mod kernel;
pub mod marketplace;
pub mod notices;
