//! Words that every room shares: ids, time, money, credits, text. Pure, but for the clock and the randomness that are
//! injected or kept in one place each.

pub mod clock;
//WAIT pub mod credits;
//WAIT pub mod email;
pub mod id;
//WAIT pub mod money;
pub mod page;
//WAIT pub mod quantity;
pub mod random;
pub mod secret;
//WAIT pub mod show;
//WAIT pub mod term;
//WAIT pub mod text;
