//! The support desk: look-up and the two-person transfer, for the vendor's staff. One file a page. Nothing here acts as a
//! customer, and nothing here shows a password, a token or a session (SUP-9).

mod access_keys;
mod audit;
mod business;
mod businesses;
mod buyer_account;
mod closing;
mod code_batch;
mod codes;
mod codes_issue;
mod destination;
mod event;
mod event_targets;
mod events;
mod fresh_password;
mod identifier;
mod invoice;
mod invoices;
mod lapsed;
mod license;
mod licenses;
mod outlook;
mod person;
mod preview;
mod purchase;
mod question;
mod question_repair;
mod reconciliation;
mod rows;
mod search;
mod service_keys;
mod start;
mod test_bench;
mod test_bench_calls;
mod transfer;
mod transfer_decide;
mod transfer_request;
mod transfers;
mod unclaimed;

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
    let reconcile = Access::May(Action::Reconcile);
    let keys = Access::May(Action::ManageServiceKeys);
    let mut lines = vec![
        get(paths::ADMIN, staff, || web::to(start::show)),
        get(paths::ADMIN_SEARCH, look_up, || web::to(search::show)),
        get(paths::ADMIN_BUSINESSES, look_up, || web::to(businesses::list)),
        get(paths::ADMIN_BUSINESS, look_up, || web::to(business::show)),
        get(paths::ADMIN_LICENSES, look_up, || web::to(licenses::list)),
        get(paths::ADMIN_LICENSE, look_up, || web::to(license::show)),
        get(paths::ADMIN_PURCHASE, look_up, || web::to(purchase::show)),
        get(paths::ADMIN_PERSON, look_up, || web::to(person::show)),
        get(paths::ADMIN_BUYER_ACCOUNT, look_up, || web::to(buyer_account::show)),
        get(paths::ADMIN_INVOICES, look_up, || web::to(invoices::list)),
        get(paths::ADMIN_INVOICE, look_up, || web::to(invoice::show)),
        get(paths::ADMIN_INVOICE_PDF, look_up, || web::to(invoice::pdf)),
        post(paths::ADMIN_CREDIT_NOTES, Access::May(Action::IssueCreditNote), || web::to(invoice::credit)),
        get(paths::ADMIN_TRANSFER_REQUEST, ask, || web::to(transfer_request::show)),
        post(paths::ADMIN_TRANSFER_REQUEST, ask, || web::to(transfer_request::submit)),
        get(paths::ADMIN_TRANSFERS, look_up, || web::to(transfers::list)),
        get(paths::ADMIN_TRANSFER, look_up, || web::to(transfer::show)),
        post(paths::ADMIN_TRANSFER_APPROVE, decide, || web::to(transfer_decide::approve)),
        post(paths::ADMIN_TRANSFER_REJECT, decide, || web::to(transfer_decide::reject)),
        post(paths::ADMIN_TRANSFER_WITHDRAW, ask, || web::to(transfer_decide::withdraw)),
        get(paths::ADMIN_RECONCILIATION, look_up, || web::to(reconciliation::list)),
        post(paths::ADMIN_COMPARE, reconcile, || web::to(reconciliation::compare)),
        get(paths::ADMIN_QUESTION, look_up, || web::to(question::show)),
        post(paths::ADMIN_QUESTION_REPAIR, reconcile, || web::to(question_repair::repair)),
        post(paths::ADMIN_QUESTION_REREAD, reconcile, || web::to(question_repair::reread)),
        get(paths::ADMIN_CODES, look_up, || web::to(codes::list)),
        get(paths::ADMIN_CODES_NEW, Access::May(Action::IssueCodes), || web::to(codes_issue::show)),
        post(paths::ADMIN_CODES_NEW, Access::May(Action::IssueCodes), || web::to(codes_issue::issue)),
        get(paths::ADMIN_CODE_BATCH, look_up, || web::to(code_batch::show)),
        post(paths::ADMIN_CODES_WITHDRAW, Access::May(Action::IssueCodes), || web::to(code_batch::withdraw)),
        get(paths::SERVICE_KEYS, keys, || web::to(service_keys::list)),
        post(paths::SERVICE_KEYS, keys, || web::to(service_keys::make)),
        get(paths::SERVICE_KEY_NEW, keys, || web::to(service_keys::new)),
        get(paths::SERVICE_KEY, keys, || web::to(service_keys::show)),
        post(paths::SERVICE_KEY_REVOKE, keys, || web::to(service_keys::revoke)),
        get(paths::ADMIN_AUDIT, staff, || web::to(audit::list)),
    ];
    lines.extend(expiry_routes());
    lines.extend(access_key_routes());
    lines.extend(event_target_routes());
    lines.extend(event_routes());
    lines.extend(test_bench_routes());
    lines
}

