//! Pages: one table of routes, a guard around each, and one file a page.

mod account;
pub mod admin;
pub mod api;
pub mod assets;
mod changes;
pub mod chart;
pub(crate) mod console;
pub mod cookies;
pub mod csrf;
mod demonstration;
pub mod error;
mod expiry;
pub mod export;
mod failure;
pub mod form;
mod frame;
mod guard;
pub mod headers;
pub mod health;
mod help;
pub mod paths;
mod redirects;
pub mod route;
pub mod routes;
mod setup;
pub mod sheet;
pub mod shell;
pub mod shop;
mod sign_in;
pub mod sns;
pub(crate) mod storefront;
#[cfg(debug_assertions)]
mod styleguide;
mod visit;
pub mod wire;

pub use error::WebError;
pub use form::Form;
pub use visit::Visit;
