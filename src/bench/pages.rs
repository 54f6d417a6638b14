//! Pages of the running program beside bare handlers that render the same views from memory.

use super::bare_pages::{BarePages, Render};
use super::child::{Memory, Served};
use super::load::{self, Measured};
use super::parts::{self, Parts};
use super::place::Place;
use super::purchases::Customer;
use super::visitor::Visitor;
use crate::application::Portal;
use crate::demo;
use crate::rehearsal;
use crate::web::paths;
use anyhow::{Context, bail, ensure};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// The two take turns so often.
const ROUNDS: usize = 3;
/// Bytes by which the two answers may differ: nothing in them but the form's token and the request's reference, which
/// have a fixed length.
const DIFFERENCE_MAX: usize = 16;

/// How a load is made.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// Connections that are open at the same time.
    pub connections: usize,
    /// Length of a round.
    pub time: Duration,
    /// HTTP worker threads of both servers.
    pub workers: usize,
}

/// A page in both servers; one figure a round.
#[derive(Clone, Debug)]
pub struct Page {
    /// Its length.
    pub bytes: usize,
    /// The program.
    pub measured: Vec<Measured>,
    /// The bare handler.
    pub limit: Vec<Measured>,
    /// Where the time of one request goes.
    pub parts: Parts,
}

/// What was measured.
#[derive(Clone, Debug)]
pub struct Pages {
    /// License Information, signed in.
    pub licenses: Page,
    /// The listing, signed out.
    pub listing: Page,
    /// Memory of the program while the load was on it.
    pub memory: Memory,
}

/// A page to ask both servers for.
struct Asked {
    name: &'static str,
    /// In the bare server.
    path: &'static str,
    request: Vec<u8>,
    bytes: usize,
}

/// Loads the running program and a bare server with the same requests.
///
/// # Errors
/// When one of them does not answer, or not with the same page.
pub async fn measure(place: &Place, portal: &Arc<Portal>, customer: &Customer, load: Load) -> anyhow::Result<Pages> {
    let served = Served::start(place, load.workers).await?;
    let (mut member, mut guest) = (Visitor::default(), Visitor::default());
    member.sign_in(served.address, &customer.admin.email, demo::PASSWORD).await?;
    let licenses_path = format!("{}?size=50", paths::licenses());
    let listing_path = paths::listing(rehearsal::CREDITS);
    let licenses_bytes = member.open(served.address, &licenses_path).await?.body.len();
    let listing_bytes = guest.open(served.address, &listing_path).await.map(|answer| answer.body.len())?;
    let asked = [
        Asked { name: "License Information", path: "/licenses", request: member.request(&licenses_path), bytes: licenses_bytes },
        Asked { name: "listing", path: "/listing", request: guest.request(&listing_path), bytes: listing_bytes },
    ];
    let (licenses_render, licenses_parts) = parts::of_licenses(portal, customer, &licenses_path, &member.cookies()).await?;
    let (listing_render, listing_parts) = parts::of_listing(portal, &listing_path, &guest.cookies()).await?;
    for (asked, render) in asked.iter().zip([&licenses_render, &listing_render]) {
        compare_bytes(asked, render)?;
    }
    let bare = BarePages::start(vec![(asked[0].path, licenses_render), (asked[1].path, listing_render)], load.workers)?;
    let (mut pages, memory) = take_turns(&served, &bare, &asked, load).await?;
    bare.stop().await;
    let (mut listing, mut licenses) = (pages.pop().context("two pages")?, pages.pop().context("two pages")?);
    licenses.parts.add(licenses_parts);
    listing.parts.add(listing_parts);
    Ok(Pages { licenses, listing, memory })
}

/// A limit that renders something else would be none.
fn compare_bytes(asked: &Asked, render: &Render) -> anyhow::Result<()> {
    let bare = render()?.len();
    ensure!(bare.abs_diff(asked.bytes) <= DIFFERENCE_MAX, "{}: {} bytes, the bare handler makes {bare}", asked.name, asked.bytes);
    Ok(())
}

async fn take_turns(served: &Served, bare: &BarePages, asked: &[Asked], load: Load) -> anyhow::Result<(Vec<Page>, Memory)> {
    let mut pages = Vec::new();
    for page in asked {
        let bare_request = load::get(page.path, "");
        let (mut measured, mut limit) = (Vec::new(), Vec::new());
        // Not counted: connections, statement caches and processor caches warm up.
        under_load(served.address, page, &page.request, load, load.time / 5).await?;
        under_load(bare.address, page, &bare_request, load, load.time / 5).await?;
        for _ in 0..ROUNDS {
            measured.push(under_load(served.address, page, &page.request, load, load.time).await?);
            limit.push(under_load(bare.address, page, &bare_request, load, load.time).await?);
        }
        let alone = Load { connections: 1, ..load };
        let total = under_load(served.address, page, &page.request, alone, load.time / 2).await?.mean_micros();
        let bare = under_load(bare.address, page, &bare_request, alone, load.time / 2).await?.mean_micros();
        pages.push(Page { bytes: page.bytes, measured, limit, parts: Parts { total, bare, ..Parts::default() } });
    }
    Ok((pages, served.memory()?))
}

async fn under_load(address: SocketAddr, page: &Asked, request: &[u8], load: Load, time: Duration) -> anyhow::Result<Measured> {
    let measured = load::run(address, request, load.connections, time).await?;
    if measured.failures > 0 {
        bail!("{}: {} answers were no pages", page.name, measured.failures);
    }
    Ok(measured)
}
