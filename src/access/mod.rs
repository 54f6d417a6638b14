//! Who may do what: the actor, the policy as one table, and the scopes that stores of tenant data ask for.

mod actor;
mod policy;
mod scope;

pub use actor::{Actor, BusinessRole, BuyerRole, Membership, StaffRole, BuyerSeat};
pub use policy::{Action, Refused, allows};
pub use scope::{BusinessScope, BuyerScope, StaffScope};
