//! Who may do what: the actor, the policy as one table, and the scopes that stores of tenant data ask for.

mod actor;
mod phase;
mod policy;
mod scope;
mod store;
#[cfg(test)]
mod tests;

pub use actor::{Actor, BusinessRole, BuyerRole, BuyerSeat, Membership, StaffRole};
pub use phase::{Lengths, Phase, Standing, phase};
pub use policy::{Action, Refused, allows};
pub use scope::{BusinessScope, BuyerScope, StaffScope};
pub use store::phase_of_business;
