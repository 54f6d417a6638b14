//! The marketplace on the wire: what the official SDKs ask, answered as AWS answers it. Codecs and signatures are pure;
//! operations use the marketplace's own use cases and decide nothing that these do not. HTTP itself is the web's.
//!
//! A call goes through [`protocol::recognise`], [`call::authenticate`] and [`call::answer`], in this order.

pub mod access_keys;
pub mod agreements;
pub mod call;
pub mod cbor;
pub mod customer;
pub mod entitlements;
pub mod fault;
pub mod input;
pub mod json;
mod page;
pub mod products;
pub mod protocol;
pub mod queues;
pub mod requests;
mod resolve;
pub mod signature;
pub mod switches;
mod usage;
pub mod value;
