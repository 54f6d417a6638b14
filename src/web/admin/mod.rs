//! The support desk: look-up and the two-person transfer, for the vendor's staff. One file a page. Nothing here acts as a
//! customer, and nothing here shows a password, a token or a session (SUP-9).

mod audit;
mod business;
mod businesses;
mod buyer_account;
mod destination;
mod fresh_password;
mod identifier;
mod license;
mod licenses;
mod person;
mod preview;
mod purchase;
mod rows;
mod search;
mod service_keys;
mod start;
mod transfer;
mod transfer_decide;
mod transfer_request;
mod transfers;

use super::paths;
use super::route::{Access, Entry, get, post};
use crate::access::Action;
use actix_web::web;

/// The support desk's lines of the route table.
#[must_use]
pub fn routes() -> Vec<Entry> {
    let staff = Access::May(Action::ReadWholeAudit);
    let look_up = Access::May(Action::LookUp);
    let ask = Access::May(Action::RequestTransfer);
    let decide = Access::May(Action::DecideTransfer);
    let keys = Access::May(Action::ManageServiceKeys);
    vec![
        get(paths::ADMIN, staff, || web::to(start::show)),
        get(paths::ADMIN_SEARCH, look_up, || web::to(search::show)),
        get(paths::ADMIN_BUSINESSES, look_up, || web::to(businesses::list)),
        get(paths::ADMIN_BUSINESS, look_up, || web::to(business::show)),
        get(paths::ADMIN_LICENSES, look_up, || web::to(licenses::list)),
        get(paths::ADMIN_LICENSE, look_up, || web::to(license::show)),
        get(paths::ADMIN_PURCHASE, look_up, || web::to(purchase::show)),
        get(paths::ADMIN_PERSON, look_up, || web::to(person::show)),
        get(paths::ADMIN_BUYER_ACCOUNT, look_up, || web::to(buyer_account::show)),
        get(paths::ADMIN_TRANSFER_REQUEST, ask, || web::to(transfer_request::show)),
        post(paths::ADMIN_TRANSFER_REQUEST, ask, || web::to(transfer_request::submit)),
        get(paths::ADMIN_TRANSFERS, look_up, || web::to(transfers::list)),
        get(paths::ADMIN_TRANSFER, look_up, || web::to(transfer::show)),
        post(paths::ADMIN_TRANSFER_APPROVE, decide, || web::to(transfer_decide::approve)),
        post(paths::ADMIN_TRANSFER_REJECT, decide, || web::to(transfer_decide::reject)),
        post(paths::ADMIN_TRANSFER_WITHDRAW, ask, || web::to(transfer_decide::withdraw)),
        get(paths::SERVICE_KEYS, keys, || web::to(service_keys::list)),
        post(paths::SERVICE_KEYS, keys, || web::to(service_keys::make)),
        get(paths::SERVICE_KEY_NEW, keys, || web::to(service_keys::new)),
        get(paths::SERVICE_KEY, keys, || web::to(service_keys::show)),
        post(paths::SERVICE_KEY_REVOKE, keys, || web::to(service_keys::revoke)),
        get(paths::ADMIN_AUDIT, staff, || web::to(audit::list)),
    ]
}
