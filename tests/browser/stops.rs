//! Where the browser stops to look at a page: every page of the program in every state that a person can meet, with a
//! name for its picture. One purchase is activated, one waits, one window is missed, a transfer waits for approval. One
//! file an area; they are told in this order, because each goes on from what the one before left.

mod buying;
mod by_use;
mod console;
mod ending;
mod licensing;
mod support;

use crate::support::portal::Portal;
use crate::support::{Desk, Hands};

pub trait Looks {
    async fn look(&mut self, desk: &Desk, name: &str);
}

const LISTING: &str = "/marketplace/pp/prodview-u2in6sa3igl7c";

/// Walks through everything.
pub async fn walk(portal: &Portal, looks: &mut impl Looks) {
    let desk = Desk::open_at(portal, Hands::Mouse).await;
    buying::outside(&desk, looks).await;
    buying::purchases(&desk, looks).await;
    licensing::activation(portal, &desk, looks).await;
    licensing::subscription(portal, &desk, looks).await;
    console::console(portal, &desk, looks).await;
    by_use::pay_as_you_go(portal, &desk, looks).await;
    support::keys(&desk, looks).await;
    support::look_up(&desk, looks).await;
    support::transfer(portal, &desk, looks).await;
    support::decisions(portal, &desk, looks).await;
    support::add_license(&desk, looks).await;
    ending::too_late(portal, &desk, looks).await;
    ending::ending(portal, &desk, looks).await;
    desk.chromium.close().await;
}

async fn at(desk: &Desk, looks: &mut impl Looks, path: &str, name: &str) {
    desk.open(path).await;
    looks.look(desk, name).await;
}

async fn contract(desk: &Desk, credits: &str) {
    desk.open(&format!("{LISTING}/contract")).await;
    desk.fill("Number of credits", credits).await;
    desk.press("Create contract").await;
    desk.expect_heading("Review and pay").await;
}
