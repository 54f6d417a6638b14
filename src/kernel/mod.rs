//! Words that every room shares: ids, time, money, credits, text. Pure, but for the clock and the randomness that are
//! injected or kept in one place each.

pub mod clock;
pub mod credits;
pub mod day;
pub mod email;
pub mod hex;
pub mod id;
pub mod money;
pub mod page;
pub mod quantity;
pub mod random;
pub mod sealing;
pub mod secret;
pub mod show;
pub mod term;
pub mod text;
