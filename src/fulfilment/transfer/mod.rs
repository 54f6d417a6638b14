//! A contract moves to another registered business: one member of staff asks, another approves (SUP-2 to SUP-7). What
//! moves is the ownership and what is left of the credits; what is allocated and how it was activated stays.

mod decide;
mod history;
mod holding;
mod list;
mod model;
mod preview;
mod request;
mod store;
mod tell;
mod typed;

pub use decide::{DecideRefusal, approve, lapse_overdue, reject, withdraw};
pub use history::{Ownership, owners};
pub use holding::{Holding, Immovable, Item};
pub use list::{Listed, Narrowed, count, credits_moved, find, list, list_of_contract};
pub use model::{Barred, Event, NotUndoable, OPEN_FOR_HOURS, Request, Status, Transfer, UNDO_WITHIN_HOURS};
pub use preview::{Pointed, Preview, Side, pointed, preview};
pub use request::{Ask, AskRefusal, request};
pub use store::Told;
pub use typed::{Confirmed, LicenseRef, Reason, TextRefused, Ticket};
