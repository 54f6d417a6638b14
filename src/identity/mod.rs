//! People, businesses, buyer accounts, roles, passwords, sessions, throttling.
