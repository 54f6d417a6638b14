//! The marketplace on the wire, as the official SDKs meet it: protocols, signatures, and every operation. The rules are
//! those of the protocol's reference.

mod agreements;
mod buying;
mod changes;
mod entitlements;
mod keys;
mod metering;
mod protocol;
mod resolving;
mod rust_sdk;
mod signing;
