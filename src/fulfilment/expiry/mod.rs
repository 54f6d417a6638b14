//! Licenses that will expire: which warning is due, what it says, and the calendar entry that goes with it (EXP-3). What
//! follows when the last license of a business has expired is the policy's (EXP-2); nothing here takes anything away.

mod calendar;
mod mail;
mod outlook;
mod steps;
mod warn;

pub use calendar::{Ending, EndingItem, calendar};
pub use outlook::{
    Lapsed, LapsedFilter, LapsedKind, Outcome, OutlookFilter, OutlookItem, OutlookSum, count_lapsed, count_outlook, list_lapsed,
    list_outlook, sums,
};
pub use steps::{STEPS, next_step};
pub use warn::{find_ending, warn_due};
