//! The web's usual attacks against the real application (quality 2 C and D). Headers and cookies are checked on every
//! answer that any test gets (`support/manners.rs`); here is what needs an attacker.

mod crawling;
mod crossing;
mod sending;
mod signing;
