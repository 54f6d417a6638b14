//! Credits: the pool of a business, its ledger, what is allocated and how it went over time.

pub mod allocated;
pub mod allocation;
pub mod attention;
pub mod baseline;
pub mod billing_model;
pub mod estimate;
pub mod history;
pub mod in_use;
pub mod ledger;
pub mod metering;
pub mod pay_as_you_go;
pub mod planner;
pub mod pool;
pub mod purchase_history;
pub mod rates;
pub mod scenarios;
pub mod service_keys;
pub mod solutions;
mod store;
pub mod trace;
pub mod usage_calls;
