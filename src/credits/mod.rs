//! Credits: the pool of a business, its ledger, what is allocated and how it went over time.

pub mod ledger;
