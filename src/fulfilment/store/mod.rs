//! All SQL of the room, by table. Reads take `&Db`, writes a transaction of the use case.

pub(super) mod codes;
pub(super) mod contracts;
pub(super) mod licenses;
pub(super) mod listing;
pub(super) mod purchases;
pub(super) mod questions;
pub(super) mod recipients;
pub(super) mod registrations;
pub(super) mod waiting;
pub(super) mod warnings;
