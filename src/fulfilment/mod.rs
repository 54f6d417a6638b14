//! A purchase becomes licenses of one business: the marketplace port, registration, activation, licenses, transfer.

pub mod license;
pub mod look_up;
pub mod marketplace;
pub mod transfer;
