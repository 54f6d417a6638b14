//! What every journey stands on: the application, a browser, and a person at the desk.

pub mod axe;
pub mod chromium;
pub mod desk;
pub mod portal;
pub mod side;

pub use desk::{Desk, Hands, in_runtime, visit};
