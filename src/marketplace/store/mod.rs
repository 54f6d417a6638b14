//! All SQL of the marketplace. Functions that read or change a buyer's rows take a [`BuyerScope`](crate::access::BuyerScope);
//! the others are for the catalog, for jobs and for the seller's side.

pub(super) mod access_keys;
pub(super) mod agreements;
pub(super) mod buyers;
pub(super) mod catalog;
pub(super) mod deliveries;
pub(super) mod event_targets;
pub(super) mod events;
pub(super) mod invoices;
pub(super) mod metering;
pub(super) mod one_at_a_time;
pub(super) mod payments;
pub(super) mod quotes;
pub(super) mod reminders;
pub(super) mod renewal_requests;
pub(super) mod renewals;
pub(super) mod signing_certificates;
pub(super) mod subscriptions;
pub(super) mod tokens;
pub(super) mod wire;
