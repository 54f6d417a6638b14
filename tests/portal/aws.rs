//! The console as a client of AWS Marketplace: the official SDK calls a second Creditdesk, which stands for the service.

mod faults;
mod journey;
mod metering;
mod orders;
mod reconciliation;
mod setup;
