//! Passwords: which may be chosen, and how they are hashed and checked. Nothing here knows people or the database.

mod guessable;
mod hasher;
mod rules;

pub use hasher::{Checked, Cost, HashedPassword, PasswordHasher};
pub use rules::{LONGEST_BYTES, NewPassword, PasswordProblem, SHORTEST_CHARACTERS};