/// What AWS told the console.
fn event_routes() -> Vec<Entry> {
    let look_up = Access::May(Action::LookUp);
    vec![
        get(paths::ADMIN_EVENTS, look_up, || web::to(events::list)),
        get(paths::ADMIN_EVENT, look_up, || web::to(event::show)),
        post(paths::ADMIN_EVENT_FOLLOW, Access::May(Action::Reconcile), || web::to(event::follow)),
    ]
}

/// Who may call the marketplace's API.
fn access_key_routes() -> Vec<Entry> {
    let keys = Access::May(Action::ManageAccessKeys);
    vec![
        get(paths::ACCESS_KEYS, keys, || web::to(access_keys::list)),
        post(paths::ACCESS_KEYS, keys, || web::to(access_keys::make)),
        get(paths::ACCESS_KEY_NEW, keys, || web::to(access_keys::new)),
        get(paths::ACCESS_KEY, keys, || web::to(access_keys::show)),
        post(paths::ACCESS_KEY_REVOKE, keys, || web::to(access_keys::revoke)),
    ]
}

/// Where sellers' events go.
fn event_target_routes() -> Vec<Entry> {
    let keys = Access::May(Action::ManageAccessKeys);
    vec![
        get(paths::EVENT_TARGETS, keys, || web::to(event_targets::list)),
        post(paths::EVENT_TARGETS, keys, || web::to(event_targets::make)),
        get(paths::EVENT_TARGET_NEW, keys, || web::to(event_targets::new)),
        get(paths::EVENT_TARGET, keys, || web::to(event_targets::show)),
        post(paths::EVENT_TARGET_WITHDRAW, keys, || web::to(event_targets::withdraw)),
    ]
}

/// The test bench; `routes::configure` leaves it out while it is off.
fn test_bench_routes() -> Vec<Entry> {
    let bench = Access::May(Action::UseTestBench);
    vec![
        get(paths::TEST_BENCH, bench, || web::to(test_bench::show)),
        post(paths::TEST_BENCH_CLOCK, bench, || web::to(test_bench::put_forward)),
        post(paths::TEST_BENCH_FAULTS, bench, || web::to(test_bench::switch_on)),
        post(paths::TEST_BENCH_FAULT_OFF, bench, || web::to(test_bench::switch_off)),
        get(paths::TEST_BENCH_CALLS, bench, || web::to(test_bench_calls::list)),
        get(paths::TEST_BENCH_CALLS_CSV, bench, || web::to(test_bench_calls::csv)),
        get(paths::TEST_BENCH_CALL, bench, || web::to(test_bench_calls::detail)),
    ]
}

/// What ends, what ended, and what nobody claimed.
fn expiry_routes() -> Vec<Entry> {
    let look_up = Access::May(Action::LookUp);
    let close = Access::May(Action::CloseBusiness);
    vec![
        get(paths::ADMIN_UNCLAIMED, look_up, || web::to(unclaimed::list)),
        get(paths::ADMIN_UNCLAIMED_CSV, look_up, || web::to(unclaimed::csv)),
        post(paths::ADMIN_REMIND, Access::May(Action::RemindBuyers), || web::to(unclaimed::remind)),
        get(paths::ADMIN_OUTLOOK, look_up, || web::to(outlook::show)),
        get(paths::ADMIN_OUTLOOK_CSV, look_up, || web::to(outlook::csv)),
        get(paths::ADMIN_LAPSED, look_up, || web::to(lapsed::list)),
        get(paths::ADMIN_LAPSED_CSV, look_up, || web::to(lapsed::csv)),
        get(paths::ADMIN_CLOSING, close, || web::to(closing::show)),
        post(paths::ADMIN_CLOSING, close, || web::to(closing::submit)),
        post(paths::ADMIN_REOPEN, close, || web::to(closing::reopen)),
    ]
}
