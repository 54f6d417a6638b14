//! The console hears of changes from AWS: events come from a queue or a signed message, are stored as they came, known again
//! when they come twice, and followed in any order. An event never carries the truth: it is only a reason to read it
//! ([`crate::fulfilment::sync`]). What the truth says, and what is booked for it, is decided there and not here.

pub mod event;
mod look_up;
pub mod parse;
pub mod sns;
pub mod sqs;
mod store;
mod take_in;
mod waiting;

pub use look_up::{FollowRefusal, IncomingRecord, count, find, follow_again, list};
pub use take_in::{Taken, take_in};
pub use waiting::{acknowledge, find_account, list_waiting, replay};
