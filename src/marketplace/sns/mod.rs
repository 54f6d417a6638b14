//! Webhooks in the envelope of SNS: what is posted, what signs it, and the job that posts. HTTP on our own side, the
//! certificate's address and the confirmation, is the web's.

pub mod courier;
mod envelope;
pub mod signer;
