//! `creditdesk bench`: what this machine does, always beside a named limit measured in the same run: pages beside bare
//! handlers that render the same views from memory, activations beside the same statements in a bare loop. It changes
//! nothing but a folder and a database of its own, which it removes.

mod activations;
mod bare;
mod bare_pages;
mod bare_usage;
mod child;
mod load;
mod pages;
mod parts;
mod place;
mod purchases;
mod report;
mod report_sizes;
mod report_wire;
mod signed;
mod sizes;
mod statements;
mod usage;
mod visitor;
mod wire;

use crate::application::{Launch, Portal};
use crate::assembly;
use crate::config::Config;
use crate::db::Db;
use child::Served;
use clap::Args;
use pages::Load;
use place::Place;
use purchases::Customer;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

/// License Information is measured with so many rows.
const LICENSES: usize = 50;
/// The start is measured so often.
const STARTS: usize = 5;

/// How much is measured.
#[derive(Args, Clone, Copy, Debug)]
pub struct Options {
    /// Length of one round of load on a page; 0 is a tenth of a second, to try the benchmark itself
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(0..=600))]
    pub seconds: u64,
    /// Connections that ask for pages at the same time
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub connections: u16,
    /// Activations by the use case, and again as many by bare statements
    #[arg(long, default_value_t = 2000, value_parser = clap::value_parser!(u32).range(16..=1_000_000))]
    pub activations: u32,
    /// Instead: pages of businesses with 1, 100 and 10,000 licenses, in an almost empty database and in a large one, and
    /// usage reports; writing the large one takes minutes
    #[arg(long)]
    pub sizes: bool,
    /// Instead: calls of the marketplace's API for the official SDKs, signed: entitlements, tokens and metering
    #[arg(long, conflicts_with = "sizes")]
    pub wire: bool,
    /// With --wire: another emulator's server, which is sent the same batches of metering in turns
    #[arg(long, requires = "wire", value_name = "ADDRESS:PORT")]
    pub beside: Option<SocketAddr>,
    /// Licenses in the large database of --sizes
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u32).range(300..=10_000_000))]
    pub licenses: u32,
    /// Usage reports over HTTP with --sizes, and again as many by bare statements
    #[arg(long, default_value_t = 4000, value_parser = clap::value_parser!(u32).range(32..=20_000))]
    pub reports: u32,
}

/// Starts the benchmark's log; the program's own would not hear the statements.
pub fn start_log() {
    statements::start_log();
}

/// Measures and prints.
///
/// # Errors
/// In words for the terminal; folder and schema are removed all the same, also when it is interrupted.
pub async fn run(config: &Config, options: Options) -> anyhow::Result<()> {
    let given = Some(config.database_url.as_str());
    let place = Place::make(given, place::SCHEMA).await?;
    let large = if options.sizes { Some(Place::make(given, place::LARGE).await?) } else { None };
    let work = async {
        match &large {
            Some(large) => measure_sizes(&place, large, config, options).await,
            None if options.wire => measure_wire(&place, config, options).await,
            None => measure(&place, config, options).await,
        }
    };
    let measured = tokio::select! {
        measured = work => measured,
        _ = tokio::signal::ctrl_c() => Err(anyhow::anyhow!("interrupted")),
    };
    place.remove().await?;
    if let Some(large) = large {
        large.remove().await?;
    }
    measured
}

async fn measure_sizes(small: &Place, large: &Place, config: &Config, options: Options) -> anyhow::Result<()> {
    let load = begin(small, config, options);
    let portals = [open(small, config).await?, open(large, config).await?];
    let wanted = sizes::Wanted { licenses: usize::try_from(options.licenses)?, reports: usize::try_from(options.reports)? };
    let measured = sizes::measure((small, &portals[0]), (large, &portals[1]), load, wanted).await?;
    report_sizes::print(&measured);
    for portal in portals {
        portal.db.close().await;
    }
    Ok(())
}

async fn measure_wire(place: &Place, config: &Config, options: Options) -> anyhow::Result<()> {
    let load = begin(place, config, options);
    let portal = open(place, config).await?;
    report_wire::print(&wire::measure(place, &portal, load, options.beside).await?);
    portal.db.close().await;
    Ok(())
}

/// Says what is measured with, and how.
fn begin(place: &Place, config: &Config, options: Options) -> Load {
    let load = Load {
        connections: usize::from(options.connections),
        time: Duration::from_secs(options.seconds).max(Duration::from_millis(100)),
        workers: config.workers,
    };
    println!(
        "{:?}, {} connections, {} s a round, {} workers, {} cores, load average before {}{}\n",
        place.engine(),
        load.connections,
        options.seconds,
        load.workers,
        std::thread::available_parallelism().map_or(0, std::num::NonZero::get),
        load_average(),
        if cfg!(debug_assertions) { "; a debug build, whose figures mean nothing" } else { "" },
    );
    load
}

async fn measure(place: &Place, config: &Config, options: Options) -> anyhow::Result<()> {
    let load = begin(place, config, options);
    let portal = open(place, config).await?;
    let acme = Customer::load(&portal, "buyer@acme.example", "admin@acme.example").await?;
    for ready in purchases::buy(&portal, &acme, LICENSES, 1).await? {
        purchases::activate_one(&portal, &acme, &ready).await?;
    }
    report::print_head();
    let pages = pages::measure(place, &portal, &acme, load).await?;
    report::print_pages(&pages);
    let count = usize::try_from(options.activations)?;
    report::print_activations(&activations::measure(&portal, count).await?);
    portal.db.close().await;
    let mut starts = Vec::with_capacity(STARTS);
    for _ in 0..STARTS {
        starts.push(Served::start(place, load.workers).await?.ready_after);
    }
    report::print_ready(&starts);
    report::print_parts(&pages);
    Ok(())
}

/// The program without its server and its clockwork.
async fn open(place: &Place, config: &Config) -> anyhow::Result<Arc<Portal>> {
    let launch = Launch { clockwork: false, ..Launch::new(place.config(config)) };
    let db: Db = assembly::open_database(&launch.config).await?;
    Ok(Arc::new(assembly::build(launch, db, SocketAddr::from((Ipv4Addr::LOCALHOST, 1))).await?))
}

fn load_average() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().next().unwrap_or("unknown").to_owned()
}
