//! The ways in and out: sign-in, sign-out, registration, forgotten passwords, invitations. One file a page.

mod destination;
mod invitation;
mod next;
mod password_forgot;
mod password_reset;
mod register;
mod register_finish;
#[expect(clippy::module_inception, reason = "the area is named after its main page")]
mod sign_in;
mod sign_out;

pub use destination::start_page;

use super::paths;
use super::route::{Access, Entry, get, post};
use actix_web::web;

/// These pages' lines of the route table.
#[must_use]
pub fn routes() -> Vec<Entry> {
    vec![
        get(paths::SIGN_IN, Access::Public, || web::to(sign_in::show)),
        post(paths::SIGN_IN, Access::Public, || web::to(sign_in::submit)),
        post(paths::SIGN_OUT, Access::SignedIn, || web::to(sign_out::submit)),
        get(paths::REGISTER, Access::Public, || web::to(register::show)),
        post(paths::REGISTER, Access::Public, || web::to(register::submit)),
        get(paths::REGISTER_SENT, Access::Public, || web::to(register::sent)),
        get(paths::REGISTER_FINISH, Access::Public, || web::to(register_finish::show)),
        post(paths::REGISTER_FINISH, Access::Public, || web::to(register_finish::submit)),
        get(paths::PASSWORD_FORGOT, Access::Public, || web::to(password_forgot::show)),
        post(paths::PASSWORD_FORGOT, Access::Public, || web::to(password_forgot::submit)),
        get(paths::PASSWORD_SENT, Access::Public, || web::to(password_forgot::sent)),
        get(paths::PASSWORD_RESET, Access::Public, || web::to(password_reset::show)),
        post(paths::PASSWORD_RESET, Access::Public, || web::to(password_reset::submit)),
        get(paths::INVITATION, Access::Public, || web::to(invitation::show)),
        post(paths::INVITATION, Access::Public, || web::to(invitation::submit)),
    ]
}
