//! The marketplace's pages: search, listing, contract, review and payment, confirmation, subscriptions. One file a page;
//! everything that is decided is decided in the marketplace room.

mod confirmation;
mod contract;
mod contract_form;
mod invoice;
mod invoices;
pub(crate) mod listing;
mod moment;
mod pay;
mod renewal;
mod renewal_form;
mod review;
mod search;
mod set_up;
mod statement;
mod subscription;
mod subscriptions;
mod upgrade;
mod upgrade_form;

use super::paths;
use super::route::{Access, Entry, get, post};
use crate::access::Action;
use actix_web::web;

/// The storefront's lines of the route table.
#[must_use]
pub fn routes() -> Vec<Entry> {
    vec![
        get(paths::MARKETPLACE, Access::Public, || web::to(search::show)),
        get(paths::LISTING, Access::Public, || web::to(listing::show)),
        // Open to everybody: a person may configure a contract first and sign in to create it.
        get(paths::CONTRACT, Access::Public, || web::to(contract::show)),
        post(paths::CONTRACT, Access::Public, || web::to(contract::create)),
        get(paths::QUOTE, Access::May(Action::SeePurchases), || web::to(review::show)),
        post(paths::QUOTE_PAY, Access::May(Action::Purchase), || web::to(pay::pay)),
        get(paths::CONFIRMATION, Access::May(Action::SeePurchases), || web::to(confirmation::show)),
        post(paths::SET_UP, Access::May(Action::Purchase), || web::to(set_up::hand_over)),
        get(paths::SUBSCRIPTIONS, Access::May(Action::SeePurchases), || web::to(subscriptions::list)),
        get(paths::SUBSCRIPTIONS_CSV, Access::May(Action::SeePurchases), || web::to(subscriptions::csv)),
        get(paths::SUBSCRIPTION, Access::May(Action::SeePurchases), || web::to(subscription::show)),
        post(paths::UPGRADE, Access::May(Action::Purchase), || web::to(upgrade::create)),
        get(paths::INVOICES, Access::May(Action::SeePurchases), || web::to(invoices::list)),
        get(paths::INVOICES_CSV, Access::May(Action::SeePurchases), || web::to(invoices::csv)),
        get(paths::STATEMENT, Access::May(Action::SeePurchases), || web::to(statement::show)),
        get(paths::STATEMENT_CSV, Access::May(Action::SeePurchases), || web::to(statement::csv)),
        get(paths::STATEMENT_PDF, Access::May(Action::SeePurchases), || web::to(statement::pdf)),
        get(paths::INVOICE, Access::May(Action::SeePurchases), || web::to(invoice::show)),
        get(paths::INVOICE_PDF, Access::May(Action::SeePurchases), || web::to(invoice::pdf)),
        post(paths::RENEWAL, Access::May(Action::Purchase), || web::to(renewal::change)),
    ]
}
