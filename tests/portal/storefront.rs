//! The marketplace's pages, gone through as a person does: search, listing, contract, review and payment, confirmation,
//! subscriptions. The rules themselves are tested at the use cases; here is what people see of them.

mod browsing;
mod configuring;
mod invoices;
mod outcomes;
mod reviewing;
mod setting_up;
mod subscribing;
mod upgrading;

use crate::support::browser::Browser;
use crate::support::portal::Portal;
use crate::support::{Stage, people};
use creditdesk::db::Db;

/// The purchaser with a buyer account for each outcome of a payment.
const INITECH_BUYER: &str = "buyer@initech.example";

/// Initech's purchaser, working in the account whose name has this outcome.
async fn payer(portal: &Portal, outcome: &str) -> Browser {
    let mut browser = portal.sign_in(INITECH_BUYER).await;
    browser.open("/account").await;
    let switch = format!("Switch to Initech ({outcome})");
    if browser.page().buttons().contains(&switch) {
        browser.press(&switch).await;
    }
    browser
}

/// Acme's buyer, who may only look from now on.
async fn viewer(stage: &Stage, portal: &Portal) -> Browser {
    let browser = portal.sign_in(people::ACME_BUYER).await;
    let demoted = stage.db.write("UPDATE buyer_people SET role = 'viewer' WHERE account_id = '111122223333'");
    demoted.exec_one().await.unwrap();
    browser
}

async fn count(db: &Db, sql: &'static str) -> i64 {
    db.read(sql).scalar().await.unwrap()
}

async fn agreements(db: &Db) -> i64 {
    count(db, "SELECT CAST(COUNT(*) AS BIGINT) FROM agreements").await
}

async fn quotes(db: &Db) -> i64 {
    count(db, "SELECT CAST(COUNT(*) AS BIGINT) FROM quotes").await
}

async fn charges(db: &Db) -> i64 {
    count(db, "SELECT CAST(COUNT(*) AS BIGINT) FROM charges").await
}
