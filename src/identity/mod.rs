//! People, businesses, buyer accounts, roles, passwords, sessions, throttling.
//!
//! The policy of what a role may do is not here but in [`crate::access`]; this room says who somebody is.

pub mod accept_invitation;
pub mod actor;
pub mod business;
pub mod change_password;
pub mod change_profile;
pub mod close_business;
pub mod confirm_password;
pub mod create_operator;
pub mod disable;
pub mod end_sessions;
pub mod invite;
pub mod look_up;
pub mod members;
pub mod password;
pub mod person;
pub mod register;
pub mod reset;
pub mod session;
pub mod sign_in;
pub(crate) mod store;
pub mod sweep;
pub mod throttle;

use crate::audit::{ActingAs, Who};
use crate::kernel::id::PersonId;

/// The same request, now known to be this person's.
fn known_as(who: &Who, person: PersonId, email: &str) -> Who {
    Who { person: Some(person), label: email.to_owned(), ..who.clone() }.acting_as(ActingAs::Person)
}
