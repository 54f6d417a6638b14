//! `creditdesk bench --sizes`: Credits & Billing and License Information of businesses with 1, 100 and 10,000 licenses, in
//! a database that has nothing else and in one with a million licenses; both are loaded in turns, so that whatever else
//! the machine does falls on both. Then usage reports in the large one, and how the engine finds the rows of each
//! statement there.

mod charged;
mod crowd;
mod plans;

pub use charged::Charged;

use super::child::{Memory, Served};
use super::load::{self, Measured};
use super::pages::Load;
use super::place::Place;
use super::purchases::{self, Customer};
use super::usage::{self, Usage};
use super::visitor::Visitor;
use crate::application::Portal;
use crate::demo;
use crate::kernel::id::BusinessId;
use crate::web::paths;
use anyhow::ensure;
use crowd::{Crowd, LICENSES_EACH, Tenant};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Licenses of the businesses whose pages are measured.
const SIZES: [usize; 3] = [1, 100, 10_000];
/// The two databases take turns so often.
const ROUNDS: usize = 3;

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// Licenses in the whole of the large database.
    pub licenses: usize,
    /// Usage reports over HTTP, and again as many by bare statements.
    pub reports: usize,
}

/// One page of a business in both databases; one figure a round.
#[derive(Clone, Debug)]
pub struct Sized {
    /// The page's name.
    pub page: &'static str,
    /// Licenses of the business.
    pub licenses: usize,
    /// Length of the page.
    pub bytes: usize,
    /// In the almost empty database.
    pub small: Vec<Measured>,
    /// In the large one.
    pub large: Vec<Measured>,
}

/// What was measured.
#[derive(Clone, Debug)]
pub struct Sizes {
    /// How long it took to write the large database.
    pub written_in: Duration,
    /// Licenses in it.
    pub licenses: i64,
    /// Every page of every business.
    pub pages: Vec<Sized>,
    /// Memory of both programs after all loads.
    pub memory: [Memory; 2],
    /// Reports in the large database.
    pub usage: Usage,
    /// Statements none of which looks at a whole table.
    pub bounded: usize,
}

/// One of the two databases, with somebody signed in for each business.
struct Side {
    served: Served,
    requests: Vec<(&'static str, usize, Vec<u8>, usize)>,
}

/// Fills both databases, loads the programs on them, and looks at the statements.
///
/// # Errors
/// When a program does not answer, a statement looks at a whole table, or storage fails.
pub async fn measure(
    (small, small_portal): (&Place, &Arc<Portal>),
    (large, large_portal): (&Place, &Arc<Portal>),
    load: Load,
    wanted: Wanted,
) -> anyhow::Result<Sizes> {
    let sizes: Vec<usize> = SIZES.into_iter().filter(|size| *size <= wanted.licenses).collect();
    let charged = Charged::of(&small_portal.solutions, i64::try_from(1 + wanted.licenses.min(SIZES[2]) / 100)?)?;
    let small_crowd = Crowd { db: &small_portal.db, now: small_portal.clock.now(), charged: &charged };
    let tenants = small_crowd.tenants(&sizes).await?;
    small_crowd.settle().await?;
    let started = Instant::now();
    let large_crowd = Crowd { db: &large_portal.db, now: large_portal.clock.now(), charged: &charged };
    let large_tenants = large_crowd.tenants(&sizes).await?;
    large_crowd.grow(wanted.licenses.saturating_sub(sizes.iter().sum()) / LICENSES_EACH).await?;
    large_crowd.settle().await?;
    let written_in = started.elapsed();
    let sides = [Side::open(small, &tenants, load).await?, Side::open(large, &large_tenants, load).await?];
    let pages = take_turns(&sides, load).await?;
    let memory = [sides[0].served.memory()?, sides[1].served.memory()?];
    let businesses: Vec<BusinessId> = large_tenants.iter().map(|tenant| tenant.business).collect();
    let usage = usage::measure(large_portal, &sides[1].served, (&businesses, &charged), wanted.reports).await?;
    let largest = large_tenants.last().map(|tenant| tenant.email.as_str()).unwrap_or_default();
    let customer = Customer::of(purchases::person(large_portal, largest).await?);
    let bounded = plans::check(large_portal, &customer, usage.statements.clone()).await?;
    let licenses = large_portal.db.read("SELECT CAST(COUNT(*) AS BIGINT) FROM licenses").scalar().await?;
    Ok(Sizes { written_in, licenses, pages, memory, usage, bounded })
}

impl Side {
    async fn open(place: &Place, tenants: &[Tenant], load: Load) -> anyhow::Result<Self> {
        let served = Served::start(place, load.workers).await?;
        let mut requests = Vec::new();
        for tenant in tenants {
            let mut visitor = Visitor::default();
            visitor.sign_in(served.address, &tenant.email, demo::PASSWORD).await?;
            for (page, path) in [("License Information", paths::licenses()), ("Credits & Billing", paths::credits())] {
                let bytes = visitor.open(served.address, &path).await?.body.len();
                requests.push((page, tenant.licenses, visitor.request(&path), bytes));
            }
        }
        Ok(Self { served, requests })
    }

    async fn load(&self, number: usize, load: Load, time: Duration) -> anyhow::Result<Measured> {
        let (page, licenses, request, _) = &self.requests[number];
        let measured = load::run(self.served.address, request, load.connections, time).await?;
        ensure!(measured.failures == 0, "{page}, {licenses} licenses: {} answers were no pages", measured.failures);
        Ok(measured)
    }
}

async fn take_turns(sides: &[Side; 2], load: Load) -> anyhow::Result<Vec<Sized>> {
    let mut pages = Vec::new();
    for (number, (page, licenses, _, bytes)) in sides[1].requests.iter().enumerate() {
        let mut rounds = [Vec::new(), Vec::new()];
        for side in sides {
            // Not counted: connections, statement caches and pages of the file warm up.
            side.load(number, load, load.time / 5).await?;
        }
        for _ in 0..ROUNDS {
            for (side, figures) in sides.iter().zip(&mut rounds) {
                figures.push(side.load(number, load, load.time).await?);
            }
        }
        let [small, large] = rounds;
        pages.push(Sized { page, licenses: *licenses, bytes: *bytes, small, large });
    }
    Ok(pages)
}
