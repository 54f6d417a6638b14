//! People, businesses, buyer accounts, roles, passwords, sessions, throttling.

pub mod actor;
pub mod look_up;
pub mod session;
