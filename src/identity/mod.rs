//! People, businesses, buyer accounts, roles, passwords, sessions, throttling.

pub mod actor;
pub mod session;
