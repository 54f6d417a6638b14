//! Messages of Amazon SNS that are posted to the console. Anybody can post one, so every message is proven before it is
//! stored: first by what can be seen without the network, then by its signature. A message that fails at the first leads to
//! no connection at all.

mod address;
mod certificate;
mod envelope;
mod fetch;
mod receive;

pub use fetch::{Fetch, HttpFetch};
pub use receive::{Received, Receiver, Refusal};
