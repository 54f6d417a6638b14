//! All SQL of the room, one file a table or two that belong together.

pub(crate) mod businesses;
pub(crate) mod codes;
pub(crate) mod people;
pub(crate) mod sessions;
pub(crate) mod team;
pub(crate) mod throttles;
