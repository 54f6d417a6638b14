//! Mail to people: an outbox that use cases write in their own transaction, a port that delivers it later.

mod compose;
pub mod deliver;
pub mod outbox;
pub mod port;

pub use compose::{Attachment, Enclosed, Mail};
